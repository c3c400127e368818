//! Signing in again before something is changed, without losing what was asked:
//! the page keeps the fields, and its form goes where the first one went.

use axum::http::HeaderValue;
use axum::response::Response;
use maud::html;
use usermgmt_core::Client;
use usermgmt_core::flows::{
    AdminAccess, AdminAccessError, Current, MfaSignInError, SignIn, SignInError, SignInOutcome,
    SignedIn,
};
use usermgmt_core::model::audit::Origin;
use usermgmt_core::secret::PlaintextPassword;

use super::fields::Fields;
use super::visit::root;
use crate::browser::FORM_TOKEN;
use crate::error::ApiError;
use crate::pages::account::cookies;
use crate::pages::account::form::{Field, Problems};
use crate::pages::account::look::{self, Sheet};
use crate::pages::texts::account::AccountTexts;
use crate::pages::texts::admin::AdminTexts;
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
    let shown = |problems: &Problems, refusal: ApiError| {
        let page = page(visitor, old, fields, action, factor, problems);
        Box::new(look::answer(refusal, page))
    };
    let Some(password) = fields.first(PASSWORD) else {
        let required = AdminAccessError::ReauthenticationRequired;
        return Err(shown(&Problems::default(), required.into()));
    };
    let code = fields.text(CODE);
    let texts = AccountTexts::of(visitor.texts);
    let mut problems = Problems::default();
    if password.is_empty() {
        problems.push(PASSWORD, texts.missing);
    }
    if factor && code.is_empty() {
        problems.push(CODE, texts.missing);
    }
    if !problems.is_empty() {
        return Err(shown(&problems, AdminAccessError::ReauthenticationRequired.into()));
    }
    let signed_in = match sign_in(visitor, old, client, password, code).await {
        Ok(signed_in) => signed_in,
        Err((problems, refusal)) => return Err(shown(&problems, refusal)),
    };
    if let Err(error) = auth.sign_out(old).await {
        tracing::warn!(%error, "the session before is not ended");
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

/// The flow that the sign-in page has, with its limits and its audit entry.
async fn sign_in(
    visitor: &Visitor,
    old: &Current,
    client: &Client,
    password: &str,
    code: &str,
) -> Result<Box<SignedIn>, (Problems, ApiError)> {
    let (auth, texts) = (visitor.state().auth(), AccountTexts::of(visitor.texts));
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

fn page<'a>(
    visitor: &'a Visitor,
    old: &Current,
    fields: &Fields,
    action: &str,
    factor: bool,
    problems: &'a Problems,
) -> Sheet<'a> {
    let (texts, common) = (AdminTexts::of(visitor.texts), AccountTexts::of(visitor.texts));
    let token = visitor.state().form_token(old);
    let body = html! {
        p { (texts.again_text) }
        p { (common.signed_in_as) " " strong { (old.user.email.as_str()) } }
        form method="post" action=(action) novalidate {
            input type="hidden" name=(FORM_TOKEN) value=(token);
            @for (name, value) in fields.without(&[FORM_TOKEN, PASSWORD, CODE]) {
                input type="hidden" name=(name) value=(value);
            }
            (Field::password(PASSWORD, common.current_password, "current-password").show(problems))
            @if factor {
                (Field::text(CODE, common.code, "one-time-code").max(64).show(problems))
            }
            button type="submit" { (common.go_on) }
        }
        ul.links { li { a href=(root(visitor)) { (texts.cancel) } } }
    };
    Sheet::new(visitor, texts.again, body).problems(problems)
}
