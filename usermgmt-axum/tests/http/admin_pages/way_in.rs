//! The way in, for who has no session, or somebody else's.

use super::{ROOT, browser_of, desk, page_of, without_factor};
use crate::admin::Admin;
use crate::harness::{ADA, PASSWORD, app_with, operator};
use crate::tab::{Browser, leads_to};
use usermgmt_core::Role;

#[tokio::test]
async fn a_guest_signs_in_and_is_where_they_were_going() {
    let admin = without_factor().await;
    let mut browser = Browser::new(&admin.app);
    let led = browser.open(&page_of("/users?search=ann")).await;
    let sign_in = "/web3m-admin/sign-in?return_to=%2Fweb3m-admin%2Fusers%3Fsearch%3Dann";
    leads_to(&led, sign_in);
    browser.open(sign_in).await.has_status(200);
    let fields = [("identifier", "root"), ("password", "wrong")];
    browser.post(&page_of("/sign-in"), &fields).await.has_status(401);
    let fields = [("identifier", "root"), ("password", PASSWORD)];
    let entered = browser.post(&page_of("/sign-in"), &fields).await;
    leads_to(&entered, "/web3m-admin/users?search=ann");
    browser.open(&page_of("/users?search=ann")).await.has_status(200);
    leads_to(&browser.open(sign_in).await, "/web3m-admin/users?search=ann");
}

#[tokio::test]
async fn the_way_in_leads_to_no_other_place() {
    let admin = without_factor().await;
    for evil in ["https://evil.example", "//evil.example", "/\\evil.example", "/orders"] {
        let mut browser = Browser::new(&admin.app);
        let fields = [("identifier", "root"), ("password", PASSWORD), ("return_to", evil)];
        leads_to(&browser.post(&page_of("/sign-in"), &fields).await, "/web3m-admin/");
    }
}

#[tokio::test]
async fn a_user_who_is_no_administrator_is_refused_and_can_sign_in_as_one() {
    let admin = without_factor().await;
    let (ann, _) = admin.user("ann").await;
    let mut browser = browser_of(&admin.app, &ann.access).await;
    let refused = browser.open(&page_of("/audit")).await;
    assert!(refused.has_status(403).text.contains("ann@example.com"));
    let fields = [("identifier", "root"), ("password", PASSWORD)];
    leads_to(&browser.post(&page_of("/sign-in"), &fields).await, "/web3m-admin/audit");
    browser.open(&page_of("/audit")).await.has_status(200);
    let ended = admin.app.get("/api/v1/protected").bearer(&ann.access).send().await;
    ended.has_error(401, "invalid_token");
}

#[tokio::test]
async fn an_administrator_without_a_second_factor_is_told_how_to_get_one() {
    let admin = Admin::new().await;
    admin.user("ann").await;
    let ann = admin.app.promoted("ann@example.com").await;
    let mut browser = browser_of(&admin.app, &ann.access).await;
    let told = browser.open(&page_of("/users")).await;
    assert!(told.has_status(403).text.contains("href=\"/account#factor\""), "{}", told.text);
    admin.app.with_second_factor("ann@example.com", &ann).await;
    // The session from before turning it on has no second factor.
    let mut browser = Browser::new(&admin.app);
    let fields = [("identifier", "ann"), ("password", PASSWORD)];
    let asked = browser.post(&page_of("/sign-in"), &fields).await;
    assert!(asked.has_status(200).text.contains("action=\"/web3m-admin/sign-in/code\""));
    browser.post(&page_of("/sign-in/code"), &[("code", "000000")]).await.has_status(401);
}

#[tokio::test]
async fn the_pages_are_where_the_setting_says() {
    let app = app_with(|config, http| {
        config.admin.require_mfa = false;
        http.admin_path = "/people/desk/".to_owned();
    });
    let app = app.await;
    app.confirmed("ada", ADA).await;
    let ada = app.promoted(ADA).await;
    let mut browser = browser_of(&app, &ada.access).await;
    for path in ["/admin", "/admin/"] {
        leads_to(&browser.open(path).await, "/people/desk/");
    }
    let page = browser.open("/people/desk/users").await;
    let text = &page.has_status(200).text;
    assert!(text.contains("href=\"/people/desk/audit\"") && !text.contains(ROOT), "{text}");
    browser.open(ROOT).await.has_status(404);
    let front = browser.open("/").await;
    assert!(front.has_status(200).text.contains("href=\"/people/desk/\""), "{}", front.text);
}

#[tokio::test]
async fn under_the_path_of_the_public_url_every_link_has_that_path() {
    let app = app_with(|config, _| {
        config.admin.require_mfa = false;
        config.public_url = "https://accounts.example.com/people".parse().unwrap();
    });
    let app = app.await;
    let made = usermgmt_core::flows::Invite {
        username: usermgmt_core::Username::parse("ada", 64).unwrap(),
        email: usermgmt_core::Email::parse(ADA).unwrap(),
        role: Role::Admin,
        first_name: None,
        last_name: None,
        gender: None,
        locale: None,
        password: Some(PASSWORD.into()),
        mail: false,
        life: std::time::Duration::from_secs(60),
    };
    app.auth.invite(&operator(), &made).await.unwrap();
    let mut browser = Browser::new(&app);
    leads_to(&browser.open("/admin").await, "/people/web3m-admin/");
    let fields = [("identifier", "ada"), ("password", PASSWORD)];
    let entered = browser.post("/people/web3m-admin/sign-in", &fields).await;
    leads_to(&entered, "/people/web3m-admin/");
    for path in ["/people/web3m-admin/users", "/web3m-admin/users"] {
        let text = browser.open(path).await.has_status(200).text.clone();
        for at in ["href=\"/", "action=\"/", "src=\"/"] {
            let other = text.split(at).skip(1).find(|rest| !rest.starts_with("people/"));
            assert_eq!(other, None, "{path}");
        }
    }
}

#[tokio::test]
async fn the_pages_speak_three_languages() {
    let admin = Admin::new().await;
    let mut browser = desk(&admin).await;
    for (language, word) in [("en", "Service keys"), ("de", "Dienstschlüssel"), ("pl", "Klucze")] {
        browser.language = language;
        let page = browser.open(&page_of("/")).await;
        let text = &page.has_status(200).text;
        assert!(text.contains(&format!("<html lang=\"{language}\"")) && text.contains(word));
    }
}
