//! Passkeys on the pages. What the browser is asked stands in a form, and a script
//! puts the answer into a field of it: nothing but forms of this origin is sent, and
//! the policy of these pages is as strict as that of all.

mod add;
mod button;
mod ceremony;
mod keep;
mod offer;
mod sign_in;

use axum::response::Response;
use axum::routing::{MethodRouter, get, post};

pub(in crate::pages) use self::button::button;
pub(in crate::pages) use self::ceremony::{CREDENTIAL, Ceremony, credential};
pub(in crate::pages) use self::offer::{ABLE, offer};
use super::look;
use crate::state::HttpState;

const SCRIPT: &str = include_str!("passkeys.js");

pub(super) fn routes() -> Vec<(&'static str, MethodRouter<HttpState>)> {
    vec![
        ("/account/passkeys.js", get(script)),
        ("/account/sign-in/passkey", post(sign_in::submit)),
        ("/account/passkeys", post(add::submit)),
        ("/account/passkeys/add", get(add::show)),
        ("/account/passkeys/rename", post(keep::rename)),
        ("/account/passkeys/remove", post(keep::remove)),
    ]
}

/// GET /account/passkeys.js
async fn script() -> Response {
    look::asset("text/javascript; charset=utf-8", SCRIPT)
}
