//! A long queue through the real server and a real SMTP server.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use usermgmt_core::Actor;
use usermgmt_core::clock::{Clock as _, SystemClock};
use usermgmt_core::mail::MailKind;
use usermgmt_core::model::identifier::Email;
use usermgmt_core::model::ids::MailId;
use usermgmt_core::model::mail::OutboxMail;
use usermgmt_core::rng::OsRng;
use usermgmt_core::store::directory::{AuditFilter, DirectoryStore as _, Paged};
use usermgmt_core::store::{Change, Changes, Store};
use usermgmt_store_sql::{PoolOptions, SqlStore};

use crate::fixture::printed;
use crate::sink::Sink;
use usermgmt_test_support::{Server, Setup, eventually};

const MAILS: usize = 10_000;
/// Far longer than it takes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// A mail as flows queue it, due now.
pub(crate) fn mail(recipient: &str) -> Change {
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

/// Queues mails as flows do.
pub(crate) async fn queue(store: &dyn Store, mails: impl IntoIterator<Item = Change>) {
    let mails: Vec<Change> = mails.into_iter().collect();
    for chunk in mails.chunks(100) {
        let changes = Changes::new(chunk.to_vec(), SystemClock.now(), &OsRng);
        store.apply(&changes).await.unwrap();
    }
}

/// An SQL store beside the server's.
pub(crate) async fn sql(url: String) -> SqlStore {
    SqlStore::connect(&url, PoolOptions::default()).await.unwrap()
}

/// A server that sends there.
pub(crate) fn to(setup: Setup, sink: &Sink) -> Setup {
    setup
        .var("USERMGMT_MAIL__URL", format!("smtp://127.0.0.1:{}?tls=none", sink.port))
        .var("USERMGMT_MAIL__FROM", "Example <no-reply@example.com>")
}

/// The URL of its database, which the first start makes.
async fn database(setup: &Setup) -> String {
    assert!(setup.clone().start().await.stop().await.success());
    format!("sqlite:{}", setup.dir().join("usermgmt-data/usermgmt.db").display())
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
    let setup = to(Setup::new(), &sink);
    let store = sql(database(&setup).await).await;
    let mut list = vec![mail("nobody@example.org")];
    list.extend((0..MAILS).map(|n| mail(&format!("ada{n}@example.org"))));
    queue(&store, list).await;
    store.close().await;

    let server = setup.clone().start().await;
    let arrived = |count| {
        let sink = &sink;
        async move {
            while sink.count() < count {
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

#[tokio::test(flavor = "multi_thread")]
async fn mail_that_cannot_be_read_holds_nobody_up_and_an_operator_can_drop_it() {
    let sink = Sink::start();
    let setup = to(Setup::new(), &sink);
    let file = database(&setup).await;
    let store = sql(file.clone()).await;
    // More of them than are sent at a time.
    let mut list: Vec<_> = (0..40).map(|_| mail("later@example.org")).collect();
    list.push(mail("ada@example.org"));
    queue(&store, list).await;
    store.close().await;
    let newer = "UPDATE usermgmt_outbox SET kind = 'from_a_newer_version' \
                 WHERE recipient = 'later@example.org'";
    let pool = sqlx::SqlitePool::connect(&file).await.unwrap();
    sqlx::query(newer).execute(&pool).await.unwrap();

    let server = setup.clone().start().await;
    eventually("the other mail", || (sink.recipients() == ["ada@example.org"]).then_some(())).await;
    let reason = "its kind cannot be read";
    eventually(reason, || server.log().contains(reason).then_some(())).await;
    let waiting = || printed(&setup, &["outbox", "list"]).contains("0 given up; 40 waiting");
    eventually("the others to wait", || waiting().then_some(())).await;

    let three_days_later = async || {
        let aged = "UPDATE usermgmt_outbox SET created_at = 0, attempts = 50, next_attempt_at = 0";
        sqlx::query(aged).execute(&pool).await.unwrap();
        eventually("all to be given up", || {
            let list = printed(&setup, &["outbox", "list"]);
            list.contains("40 given up; 0 waiting").then_some(list)
        })
        .await
    };
    three_days_later().await;
    assert_eq!(printed(&setup, &["outbox", "retry", "--all"]), "40 mails\n");
    assert!(waiting(), "an operator has them tried from the beginning");
    let list = three_days_later().await;
    let row: Vec<&str> = list.lines().nth(1).unwrap().split('\t').collect();
    assert_eq!((row[1], row[6]), ("unreadable", reason), "{list}");
    assert_eq!(printed(&setup, &["outbox", "drop", row[0]]), "");
    assert_eq!(printed(&setup, &["outbox", "drop", "--all"]), "39 mails\n");
    assert!(printed(&setup, &["outbox", "list"]).contains("0 given up; 0 waiting"));
    let store = sql(file).await;
    for action in ["mail.retried", "mail.dropped"] {
        let of = AuditFilter { action: Some(action.to_owned()), ..AuditFilter::default() };
        let audited = store.list_audit(&of, &Paged::first(100)).await.unwrap().rows;
        assert_eq!(audited.len(), 40, "{action}");
        assert!(audited.iter().all(|entry| entry.origin.actor == Actor::Operator), "{action}");
    }
}
