#!/usr/bin/env bash
# The steps of the Dockerfile by hand, where there is no Docker: builds the binary, puts
# it with the libraries that it names into an empty root, starts it there as the image
# does (user 10001, the image's variables, nothing else to write to), asks for its
# health, and stops it. Run it as root from the top of the repository:
#   bash examples/server/deploy/image-steps.sh [BINARY]
set -euo pipefail

dockerfile=examples/server/deploy/Dockerfile
binary=${1:-}
if [ -z "$binary" ]; then
    cargo build --locked --profile dist -p usermgmt-server --features full
    binary=${CARGO_TARGET_DIR:-target}/dist/usermgmt-server
fi

chroot=$(PATH=$PATH:/usr/sbin command -v chroot)
root=$(mktemp -d)
server=
trap 'kill "$server" 2>/dev/null || true; rm -rf "$root"' EXIT
chmod 755 "$root"
install -D "$binary" "$root/usr/local/bin/usermgmt-server"
ldd "$binary" | grep -o '/[^ ]*' | sort -u | while read -r library; do
    install -D "$library" "$root$library"
done
install -d -m 0700 -o 10001 -g 10001 "$root/var/lib/usermgmt"

# The variables as the Dockerfile has them, but for the port. (A test takes every name
# in this folder that begins as theirs do for a setting.)
mapfile -t variables < <(grep -oE '[A-Z]+MGMT_[A-Z_]+=[^ ]+' "$dockerfile")
variables+=("USERMGMT_LISTEN=0.0.0.0:${PORT:-18080}")
# What the image has to be told. No mail is sent.
variables+=(USERMGMT_PUBLIC_URL=https://accounts.example.com)
variables+=(USERMGMT_MAIL__URL=smtps://mail.example.com USERMGMT_MAIL__FROM=accounts@example.com)
inside() {
    exec env -i "${variables[@]}" "$chroot" --userspec=10001:10001 "$root" /usr/local/bin/usermgmt-server "$@"
}

(inside) >"$root/log" 2>&1 &
server=$!
for _ in {1..100}; do
    if (inside healthcheck); then
        healthy=yes
        break
    fi 2>/dev/null
    sleep 0.1
done
if [ -z "${healthy:-}" ]; then
    cat "$root/log" >&2
    exit 1
fi
kill -TERM "$server"
wait "$server"
printf 'It started as user 10001 in an empty root, was healthy, and stopped at SIGTERM.\n'
