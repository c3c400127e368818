//! How the pages look, on what they are looked at with.

use serde_json::json;
use usermgmt_test_support::{PASSWORD, Server, Setup, eventually, registered};

use crate::chrome::{Chrome, LANGUAGES};
use crate::crowd;

const NEW: &str = "new@example.org";
/// What pages that are shown on the way to others are looked at in: the layout of the
/// third language is that of the pages before and after.
const TWO: [&str; 2] = [LANGUAGES[0], LANGUAGES[1]];
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
    let forgot = json!({ "email": LONG });
    assert_eq!(server.post("/api/v1/password/forgot", forgot).await.status, 200);
    let mail = server.mails_to(LONG, 2).await.swap_remove(1);
    let reset = mail.link("/reset-password");
    let reset = reset.strip_prefix(&server.base).unwrap();
    let new = json!({ "username": "new", "email": NEW, "password": PASSWORD });
    assert_eq!(server.post("/api/v1/register", new).await.status, 201);
    let mail = server.mail_to(NEW).await;
    let (confirm, not_me) = (mail.path("/confirm-email/"), mail.path("/not-me"));
    let browser = Chrome::start().await;
    for language in LANGUAGES {
        browser.speaks(language).await;
        for (name, path) in [
            ("reset", reset),
            ("confirm", &confirm),
            ("not-me", &not_me),
            ("front", "/"),
            ("register", "/account/register"),
            ("sign-in", "/account/sign-in"),
            ("sign-in-by-mail", "/account/sign-in/email"),
            ("forgot", "/account/forgot"),
            ("reset-refused", "/reset-password?token=none"),
        ] {
            browser.open(&format!("{}{path}", server.base)).await;
            browser.looks_right_in(language, name).await;
        }
        browser.open(&format!("{}/account/register", server.base)).await;
        let fields = [("username", "a"), ("email", LONG), ("password", "short")];
        browser.fill("/account/register", &fields).await;
        browser.submit("/account/register").await;
        browser.looks_right_in(language, "register-refused").await;
        browser.open(&format!("{}{reset}", server.base)).await;
        browser.fill("", &[("new_password", "password")]).await;
        browser.submit("").await;
        browser.looks_right_in(language, "reset-too-easy").await;
    }
    browser.quit().await;
}

/// In one language, which its list has in every one, and briefly: it is long.
#[tokio::test]
async fn the_list_of_endpoints_looks_right_where_no_script_takes_its_place() {
    let server = Server::start().await;
    let browser = Chrome::start().await;
    browser.without_script().await;
    browser.open(&format!("{}/", server.base)).await;
    browser.reads("/api/v1/signin/mfa").await;
    assert!(browser.texts_of(".scalar-app").await.is_empty());
    browser.looks_right_briefly("front-plain").await;
    browser.quit().await;
}

#[tokio::test]
async fn the_development_mailbox_looks_right_and_begins_with_what_people_see() {
    let server = somebody().await;
    let mail = server.mail_to(LONG).await;
    assert!(mail.link("/confirm-email/").len() > 76);
    let browser = Chrome::start().await;
    browser.open(&format!("{}/dev/mail", server.base)).await;
    // Nobody waits for mail here: a page that loads itself anew moves under one's hands.
    let stay = "window.stop(); document.querySelector('meta[http-equiv]').remove();";
    browser.driver.execute(stay, vec![]).await.unwrap();
    browser.looks_right("dev-mail-list").await;
    browser.click("li a").await;
    browser.looks_right("dev-mail").await;
    let parts = "return [...document.querySelectorAll('iframe, pre')].map((part) => part.title ||
        part.textContent.includes('/confirm-email/'));";
    let parts = browser.driver.execute(parts, vec![]).await.unwrap();
    assert_eq!(parts.json(), &json!(["HTML part", true]));
    let ground = "return getComputedStyle(document.body).backgroundColor;";
    let ground = browser.driver.execute(ground, vec![]).await.unwrap();
    assert_ne!(ground.json(), &json!("rgb(255, 255, 255)"), "it is dark by now");

    let file = server.data_dir().join("mail.html");
    std::fs::write(&file, &mail.html).unwrap();
    browser.open(&format!("file://{}", file.display())).await;
    browser.looks_right("mail").await;
    browser.quit().await;
}

