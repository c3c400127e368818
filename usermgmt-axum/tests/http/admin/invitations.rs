//! POST /users

use serde_json::{Value, json};
use usermgmt_core::mail::MailKind;

use super::Admin;
use crate::harness::{ADA, PASSWORD, token_of};

fn ada() -> Value {
    json!({"username": "ada", "email": ADA, "first_name": "Ada", "locale": "de"})
}

#[tokio::test]
async fn the_invited_person_chooses_a_password_and_is_confirmed_by_that() {
    let admin = Admin::new().await;
    let user = admin.send_json("POST", "/users", ada()).await.has_status(201).json();
    assert_eq!(user["is_email_confirmed"], false);
    assert_eq!(user["first_name"], "Ada");
    assert_eq!(user.as_object().unwrap().len(), 14);
    let mail = admin.app.mail(MailKind::Invitation, ADA).await;
    assert_eq!(mail.locale.as_deref(), Some("de"));
    assert!(mail.link.as_ref().unwrap().expose().contains("/reset-password?token=umt_"));
    admin.app.sign_in(ADA, PASSWORD).await.has_error(401, "invalid_credentials");
    let page = admin.app.get(&format!("/reset-password?token={}", token_of(&mail)));
    page.header("accept", "text/html").send().await.has_status(200);
    let body = json!({"token": token_of(&mail), "new_password": PASSWORD});
    admin.app.post("/api/v1/password/reset", body.clone()).await.has_status(200);
    admin.app.sign_in(ADA, PASSWORD).await.has_status(200);
    admin.app.post("/api/v1/password/reset", body).await.has_error(400, "invalid_token");
}

#[tokio::test]
async fn an_invitation_is_good_for_a_week_and_can_be_repeated() {
    let admin = Admin::new().await;
    let user = admin.send_json("POST", "/users", ada()).await.has_status(201).json();
    let first = token_of(&admin.app.mail(MailKind::Invitation, ADA).await);
    admin.app.advance(7 * 86_400 - 600);
    let body = json!({"token": first, "new_password": "short"});
    admin.app.post("/api/v1/password/reset", body).await.has_error(400, "validation_error");
    admin.app.advance(601);
    let body = json!({"token": first, "new_password": PASSWORD});
    admin.app.post("/api/v1/password/reset", body).await.has_error(400, "invalid_token");
    let by = crate::harness::operator();
    let id = user["id"].as_str().unwrap().parse().unwrap();
    admin.app.auth.send_reset(&by, &id).await.unwrap();
    let second = token_of(&admin.app.mail(MailKind::Invitation, ADA).await);
    assert_ne!(first, second);
    let body = json!({"token": second, "new_password": PASSWORD});
    admin.app.post("/api/v1/password/reset", body).await.has_status(200);
}

#[tokio::test]
async fn who_was_invited_and_asks_for_a_link_is_invited_again() {
    let admin = Admin::new().await;
    admin.send_json("POST", "/users", ada()).await.has_status(201);
    let forgot = json!({"identifier": ADA});
    admin.app.post("/api/v1/password/forgot", forgot).await.has_status(200);
    admin.app.post("/api/v1/resend-confirmation", json!({"email": ADA})).await.has_status(200);
    assert_eq!(admin.app.mails(MailKind::Invitation, ADA).await, 3);
    assert_eq!(admin.app.mails(MailKind::ChoosePassword, ADA).await, 0);
}

#[tokio::test]
async fn an_invitation_to_an_address_that_was_wrong_goes_to_the_right_one() {
    let admin = Admin::new().await;
    let user = admin.send_json("POST", "/users", ada()).await.has_status(201).json();
    let wrong = token_of(&admin.app.mail(MailKind::Invitation, ADA).await);
    let path = format!("/users/{}", user["id"].as_str().unwrap());
    let body = json!({"email": "right@example.com"});
    admin.send_json("PATCH", &path, body).await.has_status(200);
    let told = admin.app.mail(MailKind::AddressChanged, ADA).await;
    assert!(!told.params.contains_key("new_email"), "a stranger is told the address");
    let right = token_of(&admin.app.mail(MailKind::Invitation, "right@example.com").await);
    let body = json!({"token": wrong, "new_password": PASSWORD});
    admin.app.post("/api/v1/password/reset", body).await.has_error(400, "invalid_token");
    let body = json!({"token": right, "new_password": PASSWORD});
    admin.app.post("/api/v1/password/reset", body).await.has_status(200);
    admin.app.sign_in("right@example.com", PASSWORD).await.has_status(200);
}

#[tokio::test]
async fn a_password_is_never_taken_and_every_problem_is_told() {
    let admin = Admin::new().await;
    let body = json!({"email": "ada", "role": "root", "password": PASSWORD, "locale": 7});
    let reply = admin.send_json("POST", "/users", body).await;
    let details = reply.has_error(400, "validation_error").json()["details"].clone();
    let told: Vec<&str> =
        details.as_array().unwrap().iter().map(|one| one["loc"][0].as_str().unwrap()).collect();
    assert_eq!(told, ["username", "email", "role", "locale", "password"]);
    assert!(admin.audit("action=user.invited").await.is_empty());
}

#[tokio::test]
async fn an_invited_admin_is_one_once_confirmed() {
    let admin = Admin::new().await;
    let body = json!({"username": "ada", "email": ADA, "role": "admin"});
    let user = admin.send_json("POST", "/users", body).await.has_status(201).json();
    assert_eq!(user["role"], "admin");
    // Not active yet: the only one who is active must stay.
    let own = format!("/users/{}", admin.root.user_id);
    admin.send("DELETE", &own).await.has_error(409, "last_admin");
    let token = token_of(&admin.app.mail(MailKind::Invitation, ADA).await);
    let body = json!({"token": token, "new_password": PASSWORD});
    admin.app.post("/api/v1/password/reset", body).await.has_status(200);
    admin.send("DELETE", &own).await.has_status(204);
}
