//! GET /users, /audit and /summary

use serde_json::{Value, json};
use usermgmt_core::mail::MailKind;

use super::Admin;

fn names(page: &Value) -> Vec<String> {
    let users = page["users"].as_array().unwrap();
    users.iter().map(|user| user["username"].as_str().unwrap().to_owned()).collect()
}

async fn people(admin: &Admin) {
    for name in ["ann", "bob", "cleo"] {
        admin.app.advance(1);
        admin.app.register(name, &format!("{name}@example.com")).await.has_status(201);
    }
}

#[tokio::test]
async fn users_are_found_filtered_and_sorted() {
    let admin = Admin::new().await;
    people(&admin).await;
    for (query, found) in [
        ("", vec!["cleo", "bob", "ann", "root"]),
        ("?order=asc", vec!["root", "ann", "bob", "cleo"]),
        ("?sort=username&order=desc", vec!["root", "cleo", "bob", "ann"]),
        ("?sort=email&order=asc", vec!["ann", "bob", "cleo", "root"]),
        ("?search=AN", vec!["ann"]),
        ("?search=bob%40ex", vec!["bob"]),
        ("?confirmed=true", vec!["root"]),
        ("?confirmed=false&sort=username&order=asc", vec!["ann", "bob", "cleo"]),
        ("?mfa=true", vec!["root"]),
        ("?role=admin", vec!["root"]),
        ("?disabled=true", vec![]),
        ("?created_to=2001-01-01", vec![]),
        ("?created_from=2001-01-01T00:00:00Z&search=cl", vec!["cleo"]),
        ("?created_from=2001-01-01T00:00:00+01:00&search=cl", vec!["cleo"]),
        ("?nobody_knows_this=1&role=admin", vec!["root"]),
    ] {
        let page = admin.get(&format!("/users{query}")).await.has_status(200).json();
        assert_eq!(names(&page), found, "{query}");
        assert_eq!((&page["next"], &page["previous"]), (&Value::Null, &Value::Null), "{query}");
    }
}

#[tokio::test]
async fn pages_lead_on_and_back_while_people_come_and_go() {
    let admin = Admin::new().await;
    people(&admin).await;
    let first = admin.get("/users?limit=2").await.has_status(200).json();
    assert_eq!(names(&first), ["cleo", "bob"]);
    admin.app.advance(1);
    admin.app.register("dora", "dora@example.com").await.has_status(201);
    let bob = first["users"][1]["id"].as_str().unwrap();
    admin.send("DELETE", &format!("/users/{bob}")).await.has_status(204);
    let next = first["next"].as_str().unwrap();
    let second = admin.get(&format!("/users?limit=2&cursor={next}")).await.json();
    assert_eq!(names(&second), ["ann", "root"]);
    let previous = second["previous"].as_str().unwrap();
    let back = admin.get(&format!("/users?limit=2&cursor={previous}")).await.json();
    assert_eq!(names(&back), ["dora", "cleo"]);
}

