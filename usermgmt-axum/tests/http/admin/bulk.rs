//! POST /users/bulk

use serde_json::{Value, json};

use super::Admin;

#[tokio::test]
async fn each_user_is_done_or_failed_by_itself() {
    let admin = Admin::new().await;
    let (ann, _) = admin.user("ann").await;
    let (bob, _) = admin.user("bob").await;
    let ids =
        json!([ann.user_id, "nobody", admin.root.user_id, bob.user_id, ann.user_id, "\u{e9}"]);
    let body = json!({"action": "disable", "ids": ids});
    admin.send_json("POST", "/users/bulk", body).await.is(
        200,
        json!({
            "done": [ann.user_id, bob.user_id],
            "failed": [
                {"id": "\u{e9}", "error": "not_found"},
                {"id": "nobody", "error": "not_found"},
                {"id": admin.root.user_id, "error": "last_admin"},
            ],
        }),
    );
    let disabled = admin.audit("action=user.disabled").await;
    assert_eq!(disabled.len(), 2);
    assert!(disabled.iter().any(|entry| entry["user_id"] == json!(bob.user_id)));
}

#[tokio::test]
async fn every_action_is_there() {
    let admin = Admin::new().await;
    let (ann, path) = admin.user("ann").await;
    for action in ["disable", "enable", "confirm", "sign-out", "delete"] {
        let body = json!({"action": action, "ids": [ann.user_id]});
        let reply = admin.send_json("POST", "/users/bulk", body).await;
        reply.is(200, json!({"done": [ann.user_id], "failed": []}));
    }
    admin.get(&path).await.has_error(404, "not_found");
}

#[tokio::test]
async fn what_is_no_list_of_one_to_two_hundred_ids_is_refused() {
    let admin = Admin::new().await;
    let (ann, path) = admin.user("ann").await;
    let many: Vec<String> = (0..201).map(|n| n.to_string()).collect();
    for (ids, kind) in [
        (json!([]), "too_short"),
        (json!(many), "too_long"),
        (json!(ann.user_id), "list_type"),
        (json!([ann.user_id, 1]), "string_type"),
        (Value::Null, "list_type"),
    ] {
        let body = json!({"action": "delete", "ids": ids});
        let reply = admin.send_json("POST", "/users/bulk", body).await;
        let details = reply.has_error(400, "validation_error").json()["details"].clone();
        assert_eq!((&details[0]["loc"], &details[0]["type"]), (&json!(["ids"]), &json!(kind)));
    }
    let body = json!({"action": "promote", "ids": [ann.user_id]});
    admin.send_json("POST", "/users/bulk", body).await.has_error(400, "validation_error");
    admin.get(&path).await.has_status(200);
}
