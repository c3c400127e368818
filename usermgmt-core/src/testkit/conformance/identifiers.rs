//! Addresses and names: held by one at a time, compared byte by byte.

use std::sync::Arc;

use super::fixture::{
    DAY, EARLY, Fixture, MS, NOW, claim, email, email_id, insert_user, read, skeleton_id, username,
    username_id,
};
use super::show::same;
use crate::clock::Timestamp;
use crate::model::identifier::{Email, Identifier, IdentifierKind, Username};
use crate::model::ids::UserId;
use crate::model::user::User;
use crate::store::{Change, Guard, Store, UserPatch};

const TAKEN: Guard = Guard::Taken(IdentifierKind::Username);

/// Pairs that some database's collation takes for equal.
const LOOKALIKES: [(&str, &str); 13] = [
    ("josé", "jose"),
    ("josé", "jose\u{301}"),
    ("ann", "Ann"),
    ("ann", "ann "),
    ("ann", "ann\u{a0}"),
    ("strasse", "straße"),
    ("maße", "masse"),
    ("ann", "ａｎｎ"),
    ("ann@example.com", "ann＠example.com"),
    ("😀", "😁"),
    ("ii", "ıı"),
    ("cote", "côté"),
    ("a\u{200d}b", "ab"),
];

fn claim_at(
    identifier: &Identifier,
    user: Option<&UserId>,
    until: Option<Timestamp>,
    now: Timestamp,
) -> Change {
    Change::ClaimIdentifier { identifier: identifier.clone(), user_id: user.cloned(), until, now }
}

fn hold(identifier: &Identifier, user: &UserId, until: Option<Timestamp>) -> Change {
    Change::HoldIdentifier { identifier: identifier.clone(), user_id: user.clone(), until }
}

fn release(identifier: &Identifier, user: &UserId) -> Change {
    Change::ReleaseIdentifier { identifier: identifier.clone(), user_id: user.clone() }
}

async fn taken(
    fixture: &Fixture,
    identifier: &Identifier,
    but: Option<&UserId>,
    now: Timestamp,
) -> bool {
    read(fixture.store.is_taken(identifier, but, now).await)
}

async fn found(fixture: &Fixture, identifier: &Identifier, now: Timestamp) -> Option<User> {
    let account = read(fixture.store.account_by_identifier(identifier, now).await);
    account.map(|account| account.user)
}

pub async fn a_claimed_name_is_refused_to_everybody_else(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await, fixture.add_user("bob").await);
    for identifier in [email_id("new@example.com"), username_id("new"), skeleton_id("new")] {
        fixture.applied([claim(&identifier, Some(&ann.id), None)]).await;
        for other in [Some(&bob.id), None] {
            let guard = Guard::Taken(identifier.kind());
            fixture.refused(guard, [claim(&identifier, other, None)]).await;
        }
        assert!(taken(&fixture, &identifier, None, NOW).await);
    }
}

pub async fn a_name_reserved_for_nobody_is_refused_to_everybody(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await;
    let name = username_id("reserved");
    fixture.applied([claim(&name, None, Some(NOW + DAY))]).await;
    for user in [Some(&ann.id), None] {
        fixture.refused(TAKEN, [claim(&name, user, None)]).await;
    }
    assert!(taken(&fixture, &name, Some(&ann.id), NOW).await);
    assert!(!taken(&fixture, &name, None, NOW + DAY).await);
}

pub async fn a_user_may_claim_again_what_is_theirs(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await;
    let name = username_id("second");
    fixture.applied([claim(&name, Some(&ann.id), Some(NOW + DAY))]).await;
    fixture.applied([claim(&name, Some(&ann.id), None)]).await;
    assert!(taken(&fixture, &name, None, NOW + DAY).await, "the second claim was for good");
    fixture.applied([claim(&name, Some(&ann.id), Some(NOW + MS))]).await;
    assert!(!taken(&fixture, &name, None, NOW + MS).await, "the third claim was for a moment");
}

