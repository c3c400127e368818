//! The pages that mailed links open.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use usermgmt_core::mail::MailKind;

use crate::harness::{ADA, App, OTHER_PASSWORD, PASSWORD, Reply, app, app_with, path_of, token_of};
use crate::service::Service;

const BROWSER: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

async fn browse(app: &App, method: &str, path: &str) -> Reply {
    app.call(method, path).header("accept", BROWSER).send().await
}

#[track_caller]
fn is_page(reply: &Reply) {
    assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"), "{}", reply.text);
    let policy = reply.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self'"));
    assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
    let script =
        reply.text.split("<script>").nth(1).and_then(|rest| rest.split("</script>").next());
    let text = match script {
        Some(script) => {
            let hash = STANDARD.encode(Sha256::digest(script));
            assert!(policy.contains(&format!("script-src 'sha256-{hash}';")), "{policy}");
            reply.text.replace(&format!("<script>{script}</script>"), "")
        }
        None => reply.text.clone(),
    };
    assert_eq!(policy.contains("script-src"), script.is_some(), "{policy}");
    for remote in ["<script", "src=", "<link", "@import", "url("] {
        assert!(!text.contains(remote), "{remote} in {text}");
    }
}

#[track_caller]
fn is_form(reply: &Reply) {
    is_page(reply);
    assert_eq!(reply.status, 200);
    assert_eq!(reply.text.matches("<form method=\"post\">").count(), 1);
    assert_eq!(reply.text.matches("<button").count(), 1);
}

#[tokio::test]
async fn opening_a_confirmation_link_changes_nothing_and_its_button_confirms() {
    let app = app().await;
    app.register("ada", ADA).await.has_status(201);
    let path = path_of(&app.mail(MailKind::Confirmation, ADA).await);
    for _ in 0..3 {
        is_form(&browse(&app, "GET", &path).await);
        is_form(&app.get(&path).send().await);
    }
    app.sign_in(ADA, PASSWORD).await.has_status(401);

    let done = browse(&app, "POST", &path).await;
    is_page(done.has_status(200));
    assert!(done.text.contains("Email confirmed"));
    app.sign_in(ADA, PASSWORD).await.has_status(200);
}

#[tokio::test]
async fn an_account_made_by_a_service_is_activated_by_a_button() {
    let service = Service::new().await;
    service.created().await;
    let path = format!("/activate?token={}", service.code().await);
    let app = &service.app;
    is_form(&browse(app, "GET", &path).await);
    app.sign_in(ADA, PASSWORD).await.has_status(401);
    let done = browse(app, "POST", &path).await;
    is_page(done.has_status(200));
    assert!(done.text.contains("Account activated"));
    app.sign_in(ADA, PASSWORD).await.has_status(200);
    for method in ["GET", "POST"] {
        app.call(method, &path).send().await.has_status(400);
    }
}

#[tokio::test]
async fn an_expired_activation_says_so() {
    let service = Service::new().await;
    service.created().await;
    let path = format!("/activate?token={}", service.code().await);
    service.app.advance(3600);
    for method in ["GET", "POST"] {
        service.app.call(method, &path).send().await.has_error(400, "link_expired");
    }
}

#[tokio::test]
async fn pages_speak_the_visitors_language() {
    let app = app().await;
    app.register("ada", ADA).await.has_status(201);
    let path = path_of(&app.mail(MailKind::Confirmation, ADA).await);
    let visit = async |method: &str, path: &str, language: &str| {
        let call = app.call(method, path).header("accept", BROWSER);
        call.header("accept-language", language).send().await
    };
    for (language, lang, button) in [
        ("de-AT,de;q=0.9,en;q=0.8", "de", "Bestätigen"),
        ("pl", "pl", "Potwierdź"),
        ("fr,en;q=0.5", "en", "Confirm"),
        ("", "en", "Confirm"),
    ] {
        let page = visit("GET", &path, language).await;
        is_form(&page);
        assert!(page.text.contains(&format!("<html lang=\"{lang}\">")), "{language}");
        assert!(page.text.contains(&format!(">{button}</button>")), "{language}: {}", page.text);
    }
    let done = visit("POST", &path, "de").await;
    assert!(done.text.contains("bestätigt") && done.text.contains("Weiter zu"), "{}", done.text);
    let again = visit("POST", &path, "pl").await;
    assert!(again.has_status(400).text.contains("już potwierdzony"), "{}", again.text);

    app.post("/api/v1/password/forgot", json!({"identifier": ADA})).await.has_status(200);
    let path = path_of(&app.mail(MailKind::PasswordReset, ADA).await);
    let call = app.call("POST", &path).header("accept", BROWSER).header("accept-language", "de");
    let refused = call.form("new_password=short").send().await;
    assert!(refused.text.contains("mindestens 8 Zeichen"), "{}", refused.text);
    let call = app.call("POST", &path).header("accept-language", "de");
    let program = call.form("new_password=short").send().await;
    program.has_error(400, "validation_error");
}

