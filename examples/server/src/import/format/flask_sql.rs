//! The first old service: SQL, table `users`.

use crate::failure::Failure;
use crate::import::row::Row;
use crate::import::source::Rows;
use crate::import::sql::{Database, Key, Query, Values};

pub(in crate::import) async fn open(url: &str) -> Result<Rows, Failure> {
    let mut database = Database::open(url).await?;
    let columns = ["id", "user_id", "username", "email", "password", "date", "email_confirmed"];
    database.table("users", &columns).await?;
    let query = Query {
        from: "users u".to_owned(),
        only: "1 = 1",
        key: "u.id",
        key_kind: Key::Number,
        columns: columns[1..].iter().map(|&name| (name, format!("u.{name}"))).collect(),
    };
    Ok(database.read(query, row))
}

fn row(mut values: Values) -> Row {
    Row {
        id: values.take("user_id").unwrap_or_default(),
        username: values.take("username"),
        email: values.take("email"),
        is_email_confirmed: values.is_true("email_confirmed"),
        created_at: values.take("date"),
        password: values.take("password"),
        ..Row::default()
    }
}
