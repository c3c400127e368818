//! Signing in again by a passkey.

use maud::{Markup, html};
use usermgmt_core::flows::{Current, PasskeySignInError, SignedIn};
use usermgmt_core::{Client, with_causes};

use super::fields::Fields;
use crate::error::ApiError;
use crate::pages::account::form::Problems;
use crate::pages::account::look;
use crate::pages::account::passkeys::{CREDENTIAL, Ceremony};
use crate::pages::visit::Visitor;

/// What the form for it has besides those that are kept.
pub(super) const FIELDS: [&str; 2] = [REQUEST, CREDENTIAL];
const REQUEST: &str = "request";

/// The button, for who has a passkey.
pub(super) async fn button(
    visitor: &Visitor,
    old: &Current,
    fields: &Fields,
    action: &str,
    kept: &Markup,
) -> Markup {
    let auth = visitor.state().auth();
    let has_one = auth.passkeys(&old.user.id).await.is_ok_and(|passkeys| !passkeys.is_empty());
    let Some(asked) = has_one.then(|| auth.passkey_sign_in_options().ok()).flatten() else {
        return html! {};
    };
    let ceremony = Ceremony {
        action,
        makes: false,
        options: &asked.options,
        fields: html! {
            (kept)
            input type="hidden" name=(REQUEST) value=(asked.request);
        },
        label: visitor.texts.passkeys.use_one,
        is_quiet: true,
        begins: fields.given(REQUEST).is_some() && fields.given(CREDENTIAL).is_none(),
    };
    ceremony.show(visitor)
}

/// Signs in by what the form brought; `None` where it brought nothing.
pub(super) async fn sign_in(
    visitor: &Visitor,
    old: &Current,
    client: &Client,
    fields: &Fields,
) -> Option<Result<Box<SignedIn>, (Problems, ApiError)>> {
    let credential = serde_json::from_str(fields.given(CREDENTIAL)?).unwrap_or_default();
    let auth = visitor.state().auth();
    let refused = |error: PasskeySignInError| {
        let text = visitor.texts.passkeys.refused;
        let refusal = ApiError::from(error);
        (Problems::of_form(text), refusal)
    };
    let signed_in = match auth.sign_in_by_passkey(fields.text(REQUEST), &credential, client).await {
        Ok(signed_in) => signed_in,
        Err(error @ PasskeySignInError::Service(_)) => {
            let refusal = ApiError::from(error);
            return Some(Err((Problems::of_form(look::explained(visitor, &refusal)), refusal)));
        }
        Err(error) => return Some(Err(refused(error))),
    };
    if signed_in.user.id == old.user.id {
        return Some(Ok(Box::new(signed_in)));
    }
    // Somebody else's: what was asked is not theirs to do from this page.
    let (user, session) = (&signed_in.user.id, signed_in.session.id);
    if let Err(error) = auth.end_session(user, session, client).await {
        tracing::warn!(error = %with_causes(&error), "the session of another user is not ended");
    }
    Some(Err(refused(PasskeySignInError::Invalid)))
}
