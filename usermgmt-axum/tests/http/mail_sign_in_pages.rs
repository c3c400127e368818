//! Signing in by mail on the pages.

use serde_json::json;
use usermgmt_core::mail::{MailKind, Message};

use crate::harness::{ADA, App, app, app_with, path_of, totp};
use crate::tab::{Browser, leads_to};

const ASK: &str = "/account/sign-in/email";
const CODE: &str = "/account/sign-in/email/code";

async fn mailing() -> App {
    let app = app_with(|config, _| config.sign_in.email = true).await;
    app.confirmed("ada", ADA).await;
    app
}

async fn ask(app: &App, browser: &mut Browser<'_>) -> Message {
    browser.open("/account/sign-in/email?return_to=/orders").await.has_status(200);
    browser.post(ASK, &[("email", ADA)]).await.has_status(200);
    app.mail(MailKind::EmailSignIn, ADA).await
}

#[tokio::test]
async fn the_mailed_code_signs_in_where_it_was_asked_for() {
    let app = mailing().await;
    let mut browser = Browser::new(&app);
    let mail = ask(&app, &mut browser).await;
    let code = mail.code.as_ref().unwrap().expose();
    browser.post(CODE, &[("code", " ")]).await.has_status(400);
    let wrong = if code == "00000000" { "00000001" } else { "00000000" };
    let refused = browser.post(CODE, &[("code", wrong)]).await;
    assert!(refused.has_status(400).text.contains("href=\"#code\""), "{}", refused.text);
    assert!(!browser.is_in().await);

    // The page that said no is left behind; its form is sent again.
    let mail = ask(&app, &mut browser).await;
    let code = mail.code.as_ref().unwrap().expose();
    leads_to(&browser.post(CODE, &[("code", code)]).await, "/orders");
    assert!(browser.is_in().await);

    let mut stranger = Browser::new(&app);
    stranger.open("/account/sign-in/email").await.has_status(200);
    stranger.post(ASK, &[("email", ADA)]).await.has_status(200);
    let mail = app.mail(MailKind::EmailSignIn, ADA).await;
    let code = mail.code.as_ref().unwrap().expose();
    let bare = [("email", ADA), ("code", code), ("request", "")];
    stranger.post(CODE, &bare).await.has_status(400);
}

#[tokio::test]
async fn the_mailed_link_says_whom_it_signs_in_and_does_so_by_its_button() {
    let app = mailing().await;
    let mail = ask(&app, &mut Browser::new(&app)).await;
    let path = path_of(&mail);
    let mut phone = Browser::new(&app);
    for _ in 0..2 {
        let page = phone.open(&path).await;
        assert!(page.has_status(200).text.contains("ada is signed in here"), "{}", page.text);
    }
    assert!(!phone.is_in().await, "a mail scanner opens links too");

    phone.open(&path).await.has_status(200);
    phone.evidence = vec![("sec-fetch-site", "cross-site")];
    phone.post("/sign-in/email", &[]).await.has_status(403);
    phone.evidence = vec![("sec-fetch-site", "same-origin")];
    phone.open(&path).await.has_status(200);
    leads_to(&phone.post("/sign-in/email", &[]).await, "/account");
    assert!(phone.is_in().await);

    let mut late = Browser::new(&app);
    late.open(&path).await.has_status(400);
    let token = path.split_once("token=").unwrap().1;
    late.post("/sign-in/email", &[("token", token)]).await.has_status(400);
}

#[tokio::test]
async fn a_second_factor_is_asked_for_after_the_mail() {
    let app = mailing().await;
    let ada = app.session(ADA).await;
    let enrol = app.call("POST", "/api/v1/mfa/totp").bearer(&ada.access).send().await;
    let secret = enrol.field("secret");
    let confirm = app.call("POST", "/api/v1/mfa/totp/confirm").bearer(&ada.access);
    confirm.json(json!({"code": totp(&app, &secret)})).send().await.has_status(200);
    app.advance(60);
    let mail = ask(&app, &mut Browser::new(&app)).await;
    let mut phone = Browser::new(&app);
    phone.open(&path_of(&mail)).await.has_status(200);
    phone.post("/sign-in/email", &[]).await.has_status(200);
    assert!(phone.session().is_none());
    let code = totp(&app, &secret);
    leads_to(&phone.post("/account/sign-in/code", &[("code", &code)]).await, "/account");
    assert!(phone.is_in().await);
}

#[tokio::test]
async fn where_it_is_off_the_pages_do_not_offer_it() {
    let app = app().await;
    let mut browser = Browser::new(&app);
    browser.open(ASK).await.has_status(404);
    browser.post(ASK, &[("email", ADA)]).await.has_status(404);
    assert!(!browser.open("/account/sign-in").await.text.contains(ASK));
    let on = mailing().await;
    assert!(Browser::new(&on).open("/account/sign-in").await.text.contains(ASK));
}
