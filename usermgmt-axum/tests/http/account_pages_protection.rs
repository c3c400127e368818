//! What keeps sessions in browsers safe from other sites and other people.

use serde_json::json;
use usermgmt_core::model::audit::Origin;
use usermgmt_core::model::identity::Identity;
use usermgmt_core::model::ids::IdentityId;
use usermgmt_core::rng::OsRng;
use usermgmt_core::store::{Change, Changes, Store as _};

use crate::account_pages_matrix::writes;
use crate::harness::{ADA, App, PASSWORD, app, app_with};
use crate::tab::{Browser, leads_to};

async fn ada(app: &App) -> Browser<'_> {
    app.confirmed("ada", ADA).await;
    signed_in(app).await
}

async fn signed_in(app: &App) -> Browser<'_> {
    let mut browser = Browser::new(app);
    leads_to(&browser.sign_in(ADA, PASSWORD).await, "/account");
    browser.open("/account").await.has_status(200);
    browser
}

/// The form token of the shown page.
fn form_token(page: &str) -> String {
    let rest = page.split("name=\"form_token\" value=\"").nth(1).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_cookie_is_for_this_host_alone_and_not_for_scripts() {
    let app = app().await;
    app.confirmed("ada", ADA).await;
    let reply = Browser::new(&app).sign_in(ADA, PASSWORD).await;
    let cookies: Vec<&str> =
        reply.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    let session = cookies.iter().find(|cookie| cookie.starts_with("__Host-usermgmt=")).unwrap();
    for part in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
        assert!(session.contains(part), "{part}: {session}");
    }
    assert!(!session.contains("Domain"), "{session}");
    let value = session.split(['=', ';']).nth(1).unwrap();
    assert!(!format!("{:?}", app.auth.sessions(&user_id(&app).await).await).contains(value));
}

#[tokio::test]
async fn what_is_too_large_is_said_to_be() {
    let app = app().await;
    let mut browser = ada(&app).await;
    let large = "x".repeat(64 * 1024);
    for path in writes() {
        let reply = browser.post(path, &[("name", &large)]).await;
        assert!(reply.has_status(413).text.contains("role=\"alert\""), "{path}: {}", reply.text);
    }
    assert!(browser.is_in().await);
}

#[tokio::test]
async fn at_plain_http_the_cookie_has_another_name() {
    let app = app_with(|config, _| config.public_url = "http://127.0.0.1:3000".parse().unwrap());
    let app = app.await;
    let register = json!({"username": "ada", "email": ADA, "password": PASSWORD});
    app.post("/api/v1/register", register).await.has_status(201);
    let mail = app.mail(usermgmt_core::mail::MailKind::Confirmation, ADA).await;
    let link = mail.link.unwrap().expose().clone();
    let path = link.strip_prefix("http://127.0.0.1:3000").unwrap();
    app.call("POST", path).send().await.has_status(200);
    let reply = Browser::new(&app).sign_in(ADA, PASSWORD).await;
    let cookie = reply.header("set-cookie").unwrap();
    assert!(cookie.starts_with("usermgmt=") && !cookie.contains("Secure"), "{cookie}");
}

async fn user_id(app: &App) -> usermgmt_core::model::ids::UserId {
    app.auth.find_user(ADA).await.unwrap().unwrap().id
}

#[tokio::test]
async fn a_form_of_another_site_changes_nothing() {
    let app = app().await;
    let mut browser = ada(&app).await;
    let evidence: [&[(&str, &str)]; 6] = [
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[],
    ];
    let token = form_token(&browser.page);
    for evidence in evidence {
        for path in writes() {
            let mut foreign = Browser::new(&app);
            foreign.cookies.clone_from(&browser.cookies);
            foreign.evidence = evidence.to_vec();
            let refused = foreign.post(path, &[("form_token", &token), ("sure", "yes")]).await;
            assert_eq!(refused.status, 403, "{path} {evidence:?}");
        }
    }
    assert!(browser.is_in().await);
}

#[tokio::test]
async fn where_fetch_metadata_is_missing_the_origin_shows_the_same() {
    let app = app().await;
    let mut browser = ada(&app).await;
    browser.evidence = vec![("origin", "https://accounts.example.com")];
    leads_to(&browser.post("/account/sign-out", &[]).await, "/account/sign-in");
}

#[tokio::test]
async fn a_form_without_this_sessions_token_changes_nothing() {
    let app = app().await;
    let mut browser = ada(&app).await;
    let other = signed_in(&app).await;
    let others = form_token(&other.page);
    assert_ne!(form_token(&browser.page), others);
    for path in writes() {
        for wrong in ["", "AAAA", &others, other.session().unwrap()] {
            let refused = browser.post(path, &[("form_token", wrong), ("sure", "yes")]).await;
            assert_eq!(refused.status, 403, "{path} {wrong}");
            browser.open("/account").await.has_status(200);
        }
    }
}

