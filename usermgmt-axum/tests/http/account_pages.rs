//! Pages for people: what somebody does with their account, without script.

use serde_json::{Value, json};
use usermgmt_core::mail::MailKind;
use usermgmt_core::{Actor, Origin};

use crate::harness::{ADA, App, OTHER_PASSWORD, PASSWORD, app, path_of, totp};
use crate::tab::{Browser, leads_to};

async fn ada(app: &App) -> Browser<'_> {
    app.confirmed("ada", ADA).await;
    let mut browser = Browser::new(app);
    leads_to(&browser.sign_in(ADA, PASSWORD).await, "/account");
    browser.open("/account").await.has_status(200);
    browser
}

#[tokio::test]
async fn somebody_registers_confirms_and_signs_in_by_forms() {
    let app = app().await;
    let mut browser = Browser::new(&app);
    browser.open("/account/register").await.has_status(200);
    let fields = [("username", "ada"), ("email", ADA), ("password", PASSWORD)];
    let sent = browser.post("/account/register", &fields).await;
    assert!(sent.has_status(200).text.contains(ADA));
    let path = path_of(&app.mail(MailKind::Confirmation, ADA).await);
    browser.open(&path).await.has_status(200);
    browser.post(&path, &[]).await.has_status(200);
    assert!(!browser.is_in().await);
    leads_to(&browser.sign_in("ada", PASSWORD).await, "/account");
    assert!(browser.is_in().await);
    assert!(browser.page.contains(ADA));
}

#[tokio::test]
async fn what_is_wrong_is_said_at_its_field_and_what_was_typed_stays() {
    let app = app().await;
    let mut browser = Browser::new(&app);
    browser.open("/account/register").await.has_status(200);
    let fields = [("username", "a"), ("email", "no-address"), ("password", "short")];
    let refused = browser.post("/account/register", &fields).await;
    refused.has_status(400);
    for part in [
        "role=\"alert\"",
        "href=\"#username\"",
        "href=\"#email\"",
        "href=\"#password\"",
        "aria-invalid=\"true\"",
        "value=\"no-address\"",
        "autocomplete=\"new-password\"",
    ] {
        assert!(refused.text.contains(part), "{part}: {}", refused.text);
    }
    assert!(!refused.text.contains("short\""), "a password is never sent back");

    app.confirmed("ada", ADA).await;
    let wrong = browser.sign_in(ADA, "not the password").await;
    wrong.has_status(401);
    assert!(wrong.text.contains(&format!("value=\"{ADA}\"")));
    assert!(!wrong.text.contains("not the password"));
    let unknown = browser.sign_in("nobody@example.com", "not the password").await;
    let same = |text: &str| text.replace(ADA, "").replace("nobody@example.com", "");
    assert_eq!(same(&wrong.text), same(&unknown.text));
}

