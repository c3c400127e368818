//! Mail that this version cannot read.

use mongodb::bson::{Bson, Document, doc};
use usermgmt_core::model::ids::LeaseId;
use usermgmt_core::model::mail::{OutboxMail, StoredMail, UnreadableMail};
use usermgmt_core::rng::OsRng;
use usermgmt_core::store::{Change, OutboxStore as _, Store as _};
use usermgmt_store_mongo::MongoStore;

use usermgmt_test_support::Database;

use crate::SERVER;
use crate::rows::{HOUR, NOW, list, mail, user};

#[tokio::test]
async fn mail_that_cannot_be_read_is_leased_and_recorded_of_and_hides_no_other() {
    let database = Database::create(SERVER).await;
    let store = MongoStore::connect(&database.url).await.unwrap();
    let ann = user("ann");
    let good = mail(&ann);
    let damages = [
        ("kind", Bson::from("from_a_newer_version"), "kind"),
        ("tokens", Bson::from(vec![doc! { "purpose": "newer" }]), "document"),
        ("params", Bson::from("{"), "document"),
    ];
    let bad = [0; 3].map(|_| mail(&ann));
    let insert = |mail: &OutboxMail| Change::InsertMail(Box::new(mail.clone()));
    store.apply(&list(bad.iter().chain([&good]).map(insert).collect::<Vec<_>>())).await.unwrap();
    let outbox = database.open_mongo().await.collection::<Document>("usermgmt_outbox");
    let mut unreadable = Vec::new();
    for (mail, (field, value, what)) in bad.iter().zip(damages) {
        let damage = doc! { "$set": { field: value } };
        outbox.update_one(doc! { "_id": mail.id.as_str() }, damage).await.unwrap();
        unreadable.push(UnreadableMail {
            id: mail.id.clone(),
            created_at: NOW,
            attempts: 0,
            dead_at: None,
            why: format!("its {what} cannot be read"),
        });
    }
    unreadable.sort_by(|a, b| a.id.cmp(&b.id));

    let claim = async |now| {
        let lease = LeaseId::generate(&OsRng);
        (lease, store.claim_mail(lease, now, now + HOUR, 16).await.unwrap())
    };
    let (lease, claimed) = claim(NOW).await;
    let (read, mut not): (Vec<_>, Vec<_>) = claimed.into_iter().partition(Result::is_ok);
    assert_eq!(read, [Ok(good.clone())]);
    not.sort_by(|a, b| a.as_ref().unwrap_err().id.cmp(&b.as_ref().unwrap_err().id));
    assert_eq!(not, unreadable.iter().cloned().map(Err).collect::<Vec<StoredMail>>());
    assert_eq!(claim(NOW).await.1, [], "they are leased");
    assert_eq!(store.next_mail_at().await.unwrap(), Some(NOW + HOUR));

    // What became of a try is recorded of them like of any other.
    let [retried, first, second] = &unreadable[..] else { unreachable!() };
    let (at, error) = (NOW + HOUR, "unreadable".to_owned());
    let bury = |mail: &UnreadableMail| Change::BuryMail {
        id: mail.id.clone(),
        lease,
        at,
        error: error.clone(),
    };
    let retry = Change::RetryMail { id: retried.id.clone(), lease, at, error: error.clone() };
    let gone = Change::CompleteMail { id: good.id, lease };
    store.apply(&list([retry, bury(first), bury(second), gone])).await.unwrap();
    let tried = |mail: &UnreadableMail, dead_at| {
        Err(UnreadableMail { attempts: 1, dead_at, ..mail.clone() })
    };
    assert_eq!(claim(at).await.1, [tried(retried, None)]);
    let dead = [first, second].map(|mail| tried(mail, Some(at)));
    assert_eq!(store.dead_mail(None, 10).await.unwrap(), dead);
    let drop = |mail: &UnreadableMail| Change::DropDeadMail { id: mail.id.clone() };
    store.apply(&list([drop(first), drop(second)])).await.unwrap();
    assert_eq!(store.dead_mail(None, 10).await.unwrap(), []);
}
