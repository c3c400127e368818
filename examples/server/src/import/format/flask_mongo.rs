//! The second old service: MongoDB, collection `users`.

use crate::failure::Failure;
use crate::import::source::Rows;

#[cfg(not(feature = "mongo"))]
pub(in crate::import) async fn open(_: &str) -> Result<Rows, Failure> {
    Err(Failure::Setting("--format flask-mongo: MongoDB is not built in".to_owned()))
}

#[cfg(feature = "mongo")]
pub(in crate::import) use self::mongo::open;

#[cfg(feature = "mongo")]
mod mongo {
    use futures_util::TryStreamExt as _;
    use mongodb::bson::{Bson, Document, doc};
    use mongodb::options::ClientOptions;
    use mongodb::{Client, Collection, Cursor};

    use super::{Failure, Rows};
    use crate::import::format::totp;
    use crate::import::row::Row;
    use crate::import::source::{CHUNK, Sink, rows};
    use crate::import::value::filled;

    /// Where the URL names no database.
    const DATABASE: &str = "users_db";
    /// The most bytes of a text.
    const TEXT_MAX: usize = 8192;
    /// What is read of a document.
    const NAMES: [&str; 12] = [
        "username",
        "email",
        "is_active",
        "role",
        "first_name",
        "last_name",
        "gender",
        "created_at",
        "updated_at",
        "password_hash",
        "mfa_secret",
        "_id",
    ];

    pub(in crate::import) async fn open(url: &str) -> Result<Rows, Failure> {
        let options = ClientOptions::parse(url)
            .await
            .map_err(|error| Failure::Setting(format!("--from: {error}")))?;
        let name = options.default_database.clone().unwrap_or_else(|| DATABASE.to_owned());
        let client = Client::with_options(options).map_err(|error| failed(&error))?;
        let users = client.database(&name).collection::<Document>("users");
        // One that is not there has no rows, which is not what anybody means.
        if users.find_one(doc! {}).await.map_err(|error| failed(&error))?.is_none() {
            return Err(Failure::Other(format!(
                "--from: the collection `users` of database `{name}` is empty or not there"
            )));
        }
        let (sink, rows) = rows();
        tokio::spawn(async move { read(users, sink).await });
        Ok(rows)
    }

    fn failed(error: &mongodb::error::Error) -> Failure {
        Failure::new("--from", error)
    }

    /// All of them in the order of their ids. By one cursor: a comparison of ids
    /// passes over those of another type.
    async fn read(users: Collection<Document>, sink: Sink) {
        let wanted: Document = NAMES.iter().map(|&name| (name.to_owned(), Bson::from(1))).collect();
        let size = u32::try_from(CHUNK).unwrap_or(u32::MAX);
        let found =
            users.find(doc! {}).projection(wanted).sort(doc! { "_id": 1 }).batch_size(size).await;
        let mut cursor = match found {
            Ok(cursor) => cursor,
            Err(error) => {
                let _ = sink.send(Err(failed(&error))).await;
                return;
            }
        };
        loop {
            let chunk = chunk(&mut cursor).await;
            let is_last = !chunk.as_ref().is_ok_and(|chunk| chunk.len() == CHUNK);
            if sink.send(chunk).await.is_err() || is_last {
                return;
            }
        }
    }

    async fn chunk(cursor: &mut Cursor<Document>) -> Result<Vec<Row>, Failure> {
        let mut chunk = Vec::new();
        while chunk.len() < CHUNK {
            match cursor.try_next().await.map_err(|error| failed(&error))? {
                Some(document) => chunk.push(row(&document)),
                None => break,
            }
        }
        Ok(chunk)
    }

    fn row(document: &Document) -> Row {
        let mut faults = Vec::new();
        let mut text = |name: &str| match document.get(name) {
            None | Some(Bson::Null) => None,
            Some(Bson::String(text)) if text.len() <= TEXT_MAX => Some(text.clone()),
            Some(Bson::String(_)) => {
                faults.push(format!("{name}: longer than {TEXT_MAX} bytes"));
                None
            }
            Some(Bson::DateTime(time)) => Some(time.timestamp_millis().to_string()),
            Some(Bson::ObjectId(id)) => Some(id.to_hex()),
            Some(other) => {
                faults.push(format!("{name}: not a text, but {:?}", other.element_type()));
                None
            }
        };
        Row {
            id: text("_id").unwrap_or_default(),
            username: text("username"),
            email: text("email"),
            // One flag for both: whoever is not active waits for their activation.
            is_email_confirmed: document.get_bool("is_active").unwrap_or(false),
            role: text("role"),
            first_name: text("first_name"),
            last_name: text("last_name"),
            gender: text("gender"),
            created_at: text("created_at"),
            updated_at: text("updated_at"),
            password: text("password_hash"),
            totp: filled(text("mfa_secret")).map(|secret| totp(&secret)),
            faults,
            ..Row::default()
        }
    }
}
