//! /mfa and /signin/mfa

use serde_json::{Value, json};

use crate::harness::{ADA, App, PASSWORD, Reply, Session, app, app_with, totp};

async fn post(app: &App, path: &str, session: &Session, body: Value) -> Reply {
    app.call("POST", path).bearer(&session.access).json(body).send().await
}

/// Turns the second factor on; the secret and the recovery codes.
async fn enrolled(app: &App, session: &Session) -> (String, Vec<String>) {
    let begun = app.call("POST", "/api/v1/mfa/totp").bearer(&session.access).send().await;
    let secret = begun.has_status(200).field("secret");
    let code = totp(app, &secret);
    let on = post(app, "/api/v1/mfa/totp/confirm", session, json!({"code": code})).await;
    let codes = on.has_status(200).json()["recovery_codes"].clone();
    app.advance(30);
    (secret, serde_json::from_value(codes).unwrap())
}

#[tokio::test]
async fn enrolment_shows_the_secret_in_every_form() {
    let app = app().await;
    let ada = app.ada().await;
    let reply = app.call("POST", "/api/v1/mfa/totp").bearer(&ada.access).send().await;
    let body = reply.has_status(200).json();
    let uri = body["provisioning_uri"].as_str().unwrap();
    assert!(uri.starts_with("otpauth://totp/usermgmt:ada%40example.com?secret="), "{uri}");
    assert!(uri.contains(body["secret"].as_str().unwrap()));
    assert!(body["qr_code_base64"].as_str().unwrap().starts_with("iVBORw0KGgo"));
    assert!(body["qr_code_svg"].as_str().unwrap().contains("<svg"));
    assert_eq!(body.as_object().unwrap().len(), 4);
}

#[tokio::test]
async fn the_first_code_turns_it_on_and_gives_ten_recovery_codes() {
    let app = app().await;
    let ada = app.ada().await;
    let wrong = post(&app, "/api/v1/mfa/totp/confirm", &ada, json!({"code": "000000"})).await;
    wrong.has_error(400, "invalid_code");
    let (_, codes) = enrolled(&app, &ada).await;
    assert_eq!(codes.len(), 10);
    let shown = app.get("/api/v1/users").bearer(&ada.access).send().await.json();
    assert_eq!(shown["mfa_enabled"], true);
}

#[tokio::test]
async fn signing_in_asks_for_the_second_factor() {
    let app = app().await;
    let ada = app.ada().await;
    let (secret, codes) = enrolled(&app, &ada).await;
    let reply = app.sign_in(ADA, PASSWORD).await;
    let body = reply.has_error(401, "mfa_required").json();
    assert_eq!(body["methods"], json!(["totp", "recovery_code"]));
    assert_eq!(body.as_object().unwrap().len(), 4);
    let ticket = reply.field("mfa_token");

    let wrong = json!({"mfa_token": ticket, "code": "000000"});
    app.post("/api/v1/signin/mfa", wrong).await.has_error(401, "invalid_code");
    let right = json!({"mfa_token": ticket, "code": totp(&app, &secret)});
    let signed_in = app.post("/api/v1/signin/mfa", right.clone()).await;
    assert_eq!(signed_in.has_status(200).field("email"), ADA);
    app.post("/api/v1/signin/mfa", right).await.has_error(401, "invalid_code");

    let ticket = app.sign_in(ADA, PASSWORD).await.field("mfa_token");
    let recovery = json!({"mfa_token": ticket, "code": codes[0].to_lowercase()});
    app.post("/api/v1/signin/mfa", recovery).await.has_status(200);
    app.post("/api/v1/signin/mfa", json!({})).await.has_error(400, "validation_error");
    let garbage = json!({"mfa_token": "umt_x", "code": "000000"});
    app.post("/api/v1/signin/mfa", garbage).await.has_error(401, "invalid_code");
}

#[tokio::test]
async fn a_ticket_takes_five_tries_and_lives_five_minutes() {
    let app = app().await;
    let ada = app.ada().await;
    let (secret, _) = enrolled(&app, &ada).await;
    let ticket = app.sign_in(ADA, PASSWORD).await.field("mfa_token");
    for _ in 0..5 {
        let wrong = json!({"mfa_token": ticket, "code": "000000"});
        app.post("/api/v1/signin/mfa", wrong).await.has_error(401, "invalid_code");
    }
    let right = json!({"mfa_token": ticket, "code": totp(&app, &secret)});
    app.post("/api/v1/signin/mfa", right).await.has_error(401, "invalid_code");

    let ticket = app.sign_in(ADA, PASSWORD).await.field("mfa_token");
    app.advance(300);
    let right = json!({"mfa_token": ticket, "code": totp(&app, &secret)});
    app.post("/api/v1/signin/mfa", right).await.has_error(401, "invalid_code");
}

#[tokio::test]
async fn turning_it_off_needs_a_code() {
    let app = app().await;
    let ada = app.ada().await;
    let (secret, _) = enrolled(&app, &ada).await;
    let delete = async |body: Value| {
        let call = app.call("DELETE", "/api/v1/mfa/totp").bearer(&ada.access);
        call.json(body).send().await
    };
    delete(json!({})).await.has_error(400, "validation_error");
    delete(json!({"code": "000000"})).await.has_error(400, "invalid_code");
    delete(json!({"code": totp(&app, &secret)})).await.has_status(204);
    app.sign_in(ADA, PASSWORD).await.has_status(200);
    delete(json!({"code": "000000"})).await.has_error(400, "invalid_code");
}

#[tokio::test]
async fn new_recovery_codes_void_the_old_ones() {
    let app = app().await;
    let ada = app.ada().await;
    let (secret, old) = enrolled(&app, &ada).await;
    let path = "/api/v1/mfa/recovery-codes";
    post(&app, path, &ada, json!({"code": "000000"})).await.has_error(400, "invalid_code");
    let reply = post(&app, path, &ada, json!({"code": totp(&app, &secret)})).await;
    let new = reply.has_status(200).json()["recovery_codes"].clone();
    assert_eq!(new.as_array().unwrap().len(), 10);
    let ticket = app.sign_in(ADA, PASSWORD).await.field("mfa_token");
    for (code, status) in [(json!(old[0]), 401), (new[0].clone(), 200)] {
        let body = json!({"mfa_token": ticket, "code": code});
        app.post("/api/v1/signin/mfa", body).await.has_status(status);
    }
}

#[tokio::test]
async fn long_after_the_sign_in_enrolment_and_removal_need_the_password() {
    let app =
        app_with(|config, _| config.access_token_ttl = std::time::Duration::from_secs(3600)).await;
    let ada = app.ada().await;
    app.advance(16 * 60);
    let enrol = post(&app, "/api/v1/mfa/totp", &ada, json!({})).await;
    enrol.has_error(403, "reauthentication_required");
    let with_password = json!({"current_password": PASSWORD});
    post(&app, "/api/v1/mfa/totp", &ada, with_password).await.has_status(200);
    let call = app.call("DELETE", "/api/v1/mfa/totp").bearer(&ada.access);
    let remove = call.json(json!({"code": "000000"})).send().await;
    remove.has_error(403, "reauthentication_required");
}
