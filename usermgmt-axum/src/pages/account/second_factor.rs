//! POST /account/second-factor, …/confirm, …/off and /account/recovery-codes

use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::html;
use usermgmt_core::flows::{MfaError, RecoveryCodes, TotpEnrolment};
use usermgmt_core::secret::PlaintextPassword;

use super::form::{Field, Problems, id};
use super::guest::redirect;
use super::look::{self, Sheet};
use super::member::Member;
use super::overview::{FACTOR, again, again_or};
use super::profile::unproven;
use crate::error::ApiError;

/// Begins: a secret that waits for its first code.
pub(super) async fn begin(member: Member) -> Response {
    let password = member.secret("current_password");
    match member.visit.auth().enrol_totp(&member.current, password.as_ref(), None).await {
        Ok(enrolment) => {
            let problems = Problems::default();
            let page = enrolment_page(&member, &enrolment, &problems);
            page.map_or_else(|refusal| member.refused(refusal), Sheet::into_response)
        }
        Err(error) => again_or(&member, FACTOR, problems_of(&member, error)).await,
    }
}

/// Turns it on by its first code; the recovery codes are shown this once.
pub(super) async fn confirm(member: Member) -> Response {
    let code = PlaintextPassword::from(member.visit.form.text("code").trim());
    match member.visit.auth().confirm_totp(&member.current, &code).await {
        Ok(codes) => {
            let page = own_codes_page(&member, &codes).into_response();
            let renewed = member.renewed(page).await;
            renewed.unwrap_or_else(|refusal| member.refused(refusal))
        }
        Err(MfaError::InvalidCode) => wrong_first_code(&member).await,
        Err(error) => again_or(&member, FACTOR, problems_of(&member, error)).await,
    }
}

/// The same secret is there for another try.
async fn wrong_first_code(member: &Member) -> Response {
    let problems = Problems::of_field("code", member.texts().wrong_code);
    let pending = member.visit.auth().pending_totp(&member.current.user.id).await;
    let page = pending
        .map_err(ApiError::from)
        .and_then(|enrolment| enrolment_page(member, &enrolment, &problems));
    match page {
        Ok(page) => look::invalid(page),
        Err(refusal) => member.refused(refusal),
    }
}

/// Turns it off.
pub(super) async fn turn_off(member: Member) -> Response {
    let Some(code) = member.typed("code").map(PlaintextPassword::from) else {
        return missing_code(&member).await;
    };
    let password = member.secret("current_password");
    match member.visit.auth().disable_totp(&member.current, &code, password.as_ref()).await {
        Ok(()) => member.done("factor_off"),
        Err(error) => again_or(&member, FACTOR, problems_of(&member, error)).await,
    }
}

/// Ten new recovery codes; the old ones are void. A sign-in by passkey stands for a code.
pub(super) async fn new_codes(member: Member) -> Response {
    let code = member.typed("code").map(PlaintextPassword::from);
    match member.visit.auth().new_recovery_codes(&member.current, code.as_ref()).await {
        Ok(codes) => own_codes_page(&member, &codes).into_response(),
        Err(MfaError::CodeRequired) => missing_code(&member).await,
        Err(MfaError::Reauthentication(_)) => redirect(&member.sign_in_again("/account#passkeys")),
        Err(error) => again_or(&member, FACTOR, problems_of(&member, error)).await,
    }
}

async fn missing_code(member: &Member) -> Response {
    let problems = Problems::of_field(id(FACTOR, "code"), member.texts().missing);
    again(member, FACTOR, &problems).await
}

fn problems_of(member: &Member, error: MfaError) -> Result<Problems, ApiError> {
    match error {
        MfaError::InvalidCode | MfaError::CodeRequired | MfaError::NotEnabled => {
            Ok(Problems::of_field(id(FACTOR, "code"), member.texts().wrong_code))
        }
        MfaError::Reauthentication(why) => Ok(unproven(member, FACTOR, why)),
        error @ (MfaError::NotFound | MfaError::Service(_)) => Err(error.into()),
    }
}

fn enrolment_page<'a>(
    member: &'a Member,
    enrolment: &TotpEnrolment,
    problems: &'a Problems,
) -> Result<Sheet<'a>, ApiError> {
    let texts = member.texts();
    let png = enrolment.qr_png().map_err(|error| ApiError::internal(&error))?;
    let image = format!("data:image/png;base64,{}", STANDARD.encode(png));
    let body = html! {
        p { (texts.enrol_text) }
        img.qr src=(image) alt=(texts.qr_alt) width="240" height="240";
        p.hint { (texts.enrol_secret) }
        p { code.secret { (enrolment.secret.expose()) } }
        (member.form("/account/second-factor/confirm", html! {
            (Field::code(texts.code).digits().show(problems))
            button type="submit" { (texts.turn_on) }
        }))
        ul.links { li { a href=(member.path("/account")) { (texts.cancel) } } }
    };
    Ok(Sheet::new(&member.visit.visitor, texts.second_factor, body).problems(problems))
}

fn own_codes_page<'a>(member: &'a Member, codes: &RecoveryCodes) -> Sheet<'a> {
    codes_page(member, codes, member.texts().codes_text, &member.path("/account"))
}

/// Recovery codes, what they are for, and the way on.
pub(super) fn codes_page<'a>(
    member: &'a Member,
    codes: &RecoveryCodes,
    text: &str,
    onward: &str,
) -> Sheet<'a> {
    let texts = member.texts();
    let body = html! {
        // For who finds them printed, and has several accounts.
        p { strong { (member.current.user.email.as_str()) } }
        p { (text) }
        ol.codes { @for code in codes { li { code { (code.expose()) } } } }
        p { a.button href=(onward) { (texts.codes_kept) } }
    };
    Sheet::new(&member.visit.visitor, texts.recovery_codes, body)
}
