//! What each source looks like, one a file.

pub(super) mod allauth;
pub(super) mod auth0;
pub(super) mod better_auth;
pub(super) mod csv;
pub(super) mod devise;
pub(super) mod flask_mongo;
pub(super) mod flask_sql;
pub(super) mod jsonl;
pub(super) mod keycloak;
pub(super) mod supabase;

use usermgmt_core::model::factor::{TotpAlgorithm, TotpSecret};

/// A secret as most programs keep it: base32, for codes of SHA-1, six digits and
/// thirty seconds. One that is sealed by its program, or is none, is refused
/// aloud: its owner must not come over without their second factor.
fn totp(secret: &str) -> Result<TotpSecret, String> {
    TotpSecret::from_base32(secret, TotpAlgorithm::Sha1, 6, 30).map_err(|error| error.to_string())
}
