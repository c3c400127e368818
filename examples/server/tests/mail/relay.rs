//! A port that leads to one server now and to another one later.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use tokio::net::{TcpListener, TcpStream};

/// Passes bytes on, both ways. Its port stays when what is behind it changes.
pub(crate) struct Relay {
    pub(crate) port: u16,
    behind: Arc<AtomicU16>,
}

impl Relay {
    /// Leads to this port, until told otherwise.
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let relay = Self {
            port: listener.local_addr().unwrap().port(),
            behind: Arc::new(AtomicU16::new(port)),
        };
        let behind = Arc::clone(&relay.behind);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let behind = behind.load(Ordering::SeqCst);
                tokio::spawn(async move {
                    if let Ok(mut server) = TcpStream::connect(("127.0.0.1", behind)).await {
                        // How a connection ends is the tests' business, not the relay's.
                        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                    }
                });
            }
        });
        relay
    }

    /// New connections lead there.
    pub(crate) fn lead_to(&self, port: u16) {
        self.behind.store(port, Ordering::SeqCst);
    }
}
