//! The frame of these pages: where one is, and the way to the others.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::visit::Admin;
use crate::error::ApiError;
use crate::pages::account::form::Problems;
use crate::pages::account::look::{brand, head, respond, shell};

/// A part of the administration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Dashboard,
    Users,
    Audit,
    Mail,
    ServiceKeys,
}

impl Section {
    const ALL: [Self; 5] =
        [Self::Dashboard, Self::Users, Self::Audit, Self::Mail, Self::ServiceKeys];

    fn path(self) -> &'static str {
        match self {
            Self::Dashboard => "/",
            Self::Users => "/users",
            Self::Audit => "/audit",
            Self::Mail => "/mail",
            Self::ServiceKeys => "/service-keys",
        }
    }

    fn title(self, admin: &Admin) -> &'static str {
        let texts = admin.texts();
        match self {
            Self::Dashboard => texts.dashboard,
            Self::Users => texts.users,
            Self::Audit => texts.audit,
            Self::Mail => texts.mail,
            Self::ServiceKeys => texts.service_keys,
        }
    }
}

/// A page under way.
pub(super) struct Frame<'a> {
    admin: &'a Admin,
    section: Section,
    title: String,
    problems: Problems,
    notice: Option<&'a str>,
    body: Markup,
}

impl<'a> Frame<'a> {
    /// The first page of a section.
    pub(super) fn of(admin: &'a Admin, section: Section, body: Markup) -> Self {
        Self::titled(admin, section, section.title(admin), body)
    }

    pub(super) fn titled(
        admin: &'a Admin,
        section: Section,
        title: impl Into<String>,
        body: Markup,
    ) -> Self {
        let (title, problems) = (title.into(), Problems::default());
        Self { admin, section, title, problems, notice: None, body }
    }

    pub(super) fn problems(self, problems: Problems) -> Self {
        Self { problems, ..self }
    }

    pub(super) fn notice(self, notice: Option<&'a str>) -> Self {
        Self { notice, ..self }
    }

    fn render(self) -> String {
        let Self { admin, section: here, title, problems, notice, body } = self;
        let (texts, common, visitor) = (admin.texts(), admin.common(), &admin.visitor);
        let style = format!("{}?v={}", admin.path("/style.css"), visitor.look().version());
        let current = |section: Section| (section == here).then_some("page");
        let content = html! {
            a.skip href="#main" { (texts.skip) }
            header.top {
                p.brand {
                    a href=(admin.path("/")) {
                        (brand(visitor)) " " span { (texts.administration) }
                    }
                }
                nav aria-label=(texts.administration) {
                    ul {
                        @for section in Section::ALL {
                            li {
                                a href=(admin.path(section.path())) aria-current=[current(section)] {
                                    (section.title(admin))
                                }
                            }
                        }
                    }
                }
                div.me {
                    a href={ (visitor.base()) "/account" } title=(admin.current.user.email.as_str()) {
                        (admin.current.user.username.as_str())
                    }
                    (admin.form(&format!("{}/account/sign-out", visitor.base()), &html! {
                        button.quiet type="submit" { (common.sign_out) }
                    }))
                }
            }
            main #main tabindex="-1" {
                h1 { (title) }
                (problems.summary(common.summary))
                @if let Some(notice) = notice { p.notice role="status" { (notice) } }
                (body)
            }
        };
        let style = html! { link rel="stylesheet" href=(style); };
        let head = head(visitor, &title, !problems.is_empty(), &style);
        shell(visitor, "admin", &title, &head, &content)
    }

    /// The page with the status and headers of a refusal.
    pub(super) fn answer(self, refusal: ApiError) -> Response {
        // The outermost layer answers for faults: only it knows the request's id.
        if refusal.status() == StatusCode::INTERNAL_SERVER_ERROR {
            refusal.into_response()
        } else {
            refusal.respond_with(self)
        }
    }

    /// 400 with a page that says what is wrong.
    pub(super) fn invalid(self) -> Response {
        (StatusCode::BAD_REQUEST, self).into_response()
    }
}

impl IntoResponse for Frame<'_> {
    fn into_response(self) -> Response {
        respond(self.render())
    }
}

/// A refusal as a page, with the way back to where the section begins.
pub(super) fn refuse(admin: &Admin, section: Section, refusal: ApiError) -> Response {
    let body = html! {
        p { a href=(admin.path(section.path())) { (section.title(admin)) } }
    };
    let problems = Problems::of_form(admin.explained(&refusal));
    let title = admin.visitor.texts.refused;
    Frame::titled(admin, section, title, body).problems(problems).answer(refusal)
}

/// A page that asks whether it is to be done.
pub(super) struct Question<'a> {
    pub(super) section: Section,
    /// What is to be done, which the button says too.
    pub(super) title: &'a str,
    /// What comes of it.
    pub(super) text: &'a str,
    /// To what or whom.
    pub(super) to: Markup,
    /// Where its form goes.
    pub(super) action: String,
    /// Where the way back leads.
    pub(super) back: String,
    /// What the form has besides.
    pub(super) fields: Markup,
    /// Whether nothing brings back what it takes away.
    pub(super) destroys: bool,
}

impl Question<'_> {
    pub(super) fn ask(self, admin: &Admin) -> Response {
        let class = if self.destroys { "danger" } else { "" };
        let fields = html! {
            (self.fields)
            div.row {
                button class=[(!class.is_empty()).then_some(class)] type="submit" { (self.title) }
                a.button.quiet href=(self.back) { (admin.texts().cancel) }
            }
        };
        let body = html! {
            div.card {
                p { (self.text) }
                (self.to)
                (admin.form(&self.action, &fields))
            }
        };
        Frame::titled(admin, self.section, self.title, body).into_response()
    }
}
