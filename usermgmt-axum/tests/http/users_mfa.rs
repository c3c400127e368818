//! The users API's second factor.

use serde_json::{Value, json};

use crate::harness::{ADA, App, PASSWORD, Reply, Session, app, totp};

async fn send(app: &App, key: &str, method: &str, path: &str, body: Option<Value>) -> Reply {
    let call = app.call(method, &format!("/api/users/mfa{path}")).bearer(key);
    match body {
        Some(body) => call.json(body).send().await,
        None => call.send().await,
    }
}

async fn set_up() -> (App, Session, String) {
    let app = app().await;
    let ada = app.ada().await;
    let key = app.service_key(false).await;
    (app, ada, key)
}

fn secret_of(reply: &Reply) -> String {
    let uri = reply.field("provisioning_uri");
    let (_, rest) = uri.split_once("secret=").unwrap();
    rest.split('&').next().unwrap().to_owned()
}

const NOT_ENABLED: &str = "MFA is not enabled for this user";

#[tokio::test]
async fn a_factor_is_pending_until_its_first_code() {
    let (app, ada, key) = set_up().await;
    let id = &ada.user_id;
    let named = json!({"user_id": id});
    let status = format!("/status?user_id={id}");
    let qr = format!("/qr?user_id={id}");
    let not_enabled = json!({"message": NOT_ENABLED, "error": "validation_error"});
    send(&app, &key, "GET", &qr, None).await.is(400, not_enabled.clone());
    let off = json!({"user_id": id, "enabled": false, "pending": false});
    send(&app, &key, "GET", &status, None).await.is(200, off.clone());

    let enabled = send(&app, &key, "PATCH", "/enable", Some(named.clone())).await;
    let body = enabled.has_status(200).json();
    assert_eq!(body["user_id"], json!(id));
    assert_eq!(body.as_object().unwrap().len(), 3);
    assert!(body["qr_code_base64"].as_str().unwrap().starts_with("iVBORw0KGgo"));
    send(&app, &key, "GET", &qr, None).await.is(200, body);
    let pending = json!({"user_id": id, "enabled": false, "pending": true});
    send(&app, &key, "GET", &status, None).await.is(200, pending);
    app.sign_in(ADA, PASSWORD).await.has_status(200);

    let invalid = json!({"message": "Invalid code", "error": "invalid_code"});
    let wrong = json!({"user_id": id, "code": "000000"});
    send(&app, &key, "POST", "/verify", Some(wrong)).await.is(400, invalid.clone());
    let right = json!({"user_id": id, "code": totp(&app, &secret_of(&enabled))});
    let valid = json!({"valid": true});
    send(&app, &key, "POST", "/verify", Some(right.clone())).await.is(200, valid);
    send(&app, &key, "POST", "/verify", Some(right)).await.is(400, invalid);
    let on = json!({"user_id": id, "enabled": true, "pending": false});
    send(&app, &key, "GET", &status, None).await.is(200, on);
    send(&app, &key, "GET", &qr, None).await.is(400, not_enabled.clone());
    let asked = app.sign_in(ADA, PASSWORD).await;
    assert_eq!(asked.has_error(401, "mfa_required").json()["methods"], json!(["totp"]));

    let disabled = send(&app, &key, "PATCH", "/disable", Some(named.clone())).await;
    assert_eq!(disabled.has_status(200).field("id"), *id);
    assert_eq!(disabled.json()["mfa_secret"], Value::Null);
    send(&app, &key, "GET", &status, None).await.is(200, off);
    send(&app, &key, "PATCH", "/disable", Some(named)).await.is(400, not_enabled);
}

#[tokio::test]
async fn a_confirmed_factor_holds_until_the_new_ones_first_code() {
    let (app, ada, key) = set_up().await;
    let named = json!({"user_id": ada.user_id});
    let first = send(&app, &key, "PATCH", "/enable", Some(named.clone())).await;
    let verify = async |secret: &str, status: u16| {
        let body = json!({"user_id": ada.user_id, "code": totp(&app, secret)});
        send(&app, &key, "POST", "/verify", Some(body)).await.has_status(status);
        app.advance(30);
    };
    let first = secret_of(&first);
    verify(&first, 200).await;
    let second = send(&app, &key, "PATCH", "/enable", Some(named)).await;
    let second = secret_of(&second);
    assert_ne!(first, second);
    verify(&first, 200).await;
    verify(&second, 200).await;
    verify(&first, 400).await;
}

#[tokio::test]
async fn a_pending_factor_is_dropped() {
    let (app, ada, key) = set_up().await;
    let named = json!({"user_id": ada.user_id});
    send(&app, &key, "PATCH", "/enable", Some(named.clone())).await.has_status(200);
    send(&app, &key, "PATCH", "/disable", Some(named)).await.has_status(200);
    let status = format!("/status?user_id={}", ada.user_id);
    let body = send(&app, &key, "GET", &status, None).await.json();
    assert_eq!(body["pending"], false);
}

#[tokio::test]
async fn nobodys_factor_is_not_found() {
    let (app, _, key) = set_up().await;
    let gone = json!({"message": "User not found", "error": "not_found"});
    for id in ["nobody", "\u{0}", ""] {
        let named = json!({"user_id": id, "code": "000000"});
        for (method, path) in [("PATCH", "/enable"), ("PATCH", "/disable"), ("POST", "/verify")] {
            send(&app, &key, method, path, Some(named.clone())).await.is(404, gone.clone());
        }
    }
    for path in ["/qr?user_id=nobody", "/status?user_id=nobody"] {
        send(&app, &key, "GET", path, None).await.is(404, gone.clone());
    }
    for (method, path) in [("PATCH", "/enable"), ("PATCH", "/disable"), ("POST", "/verify")] {
        let reply = send(&app, &key, method, path, Some(json!({}))).await;
        assert_eq!(
            reply.has_error(400, "validation_error").json()["details"][0]["loc"],
            json!(["user_id"])
        );
    }
}
