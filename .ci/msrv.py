"""Reads `cargo metadata` and prints the declared Rust version, where it is what the
dependencies need; else says what is wrong."""

import json
import sys

packages = json.load(sys.stdin)["packages"]


def parts(version):
    numbers = [int(number) for number in version.split(".")]
    return tuple(numbers + [0] * (3 - len(numbers)))


own = {package["name"]: package["rust_version"] for package in packages if package["source"] is None}
if len(set(own.values())) != 1 or None in own.values():
    sys.exit(f"The workspace's packages declare several Rust versions: {own}")
declared = next(iter(own.values()))
needed, by = max(
    (parts(package["rust_version"]), package["name"])
    for package in packages
    if package["source"] and package["rust_version"]
)
if parts(declared) != needed:
    sys.exit(
        f"rust-version in Cargo.toml is {declared}, but the dependencies need "
        f"{'.'.join(map(str, needed))} ({by}): write that there and into .clippy.toml"
    )
print(declared)
