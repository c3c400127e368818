//! `doctor` under a user of the database who may not do everything.

use crate::database_server::DatabaseServer;
use crate::start::on;
use usermgmt_test_support::{Kind, execute};

/// The tables of which the user may do all that a server does.
const TABLES: [&str; 15] = [
    "audit",
    "commits",
    "counters",
    "devices",
    "identifiers",
    "identities",
    "outbox",
    "passkeys",
    "recovery_codes",
    "root_keys",
    "service_keys",
    "sessions",
    "tokens",
    "totp",
    "turns",
];

/// What doctor says, and its status.
fn doctor(url: &str) -> (Option<i32>, String) {
    let output = on(url).command().arg("doctor").output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

fn granted(rights: &str, table: &str, user: &str) -> String {
    format!("GRANT {rights} ON usermgmt_{table} TO {user}")
}

/// A database that a server has been at, with a user of few rights.
async fn database(kind: Kind, user: &str, create: &str) -> (DatabaseServer, String) {
    let database = DatabaseServer::start(kind).await;
    let server = on(&database.url()).start().await;
    assert!(server.stop().await.success());
    let admin = database.admin_url();
    execute(&admin, &[create, &granted("SELECT", "migrations", user)]).await;
    for table in TABLES {
        execute(&admin, &[&granted("SELECT, INSERT, UPDATE, DELETE", table, user)]).await;
    }
    execute(&admin, &[&granted("SELECT, INSERT", "users", user)]).await;
    (database, admin)
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_that_a_user_of_postgres_lacks_are_named_table_by_table() {
    let (database, admin) = database(Kind::Postgres, "limited", "CREATE ROLE limited LOGIN").await;
    let url = database.url().replace("usermgmt@", "limited@");
    let (status, said) = doctor(&url);
    let lacks = "fault    store: the database's user lacks UPDATE, DELETE on usermgmt_users: give";
    assert!(said.contains(lacks), "{said}");
    assert_eq!(status, Some(1), "{said}");

    let grant = granted("UPDATE, DELETE", "users", "limited");
    execute(&admin, &[&grant, "CREATE TABLE usermgmt_of_the_host (id BIGINT)"]).await;
    let (status, said) = doctor(&url);
    assert!(!said.contains("lacks"), "{said}");
    assert_eq!(status, Some(0), "{said}");

    // What bringing it up to date takes.
    execute(&admin, &["DELETE FROM usermgmt_migrations WHERE version > 6"]).await;
    let (status, said) = doctor(&url);
    assert!(said.contains("the schema has version 6"), "{said}");
    assert!(said.contains("; ownership of usermgmt_users"), "{said}");
    assert!(said.contains("INSERT on usermgmt_migrations"), "{said}");
    assert_eq!(status, Some(1), "{said}");
    execute(&admin, &["CREATE DATABASE fresh"]).await;
    let fresh = |url: &str| url.replace("/postgres", "/fresh");
    execute(&fresh(&admin), &["REVOKE CREATE ON SCHEMA public FROM PUBLIC"]).await;
    let (status, said) = doctor(&fresh(&url));
    assert!(said.contains("user lacks CREATE on the schema: give"), "{said}");
    assert_eq!(status, Some(1), "{said}");
    execute(&fresh(&admin), &["GRANT CREATE ON SCHEMA public TO limited"]).await;
    let (status, said) = doctor(&fresh(&url));
    assert!(!said.contains("lacks"), "{said}");
    assert_eq!(status, Some(0), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_that_a_user_of_mysql_lacks_are_named_table_by_table() {
    let user = "limited@'127.0.0.1'";
    let create = format!("CREATE USER {user} IDENTIFIED BY 'limited'");
    let (database, admin) = database(Kind::MySql, user, &create).await;
    let url = database.url().replace("usermgmt:usermgmt@", "limited:limited@");
    let (status, said) = doctor(&url);
    let lacks = "fault    store: the database's user lacks UPDATE, DELETE on usermgmt_users: give";
    assert!(said.contains(lacks), "{said}");
    assert_eq!(status, Some(1), "{said}");

    // By a role, which counts as much.
    execute(
        &admin,
        &[
            "CREATE ROLE writers",
            &granted("UPDATE, DELETE", "users", "writers"),
            &format!("GRANT writers TO {user}"),
            &format!("SET DEFAULT ROLE writers FOR {user}"),
        ],
    )
    .await;
    let (status, said) = doctor(&url);
    assert!(!said.contains("lacks"), "{said}");
    assert_eq!(status, Some(0), "{said}");
}
