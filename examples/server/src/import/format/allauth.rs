//! django-allauth: SQL, tables `auth_user` and `account_emailaddress`, and
//! `mfa_authenticator` where it is there.

use serde_json::Value;

use super::totp;
use crate::failure::Failure;
use crate::import::row::Row;
use crate::import::source::Rows;
use crate::import::sql::{Database, Key, Query, Values};
use crate::import::value::filled;

pub(in crate::import) async fn open(url: &str) -> Result<Rows, Failure> {
    let mut database = Database::open(url).await?;
    let columns = [
        "id",
        "username",
        "first_name",
        "last_name",
        "email",
        "password",
        "is_active",
        "is_superuser",
        "date_joined",
    ];
    database.table("auth_user", &columns).await?;
    database.table("account_emailaddress", &["user_id", "email", "verified"]).await?;
    let mut columns: Vec<_> = columns.iter().map(|&name| (name, format!("u.{name}"))).collect();
    // The address that the user row names, or the primary one where it names none. Another
    // address that is verified says nothing of the one that is taken.
    let primary = database.quoted("primary");
    let address = |what: &str| {
        let all = format!("SELECT a.{what} FROM account_emailaddress a WHERE a.user_id = u.id");
        format!(
            "(CASE WHEN COALESCE(u.email, '') <> '' \
             THEN ({all} AND LOWER(a.email) = LOWER(u.email) ORDER BY a.id LIMIT 1) \
             ELSE ({all} ORDER BY CASE WHEN a.{primary} THEN 0 ELSE 1 END, a.id LIMIT 1) END)"
        )
    };
    columns.push(("address", address("email")));
    columns.push(("verified", address("verified")));
    if !database.columns("mfa_authenticator").await?.is_empty() {
        let data = database.quoted("data");
        let kind = database.quoted("type");
        columns.push((
            "totp",
            format!(
                "(SELECT m.{data} FROM mfa_authenticator m \
                 WHERE m.user_id = u.id AND m.{kind} = 'totp' LIMIT 1)"
            ),
        ));
    }
    let query = Query {
        from: "auth_user u".to_owned(),
        only: "1 = 1",
        key: "u.id",
        key_kind: Key::Number,
        columns,
    };
    Ok(database.read(query, row))
}

fn row(mut values: Values) -> Row {
    let address = values.take("address");
    let is_admin = values.is_true("is_superuser");
    let secret = values.take("totp").map(|data| match serde_json::from_str::<Value>(&data) {
        Ok(data) => data["secret"].as_str().unwrap_or_default().to_owned(),
        Err(_) => data,
    });
    Row {
        id: values.take("id").unwrap_or_default(),
        username: filled(values.take("username")),
        email: filled(values.take("email")).or(address),
        is_email_confirmed: values.is_true("verified"),
        is_disabled: !values.is_true("is_active"),
        role: is_admin.then(|| "admin".to_owned()),
        first_name: filled(values.take("first_name")),
        last_name: filled(values.take("last_name")),
        created_at: values.take("date_joined"),
        // Django marks what is no password with an exclamation mark.
        password: values.take("password").filter(|text| !text.starts_with('!')),
        totp: secret.map(|secret| totp(&secret)),
        ..Row::default()
    }
}
