//! How the pages look, on what they are looked at with.

use usermgmt_test_support::{PASSWORD, Server, Setup, registered};

use crate::chrome::Chrome;

const LANGUAGES: [&str; 2] = ["en", "de"];
/// Long enough to stick out.
const LONG: &str = "maximiliane.mustermann-von-und-zu-hohenstein@mail.accounts.example.org";

async fn somebody() -> Server {
    let server = Setup::new().var("USERMGMT_SIGN_IN__EMAIL", "true").start().await;
    registered(&server, "maximiliane", LONG).await;
    server
}

#[tokio::test]
async fn pages_for_everybody_look_right() {
    let server = somebody().await;
    let browser = Chrome::start().await;
    for language in LANGUAGES {
        browser.speaks(language).await;
        for (name, path) in [
            ("front", "/"),
            ("register", "/account/register"),
            ("sign-in", "/account/sign-in"),
            ("sign-in-by-mail", "/account/sign-in/email"),
            ("forgot", "/account/forgot"),
            ("reset-refused", "/reset-password?token=none"),
        ] {
            browser.open(&format!("{}{path}", server.base)).await;
            browser.looks_right(&format!("{name}-{language}")).await;
        }
        browser.open(&format!("{}/account/register", server.base)).await;
        let fields = [("username", "a"), ("email", LONG), ("password", "short")];
        browser.fill("/account/register", &fields).await;
        browser.submit("/account/register").await;
        browser.looks_right(&format!("register-refused-{language}")).await;
    }
    browser.quit().await;
}

#[tokio::test]
async fn the_account_looks_right() {
    let server = somebody().await;
    let browser = Chrome::start().await;
    browser.open(&format!("{}/account/sign-in", server.base)).await;
    let fields = [("identifier", LONG), ("password", PASSWORD)];
    browser.fill("/account/sign-in", &fields).await;
    browser.submit("/account/sign-in").await;
    for language in LANGUAGES {
        browser.speaks(language).await;
        browser.open(&format!("{}/account", server.base)).await;
        browser.looks_right(&format!("account-{language}")).await;
        browser.submit("/account/second-factor").await;
        browser.looks_right(&format!("second-factor-{language}")).await;
    }
    let url = browser.qr_code().await;
    let code = totp_rs::Totp::from_url(&url).unwrap().generate_current().to_string();
    browser.fill("/account/second-factor/confirm", &[("code", &code)]).await;
    browser.submit("/account/second-factor/confirm").await;
    browser.looks_right("recovery-codes").await;
    browser.open(&format!("{}/account", server.base)).await;
    browser.looks_right("account-with-factor").await;
    browser.quit().await;
}
