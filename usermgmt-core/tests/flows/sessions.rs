//! Sessions and their end; who a request is from.

use usermgmt_core::Client;
use usermgmt_core::flows::{AuthenticationError, SessionError, SignInOutcome, SignedIn};
use usermgmt_core::jwt::AccessError;
use usermgmt_core::model::session::MAX_SESSIONS;

use crate::fixture::*;

async fn sign_in_from(world: &World, client: &Client) -> SignedIn {
    match world.try_sign_in("ann", PASSWORD, client).await.unwrap() {
        SignInOutcome::SignedIn(signed_in) => *signed_in,
        other => panic!("{other:?}"),
    }
}

fn access(signed_in: &SignedIn) -> &str {
    signed_in.tokens.access_token.expose()
}

fn has_ended<T>(answer: &Result<T, AuthenticationError>) -> bool {
    matches!(answer, Err(AuthenticationError::SessionEnded))
}

#[tokio::test]
async fn a_user_sees_their_sessions_the_one_used_last_first() {
    let world = World::new().await;
    let ann = world.member("ann").await;
    world.member("bob").await;
    world.sign_in("bob").await;
    let first = sign_in_from(&world, &client(1)).await;
    world.later(MINUTE);
    let second = sign_in_from(&world, &client(2)).await;
    world.later(MINUTE);
    world.auth.refresh(first.tokens.refresh_token.expose(), &client(1)).await.unwrap();
    let sessions = world.auth.sessions(&ann.id).await.unwrap();
    let ids: Vec<_> = sessions.iter().map(|session| session.id).collect();
    assert_eq!(ids, [first.session.id, second.session.id]);
    assert_eq!(sessions[1].user_agent.as_deref(), Some("Browser 2"));
    assert_eq!(sessions[1].ip, client(2).address);
}

#[tokio::test]
async fn what_a_client_says_it_is_is_cut_and_cleaned() {
    let world = World::new().await;
    world.member("ann").await;
    let odd = Client { user_agent: Some(format!("a\r\nb{}", "x".repeat(1000))), ..home() };
    let agent = sign_in_from(&world, &odd).await.session.user_agent.unwrap();
    assert_eq!((agent.len(), &agent[..3]), (255, "abx"));
}

#[tokio::test]
async fn ending_one_session_leaves_the_others() {
    let world = World::new().await;
    let ann = world.member("ann").await;
    let (first, second) = (world.sign_in("ann").await, world.sign_in("ann").await);
    world.auth.end_session(&ann.id, first.session.id, &home()).await.unwrap();
    assert!(has_ended(&world.auth.current(access(&first)).await));
    world.auth.current(access(&second)).await.unwrap();
    let again = world.auth.end_session(&ann.id, first.session.id, &home()).await.unwrap_err();
    assert!(matches!(again, SessionError::NotFound));
}

#[tokio::test]
async fn somebody_elses_session_is_not_found() {
    let world = World::new().await;
    let (ann, _) = world.signed_in_member("ann").await;
    let bob = world.member("bob").await;
    let refused = world.auth.end_session(&bob.id, ann.session.id, &home()).await.unwrap_err();
    assert!(matches!(refused, SessionError::NotFound));
    world.auth.current(access(&ann)).await.unwrap();
}

#[tokio::test]
async fn signing_out_ends_this_session_and_may_be_repeated() {
    let world = World::new().await;
    let (first, current) = world.signed_in_member("ann").await;
    let second = world.sign_in("ann").await;
    world.auth.sign_out(&current).await.unwrap();
    world.auth.sign_out(&current).await.unwrap();
    assert!(has_ended(&world.auth.current(access(&first)).await));
    world.auth.current(access(&second)).await.unwrap();
}

#[tokio::test]
async fn signing_out_everywhere_ends_all_of_ones_own() {
    let world = World::new().await;
    let (bob, _) = world.signed_in_member("bob").await;
    let ann = world.member("ann").await;
    let sessions = [world.sign_in("ann").await, world.sign_in("ann").await];
    world.auth.sign_out_all(&ann.id, &home()).await.unwrap();
    for session in &sessions {
        assert!(has_ended(&world.auth.current(access(session)).await));
    }
    world.auth.current(access(&bob)).await.unwrap();
    assert_eq!(world.find("ann").await.unwrap().updated_at, ann.updated_at);
    world.auth.delete_user(&ann.id).await.unwrap();
    world.auth.sign_out_all(&ann.id, &home()).await.unwrap();
}

