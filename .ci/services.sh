# The services that the tests need. Whatever is missing is installed, started on a
# free port in a temporary folder, and stopped at the end. A service whose variable
# is set already (USERMGMT_TEST_POSTGRES_URL, …) is taken as it is.

# Database servers refuse to run as root, or should. A prefix and no function:
# the process that is started must be the server itself, to be stopped.
unprivileged=()
if is_root; then
    unprivileged=(setpriv "--reuid=$(id -u nobody)" "--regid=$(id -g nobody)" --clear-groups --)
fi

private_folder() {
    chmod 711 "$work"
    mkdir "$work/$1"
    if is_root; then chown nobody "$work/$1"; fi
}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        if ! answers "$port"; then
            printf '%s\n' "$port"
            return
        fi
    done
}

# answered PORT PID: waits until the process answers; false where it ends instead.
answered() {
    local _
    for _ in {1..300}; do
        if ! kill -0 "$2" 2>/dev/null; then return 1; fi
        if answers "$1"; then return 0; fi
        sleep 0.1
    done
    return 1
}

# background LOG COMMAND…: sets `pid`.
background() {
    local log=$1
    shift
    "$@" >"$log" 2>&1 </dev/null &
    pid=$!
    pids+=("$pid")
}

# on_free_port NAME START: calls START with a port until one holds; sets `port`.
# Between looking for a free port and taking it somebody else may have it.
on_free_port() {
    local _
    for _ in 1 2 3 4 5; do
        port=$(free_port)
        "$2" "$port"
        if answered "$port" "$pid"; then return; fi
    done
    cat "$work/$1.log" >&2
    fail "$1 does not start."
}

start_python() {
    if [ -z "${USERMGMT_TEST_PYTHON:-}" ]; then
        if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
            install "Python 3 with venv" python3 python3-venv
        fi
        mkdir -p "$target"
        local sum
        sum=$(cat .ci/requirements*.txt .ci/package-lock.json <(python3 --version) | cksum | cut -d' ' -f1)
        local venv
        venv=$(cd "$target" && pwd)/test-python-$sum
        (
            flock 9
            if [ ! -e "$venv/complete" ]; then
                say "Installing the Python packages of the tests"
                rm -rf "$venv"
                python3 -m venv "$venv"
                "$venv/bin/pip" install --quiet --disable-pip-version-check -r .ci/requirements.txt
                # For the checker that it carries; the browser's driver is another one.
                "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
                    -r .ci/requirements-alone.txt
                # Node is one of these packages, and npm comes with it.
                cp .ci/package.json .ci/package-lock.json "$venv/"
                PATH=$venv/bin:$PATH "$venv/bin/npm" ci --prefix "$venv" --silent \
                    --ignore-scripts --no-audit --no-fund
                touch "$venv/complete"
            fi
        ) 9>"$target/test-python.lock"
        USERMGMT_TEST_PYTHON=$venv/bin/python
    fi
    if [ ! -x "$(dirname "$USERMGMT_TEST_PYTHON")/secantusd-py" ]; then
        fail "USERMGMT_TEST_PYTHON ($USERMGMT_TEST_PYTHON) has no secantusd-py beside it:" \
            "install .ci/requirements.txt there, or unset the variable."
    fi
    export USERMGMT_TEST_PYTHON
}

postgres_tools() {
    local tool
    tool=$(find /usr/lib/postgresql /usr/pgsql-* -name initdb 2>/dev/null | sort -V | tail -n 1)
    if [ -z "$tool" ]; then tool=$(command -v initdb || true); fi
    if [ -n "$tool" ]; then dirname "$tool"; fi
}

postgres_on() {
    background "$work/postgres.log" "${unprivileged[@]}" "$postgres/postgres" -D "$work/postgres/data" \
        -p "$1" -c listen_addresses=127.0.0.1 -k "$work/postgres" \
        -c fsync=off -c full_page_writes=off -c max_connections=300 -c deadlock_timeout=100ms
}

