//! The server on each kind of store, and as two processes on one SQLite file.
//! Replicas on one database server race in the tests called `stores`.

use std::collections::BTreeSet;

use serde_json::json;

use usermgmt_test_support::{Kind, PASSWORD, Reply, Server, Setup, registered};

/// How many ask at once.
const RACERS: usize = 64;

async fn an_account_lives_through_every_operation(kind: Kind) {
    let server = Setup::on(kind).await.start().await;
    let login = registered(&server, "ada", "ada@example.org").await;
    let token = login.field("access_token");
    let reply = server.get_as(&token, "/api/v1/protected").await;
    assert_eq!(reply.field("username"), "ada");
    let reply = server.post_as(&login.field("refresh_token"), "/api/v1/refresh_token").await;
    let token = reply.field("access_token");
    assert_eq!(server.post_as(&token, "/api/v1/signout").await.status, 204);
    assert_eq!(server.get_as(&token, "/api/v1/protected").await.status, 401);
    let body = json!({ "identifier": "ADA", "password": PASSWORD });
    let token = server.post("/api/v1/signin", body).await.field("access_token");
    let body = json!({ "current_password": PASSWORD });
    let reply = server.call("DELETE", "/api/v1/users", &token, body).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(server.get("/health/ready").await.status, 200);
}

async fn racers_across_two_processes_have_one_winner(kind: Kind) {
    // One address for both: it is the issuer of their tokens.
    let setup = Setup::on(kind)
        .await
        .var("USERMGMT_PUBLIC_URL", "http://localhost:8080")
        .var("USERMGMT_LIMITS__ENABLED", "false")
        .var("USERMGMT_STORE_TIMEOUT", "25s");
    let (a, b) = tokio::join!(setup.clone().start(), setup.start());
    let processes = [&a, &b];

    let login = registered(&a, "ada", "ada@example.org").await;
    let token = login.field("refresh_token");
    let replies = race(|racer| {
        let server = processes[racer % 2];
        let token = &token;
        async move { server.post_as(token, "/api/v1/refresh_token").await }
    })
    .await;
    let successors: BTreeSet<String> =
        replies.iter().map(|reply| reply.field("refresh_token")).collect();
    assert_eq!(successors.len(), 1, "one successor");

    let body = json!({ "identifier": "ada" });
    assert_eq!(b.post("/api/v1/password/forgot", body).await.status, 200);
    let mail = a.mails_to("ada@example.org", 2).await.pop().unwrap();
    let link = mail.link("/reset-password?token=");
    let token = link.split_once("token=").unwrap().1;
    let replies = race(|racer| {
        let server = processes[racer % 2];
        let body = json!({ "token": token, "new_password": format!("difference engine {racer}") });
        async move { server.post("/api/v1/password/reset", body).await }
    })
    .await;
    let winners: Vec<usize> = (0..RACERS).filter(|&i| replies[i].status == 200).collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    for (i, reply) in replies.iter().enumerate() {
        assert!(matches!(reply.status, 200 | 400), "{i}: {reply:?}");
    }
    for (server, racer) in [(&a, winners[0]), (&b, winners[0])] {
        let password = format!("difference engine {racer}");
        let body = json!({ "identifier": "ada", "password": password });
        assert_eq!(server.post("/api/v1/signin", body).await.status, 200);
    }

    let replies = race(|racer| {
        let server = processes[racer % 2];
        let email = ["grace@example.org", "GRACE@example.org", "Grace@Example.org"][racer % 3];
        let username = format!("grace{racer}");
        let body = json!({ "username": username, "email": email, "password": PASSWORD });
        async move { server.post("/api/v1/register", body).await }
    })
    .await;
    // Whom the one file could not serve in time is told so, and nothing else.
    for reply in &replies {
        assert!(matches!(reply.status, 201 | 503), "{reply:?}");
    }
    assert!(replies.iter().any(|reply| reply.status == 201));
    let link = a.mail_to("grace@example.org").await.path("/confirm-email/");
    let replies = race(|racer| {
        let server = processes[racer % 2];
        let link = &link;
        async move { server.send(server.request("POST", link)).await }
    })
    .await;
    let confirmed = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(confirmed, 1);
}

async fn race<T: Future<Output = Reply>>(racer: impl Fn(usize) -> T) -> Vec<Reply> {
    futures_util::future::join_all((0..RACERS).map(racer)).await
}

async fn a_shared_store_needs_a_secret_that_is_shared_too(kind: Kind) {
    let setup = Setup::on(kind).await.without("USERMGMT_SECRET");
    let output = setup.command().output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("secret_file"), "{errors}");
    let missing = setup.var("USERMGMT_SECRET_FILE", "missing");
    let output = missing.command().output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(!missing.dir().join("missing").exists(), "none is made");
}

async fn another_secret_than_the_stores_does_not_start(kind: Kind) {
    let first: Server = Setup::on(kind).await.start().await;
    let setup = first.setup().var("USERMGMT_SECRET", "A".repeat(42) + "E");
    let output = setup.command().output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("another root secret"), "{errors}");
}

macro_rules! on {
    ($kind:expr, $($test:ident),* $(,)?) => {$(
        #[tokio::test]
        async fn $test() {
            super::$test($kind).await;
        }
    )*};
}

mod sqlite {
    on!(
        usermgmt_test_support::Kind::Sqlite,
        an_account_lives_through_every_operation,
        racers_across_two_processes_have_one_winner,
        another_secret_than_the_stores_does_not_start,
    );
}

macro_rules! on_a_server {
    ($feature:literal, $module:ident, $kind:ident) => {
        #[cfg(feature = $feature)]
        mod $module {
            on!(
                usermgmt_test_support::Kind::$kind,
                an_account_lives_through_every_operation,
                a_shared_store_needs_a_secret_that_is_shared_too,
                another_secret_than_the_stores_does_not_start,
            );
        }
    };
}

on_a_server!("postgres", postgres, Postgres);
on_a_server!("mysql", mysql, MySql);
on_a_server!("mongo", mongo, Mongo);