#[tokio::test]
async fn a_program_gets_json() {
    let app = app().await;
    app.register("ada", ADA).await.has_status(201);
    let path = path_of(&app.mail(MailKind::Confirmation, ADA).await);
    let reply = app.call("POST", &path).form("").send().await;
    reply.is(200, json!({"message": "Email confirmed"}));
    let reply = app.call("POST", &path).send().await;
    reply.is(400, json!({"message": "Email already confirmed", "error": "already_confirmed"}));
    let reply = app.call("POST", "/confirm-email/umt_x").send().await;
    reply.is(400, json!({"message": "The confirmation link is invalid.", "error": "link_invalid"}));
}

#[tokio::test]
async fn an_expired_confirmation_link_says_so() {
    let app = app().await;
    app.register("ada", ADA).await.has_status(201);
    let path = path_of(&app.mail(MailKind::Confirmation, ADA).await);
    app.advance(24 * 3600);
    let message = "The confirmation link has expired. Please request a new one.";
    for method in ["GET", "POST"] {
        let reply = app.call(method, &path).send().await;
        reply.is(400, json!({"message": message, "error": "link_expired"}));
        let page = browse(&app, method, &path).await;
        is_page(page.has_status(400));
        assert!(page.text.contains(message));
        assert!(!page.text.contains("<form"));
    }
}

#[tokio::test]
async fn with_confirm_on_get_opening_the_link_confirms() {
    let app = app_with(|_, http| http.compat.confirm_on_get = true).await;
    app.register("ada", ADA).await.has_status(201);
    let path = path_of(&app.mail(MailKind::Confirmation, ADA).await);
    app.call("HEAD", &path).send().await.has_status(200);
    app.sign_in(ADA, PASSWORD).await.has_status(401);
    app.get(&path).send().await.is(200, json!({"message": "Email confirmed"}));
    app.sign_in(ADA, PASSWORD).await.has_status(200);
}

#[tokio::test]
async fn a_registration_by_somebody_else_is_deleted_by_its_button() {
    let app = app().await;
    app.register("mallory", ADA).await.has_status(201);
    let mail = app.mail(MailKind::Confirmation, ADA).await;
    let link = mail.not_me_link.as_ref().unwrap().expose();
    let path = link.strip_prefix("https://accounts.example.com").unwrap();
    is_form(&browse(&app, "GET", path).await);
    let reply = app.call("POST", path).send().await;
    reply.is(200, json!({"message": "The account was deleted"}));
    app.call("POST", &path_of(&mail)).send().await.has_error(400, "link_invalid");
    app.confirmed("ada", ADA).await;
}

#[tokio::test]
async fn a_password_is_reset_by_the_form() {
    let app = app().await;
    app.confirmed("ada", ADA).await;
    app.post("/api/v1/password/forgot", json!({"identifier": ADA})).await.has_status(200);
    let path = path_of(&app.mail(MailKind::PasswordReset, ADA).await);
    let form = browse(&app, "GET", &path).await;
    is_form(&form);
    assert!(form.text.contains("name=\"new_password\""));

    let call = app.call("POST", &path).header("accept", BROWSER);
    let again = call.form("new_password=password").send().await;
    is_page(again.has_status(400));
    let text = "Password is too easy to guess";
    for part in [
        &*format!("<p role=\"alert\" id=\"new_password-problem\"><a href=\"#new_password\">{text}"),
        " aria-invalid=\"true\" aria-describedby=\"new_password-problem\"",
        "<form",
    ] {
        assert!(again.text.contains(part), "{part}: {}", again.text);
    }
    assert_eq!(again.text.contains("<title>Error: "), cfg!(feature = "pages"), "{}", again.text);
    assert!(!form.text.contains(" aria-invalid=\"") && !form.text.contains("<title>Error"));
    let reply = app.call("POST", &path).form("new_password=short").send().await;
    reply.has_error(400, "validation_error");

    let form = format!("new_password={OTHER_PASSWORD}");
    let reply = app.call("POST", &path).form(&form).send().await;
    reply.is(200, json!({"message": "Password has been reset successfully."}));
    app.call("POST", &path).form(&form).send().await.has_error(400, "invalid_token");
    app.get(&path).send().await.has_error(400, "invalid_token");
    app.sign_in(ADA, OTHER_PASSWORD).await.has_status(200);
}

#[tokio::test]
async fn the_token_can_be_a_field_of_the_form() {
    let app = app().await;
    app.confirmed("ada", ADA).await;
    app.post("/api/v1/password/forgot", json!({"identifier": ADA})).await.has_status(200);
    let token = token_of(&app.mail(MailKind::PasswordReset, ADA).await);
    let form = format!("token={token}&new_password={OTHER_PASSWORD}");
    app.call("POST", "/reset-password").form(&form).send().await.has_status(200);
}

