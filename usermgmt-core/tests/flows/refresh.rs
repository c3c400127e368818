//! Going on with a session: every row of the table of what a presented token
//! means, and how often.

use std::sync::Arc;
use std::time::Duration;

use usermgmt_core::flows::{RefreshError, SignedIn};
use usermgmt_core::keys::KeyRing;
use usermgmt_core::mail::MailKind;
use usermgmt_core::model::session::Session;
use usermgmt_core::store::Change;
use usermgmt_core::{Client, Tokens};

use crate::fixture::*;

async fn refresh(world: &World, token: &str) -> Result<Tokens, RefreshError> {
    world.auth.refresh(token, &home()).await
}

/// Refreshes and gives the next refresh token.
async fn next(world: &World, token: &str) -> String {
    refresh(world, token).await.unwrap().refresh_token.expose().clone()
}

/// The same, and a checked request shows that the reply has arrived.
async fn received_next(world: &World, token: &str) -> String {
    let tokens = refresh(world, token).await.unwrap();
    let current = world.auth.current(tokens.access_token.expose()).await.unwrap();
    noted(world, &current.session).await;
    tokens.refresh_token.expose().clone()
}

/// Waits until it is noted that this session's generation was received, which
/// no request waits for.
async fn noted(world: &World, session: &Session) {
    loop {
        let found = world.auth.store().session(session.id, world.now()).await.unwrap();
        if found.unwrap().0.received == Some(session.generation) {
            return;
        }
        tokio::task::yield_now().await;
    }
}

fn token(signed_in: &SignedIn) -> String {
    signed_in.tokens.refresh_token.expose().clone()
}

fn is_invalid(answer: &Result<Tokens, RefreshError>) -> bool {
    matches!(answer, Err(RefreshError::Invalid))
}

fn is_reuse(answer: &Result<Tokens, RefreshError>) -> bool {
    matches!(answer, Err(RefreshError::Reused))
}

async fn session(world: &World, signed_in: &SignedIn) -> Option<Session> {
    let sessions = world.auth.sessions(&signed_in.user.id).await.unwrap();
    sessions.into_iter().find(|session| session.id == signed_in.session.id)
}

#[tokio::test]
async fn the_present_token_gets_the_next_one() {
    let world = World::new().await;
    let (signed_in, _) = world.signed_in_member("ann").await;
    let first = token(&signed_in);
    world.later(HOUR);
    let mut elsewhere = client(2);
    elsewhere.user_agent = Some("Phone".to_owned());
    let tokens = world.auth.refresh(&first, &elsewhere).await.unwrap();
    assert_ne!(tokens.refresh_token.expose(), &first);
    assert!(tokens.refresh_token.expose().starts_with("umr_"));
    let current = world.auth.current(tokens.access_token.expose()).await.unwrap();
    assert_eq!(current.session.id, signed_in.session.id);
    let session = session(&world, &signed_in).await.unwrap();
    assert_eq!((session.generation, session.rotated_at), (1, Some(world.now())));
    assert_eq!(session.last_seen_at, world.now());
    assert_eq!(session.auth_time, signed_in.session.auth_time);
    assert_eq!(session.ip, elsewhere.address);
    assert_eq!(session.user_agent.as_deref(), Some("Phone"));
}

