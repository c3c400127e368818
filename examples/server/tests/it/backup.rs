//! Backups as the operator's guide has them, made while the server runs, and
//! restored.

use std::fs::File;
use std::process::{Command, Stdio};

use serde_json::json;
use sqlx::{Connection as _, SqliteConnection};
use usermgmt_test_support::{Database, Kind, PASSWORD, Server, Setup, registered};

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
