//! A captcha of the application's.

use serde_json::json;
use usermgmt_core::captcha::{Captcha, CaptchaAction, CaptchaError, CaptchaVerdict};
use usermgmt_core::{Client, Redacted};

use crate::harness::{ADA, App, Call, PASSWORD, app_built};

/// Asks whoever does not come from a service for the token `solved`.
#[derive(Debug)]
struct Widget;

#[async_trait::async_trait]
impl Captcha for Widget {
    async fn check(
        &self,
        _: CaptchaAction,
        client: &Client,
    ) -> Result<CaptchaVerdict, CaptchaError> {
        Ok(match client.captcha_token.as_ref().map(|token| token.expose().as_str()) {
            None => CaptchaVerdict::Required,
            Some("solved") => CaptchaVerdict::Passed,
            Some("down") => return Err("the provider does not answer".into()),
            Some(_) => CaptchaVerdict::Failed,
        })
    }
}

async fn guarded() -> App {
    app_built(|config, _| config.sign_in.email = true, |builder| builder.captcha(Widget)).await
}

/// What a stranger may send.
fn requests(app: &App) -> [Call<'_>; 5] {
    let post = |path: &str, body| app.call("POST", &format!("/api/v1{path}")).json(body);
    [
        post("/register", json!({"username": "ada", "email": ADA, "password": PASSWORD})),
        post("/resend-confirmation", json!({"email": ADA})),
        post("/password/forgot", json!({"identifier": ADA})),
        post("/signin/email", json!({"email": ADA})),
        post("/signin", json!({"email": ADA, "password": PASSWORD})),
    ]
}

#[tokio::test]
async fn what_strangers_send_needs_the_header_that_the_application_asks_for() {
    let app = guarded().await;
    for request in requests(&app) {
        request.send().await.has_error(403, "captcha_required");
    }
    for request in requests(&app) {
        request.header("usermgmt-captcha", "guessed").send().await.has_error(403, "captcha_failed");
    }
    for request in requests(&app) {
        let reply = request.header("usermgmt-captcha", "down").send().await;
        reply.has_error(503, "unavailable");
        assert!(reply.header("retry-after").is_some());
    }
    assert!(app.auth.find_user(ADA).await.unwrap().is_none());
    let mut answers = Vec::new();
    for request in requests(&app) {
        answers.push(request.header("usermgmt-captcha", "solved").send().await.status.as_u16());
    }
    // Nobody has confirmed the address yet.
    assert_eq!(answers, [201, 200, 200, 200, 401]);
}

#[tokio::test]
async fn a_service_with_a_key_needs_none_for_its_users() {
    let app = guarded().await;
    let key = app.service_key(false).await;
    let body = json!({"identifier": ADA});
    let call = app.call("POST", "/api/users/password/forgot").bearer(&key).json(body);
    call.send().await.has_status(200);
}

#[tokio::test]
async fn a_captcha_that_was_sent_is_in_no_debug_text() {
    let client =
        Client { captcha_token: Some(Redacted::new("03AGdBq2".into())), ..Client::default() };
    assert!(!format!("{client:?}").contains("03AGdBq2"));
}
