use std::collections::BTreeMap;
use std::time::Duration;

use usermgmt_core::model::mail::{MailKind, OutboxMail};
use usermgmt_core::rng::OsRng;
use usermgmt_core::store::{Change, Changes, Store as _};

use super::*;
use crate::pool::PoolOptions;
use usermgmt_test_support::Database;

const NOW: Timestamp = Timestamp::from_millis(1_769_846_400_000);

fn mail() -> OutboxMail {
    OutboxMail {
        id: MailId::generate(NOW, &OsRng),
        kind: MailKind::Confirmation,
        user_id: None,
        recipient: Email::parse("ann@example.com").unwrap(),
        locale: None,
        tokens: Vec::new(),
        params: BTreeMap::new(),
        created_at: NOW,
        next_attempt_at: NOW,
        attempts: 0,
        last_error: None,
        dead_at: None,
        lease: None,
        leased_until: None,
    }
}

#[tokio::test]
async fn what_was_leased_after_it_was_found_due_is_left_to_who_has_it() {
    let database = Database::create("USERMGMT_TEST_MYSQL_URL").await;
    let store = SqlStore::connect(&database.url, PoolOptions::default()).await.unwrap();
    let until = NOW + Duration::from_secs(60);
    let (first, second) = (mail(), mail());
    let list = [&first, &second].map(|mail| Change::InsertMail(Box::new(mail.clone())));
    store.apply(&Changes::new(list.into(), NOW, &OsRng)).await.unwrap();

    // Nothing is locked here: so it is on TiDB.
    let found = store.read(&select_due(store.dialect(), NOW, 10)).await.unwrap();
    assert_eq!(found.len(), 2);
    let taken = store.claim_mail(LeaseId::generate(&OsRng), NOW, until, 1).await.unwrap();
    assert_eq!(taken.len(), 1);
    let mut tx = store.pool().begin().await.unwrap();
    let lease = LeaseId::generate(&OsRng);
    let leased = lease_still_due(&mut tx.conn(), found, lease, NOW, until).await.unwrap();
    tx.commit().await.unwrap();

    let taken = &taken[0].as_ref().unwrap().id;
    let left = if *taken == first.id { second.id } else { first.id };
    let leased: Vec<_> = leased.iter().map(|row| stored(row).unwrap().unwrap().id).collect();
    assert_eq!(leased, [left]);
}
