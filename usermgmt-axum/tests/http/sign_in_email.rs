//! /signin/methods, /signin/email and /signin/email/confirm

use serde_json::json;
use usermgmt_core::mail::{MailKind, Message};

use crate::harness::{ADA, App, Reply, app, app_with, path_of, token_of, totp};

const CONFIRM: &str = "/api/v1/signin/email/confirm";

/// Where mail signs in.
async fn mailing() -> App {
    app_with(|config, _| config.sign_in.email = true).await
}

/// Asks for a mail; what was answered, and the mail.
async fn ask(app: &App, email: &str) -> (String, Message) {
    let reply = app.post("/api/v1/signin/email", json!({"email": email})).await;
    let request = reply.has_status(200).field("request");
    (request, app.mail(MailKind::EmailSignIn, email).await)
}

async fn enter(app: &App, email: &str, mail: &Message, request: &str) -> Reply {
    let code = mail.code.as_ref().unwrap().expose();
    app.post(CONFIRM, json!({"email": email, "code": code, "request": request})).await
}

#[tokio::test]
async fn a_front_end_is_told_which_ways_there_are() {
    let answer = |methods: &[&str]| json!({"methods": methods, "providers": []});
    let path = "/api/v1/signin/methods";
    app().await.get(path).send().await.is(200, answer(&["password"]));
    mailing().await.get(path).send().await.is(200, answer(&["password", "email"]));
}

#[tokio::test]
async fn the_mailed_code_signs_in_like_a_password() {
    let app = mailing().await;
    app.confirmed("ada", ADA).await;
    let (request, mail) = ask(&app, ADA).await;
    let reply = enter(&app, ADA, &mail, &request).await;
    let body = reply.has_status(200).json();
    assert_eq!((&body["username"], &body["token_type"]), (&json!("ada"), &json!("Bearer")));
    let access = reply.field("access_token");
    let protected = app.get("/api/v1/protected");
    protected.header("authorization", &format!("Bearer {access}")).send().await.has_status(200);
    enter(&app, ADA, &mail, &request).await.has_error(400, "invalid_code");
}

#[tokio::test]
async fn the_mailed_links_token_signs_in_once() {
    let app = mailing().await;
    app.confirmed("ada", ADA).await;
    let (_, mail) = ask(&app, ADA).await;
    let token = token_of(&mail);
    app.post(CONFIRM, json!({"token": token})).await.has_status(200);
    app.post(CONFIRM, json!({"token": token})).await.has_error(400, "invalid_token");
    app.post(CONFIRM, json!({"token": "umt_x"})).await.has_error(400, "invalid_token");
}

#[tokio::test]
async fn asking_is_answered_alike_for_everybody() {
    let app = mailing().await;
    app.confirmed("ada", ADA).await;
    app.register("bob", "bob@example.com").await.has_status(201);
    for email in [ADA, "bob@example.com", "nobody@example.com", "not an address"] {
        let reply = app.post("/api/v1/signin/email", json!({"email": email})).await;
        let mut body = reply.has_status(200).json();
        let request = body.as_object_mut().unwrap().remove("request").unwrap();
        assert_eq!(request.as_str().unwrap().len(), 74);
        assert_eq!(body, json!({"message": "If the email can sign in, a code has been sent."}));
    }
    assert_eq!(app.mails(MailKind::EmailSignIn, "nobody@example.com").await, 0);
}

#[tokio::test]
async fn a_code_without_what_it_was_asked_for_with_is_none() {
    let app = mailing().await;
    app.confirmed("ada", ADA).await;
    let (request, mail) = ask(&app, ADA).await;
    let code = mail.code.as_ref().unwrap().expose();
    app.post(CONFIRM, json!({"email": ADA, "code": code})).await.has_error(400, "invalid_code");
    let (other, _) = ask(&app, ADA).await;
    enter(&app, ADA, &mail, &other).await.has_error(400, "invalid_code");
    enter(&app, ADA, &mail, &request).await.has_status(200);
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let app = mailing().await;
    let reply = app.post("/api/v1/signin/email", json!({})).await;
    let details =
        |reply: &Reply| reply.has_error(400, "validation_error").json()["details"].clone();
    assert_eq!(details(&reply)[0]["loc"], json!(["email"]));
    let reply = app.post(CONFIRM, json!({})).await;
    assert_eq!(details(&reply).as_array().unwrap().len(), 2);
    app.post(CONFIRM, json!({"token": 1})).await.has_error(400, "validation_error");
}

#[tokio::test]
async fn the_second_factor_is_asked_for_after_the_mail() {
    let app = mailing().await;
    let ada = app.ada().await;
    let bearer = format!("Bearer {}", ada.access);
    let enrolled = app.call("POST", "/api/v1/mfa/totp").header("authorization", &bearer);
    let secret = enrolled.send().await.field("secret");
    let code = json!({"code": totp(&app, &secret)});
    let confirm = app.call("POST", "/api/v1/mfa/totp/confirm").header("authorization", &bearer);
    confirm.json(code).send().await.has_status(200);
    app.advance(60);
    let (request, mail) = ask(&app, ADA).await;
    let reply = enter(&app, ADA, &mail, &request).await;
    reply.has_error(401, "mfa_required");
    let body = json!({"mfa_token": reply.field("mfa_token"), "code": totp(&app, &secret)});
    app.post("/api/v1/signin/mfa", body).await.has_status(200);
}

#[tokio::test]
async fn an_account_is_made_where_mail_registers() {
    let app = app_with(|config, _| {
        config.sign_in.email = true;
        config.sign_in.email_registers = true;
    })
    .await;
    let (request, mail) = ask(&app, ADA).await;
    let reply = enter(&app, ADA, &mail, &request).await;
    let body = reply.has_status(200).json();
    assert_eq!((&body["email"], &body["is_email_confirmed"]), (&json!(ADA), &json!(true)));
}

#[tokio::test]
async fn off_there_is_no_such_path() {
    let app = app().await;
    let body = json!({"email": ADA});
    app.post("/api/v1/signin/email", body).await.has_error(404, "not_found");
    let body = json!({"email": ADA, "code": "12345678", "request": "x"});
    app.post(CONFIRM, body).await.has_error(404, "not_found");
    app.post(CONFIRM, json!({"token": "umt_x"})).await.has_error(404, "not_found");
    app.get("/sign-in/email?token=umt_x").send().await.has_error(404, "not_found");
}

#[tokio::test]
async fn the_links_page_says_whom_it_signs_in_and_changes_nothing() {
    let app = mailing().await;
    app.confirmed("ada", ADA).await;
    let (request, mail) = ask(&app, ADA).await;
    let path = path_of(&mail);
    for (language, text) in [
        ("en", "ada is signed in here"),
        ("de", "ada ist hier angemeldet"),
        ("pl", "ada jest tu zalogowany"),
    ] {
        let call = app.get(&path).header("accept", "text/html").header("accept-language", language);
        let page = call.send().await;
        assert!(page.has_status(200).text.contains(text), "{}", page.text);
    }
    enter(&app, ADA, &mail, &request).await.has_status(200);
    app.get(&path).send().await.has_error(400, "invalid_token");
}