pub async fn a_hold_ends_at_its_time_and_not_before(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await, fixture.add_user("bob").await);
    let name = username_id("held");
    let until = NOW + DAY;
    fixture.applied([claim(&name, Some(&ann.id), Some(until))]).await;

    assert!(taken(&fixture, &name, None, until - MS).await);
    assert!(!taken(&fixture, &name, None, until).await);
    let early = claim_at(&name, Some(&bob.id), None, until - MS);
    fixture.refused(TAKEN, [early]).await;
    fixture.applied([claim_at(&name, Some(&bob.id), None, until)]).await;
    fixture.refused(TAKEN, [claim_at(&name, Some(&ann.id), None, until)]).await;
    fixture.refused(Guard::Identifier, [release(&name, &ann.id)]).await;
    fixture.applied([release(&name, &bob.id)]).await;
}

pub async fn a_name_is_not_taken_for_the_one_who_has_it(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await, fixture.add_user("bob").await);
    let name = username_id("ann");
    assert!(!taken(&fixture, &name, Some(&ann.id), NOW).await);
    assert!(taken(&fixture, &name, Some(&bob.id), NOW).await);
    assert!(taken(&fixture, &name, None, NOW).await);
    assert!(!taken(&fixture, &username_id("free"), None, NOW).await);
}

pub async fn addresses_and_names_are_two_name_spaces(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.user("ann"), fixture.user("bob"));
    for user in [&ann, &bob] {
        fixture.applied([insert_user(user, None)]).await;
    }
    fixture.applied([claim(&username_id("same"), Some(&ann.id), None)]).await;
    assert!(!taken(&fixture, &email_id("same"), None, NOW).await);
    fixture.applied([claim(&email_id("same"), Some(&bob.id), None)]).await;
    fixture.refused(Guard::Identifier, [release(&username_id("same"), &bob.id)]).await;
}

pub async fn a_skeleton_is_a_name_space_in_which_nobody_is_found(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await, fixture.add_user("bob").await);
    let skeleton = skeleton_id("ann");
    assert!(!taken(&fixture, &skeleton, None, NOW).await);
    fixture.applied([claim(&skeleton, Some(&ann.id), None)]).await;
    let guard = Guard::Taken(IdentifierKind::Skeleton);
    fixture.refused(guard, [claim(&skeleton, Some(&bob.id), None)]).await;
    assert!(taken(&fixture, &skeleton, Some(&bob.id), NOW).await);
    same("by skeleton", &found(&fixture, &skeleton, NOW).await, &None);
    same("by name", &found(&fixture, &username_id("ann"), NOW).await, &Some(ann));
}

pub async fn a_skeleton_is_held_and_given_back_by_the_one_who_has_it_if_there_is_one(
    store: Arc<dyn Store>,
) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await, fixture.add_user("bob").await);
    let skeleton = skeleton_id("ann");
    // An account that is older than skeletons has none, and goes on without.
    fixture.applied([hold(&skeleton, &ann.id, None)]).await;
    fixture.applied([release(&skeleton, &ann.id)]).await;
    assert!(!taken(&fixture, &skeleton, None, NOW).await, "there is none by that");

    fixture.applied([claim(&skeleton, Some(&ann.id), Some(NOW + DAY))]).await;
    fixture.applied([hold(&skeleton, &bob.id, Some(NOW)), release(&skeleton, &bob.id)]).await;
    assert!(taken(&fixture, &skeleton, None, NOW).await, "bob changed what is ann's");
    fixture.applied([hold(&skeleton, &ann.id, None)]).await;
    assert!(taken(&fixture, &skeleton, None, NOW + DAY).await);
    fixture.applied([release(&skeleton, &ann.id)]).await;
    assert!(!taken(&fixture, &skeleton, None, NOW).await);
}

pub async fn names_that_look_alike_are_told_apart_byte_by_byte(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    for (number, (one, other)) in LOOKALIKES.into_iter().enumerate() {
        let ids = [one, other].map(|text| {
            // Its own prefix, because one text is in more than one pair.
            let text = format!("{number}-{text}");
            (email_id(&text), username_id(&text), text)
        });
        let mut users = Vec::new();
        for (address, name, text) in &ids {
            let user = User {
                email: email(text),
                username: username(text),
                ..fixture.user(&format!("user{number}"))
            };
            assert!(
                !taken(&fixture, address, None, NOW).await
                    && !taken(&fixture, name, None, NOW).await,
                "{text:?} is taken for another name"
            );
            fixture.applied(fixture.registration(&user, None)).await;
            users.push(user);
        }
        for ((address, name, text), user) in ids.iter().zip(users) {
            let what = format!("whose {text:?} is");
            same(&what, &found(&fixture, address, NOW).await, &Some(user.clone()));
            same(&what, &found(&fixture, name, NOW).await, &Some(user));
        }
    }
}

