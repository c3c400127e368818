//! A store that is full of people.

use std::any::Any;

use usermgmt_store_sql::{PoolOptions, SqlStore};

use crate::fill::fill;
#[cfg(any(feature = "postgres", feature = "mysql"))]
use usermgmt_test_support::Database;

/// What keeps the rows.
#[derive(Clone, Copy)]
pub(crate) enum Server {
    #[cfg(feature = "sqlite")]
    Sqlite,
    #[cfg(feature = "postgres")]
    Postgres,
    #[cfg(feature = "mysql")]
    MySql,
}

impl Server {
    pub(crate) const ALL: &[Self] = &[
        #[cfg(feature = "sqlite")]
        Self::Sqlite,
        #[cfg(feature = "postgres")]
        Self::Postgres,
        #[cfg(feature = "mysql")]
        Self::MySql,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => "SQLite",
            #[cfg(feature = "postgres")]
            Self::Postgres => "PostgreSQL",
            #[cfg(feature = "mysql")]
            Self::MySql => "MySQL or MariaDB",
        }
    }

    /// The variable that has its URL.
    fn variable(self) -> Option<&'static str> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => None,
            #[cfg(feature = "postgres")]
            Self::Postgres => Some("USERMGMT_TEST_POSTGRES_URL"),
            #[cfg(feature = "mysql")]
            Self::MySql => Some("USERMGMT_TEST_MYSQL_URL"),
        }
    }

    /// Whether it can be reached; else the variable that is missing.
    pub(crate) fn is_there(self) -> Result<(), &'static str> {
        match self.variable() {
            Some(variable) if std::env::var_os(variable).is_none() => Err(variable),
            _ => Ok(()),
        }
    }

    /// A new database's URL, and what deletes it when it is dropped.
    async fn database(self) -> (String, Box<dyn Any>) {
        #[cfg(any(feature = "postgres", feature = "mysql"))]
        if let Some(variable) = self.variable() {
            let database = Database::create(variable).await;
            return (database.url.clone(), Box::new(database));
        }
        // Not in memory, where nothing would have to be synchronised.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        (format!("sqlite:{}", folder.path().join("accounts.db").display()), Box::new(folder))
    }
}

/// A store and how many people it has.
pub(crate) struct Place {
    pub(crate) store: SqlStore,
    pub(crate) people: u64,
    _database: Box<dyn Any>,
}

impl Place {
    pub(crate) async fn open(server: Server, people: u64) -> Self {
        let (url, database) = server.database().await;
        let store = SqlStore::connect(&url, PoolOptions::default()).await.unwrap();
        fill(server, &url, people).await;
        Self { store, people, _database: database }
    }
}
