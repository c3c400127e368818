//! Several processes over one outbox.
#![cfg(any(feature = "postgres", feature = "mysql", feature = "mongo"))]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use usermgmt_core::store::Store;

use crate::fixture::printed;
use crate::queue::{mail, queue, to};
use crate::sink::Sink;
use usermgmt_test_support::{Kind, Setup, eventually};

/// Each mail arrives once, though any of three servers may send it, one of them
/// stops in the middle and another comes.
async fn share_the_outbox<S: Store>(
    kind: Kind,
    mails: usize,
    connect: impl AsyncFnOnce(String) -> S,
) {
    let sink = Sink::slow(Duration::from_millis(20));
    let setup = to(Setup::on(kind).await, &sink);
    // The first start makes the tables.
    assert!(setup.clone().start().await.stop().await.success());
    let command = setup.command();
    let is_url = |name: &std::ffi::OsStr| name == "USERMGMT_DATABASE_URL";
    let url = command.get_envs().find(|(name, _)| is_url(name)).unwrap().1.unwrap();
    let store: Arc<dyn Store> = Arc::new(connect(url.to_str().unwrap().to_owned()).await);
    queue(&*store, (0..mails).map(|n| mail(&format!("ada{n}@example.org")))).await;

    let first = setup.clone().start().await;
    let second = setup.clone().start().await;
    let taken = || sink.count();
    eventually("some mail", || (taken() > mails / 6).then_some(())).await;
    let third = setup.clone().start().await;
    // What it has on its way is finished, and not repeated by another.
    assert!(first.stop().await.success());
    assert!(taken() < mails, "there was nothing left for the others");
    eventually("all mail", || (taken() >= mails).then_some(())).await;
    let done = || printed(&setup, &["outbox", "list"]).contains("0 given up; 0 waiting");
    eventually("the last outcome to be recorded", || done().then_some(())).await;
    for server in [second, third] {
        assert!(server.stop().await.success());
    }
    let arrived = sink.recipients();
    assert_eq!(arrived.len(), mails, "a mail arrived twice");
    assert_eq!(arrived.into_iter().collect::<BTreeSet<_>>().len(), mails);
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread")]
async fn servers_on_one_postgresql_send_every_mail_once() {
    share_the_outbox(Kind::Postgres, 600, crate::queue::sql).await;
}

#[cfg(feature = "mysql")]
#[tokio::test(flavor = "multi_thread")]
async fn servers_on_one_mariadb_send_every_mail_once() {
    share_the_outbox(Kind::MySql, 600, crate::queue::sql).await;
}

#[cfg(feature = "mongo")]
#[tokio::test(flavor = "multi_thread")]
async fn servers_on_one_mongodb_send_every_mail_once() {
    let connect =
        async |url: String| usermgmt_store_mongo::MongoStore::connect(&url).await.unwrap();
    share_the_outbox(Kind::Mongo, 200, connect).await;
}
