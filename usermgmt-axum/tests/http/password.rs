//! /password, /password/forgot and /password/reset

use serde_json::{Value, json};
use usermgmt_core::mail::MailKind;

use crate::harness::{ADA, OTHER_PASSWORD, PASSWORD, app, path_of, token_of};

const FORGOT: &str = "/api/v1/password/forgot";
const RESET: &str = "/api/v1/password/reset";

fn detail(name: &str, msg: &str, kind: &str) -> Value {
    json!({
        "message": "Validation failed",
        "error": "validation_error",
        "details": [{"loc": [name], "msg": msg, "type": kind}],
    })
}

#[tokio::test]
async fn forgetting_answers_everybody_the_same() {
    let app = app().await;
    app.confirmed("ada", ADA).await;
    let sent = json!({"message": "If the email exists, a reset link has been sent."});
    for identifier in [ADA, "ada", "nobody", "nobody@example.com", "\u{0}"] {
        app.post(FORGOT, json!({"identifier": identifier})).await.is(200, sent.clone());
    }
    let missing = detail("identifier", "Field required", "missing");
    app.post(FORGOT, json!({})).await.is(400, missing);
    let empty = detail("identifier", "String should have at least 1 character", "string_too_short");
    app.post(FORGOT, json!({"identifier": ""})).await.is(400, empty);
}

#[tokio::test]
async fn who_forgot_is_named_by_identifier_or_by_email() {
    let app = app().await;
    app.confirmed("ada", ADA).await;
    let sent = json!({"message": "If the email exists, a reset link has been sent."});
    app.post(FORGOT, json!({"email": ADA})).await.is(200, sent.clone());
    assert_eq!(app.mails(MailKind::PasswordReset, ADA).await, 1);
    let both = json!({"email": "nobody@example.com", "identifier": "ada"});
    app.post(FORGOT, both).await.is(200, sent);
    assert_eq!(app.mails(MailKind::PasswordReset, ADA).await, 2);
    let unknown = json!({"identifier": "ada", "mail": ADA});
    app.post(FORGOT, unknown).await.has_error(400, "validation_error");
    let number = json!({"email": 1});
    app.post(FORGOT, number)
        .await
        .is(400, detail("email", "Input should be a valid string", "string_type"));
}

#[tokio::test]
async fn a_reset_sets_the_password_once_and_ends_every_session() {
    let app = app().await;
    let ada = app.ada().await;
    app.post(FORGOT, json!({"identifier": "ada"})).await.has_status(200);
    let mail = app.mail(MailKind::PasswordReset, ADA).await;
    assert!(path_of(&mail).starts_with("/reset-password?token="));
    let token = token_of(&mail);

    let easy = json!({"token": token, "new_password": "password1"});
    let why = "Value error, Password is too easy to guess";
    app.post(RESET, easy).await.is(400, detail("new_password", why, "value_error"));
    let short = json!({"token": token, "new_password": "short"});
    let why = "String should have at least 8 characters";
    app.post(RESET, short).await.is(400, detail("new_password", why, "string_too_short"));

    let body = json!({"token": token, "new_password": OTHER_PASSWORD});
    let done = json!({"message": "Password has been reset successfully."});
    app.post(RESET, body.clone()).await.is(200, done);
    app.post(RESET, body).await.has_error(400, "invalid_token");
    app.sign_in(ADA, PASSWORD).await.has_status(401);
    app.sign_in(ADA, OTHER_PASSWORD).await.has_status(200);
    app.get("/api/v1/protected").bearer(&ada.access).send().await.has_error(401, "invalid_token");
}

#[tokio::test]
async fn a_reset_link_lives_fifteen_minutes() {
    let app = app().await;
    app.confirmed("ada", ADA).await;
    app.post(FORGOT, json!({"identifier": ADA})).await.has_status(200);
    let token = token_of(&app.mail(MailKind::PasswordReset, ADA).await);
    app.advance(15 * 60);
    let body = json!({"token": token, "new_password": OTHER_PASSWORD});
    app.post(RESET, body).await.has_error(400, "invalid_token");
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_the_present_one() {
    let app = app().await;
    let ada = app.ada().await;
    let put = async |body: Value| {
        app.call("PUT", "/api/v1/password").bearer(&ada.access).json(body).send().await
    };
    let wrong = json!({"current_password": "wrong", "new_password": OTHER_PASSWORD});
    let why = "Value error, The current password is wrong";
    put(wrong).await.is(400, detail("current_password", why, "value_error"));
    let missing = json!({"new_password": OTHER_PASSWORD});
    put(missing).await.is(400, detail("current_password", "Field required", "missing"));
    let right = json!({"current_password": PASSWORD, "new_password": OTHER_PASSWORD});
    put(right).await.is(200, json!({"message": "Password changed successfully"}));
    app.sign_in(ADA, OTHER_PASSWORD).await.has_status(200);
    let call = app.call("PUT", "/api/v1/password").json(json!({}));
    call.send().await.has_error(401, "missing_token");
}
