//! The users API but for creating users and the second factor.

use serde_json::{Value, json};
use usermgmt_core::mail::MailKind;

use crate::harness::{ADA, OTHER_PASSWORD, PASSWORD, app, app_with, path_of, token_of};
use crate::service::{Service, ada, invalid, user, with};

#[tokio::test]
async fn an_activation_code_is_good_once() {
    let service = Service::new().await;
    let id = service.created().await;
    let body = json!({"code": service.code().await});
    service.send("PATCH", "/activation", Some(body.clone())).await.is(200, user(&id, true));
    let unknown = json!({"message": "Invalid activation code", "error": "not_found"});
    service.send("PATCH", "/activation", Some(body)).await.is(404, unknown.clone());
    let other = json!({"code": "x"});
    service.send("PATCH", "/activation", Some(other)).await.is(404, unknown);
    for (code, msg, kind) in [
        ("".to_owned(), "String should have at least 1 character", "string_too_short"),
        ("x".repeat(256), "String should have at most 255 characters", "string_too_long"),
    ] {
        let reply = service.send("PATCH", "/activation", Some(json!({"code": code}))).await;
        reply.is(400, invalid(json!([{"loc": ["code"], "msg": msg, "type": kind}])));
    }
}

#[tokio::test]
async fn an_activation_code_lives_an_hour() {
    let service = Service::new().await;
    service.created().await;
    let body = json!({"code": service.code().await});
    service.app.advance(3600);
    let expired = json!({"message": "Activation code expired", "error": "validation_error"});
    service.send("PATCH", "/activation", Some(body)).await.is(400, expired);
}

#[tokio::test]
async fn a_code_is_mailed_again() {
    let service = Service::new().await;
    let id = service.created().await;
    let path = "/activation/resend?identifier=ADA";
    service.send("GET", path, None).await.is(200, user(&id, false));
    let body = json!({"code": service.code().await});
    service.send("PATCH", "/activation", Some(body)).await.has_status(200);
    let done = json!({"message": "User already activated", "error": "validation_error"});
    service.send("GET", path, None).await.is(400, done);
    let reply = service.send("GET", "/activation/resend?identifier=nobody", None).await;
    reply.is(404, json!({"message": "Invalid username or email", "error": "not_found"}));
    let reply = service.send("GET", "/activation/resend", None).await;
    let missing = json!([{"loc": ["identifier"], "msg": "Field required", "type": "missing"}]);
    reply.is(400, invalid(missing));
}

#[tokio::test]
async fn users_are_found_by_name_address_and_id() {
    let service = Service::new().await;
    let id = service.created().await;
    let nobody = json!({"message": "Active user not found", "error": "not_found"});
    let by_id = format!("/id?user_id={id}");
    service.send("GET", &by_id, None).await.is(200, user(&id, false));
    service.send("GET", "/identifier?identifier=ada", None).await.is(404, nobody.clone());
    let body = json!({"code": service.code().await});
    service.send("PATCH", "/activation", Some(body)).await.has_status(200);
    for identifier in ["ada", "ADA", "ada%40example.com", "ADA@EXAMPLE.COM"] {
        let path = format!("/identifier?identifier={identifier}");
        service.send("GET", &path, None).await.is(200, user(&id, true));
    }
    for id in ["nobody", "%FF%00", "0123456789012345678901234567890123456789", ""] {
        let reply = service.send("GET", &format!("/id?user_id={id}"), None).await;
        reply.is(404, nobody.clone());
    }
    for (path, name) in [("/id", "user_id"), ("/identifier", "identifier")] {
        let missing = json!([{"loc": [name], "msg": "Field required", "type": "missing"}]);
        service.send("GET", path, None).await.is(400, invalid(missing.clone()));
        service.send("DELETE", path, None).await.is(400, invalid(missing));
    }
}

#[tokio::test]
async fn credentials_are_checked() {
    let service = Service::new().await;
    let id = service.created().await;
    let right = json!({"identifier": "Ada", "password": PASSWORD});
    let wrong = json!({"message": "Invalid credentials", "error": "validation_error"});
    service.send("POST", "/auth/check", Some(right.clone())).await.is(400, wrong.clone());
    let body = json!({"code": service.code().await});
    service.send("PATCH", "/activation", Some(body)).await.has_status(200);
    service.send("POST", "/auth/check", Some(right)).await.is(200, user(&id, true));
    for (identifier, password) in [("ada", OTHER_PASSWORD), ("nobody", PASSWORD)] {
        let body = json!({"identifier": identifier, "password": password});
        service.send("POST", "/auth/check", Some(body)).await.is(400, wrong.clone());
    }
    let short = json!({"identifier": "ab", "password": "12345"});
    service.send("POST", "/auth/check", Some(short)).await.is(
        400,
        invalid(json!([
            {
                "loc": ["identifier"], "msg": "String should have at least 3 characters",
                "type": "string_too_short",
            },
            {
                "loc": ["password"], "msg": "String should have at least 6 characters",
                "type": "string_too_short",
            },
        ])),
    );
}