#[tokio::test]
async fn a_password_that_is_chosen_by_a_mailed_link_can_be_shown() {
    let server = somebody().await;
    let forgot = json!({ "email": LONG });
    assert_eq!(server.post("/api/v1/password/forgot", forgot).await.status, 200);
    let mail = server.mails_to(LONG, 2).await.swap_remove(1);
    let browser = Chrome::start().await;
    browser.open(&mail.link("/reset-password")).await;
    browser.fill("", &[("new_password", PASSWORD)]).await;
    browser.open_up("button.reveal").await;
    assert_eq!(browser.texts_of("input[type=text] + button[aria-pressed=true]").await, ["Hide"]);
    browser.open_up("button.reveal").await;
    browser.submit("").await;
    let new = json!({ "email": LONG, "password": PASSWORD });
    assert_eq!(server.post("/api/v1/signin", new).await.status, 200);
    browser.quit().await;
}

#[cfg(feature = "oidc")]
#[tokio::test]
async fn pages_with_providers_look_right() {
    let server = Setup::new()
        .var("USERMGMT_PROVIDERS__LOCAL__ISSUER", "http://127.0.0.1:1")
        .var("USERMGMT_PROVIDERS__LOCAL__CLIENT_ID", "pages")
        .var("USERMGMT_PROVIDERS__LOCAL__CLIENT_SECRET", "a secret of the provider's")
        .var("USERMGMT_PROVIDERS__LOCAL__NAME", "Hohenstein Accounts for Everybody")
        .start()
        .await;
    registered(&server, "maximiliane", LONG).await;
    let browser = Chrome::start().await;
    for language in LANGUAGES {
        browser.speaks(language).await;
        for (name, path) in [
            ("sign-in-with-provider", "/account/sign-in"),
            ("provider-refused", "/api/v1/signin/oidc/local/callback?state=none"),
            ("provider-unavailable", "/api/v1/signin/oidc/local"),
        ] {
            browser.open(&format!("{}{path}", server.base)).await;
            browser.looks_right_in(language, name).await;
        }
    }
    browser.speaks("en").await;
    browser.open(&format!("{}/account/sign-in", server.base)).await;
    browser.fill("/account/sign-in", &[("identifier", LONG), ("password", PASSWORD)]).await;
    browser.submit("/account/sign-in").await;
    for language in LANGUAGES {
        browser.speaks(language).await;
        browser.open(&format!("{}/account", server.base)).await;
        browser.looks_right_in(language, "account-with-provider").await;
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
        browser.looks_right_in(language, "account").await;
        browser.submit("/account/second-factor").await;
        browser.looks_right_in(language, "second-factor").await;
    }
    let url = browser.qr_code().await;
    let code = totp_rs::Totp::from_url(&url).unwrap().generate_current().to_string();
    browser.speaks("en").await;
    browser.fill("/account/second-factor/confirm", &[("code", &code)]).await;
    browser.submit("/account/second-factor/confirm").await;
    browser.looks_right("recovery-codes").await;
    browser.press("I have kept them").await;
    browser.looks_right("account-with-factor").await;

    let wrong = [("current_password", "not it at all"), ("new_password", PASSWORD)];
    browser.fill("/account/password", &wrong).await;
    browser.submit("/account/password").await;
    browser.looks_right("account-refused").await;
    browser.press("Sign out").await;
    browser.open(&format!("{}/account/sign-in", server.base)).await;
    browser.fill("/account/sign-in", &fields).await;
    browser.submit("/account/sign-in").await;
    browser.looks_right("second-step").await;
    browser.fill("/account/sign-in/code", &[("code", "123456")]).await;
    browser.submit("/account/sign-in/code").await;
    browser.looks_right("second-step-refused").await;
    browser.quit().await;
}

