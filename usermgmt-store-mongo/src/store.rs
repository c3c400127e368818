//! The store.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use mongodb::bson::{Bson, Document, doc};
use mongodb::error::Error;
use mongodb::{Client, Collection, Database};
use serde::de::DeserializeOwned;
use usermgmt_core::store::StoreError;

use crate::backoff::Backoff;
use crate::fault::{Fault, fault, store_error};
use crate::guard::ids;
use crate::last_write::LastWrite;
use crate::pool::Pool;
use crate::queues::Queues;

/// How long a call takes at most, every try counted: less than the core waits
/// for a store, so that what is said then is this store's own account of it.
pub(crate) const ANSWER: Duration = Duration::from_secs(8);

/// How long connections have to end when the store is closed.
const LEAVE: Duration = Duration::from_secs(5);

/// Accounts in a MongoDB database. Clones share its connections.
#[derive(Clone)]
pub struct MongoStore {
    database: Database,
    queues: Arc<Queues>,
    last_write: Arc<LastWrite>,
    pool: Arc<Pool>,
}

impl MongoStore {
    /// Over connections that are noted in `pool`.
    pub(crate) fn new(database: Database, pool: Arc<Pool>) -> Self {
        Self { database, queues: Arc::default(), last_write: Arc::default(), pool }
    }

    /// Closes its connections, those of its clones too, or after a few seconds
    /// where the server does not answer. A store that is just dropped loses
    /// nothing either.
    pub async fn close(&self) {
        let closing = self.client().clone().shutdown().into_future();
        if tokio::time::timeout(LEAVE, closing).await.is_err() {
            tracing::warn!("connections to MongoDB did not end in time");
        }
    }

    pub(crate) fn client(&self) -> &Client {
        self.database.client()
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) fn last_write(&self) -> &LastWrite {
        &self.last_write
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    pub(crate) fn queues(&self) -> &Queues {
        &self.queues
    }

    pub(crate) fn collection<T: Send + Sync>(&self, name: &str) -> Collection<T> {
        self.database.collection(name)
    }

    /// What the server that writes are sent to says of itself.
    pub(crate) async fn hello(&self) -> Result<Document, StoreError> {
        self.ask(|| self.database.run_command(doc! { "hello": 1 })).await
    }

    /// The answer, or that there was none in time.
    pub(crate) async fn within_time<T>(
        &self,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        match tokio::time::timeout(ANSWER, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(StoreError::unavailable("MongoDB did not answer in time")),
        }
    }

    /// What the driver answers, in time. Asked again as long as nothing was
    /// written: another write came first, or the document of an upsert.
    pub(crate) async fn ask<T, A>(&self, ask: impl Fn() -> A) -> Result<T, StoreError>
    where
        A: IntoFuture<Output = Result<T, Error>>,
    {
        self.within_time(async {
            let mut backoff = Backoff::default();
            loop {
                match ask().await {
                    Err(error) if matches!(fault(&error), Fault::Undone | Fault::Duplicate) => {
                        backoff.wait().await;
                    }
                    answer => return answer.map_err(store_error),
                }
            }
        })
        .await
    }

    /// The document that the filter finds.
    pub(crate) async fn find_one<T>(
        &self,
        collection: &str,
        filter: Document,
    ) -> Result<Option<T>, StoreError>
    where
        T: DeserializeOwned + Send + Sync,
    {
        let collection = self.collection::<T>(collection);
        self.ask(|| collection.find_one(filter.clone())).await
    }

    /// At most so many of the documents that the filter finds, in this order.
    pub(crate) async fn find<T>(
        &self,
        collection: &str,
        filter: Document,
        order: Document,
        limit: usize,
    ) -> Result<Vec<T>, StoreError>
    where
        T: DeserializeOwned + Send + Sync,
    {
        self.find_but(collection, filter, order, limit, &[]).await
    }

    /// The same, without these fields.
    pub(crate) async fn find_but<T>(
        &self,
        collection: &str,
        filter: Document,
        order: Document,
        limit: usize,
        but: &[&str],
    ) -> Result<Vec<T>, StoreError>
    where
        T: DeserializeOwned + Send + Sync,
    {
        // To MongoDB, a limit of 0 is none.
        if limit == 0 {
            return Ok(Vec::new());
        }
        let collection = self.collection::<T>(collection);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let but: Document = but.iter().map(|name| ((*name).to_owned(), Bson::Int32(0))).collect();
        self.ask(async || {
            let find = collection.find(filter.clone()).sort(order.clone()).limit(limit);
            find.projection(but.clone()).await?.try_collect().await
        })
        .await
    }

    /// The keys of at most so many of the documents that the filter finds, in this order.
    pub(crate) async fn find_ids(
        &self,
        collection: &str,
        filter: Document,
        order: Document,
        limit: usize,
    ) -> Result<Vec<Bson>, StoreError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let collection = self.collection::<Document>(collection);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found = self.ask(async || {
            let find = collection.find(filter.clone()).sort(order.clone()).limit(limit);
            find.projection(doc! { "_id": 1 }).await?.try_collect().await
        });
        Ok(ids(found.await?))
    }

    /// The first document that the pipeline answers.
    pub(crate) async fn aggregate_one<T>(
        &self,
        collection: &str,
        pipeline: Vec<Document>,
    ) -> Result<Option<T>, StoreError>
    where
        T: DeserializeOwned + Send + Sync,
    {
        let collection = self.collection::<Document>(collection);
        self.ask(async || {
            let aggregate = collection.aggregate(pipeline.clone()).with_type::<T>();
            aggregate.await?.try_next().await
        })
        .await
    }
}

/// Where the database is; no password.
impl fmt::Debug for MongoStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MongoStore").field(&self.database.name()).finish()
    }
}
