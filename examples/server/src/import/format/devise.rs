//! Devise: SQL, table `users`. What its modules add is read where it is there.

use super::totp;
use crate::failure::Failure;
use crate::import::row::Row;
use crate::import::source::Rows;
use crate::import::sql::{Database, Key, Query, Values, column_or_null};
use crate::import::value::filled;

pub(in crate::import) async fn open(url: &str) -> Result<Rows, Failure> {
    let mut database = Database::open(url).await?;
    let there = database.table("users", &["id", "email", "encrypted_password"]).await?;
    let is_confirmable = there.contains("confirmed_at");
    let key_kind = if has_uuids(&mut database).await? { Key::Uuid } else { Key::Number };
    let columns = [
        "email",
        "encrypted_password",
        "username",
        "first_name",
        "last_name",
        "locale",
        "confirmed_at",
        "otp_required_for_login",
        "otp_secret",
        "created_at",
        "updated_at",
    ];
    let mut columns: Vec<_> =
        columns.iter().map(|&name| (name, column_or_null(&there, "u", name))).collect();
    columns.push(("id", "u.id".to_owned()));
    let query = Query { from: "users u".to_owned(), only: "1 = 1", key: "u.id", key_kind, columns };
    Ok(database.read(query, move |values| row(values, is_confirmable)))
}

/// Rails numbers rows unless it is told otherwise.
async fn has_uuids(database: &mut Database) -> Result<bool, Failure> {
    let first = database.first("users", "id").await?;
    Ok(first.is_some_and(|id| id.parse::<i64>().is_err()))
}

fn row(mut values: Values, is_confirmable: bool) -> Row {
    let confirmed_at = values.take("confirmed_at");
    let asks_for_code = values.is_true("otp_required_for_login");
    let secret = values.take("otp_secret");
    Row {
        id: values.take("id").unwrap_or_default(),
        username: filled(values.take("username")),
        email: values.take("email"),
        is_email_confirmed: !is_confirmable || confirmed_at.is_some(),
        first_name: filled(values.take("first_name")),
        last_name: filled(values.take("last_name")),
        locale: filled(values.take("locale")),
        created_at: values.take("created_at"),
        updated_at: values.take("updated_at"),
        password: values.take("encrypted_password"),
        totp: asks_for_code.then(|| totp(&secret.unwrap_or_default())),
        ..Row::default()
    }
}
