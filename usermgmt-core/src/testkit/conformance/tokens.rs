//! One-time tokens: used once, never after their time.

use std::sync::Arc;
use std::time::Duration;

use super::fixture::{DAY, Fixture, MS, NOW, SECOND, read};
use super::show::same;
use crate::clock::Timestamp;
use crate::model::ids::TokenId;
use crate::model::token::{Purpose, Token};
use crate::store::{Change, Guard, Store};

fn use_at(token: &Token, now: Timestamp) -> Change {
    Change::UseToken { id: token.id, now }
}

fn issue(token: &Token, issue: i64, now: Timestamp) -> Change {
    Change::IssueCode { id: token.id, issue, expires_at: now + Duration::from_secs(600), now }
}

pub async fn every_field_of_a_token_round_trips(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await.id;
    for purpose in Purpose::ALL {
        let empty = fixture.token(&ann, purpose);
        let full = Token {
            binding: Some("José 😀@example.com ".to_owned()),
            created_at: NOW - DAY,
            expires_at: NOW - MS,
            used_at: Some(NOW),
            code_issue: i64::MAX,
            code_expires_at: Some(NOW + DAY),
            ..fixture.token(&ann, purpose)
        };
        let decoy =
            Token { user_id: None, binding: Some(String::new()), ..fixture.token(&ann, purpose) };
        let longest = Token { binding: Some("é".repeat(160)), ..fixture.token(&ann, purpose) };
        for token in [empty, full, decoy, longest] {
            fixture.applied([Change::InsertToken(token.clone())]).await;
            fixture.token_is(&token).await;
        }
    }
    // Bytes that a store that keeps ids as text would lose.
    for bytes in [[0; 16], [0xff; 16], *b"  trailing      "] {
        let token = Token { id: TokenId::from_bytes(bytes), ..fixture.token(&ann, Purpose::Reset) };
        fixture.applied([Change::InsertToken(token.clone())]).await;
        fixture.token_is(&token).await;
    }
    let unknown = read(fixture.store.token(TokenId::generate(&fixture.rng)).await);
    same("an unknown token", &unknown, &None);
}

pub async fn a_token_id_is_taken_once(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await.id;
    let token = fixture.token(&ann, Purpose::Reset);
    fixture.applied([Change::InsertToken(token.clone())]).await;
    let other = Token { id: token.id, ..fixture.token(&ann, Purpose::Confirm) };
    fixture.refused(Guard::Exists, [Change::InsertToken(other)]).await;
}

pub async fn a_token_is_used_once(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await.id;
    let mut token = fixture.token(&ann, Purpose::Reset);
    let other = fixture.token(&ann, Purpose::Reset);
    fixture.applied([&token, &other].map(|t| Change::InsertToken(t.clone()))).await;
    fixture.applied([use_at(&token, NOW + SECOND)]).await;
    token.used_at = Some(NOW + SECOND);
    fixture.token_is(&token).await;
    fixture.token_is(&other).await;
    for now in [NOW, NOW + SECOND, NOW + DAY] {
        fixture.refused(Guard::Token, [use_at(&token, now)]).await;
    }
    let unknown = fixture.token(&ann, Purpose::Reset);
    fixture.refused(Guard::Token, [use_at(&unknown, NOW)]).await;
}

pub async fn a_token_is_good_until_its_expiry_and_not_at_it(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await.id;
    let [used, coded] = [0, 1].map(|_| fixture.token(&ann, Purpose::Reset));
    fixture.applied([&used, &coded].map(|t| Change::InsertToken(t.clone()))).await;
    let end = used.expires_at;
    for now in [end, end + MS, end + DAY] {
        fixture.refused(Guard::Token, [use_at(&used, now)]).await;
        fixture.refused(Guard::Token, [issue(&coded, 0, now)]).await;
    }
    fixture.applied([use_at(&used, end - MS)]).await;
    fixture.applied([issue(&coded, 0, end - MS)]).await;
}

pub async fn a_new_code_needs_the_number_that_was_read(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await.id;
    let mut token = fixture.token(&ann, Purpose::Confirm);
    fixture.applied([Change::InsertToken(token.clone())]).await;
    for number in 0..3 {
        let now = NOW + SECOND;
        fixture.applied([issue(&token, number, now)]).await;
        token.code_issue = number + 1;
        token.code_expires_at = Some(now + Duration::from_secs(600));
        fixture.token_is(&token).await;
        fixture.refused(Guard::Token, [issue(&token, number, now)]).await;
    }
    fixture.refused(Guard::Token, [issue(&token, 4, NOW)]).await;
    fixture.applied([use_at(&token, NOW)]).await;
    fixture.refused(Guard::Token, [issue(&token, 3, NOW)]).await;
    let unknown = fixture.token(&ann, Purpose::Confirm);
    fixture.refused(Guard::Token, [issue(&unknown, 0, NOW)]).await;
}

