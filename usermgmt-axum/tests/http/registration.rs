//! /register, /resend-confirmation and /confirm

use serde_json::{Value, json};
use usermgmt_core::mail::MailKind;

use crate::harness::{ADA, App, OTHER_PASSWORD, PASSWORD, app, app_with, path_of};

fn ada() -> Value {
    json!({"username": "ada", "email": ADA, "password": PASSWORD})
}

fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

async fn refused(app: &App, body: Value, map: Value) {
    app.post("/api/v1/register", body).await.is(400, map);
}

#[tokio::test]
async fn a_registration_is_accepted_and_its_address_gets_a_mail() {
    let app = app().await;
    let body = json!({
        "username": "ada", "email": ADA, "password": PASSWORD,
        "first_name": "Ada", "last_name": "Lovelace", "gender": "Female",
    });
    let accepted = json!({"message": "User created successfully. Email confirmation sent"});
    app.post("/api/v1/register", body).await.is(201, accepted);
    let mail = app.mail(MailKind::Confirmation, ADA).await;
    assert!(path_of(&mail).starts_with("/confirm-email/umt_"));
    assert!(mail.not_me_link.is_some());
}

#[tokio::test]
async fn every_missing_field_is_named() {
    let app = app().await;
    let missing = json!(["Missing data for required field."]);
    let map = json!({"username": missing, "email": missing, "password": missing});
    refused(&app, json!({}), map).await;
}

#[tokio::test]
async fn all_problems_are_told_at_once() {
    let app = app().await;
    let body = json!({"username": "ab", "email": "ada", "password": "short", "shoe_size": 42});
    let map = json!({
        "username": ["Length must be between 3 and 30."],
        "email": ["Not a valid email address."],
        "password": ["Shorter than minimum length 8."],
        "shoe_size": ["Unknown field."],
    });
    refused(&app, body, map).await;
}

#[tokio::test]
async fn null_and_other_types_are_told_apart() {
    let app = app().await;
    for name in ["username", "email", "password", "first_name", "last_name", "gender"] {
        let map = json!({name: ["Field may not be null."]});
        refused(&app, with(ada(), name, Value::Null), map).await;
        for value in [json!(1), json!(true), json!([]), json!({})] {
            let map = json!({name: ["Not a valid string."]});
            refused(&app, with(ada(), name, value), map).await;
        }
    }
}

#[tokio::test]
async fn a_body_that_is_no_object_is_an_invalid_input_type() {
    let app = app().await;
    for body in [json!([]), json!("ada"), json!(1), Value::Null] {
        refused(&app, body, json!({"_schema": ["Invalid input type."]})).await;
    }
}

#[tokio::test]
async fn lengths_are_counted_in_characters() {
    let app = app().await;
    let thirty_one = with(ada(), "username", json!("x".repeat(31)));
    let map = json!({"username": ["Length must be between 3 and 30."]});
    refused(&app, thirty_one, map).await;
    let thirty = with(ada(), "username", json!("é".repeat(30)));
    app.post("/api/v1/register", thirty).await.has_status(201);
    let long = with(ada(), "first_name", json!("x".repeat(65)));
    refused(&app, long, json!({"first_name": ["Longer than maximum length 64."]})).await;
}

#[tokio::test]
async fn an_easy_password_is_refused_under_its_field() {
    let app = app().await;
    let body = with(ada(), "password", json!("password123"));
    refused(&app, body, json!({"password": ["Password is too easy to guess."]})).await;
}

#[tokio::test]
async fn a_taken_username_is_told_to_everyone() {
    let app = app().await;
    app.register("ada", ADA).await.has_status(201);
    let taken = json!({"message": "Email or Username already exists", "error": "already_exists"});
    app.register("ADA", "other@example.com").await.is(400, taken.clone());
    app.register("ada", ADA).await.is(400, taken);
}

#[tokio::test]
async fn a_known_address_gets_the_same_answer_and_its_owner_a_mail() {
    let app = app().await;
    let first = app.register("ada", ADA).await;
    app.confirmed("bob", "bob@example.com").await;
    let second = app.register("ada2", "BOB@example.com").await;
    assert_eq!((first.status, &first.text), (second.status, &second.text));
    assert_eq!(app.mails(MailKind::AlreadyRegistered, "bob@example.com").await, 1);
}

#[tokio::test]
async fn no_password_stands_that_a_later_registration_contradicted() {
    let app = app().await;
    app.register("mallory", ADA).await.has_status(201);
    let again = json!({"username": "ada", "email": ADA, "password": OTHER_PASSWORD});
    app.post("/api/v1/register", again).await.has_status(201);
    let link = path_of(&app.mail(MailKind::ChoosePassword, ADA).await);
    assert!(link.starts_with("/reset-password?token="));
    for password in [PASSWORD, OTHER_PASSWORD] {
        app.sign_in(ADA, password).await.has_error(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn resending_always_answers_the_same() {
    let app = app().await;
    app.register("ada", ADA).await.has_status(201);
    for email in [ADA, "nobody@example.com", "no address"] {
        let reply = app.post("/api/v1/resend-confirmation", json!({"email": email})).await;
        reply.is(200, json!({"message": "Email confirmation sent"}));
    }
    assert_eq!(
        app.mails(MailKind::Confirmation, ADA).await,
        1,
        "the newer mail replaces the older"
    );
}

#[tokio::test]
async fn resending_needs_an_address() {
    let app = app().await;
    for body in [json!({}), json!({"email": ""}), json!({"email": null}), json!({"email": "  "})] {
        let reply = app.post("/api/v1/resend-confirmation", body).await;
        assert_eq!(reply.has_error(400, "validation_error").field("message"), "Email is required");
    }
    let reply = app.post("/api/v1/resend-confirmation", json!({"email": 5})).await;
    reply.is(
        400,
        json!({
            "message": "Validation failed",
            "error": "validation_error",
            "details": [{
                "loc": ["email"], "msg": "Input should be a valid string", "type": "string_type",
            }],
        }),
    );
}

#[tokio::test]
async fn an_address_is_confirmed_by_its_code() {
    let app = app().await;
    app.register("ada", ADA).await.has_status(201);
    let code = app.mail(MailKind::Confirmation, ADA).await.code.unwrap().expose().clone();
    let body = json!({"email": ADA, "code": code});
    app.post("/api/v1/confirm", body).await.is(200, json!({"message": "Email confirmed"}));
    app.sign_in(ADA, PASSWORD).await.has_status(200);
}

#[tokio::test]
async fn a_wrong_code_is_the_same_for_known_and_unknown_addresses() {
    let app = app().await;
    app.register("ada", ADA).await.has_status(201);
    let mut answers = Vec::new();
    for email in [ADA, "nobody@example.com"] {
        let reply = app.post("/api/v1/confirm", json!({"email": email, "code": "00000000"})).await;
        reply.has_error(400, "invalid_code");
        answers.push(reply.text);
    }
    assert_eq!(answers[0], answers[1]);
    app.post("/api/v1/confirm", json!({"email": ADA})).await.has_error(400, "validation_error");
}

#[tokio::test]
async fn an_address_of_one_label_is_taken_on_ones_own_machine_alone() {
    for (public_url, status) in
        [("http://localhost:8080", 201), ("https://accounts.example.com", 400)]
    {
        let app = app_with(|config, _| config.public_url = public_url.parse().unwrap()).await;
        app.register("ann", "ann@localhost").await.has_status(status);
        app.register("bob", "bob@example.com").await.has_status(201);
    }
}
