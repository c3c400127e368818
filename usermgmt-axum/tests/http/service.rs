//! The users API as a service with a key calls it.

use serde_json::{Value, json};
use usermgmt_core::mail::MailKind;

use crate::harness::{ADA, App, PASSWORD, Reply, app};

pub(crate) fn ada() -> Value {
    json!({
        "username": "ada", "first_name": "Augusta", "last_name": "Lovelace", "email": ADA,
        "password": PASSWORD, "password_confirmation": PASSWORD, "gender": "Female",
        "role": "user",
    })
}

pub(crate) fn with(name: &str, value: Value) -> Value {
    let mut body = ada();
    body[name] = value;
    body
}

pub(crate) fn user(id: &str, is_active: bool) -> Value {
    json!({
        "id": id, "username": "ada", "first_name": "Augusta", "last_name": "Lovelace",
        "email": ADA, "gender": "Female", "role": "user", "is_active": is_active,
        "mfa_secret": null,
    })
}

pub(crate) fn invalid(details: Value) -> Value {
    json!({"message": "Validation failed", "error": "validation_error", "details": details})
}

/// The API as a service with a key calls it.
pub(crate) struct Service {
    pub(crate) app: App,
    pub(crate) key: String,
}

impl Service {
    pub(crate) async fn new() -> Self {
        Self::over(app().await).await
    }

    pub(crate) async fn over(app: App) -> Self {
        let key = app.service_key(false).await;
        Self { app, key }
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let call = self.app.call(method, &format!("/api/users{path}")).bearer(&self.key);
        match body {
            Some(body) => call.json(body).send().await,
            None => call.send().await,
        }
    }

    pub(crate) async fn created(&self) -> String {
        self.send("POST", "/", Some(ada())).await.has_status(201).field("id")
    }

    pub(crate) async fn activated(&self) -> String {
        let id = self.created().await;
        let body = json!({"code": self.code().await});
        self.send("PATCH", "/activation", Some(body)).await.has_status(200);
        id
    }

    pub(crate) async fn code(&self) -> String {
        let mail = self.app.mail(MailKind::Activation, ADA).await;
        mail.code.unwrap().expose().clone()
    }
}
