//! Rows as the store has them: of many people who have registered and confirmed, of what
//! went wrong, and of what was long ago.

use usermgmt_test_support::{Server, execute};

/// The beginning of everybody's id, as a UUIDv7 of early 2025.
const ID: &str = "019470a0-0000-7000-8000-";
/// When the first of them registered, in milliseconds.
const BEGAN: i64 = 1_736_000_000_000;

fn database(server: &Server) -> String {
    format!("sqlite:{}", server.data_dir().join("usermgmt.db").display())
}

/// This many called person-000001 and so on; one minute apart.
pub(crate) async fn fill(server: &Server, people: u32) {
    let with = format!(
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers \
         WHERE n < {people}), people AS (SELECT '{ID}' || printf('%012x', n) AS id, \
         'person-' || printf('%06d', n) AS name, {BEGAN} + n * 60000 AS since FROM numbers)"
    );
    let users = format!(
        "INSERT INTO usermgmt_users (id, username, username_canonical, email, email_canonical, \
         email_confirmed_at, first_name, last_name, role, created_at, updated_at, epoch, \
         first_name_key, last_name_key, indexed_at) {with} \
         SELECT id, name, name, name || '@example.org', name || '@example.org', since, 'Ada', \
         'Lovelace', 'user', since, since, 0, 'ada', 'lovelace', since FROM people"
    );
    let identifier = |kind: &str, canonical: &str| {
        format!(
            "INSERT INTO usermgmt_identifiers (kind, canonical, user_id) {with} \
             SELECT '{kind}', {canonical}, id FROM people"
        )
    };
    let (emails, names) =
        (identifier("email", "name || '@example.org'"), identifier("username", "name"));
    execute(&database(server), &[&users, &emails, &names]).await;
}

/// Gives the person of a number another name.
pub(crate) async fn call(server: &Server, n: u32, first: &str, last: &str) {
    let (first_key, last_key) = (first.to_lowercase(), last.to_lowercase());
    let rename = format!(
        "UPDATE usermgmt_users SET first_name = '{first}', last_name = '{last}', \
         first_name_key = '{first_key}', last_name_key = '{last_key}' \
         WHERE id = '{ID}{n:012x}'"
    );
    execute(&database(server), &[&rename]).await;
}

/// A mail to this address that was given up just now.
pub(crate) async fn give_up(server: &Server, recipient: &str) {
    let mail = format!(
        "INSERT INTO usermgmt_outbox (id, kind, recipient, recipient_canonical, tokens, params, \
         created_at, next_attempt_at, attempts, last_error, dead_at) \
         SELECT '{ID}00000000dead', 'password_changed', '{recipient}', '{recipient}', '[]', '{{}}', \
         now, now, 12, '550 5.1.1 The mailbox of this recipient does not exist here', now \
         FROM (SELECT unixepoch() * 1000 AS now)"
    );
    execute(&database(server), &[&mail]).await;
}

/// Has everybody signed in an hour before they did.
pub(crate) async fn age(server: &Server) {
    let age = "UPDATE usermgmt_sessions SET auth_time = auth_time - 3600000";
    execute(&database(server), &[age]).await;
}