pub async fn names_whose_canonical_forms_are_equal_are_one(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let address = |text: &str| {
        let email = Email::parse(text).unwrap_or_else(|_| panic!("{text:?} is an address"));
        Identifier::email(&email)
    };
    let name = |text: &str| {
        let name = Username::parse(text, 30).unwrap_or_else(|_| panic!("{text:?} is a name"));
        Identifier::username(&name)
    };
    let pairs = [
        (address("Ann@Example.COM"), address("ann@example.com")),
        (address("ΝΊΚΟΣ@example.com"), address("νίκος@example.com")),
        (address("josé@example.com"), address("JOSE\u{301}@example.com")),
        (address("ann@bücher.example"), address("ann@xn--bcher-kva.example")),
        (name("Maße"), name("MASSE")),
        (name("ＡＮＮ"), name("ann")),
    ];
    for (one, other) in pairs {
        fixture.applied([claim(&one, None, None)]).await;
        assert!(taken(&fixture, &other, None, NOW).await);
        fixture.refused(Guard::Taken(one.kind()), [claim(&other, None, None)]).await;
    }
}

pub async fn the_longest_names_are_kept_whole(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    // 320 bytes of address and 255 of name are what the model lets through.
    for (kind, text) in [
        (IdentifierKind::Email, "é".repeat(160)),
        (IdentifierKind::Username, format!("{}abc", "🦀".repeat(63))),
    ] {
        let longest = Identifier::from_stored(kind, text.clone());
        let mut shorter = text;
        shorter.pop();
        let shorter = Identifier::from_stored(kind, shorter);
        fixture.applied([claim(&longest, None, None)]).await;
        assert!(taken(&fixture, &longest, None, NOW).await);
        assert!(!taken(&fixture, &shorter, None, NOW).await, "cut at the end");
    }
}

pub async fn an_account_is_found_by_its_present_address_and_name(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await;
    let (old_address, old_name) = (email_id("ann@example.com"), username_id("ann"));
    let (address, name) = (email_id("anna@example.com"), username_id("anna"));
    for identifier in [&old_address, &old_name] {
        let user = found(&fixture, identifier, NOW).await;
        same("before the change", &user, &Some(ann.clone()));
    }
    // Reserved for her, but not hers yet.
    fixture
        .applied([claim(&address, Some(&ann.id), None), claim(&name, Some(&ann.id), None)])
        .await;
    for identifier in [&address, &name] {
        let user = found(&fixture, identifier, NOW).await;
        same("a reserved one", &user, &None);
    }
    fixture
        .applied([Change::UpdateUser {
            id: ann.id.clone(),
            epoch: 0,
            raise_epoch: false,
            at: NOW,
            set: Box::new(UserPatch {
                email: Some(email("anna@example.com")),
                username: Some(username("anna")),
                ..UserPatch::default()
            }),
        }])
        .await;
    let ann = fixture.account(&ann.id).await.user;
    for identifier in [&address, &name] {
        let user = found(&fixture, identifier, NOW).await;
        same("the new one", &user, &Some(ann.clone()));
    }
    for identifier in [&old_address, &old_name] {
        let user = found(&fixture, identifier, NOW).await;
        same("the old one, still reserved", &user, &None);
        assert!(taken(&fixture, identifier, None, NOW).await);
    }
}

pub async fn an_account_without_a_hold_on_its_address_is_not_found_by_it(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await;
    let address = Identifier::email(&ann.email);
    let until = NOW + DAY;
    fixture.applied([hold(&address, &ann.id, Some(until))]).await;
    let user = found(&fixture, &address, until - MS).await;
    same("one ms before the end", &user, &Some(ann.clone()));
    same("at its end", &found(&fixture, &address, until).await, &None);
    fixture.applied([release(&address, &ann.id)]).await;
    same("released", &found(&fixture, &address, EARLY).await, &None);
}

