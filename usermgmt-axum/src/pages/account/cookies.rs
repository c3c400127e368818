//! Giving a browser its cookies, and taking them away.

use std::time::Duration;

use axum::http::HeaderValue;
use usermgmt_core::Session;
use usermgmt_core::config::DEVICE_TTL;
#[cfg(feature = "oidc")]
use usermgmt_core::config::PROVIDER_SIGN_IN_TTL;
use usermgmt_core::flows::SignedIn;

#[cfg(feature = "passkeys")]
use crate::browser::passkey_offered_name;
#[cfg(feature = "oidc")]
use crate::browser::provider_name;
use crate::browser::{device_name, is_secure, session_name};
use crate::state::HttpState;

/// The cookies of somebody who has just signed in.
pub(in crate::pages) fn signed_in(state: &HttpState, signed_in: &SignedIn) -> [HeaderValue; 2] {
    let device = signed_in.device_token.expose();
    [renewed(state, &signed_in.session), set(state, &device_name(state), device, DEVICE_TTL)]
}

impl HttpState {
    /// The values of `Set-Cookie` for somebody whom a page of a host's own signed in:
    /// their session's, and the one by which this browser is known again.
    pub fn sign_in_cookies(&self, signed_in: &SignedIn) -> [HeaderValue; 2] {
        self::signed_in(self, signed_in)
    }
}

/// The cookie of a session.
pub(super) fn renewed(state: &HttpState, session: &Session) -> HeaderValue {
    let value = state.auth().browser_cookie(session);
    let life = session.max_expires_at.since(session.created_at);
    set(state, &session_name(state), value.expose(), life)
}

/// What binds a sign-in by a provider to this browser. It comes back with the
/// provider's redirect, which is a link from another site.
#[cfg(feature = "oidc")]
pub(crate) fn provider(state: &HttpState, value: &str) -> HeaderValue {
    set(state, &provider_name(state), value, PROVIDER_SIGN_IN_TTL)
}

/// That this browser was asked whether it wants a passkey: for a year it is not again.
#[cfg(feature = "passkeys")]
pub(super) fn passkey_offered(state: &HttpState) -> HeaderValue {
    let year = Duration::from_secs(365 * 24 * 60 * 60);
    set(state, &passkey_offered_name(state), "yes", year)
}

/// What takes the session's cookie away.
pub(in crate::pages) fn ended(state: &HttpState) -> HeaderValue {
    set(state, &session_name(state), "", Duration::ZERO)
}

fn set(state: &HttpState, name: &str, value: &str, life: Duration) -> HeaderValue {
    let secure = if is_secure(state) { "; Secure" } else { "" };
    let seconds = life.as_secs();
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    // Names and values are ours, of letters, digits, `-` and `_`.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}
