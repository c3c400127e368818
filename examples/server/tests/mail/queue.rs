//! A long queue through the real server and a real SMTP server.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use usermgmt_core::clock::{Clock as _, SystemClock};
use usermgmt_core::mail::MailKind;
use usermgmt_core::model::identifier::Email;
use usermgmt_core::model::ids::MailId;
use usermgmt_core::model::mail::OutboxMail;
use usermgmt_core::rng::OsRng;
use usermgmt_core::store::{Change, Changes, Store as _};
use usermgmt_store_sql::{PoolOptions, SqlStore};

use crate::common::{Server, Setup, eventually};
use crate::kit::printed;
use crate::sink::Sink;

const MAILS: usize = 10_000;
/// Far longer than it takes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(300);

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
async fn ten_thousand_mails_drain_behind_a_refused_recipient_with_flat_memory() {
    let sink = Sink::start();
    let setup = Setup::new()
        .var("USERMGMT_MAIL__URL", format!("smtp://127.0.0.1:{}?tls=none", sink.port))
        .var("USERMGMT_MAIL__FROM", "Example <no-reply@example.com>");
    // The first start makes the database.
    assert!(setup.clone().start().await.stop().await.success());
    let file = setup.dir().join("usermgmt-data/usermgmt.db");
    let url = format!("sqlite:{}", file.display());
    let store = SqlStore::connect(&url, PoolOptions::default()).await.unwrap();
    let mut list = vec![mail("nobody@example.org")];
    list.extend((0..MAILS).map(|n| mail(&format!("ada{n}@example.org"))));
    for chunk in list.chunks(500) {
        let changes = Changes::new(chunk.to_vec(), SystemClock.now(), &OsRng);
        store.apply(&changes).await.unwrap();
    }
    store.close().await;

    let server = setup.clone().start().await;
    let arrived = |count| {
        let sink = &sink;
        async move {
            while sink.recipients().len() < count {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    };
    let drained = async {
        arrived(MAILS / 10).await;
        let early = memory(&server);
        arrived(MAILS).await;
        (early, memory(&server))
    };
    let (early, late) = tokio::time::timeout(PATIENCE, drained).await.expect("it stands still");
    assert!(late < early + 8 * 1024, "{early} KiB after a tenth, {late} KiB at the end");
    let done =
        || printed(&setup, &["outbox", "list"]).contains("1 given up; 0 waiting").then_some(());
    eventually("the last outcome to be recorded", done).await;
    assert!(server.stop().await.success());
    let arrived = sink.recipients();
    assert_eq!(arrived.len(), MAILS, "a mail arrived twice");
    assert_eq!(arrived.into_iter().collect::<BTreeSet<_>>().len(), MAILS);
    let list = printed(&setup, &["outbox", "list"]);
    assert!(list.contains("nobody@example.org") && list.contains("550"), "{list}");
}