#[tokio::test]
async fn choosing_a_password_confirms_the_address_too() {
    let app = app().await;
    app.register("mallory", ADA).await.has_status(201);
    let again = json!({"username": "ada", "email": ADA, "password": OTHER_PASSWORD});
    app.post("/api/v1/register", again).await.has_status(201);
    let path = path_of(&app.mail(MailKind::ChoosePassword, ADA).await);
    is_form(&browse(&app, "GET", &path).await);
    let form = format!("new_password={PASSWORD}");
    app.call("POST", &path).form(&form).send().await.has_status(200);
    app.sign_in(ADA, PASSWORD).await.has_status(200);
}

#[tokio::test]
async fn an_address_is_changed_and_changed_back_by_buttons() {
    let app = app().await;
    let ada = app.ada().await;
    let new = "ada@new.example.com";
    let call = app.call("PUT", "/api/v1/users").bearer(&ada.access);
    call.json(json!({"email": new})).send().await.has_status(200);

    let path = path_of(&app.mail(MailKind::EmailChangeConfirm, new).await);
    is_form(&browse(&app, "GET", &path).await);
    app.sign_in(new, PASSWORD).await.has_status(401);
    app.call("POST", &path).send().await.is(200, json!({"message": "Email changed"}));
    app.sign_in(new, PASSWORD).await.has_status(200);
    app.get(&path).send().await.has_error(400, "link_invalid");

    let path = path_of(&app.mail(MailKind::EmailChanged, ADA).await);
    is_form(&browse(&app, "GET", &path).await);
    app.sign_in(ADA, PASSWORD).await.has_status(401);
    let undone = browse(&app, "POST", &path).await;
    is_page(undone.has_status(200));
    app.sign_in(ADA, PASSWORD).await.has_status(200);
}

#[tokio::test]
async fn a_link_opens_only_its_own_page() {
    let app = app().await;
    app.register("ada", ADA).await.has_status(201);
    let token = token_of(&app.mail(MailKind::Confirmation, ADA).await);
    for (path, error) in [
        ("/not-me", "link_invalid"),
        ("/email/confirm", "link_invalid"),
        ("/email/undo", "link_invalid"),
        ("/reset-password", "invalid_token"),
    ] {
        for method in ["GET", "POST"] {
            let call = app.call(method, &format!("{path}?token={token}"));
            call.send().await.has_error(400, error);
            app.call(method, path).send().await.has_error(400, error);
        }
    }
}

#[tokio::test]
async fn the_pages_take_forms_only() {
    let app = app().await;
    for path in [
        "/confirm-email/umt_x",
        "/activate",
        "/reset-password",
        "/email/confirm",
        "/email/undo",
        "/not-me",
    ] {
        let reply = app.post(path, json!({"token": "umt_x"})).await;
        reply.has_error(415, "unsupported_media_type");
        let reply = app.call("PUT", path).send().await;
        reply.has_error(405, "method_not_allowed");
        let large = "x".repeat(64 * 1024 + 1);
        app.call("POST", path).form(&large).send().await.has_error(413, "payload_too_large");
    }
}

#[tokio::test]
async fn who_names_no_language_that_there_is_reads_their_own() {
    let app = app().await;
    let body = json!({"username": "ada", "email": ADA, "password": PASSWORD});
    let call = app.call("POST", "/api/v1/register").header("accept-language", "pl").json(body);
    call.send().await.has_status(201);
    let path = path_of(&app.mail(MailKind::Confirmation, ADA).await);
    for method in ["GET", "POST"] {
        let call = app.call(method, &path).header("accept", BROWSER);
        let page = call.header("accept-language", "fr").send().await;
        assert!(page.has_status(200).text.contains("<html lang=\"pl\">"), "{}", page.text);
    }
}

#[tokio::test]
async fn the_root_of_a_server_says_what_runs_here() {
    let app = app().await;
    let page = browse(&app, "GET", "/").await;
    page.has_status(200);
    for part in [
        "<html lang=\"en\">",
        "href=\"/openapi.json\"",
        "href=\"/account\"",
        "POST /api/v1/signin<",
    ] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    assert!(!page.text.contains("/dev/mail"));
    let reply = app.get("/").send().await;
    reply.is(200, json!({"message": "User accounts", "openapi": "/openapi.json"}));
    app.call("POST", "/").send().await.has_error(405, "method_not_allowed");
}

#[tokio::test]
async fn the_documentation_loads_nothing_from_elsewhere() {
    let app = app_with(|_, http| http.mailbox_path = Some("/mail".to_owned())).await;
    let page = browse(&app, "GET", "/").await;
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        !policy.contains("http") && policy.starts_with("default-src 'none'; script-src 'self'")
    );
    assert!(page.text.contains("href=\"/mail\""));
    let loaded: Vec<&str> = ["src=\"", "<link rel=\"stylesheet\" href=\""]
        .iter()
        .flat_map(|before| page.text.split(before).skip(1))
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert_eq!(loaded.len(), 3, "{loaded:?}");
    for path in loaded {
        let reply = app.get(path).send().await;
        reply.has_status(200);
        assert!(
            reply.text.len() > 500 && reply.header("cache-control").unwrap().contains("immutable")
        );
    }
}
