//! Users: their row, its guards, and who is found.

use std::sync::Arc;

use super::fixture::{
    DAY, Fixture, HOUR, MS, NOW, SECOND, email, insert_user, read, user_id, username,
};
use super::show::same;
use crate::clock::Timestamp;
use crate::model::identifier::{Email, Username};
use crate::model::ids::{SessionId, UserId};
use crate::model::user::{Account, PasswordHash, Role, User};
use crate::store::{Change, Guard, Store, UserPatch};

pub(super) fn touch(id: &UserId, active: bool, epoch: i64) -> Change {
    Change::TouchUser { id: id.clone(), active, epoch }
}

pub(super) fn update(id: &UserId, epoch: i64, raise_epoch: bool, set: UserPatch) -> Change {
    Change::UpdateUser { id: id.clone(), epoch, raise_epoch, at: NOW + SECOND, set: Box::new(set) }
}

pub(super) fn delete(id: &UserId, epoch: i64) -> Change {
    Change::DeleteUser { id: id.clone(), epoch, at: NOW }
}

/// A user with something in every field that can be empty.
fn full(fixture: &Fixture, name: &str) -> User {
    User {
        first_name: Some("Zoë 😀".to_owned()),
        last_name: Some("O'Brien-\"Šmíd\"; -- 𝒳".to_owned()),
        gender: Some("Female".to_owned()),
        role: Role::Admin,
        locale: Some("pt-BR".to_owned()),
        disabled_at: Some(NOW + MS),
        unconfirmed_until: Some(NOW + DAY),
        updated_at: NOW + SECOND,
        epoch: i64::MAX - 10,
        ..fixture.user(name)
    }
}

pub async fn every_field_of_a_user_round_trips(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let shown = User {
        username: Username::from_stored("Straße 🦀".to_owned(), "strasse 🦀".to_owned()),
        email: Email::from_stored(
            "José@BÜCHER.example".to_owned(),
            "josé@xn--bcher-kva.example".to_owned(),
        ),
        ..fixture.user("shown")
    };
    let longest = User {
        id: user_id(&"~".repeat(36)),
        email: email(&format!("{}@example.com", "é".repeat(121))),
        username: username(&"🦀".repeat(63)),
        first_name: Some("é".repeat(64)),
        last_name: Some("🦀".repeat(64)),
        gender: Some("ß".repeat(64)),
        ..fixture.user("longest")
    };
    let empty_texts = User {
        first_name: Some(String::new()),
        last_name: Some(" ".to_owned()),
        ..fixture.user("blank")
    };
    let far_away = User {
        created_at: Timestamp::from_millis(-1),
        updated_at: Timestamp::from_millis(253_402_300_799_999),
        email_confirmed_at: None,
        epoch: -1,
        ..fixture.user("far")
    };
    let rows = [
        (fixture.user("plain"), None),
        (full(&fixture, "full"), Some("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA")),
        (shown, Some("")),
        (longest, Some("scrypt:32768:8:1$salt$00")),
        (empty_texts, None),
        (far_away, None),
    ];
    for (user, password) in rows {
        fixture.applied([insert_user(&user, password)]).await;
        let expected = Account {
            password: password.map(|text| PasswordHash::from_stored(text.to_owned())),
            totp: None,
            user: user.clone(),
        };
        same("the account", &fixture.account(&user.id).await, &expected);
        let listed = read(fixture.store.users(None, 100).await)
            .into_iter()
            .find(|listed| listed.id == user.id);
        same("the user in the list", &listed, &Some(user));
    }
}

pub async fn a_user_id_is_taken_once(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await;
    let impostor = User { id: ann.id, ..fixture.user("impostor") };
    fixture.refused(Guard::Exists, [insert_user(&impostor, Some("other"))]).await;
}

pub async fn user_ids_that_differ_in_case_are_two_users(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let [lower, upper] = ["507f1f77bcf86cd799439abc", "507F1F77BCF86CD799439ABC"].map(user_id);
    for (id, name) in [(&lower, "lower"), (&upper, "upper")] {
        let user = User { id: id.clone(), ..fixture.user(name) };
        fixture.applied([insert_user(&user, None)]).await;
    }
    assert_eq!(fixture.account(&lower).await.user.username.as_str(), "lower");
    assert_eq!(fixture.account(&upper).await.user.username.as_str(), "upper");
    let none = read(fixture.store.account(&user_id("507f1f77bcf86cd799439ABC")).await);
    same("an id in a third case", &none, &None);
}

