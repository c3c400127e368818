//! Who a provider says that somebody is.

use serde::Deserialize;
use url::Url;

use super::channel::Channel;
use super::fault::{Fault, refused};
use super::http::HttpRequest;
use crate::secret::Redacted;

/// Who a provider says that somebody is.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) struct Claims {
    /// Who they are to the issuer.
    pub(crate) subject: String,
    /// Their address, where they have one and let it be told.
    pub(crate) email: Option<String>,
    /// Whether the provider vouches that it is theirs.
    pub(crate) is_email_verified: bool,
}

/// True, or the word, which some providers send in its place.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Flag {
    Truth(bool),
    Word(String),
}

impl Flag {
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Truth(truth) => *truth,
            Self::Word(word) => word == "true",
        }
    }
}

/// OpenID Connect Core 1.0, 5.3.2.
#[derive(Deserialize)]
struct Userinfo {
    sub: String,
    email: Option<String>,
    email_verified: Option<Flag>,
}

impl Claims {
    /// With the address that the provider tells only when asked for it.
    pub(super) async fn with_userinfo(
        self,
        channel: &Channel,
        endpoint: &Url,
        access_token: &Redacted<String>,
    ) -> Result<Self, Fault> {
        let request = HttpRequest::get(endpoint.clone()).bearer(access_token);
        let info: Userinfo = channel.ask(request).await?;
        // Or somebody else's token was put in the place of this one.
        if info.sub != self.subject {
            return Err(refused("the userinfo is of another subject"));
        }
        Ok(Self {
            is_email_verified: info.email_verified.is_some_and(|flag| flag.is_true()),
            email: info.email.filter(|email| !email.is_empty()),
            ..self
        })
    }
}
