//! Passkeys on the pages, as far as forms go: what a script would put into them is
//! made by an authenticator in software.

use serde_json::json;

use crate::authenticator::Device;
use crate::harness::{ADA, App, PASSWORD, Reply, app, app_with};
use crate::tab::{Browser, leads_to};

const SIGN_IN: &str = "/account/sign-in";
const BY_PASSKEY: &str = "/account/sign-in/passkey";
const CODE: &str = "/account/sign-in/code";
const ADD: &str = "/account/passkeys/add";
const PASSKEYS: &str = "/account/passkeys";
const RENAME: &str = "/account/passkeys/rename";
const REMOVE: &str = "/account/passkeys/remove";

async fn with_passkeys() -> App {
    app_with(|config, _| config.sign_in.passkeys = true).await
}

/// Somebody who has signed in by a password.
async fn somebody<'a>(app: &'a App, name: &str) -> Browser<'a> {
    app.confirmed(name, &format!("{name}@example.com")).await;
    let mut browser = Browser::new(app);
    leads_to(&browser.sign_in(name, PASSWORD).await, "/account");
    browser
}

/// Ada with a passkey, and the page that adding it led to.
async fn ada(app: &App) -> (Browser<'_>, Device, Reply) {
    let mut browser = somebody(app, "ada").await;
    let mut device = Device::new();
    let added = add(&mut browser, &mut device, "Laptop").await;
    (browser, device, added)
}

async fn add(browser: &mut Browser<'_>, device: &mut Device, name: &str) -> Reply {
    browser.open(ADD).await.has_status(200);
    let made = device.make(&browser.asked(PASSKEYS).0).await;
    browser.post(PASSKEYS, &[("credential", &made), ("name", name)]).await
}

/// On the shown sign-in page.
async fn answer(browser: &mut Browser<'_>, device: &mut Device) -> Reply {
    let signed = device.sign(&browser.asked(BY_PASSKEY).0).await;
    browser.post(BY_PASSKEY, &[("credential", &signed)]).await
}

