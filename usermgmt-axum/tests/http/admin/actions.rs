//! What is done to one user by one request.

use serde_json::{Value, json};
use usermgmt_core::mail::MailKind;

use super::Admin;
use crate::harness::{OTHER_PASSWORD, PASSWORD, token_of};

#[tokio::test]
async fn a_disabled_user_is_out_until_enabled() {
    let admin = Admin::new().await;
    let (ann, path) = admin.user("ann").await;
    let user = admin.send("POST", &format!("{path}/disable")).await.has_status(200).json();
    assert_eq!(user["is_disabled"], true);
    let ended = admin.app.get("/api/v1/protected").bearer(&ann.access).send().await;
    ended.has_error(401, "invalid_token");
    admin.app.sign_in("ann@example.com", PASSWORD).await.has_error(401, "invalid_credentials");
    let user = admin.send("POST", &format!("{path}/enable")).await.has_status(200).json();
    assert_eq!(user["is_disabled"], false);
    admin.app.sign_in("ann@example.com", PASSWORD).await.has_status(200);
}

#[tokio::test]
async fn doing_it_twice_is_no_error_and_what_changes_nothing_is_not_audited() {
    let admin = Admin::new().await;
    let (_, path) = admin.user("ann").await;
    for (action, entries) in [
        ("disable", 1),
        ("enable", 1),
        ("confirm", 0),
        ("sign-out", 2),
        ("send-reset", 2),
        ("reset-mfa", 0),
    ] {
        let before = admin.audit("").await.len();
        for _ in 0..2 {
            let reply = admin.send("POST", &format!("{path}/{action}")).await;
            assert_eq!(reply.has_status(200).json().as_object().unwrap().len(), 14, "{action}");
        }
        assert_eq!(admin.audit("").await.len() - before, entries, "{action}");
    }
}

#[tokio::test]
async fn an_address_is_confirmed_for_somebody() {
    let admin = Admin::new().await;
    admin.app.register("ann", "ann@example.com").await.has_status(201);
    let found = admin.get("/users?search=ann").await.json()["users"][0].clone();
    assert_eq!(found["is_email_confirmed"], false);
    let path = format!("/users/{}/confirm", found["id"].as_str().unwrap());
    let user = admin.send("POST", &path).await.has_status(200).json();
    assert_eq!(user["is_email_confirmed"], true);
    admin.app.sign_in("ann@example.com", PASSWORD).await.has_status(200);
}

#[tokio::test]
async fn signing_somebody_out_ends_every_session() {
    let admin = Admin::new().await;
    let (ann, path) = admin.user("ann").await;
    let other = admin.app.session("ann@example.com").await;
    admin.send("POST", &format!("{path}/sign-out")).await.has_status(200);
    for session in [&ann, &other] {
        let ended = admin.app.get("/api/v1/protected").bearer(&session.access).send().await;
        ended.has_error(401, "invalid_token");
        let refresh = admin.app.call("POST", "/api/v1/refresh_token").bearer(&session.refresh);
        refresh.send().await.has_error(401, "invalid_token");
    }
    admin.app.sign_in("ann@example.com", PASSWORD).await.has_status(200);
}

#[tokio::test]
async fn a_reset_is_mailed_and_chooses_the_password() {
    let admin = Admin::new().await;
    let (_, path) = admin.user("ann").await;
    admin.send("POST", &format!("{path}/send-reset")).await.has_status(200);
    let token = token_of(&admin.app.mail(MailKind::PasswordReset, "ann@example.com").await);
    let body = json!({"token": token, "new_password": OTHER_PASSWORD});
    admin.app.post("/api/v1/password/reset", body).await.has_status(200);
    admin.app.sign_in("ann@example.com", OTHER_PASSWORD).await.has_status(200);
}

#[tokio::test]
async fn a_lost_second_factor_is_taken_off_and_its_owner_is_told() {
    let admin = Admin::new().await;
    let (ann, path) = admin.user("ann").await;
    admin.app.with_second_factor("ann@example.com", &ann).await;
    assert_eq!(admin.get(&path).await.json()["mfa_enabled"], true);
    let user = admin.send("POST", &format!("{path}/reset-mfa")).await.has_status(200).json();
    assert_eq!(user["mfa_enabled"], false);
    assert_eq!(admin.get(&path).await.json()["recovery_codes_left"], 0);
    admin.app.sign_in("ann@example.com", PASSWORD).await.has_status(200);
    assert_eq!(admin.app.mails(MailKind::MfaDisabled, "ann@example.com").await, 1);
}

#[tokio::test]
async fn a_deleted_user_is_gone() {
    let admin = Admin::new().await;
    let (ann, path) = admin.user("ann").await;
    assert_eq!(admin.send("DELETE", &path).await.has_status(204).text, "");
    admin.send("DELETE", &path).await.has_error(404, "not_found");
    admin.get(&path).await.has_error(404, "not_found");
    admin.get(&format!("{path}/export")).await.has_error(404, "not_found");
    for action in ["disable", "enable", "confirm", "sign-out", "send-reset", "reset-mfa"] {
        let reply = admin.send("POST", &format!("{path}/{action}")).await;
        reply.has_error(404, "not_found");
    }
    let gone = admin.app.get("/api/v1/protected").bearer(&ann.access).send().await;
    gone.has_error(404, "not_found");
}

#[tokio::test]
async fn everything_about_a_person_is_one_document_to_save() {
    let admin = Admin::new().await;
    let (ann, path) = admin.user("ann").await;
    admin.app.advance(1);
    admin.send_json("PATCH", &path, json!({"first_name": "Ann"})).await.has_status(200);
    admin.app.advance(1);
    admin.send("POST", &format!("{path}/send-reset")).await.has_status(200);
    let reply = admin.get(&format!("{path}/export")).await;
    let disposition = reply.has_status(200).header("content-disposition").unwrap();
    assert!(disposition.starts_with("attachment"), "{disposition}");
    let document = reply.json();
    assert_eq!(document["id"], json!(ann.user_id));
    assert_eq!(document["first_name"], "Ann");
    assert_eq!(document["sessions"][0]["ip"], "203.0.113.7");
    assert_eq!(document["audit"][0]["action"], "password.reset_requested");
    assert_eq!(document["audit"][1]["action"], "user.updated");
    assert_eq!(document["audit"][1]["actor"]["id"], json!(admin.root.user_id));
    assert_eq!(document["mfa_enabled_at"], Value::Null);
    assert!(document["devices"][0]["last_used_at"].is_string());
    let mails = document["mails"].as_array().unwrap();
    let waiting = mails.iter().find(|mail| mail["kind"] == "password_reset").unwrap();
    assert_eq!(waiting["recipient"], "ann@example.com");
    assert_eq!(waiting["given_up_at"], Value::Null);
    // What an administrator did to others is about the administrator too.
    let own = admin.get(&format!("/users/{}/export", admin.root.user_id)).await.json();
    let acted = own["audit"].as_array().unwrap();
    assert!(acted.iter().any(|entry| entry["user_id"] == json!(ann.user_id)));
    assert!(own["mfa_enabled_at"].is_string());
}
