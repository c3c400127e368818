//! Mails that leave by a mail service's HTTP API.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::StatusCode;
use serde_json::json;
use usermgmt_core::Redacted;
use usermgmt_core::mail::{MailError, Mailer, Message};
use usermgmt_mail::Composer;

/// Hands mails to the service.
#[derive(Debug)]
pub struct MailService {
    http: reqwest::Client,
    url: String,
    key: Redacted<String>,
    composer: Composer,
}

impl MailService {
    /// Posts to this URL, with this key, what `composer` makes.
    ///
    /// # Errors
    /// Where no HTTP client can be made.
    pub fn new(url: &str, key: &str, composer: Composer) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build()?;
        Ok(Self { http, url: url.to_owned(), key: Redacted::new(key.to_owned()), composer })
    }
}

#[async_trait]
impl Mailer for MailService {
    async fn send(&self, message: &Message) -> Result<(), MailError> {
        let mail = self.composer.render(message)?;
        let body = json!({
            "to": message.recipient.as_str(),
            "subject": mail.subject,
            "text": mail.text,
            "html": mail.html,
        });
        let request = self.http.post(&self.url).bearer_auth(self.key.expose()).json(&body);
        // The same for each try of a mail, so that the service knows a copy.
        let answer = request.header("idempotency-key", message.id.as_str()).send().await;
        let status = answer.map_err(unanswered)?.status();
        let why = format!("the mail service answered {status}");
        match status {
            _ if status.is_success() => Ok(()),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(MailError::SetUp(why)),
            StatusCode::BAD_REQUEST => Err(MailError::Permanent(why)),
            _ => Err(MailError::Temporary(why)),
        }
    }

    async fn rehearse(&self, message: &Message) {
        let _ = self.composer.render(message);
    }
}

/// Whoever was reached may have sent it.
fn unanswered(error: reqwest::Error) -> MailError {
    let was_reached = !error.is_connect();
    let why = error.without_url().to_string();
    if was_reached { MailError::Unconfirmed(why) } else { MailError::Temporary(why) }
}