/// The first recovery code of a page.
fn recovery_code(page: &str) -> String {
    page.split("<li><code>").nth(1).unwrap().split('<').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_passkey_is_added_named_and_removed() {
    let app = with_passkeys().await;
    let mut browser = somebody(&app, "ada").await;
    assert!(browser.open("/account").await.text.contains(&format!("href=\"{ADD}\"")));
    let before = browser.session().unwrap().to_owned();
    let mut device = Device::new();
    let added = add(&mut browser, &mut device, "Laptop").await;
    assert_eq!(added.has_status(200).text.split("<li><code>").count() - 1, 10, "{}", added.text);
    assert_ne!(browser.session(), Some(before.as_str()), "another cookie");
    let shown = browser.open("/account").await;
    for part in ["<p class=\"agent\">Laptop</p>", "not used yet", "kept on more than one device"] {
        assert!(shown.text.contains(part), "{part}: {}", shown.text);
    }
    // The next one brings no codes. It is listed after the first.
    app.advance(1);
    let second = add(&mut browser, &mut Device::new(), "Phone").await;
    leads_to(&second, "/account?done=passkey_added");
    assert!(browser.open("/account?done=passkey_added").await.text.contains("Phone"));

    for wrong in ["", "  ", "a\nb", &"x".repeat(65)] {
        let refused = browser.post(RENAME, &[("name", wrong)]).await;
        assert!(refused.has_status(400).text.contains("href=\"#rename-"), "{}", refused.text);
        assert!(refused.text.contains("<details open"), "{}", refused.text);
    }
    leads_to(&browser.post(RENAME, &[("name", "Work")]).await, "/account?done=passkey_renamed");
    assert!(browser.open("/account").await.text.contains("Work"));

    leads_to(&browser.post(REMOVE, &[]).await, "/account?done=passkey_removed");
    let gone = browser.post(REMOVE, &[]).await;
    leads_to(&gone, "/account?done=passkey_removed");
    assert!(!browser.open("/account").await.text.contains("Work"));
    let export = browser.open("/account/export").await.json();
    assert_eq!(export["passkeys"][0]["name"], "Phone");
}

#[tokio::test]
async fn the_name_of_a_passkey_is_text() {
    let app = with_passkeys().await;
    let (mut browser, ..) = ada(&app).await;
    browser.open("/account").await.has_status(200);
    let script = "\"><script>alert(1)</script>";
    leads_to(&browser.post(RENAME, &[("name", script)]).await, "/account?done=passkey_renamed");
    let shown = browser.open("/account").await.text;
    assert!(shown.contains("&lt;script&gt;alert(1)") && !shown.contains("<script>"), "{shown}");
    let wrong = format!("{script}{}", "x".repeat(64));
    let refused = browser.post(RENAME, &[("name", &wrong)]).await;
    assert!(!refused.has_status(400).text.contains("<script>"), "{}", refused.text);
}

#[tokio::test]
async fn a_passkey_signs_in_by_itself_and_once_by_an_answer() {
    let app = with_passkeys().await;
    let (_, mut device, _) = ada(&app).await;
    let mut browser = Browser::new(&app);
    let page = browser.open("/account/sign-in?return_to=/orders").await;
    assert!(page.text.contains("autocomplete=\"username webauthn\""), "{}", page.text);
    let (options, request) = browser.asked(BY_PASSKEY);
    let signed = device.sign(&options).await;
    leads_to(&browser.post(BY_PASSKEY, &[("credential", &signed)]).await, "/orders");
    assert!(browser.is_in().await);

    let mut thief = Browser::new(&app);
    let again = [("request", request.as_str()), ("credential", signed.as_str())];
    let refused = thief.post(BY_PASSKEY, &again).await;
    assert!(refused.has_status(401).text.contains("role=\"alert\""), "{}", refused.text);
    assert_eq!(thief.session(), None);
}

#[tokio::test]
async fn what_is_no_answer_to_what_was_asked_does_not_sign_in() {
    let app = with_passkeys().await;
    let (_, mut device, _) = ada(&app).await;
    let mut browser = Browser::new(&app);
    browser.open(SIGN_IN).await.has_status(200);
    let other = browser.asked(BY_PASSKEY).0;
    browser.open(SIGN_IN).await.has_status(200);
    let asked = browser.asked(BY_PASSKEY).0;
    let foreign = device.sign_at(&asked, "https://evil.example").await;
    let to_another = device.sign(&other).await;
    for wrong in [foreign.as_str(), to_another.as_str(), "{}", "null", "{", "\"\"", "[[[["] {
        browser.open(SIGN_IN).await.has_status(200);
        browser.post(BY_PASSKEY, &[("credential", wrong)]).await.has_status(401);
        assert_eq!(browser.session(), None);
    }
}

#[tokio::test]
async fn a_passkey_is_asked_for_after_the_password() {
    let app = with_passkeys().await;
    let (_, mut device, added) = ada(&app).await;
    let mut browser = Browser::new(&app);
    let step = browser.sign_in(ADA, PASSWORD).await;
    assert!(step.has_status(200).text.contains("recovery codes"), "{}", step.text);
    assert!(!step.text.contains("authenticator app"), "{}", step.text);
    assert_eq!(browser.session(), None, "half a sign-in is none");
    let of_another = browser.asked(CODE).0;
    browser.sign_in(ADA, PASSWORD).await.has_status(200);
    let wrong = device.sign(&of_another).await;
    let refused = browser.post(CODE, &[("credential", &wrong)]).await;
    refused.has_status(401);
    assert_eq!(browser.session(), None);
    // The page is there for another try.
    let right = device.sign(&browser.asked(CODE).0).await;
    leads_to(&browser.post(CODE, &[("credential", &right)]).await, "/account");
    assert!(browser.is_in().await);

    let mut without = Browser::new(&app);
    without.sign_in(ADA, PASSWORD).await.has_status(200);
    without.post(CODE, &[]).await.has_status(400);
    let code = recovery_code(&added.text);
    leads_to(&without.post(CODE, &[("code", &code)]).await, "/account");
}

#[tokio::test]
async fn what_is_asked_at_sign_in_is_the_same_for_everybody() {
    let app = with_passkeys().await;
    let (_, _, _) = ada(&app).await;
    let mut seen = vec![];
    for name in [ADA, "nobody@example.com"] {
        let mut browser = Browser::new(&app);
        browser.sign_in(name, "not the password").await.has_status(401);
        let (mut options, _) = browser.asked(BY_PASSKEY);
        options.as_object_mut().unwrap().remove("challenge").unwrap();
        seen.push(options);
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0]["allowCredentials"], json!([]));
}

