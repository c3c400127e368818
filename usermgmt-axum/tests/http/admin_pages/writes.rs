//! What forms of these pages do, and that the audit log says who did it.

use serde_json::{Value, json};
use usermgmt_core::mail::MailKind;

use super::{ROOT, desk, page_of};
use crate::admin::Admin;
use crate::admin::mail::given_up;
use crate::harness::PASSWORD;
use crate::tab::leads_to;

/// The page, where its form goes, what is typed, the entry, and how the next page's
/// path ends.
type Write = (String, String, Vec<(&'static str, &'static str)>, &'static str, &'static str);

#[tokio::test]
async fn every_write_is_done_and_is_one_entry_with_address_and_agent() {
    let admin = Admin::new().await;
    let (ann, path) = admin.user("ann").await;
    let mails = [given_up(&admin, &ann).await, given_up(&admin, &ann).await];
    let key = admin.send_json("POST", "/service-keys", json!({"name": "crm"})).await.field("id");
    admin.app.with_second_factor("ann@example.com", &ann).await;
    let mut browser = desk(&admin).await;
    browser.evidence.push(("user-agent", "Console 1"));
    let user = page_of(&path);
    let edited = vec![
        ("username", "ann"),
        ("email", "ann@example.com"),
        ("role", "user"),
        ("first_name", "Zoe"),
    ];
    let writes: Vec<Write> = vec![
        (
            format!("{ROOT}/mail"),
            format!("{ROOT}/mail/{}/retry", mails[0]),
            vec![],
            "mail.retried",
            "",
        ),
        (
            format!("{ROOT}/mail/{}/drop", mails[1]),
            format!("{ROOT}/mail/{}/drop", mails[1]),
            vec![],
            "mail.dropped",
            "",
        ),
        (user.clone(), user.clone(), edited, "user.updated", "?done=edit"),
        (format!("{user}/reset-mfa"), format!("{user}/reset-mfa"), vec![], "mfa.reset", ""),
        (format!("{user}/disable"), format!("{user}/disable"), vec![], "user.disabled", ""),
        (user.clone(), format!("{user}/enable"), vec![], "user.enabled", ""),
        (format!("{user}/sign-out"), format!("{user}/sign-out"), vec![], "session.all_ended", ""),
        (user.clone(), format!("{user}/send-reset"), vec![], "password.reset_requested", ""),
        (
            format!("{ROOT}/service-keys/{key}/revoke"),
            format!("{ROOT}/service-keys/{key}/revoke"),
            vec![],
            "service_key.revoked",
            "",
        ),
        (
            format!("{ROOT}/users/new"),
            format!("{ROOT}/users/new"),
            vec![("username", "dora"), ("email", "dora@example.com"), ("role", "user")],
            "user.invited",
            "",
        ),
        (format!("{user}/delete"), format!("{user}/delete"), vec![], "user.deleted", ""),
    ];
    for (page, action, fields, entry, done) in writes {
        browser.open(&page).await.has_status(200);
        let before = admin.audit("").await.len();
        let reply = browser.post(&action, &fields).await;
        assert_eq!(reply.status, 303, "{action}: {}", reply.text);
        let location = reply.header("location").unwrap().to_owned();
        assert!(location.contains("done=") && location.ends_with(done), "{location}");
        let after = admin.audit("").await;
        assert_eq!(after.len(), before + 1, "{action}");
        let found = after
            .iter()
            .find(|one| one["user_agent"] == json!("Console 1") && one["action"] == json!(entry));
        let found = found.unwrap_or_else(|| panic!("{action}: {after:?}"));
        assert_eq!(found["actor"], json!({"kind": "admin", "id": admin.root.user_id}));
        assert_eq!(found["ip"], "203.0.113.7");
        let shown = browser.open(&location).await;
        assert!(shown.has_status(200).text.contains("role=\"status\""), "{location}");
    }
    assert_eq!(admin.app.mails(MailKind::Invitation, "dora@example.com").await, 1);
    admin.get(&path).await.has_status(404);
    let log = Value::from(admin.audit("").await).to_string();
    assert!(!log.contains("Zoe") && !log.contains("dora"));
}

#[tokio::test]
async fn an_address_is_confirmed_by_a_button() {
    let admin = Admin::new().await;
    admin.app.register("ann", "ann@example.com").await.has_status(201);
    let found = admin.get("/users?search=ann").await.json()["users"][0].clone();
    let user = format!("{ROOT}/users/{}", found["id"].as_str().unwrap());
    let mut browser = desk(&admin).await;
    browser.open(&user).await.has_status(200);
    leads_to(&browser.post(&format!("{user}/confirm"), &[]).await, &format!("{user}?done=confirm"));
    admin.app.sign_in("ann@example.com", PASSWORD).await.has_status(200);
}

#[tokio::test]
async fn what_takes_something_away_is_asked_about_first() {
    let admin = Admin::new().await;
    let (_, path) = admin.user("ann").await;
    let mut browser = desk(&admin).await;
    for action in ["disable", "sign-out", "reset-mfa", "delete"] {
        let asked = browser.open(&page_of(&format!("{path}/{action}"))).await;
        assert!(asked.has_status(200).text.contains("ann@example.com"));
    }
    let user = admin.get(&path).await.has_status(200).json();
    assert_eq!(user["is_disabled"], false);
    browser.open(&page_of(&format!("{path}/explode"))).await.has_status(404);
    browser.open(&page_of("/users/nobody")).await.has_status(404);
}