#[tokio::test]
async fn a_registration_of_a_known_address_gets_the_same_page() {
    let app = app().await;
    app.confirmed("ada", ADA).await;
    let mut browser = Browser::new(&app);
    let mut register = async |username: &str, email: &str| {
        let fields = [("username", username), ("email", email), ("password", PASSWORD)];
        let reply = browser.post("/account/register", &fields).await;
        (reply.status, reply.text.replace(email, ""))
    };
    assert_eq!(register("eve", ADA).await, register("bob", "bob@example.com").await);
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_mail() {
    let app = app().await;
    app.confirmed("ada", ADA).await;
    let mut browser = Browser::new(&app);
    browser.open("/account/forgot").await.has_status(200);
    let known = browser.post("/account/forgot", &[("identifier", "ada")]).await;
    let unknown = browser.post("/account/forgot", &[("identifier", "nobody")]).await;
    assert_eq!(known.has_status(200).text, unknown.text);
    let path = path_of(&app.mail(MailKind::PasswordReset, ADA).await);
    browser.post(&path, &[("new_password", OTHER_PASSWORD)]).await.has_status(200);
    leads_to(&browser.sign_in(ADA, OTHER_PASSWORD).await, "/account");
}

#[tokio::test]
async fn the_second_factor_is_asked_for_on_a_step_of_its_own() {
    let app = app().await;
    let mut browser = ada(&app).await;
    let before = browser.session().unwrap().to_owned();
    let begun = browser.post("/account/second-factor", &[]).await;
    assert!(begun.has_status(200).text.contains("src=\"data:image/png;base64,"));
    let secret = begun.text.split("<code class=\"secret\">").nth(1).unwrap();
    let secret = secret.split('<').next().unwrap().to_owned();
    let wrong = browser.post("/account/second-factor/confirm", &[("code", "000000")]).await;
    assert!(wrong.has_status(400).text.contains(&secret), "the same secret is there");
    let code = totp(&app, &secret);
    let on = browser.post("/account/second-factor/confirm", &[("code", &code)]).await;
    let codes: Vec<&str> = on.has_status(200).text.split("<li><code>").skip(1).collect();
    assert_eq!(codes.len(), 10, "{}", on.text);
    assert!(on.text.contains(ADA), "whose they are is read on paper, too");
    let recovery = codes[0].split('<').next().unwrap().to_owned();
    assert_ne!(browser.session(), Some(before.as_str()), "another cookie");
    assert!(browser.is_in().await);
    assert!(!browser.page.contains(&recovery), "recovery codes are shown once");

    let mut other = Browser::new(&app);
    let asked = other.sign_in(ADA, PASSWORD).await;
    assert!(asked.has_status(200).text.contains("autocomplete=\"one-time-code\""));
    assert_eq!(other.session(), None, "half a sign-in is none");
    other.post("/account/sign-in/code", &[("code", "000000")]).await.has_status(401);
    assert_eq!(other.session(), None);
    leads_to(&other.post("/account/sign-in/code", &[("code", &recovery)]).await, "/account");
    assert!(other.is_in().await);

    app.advance(30);
    let code = totp(&app, &secret);
    let off = other.post("/account/second-factor/off", &[("code", &code)]).await;
    leads_to(&off, "/account?done=factor_off");
    leads_to(&Browser::new(&app).sign_in(ADA, PASSWORD).await, "/account");
}

#[tokio::test]
async fn profile_address_and_password_change_by_forms() {
    let app = app().await;
    let mut browser = ada(&app).await;
    let saved = browser.post("/account/profile", &[("username", "ada"), ("first_name", "Ada")]);
    leads_to(&saved.await, "/account?done=profile");
    assert!(browser.open("/account?done=profile").await.text.contains("Your profile is saved."));
    assert!(browser.page.contains("value=\"Ada\""));

    let new = "ada@example.net";
    leads_to(&browser.post("/account/email", &[("email", new)]).await, "/account?done=email");
    let path = path_of(&app.mail(MailKind::EmailChangeConfirm, new).await);
    browser.post(&path, &[]).await.has_status(200);
    if !browser.is_in().await {
        leads_to(&browser.sign_in(new, PASSWORD).await, "/account");
    }
    assert!(browser.open("/account").await.text.contains(new));

    let mut other = Browser::new(&app);
    leads_to(&other.sign_in(new, PASSWORD).await, "/account");
    let before = browser.session().unwrap().to_owned();
    let wrong = [("current_password", "wrong"), ("new_password", OTHER_PASSWORD)];
    let refused = browser.post("/account/password", &wrong).await;
    assert!(refused.has_status(400).text.contains("href=\"#password-current_password\""));
    let fields = [("current_password", PASSWORD), ("new_password", OTHER_PASSWORD)];
    let changed = browser.post("/account/password", &fields).await;
    leads_to(&changed, "/account?done=password");
    assert!(!other.is_in().await, "every other session ends");
    assert_ne!(browser.session(), Some(before.as_str()), "another cookie");
    assert!(browser.is_in().await);
}

#[tokio::test]
async fn the_profile_has_a_gender_and_the_language_of_mails() {
    let app = app().await;
    let mut browser = ada(&app).await;
    assert!(browser.page.contains("<option value=\"\" selected>Not chosen</option>"));
    let fields = [("username", "ada"), ("gender", "female"), ("locale", "pl")];
    leads_to(&browser.post("/account/profile", &fields).await, "/account?done=profile");
    browser.open("/account").await.has_status(200);
    assert!(browser.page.contains("value=\"female\""));
    assert!(browser.page.contains("<option value=\"pl\" selected>Polski</option>"));
    app.post("/api/v1/password/forgot", json!({"email": ADA})).await.has_status(200);
    assert_eq!(app.mail(MailKind::PasswordReset, ADA).await.locale.as_deref(), Some("pl"));

    // What was typed stands beside what is wrong.
    let long = "f".repeat(65);
    let fields = [("username", "ada"), ("gender", long.as_str()), ("locale", "de")];
    browser.post("/account/profile", &fields).await.has_status(400);
    assert!(browser.page.contains("href=\"#profile-gender\""));
    assert!(browser.page.contains("<option value=\"de\" selected>Deutsch</option>"));

    // What is not offered changes nothing, and none takes it away.
    for (locale, selected) in [("tlh", "\"pl\" selected"), ("", "\"\" selected")] {
        let fields = [("username", "ada"), ("locale", locale)];
        leads_to(&browser.post("/account/profile", &fields).await, "/account?done=profile");
        browser.open("/account").await.has_status(200);
        assert!(browser.page.contains(selected), "{locale}: {}", browser.page);
    }
    assert!(!browser.page.contains("female"));
}

/// Somebody registers where a kind of a language is spoken: it stays as it is.
#[tokio::test]
async fn a_language_that_is_no_choice_of_the_pages_stays() {
    let app = app().await;
    let body = json!({"username": "ada", "email": ADA, "password": PASSWORD});
    let register = app.call("POST", "/api/v1/register").header("accept-language", "de-AT");
    register.json(body).send().await.has_status(201);
    let path = path_of(&app.mail(MailKind::Confirmation, ADA).await);
    app.call("POST", &path).send().await.has_status(200);
    let mut browser = Browser::new(&app);
    leads_to(&browser.sign_in(ADA, PASSWORD).await, "/account");
    let stands = "<option value=\"de-AT\" selected>Deutsch (de-AT)</option>";
    assert!(browser.open("/account").await.text.contains(stands));
    let fields = [("username", "ada"), ("locale", "de-AT")];
    leads_to(&browser.post("/account/profile", &fields).await, "/account?done=profile");
    assert!(browser.open("/account").await.text.contains(stands));
}

#[tokio::test]
async fn another_device_is_signed_out_from_the_list() {
    let app = app().await;
    let mut browser = ada(&app).await;
    let mut other = Browser::new(&app);
    leads_to(&other.sign_in(ADA, PASSWORD).await, "/account");
    browser.open("/account").await.has_status(200);
    leads_to(&browser.post("/account/sessions/end", &[]).await, "/account?done=session");
    assert!(browser.is_in().await);
    assert!(!other.is_in().await);
}

#[tokio::test]
async fn somebody_takes_their_data_along_and_deletes_the_account() {
    let app = app().await;
    let mut browser = ada(&app).await;
    let export = browser.open("/account/export").await;
    assert_eq!(export.header("content-disposition"), Some("attachment; filename=\"account.json\""));
    let data: Value = export.json();
    assert_eq!(data["email"], ADA);
    assert_eq!(data["sessions"].as_array().unwrap().len(), 1);

    browser.open("/account").await.has_status(200);
    browser.post("/account/delete", &[]).await.has_status(400);
    let gone = browser.post("/account/delete", &[("sure", "yes")]).await;
    leads_to(&gone, "/account/sign-in");
    assert_eq!(browser.session(), None);
    browser.sign_in(ADA, PASSWORD).await.has_status(401);
}

#[tokio::test]
async fn an_export_is_all_that_administrators_see_but_from_where_they_came() {
    let app = app().await;
    let mut browser = ada(&app).await;
    let id = app.auth.find_user(ADA).await.unwrap().unwrap().id;
    let (ip, agent) = ("198.51.100.9", "the administrator's browser");
    let by = Origin {
        actor_id: Some("root".to_owned()),
        ip: Some(ip.parse().unwrap()),
        user_agent: Some(agent.to_owned()),
        ..Origin::of(Actor::Admin)
    };
    app.auth.send_reset(&by, &id).await.unwrap();
    let export = browser.open("/account/export").await;
    let data = export.has_status(200).json();
    let whole = app.auth.export_user(&id).await.unwrap();
    let keys = |data: &Value| data.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&data), keys(&whole));
    for part in ["identities", "passkeys", "sessions", "devices", "mails", "links"] {
        assert_eq!(data[part], whole[part], "{part}");
    }
    let entries = data["audit"].as_array().unwrap();
    assert_eq!(entries.len(), whole["audit"].as_array().unwrap().len());
    let find = |action| entries.iter().find(|entry| entry["action"] == action).unwrap();
    let reset = find("password.reset_requested");
    assert_eq!(reset["actor"], json!({"kind": "admin", "id": "root"}));
    assert_eq!(find("user.registered")["ip"], "203.0.113.7");
    assert!(!export.text.contains(ip) && !export.text.contains(agent), "{}", export.text);
}

