//! GET /account: my account, with a form for each thing that can be changed.

use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use usermgmt_core::clock::Timestamp;
#[cfg(feature = "passkeys")]
use usermgmt_core::flows::PasskeyError;
use usermgmt_core::model::identifier::Username;
use usermgmt_core::model::profile::MAX_PROFILE_TEXT;
use usermgmt_core::model::session::Session;
use usermgmt_core::password::{MAX_LENGTH, MIN_LENGTH};

use super::form::{Choice, Field, Problems, id};
use super::languages;
use super::look::{self, Sheet};
use super::member::Member;
use crate::error::ApiError;

/// Names the forms, and what their fields' ids begin with.
pub(super) const PROFILE: &str = "profile";
pub(super) const EMAIL: &str = "email";
pub(super) const PASSWORD: &str = "password";
pub(super) const FACTOR: &str = "factor";
#[cfg(feature = "oidc")]
pub(super) const IDENTITIES: &str = "identities";
pub(super) const DELETE: &str = "delete";

pub(super) async fn show(member: Member) -> Response {
    let notice = member.texts().done(member.visit.form.text("done"));
    let page = page(&member, &Problems::default(), "", notice).await;
    page.unwrap_or_else(|refusal| member.refused(refusal))
}

/// The account again, with what is wrong in one of its forms and what was typed there.
pub(super) async fn again(member: &Member, form: &str, problems: &Problems) -> Response {
    match page(member, problems, form, None).await {
        Ok(mut response) => {
            *response.status_mut() = axum::http::StatusCode::BAD_REQUEST;
            response
        }
        Err(refusal) => member.refused(refusal),
    }
}

/// As [`again`], or a refusal that is no field's.
pub(super) async fn again_or(
    member: &Member,
    form: &str,
    problems: Result<Problems, ApiError>,
) -> Response {
    match problems {
        Ok(problems) => again(member, form, &problems).await,
        Err(refusal) => look::refuse(&member.visit.visitor, refusal),
    }
}

async fn page(
    member: &Member,
    problems: &Problems,
    wrong: &str,
    notice: Option<&str>,
) -> Result<Response, ApiError> {
    let user = &member.current.user.id;
    let sessions = member.visit.auth().sessions(user).await?;
    let account = member.visit.auth().account(user).await?;
    let account = account.ok_or_else(ApiError::user_not_found)?;
    let factor = account.mfa_enabled();
    let texts = member.texts();
    let forms = Forms { member, problems, wrong, has_password: account.password.is_some() };
    #[cfg(feature = "passkeys")]
    let passkeys = match member.visit.auth().passkeys(user).await {
        Ok(passkeys) => forms.passkeys(&passkeys, factor),
        Err(PasskeyError::Off) => html! {},
        Err(error) => return Err(error.into()),
    };
    #[cfg(not(feature = "passkeys"))]
    let passkeys = html! {};
    #[cfg(feature = "oidc")]
    let identities = forms.identities(&member.visit.auth().identities(user).await?);
    #[cfg(not(feature = "oidc"))]
    let identities = html! {};
    let body = html! {
        div.who {
            p { (texts.signed_in_as) " " strong { (member.current.user.email.as_str()) } }
            (member.form("/account/sign-out", html! {
                button.quiet type="submit" { (texts.sign_out) }
            }))
        }
        section aria-labelledby="profile" {
            h2 #profile { (texts.profile) }
            (forms.profile())
        }
        section aria-labelledby="email" {
            h2 #email { (texts.email) }
            (forms.email())
        }
        section aria-labelledby="password" {
            h2 #password { (texts.password) }
            (forms.password())
        }
        section aria-labelledby="factor" {
            h2 #factor { (texts.second_factor) }
            (forms.factor(factor))
        }
        (passkeys)
        (identities)
        section aria-labelledby="sessions" {
            h2 #sessions { (texts.sessions) }
            ul.sessions { @for session in &sessions { (forms.session(session)) } }
        }
        section aria-labelledby="data" {
            h2 #data { (texts.data) }
            p { (texts.data_text) }
            p { a.button.quiet href=(member.path("/account/export")) download { (texts.download) } }
        }
        section aria-labelledby="delete" {
            h2 #delete { (texts.delete) }
            p { (texts.delete_text) }
            (forms.delete())
        }
    };
    let visitor = &member.visit.visitor;
    let sheet = Sheet::new(visitor, texts.account, body).wide();
    Ok(sheet.problems(problems).notice(notice).into_response())
}