pub async fn voiding_ends_a_users_unused_tokens_of_the_purpose(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await.id, fixture.add_user("bob").await.id);
    let at = NOW + SECOND;
    let reset = fixture.token(&ann, Purpose::Reset);
    let expired = Token { expires_at: NOW - DAY, ..fixture.token(&ann, Purpose::Reset) };
    let used = Token { used_at: Some(NOW - DAY), ..fixture.token(&ann, Purpose::Reset) };
    let confirm = fixture.token(&ann, Purpose::Confirm);
    let others = fixture.token(&bob, Purpose::Reset);
    let decoy = Token { user_id: None, ..fixture.token(&ann, Purpose::Reset) };
    fixture
        .applied(
            [&reset, &expired, &used, &confirm, &others, &decoy]
                .map(|token| Change::InsertToken(token.clone())),
        )
        .await;
    let void = |purpose| Change::VoidTokens { user_id: ann.clone(), purpose, since: None, now: at };
    let voided = |token: &Token| Token { used_at: Some(at), ..token.clone() };

    fixture.applied([void(Some(Purpose::Reset))]).await;
    for expected in [&voided(&reset), &voided(&expired), &used, &confirm, &others, &decoy] {
        fixture.token_is(expected).await;
    }
    fixture.refused(Guard::Token, [use_at(&reset, at)]).await;

    fixture.applied([void(None)]).await;
    fixture.token_is(&voided(&confirm)).await;
    fixture.token_is(&others).await;
    fixture.applied([void(None)]).await;
}

pub async fn voiding_since_a_time_keeps_older_tokens(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await.id;
    for purpose in [None, Some(Purpose::EmailUndo)] {
        let [older, then, newer] = [NOW - MS, NOW, NOW + MS]
            .map(|created_at| Token { created_at, ..fixture.token(&ann, Purpose::EmailUndo) });
        fixture
            .applied([&older, &then, &newer].map(|token| Change::InsertToken(token.clone())))
            .await;
        let (user_id, since) = (ann.clone(), Some(NOW));
        fixture.applied([Change::VoidTokens { user_id, purpose, since, now: NOW }]).await;
        fixture.token_is(&older).await;
        for void in [then, newer] {
            fixture.token_is(&Token { used_at: Some(NOW), ..void }).await;
        }
    }
}

pub async fn a_list_voids_the_old_tokens_and_keeps_the_one_it_adds(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await.id;
    let [old, new] = [0, 1].map(|_| fixture.token(&ann, Purpose::Reset));
    fixture.applied([Change::InsertToken(old.clone())]).await;
    fixture
        .applied([
            Change::InsertToken(new.clone()),
            Change::VoidTokens { user_id: ann.clone(), purpose: None, since: None, now: NOW },
        ])
        .await;
    fixture.token_is(&new).await;
    let old = Token { used_at: Some(NOW), ..old };
    fixture.token_is(&old).await;
}

pub async fn the_live_token_is_the_newest_that_is_good(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await.id, fixture.add_user("bob").await.id);
    let live = |purpose, now| {
        let (store, ann) = (Arc::clone(&fixture.store), ann.clone());
        async move { read(store.live_token(&ann, purpose, now).await) }
    };
    same("of none", &live(Purpose::Reset, NOW).await, &None);

    let made_at = |created_at, lives: Duration| Token {
        created_at,
        expires_at: created_at + lives,
        ..fixture.token(&ann, Purpose::Reset)
    };
    let newest = made_at(NOW + SECOND * 3, SECOND);
    let second = made_at(NOW + SECOND * 2, SECOND * 5);
    let third = made_at(NOW + SECOND, DAY);
    let used = Token { used_at: Some(NOW), ..made_at(NOW + SECOND * 4, DAY) };
    let confirm = Token { purpose: Purpose::Confirm, ..made_at(NOW + SECOND * 5, DAY) };
    let others = Token { user_id: Some(bob), ..made_at(NOW + SECOND * 6, DAY) };
    let decoy = Token { user_id: None, ..made_at(NOW + SECOND * 7, DAY) };
    fixture
        .applied(
            [&third, &newest, &second, &used, &confirm, &others, &decoy]
                .map(|token| Change::InsertToken(token.clone())),
        )
        .await;
    let end = newest.expires_at;
    let cases = [
        ("in its time", end - MS, &newest),
        ("at its expiry", end, &second),
        ("at the second's expiry", second.expires_at, &third),
    ];
    for (what, now, expected) in cases {
        let found = live(Purpose::Reset, now).await;
        same(what, &found, &Some(expected.clone()));
    }
    let found = live(Purpose::Reset, third.expires_at).await;
    same("when all are expired", &found, &None);
    let found = live(Purpose::Confirm, NOW).await;
    same("of another purpose", &found, &Some(confirm));
}
