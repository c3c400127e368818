//! The passkeys of an account; POST /account/passkeys/rename and …/remove

use axum::response::Response;
use maud::{Markup, html};
use usermgmt_core::flows::{MAX_PASSKEY_NAME, PasskeyError};
use usermgmt_core::model::passkey::{MAX_PASSKEYS, Passkey};

use crate::pages::account::form::{Field, Problems, id};
use crate::pages::account::guest::redirect;
use crate::pages::account::member::Member;
use crate::pages::account::overview::{Forms, again, time};

/// Names the forms of the list.
pub(super) const PASSKEYS: &str = "passkeys";

impl Forms<'_> {
    pub(in crate::pages) fn passkeys(&self, passkeys: &[Passkey], has_app: bool) -> Markup {
        let member = self.member;
        let texts = &member.visit.visitor.texts.passkeys;
        html! {
            section aria-labelledby="passkeys" {
                h2 #passkeys { (texts.title) }
                p { (texts.text) " " (texts.consequence) }
                ul.sessions { @for passkey in passkeys { (self.passkey(passkey)) } }
                @if member.must_prove() {
                    p { (member.texts().stale) " " a href=(member.sign_in_again("/account#passkeys")) {
                        (member.texts().sign_in_again)
                    } }
                } @else if passkeys.len() < MAX_PASSKEYS {
                    p { a.button href=(member.path("/account/passkeys/add")) { (texts.add) } }
                } @else {
                    p.hint { (texts.full) }
                }
                @if passkeys.is_empty() || has_app {
                } @else if member.signed_in_by_passkey() && !member.must_prove() {
                    (member.form("/account/recovery-codes", html! {
                        button.quiet type="submit" { (member.texts().new_recovery_codes) }
                    }))
                } @else {
                    p { (texts.new_codes) " " a href=(member.sign_in_again("/account#passkeys")) {
                        (member.texts().sign_in_again)
                    } }
                }
            }
        }
    }

    fn passkey(&self, passkey: &Passkey) -> Markup {
        let member = self.member;
        let texts = &member.visit.visitor.texts.passkeys;
        let form = form_of(passkey.id.as_str());
        let name = Field::text("name", texts.name, "off").within(&form).max(MAX_PASSKEY_NAME);
        let name = name.value(self.value(&form, "name", Some(&passkey.name)));
        let which = html! { input type="hidden" name="passkey" value=(passkey.id); };
        html! {
            li {
                div {
                    p.agent { (passkey.name) }
                    p.hint {
                        (texts.added) " " (time(passkey.created_at)) " · "
                        @match passkey.last_used_at {
                            Some(at) => { (member.texts().last_used) " " (time(at)) }
                            None => (texts.unused),
                        }
                        " · " (if passkey.backed_up { texts.backed_up } else { texts.one_device })
                    }
                    details open[self.wrong == form] {
                        summary { (texts.rename) }
                        (member.form("/account/passkeys/rename", html! {
                            (which)
                            (name.show(self.problems))
                            button.quiet type="submit" { (member.texts().save) }
                        }))
                    }
                }
                @if !member.must_prove() {
                    (member.form("/account/passkeys/remove", html! {
                        (which)
                        button.quiet type="submit" aria-label={ (texts.remove) ": " (passkey.name) } {
                            (texts.remove)
                        }
                    }))
                }
            }
        }
    }
}

pub(super) async fn rename(member: Member) -> Response {
    let texts = &member.visit.visitor.texts.passkeys;
    let which = member.visit.form.text("passkey");
    let Ok(passkey) = which.parse() else {
        return member.refused(PasskeyError::NotFound.into());
    };
    let name = member.visit.form.text("name");
    match member.visit.auth().rename_passkey(&member.current, &passkey, name).await {
        Ok(_) => member.done("passkey_renamed"),
        Err(PasskeyError::Name) => {
            let form = form_of(which);
            let problems = Problems::of_field(id(&form, "name"), texts.no_name);
            again(&member, &form, &problems).await
        }
        Err(error) => member.refused(error.into()),
    }
}

/// One that is gone already is what was asked for.
pub(super) async fn remove(member: Member) -> Response {
    let texts = &member.visit.visitor.texts.passkeys;
    let Ok(passkey) = member.visit.form.text("passkey").parse() else {
        return member.refused(PasskeyError::NotFound.into());
    };
    match member.visit.auth().remove_passkey(&member.current, &passkey).await {
        Ok(()) | Err(PasskeyError::NotFound) => member.done("passkey_removed"),
        Err(PasskeyError::Reauthentication(_)) => {
            redirect(&member.sign_in_again("/account#passkeys"))
        }
        Err(PasskeyError::LastSignInMethod) => {
            again(&member, PASSKEYS, &Problems::of_form(texts.last)).await
        }
        Err(error) => member.refused(error.into()),
    }
}

/// Names the form that renames it.
fn form_of(passkey: &str) -> String {
    format!("rename-{passkey}")
}
