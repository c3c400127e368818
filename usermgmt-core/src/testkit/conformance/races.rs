//! Races for what only one can have: one wins, the others learn which guard failed.

use std::sync::Arc;

use super::fixture::{
    Fixture, HOUR, NOW, SECOND, claim, email_id, insert_user, read, skeleton_id, username_id,
};
use super::race::{RACERS, one_winner, one_wins, race_lists};
use super::show::same;
use super::world::World;
use crate::model::identifier::IdentifierKind;
use crate::model::ids::UserId;
use crate::model::session::Session;
use crate::model::user::User;
use crate::store::{Change, Guard, Store, UserPatch};

pub async fn one_of_many_claims_a_name(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let users: Vec<UserId> = (0..RACERS).map(|n| fixture.user(&format!("user{n}")).id).collect();
    for alone in [true, false] {
        for (what, ended) in [("free", false), ("held until now", true)] {
            let name = username_id(&format!("{what} {alone}"));
            if ended {
                fixture.applied([claim(&name, None, Some(NOW))]).await;
            }
            let guard = Guard::Taken(name.kind());
            let winner =
                one_wins(&fixture, guard, alone, |n| claim(&name, Some(&users[n]), None)).await;
            for (number, user) in users.iter().enumerate() {
                let taken = read(fixture.store.is_taken(&name, Some(user), NOW).await);
                assert_eq!(taken, number != winner, "{what}, user {number}");
            }
        }
    }
}

pub async fn one_of_many_registers_an_address(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let users: Vec<User> = (0..RACERS)
        .map(|n| User { email: fixture.user("same").email, ..fixture.user(&format!("user{n}")) })
        .collect();
    let lists =
        users.iter().map(|user| fixture.list(fixture.registration(user, Some("hash")))).collect();
    let guard = Guard::Taken(IdentifierKind::Email);
    let winner = one_winner("registrations", &race_lists(&fixture, lists).await, guard);
    let listed = read(fixture.store.users(None, 100).await);
    same("the users", &listed, &vec![users[winner].clone()]);
    let address = email_id("same@example.com");
    let found = read(fixture.store.account_by_identifier(&address, NOW).await);
    let found = found.map(|account| account.user);
    same("by address", &found, &Some(users[winner].clone()));
    for (number, user) in users.iter().enumerate() {
        let name = username_id(user.username.canonical());
        let taken = read(fixture.store.is_taken(&name, None, NOW).await);
        assert_eq!(taken, number == winner, "the name of user {number}");
    }
}

pub async fn one_of_many_lists_claims_a_skeleton(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let skeleton = skeleton_id("same");
    let users: Vec<User> = (0..RACERS).map(|n| fixture.user(&format!("user{n}"))).collect();
    let lists = users
        .iter()
        .map(|user| {
            let mut list = fixture.registration(user, None);
            list.push(claim(&skeleton, Some(&user.id), None));
            fixture.list(list)
        })
        .collect();
    let guard = Guard::Taken(IdentifierKind::Skeleton);
    let winner = one_winner("look-alikes", &race_lists(&fixture, lists).await, guard);
    let listed = read(fixture.store.users(None, 100).await);
    same("the users", &listed, &vec![users[winner].clone()]);
    for (number, user) in users.iter().enumerate() {
        let name = username_id(user.username.canonical());
        let taken = read(fixture.store.is_taken(&name, None, NOW).await);
        assert_eq!(taken, number == winner, "the name of user {number}");
    }
    assert!(!read(fixture.store.is_taken(&skeleton, Some(&users[winner].id), NOW).await));
}

pub async fn one_of_many_takes_a_users_id(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    for alone in [true, false] {
        let id = fixture.user("same").id;
        let users: Vec<User> = (0..RACERS)
            .map(|n| User { id: id.clone(), ..fixture.user(&format!("user{n}")) })
            .collect();
        let winner =
            one_wins(&fixture, Guard::Exists, alone, |n| insert_user(&users[n], None)).await;
        same("the user", &fixture.account(&id).await.user, &users[winner]);
    }
}

pub async fn one_of_many_updates_a_user_by_the_epoch_it_read(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await;
    for (epoch, alone) in [(0, true), (1, false)] {
        let winner = one_wins(&fixture, Guard::User, alone, |n| Change::UpdateUser {
            id: ann.id.clone(),
            epoch,
            raise_epoch: true,
            at: NOW,
            set: Box::new(UserPatch {
                first_name: Some(Some(format!("name {n}"))),
                ..UserPatch::default()
            }),
        })
        .await;
        let user = fixture.account(&ann.id).await.user;
        assert_eq!(user.epoch, epoch + 1);
        assert_eq!(user.first_name, Some(format!("name {winner}")));
    }
}

pub async fn one_of_many_rotates_a_session(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await;
    for alone in [true, false] {
        let session = fixture.session(&ann.id);
        fixture.applied([Change::InsertSession(Box::new(session.clone()))]).await;
        let winner = one_wins(&fixture, Guard::Session, alone, |n| Change::RotateSession {
            id: session.id,
            generation: 0,
            to: 1,
            now: NOW + SECOND,
            expires_at: NOW + HOUR,
            ip: None,
            user_agent: Some(format!("client {n}")),
        })
        .await;
        fixture
            .session_is(&Session {
                generation: 1,
                rotated_at: Some(NOW + SECOND),
                last_seen_at: NOW + SECOND,
                expires_at: NOW + HOUR,
                user_agent: Some(format!("client {winner}")),
                ..session
            })
            .await;
    }
}

/// Of every change that can be made only once, one of many is.
async fn one_of_each_wins(store: Arc<dyn Store>, alone: bool, of: fn(&Change) -> bool) {
    let fixture = Fixture::new(store);
    let world = World::build(&fixture).await;
    let mut raced = 0;
    for (change, again) in world.every_change(&fixture) {
        match again {
            Some(guard) if of(&change) => {
                raced += 1;
                one_wins(&fixture, guard, alone, |_| change.clone()).await;
            }
            // Some of the later ones need what the earlier ones do.
            _ => fixture.applied([change]).await,
        }
    }
    assert!(raced > 0, "no such change was raced");
}

fn is_spending(change: &Change) -> bool {
    matches!(
        change,
        Change::UseToken { .. }
            | Change::IssueCode { .. }
            | Change::EndSession { .. }
            | Change::UseTotpStep { .. }
            | Change::ConfirmTotp { .. }
            | Change::UseRecoveryCode { .. }
            | Change::UsePasskey { .. }
            | Change::RemovePasskey { .. }
            | Change::UnlinkIdentity { .. }
    )
}

pub async fn what_is_good_once_is_used_by_one_of_many(store: Arc<dyn Store>) {
    one_of_each_wins(store, true, is_spending).await;
}

pub async fn what_is_good_once_is_used_by_one_of_many_lists(store: Arc<dyn Store>) {
    one_of_each_wins(store, false, is_spending).await;
}

pub async fn every_other_guarded_change_is_made_by_one_of_many(store: Arc<dyn Store>) {
    one_of_each_wins(store, true, |change| !is_spending(change)).await;
}

pub async fn every_other_guarded_change_is_made_by_one_of_many_lists(store: Arc<dyn Store>) {
    one_of_each_wins(store, false, |change| !is_spending(change)).await;
}
