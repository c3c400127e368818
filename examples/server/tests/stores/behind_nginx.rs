//! Three servers behind nginx on one PostgreSQL: one is killed, the others are
//! replaced one after the other, and the root secret is exchanged meanwhile.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;
use usermgmt_test_support::{Kind, Mail, PASSWORD, Server, Setup, eventually, full, registered};

const OLD: &str = "b2xkIG9sZCBvbGQgb2xkIG9sZCBvbGQgb2xkIG9sZCE=";
const NEW: &str = "bmV3IG5ldyBuZXcgbmV3IG5ldyBuZXcgbmV3IG5ldyE=";

/// How long each of the phases is where the tests do all.
const MINUTE: Duration = Duration::from_secs(60);

/// nginx as docs/deploy.md has it.
struct Nginx {
    process: Child,
    dir: TempDir,
    port: u16,
    servers: Vec<String>,
}

impl Nginx {
    async fn before(servers: Vec<String>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        write(&dir, port, &servers, None);
        let mut command = Command::new("nginx");
        command.arg("-p").arg(dir.path()).args(["-c", "nginx.conf"]);
        let process = command.spawn().expect("nginx is needed (Debian's package nginx-light)");
        let nginx = Self { process, dir, port, servers };
        eventually("nginx", || std::net::TcpStream::connect(("127.0.0.1", port)).ok()).await;
        nginx
    }

    /// Sends nothing more to this one, and waits until what was sent is answered.
    async fn leave_out(&self, server: Option<usize>) {
        let ended = || self.log().matches("exited with code 0").count();
        let before = ended();
        write(&self.dir, self.port, &self.servers, server);
        self.signal("HUP");
        eventually("nginx to have read its file", || (ended() > before).then_some(())).await;
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.process.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Killed, it would leave its workers.
        self.signal("TERM");
        let _ = self.process.wait();
    }
}

fn write(dir: &TempDir, port: u16, servers: &[String], left_out: Option<usize>) {
    let mut upstream = String::new();
    for (n, server) in servers.iter().enumerate() {
        let down = if left_out == Some(n) { " down" } else { " max_fails=1 fail_timeout=1s" };
        upstream.push_str(&format!("server {server}{down};\n"));
    }
    let conf = format!(
        "user root root;
         daemon off;
         worker_processes 1;
         pid pid;
         error_log log notice;
         events {{}}
         http {{
             access_log off;
             client_body_temp_path body;
             proxy_temp_path proxied;
             fastcgi_temp_path fastcgi;
             uwsgi_temp_path uwsgi;
             scgi_temp_path scgi;
             upstream usermgmt {{
                 {upstream}
                 keepalive 32;
             }}
             server {{
                 listen 127.0.0.1:{port};
                 location / {{
                     proxy_pass http://usermgmt;
                     proxy_http_version 1.1;
                     proxy_set_header Connection \"\";
                     proxy_set_header Host $host;
                     proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                     proxy_set_header X-Forwarded-Proto $scheme;
                 }}
             }}
         }}"
    );
    fs::write(dir.path().join("nginx.conf"), conf).unwrap();
}

/// What all that happens at once has in common.
struct Load {
    client: Client,
    base: String,
    /// A server was killed, and what it was about to answer is lost.
    cut: AtomicBool,
    /// How often that happened.
    cuts: AtomicU64,
    stop: AtomicBool,
    /// Whom a registration was acknowledged.
    acknowledged: Mutex<Vec<String>>,
}

impl Load {
    /// Asks, once more where a connection was cut; any other failure of a server
    /// fails the test. What was cut may have been done: then the name of a
    /// registration is taken when it is asked for again.
    async fn ask(&self, path: &str, ask: impl Fn(RequestBuilder) -> RequestBuilder) -> Value {
        let mut is_repeated = false;
        loop {
            let request = self.client.post(format!("{}{path}", self.base));
            let reply = ask(request).send().await.unwrap();
            let status = reply.status().as_u16();
            if status == 502 && self.cut.load(Ordering::SeqCst) {
                self.cuts.fetch_add(1, Ordering::SeqCst);
                is_repeated = true;
                continue;
            }
            let text = reply.text().await.unwrap();
            let was_done = is_repeated && text.contains("already_exists");
            assert!((200..300).contains(&status) || was_done, "{path}: {status}: {text}");
            return serde_json::from_str(&text).unwrap();
        }
    }

    async fn sign_in(&self, email: &str) -> Value {
        let body = json!({ "email": email, "password": PASSWORD });
        self.ask("/api/v1/signin", |request| request.json(&body)).await
    }

    async fn turn(&self, who: &mut Who) {
        match who {
            Who::Refreshes(token) => {
                let path = "/api/v1/refresh_token";
                let reply = self.ask(path, |request| request.bearer_auth(&*token)).await;
                *token = reply["refresh_token"].as_str().unwrap().to_owned();
            }
            Who::SignsIn(email) => drop(self.sign_in(email).await),
            Who::Registers { prefix, next } => {
                let name = format!("{prefix}{next}");
                *next += 1;
                let email = format!("{name}@example.org");
                let body = json!({ "username": name, "email": email, "password": PASSWORD });
                self.ask("/api/v1/register", |request| request.json(&body)).await;
                self.acknowledged.lock().unwrap().push(email);
            }
        }
    }
}

