//! Passkeys in the browser, by an authenticator that it has itself.

use usermgmt_test_support::{PASSWORD, Server, Setup, registered};

use crate::chrome::{Chrome, LANGUAGES};

const ADA: &str = "ada@example.org";

/// A server, and the address at which browsers know its passkeys: they know none of
/// an IP address.
async fn with_passkeys() -> (Server, String) {
    let server = Setup::new().var("USERMGMT_SIGN_IN__PASSKEYS", "true").start().await;
    registered(&server, "ada", ADA).await;
    let base = server.base.replace("127.0.0.1", "localhost");
    (server, base)
}

async fn by_password(browser: &Chrome, base: &str) {
    browser.open(&format!("{base}/account/sign-in")).await;
    browser.fill("/account/sign-in", &[("identifier", "ada"), ("password", PASSWORD)]).await;
    browser.submit("/account/sign-in").await;
}

/// Signed in, with a passkey; and its recovery codes.
async fn add(browser: &Chrome, base: &str) -> Vec<String> {
    by_password(browser, base).await;
    browser.reads("Sign in without a password next time?").await;
    browser.press("Not now").await;
    browser.reads(ADA).await;
    browser.press("Add a passkey").await;
    browser.fill("/account/passkeys", &[("name", "Laptop")]).await;
    browser.press("Add a passkey").await;
    let codes = browser.texts_of(".codes code").await;
    assert_eq!(codes.len(), 10);
    browser.press("I have kept them").await;
    browser.reads("Laptop").await;
    codes
}

/// Without the list in the field for the name, which answers by itself here.
const NO_LIST: &str = "PublicKeyCredential.isConditionalMediationAvailable = undefined";

#[tokio::test]
async fn somebody_lives_with_a_passkey_from_adding_to_removing_it() {
    let (_server, base) = with_passkeys().await;
    let browser = Chrome::start().await;
    browser.runs_first(NO_LIST).await;
    browser.has_authenticator().await;
    add(&browser, &base).await;
    browser.open_up("details summary").await;
    browser.fill("/account/passkeys/rename", &[("name", "Work")]).await;
    browser.submit("/account/passkeys/rename").await;
    browser.reads("The passkey has its new name.").await;
    browser.reads("not used yet").await;

    browser.press("Sign out").await;
    browser.press("Sign in with a passkey").await;
    browser.reads(ADA).await;
    assert!(!browser.text().await.contains("not used yet"));

    browser.press("Sign out").await;
    by_password(&browser, &base).await;
    browser.reads("recovery codes").await;
    browser.press("Use your passkey").await;
    browser.reads(ADA).await;

    // The device has one already, and says so.
    browser.press("Add a passkey").await;
    browser.open_up("form[action$='/account/passkeys'] button[type=submit]").await;
    browser.comes_to_read("This device has a passkey for your account already.").await;
    browser.press("Back to my account").await;

    browser.press("Remove").await;
    browser.reads("The passkey is removed.").await;
    browser.press("Sign out").await;
    browser.press("Sign in with a passkey").await;
    browser.reads("The passkey was not accepted.").await;
    by_password(&browser, &base).await;
    browser.reads(ADA).await;
    browser.quit().await;
}

#[tokio::test]
async fn the_field_for_the_name_offers_the_passkey() {
    let (_server, base) = with_passkeys().await;
    let browser = Chrome::start().await;
    browser.has_authenticator().await;
    add(&browser, &base).await;
    browser.press("Sign out").await;
    browser.comes_to_read(ADA).await;
    browser.quit().await;
}

#[tokio::test]
async fn pages_with_passkeys_look_right() {
    let (_server, base) = with_passkeys().await;
    let browser = Chrome::start().await;
    browser.runs_first(NO_LIST).await;
    for language in LANGUAGES {
        browser.speaks(language).await;
        browser.open(&format!("{base}/account/sign-in")).await;
        browser.looks_right_in(language, "sign-in-with-passkey").await;
    }
    browser.speaks("en").await;
    browser.has_authenticator().await;
    add(&browser, &base).await;
    for language in LANGUAGES {
        browser.speaks(language).await;
        browser.open(&format!("{base}/account")).await;
        browser.open_up("details summary").await;
        browser.looks_right_in(language, "account-with-passkey").await;
        browser.open(&format!("{base}/account/passkeys/add")).await;
        browser.looks_right_in(language, "passkey-add").await;
        browser.open(&format!("{base}/account/passkeys/add?offer=yes&return_to=/account")).await;
        browser.looks_right_in(language, "passkey-offer").await;
    }
    browser.open(&format!("{base}/account")).await;
    browser.submit("/account/sign-out").await;
    for language in LANGUAGES {
        browser.speaks(language).await;
        by_password(&browser, &base).await;
        browser.looks_right_in(language, "second-step-with-passkey").await;
    }
    browser.quit().await;
}
