"""Reads `cargo metadata --no-deps`; writes each crate with no feature, and with each
feature alone. The server is none without a store."""

import json
import sys

STORES = {"sqlite", "postgres", "mysql", "mongo"}

for package in json.load(sys.stdin)["packages"]:
    name = package["name"]
    if package["publish"] == [] and name != "usermgmt-server":
        continue
    features = [feature for feature in package["features"] if feature not in ("default", "full")]
    if name == "usermgmt-server":
        choices = [feature if feature in STORES else f"sqlite,{feature}" for feature in features]
    elif name == "usermgmt-store-sql":
        choices = features
    else:
        choices = ["", *features]
    for choice in choices:
        print(name, choice)