#[tokio::test]
async fn other_sites_and_old_forms_change_no_passkey_and_sign_nobody_in() {
    let app = with_passkeys().await;
    let (mut browser, mut device, _) = ada(&app).await;
    browser.open(ADD).await.has_status(200);
    let made = Device::new().make(&browser.asked(PASSKEYS).0).await;
    let (page, fields) = (browser.page.clone(), [("credential", made.as_str())]);
    for path in [PASSKEYS, RENAME, REMOVE] {
        for evidence in [vec![("sec-fetch-site", "cross-site")], vec![("origin", "null")], vec![]] {
            if path != PASSKEYS {
                browser.open("/account").await.has_status(200);
            }
            let mut foreign = Browser::new(&app);
            foreign.cookies.clone_from(&browser.cookies);
            foreign.page = if path == PASSKEYS { page.clone() } else { browser.page.clone() };
            foreign.evidence = evidence;
            assert_eq!(foreign.post(path, &fields).await.status, 403, "{path}");
        }
        for token in ["", "AAAA"] {
            let fields = [("credential", made.as_str()), ("form_token", token), ("name", "Mine")];
            assert_eq!(browser.post(path, &fields).await.status, 403, "{path}");
            browser.open("/account").await.has_status(200);
        }
    }
    let id = app.auth.find_user(ADA).await.unwrap().unwrap().id;
    let passkeys = app.auth.passkeys(&id).await.unwrap();
    assert_eq!((passkeys.len(), passkeys[0].name.as_str()), (1, "Laptop"));

    let mut victim = Browser::new(&app);
    victim.open(SIGN_IN).await.has_status(200);
    let signed = device.sign(&victim.asked(BY_PASSKEY).0).await;
    victim.evidence = vec![("sec-fetch-site", "cross-site")];
    victim.post(BY_PASSKEY, &[("credential", &signed)]).await.has_status(403);
    assert_eq!(victim.session(), None);
}

