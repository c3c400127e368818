//! Whether somebody who signed in by a password wants a passkey: asked once a browser.

use axum::http::header;
use axum::response::Response;
use usermgmt_core::flows::SignedIn;

use crate::browser;
use crate::pages::account::cookies;
use crate::pages::account::guest::Guest;

/// The field in which the script says that this browser can make one.
pub(in crate::pages) const ABLE: &str = "can_passkey";

/// In with a new session, and first to the question; `None` where it was asked
/// before, or there is nothing to ask.
pub(in crate::pages) async fn offer(
    guest: &Guest,
    signed_in: &SignedIn,
    target: &str,
) -> Option<Response> {
    let (auth, state) = (guest.visit.auth(), guest.visit.visitor.state());
    let is_able = guest.visit.form.text(ABLE) == "yes";
    if !is_able || browser::is_passkey_offered(&guest.headers, state) {
        return None;
    }
    // Where passkeys are off or cannot be read, the sign-in goes on.
    let passkeys = auth.passkeys(&signed_in.user.id).await.ok()?;
    if !passkeys.is_empty() {
        return None;
    }
    let mut response = guest.enter_at(signed_in, &question(guest, target)).await;
    response.headers_mut().append(header::SET_COOKIE, cookies::passkey_offered(state));
    Some(response)
}

/// The page that asks, and leads on.
fn question(guest: &Guest, target: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let query = query.append_pair("offer", "yes").append_pair("return_to", target).finish();
    guest.path(&format!("/account/passkeys/add?{query}"))
}
