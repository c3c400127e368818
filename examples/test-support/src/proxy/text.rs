//! A proxy between the store and its server that loses what it is told to lose.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::SeqCst};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use url::Url;

/// What happens to the next message that holds the proxy's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Lose {
    /// Nothing: it passes.
    Nothing,
    /// The message: the server never sees it, and the connection ends.
    Request,
    /// The reply: the server does what it says, and the connection ends.
    Reply,
}

/// The proxy. It accepts connections until it is dropped, and they end with it.
pub struct TextProxy {
    /// The database's URL through the proxy.
    pub url: String,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

struct State {
    text: &'static str,
    lose: AtomicU8,
    lost: AtomicU64,
    accepted: AtomicU64,
    silent: AtomicU64,
    cut: Notify,
}

impl TextProxy {
    /// One in front of the server that the URL names, on a port of its own. It
    /// loses messages that hold `text`.
    pub async fn before(url: &str, text: &'static str) -> Self {
        Self::on_port(0, url, text).await
    }

    /// The same on this port.
    pub async fn on_port(port: u16, url: &str, text: &'static str) -> Self {
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
        let state = Arc::new(State {
            text,
            lose: AtomicU8::new(Lose::Nothing as u8),
            lost: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            silent: AtomicU64::new(0),
            cut: Notify::new(),
        });
        let accepting = tokio::spawn(accept(listener, server, state.clone()));
        Self { url: url.into(), state, accepting }
    }

    /// From now on the next message with the text is lost, or its reply.
    pub fn lose(&self, what: Lose) {
        self.state.lose.store(what as u8, SeqCst);
    }

    /// How many were lost so far.
    pub fn lost(&self) -> u64 {
        self.state.lost.load(SeqCst)
    }

    /// From now on nothing passes on the connections that there are, and they
    /// stay open, as where a machine is gone without a word.
    pub fn silence(&self) {
        self.state.silent.store(self.state.accepted.load(SeqCst), SeqCst);
    }

    /// Ends the connections that there are, as what stands between does with
    /// those that nobody uses.
    pub fn cut(&self) {
        self.state.cut.notify_waiters();
    }
}

impl Drop for TextProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, server: String, state: Arc<State>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let number = state.accepted.fetch_add(1, SeqCst) + 1;
        let server = TcpStream::connect(&server).await.unwrap();
        connections.spawn(state.clone().pass(number, client, server));
    }
}

impl State {
    async fn pass(self: Arc<Self>, number: u64, mut client: TcpStream, mut server: TcpStream) {
        let (mut from_client, mut from_server) = (vec![0; 65_536], vec![0; 65_536]);
        loop {
            tokio::select! {
                () = self.cut.notified() => return,
                read = client.read(&mut from_client) => {
                    let Ok(length @ 1..) = read else { return };
                    self.wait_where_silent(number).await;
                    let message = &from_client[..length];
                    let lose = self.what_to_lose(message);
                    if lose == Lose::Request as u8 {
                        self.lost.fetch_add(1, SeqCst);
                        return;
                    }
                    if server.write_all(message).await.is_err() { return }
                    if lose == Lose::Reply as u8 {
                        // The reply is there: the server has done it.
                        let _reply = server.read(&mut from_server).await;
                        self.lost.fetch_add(1, SeqCst);
                        return;
                    }
                }
                read = server.read(&mut from_server) => {
                    let Ok(length @ 1..) = read else { return };
                    self.wait_where_silent(number).await;
                    if client.write_all(&from_server[..length]).await.is_err() { return }
                }
            }
        }
    }

    fn what_to_lose(&self, message: &[u8]) -> u8 {
        let text = self.text.as_bytes();
        match message.windows(text.len()).any(|part| part == text) {
            true => self.lose.swap(Lose::Nothing as u8, SeqCst),
            false => Lose::Nothing as u8,
        }
    }

    async fn wait_where_silent(&self, number: u64) {
        if number <= self.silent.load(SeqCst) {
            std::future::pending::<()>().await;
        }
    }
}