#[tokio::test]
async fn a_refresh_costs_two_round_trips() {
    let world = World::new().await;
    let (signed_in, _) = world.signed_in_member("ann").await;
    world.store.take_calls();
    refresh(&world, &token(&signed_in)).await.unwrap();
    let calls = world.store.take_calls();
    assert_eq!((calls.reads, calls.applies, calls.changes, calls.counters), (1, 1, 1, 0));
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused_without_asking_the_store() {
    let world = World::new().await;
    world.register("ann").await;
    let link = link_token(&world.mailed(MailKind::Confirmation).await);
    world.auth.confirm(&link, &home()).await.unwrap();
    let signed_in = world.sign_in("ann").await;
    let right = token(&signed_in);
    let access = signed_in.tokens.access_token.expose();
    world.store.take_calls();
    for wrong in [&link, access] {
        assert!(matches!(refresh(&world, wrong).await, Err(RefreshError::WrongType)));
    }
    let changed = right.replace("umr_", "umr_A");
    for wrong in ["", "umr_", "umr_AAAA", &right[1..], &right[..right.len() - 1], &changed] {
        assert!(is_invalid(&refresh(&world, wrong).await), "{wrong}");
    }
    assert_eq!(world.store.take_calls().statements(), 0);
    // A token for another session, or of a later generation, cannot be made up.
    for forged in [
        forged_refresh_token([9; 32], &signed_in.session, 0),
        forged_refresh_token([9; 32], &signed_in.session, 1),
    ] {
        assert!(is_invalid(&refresh(&world, &forged).await));
    }
    assert_eq!(forged_refresh_token(SECRET, &signed_in.session, 0), right);
    refresh(&world, &right).await.unwrap();
}

#[tokio::test]
async fn the_previous_token_gets_the_same_successor_until_its_grace_is_over() {
    for (after, good) in
        [(Duration::ZERO, true), (30 * SECOND - MILLISECOND, true), (30 * SECOND, false)]
    {
        let world = World::new().await;
        let (signed_in, _) = world.signed_in_member("ann").await;
        let first = token(&signed_in);
        let second = received_next(&world, &first).await;
        world.later(after);
        let again = refresh(&world, &first).await;
        if good {
            assert_eq!(again.unwrap().refresh_token.expose(), &second);
            next(&world, &second).await;
        } else {
            assert!(is_reuse(&again));
            assert!(is_invalid(&refresh(&world, &second).await));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn presenting_the_previous_token_does_not_extend_its_grace() {
    let world = World::new().await;
    let (signed_in, _) = world.signed_in_member("ann").await;
    let first = token(&signed_in);
    let second = received_next(&world, &first).await;
    for _ in 0..3 {
        world.later(9 * SECOND);
        assert_eq!(next(&world, &first).await, second);
        assert_eq!(session(&world, &signed_in).await.unwrap().generation, 1);
    }
    world.later(3 * SECOND);
    assert!(is_reuse(&refresh(&world, &first).await));
}

#[tokio::test]
async fn the_previous_token_is_good_for_days_while_its_successor_has_not_arrived() {
    let world = World::new().await;
    let (signed_in, _) = world.signed_in_member("ann").await;
    let first = token(&signed_in);
    let second = next(&world, &first).await;
    for _ in 0..5 {
        world.later(5 * DAY);
        assert_eq!(next(&world, &first).await, second);
    }
    // Used by a refresh, it has arrived.
    next(&world, &second).await;
    assert!(is_reuse(&refresh(&world, &first).await));
}

#[tokio::test]
async fn an_access_token_of_an_earlier_generation_shows_nothing_of_the_present_one() {
    let world = World::new().await;
    let (signed_in, _) = world.signed_in_member("ann").await;
    let first = token(&signed_in);
    let second = next(&world, &first).await;
    world.auth.current(signed_in.tokens.access_token.expose()).await.unwrap();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(session(&world, &signed_in).await.unwrap().received, Some(0));
    world.later(MINUTE);
    assert_eq!(next(&world, &first).await, second);
}

#[tokio::test]
async fn one_of_many_requests_notes_that_a_generation_was_received() {
    let world = World::new().await;
    let (signed_in, _) = world.signed_in_member("ann").await;
    let tokens = refresh(&world, &token(&signed_in)).await.unwrap();
    world.store.take_calls();
    for _ in 0..10 {
        let current = world.auth.current(tokens.access_token.expose()).await.unwrap();
        noted(&world, &current.session).await;
    }
    let calls = world.store.take_calls();
    assert_eq!((calls.applies, calls.changes), (1, 1));
    let session = session(&world, &signed_in).await.unwrap();
    assert_eq!((session.received, session.received_at), (Some(1), Some(world.now())));
}

#[tokio::test]
async fn two_holders_who_take_turns_are_found_at_the_third_generation() {
    let world = World::new().await;
    let (signed_in, _) = world.signed_in_member("ann").await;
    let mut held = token(&signed_in);
    for turn in 1..=2 {
        let successor = next(&world, &held).await;
        world.later(HOUR);
        world.store.take_calls();
        for again in 0..3 {
            assert_eq!(next(&world, &held).await, successor);
            let calls = world.store.take_calls();
            let first = u64::from(again == 0);
            assert_eq!((calls.reads, calls.applies as u64), (1, first), "noted once");
        }
        assert_eq!(session(&world, &signed_in).await.unwrap().replays, turn);
        held = successor;
    }
    next(&world, &held).await;
    world.later(HOUR);
    assert!(is_reuse(&refresh(&world, &held).await));
    assert!(session(&world, &signed_in).await.is_none());
    world.mailed(MailKind::RefreshReuse).await;
}

#[tokio::test]
async fn tabs_are_told_by_an_address_that_is_known() {
    for (known, client) in [(true, home()), (false, Client::default())] {
        let world = World::new().await;
        world.member("ann").await;
        let signed_in = signed_in(world.try_sign_in("ann", PASSWORD, &client).await.unwrap());
        let mut held = token(&signed_in);
        let mut found_at = None;
        for turn in 1..=5 {
            world.later(HOUR);
            let next = world.auth.refresh(&held, &client).await.unwrap();
            world.later(SECOND);
            let other = world.auth.refresh(&held, &client).await;
            if is_reuse(&other) {
                found_at = Some(turn);
                break;
            }
            held = next.refresh_token.expose().clone();
        }
        assert_eq!(found_at, if known { None } else { Some(3) });
    }
}

#[tokio::test]
async fn a_generation_that_goes_well_ends_the_row_of_replays() {
    let world = World::new().await;
    let (signed_in, _) = world.signed_in_member("ann").await;
    let mut held = token(&signed_in);
    for turn in 0..9 {
        let successor = next(&world, &held).await;
        if turn % 3 != 2 {
            world.later(DAY);
            assert_eq!(next(&world, &held).await, successor);
        }
        held = successor;
    }
}

#[tokio::test]
async fn a_token_two_generations_back_is_reuse_at_once() {
    let world = World::new().await;
    let (signed_in, _) = world.signed_in_member("ann").await;
    let other = world.sign_in("ann").await;
    let first = token(&signed_in);
    let second = next(&world, &first).await;
    let third = next(&world, &second).await;
    world.mail().await;
    assert!(is_reuse(&refresh(&world, &first).await));
    for token in [&first, &second, &third] {
        assert!(is_invalid(&refresh(&world, token).await));
    }
    let access = signed_in.tokens.access_token.expose();
    assert!(world.auth.current(access).await.is_err());
    // The owner is told, once; the session that was not reused goes on.
    let mail = world.mailed(MailKind::RefreshReuse).await;
    assert_eq!(mail.recipient.as_str(), "ann@example.com");
    assert_eq!(mail.params["device"], "Browser 1");
    let audited = world.audited(&signed_in.user.id).await;
    assert_eq!(audited.iter().filter(|a| *a == "session.refresh_reused").count(), 1);
    next(&world, &token(&other)).await;
}

#[tokio::test]
async fn without_grace_the_previous_token_is_reuse() {
    let world = World::with(|config| config.refresh_grace = Duration::ZERO).await;
    let (signed_in, _) = world.signed_in_member("ann").await;
    let first = token(&signed_in);
    let second = next(&world, &first).await;
    // Whoever has not received the successor must still get it.
    assert_eq!(received_next(&world, &first).await, second);
    assert!(is_reuse(&refresh(&world, &first).await));
}

#[tokio::test]
async fn a_longer_grace_lasts_as_long_as_it_says() {
    let world = World::with(|config| config.refresh_grace = Duration::from_secs(300)).await;
    let (signed_in, _) = world.signed_in_member("ann").await;
    let first = token(&signed_in);
    let second = received_next(&world, &first).await;
    world.later(300 * SECOND - MILLISECOND);
    assert_eq!(next(&world, &first).await, second);
    world.later(MILLISECOND);
    assert!(is_reuse(&refresh(&world, &first).await));
}

/// Sets a session back, as a store does that is restored from a copy.
async fn lose_writes(world: &World, signed_in: &SignedIn, from: i64, to: i64) {
    let now = world.now();
    world
        .apply(vec![Change::RotateSession {
            id: signed_in.session.id,
            generation: from,
            to,
            now,
            expires_at: now + 30 * DAY,
            ip: None,
            user_agent: None,
        }])
        .await;
}

#[tokio::test]
async fn a_token_later_than_the_store_knows_moves_the_session_on() {
    let world = World::new().await;
    let (signed_in, _) = world.signed_in_member("ann").await;
    let mut tokens = vec![token(&signed_in)];
    for n in 0..5 {
        tokens.push(next(&world, &tokens[n]).await);
    }
    lose_writes(&world, &signed_in, 5, 2).await;
    let sixth = next(&world, &tokens[5]).await;
    assert_eq!(session(&world, &signed_in).await.unwrap().generation, 6);
    // Its reply may be lost as any other's.
    world.later(29 * SECOND);
    assert_eq!(next(&world, &tokens[5]).await, sixth);
    next(&world, &sixth).await;
    assert!(is_reuse(&refresh(&world, &tokens[2]).await));
}

#[tokio::test]
async fn nothing_goes_on_with_a_session_that_ended() {
    for how in ["signed out", "all signed out", "disabled", "deleted", "reset"] {
        let world = World::new().await;
        let (signed_in, current) = world.signed_in_member("ann").await;
        let first = token(&signed_in);
        let second = next(&world, &first).await;
        match how {
            "signed out" => world.auth.sign_out(&current).await.unwrap(),
            "all signed out" => world.auth.sign_out_all(&current.user.id, &home()).await.unwrap(),
            "disabled" => world.disable(&current.user.id).await,
            "deleted" => world.auth.delete_user(&current.user.id).await.unwrap(),
            _ => {
                world.auth.forgot_password("ann", &home()).await.unwrap();
                let link = link_token(&world.mailed(MailKind::PasswordReset).await);
                world.auth.reset_password(&link, &typed(OTHER), &home()).await.unwrap();
            }
        }
        // Within the grace, too.
        for token in [&first, &second] {
            assert!(is_invalid(&refresh(&world, token).await), "{how}");
        }
    }
}

#[tokio::test]
async fn a_user_who_is_not_active_does_not_go_on_even_where_a_session_is_left() {
    let world = World::new().await;
    let (signed_in, current) = world.signed_in_member("ann").await;
    let set = Box::new(usermgmt_core::store::UserPatch {
        disabled_at: Some(Some(world.now())),
        ..Default::default()
    });
    let (id, epoch) = (current.user.id.clone(), current.user.epoch);
    let at = world.now();
    world.apply(vec![Change::UpdateUser { id, epoch, raise_epoch: true, at, set }]).await;
    assert!(is_invalid(&refresh(&world, &token(&signed_in)).await));
}

#[tokio::test]
async fn a_session_ends_after_thirty_idle_days() {
    for (idle, good) in [(30 * DAY - MILLISECOND, true), (30 * DAY, false)] {
        let world = World::new().await;
        let (signed_in, _) = world.signed_in_member("ann").await;
        let second = next(&world, &token(&signed_in)).await;
        world.later(idle);
        let answer = refresh(&world, &second).await;
        assert_eq!(answer.is_ok(), good);
        assert_eq!(is_invalid(&answer), !good);
        assert_eq!(session(&world, &signed_in).await.is_some(), good);
    }
}

#[tokio::test]
async fn a_session_ends_after_ninety_days_however_often_it_is_used() {
    let world = World::new().await;
    let (signed_in, _) = world.signed_in_member("ann").await;
    let began = world.now();
    let mut token = token(&signed_in);
    for _ in 0..89 {
        world.later(DAY);
        token = next(&world, &token).await;
        assert!(session(&world, &signed_in).await.unwrap().expires_at <= began + 90 * DAY);
    }
    world.clock.set(began + 90 * DAY - MILLISECOND);
    token = next(&world, &token).await;
    world.later(MILLISECOND);
    assert!(is_invalid(&refresh(&world, &token).await));
    let access = world.auth.current(signed_in.tokens.access_token.expose()).await;
    assert!(access.is_err());
}

#[tokio::test]
async fn fixed_tokens_stay_the_same_and_keep_the_session_alive() {
    let world = World::with(|config| config.compat.fixed_refresh_tokens = true).await;
    let (signed_in, _) = world.signed_in_member("ann").await;
    let first = token(&signed_in);
    for _ in 0..4 {
        world.later(20 * DAY);
        let tokens = refresh(&world, &first).await.unwrap();
        assert_eq!(tokens.refresh_token.expose(), &first);
        world.auth.current(tokens.access_token.expose()).await.unwrap();
    }
    world.later(10 * DAY);
    assert!(is_invalid(&refresh(&world, &first).await));
}

#[tokio::test]
async fn fixed_tokens_do_not_keep_an_older_one_alive() {
    let world = World::new().await;
    let (signed_in, _) = world.signed_in_member("ann").await;
    let first = token(&signed_in);
    let second = next(&world, &first).await;
    let mut config = config();
    config.compat.fixed_refresh_tokens = true;
    let fixed = world.another(KeyRing::single(SECRET.to_vec()).unwrap(), config).await;
    for _ in 0..4 {
        world.later(10 * SECOND);
        fixed.refresh(&second, &home()).await.unwrap();
    }
    assert!(matches!(fixed.refresh(&first, &home()).await, Err(RefreshError::Reused)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_racing_refreshes_yield_one_successor() {
    for _ in 0..20 {
        let world = Arc::new(World::new().await);
        let (signed_in, _) = world.signed_in_member("ann").await;
        let mut racing = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let (world, token) = (Arc::clone(&world), token(&signed_in));
            racing.spawn(async move { next(&world, &token).await });
        }
        let successors = racing.join_all().await;
        assert!(successors.iter().all(|token| *token == successors[0]));
        assert_eq!(session(&world, &signed_in).await.unwrap().generation, 1);
        next(&world, &successors[0]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racing_reuse_is_told_once() {
    let world = Arc::new(World::new().await);
    let (signed_in, _) = world.signed_in_member("ann").await;
    let first = token(&signed_in);
    received_next(&world, &first).await;
    world.later(MINUTE);
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (world, token) = (Arc::clone(&world), first.clone());
        racing.spawn(async move { refresh(&world, &token).await });
    }
    let answers = racing.join_all().await;
    assert_eq!(answers.iter().filter(|answer| is_reuse(answer)).count(), 1);
    assert_eq!(answers.iter().filter(|answer| is_invalid(answer)).count(), 15);
    world.mailed(MailKind::RefreshReuse).await;
}
