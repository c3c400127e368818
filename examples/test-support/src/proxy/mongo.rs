//! A proxy that keeps replies to itself, or for a while, or changes them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Hands messages on in both directions, but cuts the connection in place of
/// the reply to some commands: what they did is done, and nobody is told.
pub struct MongoProxy {
    /// Where it listens on this machine.
    pub port: u16,
    cuts: Arc<Cuts>,
    held: watch::Sender<bool>,
}

struct Cuts {
    command: &'static str,
    left: AtomicUsize,
    demotes: AtomicBool,
}

impl Cuts {
    /// Whether the reply to this message is one to keep.
    fn take(&self, message: &[u8]) -> bool {
        let name = [self.command.as_bytes(), &[0]].concat();
        let named = message.windows(name.len()).any(|part| part == name);
        let less = |left: usize| left.checked_sub(1);
        named && self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok()
    }

    /// The reply as a server gives it that has stepped down.
    fn demote(&self, message: &mut [u8]) {
        // BSON: the type of a truth value, its name, its one byte.
        for (name, value) in [("\x08isWritablePrimary\0", 0), ("\x08secondary\0", 1)] {
            let at = message.windows(name.len()).position(|part| part == name.as_bytes());
            if let Some(at) = at.filter(|_| self.demotes.load(Ordering::SeqCst)) {
                message[at + name.len()] = value;
            }
        }
    }
}

impl MongoProxy {
    /// One in front of the server, on a port of its own, for replies to `command`.
    pub async fn start(server: (String, u16), command: &'static str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cuts =
            Arc::new(Cuts { command, left: AtomicUsize::new(0), demotes: AtomicBool::new(false) });
        let (held, is_held) = watch::channel(false);
        let shared = Arc::clone(&cuts);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(server.clone()).await else { continue };
                hand_on(client, server, Arc::clone(&shared), is_held.clone());
            }
        });
        Self { port, cuts, held }
    }

    /// Keeps the next so many replies.
    pub fn cut(&self, replies: usize) {
        self.cuts.left.store(replies, Ordering::SeqCst);
    }

    /// Hands no replies on, until told otherwise.
    pub fn hold(&self, replies: bool) {
        self.held.send_replace(replies);
    }

    /// From now on the server says, or no longer says, that it has stepped down.
    pub fn demote(&self, demotes: bool) {
        self.cuts.demotes.store(demotes, Ordering::SeqCst);
    }

    /// How many replies are still to be kept.
    pub fn left(&self) -> usize {
        self.cuts.left.load(Ordering::SeqCst)
    }
}

fn hand_on(client: TcpStream, server: TcpStream, cuts: Arc<Cuts>, mut held: watch::Receiver<bool>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let cut = Arc::new(AtomicBool::new(false));
    let is_cut = Arc::clone(&cut);
    let replies = Arc::clone(&cuts);
    tokio::spawn(async move {
        while let Some(message) = read(&mut from_client).await {
            if cuts.take(&message) {
                cut.store(true, Ordering::SeqCst);
            }
            if !write(&mut to_server, &message).await {
                break;
            }
        }
    });
    tokio::spawn(async move {
        while let Some(mut message) = read(&mut from_server).await {
            replies.demote(&mut message);
            let is_over = held.wait_for(|held| !held).await.is_err();
            if is_over || is_cut.load(Ordering::SeqCst) {
                break;
            }
            if !write(&mut to_client, &message).await {
                break;
            }
        }
    });
}

/// A message begins with its length, this included.
async fn read(from: &mut OwnedReadHalf) -> Option<Vec<u8>> {
    let length = from.read_u32_le().await.ok()?;
    let mut message = length.to_le_bytes().to_vec();
    message.resize(usize::try_from(length).ok()?, 0);
    from.read_exact(&mut message[4..]).await.ok()?;
    Some(message)
}

async fn write(to: &mut OwnedWriteHalf, message: &[u8]) -> bool {
    to.write_all(message).await.is_ok()
}
