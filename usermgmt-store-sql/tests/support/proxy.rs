//! A proxy between the store and its server that loses what it is told to lose.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// What happens to the next message that holds the armed text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Lose {
    /// Nothing: it passes.
    Nothing,
    /// The message: the server never sees it, and the connection ends.
    Request,
    /// The reply: the server does what it says, and the connection ends.
    Reply,
}

/// The proxy. It accepts connections until it is dropped.
pub(crate) struct Proxy {
    pub(crate) url: String,
    lose: Arc<AtomicU8>,
    lost: Arc<AtomicU64>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Proxy {
    /// One in front of the server that the URL names, on a port of its own. It
    /// loses messages that hold `text`.
    pub(crate) async fn before(url: &str, text: &'static str) -> Self {
        Self::on_port(0, url, text).await
    }

    pub(crate) async fn on_port(port: u16, url: &str, text: &'static str) -> Self {
        let mut url: Url = url.parse().unwrap();
        let is_postgres = url.scheme().starts_with("postgres");
        let usual = if is_postgres { 5432 } else { 3306 };
        let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(usual));
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        // What is encrypted cannot be told apart.
        let plain = if is_postgres { ("sslmode", "disable") } else { ("ssl-mode", "DISABLED") };
        url.query_pairs_mut().append_pair(plain.0, plain.1);
        let lose = Arc::new(AtomicU8::new(Lose::Nothing as u8));
        let lost = Arc::new(AtomicU64::new(0));
        let accepting = tokio::spawn({
            let (lose, lost) = (lose.clone(), lost.clone());
            async move {
                // The connections end with the proxy.
                let mut connections = tokio::task::JoinSet::new();
                while let Ok((client, _)) = listener.accept().await {
                    let server = TcpStream::connect(&server).await.unwrap();
                    connections.spawn(pass(client, server, text, lose.clone(), lost.clone()));
                }
            }
        });
        Self { url: url.into(), lose, lost, accepting }
    }

    /// From now on the next message with the text is lost, or its reply.
    pub(crate) fn lose(&self, what: Lose) {
        self.lose.store(what as u8, Ordering::SeqCst);
    }

    /// How many were lost so far.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn pass(
    mut client: TcpStream,
    mut server: TcpStream,
    text: &'static str,
    lose: Arc<AtomicU8>,
    lost: Arc<AtomicU64>,
) {
    let (mut from_client, mut from_server) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = client.read(&mut from_client) => {
                let Ok(length @ 1..) = read else { return };
                let message = &from_client[..length];
                let holds = message.windows(text.len()).any(|part| part == text.as_bytes());
                let armed = match holds {
                    true => lose.swap(Lose::Nothing as u8, Ordering::SeqCst),
                    false => Lose::Nothing as u8,
                };
                if armed == Lose::Request as u8 {
                    lost.fetch_add(1, Ordering::SeqCst);
                    return;
                }
                if server.write_all(message).await.is_err() { return }
                if armed == Lose::Reply as u8 {
                    // The reply is there: the server has done it.
                    let _reply = server.read(&mut from_server).await;
                    lost.fetch_add(1, Ordering::SeqCst);
                    return;
                }
            }
            read = server.read(&mut from_server) => {
                let Ok(length @ 1..) = read else { return };
                if client.write_all(&from_server[..length]).await.is_err() { return }
            }
        }
    }
}
