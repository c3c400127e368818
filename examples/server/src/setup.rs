//! From settings to a working [`Auth`].

use std::net::SocketAddr;
use std::sync::Arc;

#[cfg(feature = "breach-check")]
use usermgmt_core::Config;
use usermgmt_core::keys::KeyRing;
use usermgmt_core::metrics::Metrics;
#[cfg(feature = "breach-check")]
use usermgmt_core::metrics::NoMetrics;
use usermgmt_core::rng::OsRng;
use usermgmt_core::store::{MemoryStore, Store};
use usermgmt_core::{Auth, AuthBuilder, BuildError};

#[cfg(feature = "breach-check")]
use crate::breach_check::PwnedPasswords;
use crate::failure::Failure;
use crate::settings::{Settings, StoreKind};
use crate::{folders, secret_file};

/// Opens the store and puts the core over it, which tells `metrics` what it does.
pub(crate) async fn auth(
    settings: &Settings,
    bound: SocketAddr,
    metrics: Option<Arc<dyn Metrics>>,
) -> Result<Auth, Failure> {
    if settings.database.is_embedded() {
        folders::private_dir(&settings.data_dir)?;
    }
    let store_file = settings.database.file.as_deref();
    let keys = secret_file::load(&settings.secret, store_file, &OsRng).map_err(Failure::Setting)?;
    let builder = builder(open(settings).await?, keys, settings, bound, metrics)?;
    built(builder, settings).await
}

/// The same over a store and a secret as they are: nothing is made, recorded or brought
/// up to date for it.
pub(crate) async fn auth_as_it_is(settings: &Settings) -> Result<Auth, Failure> {
    let keys = look_at_secret(settings)?;
    let builder = builder(look_at(settings).await?, keys, settings, settings.listen, None)?;
    built(builder.only_looks(), settings).await
}

/// The same for what tries out a change: over an empty store in memory where there is none
/// yet.
pub(crate) async fn auth_to_try(settings: &Settings) -> Result<Auth, Failure> {
    match schema(settings).await? {
        Schema { found: None, .. } => {
            let (store, keys) = (Arc::new(MemoryStore::new()), look_at_secret(settings)?);
            let builder = builder(store, keys, settings, settings.listen, None)?;
            built(builder.only_looks(), settings).await
        }
        Schema { found: Some(found), known, .. } if found < known => Err(Failure::Other(format!(
            "the store's schema has version {found}, this program's is {known}, and a dry run \
             changes nothing: bring it up to date first, by `usermgmt-server migrate`"
        ))),
        _ => auth_as_it_is(settings).await,
    }
}

fn look_at_secret(settings: &Settings) -> Result<KeyRing, Failure> {
    let store_file = settings.database.file.as_deref();
    secret_file::look(&settings.secret, store_file, &OsRng).map_err(Failure::Setting)
}

fn builder(
    store: Arc<dyn Store>,
    keys: KeyRing,
    settings: &Settings,
    bound: SocketAddr,
    metrics: Option<Arc<dyn Metrics>>,
) -> Result<AuthBuilder, Failure> {
    let config = settings.core(bound);
    #[cfg(feature = "breach-check")]
    let config = with_breach_check(config, settings, metrics.clone())?;
    #[cfg(feature = "oidc")]
    let asks_providers = !config.providers.is_empty();
    let mut builder = Auth::builder_shared(store, keys, config);
    if let Some(metrics) = metrics {
        builder = builder.metrics(metrics);
    }
    #[cfg(feature = "oidc")]
    if asks_providers {
        builder = builder.http_client(Arc::new(crate::http_client::ProviderClient::new()?));
    }
    Ok(builder)
}

async fn built(builder: AuthBuilder, settings: &Settings) -> Result<Auth, Failure> {
    builder.build().await.map_err(|error| match error {
        BuildError::Store(error) => unusable_store("the store", &error, settings),
        setting => Failure::Setting(setting.to_string()),
    })
}

#[cfg(feature = "breach-check")]
fn with_breach_check(
    mut config: Config,
    settings: &Settings,
    metrics: Option<Arc<dyn Metrics>>,
) -> Result<Config, Failure> {
    if let Some(url) = &settings.breach_check {
        let metrics = metrics.unwrap_or_else(|| Arc::new(NoMetrics));
        let check = PwnedPasswords::new(url, metrics)?;
        config.password_policy.breaches = Some(Arc::new(check));
    }
    Ok(config)
}

