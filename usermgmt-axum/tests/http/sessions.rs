//! /protected, /refresh_token, /signout and /sessions

use serde_json::json;

use crate::harness::{ADA, App, Reply, app, app_with};

const CHALLENGE: &str = "Bearer error=\"invalid_token\"";

async fn protected(app: &App, token: &str) -> Reply {
    app.get("/api/v1/protected").bearer(token).send().await
}

async fn refresh(app: &App, token: &str) -> Reply {
    app.call("POST", "/api/v1/refresh_token").bearer(token).send().await
}

#[tokio::test]
async fn an_access_token_says_whose_it_is() {
    let app = app().await;
    let ada = app.ada().await;
    protected(&app, &ada.access).await.is(
        200,
        json!({
            "user_id": ada.user_id, "username": "ada", "email": ADA, "is_email_confirmed": true,
        }),
    );
    let lower =
        app.get("/api/v1/protected/").header("authorization", &format!("bearer {}", ada.access));
    lower.send().await.has_status(200);
}

#[tokio::test]
async fn token_failures_are_told_apart() {
    let app = app().await;
    let ada = app.ada().await;
    let missing = app.get("/api/v1/protected").send().await;
    let basic = app.get("/api/v1/protected").header("authorization", "Basic YTpi").send().await;
    let garbage = protected(&app, "garbage").await;
    let wrong_type = protected(&app, &ada.refresh).await;
    app.advance(901);
    let expired = protected(&app, &ada.access).await;
    for (reply, error) in [
        (missing, "missing_token"),
        (basic, "missing_token"),
        (garbage, "invalid_token"),
        (wrong_type, "wrong_token_type"),
        (expired, "token_expired"),
    ] {
        assert_eq!(reply.has_error(401, error).header("www-authenticate"), Some(CHALLENGE));
    }
}

#[tokio::test]
async fn a_header_that_is_no_text_is_an_invalid_token() {
    let app = app().await;
    let call = app.get("/api/v1/protected").header("authorization", "Bearer \u{e9}");
    call.send().await.has_error(401, "invalid_token");
}

#[tokio::test]
async fn the_token_of_a_deleted_user_finds_nobody() {
    let app = app().await;
    let ada = app.ada().await;
    app.auth.delete_user(&ada.user_id.parse().unwrap()).await.unwrap();
    let gone = json!({"message": "User not found", "error": "not_found"});
    protected(&app, &ada.access).await.is(404, gone.clone());
    app.get("/api/v1/users").bearer(&ada.access).send().await.is(404, gone.clone());
    app.call("DELETE", "/api/v1/users").bearer(&ada.access).send().await.is(404, gone);
}

#[tokio::test]
async fn a_refresh_gives_the_next_tokens() {
    let app = app().await;
    let ada = app.ada().await;
    let reply = refresh(&app, &ada.refresh).await;
    reply.has_status(200);
    let body = reply.json();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 900);
    assert_eq!(body.as_object().unwrap().len(), 4);
    assert_ne!(reply.field("refresh_token"), ada.refresh);
    protected(&app, &reply.field("access_token")).await.has_status(200);
}

#[tokio::test]
async fn the_last_token_gets_the_same_successor_until_that_was_used_and_then_ends_the_session() {
    let app = app().await;
    let ada = app.ada().await;
    let next = refresh(&app, &ada.refresh).await.field("refresh_token");
    assert_eq!(refresh(&app, &ada.refresh).await.field("refresh_token"), next);
    app.advance(31);
    assert_eq!(refresh(&app, &ada.refresh).await.field("refresh_token"), next);
    let later = refresh(&app, &next).await.field("refresh_token");
    refresh(&app, &ada.refresh).await.has_error(401, "invalid_token");
    refresh(&app, &later).await.has_error(401, "invalid_token");
}

