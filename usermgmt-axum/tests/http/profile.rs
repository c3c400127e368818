//! GET, PUT and DELETE /users; /email/confirm and /email/undo

use serde_json::{Value, json};
use usermgmt_core::mail::MailKind;

use crate::harness::{ADA, App, OTHER_PASSWORD, PASSWORD, Reply, Session, app, app_with, token_of};

const UPDATED: &str = "User updated successfully";
const NEW: &str = "ada@new.example.com";

async fn put(app: &App, session: &Session, body: Value) -> Reply {
    app.call("PUT", "/api/v1/users").bearer(&session.access).json(body).send().await
}

async fn delete(app: &App, session: &Session, body: Option<Value>) -> Reply {
    let call = app.call("DELETE", "/api/v1/users").bearer(&session.access);
    match body {
        Some(body) => call.json(body).send().await,
        None => call.send().await,
    }
}

#[tokio::test]
async fn the_account_shows_what_is_known_of_it() {
    let app = app().await;
    let now = app.auth.now().to_string();
    let ada = app.ada().await;
    put(&app, &ada, json!({"first_name": "Ada"})).await.has_status(200);
    app.get("/api/v1/users").bearer(&ada.access).send().await.is(
        200,
        json!({
            "user_id": ada.user_id, "username": "ada", "email": ADA, "is_email_confirmed": true,
            "first_name": "Ada", "last_name": null, "gender": null, "role": "user",
            "created_at": now, "mfa_enabled": false,
        }),
    );
}

#[tokio::test]
async fn what_is_named_changes_and_nothing_else() {
    let app = app().await;
    let ada = app.ada().await;
    let updated = json!({"message": UPDATED});
    put(&app, &ada, json!({})).await.is(200, updated.clone());
    let change = json!({"username": "lovelace", "last_name": "Lovelace", "gender": "Female"});
    put(&app, &ada, change).await.is(200, updated.clone());
    let shown = app.get("/api/v1/users").bearer(&ada.access).send().await.json();
    assert_eq!(shown["username"], "lovelace");
    assert_eq!(shown["last_name"], "Lovelace");
    assert_eq!(shown["first_name"], Value::Null);
    put(&app, &ada, json!({"last_name": ""})).await.is(200, updated);
    let shown = app.get("/api/v1/users").bearer(&ada.access).send().await.json();
    assert_eq!(shown["last_name"], Value::Null);
}

#[tokio::test]
async fn problems_are_nested_under_message() {
    let app = app().await;
    let ada = app.ada().await;
    let body = json!({"username": "ab", "email": null, "gender": 3, "role": "admin"});
    put(&app, &ada, body).await.is(
        400,
        json!({"message": {
            "username": ["Length must be between 3 and 30."],
            "email": ["Field may not be null."],
            "gender": ["Not a valid string."],
            "role": ["Unknown field."],
        }}),
    );
    let schema = json!({"message": {"_schema": ["Invalid input type."]}});
    put(&app, &ada, json!([])).await.is(400, schema);
    app.confirmed("bob", "bob@example.com").await;
    let taken = json!({"message": {"username": ["Email or Username already exists."]}});
    put(&app, &ada, json!({"username": "Bob"})).await.is(400, taken);
}

#[tokio::test]
async fn changing_needs_a_token_before_it_needs_a_body() {
    let app = app().await;
    app.call("PUT", "/api/v1/users").json(json!([])).send().await.has_error(401, "missing_token");
}

#[tokio::test]
async fn a_new_password_needs_the_current_one_and_ends_other_sessions() {
    let app = app().await;
    let ada = app.ada().await;
    let other = app.session(ADA).await;
    put(&app, &ada, json!({"password": OTHER_PASSWORD}))
        .await
        .is(400, json!({"message": {"current_password": ["Missing data for required field."]}}));
    let wrong = json!({"password": OTHER_PASSWORD, "current_password": "wrong"});
    put(&app, &ada, wrong)
        .await
        .is(400, json!({"message": {"current_password": ["The current password is wrong."]}}));
    let easy = json!({"password": "password", "current_password": PASSWORD});
    let map = json!({"message": {"password": ["Password is too easy to guess."]}});
    put(&app, &ada, easy).await.is(400, map);
    let right = json!({"password": OTHER_PASSWORD, "current_password": PASSWORD});
    put(&app, &ada, right).await.is(200, json!({"message": UPDATED}));
    app.get("/api/v1/protected").bearer(&ada.access).send().await.has_status(200);
    app.get("/api/v1/protected").bearer(&other.access).send().await.has_error(401, "invalid_token");
    app.sign_in(ADA, OTHER_PASSWORD).await.has_status(200);
    assert_eq!(app.mails(MailKind::PasswordChanged, ADA).await, 1);
}

