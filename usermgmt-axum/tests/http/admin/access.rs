//! Who is let in, beyond the matrix: policies, and what changes while a token lives.

use std::time::Duration;

use serde_json::json;
use usermgmt_core::Role;

use super::Admin;
use crate::harness::{app, app_with, operator};

#[tokio::test]
async fn writing_needs_a_recent_sign_in_and_reading_does_not() {
    let admin = Admin::new().await;
    let (_, path) = admin.user("ann").await;
    admin.app.advance(16 * 60);
    let refreshed = admin.app.call("POST", "/api/v1/refresh_token").bearer(&admin.root.refresh);
    let access = refreshed.send().await.field("access_token");
    let users = admin.app.get("/api/v1/admin/users").bearer(&access).send().await;
    users.has_status(200);
    let disable = format!("/api/v1/admin{path}/disable");
    let refused = admin.app.call("POST", &disable).bearer(&access).send().await;
    refused.has_error(403, "reauthentication_required");
    let user = admin.app.get(&format!("/api/v1/admin{path}")).bearer(&access).send().await;
    assert_eq!(user.json()["is_disabled"], false);
}

#[tokio::test]
async fn how_recent_is_a_policy() {
    let app = app_with(|config, _| config.admin.reauthentication = Duration::ZERO).await;
    let admin = Admin::over(app).await;
    let (_, path) = admin.user("ann").await;
    admin.app.advance(14 * 60);
    let refreshed = admin.app.call("POST", "/api/v1/refresh_token").bearer(&admin.root.refresh);
    let access = refreshed.send().await.field("access_token");
    admin.app.advance(10 * 60);
    let disable = format!("/api/v1/admin{path}/disable");
    admin.app.call("POST", &disable).bearer(&access).send().await.has_status(200);
}

#[tokio::test]
async fn the_second_factor_is_a_policy() {
    let app = app_with(|config, _| config.admin.require_mfa = false).await;
    let ada = app.ada().await;
    let id = ada.user_id.parse().unwrap();
    app.auth.set_role(&operator(), &id, Role::Admin).await.unwrap();
    app.get("/api/v1/admin/users").bearer(&ada.access).send().await.has_status(200);
}

#[tokio::test]
async fn an_admin_without_a_second_factor_can_set_one_up() {
    let app = app().await;
    let ada = app.ada().await;
    let id = ada.user_id.parse().unwrap();
    app.auth.set_role(&operator(), &id, Role::Admin).await.unwrap();
    let refused = app.get("/api/v1/admin/users").bearer(&ada.access).send().await;
    refused.has_error(403, "mfa_required");
    let again = app.with_second_factor("ada@example.com", &ada).await;
    app.get("/api/v1/admin/users").bearer(&again.access).send().await.has_status(200);
}

#[tokio::test]
async fn a_demotion_takes_effect_while_the_token_lives() {
    let admin = Admin::new().await;
    let other = admin.app.admin_called("other").await;
    let path = format!("/users/{}", other.user_id);
    admin.send_json("PATCH", &path, json!({"role": "user"})).await.has_status(200);
    let users = admin.app.get("/api/v1/admin/users").bearer(&other.access).send().await;
    users.has_error(403, "forbidden");
}
