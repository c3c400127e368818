//! GET /account/passkeys/add and POST /account/passkeys

use axum::response::{IntoResponse as _, Response};
use maud::html;
use usermgmt_core::flows::{MAX_PASSKEY_NAME, PasskeyError};

use super::ceremony::{Ceremony, credential};
use super::keep::PASSKEYS;
use crate::pages::account::form::{Field, Problems};
use crate::pages::account::guest::redirect;
use crate::pages::account::look::{self, Sheet};
use crate::pages::account::member::Member;
use crate::pages::account::overview::again;
use crate::pages::account::return_to::own_path;
use crate::pages::account::second_factor::codes_page;

pub(super) async fn show(member: Member) -> Response {
    page(&member, &Problems::default(), false).await
}

pub(super) async fn submit(member: Member) -> Response {
    let (auth, form) = (member.visit.auth(), &member.visit.form);
    let texts = &member.visit.visitor.texts.passkeys;
    let Some(credential) = credential(form) else {
        return page(&member, &Problems::default(), true).await;
    };
    let (request, name) = (form.text("request"), member.typed("name"));
    match auth.add_passkey(&member.current, request, &credential, name).await {
        Ok(added) => {
            let onward = onward(&member);
            let response = match &added.recovery_codes {
                Some(codes) => codes_page(&member, codes, texts.codes, &onward).into_response(),
                None => redirect(&onward),
            };
            let renewed = member.renewed(response).await;
            renewed.unwrap_or_else(|refusal| member.refused(refusal))
        }
        Err(PasskeyError::Invalid) => {
            page(&member, &Problems::of_form(texts.not_added), false).await
        }
        Err(PasskeyError::Name) => {
            page(&member, &Problems::of_field("name", texts.no_name), false).await
        }
        Err(error) => refused(&member, error).await,
    }
}

/// The question whether they want one, or the page for who does. Each look at it is
/// another request to the browser.
async fn page(member: &Member, problems: &Problems, begins: bool) -> Response {
    let asked = match member.visit.auth().passkey_options(&member.current).await {
        Ok(asked) => asked,
        Err(error) => return refused(member, error).await,
    };
    let form = &member.visit.form;
    let (visitor, is_offer) = (&member.visit.visitor, !form.text("offer").is_empty());
    let texts = &visitor.texts.passkeys;
    let name = Field::text("name", texts.name_optional, "off").value(form.text("name"));
    let name = name.hint(texts.name_hint).max(MAX_PASSKEY_NAME).optional();
    let fields = html! {
        (member.token())
        input type="hidden" name="request" value=(asked.request);
        @if let Some(wanted) = wanted(member) {
            input type="hidden" name="return_to" value=(wanted);
        }
        @if is_offer {
            input type="hidden" name="offer" value="yes";
        } @else {
            (name.show(problems))
        }
    };
    let action = member.path("/account/passkeys");
    let ceremony = Ceremony {
        action: &action,
        makes: true,
        options: &asked.options,
        fields,
        label: texts.add,
        is_quiet: false,
        begins,
    };
    let back = wanted(member).map_or_else(|| member.path("/account"), str::to_owned);
    let body = html! {
        p { (if is_offer { texts.offer_text } else { texts.add_text }) }
        p { (texts.consequence) }
        p.hint data-unable { (texts.unable) }
        (ceremony.show(visitor))
        @if is_offer {
            p.below { a.button.quiet href=(back) { (texts.not_now) } }
        } @else {
            ul.links { li { a href=(back) { (texts.back) } } }
        }
    };
    let title = if is_offer { texts.offer } else { texts.add };
    let sheet = Sheet::new(visitor, title, body).problems(problems);
    if problems.is_empty() { sheet.into_response() } else { look::invalid(sheet) }
}

async fn refused(member: &Member, error: PasskeyError) -> Response {
    match error {
        PasskeyError::Reauthentication(_) => {
            redirect(&member.sign_in_again("/account/passkeys/add"))
        }
        PasskeyError::TooMany => {
            let text = member.visit.visitor.texts.passkeys.full;
            again(member, PASSKEYS, &Problems::of_form(text)).await
        }
        error => member.refused(error.into()),
    }
}

/// Where they were going before they were asked.
fn wanted(member: &Member) -> Option<&str> {
    let public = &member.visit.auth().config().public_url;
    own_path(member.visit.form.text("return_to"), public)
}

fn onward(member: &Member) -> String {
    let done = || member.path("/account?done=passkey_added");
    wanted(member).map_or_else(done, str::to_owned)
}
