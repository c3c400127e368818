"""A stand-in for Amazon SES for the tests: moto, with a fault to choose.

usage: ses_server.py <mode>

Listens on a free port of 127.0.0.1 and prints one JSON object a line: first
{"port": n}, then {"request": body, "key": access key id} for each mail it is
asked to send (for what has no body its method), and at the end {"mail": text} for each that moto accepted. Ends
with its standard input.
"""

import io
import json
import logging
import re
import sys
import threading
import time

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    create_backend_app,
)
from moto.ses.models import ses_backends
from werkzeug.serving import make_server

MODE = sys.argv[1]
logging.getLogger("werkzeug").setLevel(logging.ERROR)

FAULTS = {
    "throttle": (429, "TooManyRequestsException", "Maximum sending rate exceeded."),
    "quota": (400, "LimitExceededException", "Daily message quota exceeded."),
    "paused": (400, "SendingPausedException", "Sending is paused."),
    "rejected": (
        400,
        "MessageRejected",
        "Address blacklisted: <ann@example.com> https://a.example/umt_1",
    ),
    "unverified": (
        400,
        "MessageRejected",
        "Email address is not verified. The following identities failed the check "
        "in region EU-WEST-1: no-reply@example.com",
    ),
    "bad_address": (400, "BadRequestException", "Missing final '@domain'"),
    "forbidden": (
        403,
        "InvalidSignatureException",
        "The request signature we calculated does not match",
    ),
    "broken": (500, "InternalFailure", "oops"),
}

ACCOUNT = {
    "SendingEnabled": MODE != "off",
    "ProductionAccessEnabled": MODE != "sandbox",
    "EnforcementStatus": "SHUTDOWN" if MODE == "off" else "HEALTHY",
}

output = threading.Lock()


def report(**event):
    with output:
        print(json.dumps(event), flush=True)


moto = DomainDispatcherApplication(create_backend_app)
seen = 0


def application(environ, start_response):
    global seen
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    key = re.search(r"Credential=([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
    asked = json.loads(body) if body else environ["REQUEST_METHOD"]
    report(request=asked, key=key and key.group(1), path=environ["PATH_INFO"])
    seen += 1
    if MODE == "silent":
        time.sleep(3600)
    if MODE in FAULTS and not (MODE == "throttle" and seen > 1):
        status, code, message = FAULTS[MODE]
        headers = [("Content-Type", "application/json"), ("x-amzn-ErrorType", code)]
        start_response(f"{status} X", headers)
        return [json.dumps({"message": message}).encode()]
    # What moto does not play.
    if environ["PATH_INFO"] == "/v2/email/account":
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(ACCOUNT).encode()]
    if MODE == "only_sending" and "/identities/" in environ["PATH_INFO"]:
        start_response("403 X", [("x-amzn-ErrorType", "AccessDeniedException")])
        return [b"{}"]
    answer = moto(environ, start_response)
    if MODE == "no_receipt":
        report(taken=True)
        time.sleep(3600)
    return answer


backend = ses_backends["123456789012"]["eu-west-1"]
if MODE == "domain":
    backend.verify_domain("example.com")
elif MODE != "nobody":
    backend.verify_email_identity("no-reply@example.com")
for identity in backend.email_identities.values():
    # moto leaves an identity waiting for its owner.
    identity.verified_for_sending_status = MODE != "waiting"
server = make_server("127.0.0.1", 0, application, threaded=True)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
report(port=server.server_port)
sys.stdin.read()
for message in backend.sent_messages:
    report(mail=message.raw_data)