/// A database that cannot be used, and what to look at.
pub(crate) fn unusable_store(
    what: &str,
    error: &dyn std::error::Error,
    settings: &Settings,
) -> Failure {
    let mend = if settings.database.is_embedded() {
        "look whether database_url names the right file, and whether the server's user may write \
         it and its folder; a file that is broken comes back from your backup"
    } else {
        "look whether the database runs, whether database_url has its host, port, name, user and \
         password, whether that user may use it, and whether a firewall is between"
    };
    Failure::Other(format!("{}: {mend}", Failure::new(what, error)))
}

/// Which version of the schema the store has, and which one this program knows.
pub(crate) struct Schema {
    /// `None` where there is none.
    pub(crate) found: Option<i64>,
    pub(crate) known: i64,
    /// What the version that was found has and the store has not: indexes that
    /// somebody dropped, say. A start makes them.
    pub(crate) missing: Vec<String>,
}

impl Schema {
    /// Whether a start refuses it: it works with the version after the one it knows, as
    /// after it was rolled back, and with no later one.
    pub(crate) fn is_too_late(&self) -> bool {
        self.found.is_some_and(|found| found > self.known + 1)
    }
}

/// Whether a start would refuse the database's URL, whatever answers at it; asks nobody.
#[cfg_attr(
    not(feature = "mongo"),
    expect(clippy::unused_async, reason = "MongoDB's driver reads URLs so")
)]
pub(crate) async fn check_url(settings: &Settings) -> Result<(), Failure> {
    let url = settings.database.url.expose();
    match settings.database.kind {
        #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
        StoreKind::Sqlite | StoreKind::SqlServer => sql::check_url(url, settings),
        #[cfg(feature = "mongo")]
        StoreKind::Mongo => mongo::check_url(url, settings).await,
        #[cfg(not(all(
            any(feature = "sqlite", feature = "postgres", feature = "mysql"),
            feature = "mongo"
        )))]
        _ => Err(Failure::Setting("database_url: that store is not built in".to_owned())),
    }
}

/// Looks at the store's schema; makes and changes nothing.
pub(crate) async fn schema(settings: &Settings) -> Result<Schema, Failure> {
    let url = settings.database.url.expose();
    match settings.database.kind {
        #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
        StoreKind::Sqlite | StoreKind::SqlServer => sql::schema(url, settings).await,
        #[cfg(feature = "mongo")]
        StoreKind::Mongo => mongo::schema(url, settings).await,
        #[cfg(not(all(
            any(feature = "sqlite", feature = "postgres", feature = "mysql"),
            feature = "mongo"
        )))]
        _ => Err(Failure::Setting("database_url: that store is not built in".to_owned())),
    }
}

/// What the database's user may not do, though the server does it; changes nothing. It is
/// known of PostgreSQL and MySQL.
#[cfg_attr(
    not(any(feature = "postgres", feature = "mysql")),
    expect(clippy::unused_async, reason = "only a server is asked")
)]
pub(crate) async fn missing_rights(settings: &Settings) -> Result<Vec<String>, Failure> {
    match settings.database.kind {
        #[cfg(any(feature = "postgres", feature = "mysql"))]
        StoreKind::SqlServer => sql::missing_rights(settings.database.url.expose(), settings).await,
        _ => Ok(vec![]),
    }
}

pub(crate) async fn open(settings: &Settings) -> Result<Arc<dyn Store>, Failure> {
    let url = settings.database.url.expose();
    match settings.database.kind {
        #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
        StoreKind::Sqlite | StoreKind::SqlServer => sql::open(url, settings).await,
        #[cfg(feature = "mongo")]
        StoreKind::Mongo => mongo::open(url, settings).await,
        #[cfg(not(all(
            any(feature = "sqlite", feature = "postgres", feature = "mysql"),
            feature = "mongo"
        )))]
        _ => Err(Failure::Setting("database_url: that store is not built in".to_owned())),
    }
}

/// The store as it is; makes and changes nothing where its schema is up to date.
async fn look_at(settings: &Settings) -> Result<Arc<dyn Store>, Failure> {
    #[cfg(feature = "mongo")]
    if matches!(settings.database.kind, StoreKind::Mongo) {
        return mongo::look_at(settings.database.url.expose(), settings).await;
    }
    // The others make nothing beside versions of the schema.
    open(settings).await
}

