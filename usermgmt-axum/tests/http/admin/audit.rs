//! What the audit log says of who did what.

use serde_json::{Value, json};

use super::Admin;
use super::mail::given_up;
use crate::harness::PASSWORD;

#[tokio::test]
async fn every_write_is_one_entry_that_says_who_from_where_and_in_which_request() {
    let admin = Admin::new().await;
    let (ann, path) = admin.user("ann").await;
    let (bob, _) = admin.user("bob").await;
    let mails = [given_up(&admin, &ann).await, given_up(&admin, &ann).await];
    let key = json!({"name": "billing"});
    let key = admin.send_json("POST", "/service-keys", key).await.has_status(201).field("id");
    let invited = json!({"username": "dora", "email": "dora@example.com", "first_name": "Dora"});
    let change = json!({"email": "anna@example.com", "email_confirmed": true, "first_name": "Zoe"});
    let writes: Vec<(&str, String, Value, &str, Value)> = vec![
        (
            "POST",
            format!("/outbox/{}/retry", mails[0]),
            Value::Null,
            "mail.retried",
            json!([mails[0]]),
        ),
        ("DELETE", format!("/outbox/{}", mails[1]), Value::Null, "mail.dropped", json!([mails[1]])),
        (
            "POST",
            "/users".to_owned(),
            invited,
            "user.invited",
            json!(["username", "email", "role", "first_name"]),
        ),
        (
            "PATCH",
            path.clone(),
            change,
            "user.updated",
            json!(["email", "email_confirmed_at", "first_name"]),
        ),
        ("POST", format!("{path}/disable"), Value::Null, "user.disabled", json!(["disabled_at"])),
        ("POST", format!("{path}/enable"), Value::Null, "user.enabled", json!(["disabled_at"])),
        ("POST", format!("{path}/sign-out"), Value::Null, "session.all_ended", json!([])),
        ("POST", format!("{path}/send-reset"), Value::Null, "password.reset_requested", json!([])),
        (
            "POST",
            "/users/bulk".to_owned(),
            json!({"action": "disable", "ids": [bob.user_id]}),
            "user.disabled",
            json!(["disabled_at"]),
        ),
        (
            "DELETE",
            format!("/service-keys/{key}"),
            Value::Null,
            "service_key.revoked",
            json!([key]),
        ),
        ("DELETE", path, Value::Null, "user.deleted", json!([])),
    ];
    for (number, (method, path, body, action, detail)) in writes.into_iter().enumerate() {
        let before = admin.audit("").await.len();
        let request = format!("request-{number}");
        let call = admin.app.call(method, &format!("/api/v1/admin{path}"));
        let call = call.bearer(&admin.root.access).header("x-request-id", &request);
        let call = call.header("user-agent", "Console 1");
        let reply = if body.is_null() { call.send().await } else { call.json(body).send().await };
        assert!(reply.status.is_success(), "{path}: {}", reply.text);
        let after = admin.audit("").await;
        assert_eq!(after.len(), before + 1, "{path}");
        let entry = after.iter().find(|one| one["request_id"] == json!(request)).unwrap();
        assert_eq!((&entry["action"], &entry["detail"]), (&json!(action), &detail), "{path}");
        assert_eq!(entry["actor"], json!({"kind": "admin", "id": admin.root.user_id}));
        assert_eq!(
            (&entry["ip"], &entry["user_agent"]),
            (&json!("203.0.113.7"), &json!("Console 1"))
        );
        assert_eq!(entry.as_object().unwrap().len(), 9);
    }
    let log = Value::from(admin.audit("").await).to_string();
    for value in ["anna@example.com", "dora", "Zoe", "billing"] {
        assert!(!log.contains(value), "the value {value} is in the log");
    }
}

#[tokio::test]
async fn what_is_refused_is_no_entry() {
    let admin = Admin::new().await;
    let (_, path) = admin.user("ann").await;
    let before = admin.audit("").await.len();
    admin.send_json("PATCH", &path, json!({"username": "root"})).await.has_status(409);
    admin.send("POST", "/users/nobody/disable").await.has_status(404);
    admin.send("DELETE", "/outbox/nothing").await.has_status(404);
    admin.send("DELETE", &format!("/users/{}", admin.root.user_id)).await.has_status(409);
    assert_eq!(admin.audit("").await.len(), before);
}

#[tokio::test]
async fn what_people_do_themselves_says_from_where_too() {
    let admin = Admin::new().await;
    let app = &admin.app;
    let (ann, _) = admin.user("ann").await;
    let from = |method, path, request: &str| {
        let call = app.call(method, path).header("x-request-id", request);
        call.header("user-agent", "Firefox")
    };
    let sign_in = json!({"email": "ann@example.com", "password": PASSWORD});
    from("POST", "/api/v1/signin", "r1").json(sign_in).send().await.has_status(200);
    let name = json!({"first_name": "Ann"});
    let put = from("PUT", "/api/v1/users", "r2").bearer(&ann.access).json(name);
    put.send().await.has_status(200);
    let forgot = json!({"identifier": "ann"});
    from("POST", "/api/v1/password/forgot", "r3").json(forgot).send().await.has_status(200);
    let begun = from("POST", "/api/v1/mfa/totp", "r4").bearer(&ann.access).send().await;
    begun.has_status(200);
    let out = from("POST", "/api/v1/signout", "r5").bearer(&ann.access).send().await;
    out.has_status(204);
    let log = admin.audit(&format!("user={}", ann.user_id)).await;
    for (request, action) in [
        ("r1", "session.opened"),
        ("r2", "user.updated"),
        ("r3", "password.reset_requested"),
        ("r4", "mfa.enrolment_begun"),
        ("r5", "session.ended"),
    ] {
        let entry = log.iter().find(|one| one["request_id"] == json!(request));
        let entry = entry.unwrap_or_else(|| panic!("{action} names no request"));
        assert_eq!(entry["action"], json!(action));
        assert_eq!(
            (&entry["ip"], &entry["user_agent"]),
            (&json!("203.0.113.7"), &json!("Firefox"))
        );
        assert_eq!(entry["actor"], json!({"kind": "user", "id": ann.user_id}));
    }
}

#[tokio::test]
async fn a_service_is_named_by_its_key() {
    let admin = Admin::new().await;
    let key = json!({"name": "crm"});
    let made = admin.send_json("POST", "/service-keys", key).await;
    let (id, key) = (made.field("id"), made.field("key"));
    let created = admin.app.call("POST", "/api/users").bearer(&key).json(crate::service::ada());
    let user = created.send().await.has_status(201).field("id");
    admin.app.advance(1);
    let path = format!("/api/users/id?user_id={user}");
    admin.app.call("DELETE", &path).bearer(&key).send().await.has_status(204);
    let log = admin.audit(&format!("actor={id}")).await;
    let actions: Vec<&Value> = log.iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, ["user.deleted", "user.created"]);
    assert!(log.iter().all(|entry| entry["actor"]["kind"] == "service"));
}