#[tokio::test]
async fn refreshing_takes_a_refresh_token() {
    let app = app().await;
    let ada = app.ada().await;
    refresh(&app, &ada.access).await.has_error(401, "wrong_token_type");
    let reply = refresh(&app, "garbage").await;
    assert_eq!(reply.has_error(401, "invalid_token").header("www-authenticate"), Some(CHALLENGE));
    let missing = app.call("POST", "/api/v1/refresh_token").send().await;
    missing.has_error(401, "missing_token");
}

#[tokio::test]
async fn fixed_refresh_tokens_do_not_rotate() {
    let app = app_with(|config, _| config.compat.fixed_refresh_tokens = true).await;
    let ada = app.ada().await;
    for _ in 0..3 {
        app.advance(60);
        assert_eq!(refresh(&app, &ada.refresh).await.field("refresh_token"), ada.refresh);
    }
}

#[tokio::test]
async fn signing_out_ends_that_session_by_either_token() {
    let app = app().await;
    let ada = app.ada().await;
    let (other, third) = (app.session(ADA).await, app.session(ADA).await);
    for token in [&ada.access, &other.refresh] {
        let reply = app.call("POST", "/api/v1/signout").bearer(token).send().await;
        assert_eq!(reply.has_status(204).text, "");
    }
    for ended in [&ada, &other] {
        protected(&app, &ended.access).await.has_error(401, "invalid_token");
        refresh(&app, &ended.refresh).await.has_error(401, "invalid_token");
    }
    protected(&app, &third.access).await.has_status(200);
    app.call("POST", "/api/v1/signout").send().await.has_error(401, "missing_token");
}

#[tokio::test]
async fn signing_out_everywhere_ends_all_sessions() {
    let app = app().await;
    let ada = app.ada().await;
    let other = app.session(ADA).await;
    app.call("POST", "/api/v1/signout/all").bearer(&ada.access).send().await.has_status(204);
    protected(&app, &ada.access).await.has_error(401, "invalid_token");
    protected(&app, &other.access).await.has_error(401, "invalid_token");
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one() {
    let app = app().await;
    let ada = app.ada().await;
    app.advance(10);
    let now = app.auth.now().to_string();
    let body = json!({"email": ADA, "password": crate::harness::PASSWORD});
    let call = app.call("POST", "/api/v1/signin").header("user-agent", "Firefox");
    call.json(body).send().await.has_status(200);

    let list = app.get("/api/v1/sessions").bearer(&ada.access).send().await;
    let sessions = list.has_status(200).json()["sessions"].clone();
    assert_eq!(sessions.as_array().unwrap().len(), 2);
    assert_eq!(sessions[0]["user_agent"], "Firefox");
    assert_eq!(sessions[0]["ip"], "203.0.113.7");
    assert_eq!(sessions[0]["current"], false);
    assert_eq!(sessions[0]["created_at"], now);
    assert_eq!(sessions[0]["last_seen_at"], now);
    assert_eq!(sessions[1]["current"], true);
    assert_eq!(sessions[1].as_object().unwrap().len(), 6);

    let path = format!("/api/v1/sessions/{}", sessions[0]["id"].as_str().unwrap());
    app.call("DELETE", &path).bearer(&ada.access).send().await.has_status(204);
    app.call("DELETE", &path).bearer(&ada.access).send().await.has_error(404, "not_found");
}

#[tokio::test]
async fn nobody_ends_a_session_of_somebody_else() {
    let app = app().await;
    let ada = app.ada().await;
    app.confirmed("bob", "bob@example.com").await;
    let bob = app.session("bob@example.com").await;
    let list = app.get("/api/v1/sessions").bearer(&bob.access).send().await.json();
    let his = list["sessions"][0]["id"].as_str().unwrap().to_owned();
    for id in [his.as_str(), "nonsense", "%FF", "AAAAAAAAAAAAAAAAAAAAAA"] {
        let path = format!("/api/v1/sessions/{id}");
        app.call("DELETE", &path).bearer(&ada.access).send().await.has_error(404, "not_found");
    }
    protected(&app, &bob.access).await.has_status(200);
}
