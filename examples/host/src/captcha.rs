//! A captcha at registration, by a widget whose provider knows which tokens are good.

use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use usermgmt_core::captcha::{Captcha, CaptchaAction, CaptchaError, CaptchaVerdict};
use usermgmt_core::{Client, Redacted};

/// Asks the widget's provider.
#[derive(Debug)]
pub struct Widget {
    http: reqwest::Client,
    url: String,
    secret: Redacted<String>,
}

impl Widget {
    /// Asks at this URL with this secret. Turnstile, hCaptcha and reCAPTCHA have one
    /// each that is called `siteverify`, and speak alike.
    ///
    /// # Errors
    /// Where no HTTP client can be made.
    pub fn new(url: &str, secret: &str) -> Result<Self, reqwest::Error> {
        // Whoever registers waits for it.
        let http = reqwest::Client::builder().timeout(Duration::from_secs(5)).build()?;
        Ok(Self { http, url: url.to_owned(), secret: Redacted::new(secret.to_owned()) })
    }
}

/// The provider's answer, as far as it is read.
#[derive(Deserialize)]
struct Answer {
    success: bool,
}

#[async_trait]
impl Captcha for Widget {
    async fn check(
        &self,
        action: CaptchaAction,
        client: &Client,
    ) -> Result<CaptchaVerdict, CaptchaError> {
        if action != CaptchaAction::Register {
            return Ok(CaptchaVerdict::Passed);
        }
        let Some(token) = &client.captcha_token else {
            return Ok(CaptchaVerdict::Required);
        };
        let form = [("secret", self.secret.expose()), ("response", token.expose())];
        let answer = self.http.post(&self.url).form(&form).send().await?.error_for_status()?;
        let answer: Answer = answer.json().await?;
        Ok(if answer.success { CaptchaVerdict::Passed } else { CaptchaVerdict::Failed })
    }
}
