//! The old answers that can be had back.

use serde_json::json;

use crate::harness::{ADA, App, PASSWORD, app_with};

async fn revealing() -> App {
    app_with(|config, _| config.compat.reveal_existing_accounts = true).await
}

#[tokio::test]
async fn registering_tells_whether_an_address_is_known() {
    let app = revealing().await;
    app.register("ada", ADA).await.has_status(201);
    app.register("ada2", ADA)
        .await
        .is(400, json!({"message": "Email or Username already exists", "error": "already_exists"}));
}

#[tokio::test]
async fn resending_tells_whether_an_address_is_known() {
    let app = revealing().await;
    app.register("ada", ADA).await.has_status(201);
    let path = "/api/v1/resend-confirmation";
    app.post(path, json!({"email": ADA})).await.has_status(200);
    let reply = app.post(path, json!({"email": "nobody@example.com"})).await;
    reply.is(404, json!({"message": "User not found", "error": "not_found"}));
}

#[tokio::test]
async fn signing_in_never_tells() {
    let app = revealing().await;
    app.register("ada", ADA).await.has_status(201);
    let known = app.sign_in(ADA, PASSWORD).await;
    let unknown = app.sign_in("nobody@example.com", PASSWORD).await;
    assert_eq!((known.status, known.text), (unknown.status, unknown.text));
}
