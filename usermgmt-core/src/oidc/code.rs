//! Exchanging a code for tokens (RFC 6749, 4.1.3).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use url::Url;
use url::form_urlencoded::byte_serialize;

use super::authorize::Secrets;
use super::channel::{Answered, Channel};
use super::fault::{Fault, refused, unavailable};
use super::http::HttpRequest;
use crate::secret::Redacted;

pub(super) struct Tokens {
    pub(super) access_token: Redacted<String>,
    pub(super) id_token: Option<Redacted<String>>,
}

#[derive(Deserialize)]
struct Raw {
    access_token: Option<String>,
    id_token: Option<String>,
    /// GitHub answers so with status 200.
    error: Option<String>,
}

/// `basic`: the client's secret goes into a header (RFC 6749, 2.3.1), else into the form.
pub(super) async fn exchange(
    channel: &Channel,
    endpoint: &Url,
    basic: bool,
    code: &str,
    redirect_uri: &str,
    secrets: &Secrets,
) -> Result<Tokens, Fault> {
    let (id, secret) = (&channel.config.client_id, &channel.config.client_secret);
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", secrets.verifier.expose()),
    ];
    if !basic {
        form.extend([("client_id", id.as_str()), ("client_secret", secret.expose())]);
    }
    let mut request = HttpRequest::post(endpoint.clone(), &form);
    if basic {
        let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let pair = Redacted::new(format!("{}:{}", encode(id), encode(secret.expose())));
        let value = format!("Basic {}", STANDARD.encode(pair.expose()));
        request = request.header("authorization", value);
    }
    let Answered { what, status, body, .. } = channel.send(request).await?;
    let raw: Option<Raw> = serde_json::from_slice(body.expose()).ok();
    match raw {
        Some(Raw { error: Some(error), .. }) => {
            // One of a list of words (RFC 6749, 5.2).
            let word: String = error.chars().filter(char::is_ascii_graphic).take(50).collect();
            Err(refused(format!("{what}: {word}")))
        }
        Some(Raw { access_token: Some(access), id_token, .. }) if status == 200 => Ok(Tokens {
            access_token: Redacted::new(access),
            id_token: id_token.map(Redacted::new),
        }),
        _ if (400..500).contains(&status) => Err(refused(format!("{what}: status {status}"))),
        _ => Err(unavailable(format!("{what}: status {status} without a token"))),
    }
}