/// Somebody, and what they do over and over.
enum Who {
    Refreshes(String),
    SignsIn(String),
    Registers { prefix: &'static str, next: u32 },
}

struct People {
    load: Arc<Load>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    turns: Arc<Vec<AtomicU64>>,
}

impl People {
    fn begin(load: &Arc<Load>, who: Vec<Who>) -> Self {
        let turns: Arc<Vec<_>> = Arc::new(who.iter().map(|_| AtomicU64::new(0)).collect());
        let tasks = who.into_iter().enumerate().map(|(n, mut who)| {
            let (load, turns) = (Arc::clone(load), Arc::clone(&turns));
            tokio::spawn(async move {
                while !load.stop.load(Ordering::SeqCst) {
                    load.turn(&mut who).await;
                    turns[n].fetch_add(1, Ordering::SeqCst);
                }
            })
        });
        Self { load: Arc::clone(load), tasks: tasks.collect(), turns }
    }

    /// Waits until each has had some more turns; a minute, where the tests do all.
    #[expect(clippy::disallowed_methods, reason = "real processes are under load for so long")]
    async fn go_on(&self) {
        let end = full().then(|| Instant::now() + MINUTE);
        while end.is_some_and(|end| Instant::now() < end) {
            self.have_turns().await;
        }
        self.have_turns().await;
    }

    async fn have_turns(&self) {
        let now = || self.turns.iter().map(|turns| turns.load(Ordering::SeqCst));
        let before: Vec<u64> = now().collect();
        eventually("everybody to go on", || {
            let ended = self.tasks.iter().any(tokio::task::JoinHandle::is_finished);
            assert!(!ended, "somebody was refused; what it was is above");
            now().zip(&before).all(|(now, before)| now >= before + 5).then_some(())
        })
        .await;
    }

    async fn end(self) {
        self.load.stop.store(true, Ordering::SeqCst);
        for task in self.tasks {
            task.await.unwrap();
        }
    }
}

/// Exchanges the root secrets of all.
async fn exchange(setup: &Setup, servers: &[Server], secrets: &str) {
    fs::write(setup.dir().join("roots"), secrets).unwrap();
    // They share a log.
    let taken_over = || servers[0].log().matches("the root secrets were taken over").count();
    let before = taken_over();
    for server in servers {
        server.signal("HUP");
    }
    let all = || (taken_over() >= before + servers.len()).then_some(());
    eventually("all to take the secrets over", all).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_a_roll_and_an_exchange_of_secrets_lose_nothing_that_was_acknowledged() {
    let setup = Setup::on(Kind::Postgres)
        .await
        .without("USERMGMT_SECRET")
        .var("USERMGMT_SECRET_FILE", "roots")
        .var("USERMGMT_PUBLIC_URL", "http://localhost:8080")
        .var("USERMGMT_TRUSTED_PROXIES", "127.0.0.1")
        .var("USERMGMT_LIMITS__ENABLED", "false");
    fs::write(setup.dir().join("roots"), OLD).unwrap();
    let mut servers = vec![setup.clone().start().await];
    for _ in 0..2 {
        servers.push(setup.clone().start().await);
    }
    let addresses: Vec<String> =
        servers.iter().map(|server| server.base.replace("http://", "")).collect();
    let start = |n: usize| setup.clone().var("USERMGMT_LISTEN", addresses[n].clone()).start();

    let mut who = vec![
        Who::Registers { prefix: "dora", next: 0 },
        Who::Registers { prefix: "emil", next: 0 },
    ];
    for name in ["ada", "bob", "cleo"] {
        let email = format!("{name}@example.org");
        let login = registered(&servers[0], name, &email).await;
        who.push(Who::Refreshes(login.field("refresh_token")));
        who.push(Who::SignsIn(email));
    }
    let nginx = Nginx::before(addresses.clone()).await;
    let load = Arc::new(Load {
        client: Client::builder().pool_max_idle_per_host(0).build().unwrap(),
        base: format!("http://127.0.0.1:{}", nginx.port),
        cut: AtomicBool::new(false),
        cuts: AtomicU64::new(0),
        stop: AtomicBool::new(false),
        acknowledged: Mutex::default(),
    });
    let people = People::begin(&load, who);
    people.go_on().await;

    load.cut.store(true, Ordering::SeqCst);
    servers.remove(0).kill();
    people.go_on().await;
    load.cut.store(false, Ordering::SeqCst);
    servers.insert(0, start(0).await);
    people.go_on().await;

    exchange(&setup, &servers, &format!("sign:{OLD}\nverify:{NEW}")).await;
    people.go_on().await;
    for n in [1, 2] {
        nginx.leave_out(Some(n)).await;
        assert!(servers.remove(n).stop().await.success());
        servers.insert(n, start(n).await);
        nginx.leave_out(None).await;
        people.go_on().await;
        if n == 1 {
            exchange(&setup, &servers, &format!("sign:{NEW}\nverify:{OLD}")).await;
            people.go_on().await;
        }
    }
    people.end().await;
    println!("{} requests were cut", load.cuts.load(Ordering::SeqCst));

    let acknowledged = std::mem::take(&mut *load.acknowledged.lock().unwrap());
    println!("{} registrations were acknowledged", acknowledged.len());
    // All at once, since each look reads every mail there is.
    let mails = eventually("a mail to each of them", || {
        let first: BTreeMap<String, Mail> =
            servers[0].mails().into_iter().rev().map(|mail| (mail.to.clone(), mail)).collect();
        acknowledged.iter().all(|email| first.contains_key(email)).then_some(first)
    })
    .await;
    for email in &acknowledged {
        let link = mails[email].path("/confirm-email/");
        let reply = servers[0].send(servers[0].request("POST", &link)).await;
        assert_eq!(reply.status, 200, "{email}: {reply:?}");
    }
    for email in [acknowledged.first(), acknowledged.last()].into_iter().flatten() {
        load.sign_in(email).await;
    }
}