#[tokio::test]
async fn many_are_changed_at_once_after_it_is_said_how_many_and_whom() {
    let admin = Admin::new().await;
    let (ann, ann_path) = admin.user("ann").await;
    let (bob, bob_path) = admin.user("bob").await;
    let mut browser = desk(&admin).await;
    browser.open(&page_of("/users?search=b&sort=email")).await.has_status(200);
    let chosen = [("ids", ann.user_id.as_str()), ("ids", &bob.user_id), ("action", "disable")];
    let asked = browser.post(&page_of("/users/bulk"), &chosen).await;
    let text = &asked.has_status(200).text;
    for said in ["Users chosen: 2", "ann@example.com", "bob@example.com", "Disable"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert_eq!(admin.get(&ann_path).await.json()["is_disabled"], false);
    let done = browser.post(&page_of("/users/bulk"), &[]).await;
    leads_to(&done, &page_of("/users?search=b&sort=email&done=bulk"));
    for path in [ann_path, bob_path] {
        assert_eq!(admin.get(&path).await.json()["is_disabled"], true);
    }
}

#[tokio::test]
async fn nobody_or_no_action_chosen_is_said() {
    let admin = Admin::new().await;
    let (ann, _) = admin.user("ann").await;
    let mut browser = desk(&admin).await;
    for fields in [
        vec![("action", "disable")],
        vec![("ids", ann.user_id.as_str())],
        vec![("ids", ann.user_id.as_str()), ("action", "reset-mfa"), ("sure", "yes")],
        vec![("ids", "nobody"), ("action", "disable")],
    ] {
        browser.open(&page_of("/users")).await.has_status(200);
        browser.post(&page_of("/users/bulk"), &fields).await.has_status(400);
    }
}

#[tokio::test]
async fn the_last_administrator_stays_whatever_is_pressed() {
    let admin = Admin::new().await;
    let path = format!("/users/{}", admin.root.user_id);
    let user = page_of(&path);
    let mut browser = desk(&admin).await;
    for action in ["disable", "delete"] {
        browser.open(&format!("{user}/{action}")).await.has_status(200);
        let refused = browser.post(&format!("{user}/{action}"), &[]).await;
        assert!(refused.has_status(409).text.contains("last administrator"));
    }
    browser.open(&user).await.has_status(200);
    let fields = [("username", "root"), ("email", "root@example.com"), ("role", "user")];
    let refused = browser.post(&user, &fields).await;
    assert!(refused.has_status(409).text.contains("last administrator"));
    browser.open(&page_of("/users")).await.has_status(200);
    let all = [("ids", admin.root.user_id.as_str()), ("action", "delete"), ("sure", "yes")];
    let refused = browser.post(&page_of("/users/bulk"), &all).await;
    assert!(refused.has_status(200).text.contains("last administrator"));
    browser.open("/account").await.has_status(200);
    let refused = browser.post("/account/delete", &[("sure", "yes")]).await;
    assert!(refused.has_status(409).text.contains("last administrator"));
    assert_eq!(admin.get(&path).await.has_status(200).json()["role"], "admin");
}

#[tokio::test]
async fn what_is_wrong_with_a_form_is_said_and_what_was_typed_is_kept() {
    let admin = Admin::new().await;
    let (_, path) = admin.user("ann").await;
    admin.user("bob").await;
    let mut browser = desk(&admin).await;
    for page in [page_of(&path), page_of("/users/new")] {
        browser.open(&page).await.has_status(200);
        let fields = [
            ("username", "x"),
            ("email", "nowhere"),
            ("locale", "no language"),
            ("first_name", "Kept"),
        ];
        let refused = browser.post(&page, &fields).await;
        let text = &refused.has_status(400).text;
        for said in ["href=\"#username\"", "href=\"#email\"", "href=\"#locale\"", "value=\"Kept\""]
        {
            assert!(text.contains(said), "{page} {said}: {text}");
        }
        let fields = [("username", "bob"), ("email", "new@example.com"), ("role", "user")];
        let refused = browser.post(&page, &fields).await;
        assert!(refused.has_status(409).text.contains("href=\"#username\""), "{page}");
    }
}

#[tokio::test]
async fn a_service_key_is_shown_once() {
    let admin = Admin::new().await;
    let mut browser = desk(&admin).await;
    let page = page_of("/service-keys");
    browser.open(&page).await.has_status(200);
    let made = browser.post(&page, &[("name", "billing"), ("allow_admin", "yes")]).await;
    let key = made.has_status(200).text.split("umk_").nth(1).unwrap();
    let key = format!("umk_{}", key.split('<').next().unwrap());
    assert!(admin.app.auth.authenticate_service(&key).await.unwrap().unwrap().allow_admin);
    let list = browser.open(&page).await;
    assert!(list.has_status(200).text.contains("billing") && !list.text.contains("umk_"));
    assert_eq!(admin.audit("action=service_key.created").await.len(), 1);
    let again = browser.post(&page, &[("name", "billing")]).await;
    assert!(again.has_status(409).text.contains("value=\"billing\""));
    browser.open(&page).await;
    browser.post(&page, &[("name", " ")]).await.has_status(400);
}
