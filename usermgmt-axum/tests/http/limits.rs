//! Turning limits against those whom they protect.

use serde_json::json;

use crate::harness::{ADA, App, PASSWORD, Reply, app_with};

async fn limited() -> App {
    app_with(|config, _| config.limits.enabled = true).await
}

async fn check(app: &App, key: &str, identifier: &str, password: &str) -> Reply {
    let body = json!({"identifier": identifier, "password": password});
    app.call("POST", "/api/users/auth/check").bearer(key).json(body).send().await
}

#[tokio::test]
async fn strangers_who_fail_at_a_service_keep_nobody_else_out_of_it() {
    let app = limited().await;
    app.confirmed("ada", ADA).await;
    let key = app.service_key(false).await;
    for n in 0..150 {
        check(&app, &key, &format!("name{n}"), "not the password").await.has_status(400);
    }
    check(&app, &key, ADA, PASSWORD).await.has_status(200);
    for n in 0..150 {
        let body = json!({"identifier": format!("name{n}")});
        let call = app.call("POST", "/api/users/password/forgot").bearer(&key).json(body);
        call.send().await.has_status(200);
    }
}

#[tokio::test]
async fn both_apis_share_the_limit_of_one_name_from_one_address() {
    let app = limited().await;
    app.confirmed("ada", ADA).await;
    let key = app.service_key(false).await;
    for _ in 0..5 {
        app.sign_in(ADA, "not the password").await.has_status(401);
        check(&app, &key, ADA, "not the password").await.has_status(400);
    }
    check(&app, &key, ADA, PASSWORD).await.has_error(429, "rate_limited");
    app.sign_in(ADA, PASSWORD).await.has_error(429, "rate_limited");
}

#[tokio::test]
async fn whoever_has_no_key_is_limited_by_address_where_the_users_api_is_open() {
    let app = app_with(|config, http| {
        config.limits.enabled = true;
        http.compat.open_users_api = true;
    })
    .await;
    for n in 0..100 {
        check(&app, "none", &format!("name{n}"), "not the password").await.has_status(400);
    }
    check(&app, "none", "name", "not the password").await.has_error(429, "rate_limited");
}