pub async fn an_account_that_was_not_confirmed_in_time_is_not_found(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let until = NOW + DAY;
    let ann =
        User { email_confirmed_at: None, unconfirmed_until: Some(until), ..fixture.user("ann") };
    fixture.applied(fixture.registration(&ann, None)).await;
    for identifier in [email_id("ann@example.com"), username_id("ann")] {
        let user = found(&fixture, &identifier, until - MS).await;
        same("in time", &user, &Some(ann.clone()));
        same("too late", &found(&fixture, &identifier, until).await, &None);
    }
}

pub async fn an_address_goes_to_the_next_while_the_old_row_still_stands(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let until = NOW - MS;
    let late =
        User { email_confirmed_at: None, unconfirmed_until: Some(until), ..fixture.user("ann") };
    fixture
        .applied([
            insert_user(&late, None),
            claim_at(&Identifier::email(&late.email), Some(&late.id), Some(until), EARLY),
            claim_at(&Identifier::username(&late.username), Some(&late.id), Some(until), EARLY),
        ])
        .await;
    let next = fixture.user("ann");
    fixture.applied(fixture.registration(&next, None)).await;
    for identifier in [email_id("ann@example.com"), username_id("ann")] {
        let user = found(&fixture, &identifier, NOW).await;
        same("the new one", &user, &Some(next.clone()));
    }
    same("the old", &fixture.account(&late.id).await.user, &late);
}

pub async fn a_hold_is_changed_by_the_one_who_has_it(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await, fixture.add_user("bob").await);
    let name = username_id("ann");
    let until = NOW + DAY;
    fixture.applied([hold(&name, &ann.id, Some(until))]).await;
    assert!(!taken(&fixture, &name, None, until).await);
    fixture.applied([hold(&name, &ann.id, Some(until))]).await;
    fixture.applied([hold(&name, &ann.id, None)]).await;
    assert!(taken(&fixture, &name, None, until).await);

    fixture.refused(Guard::Identifier, [hold(&name, &bob.id, None)]).await;
    let free = username_id("free");
    fixture.refused(Guard::Identifier, [hold(&free, &ann.id, None)]).await;
    let nobodys = username_id("nobodys");
    fixture.applied([claim(&nobodys, None, None)]).await;
    fixture.refused(Guard::Identifier, [hold(&nobodys, &ann.id, None)]).await;
}

pub async fn a_name_is_given_back_by_the_one_who_has_it(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await, fixture.add_user("bob").await);
    let name = username_id("ann");
    fixture.refused(Guard::Identifier, [release(&name, &bob.id)]).await;
    fixture.applied([release(&name, &ann.id)]).await;
    assert!(!taken(&fixture, &name, None, NOW).await);
    assert!(
        taken(&fixture, &email_id("ann@example.com"), None, NOW).await,
        "only the one that was named"
    );
    fixture.refused(Guard::Identifier, [release(&name, &ann.id)]).await;
    let nobodys = username_id("nobodys");
    fixture.applied([claim(&nobodys, None, None)]).await;
    fixture.refused(Guard::Identifier, [release(&nobodys, &ann.id)]).await;
}

pub async fn all_of_a_users_names_are_given_back_at_once(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await, fixture.add_user("bob").await);
    let nobodys = username_id("nobodys");
    fixture.applied([claim(&nobodys, None, None)]).await;
    let all = Change::ReleaseIdentifiers { user_id: ann.id.clone() };
    fixture.applied([all.clone()]).await;
    for free in [email_id("ann@example.com"), username_id("ann")] {
        assert!(!taken(&fixture, &free, None, NOW).await);
    }
    for held in [Identifier::email(&bob.email), Identifier::username(&bob.username), nobodys] {
        assert!(taken(&fixture, &held, None, NOW).await, "another's name");
    }
    fixture.applied([all]).await;
}

pub async fn a_list_can_hand_a_name_over(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await, fixture.add_user("bob").await);
    let name = username_id("ann");
    fixture.applied([claim(&name, Some(&bob.id), None), release(&name, &ann.id)]).await;
    assert!(!taken(&fixture, &name, Some(&bob.id), NOW).await);
    assert!(taken(&fixture, &name, Some(&ann.id), NOW).await);
}
