//! The HTTP listener: accepts, serves, and stops when told to.

mod arrival;
mod connection;
mod connections;
mod descriptors;
mod error;
mod io;
mod limits;
mod pace;
mod progress;
mod signals;
#[cfg(test)]
mod tests;
mod tls;

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use usermgmt_core::metrics::Metrics;

use self::connection::Server;
use self::connections::Connections;
pub(crate) use self::descriptors::most_connections;
pub(crate) use self::limits::Limits;
pub(crate) use self::signals::{reload_signal, stop_signal};
pub(crate) use self::tls::{Tls, TlsFiles, connect_tls, in_time};

/// How long requests that arrived whole have to be answered once the server is told to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// How long requests that are still arriving have then: for what is on its way.
const STOP_ARRIVING: Duration = Duration::from_secs(1);
/// How long to wait after an accept that failed, for example for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Serves until `stop` ends; then takes no more connections and lets requests
/// that have arrived be answered. `metrics` is told of connections that make room
/// for others.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<Tls>,
    app: Router,
    limits: Limits,
    metrics: Arc<dyn Metrics>,
    stop: impl Future<Output = ()>,
) {
    let connections = Arc::new(Connections::new(&limits, metrics));
    let (stopping, stopped) = watch::channel(false);
    let server = Arc::new(Server::new(app, tls, limits, stopped));
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &connections) => {
                let (stream, peer) = accepted;
                connections.admit(peer, |seat| {
                    tokio::spawn(Arc::clone(&server).serve(stream, peer, seat)).abort_handle()
                });
            }
        }
    }
    drop(listener);
    stopping.send_replace(true);
    if tokio::time::timeout(STOP_ARRIVING, connections.none_left()).await.is_ok() {
        return;
    }
    let rest = STOP_TIMEOUT.saturating_sub(STOP_ARRIVING);
    // Again and again: one that was answered may have another half sent.
    let cut = async {
        loop {
            connections.cut_arriving();
            if tokio::time::timeout(STOP_ARRIVING, connections.none_left()).await.is_ok() {
                return;
            }
        }
    };
    if tokio::time::timeout(rest, cut).await.is_err() {
        tracing::warn!("some requests were not answered in time and are cut off");
        connections.cut_all();
    }
}

/// The next connection for which there is room, or can be made.
async fn accept(
    listener: &TcpListener,
    connections: &Connections,
) -> (tokio::net::TcpStream, SocketAddr) {
    loop {
        connections.room().await;
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) => {
                // For want of descriptors or memory: then somebody must go.
                tracing::error!(%error, "cannot accept a connection");
                connections.make_room();
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Whether only the one connection failed, before it could be accepted.
fn is_of_the_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}
