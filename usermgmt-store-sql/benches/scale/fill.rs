//! Rows as the store has them of people who have registered and signed in: the
//! user, the address and the name, a session, a device and the log's entry.

use crate::operation::{AGENT, NOW};
use crate::person::Sql;
use crate::place::Server;
use usermgmt_test_support::execute;

/// As long as one of Argon2id is.
const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA\
    $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// How many of the people are disabled.
pub(crate) const DISABLED: u64 = 20;
/// Sessions end within this time from now, in milliseconds.
const MONTH: u64 = 30 * 86_400_000;

pub(crate) async fn fill(server: Server, url: &str, people: u64) {
    let (first, last) = match server {
        #[cfg(feature = "sqlite")]
        Server::Sqlite => (
            "PRAGMA cache_size = -1000000; PRAGMA synchronous = OFF; ",
            vec!["PRAGMA wal_checkpoint(TRUNCATE)"],
        ),
        #[cfg(feature = "postgres")]
        Server::Postgres => ("", vec!["VACUUM ANALYZE"]),
        #[cfg(feature = "mysql")]
        Server::MySql => (
            "",
            vec![
                "ANALYZE TABLE usermgmt_users, usermgmt_identifiers, usermgmt_sessions, \
                 usermgmt_devices, usermgmt_audit",
            ],
        ),
    };
    numbers(url, people).await;
    for (table, columns, values) in rows(&Sql::of(server), people) {
        let insert = format!("{first}INSERT INTO {table} ({columns}) SELECT {values} FROM numbers");
        execute(url, &[&insert]).await;
    }
    execute(url, &["DROP TABLE numbers"]).await;
    execute(url, &last).await;
}

/// A table of the numbers from 1.
async fn numbers(url: &str, most: u64) {
    let begin = "CREATE TABLE numbers (n BIGINT NOT NULL PRIMARY KEY)";
    execute(url, &[begin, "INSERT INTO numbers (n) VALUES (1)"]).await;
    let mut size = 1;
    while size < most {
        let double = format!(
            "INSERT INTO numbers (n) SELECT n + {size} FROM numbers WHERE n + {size} <= {most}"
        );
        execute(url, &[&double]).await;
        size *= 2;
    }
}

/// For each table its columns and what they are in the row of the number `n`.
fn rows(sql: &Sql, people: u64) -> [(&'static str, &'static str, String); 6] {
    let Sql { name, user_id, session_id, audit_id, device, registered_at } = sql;
    let email = format!("CONCAT({name}, '@example.org')");
    let now = NOW.as_millis();
    // As many are disabled whatever the number of people.
    let rare = people / DISABLED;
    [
        (
            "usermgmt_users",
            "id, username, username_canonical, email, email_canonical, email_confirmed_at, \
             first_name, last_name, role, created_at, updated_at, epoch, password_hash, \
             first_name_key, last_name_key, indexed_at, disabled_at",
            format!(
                "{user_id}, {name}, {name}, {email}, {email}, {registered_at}, 'Ada', 'Lovelace', \
                 'user', {registered_at}, {registered_at}, 0, '{HASH}', 'ada', 'lovelace', \
                 {registered_at}, CASE WHEN n % {rare} = 0 THEN n END"
            ),
        ),
        (
            "usermgmt_identifiers",
            "kind, canonical, user_id",
            format!("'email', {email}, {user_id}"),
        ),
        (
            "usermgmt_identifiers",
            "kind, canonical, user_id",
            format!("'username', {name}, {user_id}"),
        ),
        (
            "usermgmt_sessions",
            "id, user_id, generation, created_at, last_seen_at, expires_at, max_expires_at, \
             auth_time, amr, ip, user_agent",
            format!(
                "{session_id}, {user_id}, 0, {registered_at}, {registered_at}, \
                 {now} + 1 + n * 7919 % {MONTH}, {now} + 3 * {MONTH}, {registered_at}, \
                 '[\"pwd\"]', '192.0.2.1', '{AGENT}'"
            ),
        ),
        (
            "usermgmt_devices",
            "user_id, device, used_at",
            format!("{user_id}, {device}, {registered_at}"),
        ),
        (
            "usermgmt_audit",
            "id, at, user_id, action, detail",
            format!("{audit_id}, {registered_at}, {user_id}, 'session.opened', '[\"pwd\"]'"),
        ),
    ]
}