#[tokio::test]
async fn a_request_of_somebody_else_or_of_another_time_adds_nothing() {
    let app = with_passkeys().await;
    let mut eve = somebody(&app, "eve").await;
    eve.open(ADD).await.has_status(200);
    let (options, request) = eve.asked(PASSKEYS);
    let made = Device::new().make(&options).await;
    let mut ada = somebody(&app, "ada").await;
    ada.open(ADD).await.has_status(200);
    let stolen = [("request", request.as_str()), ("credential", made.as_str())];
    let refused = ada.post(PASSKEYS, &stolen).await;
    assert!(refused.has_status(400).text.contains("could not be added"), "{}", refused.text);
    ada.post(PASSKEYS, &[("credential", "{")]).await.has_status(400);
    // The page has a new request, which is good.
    let (options, old) = ada.asked(PASSKEYS);
    let made = Device::new().make(&options).await;
    ada.post(PASSKEYS, &[("credential", &made)]).await.has_status(200);
    ada.open(ADD).await.has_status(200);
    let again = [("request", old.as_str()), ("credential", made.as_str())];
    ada.post(PASSKEYS, &again).await.has_status(400);
    let id = app.auth.find_user(ADA).await.unwrap().unwrap().id;
    assert_eq!(app.auth.passkeys(&id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_request_that_is_too_old_is_asked_anew_at_once_and_nothing_typed_is_lost() {
    let app = with_passkeys().await;
    let mut browser = somebody(&app, "ada").await;
    browser.open(ADD).await.has_status(200);
    assert!(!browser.page.contains("data-begins"));
    let old = browser.asked(PASSKEYS).1;
    app.advance(6 * 60);
    let renewed = browser.post(PASSKEYS, &[("name", "Laptop")]).await;
    assert!(renewed.has_status(200).text.contains("data-begins"), "{}", renewed.text);
    assert!(renewed.text.contains("value=\"Laptop\""));
    assert_ne!(browser.asked(PASSKEYS).1, old);

    let mut guest = Browser::new(&app);
    guest.open("/account/sign-in?return_to=/orders").await.has_status(200);
    assert!(!guest.page.contains("data-begins"));
    let renewed = guest.post(BY_PASSKEY, &[]).await;
    assert!(renewed.has_status(200).text.contains("data-begins"), "{}", renewed.text);
    assert!(renewed.text.contains("name=\"return_to\" value=\"/orders\""));
}

#[tokio::test]
async fn whoever_signed_in_long_ago_signs_in_again_to_add_or_remove_one() {
    let app = with_passkeys().await;
    let (mut browser, mut device, _) = ada(&app).await;
    browser.open("/account").await.has_status(200);
    app.advance(16 * 60);
    leads_to(
        &browser.post(REMOVE, &[]).await,
        "/account/sign-in?again=yes&return_to=%2Faccount%23passkeys",
    );
    let shown = browser.open("/account").await;
    assert!(!shown.text.contains(&format!("action=\"{REMOVE}\"")), "{}", shown.text);
    assert!(shown.text.contains("/account/sign-in?again=yes"), "{}", shown.text);
    let again = browser.open(ADD).await;
    let sign_in = "/account/sign-in?again=yes&return_to=%2Faccount%2Fpasskeys%2Fadd";
    leads_to(&again, sign_in);
    let before = browser.session().unwrap().to_owned();
    // Not led on by the session that there is.
    browser.open(sign_in).await.has_status(200);
    leads_to(&answer(&mut browser, &mut device).await, ADD);
    assert_ne!(browser.session(), Some(before.as_str()));
    browser.open(ADD).await.has_status(200);
}

#[tokio::test]
async fn whoever_has_no_password_proves_who_they_are_by_their_passkey() {
    let app = with_passkeys().await;
    let (mut browser, mut device, _) = ada(&app).await;
    app.without_password(ADA).await;
    app.advance(16 * 60);
    let shown = browser.open("/account").await;
    assert!(!shown.text.contains("id=\"delete-current_password\" name"), "{}", shown.text);
    let refused = browser.post("/account/delete", &[("sure", "yes")]).await;
    assert!(refused.has_status(400).text.contains("<p id=\"delete-current_password\">"));
    browser.open("/account/sign-in?again=yes&return_to=/account").await.has_status(200);
    leads_to(&answer(&mut browser, &mut device).await, "/account");
    browser.open("/account").await.has_status(200);
    let gone = browser.post("/account/delete", &[("sure", "yes")]).await;
    leads_to(&gone, "/account/sign-in");
}

#[tokio::test]
async fn the_last_way_in_stays_and_the_page_says_why() {
    let app = with_passkeys().await;
    let (mut browser, _, _) = ada(&app).await;
    app.without_password(ADA).await;
    browser.open("/account").await.has_status(200);
    let refused = browser.post(REMOVE, &[]).await;
    assert!(refused.has_status(400).text.contains("the only way for you to sign in"));
    assert!(browser.open("/account").await.text.contains("Laptop"));
}

#[tokio::test]
async fn who_has_no_password_sets_one_on_the_account_page() {
    let app = with_passkeys().await;
    let (mut browser, _, _) = ada(&app).await;
    app.without_password(ADA).await;
    let page = browser.open("/account").await;
    assert!(!page.text.contains("password-current_password"), "{}", page.text);
    browser.post("/account/password", &[]).await.has_status(400);
    let set = browser.post("/account/password", &[("new_password", PASSWORD)]).await;
    leads_to(&set, "/account?done=password");
    app.sign_in(ADA, PASSWORD).await.has_error(401, "mfa_required");
    // From now on the present one is asked for.
    browser.open("/account").await.has_status(200);
    let again = browser.post("/account/password", &[("new_password", PASSWORD)]).await;
    assert!(again.has_status(400).text.contains("password-current_password"), "{}", again.text);
}

#[tokio::test]
async fn a_browser_that_can_is_asked_once_whether_it_wants_one() {
    let app = with_passkeys().await;
    app.confirmed("ada", ADA).await;
    let fields = [("identifier", ADA), ("password", PASSWORD), ("can_passkey", "yes")];
    let mut browser = Browser::new(&app);
    browser.open("/account/sign-in?return_to=/orders").await.has_status(200);
    let asked = browser.post(SIGN_IN, &fields).await;
    leads_to(&asked, "/account/passkeys/add?offer=yes&return_to=%2Forders");
    let page = browser.open(asked.header("location").unwrap()).await;
    assert!(page.text.contains("href=\"/orders\">Not now</a>"), "{}", page.text);
    browser.open("/account").await.has_status(200);
    browser.post("/account/sign-out", &[]).await;
    leads_to(&browser.post(SIGN_IN, &fields).await, "/account");

    // Another browser is, and says yes.
    let mut other = Browser::new(&app);
    let asked = other.post(SIGN_IN, &fields).await;
    let page = other.open(asked.header("location").unwrap()).await;
    page.has_status(200);
    let made = Device::new().make(&other.asked(PASSKEYS).0).await;
    let added = other.post(PASSKEYS, &[("credential", &made)]).await;
    assert!(added.has_status(200).text.contains("href=\"/account\""), "{}", added.text);
    // Whoever has one is not.
    let mut third = Browser::new(&app);
    third.open(SIGN_IN).await.has_status(200);
    third.post(SIGN_IN, &fields).await.has_status(200);
    let code = [("code", &*recovery_code(&added.text))];
    leads_to(&third.post(CODE, &code).await, "/account");
}

#[tokio::test]
async fn the_pages_with_passkeys_are_as_strict_as_all() {
    let app = with_passkeys().await;
    let mut browser = somebody(&app, "ada").await;
    let mut guest = Browser::new(&app);
    for page in [browser.open(ADD).await, guest.open(SIGN_IN).await] {
        assert_eq!(
            page.has_status(200).header("content-security-policy"),
            Some(
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                 form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
            )
        );
        assert!(page.text.contains("src=\"/account/passkeys.js?v="), "{}", page.text);
    }
    let script = guest.open("/account/passkeys.js").await;
    assert_eq!(script.header("content-type"), Some("text/javascript; charset=utf-8"));
}

#[tokio::test]
async fn where_passkeys_are_off_the_pages_have_none() {
    let app = app().await;
    let mut browser = somebody(&app, "ada").await;
    assert!(!browser.open("/account").await.text.contains("asskey"));
    browser.open(ADD).await.has_status(404);
    for path in [PASSKEYS, RENAME, REMOVE] {
        browser.open("/account").await.has_status(200);
        let token = browser.page.split("name=\"form_token\" value=\"").nth(1).unwrap();
        let token = token.split('"').next().unwrap().to_owned();
        let id = "A".repeat(43);
        let fields =
            [("form_token", &*token), ("credential", "{}"), ("name", "a"), ("passkey", &id)];
        browser.post(path, &fields).await.has_status(404);
    }
    let mut guest = Browser::new(&app);
    let page = guest.open(SIGN_IN).await;
    assert!(!page.text.contains("webauthn") && !page.text.contains(BY_PASSKEY), "{}", page.text);
    guest.post(BY_PASSKEY, &[("credential", "{}")]).await.has_status(404);
    let fields = [("identifier", ADA), ("password", PASSWORD), ("can_passkey", "yes")];
    leads_to(&guest.post(SIGN_IN, &fields).await, "/account");
}