# The programs of both servers are needed where running ones are named, too:
# some tests kill a server of their own. They look for them in PATH.
start_postgres() {
    local postgres port
    postgres=$(postgres_tools)
    if [ -z "$postgres" ]; then
        install PostgreSQL postgresql
        postgres=$(postgres_tools)
    fi
    PATH=$PATH:$postgres
    if [ -z "${USERMGMT_TEST_POSTGRES_URL:-}" ]; then
        private_folder postgres
        "${unprivileged[@]}" "$postgres/initdb" -D "$work/postgres/data" -U usermgmt --auth=trust \
            -E UTF8 --locale=C --no-sync >"$work/postgres.log"
        on_free_port postgres postgres_on
        USERMGMT_TEST_POSTGRES_URL=postgres://usermgmt@127.0.0.1:$port/postgres
    fi
    export USERMGMT_TEST_POSTGRES_URL
}

mariadb_on() {
    background "$work/mariadb.log" "${unprivileged[@]}" mariadbd --no-defaults \
        --datadir="$work/mariadb/data" --socket="$work/mariadb/socket" \
        --tmpdir="$work/mariadb" --pid-file="$work/mariadb/pid" --init-file="$work/mariadb/init.sql" \
        --bind-address=127.0.0.1 --port="$1" --skip-name-resolve \
        --innodb-flush-log-at-trx-commit=0 --max-connections=300
}

start_mariadb() {
    local port
    PATH=$PATH:/usr/sbin
    # The last one is in the client's package, and mariadb-install-db calls it.
    if ! command -v mariadbd >/dev/null || ! command -v mariadb-install-db >/dev/null ||
        ! command -v my_print_defaults >/dev/null; then
        install MariaDB mariadb-server-core mariadb-client-core
    fi
    # Backups are made as the operator's guide has them.
    if ! command -v mariadb-dump >/dev/null; then install mariadb-dump mariadb-client; fi
    if [ -z "${USERMGMT_TEST_MYSQL_URL:-}" ]; then
        private_folder mariadb
        "${unprivileged[@]}" mariadb-install-db --no-defaults --datadir="$work/mariadb/data" \
            --tmpdir="$work/mariadb" \
            --auth-root-authentication-method=normal --skip-test-db >"$work/mariadb.log" 2>&1 || {
            cat "$work/mariadb.log" >&2
            fail "mariadb-install-db failed."
        }
        cat >"$work/mariadb/init.sql" <<'SQL'
CREATE DATABASE IF NOT EXISTS usermgmt;
CREATE USER IF NOT EXISTS usermgmt@'127.0.0.1' IDENTIFIED BY 'usermgmt';
GRANT ALL PRIVILEGES ON *.* TO usermgmt@'127.0.0.1';
SQL
        chmod 644 "$work/mariadb/init.sql"
        on_free_port mariadb mariadb_on
        USERMGMT_TEST_MYSQL_URL=mysql://usermgmt:usermgmt@127.0.0.1:$port/usermgmt
    fi
    export USERMGMT_TEST_MYSQL_URL
}

mongo_on() {
    background "$work/mongo.log" "$(dirname "$USERMGMT_TEST_PYTHON")/secantusd-py" \
        --host 127.0.0.1 --port "$1" --storage-path :memory:
}

# A server that speaks MongoDB's protocol; MongoDB itself is not among Debian's packages.
start_mongo() {
    if [ -z "${USERMGMT_TEST_MONGO_URL:-}" ]; then
        local port
        start_python
        on_free_port mongo mongo_on
        USERMGMT_TEST_MONGO_URL=mongodb://127.0.0.1:$port/
    fi
    export USERMGMT_TEST_MONGO_URL
}

start_services() {
    # README's walk is run as printed.
    if ! command -v curl >/dev/null; then install curl curl; fi
    # Replicas are tested behind it. Not everybody has its folder in PATH.
    PATH=$PATH:/usr/sbin
    if ! command -v nginx >/dev/null; then install nginx nginx-light; fi
    # Attacks by slow clients are made with it.
    if ! command -v slowhttptest >/dev/null; then install slowhttptest slowhttptest; fi
    # Databases are reached through them.
    if ! command -v haproxy >/dev/null; then install HAProxy haproxy; fi
    if ! command -v pgbouncer >/dev/null; then install PgBouncer pgbouncer; fi
    # Servers are shown another time than it is.
    if [ -z "$(find /usr/lib /usr/lib64 /usr/local/lib -name libfaketime.so.1 2>/dev/null)" ]; then
        install libfaketime faketime
    fi
    if ! command -v chromedriver >/dev/null || ! command -v chromium >/dev/null; then
        install "Chromium and its driver" chromium chromium-driver fonts-dejavu-core
    fi
    local service
    for service in python postgres mariadb mongo; do
        say "Starting $service"
        "start_$service"
    done
}
