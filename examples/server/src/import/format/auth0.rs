//! Auth0: the export with password hashes that its support makes, a user a line.

use serde_json::Value;

use super::totp;
use crate::failure::Failure;
use crate::import::row::Row;
use crate::import::source::{Lines, Rows, read_file};
use crate::import::value::filled;

pub(in crate::import) fn open(path: &str) -> Result<Rows, Failure> {
    let mut lines = Lines::open(path)?;
    let failed = {
        let path = path.to_owned();
        move |error| Failure::Other(format!("--from: {path}: {error}"))
    };
    Ok(read_file(move |chunks| {
        while let Some((number, line)) = lines.next().map_err(&failed)? {
            chunks.add(match line.map(|text| serde_json::from_str(&text)) {
                Ok(Ok(user)) => row(&user),
                Ok(Err(error)) => Row::unreadable(None, format!("line {number}: {error}")),
                Err(why) => Row::unreadable(None, format!("line {number}: {why}")),
            })?;
        }
        Ok(())
    }))
}

fn row(user: &Value) -> Row {
    let text = |name: &str| filled(user[name].as_str().map(str::to_owned));
    let time = |name: &str| match &user[name] {
        Value::String(text) => Some(text.clone()),
        // MongoDB's own JSON.
        other => other["$date"].as_str().map(str::to_owned),
    };
    // Its user ids name the connection.
    let id = match (&user["user_id"], &user["_id"]) {
        (Value::String(id), _) => id.clone(),
        (_, Value::String(id)) => format!("auth0|{id}"),
        (_, id) => id["$oid"].as_str().map(|id| format!("auth0|{id}")).unwrap_or_default(),
    };
    let secret = user["mfa_factors"]
        .as_array()
        .and_then(|factors| factors.iter().find_map(|factor| factor["totp"]["secret"].as_str()));
    Row {
        id,
        username: text("username"),
        email: text("email"),
        is_email_confirmed: user["email_verified"].as_bool().unwrap_or(false),
        is_disabled: user["blocked"].as_bool().unwrap_or(false),
        first_name: text("given_name"),
        last_name: text("family_name"),
        locale: text("locale"),
        created_at: time("created_at"),
        updated_at: time("updated_at"),
        password: text("passwordHash"),
        totp: secret.map(totp),
        ..Row::default()
    }
}
