//! Passkeys by the account API, where two processes take turns.

use futures_util::future::join_all;
use serde_json::{Value, json};
use usermgmt_core::mail::MailKind;

use crate::authenticator::Device;
use crate::harness::{ADA, App, PASSWORD, Reply, Session, app, app_with};

/// Two processes on one store; every call goes to the one that the last did not go to.
struct Pair {
    app: App,
    other: axum::Router,
}

impl Pair {
    async fn new() -> Self {
        let app = app_with(|config, _| {
            config.sign_in.passkeys = true;
            config.access_token_ttl = std::time::Duration::from_secs(3600);
        })
        .await;
        let other = app.replica().await;
        Self { app, other }
    }

    async fn call(&mut self, method: &str, path: &str, token: &str, body: Value) -> Reply {
        std::mem::swap(&mut self.app.router, &mut self.other);
        let call = self.app.call(method, &format!("/api/v1{path}"));
        let call = if token.is_empty() { call } else { call.bearer(token) };
        call.json(body).send().await
    }

    async fn add(&mut self, ada: &Session, device: &mut Device, name: &str) -> Reply {
        self.add_called(ada, device, json!(name)).await
    }

    /// With a name, or null.
    async fn add_called(&mut self, ada: &Session, device: &mut Device, name: Value) -> Reply {
        let asked = self.call("POST", "/passkeys/options", &ada.access, json!({})).await;
        let asked = asked.has_status(200).json();
        let made: Value = serde_json::from_str(&device.make(&asked["options"]).await).unwrap();
        let body = json!({"request": asked["request"], "credential": made, "name": name});
        self.call("POST", "/passkeys", &ada.access, body).await
    }

    /// What signs in, and what it answers.
    async fn answer(&mut self, device: &mut Device) -> Value {
        let asked = self.call("POST", "/signin/passkey/options", "", json!({})).await;
        let asked = asked.has_status(200).json();
        let signed: Value = serde_json::from_str(&device.sign(&asked["options"]).await).unwrap();
        json!({"request": asked["request"], "credential": signed})
    }
}

#[tokio::test]
async fn what_one_process_began_another_finishes() {
    let mut pair = Pair::new().await;
    let ada = pair.app.ada().await;
    let mut device = Device::new();
    let added = pair.add(&ada, &mut device, "Laptop").await.has_status(201).json();
    assert_eq!(added["name"], "Laptop");
    assert_eq!(added["last_used_at"], Value::Null);
    assert_eq!(added["recovery_codes"].as_array().unwrap().len(), 10);
    assert_eq!(pair.app.mails(MailKind::PasskeyAdded, ADA).await, 1);

    let answer = pair.answer(&mut device).await;
    let signed_in = pair.call("POST", "/signin/passkey", "", answer.clone()).await;
    assert_eq!(signed_in.has_status(200).field("user_id"), ada.user_id);
    for _ in 0..2 {
        let again = pair.call("POST", "/signin/passkey", "", answer.clone()).await;
        again.has_error(401, "invalid_credentials");
    }
    let listed = pair.call("GET", "/passkeys", &signed_in.field("access_token"), json!({})).await;
    let listed = listed.has_status(200).json();
    assert_ne!(listed["passkeys"][0]["last_used_at"], Value::Null);
    assert_eq!(listed["passkeys"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn of_racing_answers_one_signs_in() {
    let mut pair = Pair::new().await;
    let ada = pair.app.ada().await;
    let mut device = Device::new();
    pair.add(&ada, &mut device, "Laptop").await.has_status(201);
    let answer = pair.answer(&mut device).await;
    let app = &pair.app;
    let replies = join_all((0..32).map(|_| app.post("/api/v1/signin/passkey", answer.clone())));
    let statuses: Vec<u16> =
        replies.await.iter().map(|reply| reply.status.as_u16()).filter(|s| *s != 503).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 401].contains(status)), "{statuses:?}");
}

