//! Connections to a server.
//!
//! sqlx's own task that closes idle connections takes each out of the pool and
//! puts it back, after which it counts as just used: one that the server ended
//! long ago would be used without a test. So that task stays off, and what it
//! does is done here.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Weak};
use std::time::Duration;

use sqlx::pool::{PoolConnection, PoolConnectionMetadata};
use sqlx::{Connection, Database};
use tokio::time::{sleep, timeout};

use super::options::PoolOptions;

/// How long a connection can have lain unused before it is tested first: the
/// server may have gone away. Testing it each time would double the time of
/// every statement.
const TRUSTED_FOR: Duration = Duration::from_secs(2);
/// How long a server has to answer a test, and a connection to end in order.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long connections have to end in order when the store is closed.
const LEAVE: Duration = Duration::from_secs(5);

/// Connections to one server, or to that of several which writes. Clones share
/// them.
pub(crate) struct ServerPool<DB: Database>(Arc<Shared<DB>>);

impl<DB: Database> Clone for ServerPool<DB> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

struct Shared<DB: Database> {
    pool: sqlx::Pool<DB>,
    servers: Vec<<DB::Connection as Connection>::Options>,
    server: AtomicUsize,
    min_connections: u32,
    /// Since it was last looked at.
    was_used: AtomicBool,
}

/// The options of sqlx's pool that are the same for every database.
pub(crate) fn pool_options<DB: Database>(options: &PoolOptions) -> sqlx::pool::PoolOptions<DB> {
    let (idle_timeout, max_lifetime) = (options.idle_timeout, options.max_lifetime);
    sqlx::pool::PoolOptions::new()
        .max_connections(options.max_connections)
        .min_connections(options.min_connections)
        .acquire_timeout(options.acquire_timeout)
        // A line for each who waits would fill the log just when it is read.
        .acquire_slow_threshold(options.acquire_timeout)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .before_acquire(move |conn, meta| {
            let is_over = meta.idle_for > idle_timeout || meta.age > max_lifetime;
            Box::pin(async move { Ok(!is_over && is_alive(conn, &meta).await) })
        })
}

async fn is_alive<C: Connection>(conn: &mut C, meta: &PoolConnectionMetadata) -> bool {
    meta.idle_for <= TRUSTED_FOR || matches!(timeout(PATIENCE, conn.ping()).await, Ok(Ok(())))
}

impl<DB: Database> ServerPool<DB> {
    /// How many connections nobody uses.
    pub(super) fn idle(&self) -> usize {
        self.0.pool.num_idle()
    }

    /// Over sqlx's pool, which uses `servers[server]`.
    pub(crate) fn new(
        pool: sqlx::Pool<DB>,
        servers: Vec<<DB::Connection as Connection>::Options>,
        server: usize,
        options: &PoolOptions,
    ) -> Self {
        let shared = Arc::new(Shared {
            pool,
            servers,
            server: AtomicUsize::new(server),
            min_connections: options.min_connections,
            was_used: AtomicBool::new(true),
        });
        tokio::spawn(close_unused(Arc::downgrade(&shared), options.idle_timeout));
        Self(shared)
    }

    pub(super) async fn acquire(&self) -> Result<PoolConnection<DB>, sqlx::Error> {
        let acquired = self.0.pool.acquire().await;
        match acquired {
            Ok(_) => self.0.was_used.store(true, Relaxed),
            Err(_) => self.0.try_the_next_server(),
        }
        acquired
    }

    /// How many connections there are.
    pub(super) fn size(&self) -> u32 {
        self.0.pool.size()
    }

    /// Those in use at the end of the time are dropped when their work ends.
    pub(super) async fn close(&self) {
        if timeout(LEAVE, self.0.pool.close()).await.is_err() {
            tracing::warn!("connections to the database did not end in time");
        }
    }
}

impl<DB: Database> Shared<DB> {
    /// Where the URL names several, new connections go to the next one from now
    /// on: the one that was used does not answer, or only reads.
    fn try_the_next_server(&self) {
        if self.servers.len() > 1 && !self.pool.is_closed() {
            let next = (self.server.fetch_add(1, Relaxed) + 1) % self.servers.len();
            if let Some(server) = self.servers.get(next) {
                self.pool.set_connect_options(server.clone());
            }
        }
    }
}

/// Closes the connections where nobody asked for any since the last look, as
/// long as there is a pool.
async fn close_unused<DB: Database>(shared: Weak<Shared<DB>>, every: Duration) {
    loop {
        sleep(every).await;
        let Some(shared) = shared.upgrade().filter(|shared| !shared.pool.is_closed()) else {
            return;
        };
        if shared.was_used.swap(false, Relaxed) {
            continue;
        }
        while shared.pool.size() > shared.min_connections
            && let Some(conn) = shared.pool.try_acquire()
        {
            // Where it does not end in order, it is dropped.
            drop(timeout(PATIENCE, conn.close()).await);
        }
    }
}
