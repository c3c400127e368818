//! The last administrator who is active stays.

use std::sync::Arc;

use super::fixture::{Fixture, NOW, read};
use super::race::{RACERS, race_lists};
use crate::model::user::{Role, User};
use crate::store::{Change, Guard, Store, UserPatch};

async fn add(fixture: &Fixture, user: User) -> User {
    let admin = User { role: Role::Admin, ..user };
    fixture.applied(fixture.registration(&admin, None)).await;
    admin
}

/// The list that makes an administrator a user.
fn demotion(user: &User) -> [Change; 2] {
    let set = UserPatch { role: Some(Role::User), ..UserPatch::default() };
    [
        Change::KeepAdmin { id: user.id.clone() },
        Change::UpdateUser {
            id: user.id.clone(),
            epoch: user.epoch,
            raise_epoch: true,
            at: NOW,
            set: Box::new(set),
        },
    ]
}

pub async fn an_administrator_goes_only_while_another_is_active(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    fixture.add_user("nobody").await;
    let ann = add(&fixture, fixture.user("ann")).await;
    let unconfirmed = User { email_confirmed_at: None, ..fixture.user("unconfirmed") };
    add(&fixture, unconfirmed).await;
    let disabled = User { disabled_at: Some(NOW), ..fixture.user("disabled") };
    add(&fixture, disabled).await;
    let gone = add(&fixture, fixture.user("gone")).await;
    let at = NOW;
    fixture.applied([Change::DeleteUser { id: gone.id, epoch: 0, at }]).await;
    fixture.refused(Guard::LastAdmin, demotion(&ann)).await;
    assert_eq!(fixture.account(&ann.id).await.user.role, Role::Admin);
    let bob = add(&fixture, fixture.user("bob")).await;
    fixture.applied(demotion(&ann)).await;
    assert_eq!(fixture.account(&ann.id).await.user.role, Role::User);
    fixture.refused(Guard::LastAdmin, demotion(&bob)).await;
}

pub async fn of_many_administrators_that_go_at_once_one_stays(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let mut lists = Vec::new();
    for number in 0..RACERS {
        let admin = add(&fixture, fixture.user(&format!("admin{number}"))).await;
        lists.push(fixture.list(demotion(&admin)));
    }
    let answers = race_lists(&fixture, lists).await;
    for answer in &answers {
        let expected = match answer {
            Ok(()) => true,
            Err(error) => error.guard() == Some(Guard::LastAdmin),
        };
        assert!(expected, "{answer:?}");
    }
    assert_eq!(answers.iter().filter(|answer| answer.is_err()).count(), 1);
    let users = read(fixture.store.users(None, 100).await);
    assert_eq!(users.iter().filter(|user| user.role == Role::Admin).count(), 1);
}
