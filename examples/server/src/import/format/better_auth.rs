//! better-auth: SQL, tables `user` and `account`. What its plugins add is read
//! where it is there.

use crate::failure::Failure;
use crate::import::row::Row;
use crate::import::source::Rows;
use crate::import::sql::{Database, Key, Query, Values};
use crate::import::value::filled;

pub(in crate::import) async fn open(url: &str) -> Result<Rows, Failure> {
    let mut database = Database::open(url).await?;
    let needed = ["id", "name", "email", "emailVerified", "createdAt", "updatedAt"];
    let there = database.table("user", &needed).await?;
    database.table("account", &["userId", "providerId", "password"]).await?;
    let optional = ["username", "displayUsername", "role", "banned", "twoFactorEnabled"];
    let names = needed.iter().chain(optional.iter().filter(|name| there.contains(**name)));
    let mut columns: Vec<_> =
        names.map(|&name| (name, format!("u.{}", database.quoted(name)))).collect();
    let [account, password, user_id, provider] =
        ["account", "password", "userId", "providerId"].map(|name| database.quoted(name));
    columns.push((
        "password",
        format!(
            "(SELECT a.{password} FROM {account} a WHERE a.{user_id} = u.id \
             AND a.{provider} = 'credential' LIMIT 1)"
        ),
    ));
    let query = Query {
        from: format!("{} u", database.quoted("user")),
        only: "1 = 1",
        key: "u.id",
        key_kind: Key::Text,
        columns,
    };
    Ok(database.read(query, row))
}

fn row(mut values: Values) -> Row {
    let mut faults = Vec::new();
    if values.is_true("twoFactorEnabled") {
        faults.push(
            "totp: sealed under better-auth's own secret; turn it off there, or bring it by jsonl"
                .to_owned(),
        );
    }
    let name = values.take("name").unwrap_or_default();
    let (first, last) = name.trim().split_once(' ').unwrap_or((name.trim(), ""));
    let display = filled(values.take("displayUsername"));
    let role = values.take("role").filter(|role| role == "admin");
    Row {
        id: values.take("id").unwrap_or_default(),
        username: display.or(filled(values.take("username"))),
        email: values.take("email"),
        is_email_confirmed: values.is_true("emailVerified"),
        is_disabled: values.is_true("banned"),
        role,
        first_name: filled(Some(first.to_owned())),
        last_name: filled(Some(last.trim().to_owned())),
        created_at: values.take("createdAt"),
        updated_at: values.take("updatedAt"),
        password: values.take("password").map(werkzeugs),
        faults,
        ..Row::default()
    }
}

/// `salt:key` in hexadecimal digits, scrypt with its salt as text: Werkzeug
/// writes the same with its parameters.
fn werkzeugs(text: String) -> String {
    match text.split_once(':') {
        Some((salt, key)) if key.len() == 128 && !key.contains(':') => {
            format!("scrypt:16384:16:1${salt}${key}")
        }
        _ => text,
    }
}
