//! Users whom an earlier version wrote, which kept nothing that lists are read by.

use mongodb::bson::{Document, doc};
use usermgmt_core::model::user::User;
use usermgmt_core::store::directory::{ListedUser, Paged, Search, UserFilter, UserQuery};
use usermgmt_core::store::{Change, DirectoryStore as _, Store as _};
use usermgmt_core::testkit::SampleRows;
use usermgmt_store_mongo::MongoStore;
use usermgmt_test_support::Database;

async fn listed(store: &MongoStore, search: &str) -> Vec<ListedUser> {
    let filter = UserFilter { search: Search::typed(search), ..UserFilter::default() };
    let query = UserQuery { filter, paged: Paged::first(10), most_sorted: 100 };
    store.list_users(&query).await.unwrap().rows
}

/// A store with Zoe, whose document is as that version left it.
async fn of_an_earlier_version() -> (MongoStore, Database, User) {
    let database = Database::create(crate::SERVER).await;
    let store = MongoStore::connect(&database.url).await.unwrap();
    let rows = SampleRows::new(1);
    let mut zoe = rows.user("zoe");
    zoe.first_name = Some("Zo\u{eb}".to_owned());
    zoe.last_name = Some("Quill".to_owned());
    let mut list = rows.registration(&zoe, None);
    list.push(Change::InsertSession(Box::new(rows.session(&zoe.id))));
    store.apply(&rows.commit(list)).await.unwrap();
    let users = database.open_mongo().await.collection::<Document>("usermgmt_users");
    let fields = ["facets", "full_name_key", "first_name_key", "last_name_key", "last_sign_in_at"];
    let unset: Document = fields.iter().map(|field| ((*field).to_owned(), "".into())).collect();
    users.update_many(doc! {}, doc! { "$unset": unset }).await.unwrap();
    (store, database, zoe)
}

#[tokio::test]
async fn they_are_listed_once_this_version_has_connected() {
    let (before, database, zoe) = of_an_earlier_version().await;
    assert!(listed(&before, "").await.is_empty());
    let store = MongoStore::connect(&database.url).await.unwrap();
    let found = listed(&store, "").await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].user, zoe);
    assert_eq!(listed(&store, "zoe@").await.len(), 1, "found by their address");
}

#[tokio::test]
async fn a_purge_finds_them_by_name_and_says_when_they_signed_in() {
    let (store, database, zoe) = of_an_earlier_version().await;
    for store in [&store, &MongoStore::connect(&database.url).await.unwrap()] {
        assert!(listed(store, "quill").await.is_empty());
    }
    assert_eq!(store.purge(SampleRows::NOW, 100).await.unwrap(), 1);
    let found = listed(&store, "zo\u{eb} q").await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].user, zoe);
    assert_eq!(found[0].last_sign_in_at, Some(SampleRows::NOW));
    assert_eq!(store.purge(SampleRows::NOW, 100).await.unwrap(), 0, "once is enough");
}

#[tokio::test]
async fn a_change_before_that_purge_keeps_nobody_from_it() {
    let (_, database, zoe) = of_an_earlier_version().await;
    let store = MongoStore::connect(&database.url).await.unwrap();
    let rows = SampleRows::new(2);
    let changed = usermgmt_core::store::UserPatch {
        first_name: Some(Some("Zelda".to_owned())),
        ..Default::default()
    };
    let change = Change::UpdateUser {
        id: zoe.id.clone(),
        epoch: zoe.epoch,
        raise_epoch: false,
        at: SampleRows::NOW,
        set: Box::new(changed),
    };
    store.apply(&rows.commit(vec![change])).await.unwrap();
    store.purge(SampleRows::NOW, 100).await.unwrap();
    assert_eq!(listed(&store, "zelda quill").await.len(), 1);
}

/// Where the root secret is lost for good, docs/operations.md has these fields unset.
#[tokio::test]
async fn a_purge_sees_that_second_factors_were_taken_out() {
    let (store, database, zoe) = of_an_earlier_version().await;
    store.purge(SampleRows::NOW, 100).await.unwrap();
    let rows = SampleRows::new(2);
    let ann = rows.user("ann");
    let mut list = rows.registration(&ann, None);
    list.push(Change::InsertPasskey(Box::new(rows.passkey(&ann.id))));
    let (user_id, secret) = (zoe.id.clone(), rows.secret());
    let factor_id = secret.factor_id.clone();
    list.push(Change::SetPendingTotp { user_id, secret });
    store.apply(&rows.commit(list)).await.unwrap();
    let confirm = Change::ConfirmTotp { user_id: zoe.id.clone(), factor_id, step: 1 };
    store.apply(&rows.commit(vec![confirm])).await.unwrap();
    let has_factor =
        async |user: &User| store.listed_user(&user.id).await.unwrap().unwrap().mfa_enabled;
    assert!(has_factor(&zoe).await && has_factor(&ann).await);
    let users = database.open_mongo().await.collection::<Document>("usermgmt_users");
    let unset = doc! { "$unset": { "totp": "", "recovery_codes": "", "full_name_key": "" } };
    users.update_many(doc! {}, unset).await.unwrap();
    store.purge(SampleRows::NOW, 100).await.unwrap();
    assert!(!has_factor(&zoe).await && has_factor(&ann).await, "passkeys stay");
    assert_eq!(listed(&store, "zo\u{eb} q").await.len(), 1, "found by name again");
}

#[tokio::test]
async fn their_passkeys_are_second_factors_once_this_version_has_connected() {
    let (before, database, zoe) = of_an_earlier_version().await;
    let rows = SampleRows::new(2);
    let ann = rows.user("ann");
    let mut list = rows.registration(&ann, None);
    list.push(Change::InsertPasskey(Box::new(rows.passkey(&zoe.id))));
    before.apply(&rows.commit(list)).await.unwrap();
    let raw = database.open_mongo().await;
    let users = raw.collection::<Document>("usermgmt_users");
    let unset = doc! { "$unset": { "facets": "", "has_passkeys": "" } };
    users.update_many(doc! {}, unset).await.unwrap();
    let schema = raw.collection::<Document>("usermgmt_schema");
    schema.update_one(doc! {}, doc! { "$set": { "version": 1_i64 } }).await.unwrap();
    for _ in 0..2 {
        let store = MongoStore::connect(&database.url).await.unwrap();
        for (user, expected) in [(&zoe, true), (&ann, false)] {
            let listed = store.listed_user(&user.id).await.unwrap().unwrap();
            assert_eq!(listed.mfa_enabled, expected);
        }
    }
    let found = schema.find_one(doc! {}).await.unwrap().unwrap();
    assert_eq!(found.get_i64("version").unwrap(), MongoStore::SCHEMA);
}
