//! An application's own claims in access tokens.

use std::error::Error;
use std::fmt;

use async_trait::async_trait;
use serde_json::{Map, Value};

use crate::model::session::Session;
use crate::model::user::User;

/// How many bytes of JSON the own claims of a token may have. A token goes with
/// every request, and many servers take no more than 8 KiB of headers.
pub const MAX_BYTES: usize = 2048;

/// Names that are not an application's: those of this project's tokens, now or
/// later, and the registered ones that say who a token is from and for
/// (RFC 7519, 4.1; RFC 9068, 2.2).
pub const RESERVED: [&str; 22] = [
    "acr",
    "amr",
    "aud",
    "auth_time",
    "azp",
    "client_id",
    "cnf",
    "email",
    "exp",
    "fresh",
    "gen",
    "iat",
    "id",
    "iss",
    "jti",
    "nbf",
    "nonce",
    "role",
    "sid",
    "sub",
    "type",
    "username",
];

/// Adds claims of the application's own to access tokens, from the user and the
/// session: a tenant, what somebody may do.
///
/// Asked whenever a token is issued, which is at every sign-in and refresh, and
/// before anything is written: where it fails, nothing happens. Claims hold
/// until the token expires; what must not outlive a change asks the store.
///
/// ```
/// use serde_json::{Map, Value, json};
/// use usermgmt_core::claims::{Claims, ClaimsError};
/// use usermgmt_core::{Session, User};
///
/// #[derive(Debug)]
/// struct Tenants;
///
/// #[async_trait::async_trait]
/// impl Claims for Tenants {
///     async fn claims(&self, user: &User, _: &Session) -> Result<Map<String, Value>, ClaimsError> {
///         let tenant = user.email.as_str().rsplit('@').next();
///         Ok(Map::from_iter([
///             ("tenant".to_owned(), json!(tenant)),
///             ("roles".to_owned(), json!(["editor"])),
///         ]))
///     }
/// }
/// ```
///
/// [`AccessClaims::get`](crate::AccessClaims::get) and
/// [`AccessClaims::has`](crate::AccessClaims::has) read them.
#[async_trait]
pub trait Claims: fmt::Debug + Send + Sync + 'static {
    /// The claims of a token that is about to be issued.
    ///
    /// # Errors
    /// Whatever keeps the application from saying so: the request is answered
    /// as one whose store is not available.
    async fn claims(
        &self,
        user: &User,
        session: &Session,
    ) -> Result<Map<String, Value>, ClaimsError>;
}

/// Why an application could not say which claims there are.
pub type ClaimsError = Box<dyn Error + Send + Sync>;

/// Why claims cannot go into a token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClaimsProblem {
    #[error("the claim `{0}` is reserved: give it another name")]
    Reserved(String),
    #[error("the own claims of a token have {0} bytes of JSON, more than {MAX_BYTES}")]
    TooLarge(usize),
}

/// Whether the claims may go into a token.
pub(crate) fn check(claims: &Map<String, Value>) -> Result<(), ClaimsProblem> {
    if let Some(name) = claims.keys().find(|name| RESERVED.contains(&name.as_str())) {
        return Err(ClaimsProblem::Reserved(name.clone()));
    }
    let bytes = serde_json::to_string(claims).map_or(usize::MAX, |text| text.len());
    if bytes > MAX_BYTES { Err(ClaimsProblem::TooLarge(bytes)) } else { Ok(()) }
}
