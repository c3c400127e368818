//! Deleted users: found by nobody, and nobody's any more.

use std::sync::Arc;

use super::fixture::{DAY, EARLY, Fixture, NOW, email_id, insert_user, read, username_id};
use super::show::same;
use super::users::{delete, touch, update};
use crate::model::user::User;
use crate::store::{Change, Guard, Store, UserPatch};

pub async fn a_deleted_user_is_found_by_no_read(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let store = &fixture.store;
    let ann = User {
        unconfirmed_until: Some(NOW - DAY),
        email_confirmed_at: None,
        ..fixture.user("ann")
    };
    let session = fixture.session(&ann.id);
    fixture.applied(fixture.registration(&ann, Some("hash"))).await;
    fixture.applied([Change::InsertSession(Box::new(session.clone()))]).await;
    fixture.applied([delete(&ann.id, 0)]).await;

    same("account", &read(store.account(&ann.id).await), &None);
    for identifier in [email_id("ann@example.com"), username_id("ann")] {
        let found = read(store.account_by_identifier(&identifier, EARLY).await);
        same("account_by_identifier", &found, &None);
    }
    let found = read(store.user_with_session(&ann.id, session.id, NOW).await);
    same("user_with_session", &found, &None);
    let found = read(store.session(session.id, NOW).await);
    same("session", &found, &None);
    same("users", &read(store.users(None, 9).await), &vec![]);
    let found = read(store.unconfirmed_users(NOW, 9).await);
    same("unconfirmed_users", &found, &vec![]);
}

pub async fn a_deleted_user_cannot_be_changed_or_added_again(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await;
    fixture.applied([delete(&ann.id, 0)]).await;
    for epoch in [0, 1] {
        fixture.refused(Guard::User, [touch(&ann.id, false, epoch)]).await;
        fixture.refused(Guard::User, [update(&ann.id, epoch, false, UserPatch::default())]).await;
        fixture.refused(Guard::User, [delete(&ann.id, epoch)]).await;
    }
    fixture.refused(Guard::Exists, [insert_user(&ann, None)]).await;
}

pub async fn a_deletion_needs_the_user_and_the_epoch_that_was_read(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await;
    fixture.refused(Guard::User, [delete(&ann.id, 1)]).await;
    fixture.refused(Guard::User, [delete(&fixture.user("nobody").id, 0)]).await;
    fixture.applied([delete(&ann.id, 0)]).await;
}

pub async fn deleted_users_do_not_get_in_each_others_way(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    for name in ["ann", "bob", "eve"] {
        let user = fixture.add_user(name).await;
        fixture
            .applied([delete(&user.id, 0), Change::ReleaseIdentifiers { user_id: user.id }])
            .await;
    }
    let again = fixture.add_user("ann").await;
    let found = read(fixture.store.account_by_identifier(&username_id("ann"), NOW).await);
    same("the name's new user", &found.map(|a| a.user), &Some(again));
}
