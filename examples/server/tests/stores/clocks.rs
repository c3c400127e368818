//! Two servers on one database whose clocks are a minute apart: nobody notices.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use tokio::sync::Semaphore;
use usermgmt_core::Auth;
use usermgmt_core::clock::{Clock, SystemClock, Timestamp};
use usermgmt_core::keys::KeyRing;
use usermgmt_core::mail::{MailError, Mailer, Message};
use usermgmt_core::outbox::OutboxWorker;
use usermgmt_core::store::Store;

use crate::flows::{home, registration};
use crate::on_each_server;
use crate::world::{config, open};
use usermgmt_test_support::{Database, Kind, PASSWORD, Server, Setup, registered, totp};

on_each_server!(
    no_token_is_refused_and_no_session_ended_a_minute_apart,
    a_server_whose_clock_is_further_off_is_not_ready,
    no_mail_is_taken_from_a_worker_whose_clock_is_a_minute_behind,
);

/// The library that `faketime` loads into a program, to show it another time.
fn faketime() -> PathBuf {
    let libraries = ["/usr/lib", "/usr/local/lib", "/usr/lib64"].into_iter().flat_map(|folder| {
        let below = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let below = below.map(|entry| entry.path());
        std::iter::once(PathBuf::from(folder)).chain(below)
    });
    libraries
        .flat_map(|folder| {
            ["faketime/libfaketime.so.1", "libfaketime.so.1"].map(|name| folder.join(name))
        })
        .find(|path| path.exists())
        .expect("the tests need libfaketime (Debian: apt-get install faketime)")
}

/// A server to whom it is so many seconds later than it is.
fn at(setup: &Setup, seconds: i64) -> Setup {
    setup
        .clone()
        .var("LD_PRELOAD", faketime().to_str().unwrap())
        .var("FAKETIME", format!("{seconds:+}s"))
        .var("FAKETIME_DONT_FAKE_MONOTONIC", "1")
}

async fn post(server: &Server, path: &str, body: serde_json::Value) {
    let reply = server.post(path, body).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

async fn no_token_is_refused_and_no_session_ended_a_minute_apart(kind: Kind) {
    // Less than the clocks are apart, so that it would matter.
    let setup = Setup::on(kind)
        .await
        .var("USERMGMT_PUBLIC_URL", "http://localhost:8080")
        .var("USERMGMT_ACCESS_TOKEN_TTL", "50s")
        .var("USERMGMT_RESET_TTL", "50s")
        .var("USERMGMT_CONFIRMATION_TTL", "50s")
        .var("USERMGMT_REFRESH_GRACE", "30s");
    let (behind, ahead) = tokio::join!(at(&setup, -1).start(), at(&setup, 59).start());
    let told = behind.get("/health/live").await;
    let date = |reply: &usermgmt_test_support::Reply| reply.header("date").unwrap().to_owned();
    assert_ne!(date(&told), date(&ahead.get("/health/live").await), "their clocks differ");

    for (one, other, name) in [(&behind, &ahead, "ada"), (&ahead, &behind, "grace")] {
        assert_eq!(one.get("/health/ready").await.status, 200);
        let email = format!("{name}@example.org");
        let body = json!({ "username": name, "email": email, "password": PASSWORD });
        assert_eq!(one.post("/api/v1/register", body).await.status, 201);
        let link = one.mail_to(&email).await.path("/confirm-email/");
        assert_eq!(other.send(other.request("POST", &link)).await.status, 200);

        let body = json!({ "identifier": name, "password": PASSWORD });
        let login = one.post("/api/v1/signin", body).await;
        let access = login.field("access_token");
        for server in [one, other] {
            let reply = server.get_as(&access, "/api/v1/protected").await;
            assert_eq!(reply.status, 200, "{reply:?}");
        }

        // A lost reply: the same token again, at the other one.
        let (path, token) = ("/api/v1/refresh_token", login.field("refresh_token"));
        let first = one.post_as(&token, path).await.field("refresh_token");
        let again = other.post_as(&token, path).await.field("refresh_token");
        assert_eq!(first, again);
        let next = other.post_as(&first, path).await;
        assert_eq!(next.status, 200, "{next:?}");

        // An authenticator app shows codes of the right time.
        let access = next.field("access_token");
        let begun = one.call("POST", "/api/v1/mfa/totp", &access, json!({})).await;
        let code = totp::code(&begun.field("secret"), SystemClock.now().as_secs());
        let body = json!({ "code": code });
        let reply = other.call("POST", "/api/v1/mfa/totp/confirm", &access, body).await;
        assert_eq!(reply.status, 200, "{reply:?}");

        post(one, "/api/v1/password/forgot", json!({ "identifier": name })).await;
        let mail = usermgmt_test_support::eventually("the reset mail", || {
            let mut mails = other.mails();
            mails.retain(|mail| mail.to == email && mail.text.contains("/reset-password?token="));
            mails.pop()
        })
        .await;
        let link = mail.link("/reset-password?token=");
        let token = link.split_once("token=").unwrap().1;
        let body = json!({ "token": token, "new_password": "difference engine no. 2" });
        post(other, "/api/v1/password/reset", body).await;
    }
}

async fn a_server_whose_clock_is_further_off_is_not_ready(kind: Kind) {
    let server = at(&Setup::on(kind).await, 90).start().await;
    assert_eq!(server.get("/health/ready").await.status, 503);
    assert_eq!(server.get("/health/live").await.status, 200);
    assert!(server.log().contains("clock is far off the store's"), "{}", server.log());
    registered(&server, "ada", "ada@example.org").await;
}

/// The system's clock, and so many milliseconds.
#[derive(Debug)]
struct Skewed(i64);

impl Clock for Skewed {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(SystemClock.now().as_millis() + self.0)
    }
}

