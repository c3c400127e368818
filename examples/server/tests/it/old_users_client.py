"""A client written for the old users service: its paths, its fields, its words.

Only the base URL and the service key are new. Run as
`old_users_client.py BASE_URL SERVICE_KEY MAIL_FOLDER`; ends with status 0 when
every step went as the old service's documentation has it.
"""

import base64
import email
import email.policy
import hashlib
import hmac
import pathlib
import re
import struct
import sys
import time
from urllib.parse import parse_qs, urlparse

import requests

BASE_URL, SERVICE_KEY, MAIL_FOLDER = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
USER_KEYS = {
    "id", "username", "first_name", "last_name", "email", "gender", "role", "is_active", "mfa_secret",
}

session = requests.Session()
session.headers["Authorization"] = f"Bearer {SERVICE_KEY}"


def call(method, path, expected, **kwargs):
    response = session.request(method, BASE_URL + path, timeout=30, **kwargs)
    assert response.status_code == expected, (method, path, response.status_code, response.text)
    return response.json() if response.content else None


def error(method, path, status, code, message, **kwargs):
    body = call(method, path, status, **kwargs)
    assert body["error"] == code and body["message"] == message, (method, path, body)


def mailed(pattern):
    """What the newest mail with such a line has there; mail arrives when it does."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for path in sorted(MAIL_FOLDER.glob("*.eml"), reverse=True):
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            text = mail.get_body(("plain",)).get_content()
            found = re.search(pattern, text, re.MULTILINE)
            if found:
                return found.group(1)
        time.sleep(0.05)
    raise AssertionError(f"no mail has a line {pattern}")


def totp(secret, step):
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset:offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**6:06d}"


# Create.
jane = {
    "username": "jane_doe",
    "first_name": "Jane",
    "last_name": "Doe",
    "email": "jane@example.com",
    "password": "Blue-Kettle-42-river",
    "password_confirmation": "Blue-Kettle-42-river",
    "gender": "Female",
    "role": "user",
}
user = call("POST", "/", 201, json=jane)
assert set(user) == USER_KEYS and user["is_active"] is False and user["mfa_secret"] is None, user
user_id = user["id"]
error("POST", "/", 409, "conflict", "Email already exists", json=jane)
error("POST", "/", 409, "conflict", "Username already exists", json={**jane, "email": "j2@example.com"})
details = call("POST", "/", 400, json={**jane, "password_confirmation": "something else"})["details"]
assert details == [{"loc": [], "msg": "Value error, Passwords don't match", "type": "value_error"}], details

# Activate.
error("GET", "/identifier", 404, "not_found", "Active user not found", params={"identifier": "jane_doe"})
code = mailed(r"^Activation code: (\S+)$")
call("GET", "/activation/resend", 200, params={"identifier": "jane@example.com"})
error("PATCH", "/activation", 404, "not_found", "Invalid activation code", json={"code": "nonsense"})
assert call("PATCH", "/activation", 200, json={"code": code})["is_active"] is True
error("GET", "/activation/resend", 400, "validation_error", "User already activated", params={"identifier": "jane_doe"})
assert call("GET", "/identifier", 200, params={"identifier": "Jane@Example.com"})["id"] == user_id
assert call("GET", "/id", 200, params={"user_id": user_id})["username"] == "jane_doe"

# Check.
credentials = {"identifier": "jane_doe", "password": jane["password"]}
assert set(call("POST", "/auth/check", 200, json=credentials)) == USER_KEYS
wrong = {**credentials, "password": "not this one"}
error("POST", "/auth/check", 400, "validation_error", "Invalid credentials", json=wrong)

# Forgot and reset.
sent = {"message": "If the email exists, a reset link has been sent."}
assert call("POST", "/password/forgot", 200, json={"identifier": "jane@example.com"}) == sent
assert call("POST", "/password/forgot", 200, json={"identifier": "nobody@example.com"}) == sent
token = mailed(r"^\S+/reset-password\?token=(\S+)$")
reset = {"token": token, "new_password": "Green-Lantern-77-hill"}
done = {"message": "Password has been reset successfully."}
assert call("POST", "/password/reset", 200, json=reset) == done
error("POST", "/password/reset", 404, "not_found", "Invalid or expired token", json=reset)
error("POST", "/auth/check", 400, "validation_error", "Invalid credentials", json=credentials)
credentials["password"] = reset["new_password"]
call("POST", "/auth/check", 200, json=credentials)

# Second factor: enable, show the code again, verify, disable.
mfa = call("PATCH", "/mfa/enable", 200, json={"user_id": user_id})
assert set(mfa) == {"user_id", "provisioning_uri", "qr_code_base64"}, mfa
assert base64.b64decode(mfa["qr_code_base64"]).startswith(b"\x89PNG\r\n")
assert call("GET", "/mfa/qr", 200, params={"user_id": user_id})["provisioning_uri"] == mfa["provisioning_uri"]
secret = parse_qs(urlparse(mfa["provisioning_uri"]).query)["secret"][0]
first = {"user_id": user_id, "code": totp(secret, int(time.time()) // 30)}
assert call("POST", "/mfa/verify", 200, json=first) == {"valid": True}
error("POST", "/mfa/verify", 400, "invalid_code", "Invalid code", json=first)
assert call("GET", "/mfa/status", 200, params={"user_id": user_id}) == {
    "user_id": user_id, "enabled": True, "pending": False,
}
assert call("PATCH", "/mfa/disable", 200, json={"user_id": user_id})["mfa_secret"] is None
message = "MFA is not enabled for this user"
error("PATCH", "/mfa/disable", 400, "validation_error", message, json={"user_id": user_id})
error("GET", "/mfa/qr", 400, "validation_error", message, params={"user_id": user_id})

# Delete.
call("DELETE", "/identifier", 204, params={"identifier": "jane_doe"})
error("DELETE", "/id", 404, "not_found", "User not found", params={"user_id": user_id})
error("GET", "/id", 404, "not_found", "Active user not found", params={"user_id": user_id})

health = call("GET", "/health", 200)
assert health == {"status": "ok", "database": "ok", "user_service": "ok"}, health
print("every step went as documented")