pub async fn a_patch_changes_what_it_names_and_nothing_else(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let mut expected = Account {
        user: fixture.user("ann"),
        password: Some(PasswordHash::from_stored("before".to_owned())),
        totp: None,
    };
    expected.user.email_confirmed_at = None;
    let id = expected.user.id.clone();
    fixture.applied([insert_user(&expected.user, Some("before"))]).await;

    type Edit = fn(&mut UserPatch, &mut Account);
    let edits: [Edit; 19] = [
        |_, _| (),
        |set, account| {
            set.username = Some(username("anna"));
            account.user.username = username("anna");
        },
        |set, account| {
            set.email = Some(email("anna@example.com"));
            account.user.email = email("anna@example.com");
        },
        |set, account| {
            set.unconfirmed_until = Some(Some(NOW + DAY));
            account.user.unconfirmed_until = Some(NOW + DAY);
        },
        |set, account| {
            set.unconfirmed_until = Some(None);
            set.email_confirmed_at = Some(Some(NOW + MS));
            account.user.unconfirmed_until = None;
            account.user.email_confirmed_at = Some(NOW + MS);
        },
        |set, account| {
            set.email_confirmed_at = Some(None);
            account.user.email_confirmed_at = None;
        },
        |set, account| {
            set.first_name = Some(Some("Ann".to_owned()));
            account.user.first_name = Some("Ann".to_owned());
        },
        |set, account| {
            set.last_name = Some(Some("Ln".to_owned()));
            account.user.last_name = Some("Ln".to_owned());
        },
        |set, account| {
            set.gender = Some(Some("Female".to_owned()));
            account.user.gender = Some("Female".to_owned());
        },
        |set, account| {
            set.role = Some(Role::Admin);
            account.user.role = Role::Admin;
        },
        |set, account| {
            set.locale = Some(Some("de".to_owned()));
            account.user.locale = Some("de".to_owned());
        },
        |set, account| {
            set.disabled_at = Some(Some(NOW));
            account.user.disabled_at = Some(NOW);
        },
        |set, account| {
            set.password = Some(Some(PasswordHash::from_stored("after".to_owned())));
            account.password = Some(PasswordHash::from_stored("after".to_owned()));
        },
        |set, account| {
            set.first_name = Some(None);
            account.user.first_name = None;
        },
        |set, account| {
            set.last_name = Some(None);
            account.user.last_name = None;
        },
        |set, account| {
            set.gender = Some(None);
            account.user.gender = None;
        },
        |set, account| {
            set.role = Some(Role::User);
            set.locale = Some(None);
            account.user.role = Role::User;
            account.user.locale = None;
        },
        |set, account| {
            set.disabled_at = Some(None);
            account.user.disabled_at = None;
        },
        |set, account| {
            set.password = Some(None);
            account.password = None;
        },
    ];
    let mut at = NOW;
    for (number, edit) in edits.into_iter().enumerate() {
        let mut set = UserPatch::default();
        edit(&mut set, &mut expected);
        at = at + SECOND;
        let raise_epoch = number % 3 == 0;
        fixture
            .applied([Change::UpdateUser {
                id: id.clone(),
                epoch: expected.user.epoch,
                raise_epoch,
                at,
                set: Box::new(set),
            }])
            .await;
        expected.user.updated_at = at;
        expected.user.epoch += i64::from(raise_epoch);
        same(&format!("after edit {number}"), &fixture.account(&id).await, &expected);
    }
}

pub async fn an_update_needs_the_user_and_the_epoch_that_was_read(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await;
    let bob = fixture.add_user("bob").await;
    let named =
        |name: &str| UserPatch { first_name: Some(Some(name.to_owned())), ..UserPatch::default() };
    fixture.applied([update(&ann.id, 0, true, named("first"))]).await;
    for epoch in [0, 2, -1] {
        fixture.refused(Guard::User, [update(&ann.id, epoch, true, named("late"))]).await;
    }
    let nobody = fixture.user("nobody").id;
    fixture.refused(Guard::User, [update(&nobody, 0, false, named("ghost"))]).await;
    fixture.applied([update(&ann.id, 1, false, named("second"))]).await;
    let account = fixture.account(&ann.id).await;
    assert_eq!(account.user.first_name.as_deref(), Some("second"));
    assert_eq!(account.user.epoch, 1);
    same("another user", &fixture.account(&bob.id).await.user, &bob);
}

pub async fn a_touch_tests_the_epoch_and_changes_nothing(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await;
    for active in [true, false] {
        fixture.applied([touch(&ann.id, active, 0)]).await;
        // The same row written twice: a store that counts changed rows, not
        // matched ones, finds none the second time.
        fixture.applied([touch(&ann.id, active, 0)]).await;
        fixture.refused(Guard::User, [touch(&ann.id, active, 1)]).await;
        fixture.refused(Guard::User, [touch(&fixture.user("nobody").id, active, 0)]).await;
    }
    same("the user", &fixture.account(&ann.id).await.user, &ann);
}

