//! An administrator at a page.

use axum::response::Response;
use maud::{Markup, html};
use usermgmt_core::flows::Current;
use usermgmt_core::model::audit::Origin;
use usermgmt_core::{Auth, UserId};

use super::fields::{Fields, segment};
use crate::browser::FORM_TOKEN;
use crate::error::ApiError;
use crate::page_texts::account::AccountTexts;
use crate::page_texts::admin::AdminTexts;
use crate::pages::account::guest::redirect;
use crate::pages::account::look;
use crate::pages::visit::Visitor;

/// Somebody who may see the page; and where it writes, who has shown that it is
/// their own page that does, not long after signing in.
pub(super) struct Admin {
    pub(super) visitor: Visitor,
    pub(super) current: Current,
    /// Who they are, for the audit log.
    pub(super) by: Origin,
    pub(super) fields: Fields,
    /// What the path names.
    pub(super) params: Vec<(String, String)>,
}

impl Admin {
    pub(super) fn auth(&self) -> &Auth {
        self.visitor.state().auth()
    }

    pub(super) fn texts(&self) -> &'static AdminTexts {
        &self.visitor.texts.admin
    }

    /// What the account pages say too.
    pub(super) fn common(&self) -> &'static AccountTexts {
        &self.visitor.texts.account
    }

    /// One of these pages.
    pub(super) fn path(&self, path: &str) -> String {
        format!("{}{path}", root(&self.visitor))
    }

    /// A user's page.
    pub(super) fn user_path(&self, id: &UserId) -> String {
        self.path(&format!("/users/{}", segment(id.as_str())))
    }

    /// A part of the path.
    pub(super) fn param(&self, name: &str) -> &str {
        let found = self.params.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// The user whom the path names.
    pub(super) fn user_id(&self) -> Result<UserId, ApiError> {
        self.param("id").parse().map_err(|_| ApiError::user_not_found())
    }

    /// A form of this session, which posts to a whole path.
    pub(super) fn form(&self, action: &str, fields: &Markup) -> Markup {
        let token = self.visitor.state().form_token(&self.current);
        html! {
            form method="post" action=(action) novalidate {
                input type="hidden" name=(FORM_TOKEN) value=(token);
                (fields)
            }
        }
    }

    /// A page that says that it is done.
    pub(super) fn done(&self, path: &str, what: &str) -> Response {
        let joint = if path.contains('?') { '&' } else { '?' };
        redirect(&format!("{path}{joint}done={what}"))
    }

    /// What is to be said at the head of this page.
    pub(super) fn notice(&self) -> Option<&'static str> {
        self.texts().done(self.fields.text("done"))
    }

    /// What a refusal says to an administrator.
    pub(super) fn explained(&self, refusal: &ApiError) -> String {
        match refusal.code() {
            Some("last_admin") => self.texts().last_admin.to_owned(),
            Some("not_found") => self.texts().not_found.to_owned(),
            _ => look::explained(&self.visitor, refusal),
        }
    }
}

/// The path of the first of these pages, without a slash behind it.
pub(super) fn root(visitor: &Visitor) -> String {
    format!("{}{}", visitor.base(), visitor.state().config().admin_path())
}
