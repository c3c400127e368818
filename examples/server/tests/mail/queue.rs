//! A long queue through the real server and a real SMTP server.

use std::collections::{BTreeMap, BTreeSet};

use usermgmt_core::clock::{Clock as _, SystemClock};
use usermgmt_core::mail::MailKind;
use usermgmt_core::model::identifier::Email;
use usermgmt_core::model::ids::MailId;
use usermgmt_core::model::mail::OutboxMail;
use usermgmt_core::rng::OsRng;
use usermgmt_core::store::{Change, Changes, Store as _};
use usermgmt_store_sql::{PoolOptions, SqlStore};

use crate::common::Server;
use crate::kit::{PASSWORD, Smtp, printed, setup};
use crate::relay::Relay;

const MAILS: usize = 1000;

fn mail(recipient: &str) -> Change {
    let now = SystemClock.now();
    Change::InsertMail(Box::new(OutboxMail {
        id: MailId::generate(now, &OsRng),
        kind: MailKind::PasswordChanged,
        user_id: None,
        recipient: Email::parse(recipient).unwrap(),
        locale: None,
        tokens: vec![],
        params: BTreeMap::new(),
        created_at: now,
        next_attempt_at: now,
        attempts: 0,
        last_error: None,
        dead_at: None,
        lease: None,
        leased_until: None,
    }))
}

/// Resident memory in KiB.
fn memory(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_queue_drains_behind_a_refused_recipient_with_flat_memory() {
    let mut smtp = Smtp::start("ok");
    let relay = Relay::to(smtp.port).await;
    let setup = setup(&relay, PASSWORD, &[&smtp]);
    // The first start makes the database.
    assert!(setup.clone().start().await.stop().await.success());
    let file = setup.dir().join("usermgmt-data/usermgmt.db");
    let url = format!("sqlite:{}", file.display());
    let store = SqlStore::connect(&url, PoolOptions::default()).await.unwrap();
    let mut list = vec![mail("nobody@example.org")];
    list.extend((0..MAILS).map(|n| mail(&format!("ada{n}@example.org"))));
    for chunk in list.chunks(100) {
        let changes = Changes::new(chunk.to_vec(), SystemClock.now(), &OsRng);
        store.apply(&changes).await.unwrap();
    }
    drop(store);

    let server = setup.clone().start().await;
    let (early, late, arrived, smtp, server) = tokio::task::spawn_blocking(move || {
        let mut arrived = BTreeSet::new();
        let mut early = 0;
        for n in 0..MAILS {
            if n == MAILS / 4 {
                early = memory(&server);
            }
            arrived.insert(smtp.letter().to);
        }
        let late = memory(&server);
        (early, late, arrived, smtp, server)
    })
    .await
    .unwrap();
    assert!(server.stop().await.success());
    assert_eq!(smtp.stop().len(), 0, "a mail arrived twice");
    assert_eq!(arrived.len(), MAILS);
    assert!(late < early + 8 * 1024, "{early} KiB after a quarter, {late} KiB at the end");
    let list = printed(&setup, &["outbox", "list"]);
    assert!(list.contains("1 given up; 0 waiting"), "{list}");
    assert!(list.contains("nobody@example.org"), "{list}");
}
