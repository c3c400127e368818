//! Signing in again before something is changed, without losing what was asked:
//! the page keeps the fields, and its form goes where the first one went.

use axum::http::HeaderValue;
use axum::response::Response;
use maud::{Markup, html};
use usermgmt_core::flows::{
    AdminAccess, AdminAccessError, Current, MfaSignInError, SignIn, SignInError, SignInOutcome,
    SignedIn,
};
use usermgmt_core::model::audit::Origin;
use usermgmt_core::secret::PlaintextPassword;
use usermgmt_core::{Client, with_causes};

#[cfg(feature = "passkeys")]
use super::again_passkey;
use super::fields::Fields;
use super::visit::root;
use crate::browser::FORM_TOKEN;
use crate::error::ApiError;
use crate::pages::account::cookies;
use crate::pages::account::form::{Field, Problems};
use crate::pages::account::look::{self, Sheet};
use crate::pages::visit::Visitor;

/// Names that no other form of these pages has.
const PASSWORD: &str = "again_password";
const CODE: &str = "again_code";

/// Somebody who has just signed in again, in another session.
pub(super) struct Proven {
    pub(super) current: Current,
    pub(super) by: Origin,
    pub(super) cookies: Vec<HeaderValue>,
}

/// Lets somebody on who has signed in by this form; anybody else is shown it.
pub(super) async fn prove(
    visitor: &Visitor,
    old: &Current,
    client: &Client,
    fields: &Fields,
    action: &str,
) -> Result<Proven, Box<Response>> {
    let auth = visitor.state().auth();
    let factor = match auth.mfa_status(&old.user.id).await {
        Ok(status) => status.enabled,
        Err(error) => return Err(Box::new(look::refuse(visitor, error.into()))),
    };
    let kept = kept(visitor, old, fields);
    #[cfg(feature = "passkeys")]
    let passkey = again_passkey::button(visitor, old, fields, action, &kept).await;
    #[cfg(not(feature = "passkeys"))]
    let passkey = html! {};
    let shown = |problems: &Problems, refusal: ApiError| {
        let forms = Forms { kept: &kept, passkey: &passkey, factor };
        let page = page(visitor, old, action, &forms, problems);
        Box::new(look::answer(refusal, page))
    };
    #[cfg(feature = "passkeys")]
    let by_passkey = again_passkey::sign_in(visitor, old, client, fields).await;
    #[cfg(not(feature = "passkeys"))]
    let by_passkey = None;
    let signed_in = match by_passkey {
        Some(signed_in) => signed_in,
        None => by_password(visitor, old, client, fields, factor).await,
    };
    let signed_in = match signed_in {
        Ok(signed_in) => signed_in,
        Err((problems, refusal)) => return Err(shown(&problems, refusal)),
    };
    if let Err(error) = auth.sign_out(old).await {
        tracing::warn!(error = %with_causes(&error), "the session before is not ended");
    }
    let cookie = auth.browser_cookie(&signed_in.session);
    let current = match auth.current_in_browser(cookie.expose(), client).await {
        Ok(current) => current,
        Err(error) => return Err(Box::new(look::refuse(visitor, error.into()))),
    };
    match auth.administrator(&current, AdminAccess::Write) {
        Ok(by) => {
            let cookies = cookies::signed_in(visitor.state(), &signed_in).into();
            Ok(Proven { current, by, cookies })
        }
        Err(why) => Err(Box::new(look::refuse(visitor, why.into()))),
    }
}

/// What was typed, where anything was.
async fn by_password(
    visitor: &Visitor,
    old: &Current,
    client: &Client,
    fields: &Fields,
    factor: bool,
) -> Result<Box<SignedIn>, (Problems, ApiError)> {
    let required = ApiError::from(AdminAccessError::ReauthenticationRequired);
    let mut problems = Problems::default();
    let Some(password) = fields.first(PASSWORD) else { return Err((problems, required)) };
    let code = fields.text(CODE);
    let texts = &visitor.texts.account;
    if password.is_empty() {
        problems.push(PASSWORD, texts.missing);
    }
    if factor && code.is_empty() {
        problems.push(CODE, texts.missing);
    }
    if !problems.is_empty() {
        return Err((problems, required));
    }
    sign_in(visitor, old, client, password, code).await
}

/// The flow that the sign-in page has, with its limits and its audit entry.
async fn sign_in(
    visitor: &Visitor,
    old: &Current,
    client: &Client,
    password: &str,
    code: &str,
) -> Result<Box<SignedIn>, (Problems, ApiError)> {
    let (auth, texts) = (visitor.state().auth(), &visitor.texts.account);
    let of_form =
        |refusal: ApiError| (Problems::of_form(look::explained(visitor, &refusal)), refusal);
    let command = SignIn::new(old.user.email.as_str(), PlaintextPassword::from(password));
    match auth.sign_in(&command, client).await {
        Ok(SignInOutcome::SignedIn(signed_in)) => Ok(signed_in),
        Ok(SignInOutcome::MfaRequired { ticket, .. }) => {
            let ticket = PlaintextPassword::from(ticket.expose().as_str());
            let code = PlaintextPassword::from(code);
            match auth.sign_in_mfa(&ticket, &code, client).await {
                Ok(signed_in) => Ok(Box::new(signed_in)),
                Err(error @ MfaSignInError::InvalidCode) => {
                    Err((Problems::of_field(CODE, texts.wrong_code), error.into()))
                }
                Err(error) => Err(of_form(error.into())),
            }
        }
        Err(error @ SignInError::InvalidCredentials) => {
            Err((Problems::of_field(PASSWORD, texts.wrong_password), error.into()))
        }
        Err(error) => Err(of_form(error.into())),
    }
}

/// What was asked, within the forms of this page.
fn kept(visitor: &Visitor, old: &Current, fields: &Fields) -> Markup {
    let own = [
        &[FORM_TOKEN, PASSWORD, CODE][..],
        #[cfg(feature = "passkeys")]
        &again_passkey::FIELDS,
    ];
    let own = own.concat();
    html! {
        input type="hidden" name=(FORM_TOKEN) value=(visitor.state().form_token(old));
        @for (name, value) in fields.without(&own) {
            input type="hidden" name=(name) value=(value);
        }
    }
}

struct Forms<'a> {
    kept: &'a Markup,
    passkey: &'a Markup,
    /// A code is asked for besides the password.
    factor: bool,
}

fn page<'a>(
    visitor: &'a Visitor,
    old: &Current,
    action: &str,
    forms: &Forms<'_>,
    problems: &'a Problems,
) -> Sheet<'a> {
    let (texts, common) = (&visitor.texts.admin, &visitor.texts.account);
    let body = html! {
        p { (texts.again_text) }
        p { (common.signed_in_as) " " strong { (old.user.email.as_str()) } }
        form method="post" action=(action) novalidate {
            (forms.kept)
            (Field::password(PASSWORD, common.current_password, "current-password").show(problems))
            @if forms.factor {
                (Field::text(CODE, common.code, "one-time-code").max(64).show(problems))
            }
            button type="submit" { (common.go_on) }
        }
        (forms.passkey)
        ul.links { li { a href=(root(visitor)) { (texts.cancel) } } }
    };
    Sheet::new(visitor, texts.again, body).problems(problems)
}
