//! Turning limits against those whom they protect.

use serde_json::json;

use crate::harness::{ADA, App, PASSWORD, Reply, app_with};
use crate::tab::Browser;

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
async fn a_service_counts_by_the_name_alone_and_keeps_no_right_password_out() {
    let app = limited().await;
    app.confirmed("ada", ADA).await;
    let key = app.service_key(false).await;
    for _ in 0..10 {
        check(&app, &key, ADA, "not the password").await.has_status(400);
    }
    check(&app, &key, ADA, "not the password").await.has_error(429, "rate_limited");
    check(&app, &key, ADA, PASSWORD).await.has_status(200);
    app.sign_in(ADA, PASSWORD).await.has_status(200);
}

#[tokio::test]
async fn a_service_says_who_its_user_is() {
    let app = limited().await;
    app.confirmed("ada", ADA).await;
    let key = app.service_key(false).await;
    let from = async |address: &str, password: &str| {
        let body = json!({"identifier": ADA, "password": password});
        let call = app.call("POST", "/api/users/auth/check").bearer(&key).json(body);
        call.header("usermgmt-client-address", address).send().await
    };
    for _ in 0..10 {
        from("192.0.2.1", "not the password").await.has_status(400);
    }
    from("192.0.2.1", "not the password").await.has_error(429, "rate_limited");
    from("192.0.2.2", "not the password").await.has_status(400);
    let known = from("192.0.2.2", PASSWORD).await;
    let device = known.has_status(200).header("usermgmt-device").unwrap();
    assert!(device.starts_with("umd_"), "{device}");
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

#[tokio::test]
async fn a_service_that_names_its_client_is_limited_by_that_clients_address() {
    let app = limited().await;
    app.confirmed("ada", ADA).await;
    let key = app.service_key(false).await;
    let check = async |bearer: &str, address: &str, identifier: &str, password: &str| {
        let body = json!({"identifier": identifier, "password": password});
        let call = app.call("POST", "/api/users/auth/check").bearer(bearer).json(body);
        call.header("usermgmt-client-address", address).send().await
    };
    for n in 0..100 {
        let name = format!("name{n}");
        check(&key, "198.51.100.1", &name, "not the password").await.has_status(400);
    }
    check(&key, "198.51.100.1", "name", "not the password").await.has_error(429, "rate_limited");
    check(&key, "198.51.100.2", ADA, PASSWORD).await.has_status(200);
    check(&key, "2001:db8::1", ADA, PASSWORD).await.has_status(200);
    check(&key, "here", ADA, PASSWORD).await.has_error(400, "validation_error");
    check("umk_x", "here", ADA, PASSWORD).await.has_error(401, "unauthorized");
}

#[tokio::test]
async fn what_nobody_with_a_key_says_of_its_client_is_not_believed() {
    let app = app_with(|config, http| {
        config.limits.enabled = true;
        http.compat.open_users_api = true;
    })
    .await;
    let check = async |n: usize| {
        let body = json!({"identifier": format!("name{n}"), "password": "not the password"});
        let call = app.call("POST", "/api/users/auth/check").json(body);
        call.header("usermgmt-client-address", &format!("198.51.100.{n}")).send().await
    };
    for n in 0..100 {
        check(n).await.has_status(400);
    }
    check(100).await.has_error(429, "rate_limited");
}

/// One address may do each of these three times.
async fn three_times() -> App {
    app_with(|config, _| {
        config.limits.enabled = true;
        config.limits.register_client.max = 3;
        config.limits.token_client.max = 3;
    })
    .await
}

/// To find out how easy a password is costs work, which no stranger gets without end.
#[tokio::test]
async fn easy_passwords_are_weighed_no_more_often_than_an_address_may_register() {
    let app = three_times().await;
    let body = json!({"username": "ada", "email": ADA, "password": "password123"});
    for _ in 0..3 {
        let map = json!({"password": ["Password is too easy to guess."]});
        app.post("/api/v1/register", body.clone()).await.is(400, map);
    }
    app.post("/api/v1/register", body).await.has_error(429, "rate_limited");
}

#[tokio::test]
async fn easy_passwords_on_the_page_are_weighed_no_more_often_than_an_address_may_register() {
    let app = three_times().await;
    let mut browser = Browser::new(&app);
    browser.open("/account/register").await.has_status(200);
    let fields = [("username", "ada"), ("email", ADA), ("password", "password123")];
    for _ in 0..3 {
        browser.post("/account/register", &fields).await.has_status(400);
    }
    browser.post("/account/register", &fields).await.has_status(429);
}

#[tokio::test]
async fn easy_passwords_are_weighed_for_no_link_that_is_not_good() {
    for (path, by_service, status) in
        [("/api/v1/password/reset", false, 400), ("/api/users/password/reset", true, 404)]
    {
        let app = three_times().await;
        let key = app.service_key(false).await;
        let reset = async || {
            let body = json!({"token": "umt_none", "new_password": "password123"});
            let call = app.call("POST", path).json(body);
            let call = if by_service { call.bearer(&key) } else { call };
            // Where a service asks, its end user is counted.
            call.header("usermgmt-client-address", "192.0.2.1").send().await
        };
        for _ in 0..3 {
            let reply = reset().await;
            reply.has_status(status);
            assert!(!reply.text.contains("easy"), "{path}: {}", reply.text);
        }
        reset().await.has_error(429, "rate_limited");
    }
}
