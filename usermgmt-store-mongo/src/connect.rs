//! From a URL to a store.

use std::sync::Arc;
use std::time::Duration;

use mongodb::Client;
use mongodb::error::ErrorKind;
use mongodb::event::EventHandler;
use mongodb::options::{
    Acknowledgment, ClientOptions, ConnectionString, HostInfo, ReadConcern, ReadPreference,
    SelectionCriteria, WriteConcern,
};
use usermgmt_core::store::StoreError;

use crate::error::ConnectError;
use crate::fault::store_error;
use crate::hello::{has_transactions, require_primary};
use crate::pool::Pool;
use crate::provider;
use crate::schema;
use crate::store::{ANSWER, MongoStore};

/// The database where the URL names none.
const DATABASE: &str = "usermgmt";

/// Where the URL does not say: how long to look for a primary, and to wait for
/// a connection.
const SELECTION: Duration = Duration::from_secs(5);
const CONNECTION: Duration = Duration::from_secs(5);

/// Where the URL does not say: the most connections to a server at a time.
const CONNECTIONS: u32 = 32;

impl MongoStore {
    /// The version of collections and indexes that this code knows and
    /// [`Self::connect`] makes.
    pub const SCHEMA: i64 = schema::VERSION;

    /// Opens the database that the URL names (`usermgmt` where it names none),
    /// creates the collections and indexes that are not there, and keeps
    /// connections to it.
    ///
    /// - `mongodb://user:password@host1,host2/database?replicaSet=rs0&tls=true`
    /// - `mongodb+srv://user:password@cluster.example/database`
    ///
    /// Where the URL does not say otherwise, a primary is looked for during 5
    /// seconds (`serverSelectionTimeoutMS`), a connection is waited for during 5
    /// (`connectTimeoutMS`), and there are at most 32 (`maxPoolSize`).
    ///
    /// # Errors
    /// [`ConnectError`] says what to change: the URL, the server, or a wait for
    /// the database to answer.
    pub async fn connect(url: &str) -> Result<Self, ConnectError> {
        let store = Self::open(url).await?;
        schema::set_up(&store).await?;
        Ok(store)
    }

    /// The version of collections and indexes that the database has, or `None`
    /// where it has none. Changes nothing.
    ///
    /// # Errors
    /// [`ConnectError`] where the URL or the database is wrong.
    pub async fn schema_of(url: &str) -> Result<Option<i64>, ConnectError> {
        let store = Self::open(url).await?;
        let found = schema::version(&store).await;
        store.close().await;
        found.map_err(ConnectError::Database)
    }

    /// Opens the database as [`Self::connect`] does, but creates and changes nothing:
    /// for whoever looks at it before a start does. [`Self::missing`] says what
    /// [`Self::connect`] would create.
    ///
    /// # Errors
    /// Those of [`Self::connect`].
    pub async fn look_at(url: &str) -> Result<Self, ConnectError> {
        let store = Self::open(url).await?;
        schema::look_at(&store).await?;
        Ok(store)
    }

    /// The collections of [`Self::SCHEMA`] that are not there, and as
    /// `collection.index` the indexes that others lack. Changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] where the database does not say.
    pub async fn missing(&self) -> Result<Vec<String>, StoreError> {
        schema::missing(self).await
    }

    /// Refuses a URL that [`Self::connect`] would refuse whatever answers at it.
    /// Asks nobody: what DNS says of a `mongodb+srv` URL is not looked up.
    ///
    /// # Errors
    /// [`ConnectError::Url`], [`ConnectError::Weak`] or [`ConnectError::Provider`].
    pub async fn check_url(url: &str) -> Result<(), ConnectError> {
        let url = parse(url)?;
        if matches!(url.host_info, HostInfo::DnsRecord(_)) {
            return Ok(());
        }
        options(url).await.map(drop)
    }

