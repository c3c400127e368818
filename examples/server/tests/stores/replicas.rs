//! Two server processes on one database: of many who race, one wins, whichever
//! process they ask, and nobody gets an error that is not theirs.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::on_each_server;
use usermgmt_test_support::{Kind, PASSWORD, Reply, Server, Setup, registered};

on_each_server!(
    of_those_who_refresh_with_one_token_all_get_one_successor,
    of_those_who_confirm_by_one_link_one_does,
    of_those_who_reset_by_one_link_one_does,
    of_those_who_register_one_address_one_does,
    of_those_who_register_one_name_one_does,
);

/// How often one of them is told to come again, at most.
const MOST_AGAIN: usize = 3;

struct Replicas {
    servers: [Server; 2],
    /// How many ask at once.
    racers: usize,
}

impl Replicas {
    async fn start(kind: Kind) -> Self {
        // One address for both: it is the issuer of their tokens.
        let setup = Setup::on(kind)
            .await
            .var("USERMGMT_PUBLIC_URL", "http://localhost:8080")
            .var("USERMGMT_LIMITS__ENABLED", "false");
        let (a, b) = tokio::join!(setup.clone().start(), setup.start());
        // The stand-in for MongoDB takes one write after another, and a tenth of a
        // second each.
        let racers = if kind == Kind::Mongo { 16 } else { 64 };
        Self { servers: [a, b], racers }
    }

    fn one(&self) -> &Server {
        &self.servers[0]
    }

    /// Everybody asks at once, every other one the other server. Whom a slow
    /// machine tells to come again does so, as a client would; but only a few are
    /// told so, and nobody often.
    async fn race<'a, T: Future<Output = Reply>>(
        &'a self,
        racer: impl Fn(usize, &'a Server) -> T,
    ) -> Vec<Reply> {
        let told = AtomicUsize::new(0);
        let racers = (0..self.racers).map(async |number| {
            for _ in 0..=MOST_AGAIN {
                let reply = racer(number, &self.servers[number % 2]).await;
                if reply.status != 503 {
                    return reply;
                }
                assert!(reply.header("retry-after").is_some(), "{reply:?}");
                told.fetch_add(1, Ordering::SeqCst);
            }
            panic!("racer {number} is told to come again and again: {}", self.complaints());
        });
        let replies = futures_util::future::join_all(racers).await;
        let told = told.into_inner();
        println!("told to come again: {told}");
        assert!(told <= self.racers / 4, "{told} were told to come again: {}", self.complaints());
        replies
    }

    /// What the servers have warned of so far.
    fn complaints(&self) -> String {
        let log = self.servers.each_ref().map(Server::log).concat();
        let lines = log.lines().filter(|line| line.contains("WARN") || line.contains("ERROR"));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Whether this password signs in, on both.
    async fn sign_in(&self, identifier: &str, password: &str) -> bool {
        let mut known = BTreeSet::new();
        for server in &self.servers {
            let body = json!({ "identifier": identifier, "password": password });
            known.insert(server.post("/api/v1/signin", body).await.status == 200);
        }
        assert_eq!(known.len(), 1, "both say the same of {identifier}");
        known.contains(&true)
    }
}

/// Which of them got this status; the others got the other one.
fn winners(replies: &[Reply], won: u16, lost: u16) -> Vec<usize> {
    for reply in replies {
        assert!(reply.status == won || reply.status == lost, "{reply:?}");
    }
    (0..replies.len()).filter(|&racer| replies[racer].status == won).collect()
}

async fn of_those_who_refresh_with_one_token_all_get_one_successor(kind: Kind) {
    let replicas = Replicas::start(kind).await;
    let login = registered(replicas.one(), "ada", "ada@example.org").await;
    let mut token = login.field("refresh_token");
    for _ in 0..3 {
        let (path, presented) = ("/api/v1/refresh_token", &token);
        let replies = replicas.race(|_, server| server.post_as(presented, path)).await;
        let successors: BTreeSet<String> =
            replies.iter().map(|reply| reply.field("refresh_token")).collect();
        assert_eq!(successors.len(), 1, "{successors:?}");
        token = successors.into_iter().next().unwrap();
    }
}

async fn of_those_who_confirm_by_one_link_one_does(kind: Kind) {
    let replicas = Replicas::start(kind).await;
    let body = json!({ "username": "ada", "email": "ada@example.org", "password": PASSWORD });
    assert_eq!(replicas.one().post("/api/v1/register", body).await.status, 201);
    let link = &replicas.one().mail_to("ada@example.org").await.path("/confirm-email/");
    let replies = replicas.race(|_, server| server.send(server.request("POST", link))).await;
    assert_eq!(winners(&replies, 200, 400).len(), 1);
    assert!(replicas.sign_in("ada", PASSWORD).await);
}

async fn of_those_who_reset_by_one_link_one_does(kind: Kind) {
    let replicas = Replicas::start(kind).await;
    registered(replicas.one(), "ada", "ada@example.org").await;
    let body = json!({ "identifier": "ada" });
    assert_eq!(replicas.one().post("/api/v1/password/forgot", body).await.status, 200);
    let mail = replicas.one().mails_to("ada@example.org", 2).await.pop().unwrap();
    let link = mail.link("/reset-password?token=");
    let token = link.split_once("token=").unwrap().1;
    let password = |racer| format!("difference engine {racer}");
    let replies = replicas
        .race(|racer, server| {
            let body = json!({ "token": token, "new_password": password(racer) });
            server.post("/api/v1/password/reset", body)
        })
        .await;
    let winners = winners(&replies, 200, 400);
    assert_eq!(winners.len(), 1, "{winners:?}");
    assert!(replicas.sign_in("ada", &password(winners[0])).await);
    let loser = (winners[0] + 1) % replicas.racers;
    assert!(!replicas.sign_in("ada", &password(loser)).await);
    assert!(!replicas.sign_in("ada", PASSWORD).await);
}

async fn of_those_who_register_one_address_one_does(kind: Kind) {
    let replicas = Replicas::start(kind).await;
    let replies = replicas
        .race(|racer, server| {
            let email = ["ada@example.org", "ADA@example.org", "Ada@Example.org"][racer % 3];
            let body = json!({
                "username": format!("ada{racer}"),
                "email": email,
                "password": PASSWORD,
            });
            server.post("/api/v1/register", body)
        })
        .await;
    for reply in &replies {
        assert_eq!(reply.status, 201, "{reply:?}");
    }
    let link = replicas.one().mail_to("ada@example.org").await.path("/confirm-email/");
    let reply = replicas.one().send(replicas.one().request("POST", &link)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let names = (0..replicas.racers).map(|racer| format!("ada{racer}"));
    let signing_in = names.map(|name| {
        let body = json!({ "identifier": name, "password": PASSWORD });
        replicas.one().post("/api/v1/signin", body)
    });
    let replies = futures_util::future::join_all(signing_in).await;
    assert_eq!(winners(&replies, 200, 401).len(), 1);
}

async fn of_those_who_register_one_name_one_does(kind: Kind) {
    let replicas = Replicas::start(kind).await;
    let replies = replicas
        .race(|racer, server| {
            let username = ["ada", "ADA", "Ada"][racer % 3];
            let email = format!("ada{racer}@example.org");
            let body = json!({ "username": username, "email": email, "password": PASSWORD });
            server.post("/api/v1/register", body)
        })
        .await;
    assert_eq!(winners(&replies, 201, 400).len(), 1);
}
