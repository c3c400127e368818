#!/usr/bin/env bash
# What is in the server that the Dockerfile builds, as CycloneDX JSON, from the lock
# file: target/usermgmt-server.cdx.json. The tool is built the first time, which takes
# some minutes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
. .ci/common.sh
. .ci/tools.sh

tool cargo-cyclonedx 0.5.9
name=usermgmt-server.cdx
cargo cyclonedx --manifest-path examples/server/Cargo.toml --features full --format json \
    --override-filename "$name"
mv "examples/server/$name.json" "$target/"
# It describes every member of the workspace.
find . -name "$name.json" -not -path './target/*' -delete
say "$target/$name.json"