#[tokio::test]
async fn a_passkey_is_named_and_removed() {
    let mut pair = Pair::new().await;
    let ada = pair.app.ada().await;
    let added = pair.add(&ada, &mut Device::new(), "Laptop").await;
    let path = format!("/passkeys/{}", added.field("id"));
    let named = pair.call("PATCH", &path, &ada.access, json!({"name": "Work"})).await;
    assert_eq!(named.has_status(200).field("name"), "Work");
    let wrong = pair.call("PATCH", &path, &ada.access, json!({"name": "x".repeat(65)})).await;
    wrong.has_status(400);

    pair.app.confirmed("bob", "bob@example.com").await;
    let bob = pair.app.session("bob@example.com").await;
    for (method, body) in [("PATCH", json!({"name": "Mine"})), ("DELETE", json!({}))] {
        pair.call(method, &path, &bob.access, body).await.has_error(404, "not_found");
    }
    pair.call("DELETE", &path, &ada.access, json!({})).await.has_status(204);
    pair.call("DELETE", &path, &ada.access, json!({})).await.has_error(404, "not_found");
    assert_eq!(pair.app.mails(MailKind::PasskeyRemoved, ADA).await, 1);
}

#[tokio::test]
async fn a_passkey_without_a_name_is_called_what_made_it() {
    let mut pair = Pair::new().await;
    let ada = pair.app.ada().await;
    let bitwarden = 0xd548826e_79b4_db40_a3d8_11116f7e8349_u128.to_be_bytes();
    for (model, expected) in [(bitwarden, "Bitwarden"), ([7; 16], "Passkey")] {
        let added = pair.add_called(&ada, &mut Device::of_model(model), Value::Null).await;
        assert_eq!(added.has_status(201).field("name"), expected);
    }
}

#[tokio::test]
async fn a_first_password_needs_a_recent_sign_in_and_a_passkey_is_one() {
    let mut pair = Pair::new().await;
    let ada = pair.app.ada().await;
    let mut device = Device::new();
    pair.add(&ada, &mut device, "Laptop").await.has_status(201);
    pair.app.without_password(ADA).await;
    let answer = pair.answer(&mut device).await;
    let signed_in = pair.call("POST", "/signin/passkey", "", answer).await;
    let signed_in = signed_in.has_status(200).field("access_token");
    pair.app.advance(16 * 60);
    let first = || json!({"new_password": PASSWORD});
    let refused = pair.call("PUT", "/password", &signed_in, first()).await;
    let refused = refused.has_error(403, "reauthentication_required").json();
    assert_eq!(refused["methods"], json!(["passkey"]));
    let answer = pair.answer(&mut device).await;
    let again = pair.call("POST", "/signin/passkey", "", answer).await.field("access_token");
    pair.call("PUT", "/password", &again, first()).await.has_status(200);
    assert_eq!(pair.app.mails(MailKind::PasswordChanged, ADA).await, 1);
    // There is one first password.
    let second = pair.call("PUT", "/password", &again, first()).await;
    second.has_error(400, "validation_error");
    pair.app.sign_in(ADA, PASSWORD).await.has_error(401, "mfa_required");
}

#[tokio::test]
async fn a_passkey_stands_in_for_the_code_after_a_password() {
    let mut pair = Pair::new().await;
    let ada = pair.app.ada().await;
    let mut device = Device::new();
    pair.add(&ada, &mut device, "Laptop").await.has_status(201);
    let half = pair.app.sign_in(ADA, PASSWORD).await;
    half.has_error(401, "mfa_required");
    assert_eq!(half.json()["methods"][0], "passkey", "{}", half.text);
    let ticket = json!({"mfa_token": half.field("mfa_token")});
    let asked = pair.call("POST", "/signin/mfa/passkey/options", "", ticket).await;
    let options = asked.has_status(200).json()["options"].clone();
    let signed: Value = serde_json::from_str(&device.sign(&options).await).unwrap();
    let body = json!({"mfa_token": half.field("mfa_token"), "credential": signed});
    let signed_in = pair.call("POST", "/signin/mfa", "", body.clone()).await;
    assert_eq!(signed_in.has_status(200).field("user_id"), ada.user_id);
    pair.call("POST", "/signin/mfa", "", body).await.has_status(401);
}