pub async fn a_touch_of_an_active_user_needs_a_confirmed_enabled_one(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let unconfirmed = User { email_confirmed_at: None, ..fixture.user("unconfirmed") };
    let disabled = User { disabled_at: Some(NOW), ..fixture.user("disabled") };
    for user in [unconfirmed, disabled] {
        fixture.applied([insert_user(&user, None)]).await;
        fixture.refused(Guard::User, [touch(&user.id, true, 0)]).await;
        fixture.applied([touch(&user.id, false, 0)]).await;
    }
}

pub async fn the_same_update_twice_finds_its_row_both_times(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await;
    let set = UserPatch { first_name: Some(Some("Ann".to_owned())), ..UserPatch::default() };
    for _ in 0..2 {
        fixture.applied([update(&ann.id, 0, false, set.clone())]).await;
    }
}

pub async fn later_changes_of_a_list_see_the_earlier_ones(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.user("ann");
    fixture
        .applied([
            insert_user(&ann, None),
            update(&ann.id, 0, true, UserPatch::default()),
            touch(&ann.id, true, 1),
            update(&ann.id, 1, true, UserPatch::default()),
        ])
        .await;
    assert_eq!(fixture.account(&ann.id).await.user.epoch, 2);
    fixture
        .refused(
            Guard::User,
            [update(&ann.id, 2, true, UserPatch::default()), touch(&ann.id, true, 2)],
        )
        .await;
}

pub async fn users_are_paged_in_the_byte_order_of_their_ids(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ids = ["!", "10", "9", "A", "B", "Z", "_", "a", "ab", "b", "~"];
    for (number, id) in ids.iter().enumerate().rev() {
        let user = User { id: user_id(id), ..fixture.user(&format!("user{number}")) };
        fixture.applied([insert_user(&user, None)]).await;
    }
    // Gaps in the list must not make a page end early.
    for gone in ["9", "a"] {
        fixture.applied([delete(&user_id(gone), 0)]).await;
    }
    let mut seen = Vec::new();
    let mut after: Option<UserId> = None;
    loop {
        let page = read(fixture.store.users(after.as_ref(), 4).await);
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 4, "a page of {}", page.len());
        after = Some(last.id.clone());
        seen.extend(page.into_iter().map(|user| user.id.to_string()));
        assert!(seen.len() < 20, "the pages never end: {seen:?}");
    }
    assert_eq!(seen, ["!", "10", "A", "B", "Z", "_", "ab", "b", "~"]);
    let first = read(fixture.store.users(None, 4).await);
    assert_eq!(first.len(), 4, "a full page, though one user in it is gone");
    let rest = read(fixture.store.users(Some(&user_id("Zz")), 2).await);
    let rest: Vec<&str> = rest.iter().map(|user| user.id.as_str()).collect();
    assert_eq!(rest, ["_", "ab"], "after an id that nobody has");
}

pub async fn users_who_never_confirmed_are_found_when_their_time_is_over(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let untils = [
        ("before", Some(NOW - DAY)),
        ("now", Some(NOW)),
        ("after", Some(NOW + MS)),
        ("never", None),
    ];
    for (name, unconfirmed_until) in untils {
        let user = User { unconfirmed_until, email_confirmed_at: None, ..fixture.user(name) };
        fixture.applied([insert_user(&user, None)]).await;
    }
    let found = |now| {
        let store = Arc::clone(&fixture.store);
        async move {
            let users = read(store.unconfirmed_users(now, 10).await);
            let mut names: Vec<String> =
                users.iter().map(|user| user.username.as_str().to_owned()).collect();
            names.sort();
            names
        }
    };
    assert_eq!(found(NOW).await, ["before", "now"]);
    assert_eq!(found(NOW + MS).await, ["after", "before", "now"]);
    let limited = read(fixture.store.unconfirmed_users(NOW, 1).await);
    assert_eq!(limited.len(), 1, "the limit");
}

pub async fn a_user_is_read_with_a_session_of_their_own_only(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await;
    let bob = fixture.add_user("bob").await;
    let session = fixture.session(&ann.id);
    fixture.applied([Change::InsertSession(Box::new(session.clone()))]).await;

    let end = session.expires_at;
    let unknown = SessionId::generate(&fixture.rng);
    let nobody = fixture.user("nobody").id;
    let cases = [
        ("one ms before its end", &ann.id, session.id, end - MS, true),
        ("at its end", &ann.id, session.id, end, false),
        ("after its end", &ann.id, session.id, end + HOUR, false),
        ("an unknown session", &ann.id, unknown, NOW, false),
        ("another's session", &bob.id, session.id, NOW, false),
    ];
    for (what, user, id, now, there) in cases {
        let found = read(fixture.store.user_with_session(user, id, now).await);
        let user = if *user == ann.id { &ann } else { &bob };
        let session = there.then(|| session.clone());
        same(what, &found, &Some((user.clone(), session)));
    }
    let found = read(fixture.store.user_with_session(&nobody, session.id, NOW).await);
    same("an unknown user", &found, &None);
}
