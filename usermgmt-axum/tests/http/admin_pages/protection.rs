//! What keeps these pages safe from other sites, and from what people write.

use super::{ROOT, desk, page_of};
use crate::admin::Admin;
use crate::admin::mail::given_up_since;
use crate::harness::{ADA, PASSWORD};
use crate::tab::Browser;
use serde_json::json;

/// Every form of these pages, for this user.
fn writes(user: &str) -> Vec<String> {
    let writes = usermgmt_axum::admin_page_routes().into_iter();
    writes
        .filter(|(method, path)| method == "POST" && !path.starts_with("/sign-in"))
        .map(|(_, path)| path.replace("{id}", user).replace("{action}", "delete"))
        .map(|path| format!("{ROOT}{path}"))
        .collect()
}

#[tokio::test]
async fn a_form_of_another_site_or_session_changes_nothing() {
    let admin = Admin::new().await;
    let (ann, path) = admin.user("ann").await;
    let mut browser = desk(&admin).await;
    browser.open(&page_of("/users")).await.has_status(200);
    let (cookies, page) = (browser.cookies.clone(), browser.page.clone());
    let ann_now = admin.app.auth.current(&ann.access).await.unwrap();
    let others = admin.app.auth.form_token(&ann_now.session).expose().clone();
    let before = admin.audit("").await.len();
    let evidence: [&[(&str, &str)]; 5] = [
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[],
    ];
    let token = page.split("name=\"form_token\" value=\"").nth(1).unwrap();
    let token = token.split('"').next().unwrap().to_owned();
    for path in writes(&ann.user_id) {
        for evidence in evidence {
            let mut foreign = Browser::new(&admin.app);
            foreign.cookies.clone_from(&cookies);
            foreign.evidence = evidence.to_vec();
            let refused = foreign.post(&path, &[("form_token", &token)]).await;
            assert_eq!(refused.status, 403, "{path} {evidence:?}");
        }
        for wrong in ["", "AAAA", &others] {
            let refused = browser.post(&path, &[("form_token", wrong)]).await;
            assert_eq!(refused.status, 403, "{path} {wrong}");
        }
    }
    assert_eq!(admin.audit("").await.len(), before);
    admin.get(&path).await.has_status(200);
}

/// A script of an own page can send the token in a header, and anything in the body.
#[tokio::test]
async fn what_is_no_form_or_too_large_changes_nothing() {
    let admin = Admin::new().await;
    let (ann, path) = admin.user("ann").await;
    let browser = desk(&admin).await;
    let session = format!("__Host-usermgmt={}", browser.session().unwrap());
    let current = admin.app.auth.current(&admin.root.access).await.unwrap();
    let token = admin.app.auth.form_token(&current.session).expose().clone();
    let before = admin.audit("").await.len();
    let fields = format!("ids={}&action=disable&sure=yes&name=shop&", ann.user_id);
    let large = fields.clone() + &"x".repeat(64 * 1024);
    for path in writes(&ann.user_id) {
        for (kind, body, status) in [
            ("text/plain", &fields, 415),
            ("multipart/form-data; boundary=x", &fields, 415),
            ("application/x-www-form-urlencoded", &large, 413),
            ("text/plain", &large, 413),
        ] {
            let call = admin.app.call("POST", &path).header("accept", "text/html");
            let call = call.header("sec-fetch-site", "same-origin").header("cookie", &session);
            let call = call.header("usermgmt-form-token", &token).body(kind, body.as_bytes());
            let reply = call.send().await;
            assert_eq!(reply.status, status, "{path} {kind}: {}", reply.text);
            assert!(reply.text.contains("role=\"alert\""), "{path} {kind}: {}", reply.text);
        }
    }
    assert_eq!(admin.audit("").await.len(), before);
    admin.get(&path).await.has_status(200);
}

#[tokio::test]
async fn what_people_write_is_text_and_no_page_shows_a_secret() {
    let admin = Admin::new().await;
    let script = "\"><script>alert(1)</script>";
    let (ann, path) = admin.user("ann").await;
    let change = json!({"first_name": script, "last_name": script, "gender": script});
    admin.send_json("PATCH", &path, change).await.has_status(200);
    let call = admin.app.call("POST", "/api/v1/signin").header("user-agent", script);
    let call = call.json(json!({"email": "ann@example.com", "password": PASSWORD}));
    let tokens = call.send().await;
    tokens.has_status(200);
    let key = admin.send_json("POST", "/service-keys", json!({"name": script})).await.field("key");
    let mail = given_up_since(&admin, &ann, script).await;
    let call = admin.app.call("POST", "/api/v1/register").header("user-agent", script);
    let call = call.json(json!({"username": "eve", "email": ADA, "password": PASSWORD}));
    call.send().await.has_status(201);
    let call = admin.app.call("POST", "/api/users").header("user-agent", script).bearer(&key);
    call.json(crate::service::with("email", json!("bob@example.com"))).send().await.has_status(201);
    let mut browser = desk(&admin).await;
    let query = url::form_urlencoded::byte_serialize(script.as_bytes()).collect::<String>();
    let mut pages = Vec::new();
    for page in [
        "/".to_owned(),
        "/users".to_owned(),
        format!("/users?search={query}&sort={query}&confirmed={query}&created_from={query}"),
        path.clone(),
        format!("{path}/delete"),
        format!("{path}?done={query}"),
        "/users/new".to_owned(),
        "/audit".to_owned(),
        format!("/audit?user={query}&actor={query}&action={query}&from={query}"),
        "/mail".to_owned(),
        format!("/mail/{mail}/drop"),
        "/service-keys".to_owned(),
    ] {
        pages.push((page.clone(), browser.open(&page_of(&page)).await));
    }
    for page in ["/audit", "/mail", &path] {
        let (_, shown) = pages.iter().find(|(opened, _)| opened == page).unwrap();
        assert!(shown.text.contains("&lt;script&gt;alert(1)"), "{page}: {}", shown.text);
    }
    let mut guest = Browser::new(&admin.app);
    let sign_in = guest.open(&page_of(&format!("/sign-in?return_to={query}"))).await;
    pages.push(("sign-in".to_owned(), sign_in));
    browser.open(&page_of("/users/new")).await;
    let typed = [("username", script), ("email", script), ("locale", script)];
    pages.push(("new".to_owned(), browser.post(&page_of("/users/new"), &typed).await));
    browser.open(&page_of("/users")).await;
    let chosen = [("ids", ann.user_id.as_str()), ("action", "delete"), ("back", script)];
    pages.push(("bulk".to_owned(), browser.post(&page_of("/users/bulk"), &chosen).await));
    for (page, reply) in pages {
        let text = &reply.text;
        assert!(text.contains("<html"), "{page}: {text}");
        assert!(!text.contains("<script>"), "{page}: {text}");
        for secret in ["$argon2", "umt_", "umr_", "umb_", "umk_", &key] {
            assert!(!text.contains(secret), "{page} shows {secret}");
        }
        assert!(!text.contains(" style=\"") && !text.contains("<style"), "{page}");
        assert!(!text.contains(" onclick"), "{page}");
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'; script-src 'self'"), "{page}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{page}: {policy}");
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{page}");
    }
}
