//! The first connection to a server: whether one is there, and fit.

use std::io;
use std::time::Duration;

use sqlx::{ConnectOptions, Connection};
use tokio::time::{sleep, timeout};

use crate::dialect::READ_ONLY;
use crate::error::ConnectError;
use crate::fault::{Fault, fault};

/// How long to wait before all of the servers are tried again.
const PAUSE: Duration = Duration::from_millis(100);

type Connected<O> = <O as ConnectOptions>::Connection;

/// How a connection to a kind of server is made fit.
pub(super) trait Server: ConnectOptions<Connection: Sized> {
    /// Sets what every connection is set to, and refuses a server that only reads.
    fn prepare(
        conn: &mut Self::Connection,
        settings: &str,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

/// Connects to the first of the servers that answers and writes, and says which
/// one that is. A server that is just starting is waited for.
pub(super) async fn first<O: Server>(
    servers: &[O],
    patience: Duration,
    place: &str,
    settings: &str,
) -> Result<(Connected<O>, usize), ConnectError> {
    let mut last = sqlx::Error::PoolTimedOut;
    let trying = async {
        loop {
            for (number, server) in servers.iter().enumerate() {
                match connect(server, settings).await {
                    Ok(conn) => return Ok((conn, number)),
                    Err(error) if is_passing(&error) => last = error,
                    Err(error) => return Err(ConnectError::Database(error)),
                }
            }
            sleep(PAUSE).await;
        }
    };
    match timeout(patience, trying).await {
        Ok(done) => done,
        Err(_) => Err(ConnectError::Unreachable { place: place.to_owned(), source: last }),
    }
}

pub(super) async fn connect<O: Server>(
    server: &O,
    settings: &str,
) -> Result<Connected<O>, sqlx::Error> {
    let mut conn = server.connect().await?;
    match O::prepare(&mut conn, settings).await {
        Ok(()) => Ok(conn),
        Err(error) => {
            // What became of it does not matter.
            drop(conn.close().await);
            Err(error)
        }
    }
}

/// Whether another try, or another server, can do better. What is wrong with TLS
/// stays wrong.
fn is_passing(error: &sqlx::Error) -> bool {
    !matches!(error, sqlx::Error::Tls(_)) && fault(error) == Fault::Unavailable
}

/// A connection to a server that does not write is not used: what it answers may
/// be out of date, and sessions that were ended elsewhere would go on.
pub(super) fn may_write(answer: i64) -> Result<(), sqlx::Error> {
    match answer {
        1 => Ok(()),
        _ => Err(io::Error::other(READ_ONLY).into()),
    }
}
