//! Service keys.

use serde_json::{Value, json};

use super::Admin;

#[tokio::test]
async fn a_key_is_shown_once_and_works_until_it_is_revoked() {
    let admin = Admin::new().await;
    let body = json!({"name": "billing", "allow_admin": true});
    let made = admin.send_json("POST", "/service-keys", body).await.has_status(201).json();
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    assert!(key.starts_with("umk_"));
    assert_eq!((&made["name"], &made["allow_admin"]), (&json!("billing"), &json!(true)));
    let path = "/api/users/identifier?identifier=root";
    admin.app.get(path).bearer(key).send().await.has_status(200);

    let list = admin.get("/service-keys").await;
    assert!(!list.has_status(200).text.contains(key));
    let listed = &list.json()["keys"][0];
    assert_eq!(listed["id"], made["id"]);
    assert!(listed["last_used_at"].is_string());
    assert_eq!(listed["revoked_at"], Value::Null);
    assert_eq!(listed.as_object().unwrap().len(), 6);

    let path_of_key = format!("/service-keys/{id}");
    assert_eq!(admin.send("DELETE", &path_of_key).await.has_status(204).text, "");
    admin.send("DELETE", &path_of_key).await.has_error(404, "not_found");
    admin.app.get(path).bearer(key).send().await.has_error(401, "unauthorized");
    assert!(admin.get("/service-keys").await.json()["keys"][0]["revoked_at"].is_string());
}

#[tokio::test]
async fn a_name_is_needed_and_taken_once() {
    let admin = Admin::new().await;
    admin.send_json("POST", "/service-keys", json!({"name": "crm"})).await.has_status(201);
    let again = admin.send_json("POST", "/service-keys", json!({"name": " crm "})).await;
    again.has_error(409, "conflict");
    for body in [
        json!({}),
        json!({"name": " "}),
        json!({"name": "x".repeat(101)}),
        json!({"name": "a\u{7}"}),
        json!({"name": "a", "allow_admin": "yes"}),
        json!({"name": "a", "key": "umk_mine"}),
    ] {
        let reply = admin.send_json("POST", "/service-keys", body).await;
        reply.has_error(400, "validation_error");
    }
    for id in ["nothing", "01990c5e-0000-7000-8000-000000000000"] {
        let reply = admin.send("DELETE", &format!("/service-keys/{id}")).await;
        reply.has_error(404, "not_found");
    }
    assert_eq!(admin.audit("action=service_key.created").await.len(), 1);
}

#[tokio::test]
async fn keys_are_paged() {
    let admin = Admin::new().await;
    for name in ["a", "b", "c"] {
        admin.app.advance(1);
        admin.send_json("POST", "/service-keys", json!({"name": name})).await.has_status(201);
    }
    let first = admin.get("/service-keys?limit=2").await.json();
    let next = first["next"].as_str().unwrap();
    let second = admin.get(&format!("/service-keys?limit=2&cursor={next}")).await.json();
    assert_eq!((&second["keys"][0]["name"], &second["next"]), (&json!("c"), &Value::Null));
    let previous = second["previous"].as_str().unwrap();
    let back = admin.get(&format!("/service-keys?limit=2&cursor={previous}")).await.json();
    assert_eq!(back["keys"], first["keys"]);
}