#[tokio::test]
async fn a_sign_in_by_passkey_stands_for_a_code_where_recovery_codes_are_made() {
    let mut pair = Pair::new().await;
    let ada = pair.app.ada().await;
    let mut device = Device::new();
    pair.add(&ada, &mut device, "Laptop").await.has_status(201);
    let path = "/mfa/recovery-codes";
    let refused = pair.call("POST", path, &ada.access, json!({})).await;
    let refused = refused.has_error(403, "reauthentication_required").json();
    assert_eq!(refused["methods"], json!(["password", "passkey"]));
    let answer = pair.answer(&mut device).await;
    let access = pair.call("POST", "/signin/passkey", "", answer).await.field("access_token");
    let made = pair.call("POST", path, &access, json!({})).await.has_status(200).json();
    assert_eq!(made["recovery_codes"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn what_is_refused_of_passkeys_says_so_by_its_code() {
    let mut pair = Pair::new().await;
    let ada = pair.app.ada().await;
    let mut device = Device::new();
    let added = pair.add(&ada, &mut device, "Laptop").await.has_status(201).field("id");
    let one = format!("/passkeys/{added}");

    let asked = pair.call("POST", "/passkeys/options", &ada.access, json!({})).await.json();
    let made = Device::new().make(&asked["options"]).await;
    let credential: Value = serde_json::from_str(&made).unwrap();
    for request in [json!("x"), json!(&ada.access)] {
        let body = json!({"request": request, "credential": credential});
        pair.call("POST", "/passkeys", &ada.access, body).await.has_error(400, "invalid_passkey");
    }
    let body = json!({"request": asked["request"], "credential": {"id": "x"}});
    pair.call("POST", "/passkeys", &ada.access, body).await.has_error(400, "invalid_passkey");

    for n in 2..=20 {
        pair.add(&ada, &mut Device::new(), &format!("Number {n}")).await.has_status(201);
    }
    let more = pair.call("POST", "/passkeys/options", &ada.access, json!({})).await;
    more.has_error(409, "too_many_passkeys");

    pair.app.advance(16 * 60);
    for (method, path) in [("POST", "/passkeys/options"), ("DELETE", one.as_str())] {
        let old = pair.call(method, path, &ada.access, json!({})).await;
        let old = old.has_error(403, "reauthentication_required").json();
        assert_eq!(old["methods"], json!(["password", "passkey"]));
        // It takes no password.
        assert_eq!(old["message"], "Sign in again");
    }
}

#[tokio::test]
async fn the_last_passkey_of_who_has_no_password_stays() {
    let mut pair = Pair::new().await;
    let ada = pair.app.ada().await;
    let mut device = Device::new();
    let added = pair.add(&ada, &mut device, "Laptop").await.has_status(201).field("id");
    pair.app.without_password(ADA).await;
    let answer = pair.answer(&mut device).await;
    let access = pair.call("POST", "/signin/passkey", "", answer).await.field("access_token");
    let kept = pair.call("DELETE", &format!("/passkeys/{added}"), &access, json!({})).await;
    kept.has_error(409, "last_sign_in_method");
}

#[tokio::test]
async fn asking_for_a_passkey_takes_no_body_or_an_empty_object() {
    let mut pair = Pair::new().await;
    let path = "/api/v1/signin/passkey/options";
    pair.app.call("POST", path).send().await.has_status(200);
    pair.call("POST", "/signin/passkey/options", "", json!({})).await.has_status(200);
    let asking = |kind: &str, body: &[u8]| pair.app.call("POST", path).body(kind, body).send();
    asking("application/json", b"{").await.has_error(400, "validation_error");
    asking("application/json", b"[]").await.has_error(400, "validation_error");
    asking("text/plain", b"x").await.has_error(415, "unsupported_media_type");
    let large = vec![b' '; 64 * 1024 + 1];
    asking("application/json", &large).await.has_error(413, "payload_too_large");
}

#[tokio::test]
async fn passkeys_that_are_off_are_not_there() {
    let app = app().await;
    let ada = app.ada().await;
    app.get("/api/v1/passkeys").bearer(&ada.access).send().await.has_error(404, "not_found");
    app.post("/api/v1/signin/passkey/options", json!({})).await.has_error(404, "not_found");
}