    async fn open(url: &str) -> Result<Self, ConnectError> {
        let mut options = options(parse(url)?).await?;
        let pool = Arc::new(Pool::default());
        let noted = Arc::clone(&pool);
        options.cmap_event_handler = Some(EventHandler::callback(move |event| noted.note(event)));
        let name = options.default_database.clone().unwrap_or_else(|| DATABASE.to_owned());
        let client = Client::with_options(options).map_err(database)?;
        let store = Self::new(client.database(&name), pool);
        let hello = store.hello().await.map_err(ConnectError::Database)?;
        if !has_transactions(&hello) {
            return Err(ConnectError::Standalone);
        }
        require_primary(&hello).map_err(ConnectError::Database)?;
        Ok(store)
    }
}

fn database(error: mongodb::error::Error) -> ConnectError {
    ConnectError::Database(store_error(error))
}

fn parse(url: &str) -> Result<ConnectionString, ConnectError> {
    let parsed = ConnectionString::parse(url).map_err(|error| invalid(url, &error))?;
    provider::refuse(&parsed)?;
    refuse_weaker(&parsed)?;
    Ok(parsed)
}

/// What the driver says of a URL may quote its password: it is asked once more
/// without. Where it has nothing to say then, user or password is at fault.
fn invalid(url: &str, error: &mongodb::error::Error) -> ConnectError {
    let Some((before, after)) = url.rsplit_once('@') else {
        let authority = url.split_once("://").map_or("", |(_, rest)| rest);
        let authority = authority.split(['/', '?']).next().unwrap_or_default();
        let mut ports = authority.split(',').filter_map(|host| host.rsplit_once(':'));
        return ConnectError::Url(match ports.any(|(_, port)| port.parse::<u16>().is_err()) {
            // What is no port is a password whose host is missing.
            true => {
                "it cannot be read; it is mongodb://user:password@host:port/database".to_owned()
            }
            false => error.kind.to_string(),
        });
    };
    let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
    ConnectError::Url(match ConnectionString::parse(format!("{scheme}://{after}")) {
        Err(error) => error.kind.to_string(),
        Ok(_) => "it cannot be read; special characters in user and password are percent-encoded"
            .to_owned(),
    })
}

/// A URL gets the promises of this store or an error, never weaker ones in silence.
fn refuse_weaker(url: &ConnectionString) -> Result<(), ConnectError> {
    let weak = |option| Err(ConnectError::Weak { option });
    if !matches!(url.read_preference, None | Some(ReadPreference::Primary)) {
        return weak("readPreference");
    }
    if url.read_concern.as_ref().is_some_and(|concern| *concern != ReadConcern::majority()) {
        return weak("readConcernLevel");
    }
    let Some(concern) = &url.write_concern else {
        return Ok(());
    };
    // A number is a majority of one replica set and not of another.
    if !matches!(concern.w, None | Some(Acknowledgment::Majority)) {
        return weak("w");
    }
    if concern.journal == Some(false) {
        return weak("journal");
    }
    Ok(())
}

async fn options(url: ConnectionString) -> Result<ClientOptions, ConnectError> {
    let options = ClientOptions::parse(url).await;
    let mut options = options.map_err(|error| match *error.kind {
        // Options that do not go together, such as several hosts and directConnection.
        ErrorKind::InvalidArgument { ref message, .. } => ConnectError::Url(message.clone()),
        _ => database(error),
    })?;
    options.selection_criteria = Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
    options.read_concern = Some(ReadConcern::majority());
    let patience = options.write_concern.take().and_then(|concern| concern.w_timeout);
    options.write_concern = Some(
        WriteConcern::builder()
            .w(Acknowledgment::Majority)
            .journal(true)
            // So that the server does not wait on after this store has given up.
            .w_timeout(patience.unwrap_or(ANSWER))
            .build(),
    );
    options.server_selection_timeout.get_or_insert(SELECTION);
    options.connect_timeout.get_or_insert(CONNECTION);
    options.max_pool_size.get_or_insert(CONNECTIONS);
    options.app_name.get_or_insert_with(|| "usermgmt".to_owned());
    Ok(options)
}