#[tokio::test]
async fn nobody_is_signed_in_by_another_sites_form() {
    let app = app().await;
    app.confirmed("ada", ADA).await;
    for evidence in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let mut browser = Browser::new(&app);
        browser.evidence = vec![evidence];
        let fields = [("identifier", ADA), ("password", PASSWORD)];
        browser.post("/account/sign-in", &fields).await.has_status(403);
        assert_eq!(browser.session(), None);
    }
}

#[tokio::test]
async fn a_cookie_that_somebody_planted_is_not_the_one_that_is_signed_in() {
    let app = app().await;
    let planted = ada(&app).await;
    app.confirmed("eve", "eve@example.com").await;
    let mut browser = Browser::new(&app);
    browser.cookies.clone_from(&planted.cookies);
    let fields = [("identifier", "eve"), ("password", PASSWORD)];
    leads_to(&browser.post("/account/sign-in", &fields).await, "/account");
    assert_ne!(browser.session(), planted.session());
    let mut old = planted;
    assert!(!old.is_in().await, "the session before has ended");
    assert!(browser.is_in().await);
}

#[tokio::test]
async fn a_cookie_is_dead_after_sign_out_and_the_browser_forgets() {
    let app = app().await;
    let mut browser = ada(&app).await;
    let cookies = browser.cookies.clone();
    let out = browser.post("/account/sign-out", &[]).await;
    assert_eq!(out.header("clear-site-data"), Some("\"cache\", \"storage\""));
    assert_eq!(browser.session(), None);
    browser.cookies = cookies;
    assert!(!browser.is_in().await);
    assert_eq!(browser.session(), None, "a dead cookie is taken away");
}

#[tokio::test]
async fn a_disabled_users_cookie_is_dead() {
    let app = app().await;
    let mut browser = ada(&app).await;
    app.auth.disable_user(&Origin::default(), &user_id(&app).await).await.unwrap();
    assert!(!browser.is_in().await);
}

/// Links an account at a provider that names this address.
async fn link(app: &App, email: &str) {
    let now = app.auth.now();
    let identity = Identity {
        id: IdentityId::generate(now, &OsRng),
        user_id: user_id(app).await,
        issuer: "https://id.example.com".to_owned(),
        subject: "1".to_owned(),
        provider: "example".to_owned(),
        email: Some(email.to_owned()),
        created_at: now,
        last_used_at: None,
    };
    let list = vec![Change::LinkIdentity(Box::new(identity))];
    app.store.apply(&Changes::new(list, now, &OsRng)).await.unwrap();
}

#[tokio::test]
async fn what_people_write_is_text() {
    let app = app().await;
    let mut browser = ada(&app).await;
    let script = "\"><script>alert(1)</script>";
    let fields = [("username", "ada"), ("first_name", script), ("last_name", script)];
    leads_to(&browser.post("/account/profile", &fields).await, "/account?done=profile");
    let gender = json!({"gender": script});
    let session = app.session(ADA).await;
    let call = app.call("PUT", "/api/v1/users").bearer(&session.access);
    call.json(gender).send().await.has_status(200);
    let call = app.call("POST", "/api/v1/signin").header("user-agent", "<script>agent</script>");
    call.json(json!({"email": ADA, "password": PASSWORD})).send().await.has_status(200);
    link(&app, "<script>identity</script>").await;
    let shown = browser.open("/account").await;
    for text in ["agent", "identity"] {
        let text = format!("&lt;script&gt;{text}&lt;/script&gt;");
        assert!(shown.text.contains(&text), "{text}: {}", shown.text);
    }
    let mut guest = Browser::new(&app);
    for page in [
        shown,
        browser.open("/account?done=%3Cscript%3E").await,
        browser.post("/account/profile", &[("username", script)]).await,
        browser.post("/account/email", &[("email", script)]).await,
        guest.sign_in(script, script).await,
        guest.post("/account/register", &[("username", script), ("email", script)]).await,
        guest.post("/account/forgot", &[("identifier", script)]).await,
    ] {
        assert!(!page.text.contains("<script>"), "{}", page.text);
    }
}

#[tokio::test]
async fn the_pages_load_nothing_from_elsewhere_and_are_framed_by_nobody() {
    let app = app().await;
    let mut browser = ada(&app).await;
    for path in ["/account", "/account/sign-in", "/account/register", "/account/forgot"] {
        if path != "/account" {
            browser.cookies.clear();
        }
        let page = browser.open(path).await;
        assert_eq!(
            page.has_status(200).header("content-security-policy"),
            Some(
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                 form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
            )
        );
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert!(!page.text.contains("style=\"") && !page.text.contains("<style"));
        for remote in ["src=\"http", "href=\"http", "src=\"//", "href=\"//"] {
            assert!(!page.text.contains(remote), "{path} {remote}");
        }
    }
    let style = browser.open("/account/style.css").await;
    assert_eq!(style.header("content-type"), Some("text/css; charset=utf-8"));
}
