//! Passwords that are known from breaches, as Have I Been Pwned's range API knows
//! them: it is told the first five digits of the password's SHA-1 and answers with
//! what the others can be (k-anonymity), padded so that the length of the answer
//! says nothing (<https://haveibeenpwned.com/API/v3#PwnedPasswords>).

#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper::{Request, StatusCode, header};
use sha1::{Digest as _, Sha1};
use url::Url;
use usermgmt_core::metrics::{BreachCheckResult, Counted, Metrics};
use usermgmt_core::password::BreachCheck;
use usermgmt_core::{PlaintextPassword, with_causes};

use crate::failure::Failure;
use crate::http_client::{Client, Reach, client};

/// How long an answer is waited for: somebody waits for it.
const LIMIT: Duration = Duration::from_secs(1);
/// The longest answer that is read; a range has some 40 KiB.
const MAX_ANSWER: usize = 512 * 1024;
/// How much of the hash is told.
const TOLD: usize = 5;

type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Asks a range API whether passwords are known from breaches. Where it does not
/// answer, they pass: nobody is kept from setting a password by it.
#[derive(Debug)]
pub(crate) struct PwnedPasswords {
    /// Without a slash behind it.
    url: String,
    client: Client<Empty<Bytes>>,
    metrics: Arc<dyn Metrics>,
    limit: Duration,
}

impl PwnedPasswords {
    /// # Errors
    /// [`Failure`] where TLS cannot be set up.
    pub(crate) fn new(url: &Url, metrics: Arc<dyn Metrics>) -> Result<Self, Failure> {
        let client = client(Reach::Anywhere);
        let client = client.map_err(|error| Failure::new("breach_check", &error))?;
        Ok(Self {
            url: url.as_str().trim_end_matches('/').to_owned(),
            client,
            metrics,
            limit: LIMIT,
        })
    }

    async fn ask(&self, password: &PlaintextPassword) -> Result<bool, Fault> {
        let hash = hex(&Sha1::digest(password.expose().as_bytes()));
        let (told, rest) = hash.split_at(TOLD);
        let request = Request::get(format!("{}/{told}", self.url))
            .header(header::USER_AGENT, concat!("usermgmt/", env!("CARGO_PKG_VERSION")))
            .header("add-padding", "true")
            .body(Empty::new())?;
        let answer = self.client.request(request).await?;
        if answer.status() != StatusCode::OK {
            return Err(format!("answered {}", answer.status()).into());
        }
        let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await?.to_bytes();
        Ok(is_listed(std::str::from_utf8(&body)?, rest))
    }
}

#[async_trait]
impl BreachCheck for PwnedPasswords {
    async fn is_breached(&self, password: &PlaintextPassword) -> bool {
        let asked = tokio::time::timeout(self.limit, self.ask(password)).await;
        let answer = asked.unwrap_or_else(|_| Err("no answer in time".into()));
        let result = match &answer {
            Ok(true) => BreachCheckResult::Breached,
            Ok(false) => BreachCheckResult::Unknown,
            Err(error) => {
                // The path, which tells of the password, is in none of the causes.
                tracing::warn!(
                    error = %with_causes(error.as_ref()),
                    "breach_check: a password was not checked"
                );
                BreachCheckResult::Failed
            }
        };
        self.metrics.count(Counted::BreachCheck(result));
        matches!(answer, Ok(true))
    }
}

/// Whether an answer lists the rest of a hash. What pads it is listed with 0.
fn is_listed(answer: &str, rest: &str) -> bool {
    answer.lines().filter_map(|line| line.trim().split_once(':')).any(|(listed, count)| {
        listed.eq_ignore_ascii_case(rest) && !count.trim_start_matches('0').is_empty()
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02X}");
        text
    })
}
