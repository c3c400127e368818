//! Signing in again before something is changed.

use serde_json::json;

use super::{browser_of, page_of, without_factor};
use crate::admin::Admin;
use crate::harness::{PASSWORD, totp};
use crate::tab::leads_to;

#[tokio::test]
async fn an_old_sign_in_is_renewed_and_what_was_asked_is_done() {
    let admin = without_factor().await;
    let (_, path) = admin.user("ann").await;
    let user = page_of(&path);
    let mut browser = browser_of(&admin.app, &admin.root.access).await;
    admin.app.advance(16 * 60);
    browser.open(&user).await.has_status(200);
    let fields = [
        ("username", "ann"),
        ("email", "ann@example.com"),
        ("role", "user"),
        ("first_name", "Zoe"),
    ];
    let asked = browser.post(&user, &fields).await;
    assert!(asked.has_status(403).text.contains("name=\"again_password\""), "{}", asked.text);
    let before = browser.session().unwrap().to_owned();
    let wrong = browser.post(&user, &[("again_password", "wrong")]).await;
    assert!(wrong.has_status(401).text.contains("href=\"#again_password\""));
    browser.post(&user, &[("again_password", "")]).await.has_status(403);
    assert_eq!(browser.session(), Some(before.as_str()));
    leads_to(
        &browser.post(&user, &[("again_password", PASSWORD)]).await,
        &format!("{user}?done=edit"),
    );
    assert_ne!(browser.session(), Some(before.as_str()), "there is a new session");
    let shown = browser.open(&user).await;
    assert!(shown.has_status(200).text.contains("value=\"Zoe\""));
    // The next one is done at once.
    leads_to(
        &browser.post(&format!("{user}/send-reset"), &[]).await,
        &format!("{user}?done=send-reset"),
    );
    browser.cookies.insert("__Host-usermgmt".to_owned(), before);
    assert_eq!(browser.open(&user).await.status, 303, "the session before has ended");
}

#[tokio::test]
async fn whoever_has_a_second_factor_shows_it_again() {
    let admin = Admin::new().await;
    let app = &admin.app;
    app.confirmed("boss", "boss@example.com").await;
    let first = app.session("boss@example.com").await;
    let id = first.user_id.parse().unwrap();
    let begun = app.call("POST", "/api/v1/mfa/totp").bearer(&first.access).send().await;
    let secret = begun.field("secret");
    let code = json!({"code": totp(app, &secret)});
    app.call("POST", "/api/v1/mfa/totp/confirm").bearer(&first.access).json(code).send().await;
    app.auth.set_role(&crate::harness::operator(), &id, usermgmt_core::Role::Admin).await.unwrap();
    app.advance(30);
    let mut browser = crate::tab::Browser::new(app);
    let fields = [("identifier", "boss"), ("password", PASSWORD)];
    browser.post(&page_of("/sign-in"), &fields).await.has_status(200);
    let code = totp(app, &secret);
    leads_to(&browser.post(&page_of("/sign-in/code"), &[("code", &code)]).await, "/web3m-admin/");
    let (_, path) = admin.user("ann").await;
    let disable = page_of(&format!("{path}/disable"));
    app.advance(16 * 60);
    browser.open(&disable).await.has_status(200);
    browser.post(&disable, &[]).await.has_status(403);
    let fields = [("again_password", PASSWORD), ("again_code", "")];
    browser.post(&disable, &fields).await.has_status(403);
    let fields = [("again_password", PASSWORD), ("again_code", "000000")];
    browser.post(&disable, &fields).await.has_status(401);
    let code = totp(app, &secret);
    let fields = [("again_password", PASSWORD), ("again_code", code.as_str())];
    let done = browser.post(&disable, &fields).await;
    leads_to(&done, &format!("{}?done=disable", page_of(&path)));
}
