//! Looking at a user, and changing one.

use serde_json::{Value, json};
use usermgmt_core::mail::MailKind;

use super::Admin;
use crate::harness::{OTHER_PASSWORD, PASSWORD, path_of, token_of};

#[tokio::test]
async fn a_user_is_shown_with_what_hangs_on_them() {
    let admin = Admin::new().await;
    let (ann, path) = admin.user("ann").await;
    let user = admin.get(&path).await.has_status(200).json();
    assert_eq!(user["id"], json!(ann.user_id));
    assert_eq!(user["username"], "ann");
    assert_eq!(user["email"], "ann@example.com");
    assert_eq!(user["role"], "user");
    assert_eq!(user["is_email_confirmed"], true);
    assert_eq!(user["is_disabled"], false);
    assert_eq!(user["mfa_enabled"], false);
    assert_eq!(user["first_name"], Value::Null);
    assert_eq!(user["last_sign_in_at"], user["sessions"][0]["created_at"]);
    assert_eq!(user["sessions"][0]["current"], false);
    assert_eq!(user["sessions"][0].as_object().unwrap().len(), 6);
    assert_eq!(user["recovery_codes_left"], 0);
    let mut actions: Vec<&str> =
        user["audit"].as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap()).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["session.opened", "user.confirmed", "user.registered"]);
    assert_eq!(user.as_object().unwrap().len(), 17);
    let own = admin.get(&format!("/users/{}", admin.root.user_id)).await.json();
    assert_eq!(own["recovery_codes_left"], 10);
    assert!(own["sessions"].as_array().unwrap().iter().any(|one| one["current"] == true));
}

#[tokio::test]
async fn nobody_is_found_by_an_id_that_is_none() {
    let admin = Admin::new().await;
    for id in ["nobody", "%FF", "0".repeat(40).as_str()] {
        admin.get(&format!("/users/{id}")).await.has_error(404, "not_found");
        let body = json!({"first_name": "Ann"});
        let changed = admin.send_json("PATCH", &format!("/users/{id}"), body).await;
        changed.has_error(404, "not_found");
    }
}

#[tokio::test]
async fn a_change_names_its_fields_and_leaves_the_others() {
    let admin = Admin::new().await;
    let (ann, path) = admin.user("ann").await;
    let of_ann = format!("action=user.updated&user={}", ann.user_id);
    let all = json!({"username": "anna", "first_name": "Ann", "last_name": "Lee",
        "gender": "Female", "locale": "de-AT", "role": "user"});
    let user = admin.send_json("PATCH", &path, all).await.has_status(200).json();
    assert_eq!(user["username"], "anna");
    assert_eq!(user["last_name"], "Lee");
    assert_eq!(user["locale"], "de-AT");
    assert_eq!(user.as_object().unwrap().len(), 14);
    admin.app.advance(1);
    let some = json!({"last_name": null, "gender": ""});
    let user = admin.send_json("PATCH", &path, some).await.has_status(200).json();
    assert_eq!(user["first_name"], "Ann");
    assert_eq!((&user["last_name"], &user["gender"]), (&Value::Null, &Value::Null));
    let updated = admin.audit(&of_ann).await;
    assert_eq!(updated[0]["detail"], json!(["last_name", "gender"]));
    assert_eq!(updated.len(), 2);
    admin.send_json("PATCH", &path, json!({"first_name": "Ann"})).await.has_status(200);
    assert_eq!(admin.audit(&of_ann).await.len(), 2);
}

#[tokio::test]
async fn what_is_wrong_with_a_change_is_told_by_field_and_nothing_is_changed() {
    let admin = Admin::new().await;
    let (ann, path) = admin.user("ann").await;
    let of_ann = format!("action=user.updated&user={}", ann.user_id);
    for (body, field, kind) in [
        (json!({"username": "a"}), "username", "string_too_short"),
        (json!({"email": "ann"}), "email", "value_error"),
        (json!({"role": "root"}), "role", "literal_error"),
        (json!({"role": null}), "role", "literal_error"),
        (json!({"locale": "<script>"}), "locale", "value_error"),
        (json!({"first_name": "a\u{202e}b"}), "first_name", "value_error"),
        (json!({"email_confirmed": true}), "email_confirmed", "value_error"),
        (
            json!({"email": "x@example.com", "email_confirmed": "yes"}),
            "email_confirmed",
            "bool_type",
        ),
        (json!({"password": PASSWORD}), "password", "extra_forbidden"),
        (json!({"id": "x", "first_name": "Ann"}), "id", "extra_forbidden"),
    ] {
        let reply = admin.send_json("PATCH", &path, body.clone()).await;
        let details = reply.has_error(400, "validation_error").json()["details"].clone();
        assert_eq!(
            (&details[0]["loc"], &details[0]["type"]),
            (&json!([field]), &json!(kind)),
            "{body}"
        );
    }
    assert!(admin.audit(&of_ann).await.is_empty());
}

