//! A proxy between a store and its database that loses the answer to a commit.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::wire::{Commit, Messages, Verdict, dialogue};

/// Passes everything on but the answer that it is told to lose. It accepts
/// connections until it is dropped.
pub struct AnswerProxy {
    /// The database's URL through the proxy.
    pub url: String,
    plan: Arc<Mutex<Plan>>,
    accepting: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Plan {
    seen: Vec<Commit>,
    lose: Option<usize>,
}

impl Plan {
    /// Notes a commit. Whether its answer is to be lost.
    fn commits(&mut self, commit: Commit) -> bool {
        self.seen.push(commit);
        self.lose == Some(self.seen.len() - 1)
    }
}

impl AnswerProxy {
    /// One in front of the database that the URL names, on a port of its own.
    pub async fn before(url: &str) -> Self {
        let mut url: Url = url.parse().unwrap();
        let (scheme, usual, plain) = match url.scheme() {
            "postgres" | "postgresql" => ("postgres", 5432, "sslmode=disable"),
            "mysql" | "mariadb" => ("mysql", 3306, "ssl-mode=DISABLED"),
            "mongodb" => ("mongodb", 27017, "directConnection=true"),
            other => panic!("no proxy for {other}"),
        };
        let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(usual));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        url.set_query(Some(plain));
        let plan = Arc::new(Mutex::new(Plan::default()));
        let accepting = tokio::spawn({
            let plan = Arc::clone(&plan);
            async move {
                // The connections end with the proxy.
                let mut connections = tokio::task::JoinSet::new();
                while let Ok((client, _)) = listener.accept().await {
                    let server = TcpStream::connect(&server).await.unwrap();
                    connections.spawn(pass(client, server, scheme, Arc::clone(&plan)));
                }
            }
        });
        Self { url: url.into(), plan, accepting }
    }

    /// From now on counts commits anew, and loses the answer to the one with
    /// this number, the first of which is 0.
    pub fn lose(&self, number: Option<usize>) {
        *self.plan.lock().unwrap() = Plan { seen: Vec::new(), lose: number };
    }

    /// The commits since then.
    pub fn seen(&self) -> Vec<Commit> {
        self.plan.lock().unwrap().seen.clone()
    }
}

impl Drop for AnswerProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn pass(mut client: TcpStream, mut server: TcpStream, scheme: &str, plan: Arc<Mutex<Plan>>) {
    // Small messages are not to wait for one another.
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    let mut dialogue = dialogue(scheme);
    let (mut from_client, mut from_server) = (vec![0; 65_536], vec![0; 65_536]);
    let (mut answers, mut held) = (Messages::default(), Vec::new());
    loop {
        tokio::select! {
            read = client.read(&mut from_client) => {
                let Ok(length @ 1..) = read else { return };
                dialogue.sent(&from_client[..length]);
                if server.write_all(&from_client[..length]).await.is_err() { return }
            }
            read = server.read(&mut from_server) => {
                let Ok(length @ 1..) = read else { return };
                answers.push(&from_server[..length]);
                while let Some(message) = answers.next(|start| dialogue.length(start)) {
                    let verdict = dialogue.answered(&message);
                    held.extend(message);
                    let passes = match verdict {
                        Verdict::Hold => false,
                        Verdict::Pass => true,
                        Verdict::Answers(commit) => {
                            if plan.lock().unwrap().commits(commit) { return }
                            true
                        }
                    };
                    if passes && client.write_all(&std::mem::take(&mut held)).await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}
