//! The database is killed, stands still, and comes back, while people use the
//! server.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::{Either, join_all, select};
use serde_json::json;

use crate::database_server::DatabaseServer;
use crate::on_each_server;
use crate::sql::Sql;
use crate::start::on;
use usermgmt_test_support::{Kind, PASSWORD, Reply, Server, eventually, registered};

on_each_server!(
    nothing_acknowledged_is_lost_when_the_database_is_killed_and_comes_back,
    while_the_database_stands_still_requests_are_refused_in_time_and_connections_stay_few,
);

/// How long the server waits for its database here.
const STORE_TIMEOUT: &str = "1s";
/// In what time an answer is there for certain, on a slow machine too, and yet
/// less than the default of that setting.
const IN_TIME: Duration = Duration::from_secs(8);

async fn server_over(database: &DatabaseServer) -> Server {
    on(&database.url())
        .var("USERMGMT_STORE_TIMEOUT", STORE_TIMEOUT)
        // Who asks again after a restart gets the same successor, however long it took.
        .var("USERMGMT_REFRESH_GRACE", "5m")
        .var("USERMGMT_LIMITS__ENABLED", "false")
        .start()
        .await
}

/// The answer, which comes in time.
async fn in_time(reply: impl Future<Output = Reply>) -> Reply {
    tokio::time::timeout(IN_TIME, reply).await.expect("the answer comes in time")
}

/// Waits until the server says that it is ready, or is not. It lives all the while.
async fn until_ready(server: &Server, status: u16) {
    let wait = async {
        while in_time(server.get("/health/ready")).await.status != status {
            assert_eq!(in_time(server.get("/health/live")).await.status, 200);
        }
    };
    let patience = Duration::from_secs(90);
    tokio::time::timeout(patience, wait).await.expect("its readiness changes");
}

/// People who use the server all the time.
struct Crowd {
    counts: Arc<Counts>,
    people: Vec<tokio::task::JoinHandle<Person>>,
}

#[derive(Default)]
struct Counts {
    accepted: AtomicUsize,
    refused: AtomicUsize,
    over: AtomicBool,
}

/// One of them, and what was acknowledged.
struct Person {
    registered: Vec<String>,
    refresh_token: String,
}

impl Crowd {
    async fn gather(server: &Arc<Server>) -> Self {
        let mut crowd = Self { counts: Arc::default(), people: Vec::new() };
        for number in 0..4 {
            let name = format!("person{number}");
            let login = registered(server, &name, &format!("{name}@example.org")).await;
            let refresh_token = login.field("refresh_token");
            let person = Person { registered: vec![name], refresh_token };
            let living = person.live(Arc::clone(server), Arc::clone(&crowd.counts));
            crowd.people.push(tokio::spawn(living));
        }
        crowd
    }

    /// Waits until so many more requests were acknowledged.
    async fn until_accepted(&self, more: usize) {
        until_more(&self.counts.accepted, more, "requests to be acknowledged").await;
    }

    /// Waits until so many more were refused.
    async fn until_refused(&self, more: usize) {
        until_more(&self.counts.refused, more, "requests to be refused").await;
    }

    async fn go_home(self) -> Vec<Person> {
        self.counts.over.store(true, Ordering::SeqCst);
        let people = join_all(self.people).await;
        people.into_iter().map(|person| person.unwrap()).collect()
    }
}

async fn until_more(count: &AtomicUsize, more: usize, what: &str) {
    let enough = count.load(Ordering::SeqCst) + more;
    eventually(what, || (count.load(Ordering::SeqCst) >= enough).then_some(())).await;
}

impl Counts {
    /// Whether this is the good answer. The only other one is that the database is away.
    fn is_good(&self, reply: &Reply, good: u16) -> bool {
        let is_good = reply.status == good;
        assert!(is_good || reply.status == 503, "{reply:?}");
        let counter = if is_good { &self.accepted } else { &self.refused };
        counter.fetch_add(1, Ordering::SeqCst);
        is_good
    }
}

impl Person {
    /// Registers friends, and goes on with the session.
    async fn live(mut self, server: Arc<Server>, counts: Arc<Counts>) -> Self {
        let own = self.registered[0].clone();
        let mut number = 0;
        while !counts.over.load(Ordering::SeqCst) {
            number += 1;
            let friend = format!("{own}.{number}");
            let email = format!("{friend}@example.org");
            let body = json!({ "username": friend, "email": email, "password": PASSWORD });
            let reply = in_time(server.post("/api/v1/register", body)).await;
            if counts.is_good(&reply, 201) {
                self.registered.push(friend);
            }
            let reply = in_time(server.post_as(&self.refresh_token, "/api/v1/refresh_token")).await;
            if counts.is_good(&reply, 200) {
                self.refresh_token = reply.field("refresh_token");
            }
        }
        self
    }
}

