//! /signin

use serde_json::{Value, json};
use usermgmt_core::mail::MailKind;

use crate::harness::{ADA, PASSWORD, app, app_with};

#[tokio::test]
async fn signing_in_gives_tokens_and_says_who_it_is() {
    let app = app().await;
    app.confirmed("ada", ADA).await;
    for body in [
        json!({"email": ADA, "password": PASSWORD}),
        json!({"identifier": "ADA@Example.com", "password": PASSWORD}),
        json!({"identifier": "Ada", "password": PASSWORD}),
    ] {
        let reply = app.post("/api/v1/signin", body).await;
        reply.has_status(200);
        let mut body = reply.json();
        let object = body.as_object_mut().unwrap();
        for secret in ["user_id", "access_token", "refresh_token", "device_token"] {
            assert!(object.remove(secret).unwrap().is_string());
        }
        assert_eq!(
            body,
            json!({
                "email": ADA, "username": "ada", "token_type": "Bearer", "expires_in": 900,
                "is_email_confirmed": true,
            })
        );
    }
}

#[tokio::test]
async fn whatever_is_wrong_with_the_credentials_the_answer_is_one() {
    let app = app().await;
    app.confirmed("ada", ADA).await;
    app.register("bob", "bob@example.com").await.has_status(201);
    for body in [
        json!({"email": ADA, "password": "wrong"}),
        json!({"email": "nobody@example.com", "password": PASSWORD}),
        json!({"email": "bob@example.com", "password": PASSWORD}),
        json!({}),
        json!({"email": ADA}),
        json!({"password": PASSWORD}),
        json!({"email": "\u{0}", "password": "\u{0}"}),
    ] {
        let reply = app.post("/api/v1/signin", body).await;
        let answer = json!({"message": "Login unsuccessful.", "error": "invalid_credentials"});
        assert_eq!(reply.is(401, answer).header("www-authenticate"), Some("Bearer"));
    }
}

#[tokio::test]
async fn wrong_types_are_told() {
    let app = app().await;
    let body = json!({"email": 1, "password": ["x"]});
    let reply = app.post("/api/v1/signin", body).await;
    let wrong = |name: &str| -> Value {
        json!({"loc": [name], "msg": "Input should be a valid string", "type": "string_type"})
    };
    reply.is(
        400,
        json!({
            "message": "Validation failed",
            "error": "validation_error",
            "details": [wrong("email"), wrong("password")],
        }),
    );
    let body = json!({"email": ADA, "password": PASSWORD, "remember": true});
    let reply = app.post("/api/v1/signin", body).await;
    assert_eq!(
        reply.has_error(400, "validation_error").json()["details"][0]["msg"],
        "Unknown field."
    );
}

#[tokio::test]
async fn too_many_tries_are_answered_with_the_time_to_wait() {
    let app = app_with(|config, _| config.limits.enabled = true).await;
    for _ in 0..10 {
        app.sign_in(ADA, "wrong").await.has_status(401);
    }
    let reply = app.sign_in(ADA, "wrong").await;
    let wait: u64 =
        reply.has_error(429, "rate_limited").header("retry-after").unwrap().parse().unwrap();
    assert!((1..=900).contains(&wait), "{wait}");
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_unavailable() {
    let app = app().await;
    app.confirmed("ada", ADA).await;
    app.store.fail_next(1000);
    let reply = app.sign_in(ADA, PASSWORD).await;
    assert!(reply.has_error(503, "unavailable").header("retry-after").is_some());
    app.get("/health/ready").send().await.is(503, json!({"status": "error"}));
    app.get("/health/live").send().await.is(200, json!({"status": "ok"}));
    app.get("/api/users/health")
        .send()
        .await
        .is(503, json!({"status": "error", "database": "down", "user_service": "ok"}));
    app.store.heal();
    app.get("/health/ready").send().await.is(200, json!({"status": "ok"}));
}

#[tokio::test]
async fn a_sign_in_from_elsewhere_is_told_to_the_owner() {
    let app = app().await;
    app.confirmed("ada", ADA).await;
    let body = json!({"email": ADA, "password": PASSWORD});
    for agent in ["Firefox", "Firefox", "curl"] {
        let call = app.call("POST", "/api/v1/signin").header("user-agent", agent);
        call.json(body.clone()).send().await.has_status(200);
    }
    assert_eq!(app.mails(MailKind::NewDevice, ADA).await, 1);
}