#[tokio::test]
async fn bad_limits_filters_and_cursors_are_refused() {
    let admin = Admin::new().await;
    people(&admin).await;
    let page = admin.get("/users?limit=1").await.json();
    let cursor = page["next"].as_str().unwrap();
    for (path, field) in [
        ("/users?limit=0".to_owned(), "limit"),
        ("/users?limit=201".to_owned(), "limit"),
        ("/users?limit=-1".to_owned(), "limit"),
        ("/users?limit=ten".to_owned(), "limit"),
        ("/users?confirmed=yes".to_owned(), "confirmed"),
        ("/users?disabled=".to_owned(), "disabled"),
        ("/users?mfa=1".to_owned(), "mfa"),
        ("/users?role=root".to_owned(), "role"),
        ("/users?sort=password".to_owned(), "sort"),
        ("/users?order=down".to_owned(), "order"),
        ("/users?created_from=yesterday".to_owned(), "created_from"),
        ("/users?created_to=2026-02-30".to_owned(), "created_to"),
        ("/users?cursor=nonsense".to_owned(), "cursor"),
        ("/users?cursor=".to_owned(), "cursor"),
        // Of another list.
        (format!("/users?sort=email&cursor={cursor}"), "cursor"),
        (format!("/users?role=admin&cursor={cursor}"), "cursor"),
        (format!("/audit?cursor={cursor}"), "cursor"),
        (format!("/outbox?cursor={cursor}"), "cursor"),
        (format!("/service-keys?cursor={cursor}"), "cursor"),
        ("/audit?limit=0".to_owned(), "limit"),
        ("/audit?from=now".to_owned(), "from"),
        ("/audit?to=%00".to_owned(), "to"),
        ("/audit?user=".to_owned(), "user"),
        ("/audit?action=".to_owned(), "action"),
        ("/outbox?limit=1000".to_owned(), "limit"),
        ("/service-keys?limit=x".to_owned(), "limit"),
    ] {
        let reply = admin.get(&path).await;
        let details = reply.has_error(400, "validation_error").json()["details"].clone();
        assert_eq!(details[0]["loc"], json!([field]), "{path}");
    }
}

#[tokio::test]
async fn the_audit_log_is_filtered_and_paged() {
    let admin = Admin::new().await;
    let (ann, path) = admin.user("ann").await;
    admin.app.advance(1);
    let now = admin.app.auth.now().to_string();
    admin.send("POST", &format!("{path}/disable")).await.has_status(200);
    admin.app.advance(1);
    admin.send("POST", &format!("{path}/enable")).await.has_status(200);
    let by_root = format!("user={}&actor={}", ann.user_id, admin.root.user_id);
    assert_eq!(admin.audit(&by_root).await.len(), 2);
    assert_eq!(admin.audit(&format!("{by_root}&action=user.enabled")).await.len(), 1);
    assert_eq!(admin.audit(&format!("user={}&from={now}", ann.user_id)).await.len(), 2);
    assert_eq!(admin.audit(&format!("user={}&to={now}", ann.user_id)).await.len(), 3);
    let first = admin.get(&format!("/audit?{by_root}&limit=1")).await.json();
    assert_eq!(first["entries"][0]["action"], "user.enabled");
    let next = first["next"].as_str().unwrap();
    let second = admin.get(&format!("/audit?{by_root}&limit=1&cursor={next}")).await.json();
    assert_eq!(second["entries"][0]["action"], "user.disabled");
    assert_eq!(second["next"], Value::Null);
}

#[tokio::test]
async fn the_summary_counts_and_says_when() {
    let admin = Admin::new().await;
    // What is due is sent; the mails to those who come now wait.
    admin.app.mails(MailKind::MfaEnabled, "root@example.com").await;
    people(&admin).await;
    let summary = admin.get("/summary").await.has_status(200).json();
    assert_eq!(summary["users"], 4);
    assert_eq!(summary["unconfirmed"], 3);
    assert_eq!((&summary["disabled"], &summary["admins"]), (&json!(0), &json!(1)));
    assert_eq!(summary["mfa_enabled"], 1);
    assert_eq!(summary["sessions"], 2);
    for days in ["registered", "signed_in"] {
        let days = summary[days].as_array().unwrap();
        assert_eq!(days.len(), 14);
        assert_eq!(days[13]["day"], json!(&admin.app.auth.now().to_string()[..10]));
    }
    assert_eq!(summary["registered"][13]["count"], 4);
    assert_eq!(summary["outbox"]["queued"], 3);
    assert_eq!(summary["outbox"]["dead"], 0);
    assert!(summary["outbox"]["oldest_seconds"].is_u64());
    assert_eq!(summary["as_of"], json!(admin.app.auth.now().to_string()));
    assert_eq!(summary.as_object().unwrap().len(), 10);
}
