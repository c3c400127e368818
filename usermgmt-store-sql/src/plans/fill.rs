//! Tables as those of 100,000 users.

use crate::dialect::Dialect;
use crate::sql::statement;
use crate::store::SqlStore;

/// For each table its columns, and what they are in the row of the number `n`.
/// `{bytes}` are 16 bytes of its own. A tenth of the users have never confirmed
/// their address, a hundredth of the mails are leased or dead.
const TABLES: [(&str, &str, &str); 15] = [
    (
        "usermgmt_users",
        "id, username, username_canonical, email, email_canonical, email_confirmed_at, \
         unconfirmed_until, role, created_at, updated_at, epoch, deleted_at, indexed_at",
        "CONCAT('user', n), 'x', CONCAT('name', n), 'x', CONCAT(n, '@example.com'), n, \
         CASE WHEN n % 10 = 0 THEN 1769846400000 + n END, 'user', n, n, 0, \
         CASE WHEN n % 1000 = 0 THEN n END, CASE WHEN n % 100 > 0 THEN n END",
    ),
    (
        "usermgmt_identifiers",
        "kind, canonical, user_id, held_until",
        "'email', CONCAT(n, '@example.com'), CONCAT('user', n), \
         CASE WHEN n % 10 = 0 THEN 1769846400000 + n END",
    ),
    (
        "usermgmt_tokens",
        "id, user_id, purpose, created_at, expires_at, code_issue",
        "{bytes}, CONCAT('user', n), n % 8 + 1, n, 1769846400000 + n, 0",
    ),
    (
        "usermgmt_sessions",
        "id, user_id, generation, created_at, last_seen_at, expires_at, max_expires_at, \
         auth_time, amr",
        "{bytes}, CONCAT('user', n), 0, n, n, 1769846400000 + n, 1769846400000 + n, n, '[]'",
    ),
    ("usermgmt_totp", "user_id, last_step", "CONCAT('user', n), 0"),
    ("usermgmt_recovery_codes", "user_id, hash", "CONCAT('user', n / 10), CONCAT('hash', n)"),
    (
        "usermgmt_passkeys",
        "id, user_id, handle, name, credential, counter, backed_up, created_at",
        "CONCAT('passkey', n), CONCAT('user', n / 2), 'x', 'x', '{}', 0, 0, n",
    ),
    (
        "usermgmt_devices",
        "user_id, device, used_at",
        "CONCAT('user', n), 'device', 1769846400000 + n",
    ),
    (
        "usermgmt_identities",
        "issuer, subject, id, user_id, provider, created_at",
        "'https://provider.example.com', CONCAT('subject', n), CONCAT('identity', n), \
         CONCAT('user', n), 'example', n",
    ),
    (
        "usermgmt_service_keys",
        "id, name, hash, allow_admin, created_at",
        "CONCAT('key', n), 'x', 'x', 0, n",
    ),
    ("usermgmt_root_keys", "id, fingerprint, created_at", "CONCAT('root', n), 'x', n"),
    (
        "usermgmt_outbox",
        "id, kind, user_id, recipient, recipient_canonical, tokens, params, created_at, \
         next_attempt_at, attempts, dead_at, leased_until",
        "CONCAT('mail', n), 'confirmation', CONCAT('user', n), 'x', 'x', '[]', '{}', n, \
         1769846400000 + n, 0, CASE WHEN n % 100 = 0 THEN n END, \
         CASE WHEN n % 100 = 1 THEN 1769846400000 + n END",
    ),
    (
        "usermgmt_audit",
        "id, at, user_id, action, detail",
        "CONCAT('entry', n), n, CONCAT('user', n), 'x', '[]'",
    ),
    ("usermgmt_counters", "name, hits, resets_at", "CONCAT('counter', n), 1, 1769846400000 + n"),
    ("usermgmt_commits", "id, at", "{bytes}, 1769846400000 + n"),
];

pub(super) async fn fill(store: &SqlStore) {
    let run = |sql: String| async move {
        let statement = statement(sql);
        let done = store.pool().execute(&statement).await;
        done.unwrap_or_else(|error| panic!("{}: {error}", statement.sql));
    };
    run("CREATE TABLE numbers (n BIGINT NOT NULL PRIMARY KEY)".to_owned()).await;
    run("INSERT INTO numbers (n) VALUES (1)".to_owned()).await;
    for size in (0..17).map(|power| 1_u32 << power) {
        run(format!(
            "INSERT INTO numbers (n) SELECT n + {size} FROM numbers WHERE n + {size} <= 100000"
        ))
        .await;
    }
    let (bytes, analyze) = match store.dialect() {
        #[cfg(feature = "sqlite")]
        Dialect::Sqlite => ("randomblob(16)", ""),
        #[cfg(feature = "postgres")]
        Dialect::Postgres => ("decode(md5(CAST(n AS TEXT)), 'hex')", "ANALYZE"),
        #[cfg(feature = "mysql")]
        Dialect::MySql => ("UNHEX(MD5(n))", "ANALYZE TABLE"),
    };
    for (table, columns, values) in TABLES {
        let values = values.replace("{bytes}", bytes);
        run(format!("INSERT INTO {table} ({columns}) SELECT {values} FROM numbers")).await;
        if !analyze.is_empty() {
            run(format!("{analyze} {table}")).await;
        }
    }
}