#[tokio::test]
async fn a_new_address_takes_effect_once_confirmed_and_can_be_undone() {
    let app = app().await;
    let ada = app.ada().await;
    put(&app, &ada, json!({"email": NEW})).await.is(200, json!({"message": UPDATED}));
    app.sign_in(ADA, PASSWORD).await.has_status(200);
    app.sign_in(NEW, PASSWORD).await.has_status(401);

    let token = token_of(&app.mail(MailKind::EmailChangeConfirm, NEW).await);
    let confirm = app.post("/api/v1/email/confirm", json!({"token": token})).await;
    confirm.is(200, json!({"message": "Email changed"}));
    app.sign_in(NEW, PASSWORD).await.has_status(200);
    app.sign_in(ADA, PASSWORD).await.has_status(401);
    let again = app.post("/api/v1/email/confirm", json!({"token": token})).await;
    again.has_error(400, "link_invalid");

    let token = token_of(&app.mail(MailKind::EmailChanged, ADA).await);
    let undo = app.post("/api/v1/email/undo", json!({"token": token})).await;
    undo.is(200, json!({"message": "Email change undone"}));
    app.get("/api/v1/protected").bearer(&ada.access).send().await.has_error(401, "invalid_token");
    app.sign_in(ADA, PASSWORD).await.has_status(200);
    assert_eq!(app.mails(MailKind::PasswordReset, ADA).await, 1);
}

#[tokio::test]
async fn a_taken_address_is_accepted_and_its_owner_told() {
    let app = app().await;
    let ada = app.ada().await;
    app.confirmed("bob", "bob@example.com").await;
    let body = json!({"email": "Bob@example.com"});
    put(&app, &ada, body).await.is(200, json!({"message": UPDATED}));
    // As its owner spells it: another spelling can be another mailbox.
    assert_eq!(app.mails(MailKind::EmailTaken, "bob@example.com").await, 1);
}

#[tokio::test]
async fn long_after_the_sign_in_a_new_address_needs_the_password() {
    let app =
        app_with(|config, _| config.access_token_ttl = std::time::Duration::from_secs(3600)).await;
    let ada = app.ada().await;
    app.advance(16 * 60);
    put(&app, &ada, json!({"email": NEW})).await.has_error(403, "reauthentication_required");
    delete(&app, &ada, None).await.has_error(403, "reauthentication_required");
    let body = json!({"email": NEW, "current_password": PASSWORD});
    put(&app, &ada, body).await.has_status(200);
    let wrong = delete(&app, &ada, Some(json!({"current_password": "wrong"}))).await;
    let details = wrong.has_error(400, "validation_error").json()["details"].clone();
    assert_eq!(details[0]["loc"], json!(["current_password"]));
    let right = delete(&app, &ada, Some(json!({"current_password": PASSWORD}))).await;
    right.is(200, json!({"message": "User deleted successfully"}));
}

#[tokio::test]
async fn without_reauthentication_as_before() {
    let app = app_with(|config, _| {
        config.access_token_ttl = std::time::Duration::from_secs(3600);
        config.compat.no_reauthentication = true;
    })
    .await;
    let ada = app.ada().await;
    app.advance(16 * 60);
    put(&app, &ada, json!({"email": NEW})).await.has_status(200);
    delete(&app, &ada, None).await.has_status(200);
}

#[tokio::test]
async fn a_deleted_account_is_gone_and_its_names_are_free() {
    let app = app().await;
    let ada = app.ada().await;
    delete(&app, &ada, None).await.is(200, json!({"message": "User deleted successfully"}));
    app.sign_in(ADA, PASSWORD).await.has_status(401);
    app.confirmed("ada", ADA).await;
}

#[tokio::test]
async fn deleting_refuses_what_it_does_not_know() {
    let app = app().await;
    let ada = app.ada().await;
    delete(&app, &ada, Some(json!({"really": true}))).await.has_error(400, "validation_error");
    let call = app.call("DELETE", "/api/v1/users").bearer(&ada.access);
    call.body("text/plain", b"yes").send().await.has_error(415, "unsupported_media_type");
    app.get("/api/v1/protected").bearer(&ada.access).send().await.has_status(200);
}

#[tokio::test]
async fn email_links_need_a_token() {
    let app = app().await;
    for path in ["/api/v1/email/confirm", "/api/v1/email/undo"] {
        app.post(path, json!({})).await.has_error(400, "validation_error");
        app.post(path, json!({"token": "umt_x"})).await.has_error(400, "link_invalid");
    }
}
