//! A person's whole life on the pages.

use serde_json::json;
use usermgmt_test_support::{PASSWORD, Server, eventually, registered};

use crate::chrome::Chrome;

const ADA: &str = "ada@example.org";
const KING: &str = "ada.king@example.org";
/// What is chosen after a mail, and what is chosen then.
const SECOND: &str = "difference engine no. 2";
const THIRD: &str = "jacquard loom no. 3";

async fn sign_in(browser: &Chrome, server: &Server, password: &str) {
    browser.open(&format!("{}/account/sign-in", server.base)).await;
    browser.fill("/account/sign-in", &[("identifier", "ada"), ("password", password)]).await;
    browser.press("Sign in").await;
}

/// Turns the second factor on, and comes to its recovery codes.
async fn turn_factor_on(browser: &Chrome) -> Vec<String> {
    browser.press("Turn it on").await;
    let url = browser.qr_code().await;
    let code = totp_rs::Totp::from_url(&url).unwrap().generate_current().to_string();
    browser.fill("/account/second-factor/confirm", &[("code", &code)]).await;
    browser.press("Turn it on").await;
    browser.texts_of(".codes code").await
}

/// A password that is forgotten, one that is changed, a new address, and a session
/// elsewhere that is ended.
async fn change_what_signs_in(browser: &Chrome, server: &Server) {
    browser.open(&format!("{}/account/sign-in", server.base)).await;
    browser.press("Forgot your password?").await;
    browser.fill("/account/forgot", &[("identifier", "ada")]).await;
    browser.press("Send the link").await;
    browser.reads("a mail with a link is on its way").await;
    browser.open(&server.mails_to(ADA, 2).await.swap_remove(1).link("/reset-password")).await;
    browser.fill("", &[("new_password", SECOND)]).await;
    browser.press("Set the password").await;
    browser.reads("Password has been reset").await;

    sign_in(browser, server, SECOND).await;
    let passwords = [("current_password", SECOND), ("new_password", THIRD)];
    browser.fill("/account/password", &passwords).await;
    browser.press("Change the password").await;
    browser.reads("Your password is changed.").await;

    browser.fill("/account/email", &[("email", KING)]).await;
    browser.press("Change the address").await;
    browser.reads("A mail is on its way to the new address.").await;
    browser.open(&server.mail_to(KING).await.link("/email/confirm")).await;
    browser.press("Confirm").await;
    browser.reads("Email changed").await;

    let elsewhere = json!({ "email": KING, "password": THIRD });
    let token = server.post("/api/v1/signin", elsewhere).await.field("access_token");
    assert_eq!(server.get_as(&token, "/api/v1/protected").await.status, 200);
    browser.open(&format!("{}/account", server.base)).await;
    browser.reads(KING).await;
    browser.submit("/account/sessions/end").await;
    browser.reads("That device is signed out.").await;
    assert_eq!(server.get_as(&token, "/api/v1/protected").await.status, 401);
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

    sign_in(browser, &server, PASSWORD).await;
    browser.reads(ADA).await;
    browser.press("Sign out").await;
    change_what_signs_in(browser, &server).await;
    browser.fill("/account/profile", &[("first_name", "Ada"), ("last_name", "Lovelace")]).await;
    browser.press("Save").await;
    browser.reads("Your profile is saved.").await;

    let codes = turn_factor_on(browser).await;
    assert_eq!(codes.len(), 10);
    browser.press("I have kept them").await;
    browser.reads("On. A code").await;
    browser.saves_files_in(server.setup().dir()).await;
    browser.open_up("a[href$='/account/export']").await;
    let export = server.setup().dir().join("account.json");
    let export = eventually("the export", || std::fs::read_to_string(&export).ok()).await;
    assert!(export.contains(KING) && export.contains("Lovelace"), "{export}");

    browser.press("Sign out").await;
    browser.open(&page("/account")).await;
    browser.reads("Email or username").await;
    sign_in(browser, &server, THIRD).await;
    browser.fill("/account/sign-in/code", &[("code", &codes[0])]).await;
    browser.press("Continue").await;
    browser.reads("Where you are signed in").await;

    browser.press("Delete my account").await;
    browser.reads("Tick the box if you are sure.").await;
    browser.tick("sure").await;
    browser.press("Delete my account").await;
    sign_in(browser, &server, THIRD).await;
    browser.reads("This did not work.").await;
}

#[tokio::test]
async fn somebody_lives_on_the_pages_from_registration_to_deletion() {
    let browser = Chrome::start().await;
    live(&browser).await;
    browser.quit().await;
}

#[tokio::test]
async fn recovery_codes_are_copied_and_saved_as_a_file() {
    let server = Server::start().await;
    registered(&server, "ada", ADA).await;
    let browser = Chrome::start().await;
    sign_in(&browser, &server, PASSWORD).await;
    let codes = turn_factor_on(&browser).await.join("\n") + "\n";
    browser.saves_files_in(server.setup().dir()).await;
    browser.open_up(".tools button:nth-of-type(1)").await;
    browser.comes_to_read("Copied").await;
    assert_eq!(browser.clipboard().await, codes);
    browser.open_up(".tools button:nth-of-type(2)").await;
    let file = server.setup().dir().join("recovery-codes.txt");
    let saved = eventually("the file", || std::fs::read_to_string(&file).ok()).await;
    assert_eq!(saved, codes);
    browser.quit().await;
}

#[tokio::test]
async fn printed_recovery_codes_say_whose_they_are_and_have_no_buttons() {
    let server = Server::start().await;
    registered(&server, "ada", ADA).await;
    let browser = Chrome::start().await;
    sign_in(&browser, &server, PASSWORD).await;
    let codes = turn_factor_on(&browser).await;
    let product = browser.texts_of(".brand").await;
    browser.is_on_paper().await;
    assert_eq!(browser.texts_of(".codes code").await, codes);
    assert_eq!(browser.texts_of(".brand").await, product);
    browser.reads(ADA).await;
    let unseen = browser.texts_of("main button, main a").await;
    assert!(unseen.len() >= 4 && unseen.iter().all(String::is_empty), "{unseen:?}");
    browser.quit().await;
}

#[tokio::test]
async fn they_do_so_without_script() {
    let browser = Chrome::start().await;
    browser.without_script().await;
    live(&browser).await;
    browser.quit().await;
}