/// What is worth it then asks for the password too, by fields that are not there else.
#[tokio::test]
async fn the_account_of_who_signed_in_long_ago_looks_right() {
    let server = somebody().await;
    let browser = Chrome::start().await;
    browser.open(&format!("{}/account/sign-in", server.base)).await;
    browser.fill("/account/sign-in", &[("identifier", LONG), ("password", PASSWORD)]).await;
    browser.submit("/account/sign-in").await;
    let proof = "form[action$='/account/delete'] [name='current_password']";
    assert!(browser.texts_of(proof).await.is_empty());
    crowd::age(&server).await;
    browser.open(&format!("{}/account", server.base)).await;
    assert_eq!(browser.texts_of(proof).await.len(), 1);
    browser.looks_right_briefly("account-stale").await;
    browser.quit().await;
}

#[tokio::test]
async fn what_the_forms_for_everybody_lead_to_looks_right() {
    let server = somebody().await;
    let browser = Chrome::start().await;
    for language in TWO {
        browser.speaks(language).await;
        let (name, address) = (format!("anna-{language}"), format!("anna-{language}-{LONG}"));
        let anna = [("username", &*name), ("email", &*address), ("password", PASSWORD)];
        let wrong = [("identifier", LONG), ("password", "not it at all")];
        for (name, form, fields) in [
            ("registered", "/account/register", &anna[..]),
            ("sign-in-refused", "/account/sign-in", &wrong),
            ("forgot-sent", "/account/forgot", &[("identifier", LONG)]),
            ("mail-code", "/account/sign-in/email", &[("email", LONG)]),
        ] {
            browser.open(&format!("{}{form}", server.base)).await;
            browser.fill(form, fields).await;
            browser.submit(form).await;
            browser.looks_right_in(language, name).await;
        }
        browser.fill("/account/sign-in/email/code", &[("code", "000000")]).await;
        browser.submit("/account/sign-in/email/code").await;
        browser.looks_right_in(language, "mail-code-refused").await;
    }
    browser.quit().await;
}

#[tokio::test]
async fn pages_behind_other_mailed_links_look_right() {
    let server = somebody().await;
    let create = ["service-key", "create", "--name", "shop"];
    let key = server.setup().command().args(create).output().unwrap().stdout;
    let key = String::from_utf8(key).unwrap();
    let browser = Chrome::start().await;
    for language in TWO {
        let email = format!("{language}-{NEW}");
        let invited = json!({
            "username": format!("anna-{language}"), "first_name": "Anna", "last_name": "Winter",
            "email": email, "password": PASSWORD, "password_confirmation": PASSWORD,
            "gender": "Female", "role": "user",
        });
        let made = server.call("POST", "/api/users", key.trim(), invited).await;
        assert_eq!(made.status, 201, "{made:?}");
        browser.speaks(language).await;
        browser.open(&server.mail_to(&email).await.link("/activate")).await;
        browser.looks_right_in(language, "activate").await;
        browser.submit("").await;
        browser.looks_right_in(language, "activated").await;
    }

    let by_mail = json!({ "email": LONG });
    assert_eq!(server.post("/api/v1/signin/email", by_mail).await.status, 200);
    let by_mail = server.mails_to(LONG, 2).await.swap_remove(1).link("/sign-in/email");
    looks_right_at(&browser, &by_mail, "sign-in-by-link").await;
    browser.submit("/sign-in/email").await;
    let other = format!("anna-{LONG}");
    browser.fill("/account/email", &[("email", &other)]).await;
    browser.submit("/account/email").await;
    let notice = browser.driver.current_url().await.unwrap();
    looks_right_at(&browser, notice.as_str(), "account-notice").await;
    let confirm = server.mail_to(&other).await.link("/email/confirm");
    looks_right_at(&browser, &confirm, "email-confirm").await;
    browser.speaks("en").await;
    browser.submit("").await;
    browser.reads("Email changed").await;
    let undo = eventually("the way back", || {
        let mut mails = server.mails().into_iter();
        mails.find(|mail| mail.to == LONG && mail.text.contains("/email/undo"))
    });
    looks_right_at(&browser, &undo.await.link("/email/undo"), "email-undo").await;
    browser.quit().await;
}

/// A page that changes nothing, and is opened anew in each language.
async fn looks_right_at(browser: &Chrome, url: &str, name: &str) {
    for language in TWO {
        browser.speaks(language).await;
        browser.open(url).await;
        browser.looks_right_in(language, name).await;
    }
}