/// How connections are kept, by the settings.
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
fn pool_options(settings: &Settings) -> usermgmt_store_sql::PoolOptions {
    let mut options = usermgmt_store_sql::PoolOptions::default();
    if let Some(number) = settings.database_connections {
        options = options.max_connections(number);
    }
    if let Some(time) = settings.database_idle_timeout {
        options = options.idle_timeout(time);
    }
    if let Some(time) = settings.database_max_lifetime {
        options = options.max_lifetime(time);
    }
    options
}

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod sql {
    use usermgmt_store_sql::{ConnectError, SqlStore};

    use super::{Arc, Failure, Schema, Settings, Store, pool_options, unusable_store};

    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(super) async fn missing_rights(
        url: &str,
        settings: &Settings,
    ) -> Result<Vec<String>, Failure> {
        SqlStore::missing_rights(url).await.map_err(|error| failure(error, settings))
    }

    pub(super) fn check_url(url: &str, settings: &Settings) -> Result<(), Failure> {
        SqlStore::check_url(url).map_err(|error| failure(error, settings))
    }

    pub(super) async fn open(url: &str, settings: &Settings) -> Result<Arc<dyn Store>, Failure> {
        let store = SqlStore::connect(url, pool_options(settings)).await;
        Ok(Arc::new(store.map_err(|error| failure(error, settings))?))
    }

    pub(super) async fn schema(url: &str, settings: &Settings) -> Result<Schema, Failure> {
        if settings.database.file.as_ref().is_some_and(|file| !file.exists()) {
            return Ok(Schema { found: None, known: SqlStore::SCHEMA, missing: vec![] });
        }
        let found = SqlStore::schema_of(url).await.map_err(|error| failure(error, settings))?;
        Ok(Schema { found, known: SqlStore::SCHEMA, missing: vec![] })
    }

    fn failure(error: ConnectError, settings: &Settings) -> Failure {
        match error {
            error @ (ConnectError::UnknownScheme
            | ConnectError::MissingFeature { .. }
            | ConnectError::UnknownParameter { .. }
            | ConnectError::BadParameter { .. }
            | ConnectError::Malformed
            | ConnectError::NoDatabase
            | ConnectError::NoFile) => Failure::Setting(format!("database_url: {error}")),
            error @ (ConnectError::Unreachable { .. }
            | ConnectError::Create { .. }
            | ConnectError::Database(_)
            | ConnectError::Schema(_)) => unusable_store("database_url", &error, settings),
            error => Failure::new("database_url", &error),
        }
    }
}

#[cfg(feature = "mongo")]
mod mongo {
    use usermgmt_store_mongo::{ConnectError, MongoStore};

    use super::{Arc, Failure, Schema, Settings, Store, unusable_store};

    pub(super) async fn check_url(url: &str, settings: &Settings) -> Result<(), Failure> {
        MongoStore::check_url(url).await.map_err(|error| failure(error, settings))
    }

    pub(super) async fn open(url: &str, settings: &Settings) -> Result<Arc<dyn Store>, Failure> {
        let store = MongoStore::connect(url).await;
        Ok(Arc::new(store.map_err(|error| failure(error, settings))?))
    }

    pub(super) async fn schema(url: &str, settings: &Settings) -> Result<Schema, Failure> {
        let known = MongoStore::SCHEMA;
        let found = MongoStore::schema_of(url).await.map_err(|error| failure(error, settings))?;
        if found != Some(known) {
            return Ok(Schema { found, known, missing: vec![] });
        }
        let store = MongoStore::look_at(url).await.map_err(|error| failure(error, settings))?;
        let missing = store.missing().await;
        store.close().await;
        let missing = missing.map_err(|error| unusable_store("database_url", &error, settings))?;
        Ok(Schema { found, known, missing })
    }

    pub(super) async fn look_at(url: &str, settings: &Settings) -> Result<Arc<dyn Store>, Failure> {
        let store = MongoStore::look_at(url).await;
        Ok(Arc::new(store.map_err(|error| failure(error, settings))?))
    }

    fn failure(error: ConnectError, settings: &Settings) -> Failure {
        match error {
            error @ (ConnectError::Url(_)
            | ConnectError::Weak { .. }
            | ConnectError::Provider { .. }) => Failure::Setting(format!("database_url: {error}")),
            error @ ConnectError::Database(_) => unusable_store("database_url", &error, settings),
            error => Failure::new("database_url", &error),
        }
    }
}
