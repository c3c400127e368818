"""Rows as the two old services wrote them, with Werkzeug itself; JSON on standard output.

    old_services.py flask-sql|flask-mongo
    old_services.py many COUNT      (the first service's, one cheap hash for all)
"""

import json
import sys
import uuid

from werkzeug.security import generate_password_hash

DATE = "2023-04-05 06:07:08"


def sql_row(name, password, *, email=None, confirmed=1, date=DATE, user_id=None):
    return {
        "user_id": user_id or str(uuid.uuid5(uuid.NAMESPACE_DNS, name)),
        "username": name,
        "email": email or f"{name}@example.com",
        "password": password,
        "date": date,
        "email_confirmed": confirmed,
    }


def flask_sql():
    word = "old password 1"
    yield sql_row("Scrypt", generate_password_hash(word))
    yield sql_row("pbkdf2", generate_password_hash(word, method="pbkdf2:sha256:1000"))
    yield sql_row("sha1", generate_password_hash(word, method="pbkdf2:sha1:1000"))
    yield sql_row("decomposed", generate_password_hash("pa\u0308ssword one", method="pbkdf2:sha256:1000"))
    yield sql_row("clear", word)
    yield sql_row(
        "spaced name", generate_password_hash(word, method="pbkdf2:sha256:1000"), email="spaced@example.com"
    )
    yield sql_row("unconfirmed", generate_password_hash(word), confirmed=0)
    yield sql_row("null", generate_password_hash(word), confirmed=None)
    yield sql_row("unknown", "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8")
    yield sql_row("planted1", "scrypt:2147483648:8:1$salt$" + "00" * 64)
    yield sql_row("planted2", "pbkdf2:sha256:999999999999$salt$" + "00" * 32)
    yield sql_row("planted3", "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$" + "A" * 43)


def mongo_row(name, password, **fields):
    return {
        "_id": f"{abs(hash_of(name)):024x}"[:24],
        "username": name,
        "first_name": name.capitalize(),
        "last_name": "Example",
        "email": f"{name}@example.com",
        "gender": "Female",
        "password_hash": password,
        "role": "user",
        "is_active": True,
        "created_at": 1_680_674_828_123,
        "updated_at": 1_690_674_828_456,
    } | fields


def hash_of(name):
    return int.from_bytes(name.encode().ljust(12, b"_")[:12], "big")


def flask_mongo():
    word = "Old Password 1!"
    yield mongo_row("scrypt", generate_password_hash(word), role="admin")
    yield mongo_row("pbkdf2", generate_password_hash(word, method="pbkdf2:sha256:1000"))
    yield mongo_row("inactive", generate_password_hash(word), is_active=False, activation_code="123456")
    # 80 bits, as many apps made them.
    yield mongo_row("mfa", generate_password_hash(word), mfa_secret="JBSWY3DPEHPK3PXP")
    yield mongo_row("nopassword", None)
    absent = mongo_row("absent", generate_password_hash(word))
    for name in ("gender", "first_name", "role", "updated_at"):
        del absent[name]
    yield absent


def many(count):
    word = generate_password_hash("old password 1", method="pbkdf2:sha256:1000")
    for number in range(count):
        yield sql_row(f"user{number}", word, date=f"2023-{number % 12 + 1:02}-05 06:07:08")


def main():
    kind = sys.argv[1]
    rows = {"flask-sql": flask_sql, "flask-mongo": flask_mongo}.get(kind)
    for row in rows() if rows else many(int(sys.argv[2])):
        json.dump(row, sys.stdout)
        print()


main()
