//! /signin/oidc/…, /signin/exchange and /identities, and the pages for them.

use std::sync::Arc;

use serde_json::json;
use usermgmt_axum::HttpConfig;
use usermgmt_core::config::Config;
use usermgmt_core::mail::MailKind;
use usermgmt_core::testkit::{FakeProvider, MockClock, ProviderAccount};

use crate::harness::{ADA, App, PASSWORD, Reply, app_built, operator, path_of, totp};
use crate::tab::{Browser, leads_to};

const BEGIN: &str = "/api/v1/signin/oidc/example";
const COOKIE: &str = "__Host-usermgmt-provider";

struct Provided {
    app: App,
    fake: FakeProvider,
}

async fn provided() -> Provided {
    provided_with(|_, _| {}).await
}

async fn provided_with(set: impl FnOnce(&mut Config, &mut HttpConfig)) -> Provided {
    let clock = MockClock::default();
    let fake = FakeProvider::new("https://id.example.com", clock.clone());
    let mut settings = fake.settings("example");
    settings.name = "Example ID".to_owned();
    let with = |config: &mut Config, http: &mut HttpConfig| {
        config.providers = vec![settings];
        set(config, http);
    };
    let client = Arc::new(fake.clone());
    let app = app_built(with, |builder| builder.http_client(client)).await;
    clock.set(app.auth.now());
    Provided { app, fake }
}

fn ada() -> ProviderAccount {
    ProviderAccount::verified("1", ADA)
}

impl Provided {
    /// Where the provider sends a browser back that was sent there.
    fn back(&self, begun: &Reply, account: &ProviderAccount) -> String {
        let back = self.fake.sign_in(begun.header("location").unwrap(), account);
        assert_eq!(back.host_str(), Some("accounts.example.com"));
        format!("{}?{}", back.path(), back.query().unwrap())
    }

    async fn sign_in(&self, browser: &mut Browser<'_>, account: &ProviderAccount) -> Reply {
        let begun = browser.open(&format!("{BEGIN}?return_to=/account")).await;
        begun.has_status(303);
        browser.open(&self.back(&begun, account)).await
    }
}

#[tokio::test]
async fn a_front_end_is_told_of_providers() {
    let provided = provided().await;
    let methods = json!({
        "methods": ["password", "oidc"],
        "providers": [{"id": "example", "name": "Example ID"}],
    });
    provided.app.get("/api/v1/signin/methods").send().await.is(200, methods);
}