#[tokio::test]
async fn what_only_the_user_may_do_asks_for_the_password_after_a_while() {
    let app = app().await;
    let mut browser = ada(&app).await;
    app.advance(16 * 60);
    browser.open("/account").await.has_status(200);
    assert!(browser.page.contains("id=\"delete-current_password\""));
    assert!(browser.page.contains("name=\"sure\" value=\"yes\">"), "{}", browser.page);
    let refused = browser.post("/account/delete", &[("sure", "yes")]).await;
    assert!(refused.has_status(400).text.contains("href=\"#delete-current_password\""));
    assert!(refused.text.contains("name=\"sure\" value=\"yes\" checked>"), "{}", refused.text);
    let wrong = [("sure", "yes"), ("current_password", "wrong")];
    browser.post("/account/delete", &wrong).await.has_status(400);
    assert!(browser.is_in().await);
    let right = [("sure", "yes"), ("current_password", PASSWORD)];
    leads_to(&browser.post("/account/delete", &right).await, "/account/sign-in");
}

#[tokio::test]
async fn the_pages_speak_the_visitors_language() {
    let app = app().await;
    let mut browser = Browser::new(&app);
    for (language, heading) in [("de-AT", "Anmelden"), ("pl", "Zaloguj się"), ("fr", "Sign in")] {
        browser.language = language;
        let page = browser.open("/account/sign-in").await;
        assert!(page.text.contains(&format!("<h1>{heading}</h1>")), "{}", page.text);
    }
}

#[tokio::test]
async fn somebody_goes_on_to_where_they_were_going_within_this_origin() {
    let app = app().await;
    app.confirmed("ada", ADA).await;
    for (wanted, target) in [
        ("/orders?page=2", "/orders?page=2"),
        ("//evil.example", "/account"),
        ("/\\evil.example", "/account"),
        ("https://evil.example/", "/account"),
        ("/\r\nset-cookie: a=b", "/account"),
    ] {
        let mut browser = Browser::new(&app);
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("return_to", wanted)
            .finish();
        browser.open(&format!("/account/sign-in?{query}")).await.has_status(200);
        let fields = [("identifier", ADA), ("password", PASSWORD)];
        leads_to(&browser.post("/account/sign-in", &fields).await, target);
    }
}