#[tokio::test]
async fn a_password_is_forgotten_and_reset() {
    let service = Service::new().await;
    service.activated().await;
    let sent = json!({"message": "If the email exists, a reset link has been sent."});
    for identifier in [ADA, "ada", "nobody"] {
        let body = json!({"identifier": identifier});
        service.send("POST", "/password/forgot", Some(body)).await.is(200, sent.clone());
    }
    let short = service.send("POST", "/password/forgot", Some(json!({"identifier": "ab"}))).await;
    short.has_error(400, "validation_error");

    let token = token_of(&service.app.mail(MailKind::PasswordReset, ADA).await);
    let easy = json!({"token": token, "new_password": "password1"});
    let reply = service.send("POST", "/password/reset", Some(easy)).await;
    let msg = "Value error, Password is too easy to guess";
    reply.is(400, invalid(json!([{"loc": ["new_password"], "msg": msg, "type": "value_error"}])));
    let body = json!({"token": token, "new_password": OTHER_PASSWORD});
    let reply = service.send("POST", "/password/reset", Some(body.clone())).await;
    reply.is(200, json!({"message": "Password has been reset successfully."}));
    let reply = service.send("POST", "/password/reset", Some(body)).await;
    reply.is(404, json!({"message": "Invalid or expired token", "error": "not_found"}));
    let body = json!({"identifier": "ada", "password": OTHER_PASSWORD});
    service.send("POST", "/auth/check", Some(body)).await.has_status(200);
}

#[tokio::test]
async fn users_are_deleted_by_id_and_by_name() {
    let service = Service::new().await;
    let gone = json!({"message": "User not found", "error": "not_found"});
    let id = service.created().await;
    let by_id = format!("/id?user_id={id}");
    assert_eq!(service.send("DELETE", &by_id, None).await.has_status(204).text, "");
    service.send("DELETE", &by_id, None).await.is(404, gone.clone());
    service.created().await;
    let by_name = "/identifier?identifier=ada";
    assert_eq!(service.send("DELETE", by_name, None).await.has_status(204).text, "");
    service.send("DELETE", by_name, None).await.is(404, gone.clone());
    service.send("DELETE", "/id?user_id=%00", None).await.is(404, gone);
}

#[tokio::test]
async fn health_needs_no_key() {
    let app = app().await;
    let ok = json!({"status": "ok", "database": "ok", "user_service": "ok"});
    app.get("/api/users/health").send().await.is(200, ok);
}

#[tokio::test]
async fn admins_need_a_key_that_may_make_them() {
    let service = Service::new().await;
    let admin = with("role", json!("admin"));
    service.send("POST", "/", Some(admin.clone())).await.has_error(403, "forbidden");
    let key = service.app.service_key(true).await;
    let service_admin = Service { app: service.app, key };
    let reply = service_admin.send("POST", "/", Some(admin)).await;
    assert_eq!(reply.has_status(201).field("role"), "admin");
    let id = reply.field("id");

    let key = service_admin.app.service_key(false).await;
    let service = Service { app: service_admin.app, key };
    let named = json!({"user_id": id});
    for (method, path, body) in [
        ("DELETE", format!("/id?user_id={id}"), None),
        ("DELETE", "/identifier?identifier=ada".to_owned(), None),
        ("PATCH", "/mfa/enable".to_owned(), Some(named.clone())),
        ("PATCH", "/mfa/disable".to_owned(), Some(named)),
    ] {
        service.send(method, &path, body).await.has_error(403, "forbidden");
    }
    service.send("GET", &format!("/id?user_id={id}"), None).await.has_status(200);
}

#[tokio::test]
async fn an_open_api_asks_for_no_key_and_makes_no_admins() {
    let app = app_with(|_, http| http.compat.open_users_api = true).await;
    let admin = with("role", json!("admin"));
    app.post("/api/users/", admin).await.has_error(403, "forbidden");
    app.post("/api/users/", ada()).await.has_status(201);
    app.get("/api/users/id?user_id=x").send().await.has_status(404);
}

#[tokio::test]
async fn both_apis_see_one_user() {
    let service = Service::new().await;
    let id = service.activated().await;
    assert_eq!(service.app.sign_in(ADA, PASSWORD).await.has_status(200).field("user_id"), id);
    service.app.register("bob", "bob@example.com").await.has_status(201);
    let mail = service.app.mail(MailKind::Confirmation, "bob@example.com").await;
    service.app.call("POST", &path_of(&mail)).send().await.has_status(200);
    let bob = service.send("GET", "/identifier?identifier=bob", None).await.json();
    assert_eq!(bob["first_name"], Value::Null);
    assert_eq!(bob["gender"], Value::Null);
    assert_eq!(bob["is_active"], true);
}

#[tokio::test]
async fn a_plus_in_an_address_is_one_escaped_or_not() {
    let service = Service::new().await;
    service.app.confirmed("ada", "ada+lists@example.com").await;
    for sent in ["ada+lists@example.com", "ada%2Blists@example.com", "ada%2Blists%40example.com"] {
        let path = format!("/identifier?identifier={sent}");
        let reply = service.send("GET", &path, None).await;
        assert_eq!(reply.has_status(200).field("username"), "ada", "{sent}");
    }
    let path = "/identifier?identifier=ada+lists@example.com";
    service.send("DELETE", path, None).await.has_status(204);
    service.send("GET", path, None).await.has_error(404, "not_found");
}