/// Begins to send when it is asked, and ends when it is let.
#[derive(Clone, Debug)]
struct SlowMailer {
    begun: Arc<Semaphore>,
    may_end: Arc<Semaphore>,
}

impl SlowMailer {
    fn new(may_end: usize) -> Self {
        let begun = Arc::new(Semaphore::new(0));
        Self { begun, may_end: Arc::new(Semaphore::new(may_end)) }
    }
}

#[async_trait]
impl Mailer for SlowMailer {
    async fn send(&self, _: &Message) -> Result<(), MailError> {
        self.begun.add_permits(1);
        self.may_end.acquire().await.unwrap().forget();
        Ok(())
    }
}

async fn no_mail_is_taken_from_a_worker_whose_clock_is_a_minute_behind(kind: Kind) {
    let database = Database::of(kind).await.unwrap();
    let store = open(kind, &database.url).await;
    let service = async |skew: i64| -> Auth {
        let (store, keys) =
            (Arc::clone(&store) as Arc<dyn Store>, KeyRing::single((7..39).collect()));
        let builder = Auth::builder_shared(store, keys.unwrap(), config()).clock(Skewed(skew));
        builder.build().await.unwrap()
    };
    let behind = service(-30_000).await;
    // Beyond the minute that a lease lasts.
    let ahead = service(31_000).await;
    assert!(ahead.now().since(behind.now()) < Duration::from_secs(5));
    behind.register(&registration("ada", PASSWORD), &home()).await.unwrap();

    let slow = SlowMailer::new(0);
    let sending = tokio::spawn({
        let worker = OutboxWorker::new(behind.clone(), Arc::new(slow.clone()));
        async move { worker.run_once().await.unwrap() }
    });
    slow.begun.acquire().await.unwrap().forget();
    let other = OutboxWorker::new(ahead.clone(), Arc::new(SlowMailer::new(10)));
    assert_eq!(other.run_once().await.unwrap(), 0, "a lease is another one's");
    slow.may_end.add_permits(1);
    assert_eq!(sending.await.unwrap(), 1);
    assert_eq!(other.run_once().await.unwrap(), 0, "it was sent");

    // What the one ahead queues is due to the one behind.
    ahead.register(&registration("grace", PASSWORD), &home()).await.unwrap();
    slow.may_end.add_permits(1);
    let worker = OutboxWorker::new(behind, Arc::new(slow));
    assert_eq!(worker.run_once().await.unwrap(), 1);
}