#[tokio::test]
async fn a_browser_goes_to_the_provider_and_comes_back_signed_in() {
    let provided = provided().await;
    let mut browser = Browser::new(&provided.app);
    let page = browser.open("/account/sign-in?return_to=/orders").await;
    assert!(page.text.contains("Sign in with Example ID"), "{}", page.text);
    let link = "href=\"/api/v1/signin/oidc/example?return_to=%2Forders\"";
    assert!(page.text.contains(link), "{}", page.text);
    assert!(browser.open("/account/register").await.text.contains("Sign in with Example ID"));
    let begun = browser.open(&format!("{BEGIN}?return_to=%2Forders")).await;
    let cookie = begun.header("set-cookie").unwrap();
    for part in [COOKIE, "Max-Age=600", "HttpOnly", "SameSite=Lax", "Path=/", "Secure"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    leads_to(&browser.open(&provided.back(&begun, &ada())).await, "/orders");
    assert!(browser.is_in().await);
    assert!(browser.page.contains(ADA) && browser.page.contains("Linked accounts"));
}

#[tokio::test]
async fn nothing_leads_elsewhere_after_signing_in() {
    let provided = provided().await;
    for wanted in ["https://evil.example", "//evil.example", "/%5Cevil.example", "/%09/evil", ""] {
        let mut browser = Browser::new(&provided.app);
        let begun = browser.open(&format!("{BEGIN}?return_to={wanted}")).await;
        // What the provider's redirect says beside its own counts for nothing.
        let back = format!("{}&return_to=//evil.example", provided.back(&begun, &ada()));
        leads_to(&browser.open(&back).await, "/account");
    }
}

#[tokio::test]
async fn an_answer_counts_only_where_it_was_begun_and_once() {
    let provided = provided().await;
    let (mut browser, mut other) = (Browser::new(&provided.app), Browser::new(&provided.app));
    let begun = browser.open(BEGIN).await;
    let back = provided.back(&begun, &ada());
    other.open(BEGIN).await.has_status(303);
    let refused = other.open(&back).await;
    refused.has_status(400);
    assert!(refused.text.contains("not begun in this browser"), "{}", refused.text);
    provided.app.get(&back).send().await.has_error(400, "invalid_state");
    let forged = back.replace("state=umt_", "state=umt_A");
    browser.open(&forged).await.has_status(400);
    browser.open(&back).await.has_status(303);
    browser.open(&back).await.has_status(400);
    assert!(!other.is_in().await);
}

#[tokio::test]
async fn an_address_that_has_an_account_is_said_what_to_do() {
    let provided = provided().await;
    provided.app.confirmed("ada", ADA).await;
    let mut browser = Browser::new(&provided.app);
    for (language, text) in
        [("en", "already has an account"), ("de", "schon ein Konto"), ("pl", "ma już konto")]
    {
        browser.language = language;
        let page = provided.sign_in(&mut browser, &ada()).await;
        page.has_status(409);
        assert!(page.text.contains(text), "{}", page.text);
        assert!(page.text.contains("/account/sign-in") && page.text.contains("/account/forgot"));
    }
    let begun = provided.app.get(BEGIN).send().await;
    let cookie = begun.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let back = provided.back(&begun, &ada());
    let call = provided.app.get(&back).header("cookie", &cookie);
    call.send().await.has_error(409, "account_exists");
}

#[tokio::test]
async fn an_address_that_the_provider_does_not_vouch_for_gets_a_mail_first() {
    let provided = provided().await;
    let mut browser = Browser::new(&provided.app);
    let account = ProviderAccount::unverified("1", ADA);
    let page = provided.sign_in(&mut browser, &account).await;
    assert!(page.has_status(403).text.contains("does not vouch"), "{}", page.text);
    let path = path_of(&provided.app.mail(MailKind::Confirmation, ADA).await);
    provided.app.call("POST", &path).send().await.has_status(200);
    leads_to(&provided.sign_in(&mut browser, &account).await, "/account");
}

#[tokio::test]
async fn what_is_wrong_with_a_provider_is_said() {
    let provided = provided().await;
    let unknown = "/api/v1/signin/oidc/nobody";
    provided.app.get(unknown).send().await.has_error(404, "not_found");
    let mut browser = Browser::new(&provided.app);
    let begun = browser.open(BEGIN).await;
    let back = provided.back(&begun, &ada());
    let (path, query) = back.split_once('?').unwrap();
    let kept = query.split('&').filter(|pair| !pair.starts_with("code="));
    let denied = kept.chain(["error=access_denied"]).collect::<Vec<_>>().join("&");
    let page = browser.open(&format!("{path}?{denied}")).await;
    assert!(page.has_status(400).text.contains("called off"), "{}", page.text);
    provided.fake.tamper(|said| drop(said.remove("nonce")));
    let page = provided.sign_in(&mut browser, &ada()).await;
    assert!(page.has_status(400).text.contains("could not be verified"), "{}", page.text);
    provided.fake.answer_with("/token", 500, "");
    provided.sign_in(&mut browser, &ada()).await.has_status(502);
    assert!(!browser.is_in().await);
}

#[tokio::test]
async fn the_second_factor_is_asked_for_on_a_page_of_its_own() {
    let provided = provided().await;
    let app = &provided.app;
    let mut browser = Browser::new(app);
    provided.sign_in(&mut browser, &ada()).await.has_status(303);
    browser.open("/account").await.has_status(200);
    browser.post("/account/second-factor", &[]).await.has_status(200);
    let secret = browser.page.split("class=\"secret\">").nth(1).unwrap();
    let secret = secret.split('<').next().unwrap().to_owned();
    let code = totp(app, &secret);
    browser.post("/account/second-factor/confirm", &[("code", &code)]).await.has_status(200);
    app.advance(30);
    let mut other = Browser::new(app);
    let begun = other.open(&format!("{BEGIN}?return_to=/orders")).await;
    other.open(&provided.back(&begun, &ada())).await.has_status(200);
    let code = totp(app, &secret);
    leads_to(&other.post("/account/sign-in/code", &[("code", &code)]).await, "/orders");
    assert!(other.is_in().await);
}

fn with_front_end(config: &mut Config, http: &mut HttpConfig) {
    config.frontend_url = Some("https://app.example.com/".parse().unwrap());
    http.cors_origins = vec!["https://app.example.com".parse().unwrap()];
}

#[tokio::test]
async fn a_front_end_exchanges_a_code_from_the_same_browser_once() {
    let provided = provided_with(with_front_end).await;
    let app = &provided.app;
    let mut browser = Browser::new(app);
    let begun = browser.open(BEGIN).await;
    let back = browser.open(&provided.back(&begun, &ada())).await;
    let location = back.has_status(303).header("location").unwrap().to_owned();
    let code = location.strip_prefix("https://app.example.com/signed-in?code=").unwrap();
    assert!(browser.session().is_none(), "the cookie of a session is for the pages");
    let exchange = async |cookie: Option<&str>| {
        let call = app.call("POST", "/api/v1/signin/exchange").json(json!({"code": code}));
        match cookie {
            Some(value) => call.header("cookie", &format!("{COOKIE}={value}")).send().await,
            None => call.send().await,
        }
    };
    exchange(None).await.has_error(400, "invalid_code");
    exchange(Some("x")).await.has_error(400, "invalid_code");
    let cookie = browser.cookies[COOKIE].clone();
    let signed_in = exchange(Some(&cookie)).await;
    assert_eq!(signed_in.has_status(200).field("email"), ADA);
    exchange(Some(&cookie)).await.has_error(400, "invalid_code");
}

#[tokio::test]
async fn only_what_is_bound_to_a_browser_takes_credentials_from_another_origin() {
    let provided = provided_with(with_front_end).await;
    for (path, takes) in [
        ("/api/v1/signin/exchange", true),
        ("/api/v1/identities/example", true),
        ("/api/v1/signin", false),
        ("/api/v1/protected", false),
        ("/api/v1/identities", false),
    ] {
        let asked = provided.app.call("OPTIONS", path).header("origin", "https://app.example.com");
        let asked = asked.header("access-control-request-method", "POST").send().await;
        let allowed = asked.header("access-control-allow-credentials");
        assert_eq!(allowed, takes.then_some("true"), "{path}");
    }
}

#[tokio::test]
async fn an_identity_is_linked_listed_and_unlinked_by_the_api() {
    let provided = provided().await;
    let app = &provided.app;
    let session = app.ada().await;
    let list = || app.get("/api/v1/identities").bearer(&session.access);
    list().send().await.is(200, json!({"identities": []}));
    // A name given twice counts once.
    let asked = app.call("POST", "/api/v1/identities/example?return_to=/done&return_to=/twice");
    let asked = asked.bearer(&session.access).send().await;
    let cookie = asked.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let account = ProviderAccount::verified("1", "elsewhere@example.net");
    let back = provided.fake.sign_in(&asked.has_status(200).field("url"), &account);
    let path = format!("{}?{}", back.path(), back.query().unwrap());
    // Another browser cannot be made to link what is not its own.
    app.get(&path).send().await.has_error(400, "invalid_state");
    leads_to(&app.get(&path).header("cookie", &cookie).send().await, "/done");
    app.mail(MailKind::IdentityLinked, ADA).await;
    let listed = list().send().await.json();
    let identity = &listed["identities"][0];
    assert_eq!(identity["provider"], "example");
    assert_eq!(identity["email"], "elsewhere@example.net");
    let one = format!("/api/v1/identities/{}", identity["id"].as_str().unwrap());
    let unlink = || app.call("DELETE", &one).bearer(&session.access).send();
    unlink().await.has_status(204);
    unlink().await.has_error(404, "not_found");
    app.mail(MailKind::IdentityUnlinked, ADA).await;
    app.call("DELETE", "/api/v1/identities/x").bearer(&session.access).send().await.has_status(404);
    app.get("/api/v1/identities").send().await.has_status(401);
}

#[tokio::test]
async fn linking_needs_a_recent_sign_in_or_the_password() {
    let provided = provided().await;
    let app = &provided.app;
    let session = app.ada().await;
    app.advance(14 * 60);
    let refreshed = app.call("POST", "/api/v1/refresh_token").bearer(&session.refresh).send().await;
    let access = refreshed.has_status(200).field("access_token");
    app.advance(2 * 60);
    let link = || app.call("POST", "/api/v1/identities/example").bearer(&access);
    link().send().await.has_error(403, "reauthentication_required");
    link().json(json!({"current_password": PASSWORD})).send().await.has_status(200);
}

/// Comes back as a program that reads JSON.
async fn back_as_json(
    provided: &Provided,
    begun: &Reply,
    url: &str,
    account: &ProviderAccount,
) -> Reply {
    let cookie = begun.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let back = provided.fake.sign_in(url, account);
    let path = format!("{}?{}", back.path(), back.query().unwrap());
    provided.app.get(&path).header("cookie", &cookie).send().await
}

#[tokio::test]
async fn what_keeps_somebody_out_says_so_by_its_code() {
    let provided = provided().await;
    let app = &provided.app;
    let enter = async |account: &ProviderAccount| {
        let begun = app.get(BEGIN).send().await;
        let url = begun.has_status(303).header("location").unwrap().to_owned();
        back_as_json(&provided, &begun, &url, account).await
    };
    let nameless = ProviderAccount { email: None, ..ada() };
    enter(&nameless).await.has_error(400, "no_email");
    let unvouched = ProviderAccount::unverified("3", "bob@example.com");
    enter(&unvouched).await.has_error(403, "confirmation_required");

    // Somebody who came by the provider is one account.
    enter(&ada()).await.has_status(303);
    app.confirmed("eve", "eve@example.com").await;
    let eve = app.session("eve@example.com").await;
    let link = app.call("POST", "/api/v1/identities/example").bearer(&eve.access).send().await;
    let url = link.has_status(200).field("url");
    back_as_json(&provided, &link, &url, &ada()).await.has_error(409, "identity_taken");

    let id = app.auth.find_user(ADA).await.unwrap().unwrap().id;
    app.auth.disable_user(&operator(), &id).await.unwrap();
    enter(&ada()).await.has_error(403, "not_active");
}

#[tokio::test]
async fn the_last_identity_of_who_has_no_password_stays() {
    let provided = provided().await;
    let app = &provided.app;
    let session = app.ada().await;
    let link = app.call("POST", "/api/v1/identities/example").bearer(&session.access).send().await;
    let url = link.has_status(200).field("url");
    back_as_json(&provided, &link, &url, &ada()).await.has_status(303);
    app.without_password(ADA).await;
    let listed = app.get("/api/v1/identities").bearer(&session.access).send().await.json();
    let id = listed["identities"][0]["id"].as_str().unwrap().to_owned();
    let unlink = app.call("DELETE", &format!("/api/v1/identities/{id}")).bearer(&session.access);
    unlink.send().await.has_error(409, "last_sign_in_method");
}

#[tokio::test]
async fn somebody_links_and_unlinks_on_the_account_page() {
    let provided = provided().await;
    let app = &provided.app;
    app.confirmed("ada", ADA).await;
    let mut browser = Browser::new(app);
    leads_to(&browser.sign_in(ADA, PASSWORD).await, "/account");
    browser.open("/account").await.has_status(200);
    let linking = browser.post("/account/identities/link", &[("provider", "example")]).await;
    let refresh = linking.has_status(200).header("refresh").unwrap();
    let url = refresh.strip_prefix("0; url=").unwrap().to_owned();
    assert!(linking.text.contains("Continue to Example ID"), "{}", linking.text);
    let back = provided.fake.sign_in(&url, &ada());
    let path = format!("{}?{}", back.path(), back.query().unwrap());
    leads_to(&browser.open(&path).await, "/account?done=linked");
    browser.open("/account?done=linked").await.has_status(200);
    assert!(browser.page.contains("The account is linked."), "{}", browser.page);
    leads_to(&browser.post("/account/identities/unlink", &[]).await, "/account?done=unlinked");

    // Who has nothing else keeps it.
    let mut other = Browser::new(app);
    let only = ProviderAccount::verified("2", "only@example.com");
    provided.sign_in(&mut other, &only).await.has_status(303);
    other.open("/account").await.has_status(200);
    let kept = other.post("/account/identities/unlink", &[]).await;
    assert!(kept.has_status(400).text.contains("only way to sign in"), "{}", kept.text);
}