async fn nothing_acknowledged_is_lost_when_the_database_is_killed_and_comes_back(kind: Kind) {
    let mut database = DatabaseServer::start(kind).await;
    let server = Arc::new(server_over(&database).await);
    until_ready(&server, 200).await;
    let crowd = Crowd::gather(&server).await;
    for _ in 0..2 {
        crowd.until_accepted(20).await;
        database.kill();
        until_ready(&server, 503).await;
        crowd.until_refused(8).await;
        database.restart().await;
        until_ready(&server, 200).await;
    }
    crowd.until_accepted(20).await;
    for person in crowd.go_home().await {
        for name in &person.registered {
            let body = json!({ "username": name, "email": "x@example.org", "password": PASSWORD });
            let reply = server.post("/api/v1/register", body).await;
            assert_eq!(reply.status, 400, "{name} was registered: {reply:?}");
            assert_eq!(reply.field("error"), "already_exists", "{name}");
        }
        let reply = server.post_as(&person.refresh_token, "/api/v1/refresh_token").await;
        assert_eq!(reply.status, 200, "the session goes on: {reply:?}");
        let last = person.registered.last().unwrap();
        server.mail_to(&format!("{last}@example.org")).await;
    }
}

/// The connections that a process has open to a port of this machine, as the
/// system has them.
fn connections_to(port: u16, pid: u32) -> usize {
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let links = open.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
    let sockets: Vec<String> = links.map(|link| link.display().to_string()).collect();
    let listed = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let (remote, established) = (format!(":{port:04X}"), "01");
    let rows = listed.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    let to_port = rows.filter(|row| row[2].ends_with(&remote) && row[3] == established);
    to_port.filter(|row| sockets.contains(&format!("socket:[{}]", row[9]))).count()
}

/// The most connections that a server keeps to its database, those included by
/// which MongoDB's driver watches it.
fn most_connections(kind: Kind) -> usize {
    match kind {
        Kind::Mongo => 32 + 3,
        _ => 10,
    }
}

async fn while_the_database_stands_still_requests_are_refused_in_time_and_connections_stay_few(
    kind: Kind,
) {
    let database = DatabaseServer::start(kind).await;
    let server = server_over(&database).await;
    let login = registered(&server, "ada", "ada@example.org").await;
    let token = login.field("refresh_token");
    let ask = async |number: usize| match number % 3 {
        0 => in_time(server.get("/health/ready")).await,
        1 => in_time(server.post_as(&token, "/api/v1/refresh_token")).await,
        _ => {
            let body = json!({ "identifier": "ada", "password": PASSWORD });
            in_time(server.post("/api/v1/signin", body)).await
        }
    };
    for reply in join_all((0..30).map(ask)).await {
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    database.pause();
    // Each round lasts as long as the server waits for its database: ten seconds.
    for _ in 0..10 {
        let mut asking = pin!(join_all((0..60).map(ask)));
        loop {
            let live = pin!(in_time(server.get("/health/live")));
            match select(&mut asking, live).await {
                Either::Left((replies, _)) => {
                    for reply in replies {
                        assert_eq!(reply.status, 503, "{reply:?}");
                    }
                    break;
                }
                Either::Right((live, _)) => assert_eq!(live.status, 200),
            }
            let open = connections_to(database.port(), server.pid());
            assert!(open <= most_connections(kind), "{open} connections");
        }
    }
    database.go_on();
    until_ready(&server, 200).await;
    // Whoever asked in vain asks again, and some of them once more: what had piled
    // up is worked off first.
    let again = async |number| {
        let mut reply = ask(number).await;
        for _ in 0..5 {
            if reply.status != 503 {
                break;
            }
            reply = ask(number).await;
        }
        reply
    };
    for reply in join_all((0..30).map(again)).await {
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    let open = connections_to(database.port(), server.pid());
    assert!(open <= most_connections(kind), "{open} connections");
}

async fn a_database_that_only_reads_is_not_used(kind: Kind) {
    let database = DatabaseServer::start(kind).await;
    let server = server_over(&database).await;
    let token = registered(&server, "ada", "ada@example.org").await.field("access_token");
    let mut admin = Sql::connect(kind, &database.admin_url()).await;
    let [demote, promote] = match kind {
        Kind::Postgres => [
            "ALTER DATABASE postgres SET default_transaction_read_only = on; \
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
            "ALTER DATABASE postgres RESET default_transaction_read_only",
        ],
        _ => ["SET GLOBAL read_only = 1", "SET GLOBAL read_only = 0"],
    };
    admin.run(demote).await;
    assert_eq!(in_time(server.get("/health/ready")).await.status, 503);
    let body = json!({ "identifier": "ada", "password": PASSWORD });
    assert_eq!(in_time(server.post("/api/v1/signin", body.clone())).await.status, 503);
    let started = on(&database.url()).command().output().unwrap();
    let errors = String::from_utf8_lossy(&started.stderr);
    assert_eq!(started.status.code(), Some(1), "{errors}");
    assert!(errors.contains("the database is read-only"), "{errors}");
    admin.run(promote).await;
    until_ready(&server, 200).await;
    assert_eq!(in_time(server.get_as(&token, "/api/v1/protected")).await.status, 200);
    assert_eq!(in_time(server.post("/api/v1/signin", body)).await.status, 200);
}

mod read_only {
    use usermgmt_test_support::Kind;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_postgres_that_only_reads_is_not_used() {
        super::a_database_that_only_reads_is_not_used(Kind::Postgres).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_mariadb_that_only_reads_is_not_used() {
        super::a_database_that_only_reads_is_not_used(Kind::MySql).await;
    }
}
