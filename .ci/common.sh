# What the scripts here share: saying, failing, installing.

target=${CARGO_TARGET_DIR:-target}
work=$(mktemp -d)
pids=()

clean_up() {
    status=$?
    trap - EXIT
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    # PostgreSQL waits for clients that a failed test may have left; QUIT ends it at once.
    for _ in {1..50}; do
        [ -n "$(jobs -rp)" ] || break
        sleep 0.1
    done
    for pid in "${pids[@]}"; do kill -QUIT "$pid" 2>/dev/null || true; done
    wait
    rm -rf "$work"
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

say() { printf '\n== %s\n' "$*"; }

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

is_root() { [ "$(id -u)" = 0 ]; }

# install WHAT_FOR PACKAGE…
install() {
    local for=$1
    shift
    if ! command -v apt-get >/dev/null || ! is_root; then
        fail "The tests need $for, which is not installed, and only root on Debian gets it" \
            "installed by this script. Install it (Debian: apt-get install $*)."
    fi
    say "Installing $*"
    (
        flock 9
        # Packages of servers start an instance of their own, which nobody asked for;
        # PostgreSQL's makes a cluster for it first.
        if [ ! -e /usr/sbin/policy-rc.d ]; then
            printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
            chmod 755 /usr/sbin/policy-rc.d
            trap 'rm -f /usr/sbin/policy-rc.d' EXIT
        fi
        if [ ! -e /etc/postgresql-common ]; then
            mkdir -p /etc/postgresql-common/createcluster.d
            printf 'create_main_cluster = false\n' >/etc/postgresql-common/createcluster.d/usermgmt-tests.conf
        fi
        apt-get -qq update || exit 1
        DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
            -o DPkg::Lock::Timeout=300 install "$@" >"$work/apt.log" 2>&1 || {
            cat "$work/apt.log" >&2
            exit 1
        }
    ) 9>"${TMPDIR:-/tmp}/usermgmt-test-install.lock" ||
        fail "The tests need $for, and $* could not be installed."
}
