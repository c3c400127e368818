//! Backups as the operator's guide has them, made while the server runs, and
//! restored.

use std::process::Command;

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

fn run(program: &str, args: &[&str]) {
    let output = Command::new(program).args(args).output().unwrap_or_else(|error| {
        panic!("{program}, of PostgreSQL's client programs, is needed in PATH: {error}")
    });
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