#[tokio::test]
async fn either_token_tells_who_signs_out() {
    let world = World::new().await;
    let (signed_in, _) = world.signed_in_member("ann").await;
    let first = signed_in.tokens.refresh_token.expose().clone();
    let tokens = world.auth.refresh(&first, &home()).await.unwrap();
    let second = tokens.refresh_token.expose().clone();
    let third = world.auth.refresh(&second, &home()).await.unwrap();
    for good in [third.access_token.expose(), third.refresh_token.expose(), &second] {
        let current = world.auth.bearer_of_any_token(good).await.unwrap();
        assert_eq!(current.session.id, signed_in.session.id);
    }
    assert!(has_ended(&world.auth.bearer_of_any_token(&first).await));
    for none in ["", "umr_", "x.y.z"] {
        let refused = world.auth.bearer_of_any_token(none).await.unwrap_err();
        assert!(matches!(refused, AuthenticationError::Token(AccessError::Invalid)), "{none}");
    }
    world.auth.sign_out(&world.current(&signed_in).await).await.unwrap();
    assert!(has_ended(&world.auth.bearer_of_any_token(third.refresh_token.expose()).await));
}

#[tokio::test]
async fn one_session_too_many_ends_the_one_used_least_recently() {
    let world = World::unlimited().await;
    let ann = world.member("ann").await;
    let mut sessions = Vec::new();
    for _ in 0..MAX_SESSIONS {
        sessions.push(world.sign_in("ann").await);
        world.later(SECOND);
    }
    world.auth.refresh(sessions[0].tokens.refresh_token.expose(), &home()).await.unwrap();
    world.later(SECOND);
    let newest = world.sign_in("ann").await;
    let left = world.auth.sessions(&ann.id).await.unwrap();
    assert_eq!(left.len(), MAX_SESSIONS);
    assert_eq!(left[0].id, newest.session.id);
    assert_eq!(left[1].id, sessions[0].session.id);
    assert!(has_ended(&world.auth.current(access(&sessions[1])).await));
    world.auth.current(access(&sessions[2])).await.unwrap();
}

#[tokio::test]
async fn a_checked_request_costs_one_read() {
    let world = World::new().await;
    let (signed_in, _) = world.signed_in_member("ann").await;
    world.store.take_calls();
    world.current(&signed_in).await;
    let calls = world.store.take_calls();
    assert_eq!((calls.reads, calls.applies, calls.counters), (1, 0, 0));
}

#[tokio::test]
async fn a_deleted_user_is_gone_and_a_disabled_ones_session_has_ended() {
    let world = World::new().await;
    let (signed_in, current) = world.signed_in_member("ann").await;
    let (other, others) = world.signed_in_member("bob").await;
    world.auth.delete_user(&current.user.id).await.unwrap();
    let gone = world.auth.current(access(&signed_in)).await.unwrap_err();
    assert!(matches!(gone, AuthenticationError::UserGone));
    world.disable(&others.user.id).await;
    assert!(has_ended(&world.auth.current(access(&other)).await));
}

#[tokio::test]
async fn an_expired_access_token_is_told_from_one_that_is_none() {
    let world = World::new().await;
    let (signed_in, _) = world.signed_in_member("ann").await;
    world.later(15 * MINUTE - MILLISECOND);
    world.current(&signed_in).await;
    world.later(MILLISECOND);
    let expired = world.auth.current(access(&signed_in)).await.unwrap_err();
    assert!(matches!(expired, AuthenticationError::Token(AccessError::Expired)));
    let refresh = world.auth.current(signed_in.tokens.refresh_token.expose()).await.unwrap_err();
    assert!(matches!(refresh, AuthenticationError::Token(AccessError::WrongType)));
}
