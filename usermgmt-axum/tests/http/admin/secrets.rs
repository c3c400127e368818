//! No answer has a hash, secret, token or code.

use serde_json::{Value, json};
use usermgmt_core::store::UserStore as _;

use super::Admin;
use super::mail::given_up;

#[tokio::test]
async fn no_answer_has_a_hash_a_secret_or_a_token() {
    let admin = Admin::new().await;
    let (ann, path) = admin.user("ann").await;
    admin.app.with_second_factor("ann@example.com", &ann).await;
    admin.app.post("/api/v1/password/forgot", json!({"identifier": "ann"})).await;
    given_up(&admin, &ann).await;
    let made = admin.send_json("POST", "/service-keys", json!({"name": "crm"})).await;
    let key = made.field("key");
    let account = admin.app.store.account(&ann.user_id.parse().unwrap()).await.unwrap().unwrap();
    let row = admin.app.auth.service_keys(None, 1).await.unwrap().remove(0);
    let hash = account.password.as_ref().unwrap().expose().to_owned();
    let mut answers = Vec::new();
    for read in ["/users", "/audit", "/summary", "/outbox", "/service-keys"] {
        answers.push(admin.get(read).await);
    }
    answers.push(admin.get(&path).await);
    answers.push(admin.get(&format!("{path}/export")).await);
    for action in ["send-reset", "disable", "enable", "confirm", "sign-out", "reset-mfa"] {
        answers.push(admin.send("POST", &format!("{path}/{action}")).await);
    }
    answers.push(admin.send_json("PATCH", &path, json!({"first_name": "Ann"})).await);
    let invited = json!({"username": "dora", "email": "dora@example.com"});
    answers.push(admin.send_json("POST", "/users", invited).await);
    for answer in answers {
        assert!(answer.status.is_success(), "{}", answer.text);
        let secrets = [hash.as_str(), key.as_str(), row.hash.as_str(), ann.access.as_str()];
        for secret in secrets.into_iter().chain(["$argon2", "umt_", "umr_", "umk_", "umd_"]) {
            assert!(!answer.text.contains(secret), "{secret}: {}", answer.text);
        }
        assert_no_field(&answer.json(), &["password", "hash", "secret", "token", "code", "sealed"]);
    }
}

fn assert_no_field(value: &Value, names: &[&str]) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            assert!(!names.contains(&name.as_str()), "the field {name}");
            assert_no_field(value, names);
        }),
        Value::Array(items) => items.iter().for_each(|item| assert_no_field(item, names)),
        _ => {}
    }
}
