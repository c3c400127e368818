//! Supabase Auth: PostgreSQL, tables `auth.users` and `auth.mfa_factors`.

use super::totp;
use crate::failure::Failure;
use crate::import::row::Row;
use crate::import::source::Rows;
use crate::import::sql::{Database, Dialect, Key, Query, Values};
use crate::import::value::{filled, parse_truth};

/// A column of JSON that the user's own client wrote, and what is read of it.
const METADATA: &str = "raw_user_meta_data";
const FROM_METADATA: [&str; 4] = ["username", "first_name", "last_name", "locale"];

pub(in crate::import) async fn open(url: &str) -> Result<Rows, Failure> {
    let mut database = Database::open(url).await?;
    if database.dialect != Dialect::Postgres {
        return Err(Failure::Setting(
            "--from: Supabase's database is a PostgreSQL: `postgres://…`".to_owned(),
        ));
    }
    let columns = [
        "id",
        "email",
        "encrypted_password",
        "email_confirmed_at",
        METADATA,
        "created_at",
        "updated_at",
    ];
    let there = database.table("auth.users", &columns).await?;
    let mut columns: Vec<_> = columns.iter().map(|&name| (name, format!("u.{name}"))).collect();
    columns.retain(|(name, _)| *name != METADATA);
    for name in FROM_METADATA {
        columns.push((name, format!("(u.{METADATA}->>'{name}')")));
    }
    if there.contains("banned_until") {
        columns.push(("is_banned", "(u.banned_until > now())".to_owned()));
    }
    if !database.columns("auth.mfa_factors").await?.is_empty() {
        columns.push((
            "totp",
            "(SELECT f.secret FROM auth.mfa_factors f WHERE f.user_id = u.id \
             AND f.status = 'verified' AND f.factor_type = 'totp' ORDER BY f.created_at LIMIT 1)"
                .to_owned(),
        ));
    }
    let is_deletable = there.contains("deleted_at");
    let query = Query {
        from: "auth.users u".to_owned(),
        only: if is_deletable { "u.deleted_at IS NULL" } else { "true" },
        key: "u.id",
        key_kind: Key::Uuid,
        columns,
    };
    Ok(database.read(query, row))
}

fn row(mut values: Values) -> Row {
    let is_banned = parse_truth(values.take("is_banned").as_deref());
    Row {
        id: values.take("id").unwrap_or_default(),
        username: filled(values.take("username")),
        email: values.take("email"),
        is_email_confirmed: values.take("email_confirmed_at").is_some(),
        is_disabled: is_banned,
        first_name: filled(values.take("first_name")),
        last_name: filled(values.take("last_name")),
        locale: filled(values.take("locale")),
        created_at: values.take("created_at"),
        updated_at: values.take("updated_at"),
        password: values.take("encrypted_password"),
        totp: values.take("totp").map(|secret| totp(&secret)),
        ..Row::default()
    }
}
