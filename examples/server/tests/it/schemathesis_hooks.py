"""Keeps an administrator signed in while schemathesis tries everything.

Calls end the session, revoke the service key and delete users, by design: others
take their place then. What would rename or delete the administrator is left out.
"""

import itertools
import json
import os

import requests
import schemathesis

BASE = os.environ["BASE"]
WHO = {"email": os.environ["ADMIN_EMAIL"], "password": os.environ["ADMIN_PASSWORD"]}
# The id of a provider, where the server has one.
PROVIDER = "local"
NUMBERS = itertools.count()


def post(path, body, token=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    reply = requests.post(f"{BASE}/api/v1{path}", json=body, headers=headers, timeout=60)
    reply.raise_for_status()
    return reply.json()


class World:
    """Who asks, by what, and about whom."""

    def __init__(self):
        self.session = post("/signin", WHO)
        self.make_key()
        self.make_user()

    def token(self):
        return self.session["access_token"]

    def make_key(self):
        body = {"name": f"schemathesis {next(NUMBERS)}", "allow_admin": True}
        self.key = post("/admin/service-keys", body, self.token())["key"]

    def make_user(self):
        name = f"somebody-{next(NUMBERS)}"
        body = {"username": name, "email": f"{name}@example.org"}
        self.user = post("/admin/users", body, self.token())["id"]


WORLD = World()


@schemathesis.hook
def filter_case(context, case):
    sent = [case.path_parameters, case.query, case.body]
    return WORLD.session["user_id"] not in json.dumps(sent, default=str)


@schemathesis.hook
def before_call(context, case, kwargs):
    path = case.operation.path
    if path.startswith("/api/users"):
        token = WORLD.key
    elif path == "/api/v1/refresh_token":
        token = WORLD.session["refresh_token"]
    else:
        token = WORLD.token()
    case.headers["Authorization"] = f"Bearer {token}"
    # Every other call is about somebody who is there.
    if next(NUMBERS) % 2:
        if path.startswith("/api/v1/admin/users/{id}"):
            case.path_parameters["id"] = WORLD.user
        elif "user_id" in (case.query or {}):
            case.query["user_id"] = WORLD.user
        # And every other one asks a provider that there is.
        elif path == "/api/v1/identities/{id}" and case.operation.method.upper() == "POST":
            case.path_parameters["id"] = PROVIDER
        elif "{provider}" in path:
            case.path_parameters["provider"] = PROVIDER


@schemathesis.hook
def after_call(context, case, response):
    path, method = case.operation.path, case.operation.method.upper()
    about_users = "/users/" in path
    if path.startswith("/api/users"):
        if response.status_code == 401:
            WORLD.make_key()
    elif response.status_code == 401 or path.endswith("refresh_token") or "/signout" in path:
        WORLD.session = post("/signin", WHO)
    if about_users and method == "DELETE":
        WORLD.make_user()
