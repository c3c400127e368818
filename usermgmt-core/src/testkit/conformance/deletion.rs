//! Deleted users: found by nobody, and nobody's any more.

use std::sync::Arc;

use super::kit::{DAY, EARLY, Kit, NOW, email_id, insert_user, read, registration, username_id};
use super::show::same;
use super::users::{delete, touch, update};
use crate::model::user::User;
use crate::store::{Change, Guard, Store, UserPatch};

pub async fn a_deleted_user_is_found_by_no_read(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let store = &kit.store;
    let ann =
        User { unconfirmed_until: Some(NOW - DAY), email_confirmed_at: None, ..kit.user("ann") };
    let session = kit.session(&ann.id);
    kit.applied(registration(&ann, Some("hash"))).await;
    kit.applied([Change::InsertSession(Box::new(session.clone()))]).await;
    kit.applied([delete(&ann.id, 0)]).await;

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
    let kit = Kit::new(store);
    let ann = kit.add_user("ann").await;
    kit.applied([delete(&ann.id, 0)]).await;
    for epoch in [0, 1] {
        kit.refused(Guard::User, [touch(&ann.id, false, epoch)]).await;
        kit.refused(Guard::User, [update(&ann.id, epoch, false, UserPatch::default())]).await;
        kit.refused(Guard::User, [delete(&ann.id, epoch)]).await;
    }
    kit.refused(Guard::Exists, [insert_user(&ann, None)]).await;
}

pub async fn a_deletion_needs_the_user_and_the_epoch_that_was_read(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let ann = kit.add_user("ann").await;
    kit.refused(Guard::User, [delete(&ann.id, 1)]).await;
    kit.refused(Guard::User, [delete(&kit.user("nobody").id, 0)]).await;
    kit.applied([delete(&ann.id, 0)]).await;
}

pub async fn deleted_users_do_not_get_in_each_others_way(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    for name in ["ann", "bob", "eve"] {
        let user = kit.add_user(name).await;
        kit.applied([delete(&user.id, 0), Change::ReleaseIdentifiers { user_id: user.id }]).await;
    }
    let again = kit.add_user("ann").await;
    let found = read(kit.store.account_by_identifier(&username_id("ann"), NOW).await);
    same("the name's new user", &found.map(|a| a.user), &Some(again));
}
