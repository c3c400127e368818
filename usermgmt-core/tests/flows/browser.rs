//! Sessions that a browser keeps as a cookie.

use std::sync::Arc;
use std::time::Duration;

use usermgmt_core::flows::AuthenticationError;
use usermgmt_core::jwt::AccessError;
use usermgmt_core::metrics::SignInResult;
use usermgmt_core::model::audit::Origin;

use crate::fixture::*;

fn has_ended<T>(answer: &Result<T, AuthenticationError>) -> bool {
    matches!(answer, Err(AuthenticationError::SessionEnded))
}

#[tokio::test]
async fn a_cookie_stands_for_its_session_and_takes_one_statement() {
    let world = World::new().await;
    world.member("ann").await;
    let signed_in = world.sign_in("ann").await;
    let cookie = world.auth.browser_cookie(&signed_in.session);
    let current = world.auth.current_in_browser(cookie.expose(), &home()).await.unwrap();
    assert_eq!((current.session.id, &current.user), (signed_in.session.id, &signed_in.user));
    let claims = world.auth.claims_in_browser(&current).await.unwrap();
    assert_eq!((claims.sid, &claims.sub), (signed_in.session.id, &signed_in.user.id));
}

#[tokio::test]
async fn no_other_token_is_a_cookie_and_a_cookie_is_no_other_token() {
    let world = World::new().await;
    world.member("ann").await;
    let signed_in = world.sign_in("ann").await;
    for other in [
        signed_in.tokens.access_token.expose(),
        signed_in.tokens.refresh_token.expose(),
        signed_in.device_token.expose(),
        "umb_",
        "",
    ] {
        let refused = world.auth.current_in_browser(other, &home()).await.unwrap_err();
        assert!(matches!(refused, AuthenticationError::Token(AccessError::Invalid)), "{other}");
    }
    let cookie = world.auth.browser_cookie(&signed_in.session);
    let refused = world.auth.current(cookie.expose()).await.unwrap_err();
    assert!(matches!(refused, AuthenticationError::Token(AccessError::WrongType)));
    world.auth.refresh(cookie.expose(), &home()).await.unwrap_err();
}

#[tokio::test]
async fn a_cookie_ends_with_its_session_and_with_its_users_account() {
    let world = World::new().await;
    let ann = world.member("ann").await;
    let cookie_of = async || {
        let signed_in = world.sign_in("ann").await;
        (world.auth.browser_cookie(&signed_in.session), signed_in.session)
    };
    let (first, session) = cookie_of().await;
    world.auth.end_session(&ann.id, session.id, &home()).await.unwrap();
    assert!(has_ended(&world.auth.current_in_browser(first.expose(), &home()).await));

    let (second, _) = cookie_of().await;
    world.auth.disable_user(&Origin::default(), &ann.id).await.unwrap();
    assert!(has_ended(&world.auth.current_in_browser(second.expose(), &home()).await));
}

#[tokio::test]
async fn a_session_that_is_used_lives_on_until_its_last_day() {
    let world = World::new().await;
    world.member("ann").await;
    let signed_in = world.sign_in("ann").await;
    let cookie = world.auth.browser_cookie(&signed_in.session);
    for _ in 0..4 {
        world.later(Duration::from_secs(20 * 86_400));
        world.auth.current_in_browser(cookie.expose(), &client(2)).await.unwrap();
    }
    let sessions = world.auth.sessions(&signed_in.user.id).await.unwrap();
    assert_eq!(sessions[0].ip, client(2).address);
    assert_eq!(sessions[0].expires_at, signed_in.session.max_expires_at);
    world.later(Duration::from_secs(20 * 86_400));
    assert!(has_ended(&world.auth.current_in_browser(cookie.expose(), &home()).await));
}

#[tokio::test]
async fn a_renewed_session_is_the_same_sign_in_under_another_cookie() {
    let world = World::new().await;
    world.member("ann").await;
    let signed_in = world.sign_in("ann").await;
    let old = world.auth.browser_cookie(&signed_in.session);
    let current = world.auth.current_in_browser(old.expose(), &home()).await.unwrap();
    let renewed = world.auth.renew_session(&current).await.unwrap();
    assert!(has_ended(&world.auth.current_in_browser(old.expose(), &home()).await));
    let new = world.auth.browser_cookie(&renewed);
    let now = world.auth.current_in_browser(new.expose(), &home()).await.unwrap();
    assert_eq!(now.session.auth_time, signed_in.session.auth_time);
    assert_eq!(now.session.max_expires_at, signed_in.session.max_expires_at);
    assert!(has_ended(&world.auth.renew_session(&current).await));
}

#[tokio::test]
async fn a_renewed_session_counts_as_no_sign_in() {
    let counts = Counts::default();
    let world = World::built(|builder| builder.metrics(Arc::new(counts.clone()))).await;
    world.member("ann").await;
    let cookie = world.auth.browser_cookie(&world.sign_in("ann").await.session);
    let current = world.auth.current_in_browser(cookie.expose(), &home()).await.unwrap();
    assert_eq!(counts.sign_ins(SignInResult::SignedIn), 1);
    world.auth.renew_session(&current).await.unwrap();
    assert_eq!(counts.sign_ins(SignInResult::SignedIn), 1);
    world.sign_in("ann").await;
    assert_eq!(counts.sign_ins(SignInResult::SignedIn), 2);
}