#[tokio::test]
async fn a_new_address_takes_effect_at_once_and_is_confirmed_from_there() {
    let admin = Admin::new().await;
    let (ann, path) = admin.user("ann").await;
    let body = json!({"email": "new@example.com"});
    let user = admin.send_json("PATCH", &path, body).await.has_status(200).json();
    assert_eq!(
        (&user["email"], &user["is_email_confirmed"]),
        (&json!("new@example.com"), &json!(false))
    );
    let app = &admin.app;
    let ended = app.get("/api/v1/protected").bearer(&ann.access).send().await;
    ended.has_error(401, "invalid_token");
    app.sign_in("new@example.com", PASSWORD).await.has_error(401, "invalid_credentials");
    let told = app.mail(MailKind::AddressChanged, "ann@example.com").await;
    assert_eq!(told.params["new_email"], "new@example.com");
    assert!(told.link.is_none());
    let confirmation = app.mail(MailKind::Confirmation, "new@example.com").await;
    assert!(confirmation.not_me_link.is_none() && confirmation.code.is_some());
    app.call("POST", &path_of(&confirmation)).send().await.has_status(200);
    app.sign_in("new@example.com", PASSWORD).await.has_status(200);
    app.sign_in("ann@example.com", PASSWORD).await.has_error(401, "invalid_credentials");
    // The old address is free.
    app.confirmed("ann2", "ann@example.com").await;
}

#[tokio::test]
async fn a_new_address_that_the_admin_vouches_for_signs_in_at_once() {
    let admin = Admin::new().await;
    let (ann, path) = admin.user("ann").await;
    let body = json!({"email": "new@example.com", "email_confirmed": true});
    let user = admin.send_json("PATCH", &path, body).await.has_status(200).json();
    assert_eq!(user["is_email_confirmed"], true);
    admin.app.sign_in("new@example.com", PASSWORD).await.has_status(200);
    admin.app.get("/api/v1/protected").bearer(&ann.access).send().await.has_status(200);
    for address in ["ann@example.com", "new@example.com"] {
        assert_eq!(admin.app.mails(MailKind::AddressChanged, address).await, 1, "{address}");
    }
    assert_eq!(admin.app.mails(MailKind::Confirmation, "new@example.com").await, 0);
}

#[tokio::test]
async fn no_link_from_before_moves_the_address_or_sets_the_password() {
    let admin = Admin::new().await;
    let (ann, path) = admin.user("ann").await;
    let app = &admin.app;
    let body = json!({"email": "thief@example.com"});
    app.call("PUT", "/api/v1/users").bearer(&ann.access).json(body).send().await.has_status(200);
    let undo = token_of(&app.mail(MailKind::EmailChangeRequested, "ann@example.com").await);
    let change = token_of(&app.mail(MailKind::EmailChangeConfirm, "thief@example.com").await);
    app.post("/api/v1/password/forgot", json!({"identifier": "ann"})).await.has_status(200);
    let reset = token_of(&app.mail(MailKind::PasswordReset, "ann@example.com").await);
    let body = json!({"email": "new@example.com", "email_confirmed": true});
    admin.send_json("PATCH", &path, body).await.has_status(200);
    app.post("/api/v1/email/undo", json!({"token": undo})).await.has_status(400);
    app.post("/api/v1/email/confirm", json!({"token": change})).await.has_status(400);
    let body = json!({"token": reset, "new_password": OTHER_PASSWORD});
    app.post("/api/v1/password/reset", body).await.has_error(400, "invalid_token");
    assert_eq!(admin.get(&path).await.json()["email"], "new@example.com");
}

#[tokio::test]
async fn what_is_somebody_elses_is_a_conflict() {
    let admin = Admin::new().await;
    let (_, path) = admin.user("ann").await;
    admin.user("bob").await;
    for body in [json!({"email": "BOB@example.com"}), json!({"username": "Bob"})] {
        admin.send_json("PATCH", &path, body).await.has_error(409, "conflict");
        let invited = json!({"username": "carl", "email": "carl@example.com"});
        let mut invited = invited.as_object().unwrap().clone();
        invited.insert("email".to_owned(), json!("bob@example.com"));
        let refused = admin.send_json("POST", "/users", Value::Object(invited)).await;
        refused.has_error(409, "conflict");
    }
    let user = admin.get(&path).await.json();
    assert_eq!((&user["email"], &user["username"]), (&json!("ann@example.com"), &json!("ann")));
    assert_eq!(admin.app.mails(MailKind::AddressChanged, "ann@example.com").await, 0);
}

#[tokio::test]
async fn an_address_in_another_case_needs_no_confirmation() {
    let admin = Admin::new().await;
    let (ann, path) = admin.user("ann").await;
    let body = json!({"email": "Ann@Example.com"});
    let user = admin.send_json("PATCH", &path, body).await.has_status(200).json();
    assert_eq!(user["is_email_confirmed"], true);
    admin.app.get("/api/v1/protected").bearer(&ann.access).send().await.has_status(200);
}
