//! GitHub, which has no ID tokens: who somebody is, is asked of its API
//! (<https://docs.github.com/en/apps/oauth-apps>).

use serde::Deserialize;
use url::Url;

use super::channel::Channel;
use super::claims::Claims;
use super::fault::{Fault, unavailable};
use super::http::HttpRequest;
use super::settings::ProviderConfig;
use crate::secret::Redacted;

pub(super) fn authorization_endpoint(config: &ProviderConfig) -> Result<Url, Fault> {
    at(&config.issuer, "/login/oauth/authorize")
}

pub(super) fn token_endpoint(config: &ProviderConfig) -> Result<Url, Fault> {
    at(&config.issuer, "/login/oauth/access_token")
}

/// Of github.com on a host of its own, of a server of one's own below its address.
fn api(config: &ProviderConfig, path: &str) -> Result<Url, Fault> {
    match config.issuer.trim_end_matches('/') {
        "https://github.com" => at("https://api.github.com", path),
        issuer => at(&format!("{issuer}/api/v3"), path),
    }
}

fn at(base: &str, path: &str) -> Result<Url, Fault> {
    Url::parse(&format!("{}{path}", base.trim_end_matches('/'))).map_err(unavailable)
}

/// The number stays when the login changes hands.
#[derive(Deserialize)]
struct Account {
    id: u64,
}

#[derive(Deserialize)]
struct Address {
    email: String,
    primary: bool,
    verified: bool,
}

pub(super) async fn claims(
    channel: &Channel,
    access_token: &Redacted<String>,
) -> Result<Claims, Fault> {
    let ask = |path| Ok(HttpRequest::get(api(&channel.config, path)?).bearer(access_token));
    let account: Account = channel.ask(ask("/user")?).await?;
    let addresses: Vec<Address> = channel.ask(ask("/user/emails")?).await?;
    let primary = addresses.into_iter().find(|address| address.primary);
    Ok(Claims {
        subject: account.id.to_string(),
        is_email_verified: primary.as_ref().is_some_and(|address| address.verified),
        email: primary.map(|address| address.email),
    })
}
