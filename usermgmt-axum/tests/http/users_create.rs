//! POST /api/users

use serde_json::{Value, json};

use crate::harness::{ADA, OTHER_PASSWORD, app_with};
use crate::service::{Service, ada, invalid, user, with};

#[tokio::test]
async fn a_user_is_created_inactive_and_gets_a_code() {
    let service = Service::new().await;
    for path in ["", "/"] {
        let mut body = ada();
        body["username"] = json!(format!("ada{}", path.len()));
        body["email"] = json!(format!("{}{ADA}", path.len()));
        service.send("POST", path, Some(body)).await.has_status(201);
    }
    let reply = service.send("POST", "/", Some(ada())).await;
    let id = reply.field("id");
    reply.is(201, user(&id, false));
    assert!(service.code().await.starts_with("umt_"));
}

#[tokio::test]
async fn unknown_keys_are_ignored() {
    let service = Service::new().await;
    service.send("POST", "/", Some(with("shoe_size", json!(42)))).await.has_status(201);
    service.send("GET", "/identifier?identifier=x&page=2", None).await.has_status(404);
}

#[tokio::test]
async fn every_missing_field_is_listed_in_order() {
    let service = Service::new().await;
    let names = [
        "username",
        "first_name",
        "last_name",
        "email",
        "password",
        "password_confirmation",
        "gender",
        "role",
    ];
    let missing = |name| json!({"loc": [name], "msg": "Field required", "type": "missing"});
    let details: Vec<Value> = names.into_iter().map(missing).collect();
    service.send("POST", "/", Some(json!({}))).await.is(400, invalid(json!(details)));
}

#[tokio::test]
async fn each_problem_has_its_place_text_and_type() {
    let service = Service::new().await;
    let long = "x".repeat(65);
    for (name, value, msg, kind) in [
        ("username", json!("ab"), "String should have at least 3 characters", "string_too_short"),
        ("username", json!(long), "String should have at most 64 characters", "string_too_long"),
        ("username", json!(7), "Input should be a valid string", "string_type"),
        ("username", json!(null), "Input should be a valid string", "string_type"),
        ("first_name", json!(" "), "String should have at least 1 character", "string_too_short"),
        ("last_name", json!(long), "String should have at most 64 characters", "string_too_long"),
        ("email", json!("ada"), "value is not a valid email address", "value_error"),
        ("email", json!([]), "Input should be a valid string", "string_type"),
        ("gender", json!("Other"), "Input should be 'Male' or 'Female'", "enum"),
        ("gender", json!(1), "Input should be 'Male' or 'Female'", "enum"),
        ("gender", json!(null), "Input should be 'Male' or 'Female'", "enum"),
        ("role", json!("root"), "Input should be 'user' or 'admin'", "literal_error"),
        ("role", json!({}), "Input should be 'user' or 'admin'", "literal_error"),
        (
            "password",
            json!("short"),
            "String should have at least 8 characters",
            "string_too_short",
        ),
        (
            "password",
            json!("password1"),
            "Value error, Password is too easy to guess",
            "value_error",
        ),
    ] {
        let reply = service.send("POST", "/", Some(with(name, value))).await;
        reply.is(400, invalid(json!([{"loc": [name], "msg": msg, "type": kind}])));
    }
}

#[tokio::test]
async fn what_concerns_the_whole_body_has_no_place() {
    let service = Service::new().await;
    let other = with("password_confirmation", json!(OTHER_PASSWORD));
    let reply = service.send("POST", "/", Some(other)).await;
    let msg = "Value error, Passwords don't match";
    reply.is(400, invalid(json!([{"loc": [], "msg": msg, "type": "value_error"}])));
    let reply = service.send("POST", "/", Some(json!([]))).await;
    let msg = "Input should be a valid dictionary";
    reply.is(400, invalid(json!([{"loc": [], "msg": msg, "type": "model_type"}])));
}

#[tokio::test]
async fn a_username_is_no_address_and_has_no_hidden_characters() {
    let service = Service::new().await;
    for name in ["a@b", " ada", "ada ", "a\u{0}da", "ad\na"] {
        let reply = service.send("POST", "/", Some(with("username", json!(name)))).await;
        let details = reply.has_error(400, "validation_error").json()["details"].clone();
        assert_eq!(details[0]["loc"], json!(["username"]), "{name:?}");
        assert_eq!(details[0]["type"], "value_error");
    }
}

#[tokio::test]
async fn a_taken_address_is_told_before_a_taken_name() {
    let service = Service::new().await;
    service.created().await;
    let reply = service.send("POST", "/", Some(ada())).await;
    reply.is(409, json!({"message": "Email already exists", "error": "conflict"}));
    let body = with("email", json!("other@example.com"));
    let reply = service.send("POST", "/", Some(body)).await;
    reply.is(409, json!({"message": "Username already exists", "error": "conflict"}));
}

#[tokio::test]
async fn an_empty_mfa_secret_can_be_left_out() {
    let app = app_with(|_, http| http.compat.omit_mfa_secret_field = true).await;
    let service = Service::over(app).await;
    let reply = service.send("POST", "/", Some(ada())).await;
    assert!(reply.has_status(201).json().get("mfa_secret").is_none());
}

#[tokio::test]
async fn a_gender_can_be_any_text() {
    let app = app_with(|_, http| http.compat.free_gender = true).await;
    let service = Service::over(app).await;
    let reply = service.send("POST", "/", Some(with("gender", json!("diverse")))).await;
    assert_eq!(reply.has_status(201).field("gender"), "diverse");
    for (value, kind) in [(json!("x".repeat(65)), "string_too_long"), (json!(1), "string_type")] {
        let reply = service.send("POST", "/", Some(with("gender", value))).await;
        assert_eq!(reply.has_status(400).json()["details"][0]["type"], kind);
    }
}

#[tokio::test]
async fn the_old_password_rule_can_be_had() {
    let app = app_with(|config, _| config.password_policy.composition = true).await;
    let service = Service::over(app).await;
    let mut body = with("password", json!("Password1!"));
    body["password_confirmation"] = json!("Password1!");
    service.send("POST", "/", Some(body)).await.has_status(201);
    let reply = service.send("POST", "/", Some(with("password", json!("password1")))).await;
    let msg = "Value error, Password must have at least 1 uppercase, 1 lowercase, 1 digit, \
        1 special char, and be at least 8 characters long";
    reply.is(400, invalid(json!([{"loc": ["password"], "msg": msg, "type": "value_error"}])));
}

#[tokio::test]
async fn short_names_are_names() {
    let service = Service::new().await;
    for (n, name) in ["Jo", "Ng", "伟", "O"].into_iter().enumerate() {
        let mut body = with("first_name", json!(name));
        body["last_name"] = json!(name);
        body["username"] = json!(format!("user{n}"));
        body["email"] = json!(format!("user{n}@example.com"));
        let reply = service.send("POST", "/", Some(body)).await;
        assert_eq!(reply.has_status(201).field("last_name"), name);
    }
}
