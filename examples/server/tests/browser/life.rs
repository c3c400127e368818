//! A person's whole life on the pages.

use usermgmt_test_support::{PASSWORD, Server};

use crate::chrome::Chrome;

const ADA: &str = "ada@example.org";

async fn sign_in(browser: &Chrome, server: &Server) {
    browser.open(&format!("{}/account/sign-in", server.base)).await;
    browser.fill("/account/sign-in", &[("identifier", "ada"), ("password", PASSWORD)]).await;
    browser.press("Sign in").await;
}

/// From the registration to the end of the account, by what the pages show.
async fn live(browser: &Chrome) {
    let server = Server::start().await;
    let page = |path: &str| format!("{}{path}", server.base);
    browser.open(&page("/account/register")).await;
    let fields = [("username", "ada"), ("email", ADA), ("password", PASSWORD)];
    browser.fill("/account/register", &fields).await;
    browser.press("Create an account").await;
    browser.reads(ADA).await;
    browser.open(&server.mail_to(ADA).await.link("/confirm-email/")).await;
    browser.press("Confirm").await;

    sign_in(browser, &server).await;
    browser.reads(ADA).await;
    browser.fill("/account/profile", &[("first_name", "Ada"), ("last_name", "Lovelace")]).await;
    browser.press("Save").await;
    browser.reads("Your profile is saved.").await;

    browser.press("Turn it on").await;
    let url = browser.qr_code().await;
    let code = totp_rs::Totp::from_url(&url).unwrap().generate_current().to_string();
    browser.fill("/account/second-factor/confirm", &[("code", &code)]).await;
    browser.press("Turn it on").await;
    let codes = browser.texts_of(".codes code").await;
    assert_eq!(codes.len(), 10);
    browser.press("I have kept them").await;
    browser.reads("On. A code").await;

    browser.press("Sign out").await;
    browser.open(&page("/account")).await;
    browser.reads("Email or username").await;
    sign_in(browser, &server).await;
    browser.fill("/account/sign-in/code", &[("code", &codes[0])]).await;
    browser.press("Continue").await;
    browser.reads("Where you are signed in").await;

    browser.press("Delete my account").await;
    browser.reads("Tick the box if you are sure.").await;
    browser.tick("sure").await;
    browser.press("Delete my account").await;
    sign_in(browser, &server).await;
    browser.reads("This did not work.").await;
}

#[tokio::test]
async fn somebody_lives_on_the_pages_from_registration_to_deletion() {
    let browser = Chrome::start().await;
    live(&browser).await;
    browser.quit().await;
}

#[tokio::test]
async fn they_do_so_without_script() {
    let browser = Chrome::start().await;
    browser.without_script().await;
    live(&browser).await;
    browser.quit().await;
}
