//! Backups as the operator's guide has them, made while the server runs, and
//! restored.

use std::fs::File;
use std::process::{Command, Stdio};

use serde_json::json;
use sqlx::{Connection as _, SqliteConnection};
use usermgmt_test_support::{Database, Kind, PASSWORD, Server, Setup, execute, registered};

use crate::second_factor::App;

async fn signs_in(server: &Server, email: &str) -> bool {
    let body = json!({ "email": email, "password": PASSWORD });
    server.post("/api/v1/signin", body).await.status == 200
}

#[tokio::test]
async fn a_copy_of_sqlite_is_put_back() {
    let server = Server::start().await;
    let login = registered(&server, "ada", "ada@example.org").await;
    let setup = server.setup();
    let data = server.data_dir();
    let database = data.join("usermgmt.db");
    let mut connection =
        SqliteConnection::connect(&format!("sqlite:{}", database.display())).await.unwrap();
    let copy = setup.dir().join("copy.db");
    let into = format!("VACUUM INTO '{}'", copy.display());
    sqlx::raw_sql(sqlx::AssertSqlSafe(into)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    registered(&server, "bob", "bob@example.org").await;
    server.kill();

    std::fs::copy(&copy, &database).unwrap();
    for left in ["usermgmt.db-wal", "usermgmt.db-shm"] {
        let _ = std::fs::remove_file(data.join(left));
    }
    let restored = setup.start().await;
    assert!(signs_in(&restored, "ada@example.org").await);
    assert!(!signs_in(&restored, "bob@example.org").await, "it is the copy");
    let token = login.field("refresh_token");
    assert_eq!(restored.post_as(&token, "/api/v1/refresh_token").await.status, 200);
}

/// What the guide has in code that begins so.
fn quoted(beginning: &str) -> &'static str {
    let guide = include_str!("../../../../docs/operations.md");
    guide.split('`').find(|quote| quote.starts_with(beginning)).unwrap()
}

/// As the guide says, with its own statement and command.
#[tokio::test]
async fn accounts_in_sqlite_outlive_a_secret_that_is_lost_for_good() {
    let server = Server::start().await;
    let login = registered(&server, "ada", "ada@example.org").await;
    App::enrolled(&server, &login.field("access_token")).await;
    let (setup, data) = (server.setup(), server.data_dir());
    server.kill();
    std::fs::remove_file(data.join("secret")).unwrap();
    let output = setup.bounded_command().output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");

    let mut statements: Vec<String> = ["root_keys", "totp", "recovery_codes", "sessions"]
        .map(|table| format!("DELETE FROM usermgmt_{table}"))
        .into();
    statements.push(quoted("UPDATE usermgmt_users").to_owned());
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    execute(&format!("sqlite:{}", data.join("usermgmt.db").display()), &statements).await;
    let program = setup.command().get_program().to_owned();
    let command = quoted("(umask 077;").replace("usermgmt-server", "\"$0\"");
    succeed(Command::new("sh").args(["-euc", &command]).arg(program).current_dir(setup.dir()));

    let server = setup.start().await;
    let setup = server.setup();
    succeed(setup.command().arg("purge"));
    let shown = setup.command().args(["user", "show", "ada", "--json"]).output().unwrap();
    let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(shown["mfa_enabled"], false, "{shown}");
    assert!(signs_in(&server, "ada@example.org").await);
    let token = login.field("refresh_token");
    assert_eq!(server.post_as(&token, "/api/v1/refresh_token").await.status, 401);
}

/// A server on MySQL or MariaDB, as its client programs are told of it.
#[cfg(feature = "mysql")]
fn client(program: &str, url: &str) -> Command {
    let url: url::Url = url.parse().unwrap();
    let mut command = Command::new(program);
    command.arg("--no-defaults");
    command.args(["--host", url.host_str().unwrap(), "--protocol=tcp", "--user", url.username()]);
    command.args(["--port", &url.port().unwrap_or(3306).to_string()]);
    command.env("MYSQL_PWD", url.password().unwrap_or_default());
    command
}

#[cfg(feature = "mysql")]
#[tokio::test]
async fn a_dump_of_mariadb_is_restored_into_another_database() {
    let setup = || Setup::new().var("USERMGMT_SECRET", "A".repeat(42) + "I");
    let [first, second] =
        [Database::of(Kind::MySql).await.unwrap(), Database::of(Kind::MySql).await.unwrap()];
    let server = setup().var("USERMGMT_DATABASE_URL", first.url.clone()).start().await;
    let login = registered(&server, "ada", "ada@example.org").await;
    // Keeps the folder, and the copy in it, when the server is gone.
    let kept = server.setup();
    let copy = kept.dir().join("copy.sql");
    let mut dump = client("mariadb-dump", &first.url);
    dump.args(["--single-transaction", "--hex-blob", &first.name]);
    succeed(dump.stdout(File::create(&copy).unwrap()));
    registered(&server, "bob", "bob@example.org").await;
    server.kill();

    let mut restore = client("mariadb", &second.url);
    succeed(restore.arg(&second.name).stdin(File::open(&copy).unwrap()));
    let restored = setup().var("USERMGMT_DATABASE_URL", second.url.clone()).start().await;
    assert!(signs_in(&restored, "ada@example.org").await);
    assert!(!signs_in(&restored, "bob@example.org").await, "it is the copy");
    let token = login.field("refresh_token");
    assert_eq!(restored.post_as(&token, "/api/v1/refresh_token").await.status, 200);
}

fn run(program: &str, args: &[&str]) {
    succeed(Command::new(program).args(args));
}

fn succeed(command: &mut Command) {
    let child = command.stderr(Stdio::piped()).spawn().unwrap_or_else(|error| {
        panic!("{command:?}: a client program of the database is needed in PATH: {error}")
    });
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn a_dump_of_postgresql_is_restored_into_another_database() {
    let setup = || Setup::new().var("USERMGMT_SECRET", "A".repeat(42) + "I");
    let [first, second] =
        [Database::of(Kind::Postgres).await.unwrap(), Database::of(Kind::Postgres).await.unwrap()];
    let server = setup().var("USERMGMT_DATABASE_URL", first.url.clone()).start().await;
    let login = registered(&server, "ada", "ada@example.org").await;
    // Keeps the folder, and the copy in it, when the server is gone.
    let kept = server.setup();
    let copy = kept.dir().join("copy.dump");
    let file = format!("--file={}", copy.display());
    run("pg_dump", &["--format=custom", &file, &first.url]);
    registered(&server, "bob", "bob@example.org").await;
    server.kill();

    let into = format!("--dbname={}", second.url);
    run("pg_restore", &["--no-owner", "--exit-on-error", &into, copy.to_str().unwrap()]);
    let restored = setup().var("USERMGMT_DATABASE_URL", second.url.clone()).start().await;
    assert!(signs_in(&restored, "ada@example.org").await);
    assert!(!signs_in(&restored, "bob@example.org").await, "it is the copy");
    let token = login.field("refresh_token");
    assert_eq!(restored.post_as(&token, "/api/v1/refresh_token").await.status, 200);
}