pub(super) struct Forms<'a> {
    pub(super) member: &'a Member,
    pub(super) problems: &'a Problems,
    /// The form that was posted and is wrong.
    pub(super) wrong: &'a str,
    has_password: bool,
}

impl Forms<'_> {
    /// What was typed into this form, or else what stands.
    pub(super) fn value<'s>(&'s self, form: &str, name: &str, stands: Option<&'s str>) -> &'s str {
        if self.wrong == form { self.member.visit.form.text(name) } else { stands.unwrap_or("") }
    }

    /// Asked for where the sign-in is too long ago.
    fn proof(&self, form: &str) -> Markup {
        let texts = self.member.texts();
        let field = Field::password("current_password", texts.current_password, "current-password");
        let field = field.within(form);
        let again = html! {
            a href=(self.member.sign_in_again("/account")) { (texts.sign_in_again) }
        };
        html! {
            @if !self.member.must_prove() {
            } @else if self.has_password {
                (field.show(self.problems))
                p.hint { (again) }
            } @else {
                p #(id(form, "current_password")) { (texts.stale) " " (again) }
            }
        }
    }

    fn profile(&self) -> Markup {
        let (texts, user) = (self.member.texts(), &self.member.current.user);
        let of = |name, label, autocomplete, stands, max| {
            let field = Field::text(name, label, autocomplete).within(PROFILE).max(max);
            field.value(self.value(PROFILE, name, stands))
        };
        let username = of(
            "username",
            texts.username,
            "username",
            Some(user.username.as_str()),
            Username::MAX_OWN,
        );
        let (first, last) = (user.first_name.as_deref(), user.last_name.as_deref());
        let first = of("first_name", texts.first_name, "given-name", first, MAX_PROFILE_TEXT);
        let last = of("last_name", texts.last_name, "family-name", last, MAX_PROFILE_TEXT);
        let gender = user.gender.as_deref();
        let gender = of("gender", texts.gender, "sex", gender, MAX_PROFILE_TEXT);
        let language = Choice {
            id: id(PROFILE, "locale"),
            name: "locale",
            label: texts.locale,
            autocomplete: Some("language"),
        };
        let chosen = self.value(PROFILE, "locale", user.locale.as_deref());
        self.member.form(
            "/account/profile",
            html! {
                (username.show(self.problems))
                (first.optional().show(self.problems))
                (last.optional().show(self.problems))
                (gender.optional().show(self.problems))
                (language.show(&languages::choices(self.member), chosen))
                button type="submit" { (texts.save) }
            },
        )
    }

    fn email(&self) -> Markup {
        let texts = self.member.texts();
        let field = Field::email("email", texts.new_email, "email").within(EMAIL).max(320);
        let field = field.value(self.value(EMAIL, "email", None)).hint(texts.new_email_hint);
        self.member.form(
            "/account/email",
            html! {
                (field.show(self.problems))
                (self.proof(EMAIL))
                button type="submit" { (texts.change_email) }
            },
        )
    }

    fn password(&self) -> Markup {
        let texts = self.member.texts();
        let current =
            Field::password("current_password", texts.current_password, "current-password");
        let new = Field::password("new_password", texts.new_password, "new-password")
            .hint(self.member.visit.visitor.texts.reset.text(MIN_LENGTH))
            .max(MAX_LENGTH);
        self.member.form(
            "/account/password",
            html! {
                @if self.has_password {
                    (current.within(PASSWORD).show(self.problems))
                } @else {
                    (self.proof(PASSWORD))
                }
                (new.within(PASSWORD).show(self.problems))
                button type="submit" { (texts.change_password) }
            },
        )
    }

    fn factor(&self, enabled: bool) -> Markup {
        let texts = self.member.texts();
        if !enabled {
            return html! {
                p { (texts.factor_off) }
                (self.member.form("/account/second-factor", html! {
                    (self.proof(FACTOR))
                    button type="submit" { (texts.turn_on) }
                }))
            };
        }
        html! {
            p { (texts.factor_on) }
            (self.member.form("/account/second-factor/off", html! {
                (Field::code(texts.code).within(FACTOR).show(self.problems))
                (self.proof(FACTOR))
                div.row {
                    button type="submit" formaction=(self.member.path("/account/recovery-codes")) {
                        (texts.new_recovery_codes)
                    }
                    button.danger type="submit" { (texts.turn_off) }
                }
            }))
        }
    }

    /// Linked accounts at providers, where there are any to link.
    #[cfg(feature = "oidc")]
    fn identities(&self, identities: &[usermgmt_core::model::identity::Identity]) -> Markup {
        let (member, texts) = (self.member, self.member.texts());
        let providers = &member.visit.auth().config().providers;
        if identities.is_empty() && (providers.is_empty() || member.account_path.is_none()) {
            return html! {};
        }
        let name = |id: &str| {
            let known = providers.iter().find(|provider| provider.id == id);
            known.map_or_else(|| id.to_owned(), |provider| provider.name.clone())
        };
        html! {
            section aria-labelledby="identities" {
                h2 #identities { (texts.identities) }
                p { (texts.identities_text) }
                ul.sessions {
                    @for identity in identities {
                        li {
                            div {
                                p.agent { (name(&identity.provider)) }
                                p.hint {
                                    @if let Some(email) = &identity.email { (email) " · " }
                                    (texts.linked_on) " " (time(identity.created_at))
                                }
                            }
                            (member.form("/account/identities/unlink", html! {
                                input type="hidden" name="identity" value=(identity.id);
                                (self.proof(&format!("unlink-{}", identity.id)))
                                button.quiet type="submit" { (texts.unlink) }
                            }))
                        }
                    }
                }
                @if member.account_path.is_some() && !providers.is_empty() {
                    (member.form("/account/identities/link", html! {
                        (self.proof(IDENTITIES))
                        div.row {
                            @for provider in providers {
                                button type="submit" name="provider" value=(provider.id) {
                                    (texts.link_provider.replace("{name}", &provider.name))
                                }
                            }
                        }
                    }))
                }
            }
        }
    }

    fn session(&self, session: &Session) -> Markup {
        let texts = self.member.texts();
        let current = session.id == self.member.current.session.id;
        html! {
            li {
                div {
                    p.agent { (session.user_agent.as_deref().unwrap_or(texts.unknown_device)) }
                    p.hint {
                        @if let Some(ip) = session.ip { (ip) " · " }
                        (texts.signed_in_on) " " (time(session.created_at)) " · "
                        (texts.last_used) " " (time(session.last_seen_at))
                    }
                }
                @if current {
                    span.badge { (texts.this_device) }
                } @else {
                    (self.member.form("/account/sessions/end", html! {
                        input type="hidden" name="session" value=(session.id);
                        button.quiet type="submit" { (texts.sign_out) }
                    }))
                }
            }
        }
    }

    fn delete(&self) -> Markup {
        let texts = self.member.texts();
        self.member.form(
            "/account/delete",
            html! {
                (self.problems.field_problem("delete-sure"))
                label.check for="delete-sure" {
                    input #delete-sure type="checkbox" name="sure" value="yes"
                        checked[self.value(DELETE, "sure", None) == "yes"];
                    (texts.delete_sure)
                }
                (self.proof(DELETE))
                button.danger type="submit" { (texts.delete) }
            },
        )
    }
}

/// To the minute, in UTC.
pub(super) fn time(at: Timestamp) -> Markup {
    let full = at.to_string();
    let shown = full.get(..16).unwrap_or(&full).replace('T', " ");
    html! { time datetime=(full) { (shown) " UTC" } }
}
