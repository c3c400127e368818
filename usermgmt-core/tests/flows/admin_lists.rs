//! Lists of everybody, as administrators page through them.

use std::time::Duration;

use usermgmt_core::Role;
use usermgmt_core::flows::{Invite, ListingError};
use usermgmt_core::model::audit::{Actor, Origin};
use usermgmt_core::model::identifier::{Email, Username};
use usermgmt_core::secret::PlaintextPassword;
use usermgmt_core::store::directory::{
    AuditFilter, ListedUser, Search, SortOrder, UserFilter, UserSort,
};

use crate::fixture::*;

async fn world_of(names: &[&str]) -> World {
    let world = World::new().await;
    for name in names {
        world.later(SECOND);
        let invite = Invite {
            username: Username::parse(name, 64).unwrap(),
            email: Email::parse(&format!("{name}@example.com")).unwrap(),
            role: Role::User,
            first_name: None,
            last_name: None,
            gender: None,
            locale: None,
            password: Some(PlaintextPassword::new(PASSWORD.to_owned())),
            mail: false,
            life: Duration::from_secs(3600),
        };
        world.auth.invite(&Origin::of(Actor::Operator), &invite).await.unwrap();
    }
    world
}

fn names(rows: &[ListedUser]) -> Vec<&str> {
    rows.iter().map(|row| row.user.username.as_str()).collect()
}

#[tokio::test]
async fn users_are_paged_newest_first_and_back() {
    let world = world_of(&["ann", "bob", "cyd", "dee", "eve"]).await;
    let all = UserFilter::default();
    let first = world.auth.admin_users(&all, 2, None).await.unwrap();
    assert_eq!(names(&first.rows), ["eve", "dee"]);
    assert_eq!(first.previous, None);
    let second = world.auth.admin_users(&all, 2, first.next.as_deref()).await.unwrap();
    assert_eq!(names(&second.rows), ["cyd", "bob"]);
    let third = world.auth.admin_users(&all, 2, second.next.as_deref()).await.unwrap();
    assert_eq!((names(&third.rows), &third.next), (vec!["ann"], &None));
    let back = world.auth.admin_users(&all, 2, third.previous.as_deref()).await.unwrap();
    assert_eq!(names(&back.rows), ["cyd", "bob"]);
    let back = world.auth.admin_users(&all, 2, back.previous.as_deref()).await.unwrap();
    assert_eq!((names(&back.rows), &back.previous), (vec!["eve", "dee"], &None));
}

#[tokio::test]
async fn a_cursor_is_good_for_the_list_it_was_made_for_and_no_other() {
    let world = world_of(&["ann", "bob", "cyd"]).await;
    let all = UserFilter::default();
    let next = world.auth.admin_users(&all, 1, None).await.unwrap().next.unwrap();
    world.auth.admin_users(&all, 2, Some(&next)).await.unwrap();

    let by_name = UserFilter { sort: UserSort::Username, ..UserFilter::default() };
    let upward = UserFilter { order: SortOrder::Asc, ..UserFilter::default() };
    let found = UserFilter { search: Search::typed("a"), ..UserFilter::default() };
    for other in [by_name, upward, found] {
        let refused = world.auth.admin_users(&other, 1, Some(&next)).await.unwrap_err();
        assert!(matches!(refused, ListingError::Cursor), "{other:?}");
    }
    let audit = AuditFilter::default();
    let refused = world.auth.admin_audit(&audit, 1, Some(&next)).await.unwrap_err();
    assert!(matches!(refused, ListingError::Cursor));
}

#[tokio::test]
async fn a_cursor_that_was_meddled_with_is_refused_and_says_nothing_of_whom_it_ends_with() {
    let world = world_of(&["ann", "bob", "cyd"]).await;
    let all = UserFilter { sort: UserSort::Username, ..UserFilter::default() };
    let next = world.auth.admin_users(&all, 1, None).await.unwrap().next.unwrap();
    for at in 0..next.len() {
        let mut changed = next.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        // The last character may have bits that say nothing.
        if at + 1 < next.len() {
            assert!(world.auth.admin_users(&all, 1, Some(&changed)).await.is_err(), "{at}");
        }
    }
    for bad in ["", "x", "\u{e9}", &next[..next.len() / 2]] {
        let refused = world.auth.admin_users(&all, 1, Some(bad)).await.unwrap_err();
        assert!(matches!(refused, ListingError::Cursor), "{bad:?}");
    }
    let another = world_of(&[]).await;
    let again = world.auth.admin_users(&all, 1, None).await.unwrap().next.unwrap();
    assert_ne!(next, again, "it is sealed");
    another.auth.admin_users(&all, 1, Some(&next)).await.unwrap();
}

#[tokio::test]
async fn somebody_is_found_by_the_beginning_of_a_name_in_any_case_or_by_their_id() {
    let world = world_of(&["Ann", "bob"]).await;
    let ann = world.auth.find_user("ann").await.unwrap().unwrap();
    for typed in ["an", " ANN ", "Ann@Ex", ann.id.as_str()] {
        let filter = UserFilter { search: Search::typed(typed), ..UserFilter::default() };
        let found = world.auth.admin_users(&filter, 10, None).await.unwrap();
        assert_eq!(names(&found.rows), ["Ann"], "{typed}");
    }
    assert_eq!(Search::typed("  "), None);
}

#[tokio::test]
async fn a_summary_is_counted_again_after_a_minute_and_not_before() {
    let world = world_of(&["ann"]).await;
    let first = world.auth.admin_summary().await.unwrap();
    assert_eq!(first.summary.users, 1);
    world.sign_in("ann").await;
    assert_eq!(world.auth.admin_summary().await.unwrap().as_of, first.as_of);
    world.later(MINUTE);
    let next = world.auth.admin_summary().await.unwrap();
    assert_eq!(next.summary.sessions, 1);
    assert_eq!(next.summary.signed_in.last().unwrap().count, 1);
    assert_eq!(next.summary.registered.last().unwrap().count, 1);
    assert_eq!(next.as_of, world.now());
}
