//! GET and POST /users/{id}/{action}: what is done to one account. What takes
//! something away is asked about first.

use axum::response::Response;
use maud::html;
use usermgmt_core::UserId;
use usermgmt_core::flows::{AdminError, BulkAction};

use super::controls::full_name;
use super::frame::{Frame, Question, Section, refuse};
use super::visit::Admin;
use crate::error::ApiError;
use crate::pages::account::form::Problems;

/// What can be done to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Disable,
    Enable,
    Confirm,
    SignOut,
    SendReset,
    ResetMfa,
    Delete,
}

impl Action {
    const ALL: [Self; 7] = [
        Self::Disable,
        Self::Enable,
        Self::Confirm,
        Self::SignOut,
        Self::SendReset,
        Self::ResetMfa,
        Self::Delete,
    ];

    /// What can be done to many at once.
    pub(super) const BULK: [Self; 5] =
        [Self::Disable, Self::Enable, Self::Confirm, Self::SignOut, Self::Delete];

    /// The name that the admin API has for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Enable => "enable",
            Self::Confirm => "confirm",
            Self::SignOut => "sign-out",
            Self::SendReset => "send-reset",
            Self::ResetMfa => "reset-mfa",
            Self::Delete => "delete",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }

    pub(super) fn in_bulk(self) -> Option<BulkAction> {
        match self {
            Self::Disable => Some(BulkAction::Disable),
            Self::Enable => Some(BulkAction::Enable),
            Self::Confirm => Some(BulkAction::Confirm),
            Self::SignOut => Some(BulkAction::SignOut),
            Self::Delete => Some(BulkAction::Delete),
            Self::SendReset | Self::ResetMfa => None,
        }
    }

    /// Whether it takes something away, and is asked about.
    pub(super) fn is_asked(self) -> bool {
        matches!(self, Self::Disable | Self::SignOut | Self::ResetMfa | Self::Delete)
    }

    pub(super) fn destroys(self) -> bool {
        matches!(self, Self::ResetMfa | Self::Delete)
    }
}

/// The action and the user that the path names.
fn named(admin: &Admin) -> Result<(Action, UserId), ApiError> {
    let action = Action::from_name(admin.param("action")).ok_or_else(ApiError::no_such_path)?;
    Ok((action, admin.user_id()?))
}

pub(super) async fn ask(admin: Admin) -> Response {
    let (action, id) = match named(&admin) {
        Ok(named) => named,
        Err(refusal) => return refuse(&admin, Section::Users, refusal),
    };
    let user = match admin.auth().admin_user(&id).await {
        Ok(listed) => listed.user,
        Err(error) => return refuse(&admin, Section::Users, error.into()),
    };
    let texts = admin.texts().action(action.name());
    let back = admin.user_path(&id);
    let question = Question {
        section: Section::Users,
        title: texts.label,
        text: texts.text,
        to: html! {
            p.whom {
                strong { (user.username.as_str()) } " " (full_name(&user)) br;
                (user.email.as_str())
            }
        },
        action: format!("{back}/{}", action.name()),
        back,
        fields: html! {},
        destroys: action.destroys(),
    };
    question.ask(&admin)
}

pub(super) async fn submit(admin: Admin) -> Response {
    let (action, id) = match named(&admin) {
        Ok(named) => named,
        Err(refusal) => return refuse(&admin, Section::Users, refusal),
    };
    match act(&admin, action, &id).await {
        Ok(()) if action == Action::Delete => admin.done(&admin.path("/users"), action.name()),
        Ok(()) => admin.done(&admin.user_path(&id), action.name()),
        Err(error) => {
            let refusal = ApiError::from(error);
            let problems = Problems::of_form(admin.explained(&refusal));
            let back = admin.user_path(&id);
            let body = html! { p { a.button.quiet href=(back) { (admin.texts().back) } } };
            let title = admin.texts().action(action.name()).label;
            let frame = Frame::titled(&admin, Section::Users, title, body);
            frame.problems(problems).answer(refusal)
        }
    }
}

async fn act(admin: &Admin, action: Action, id: &UserId) -> Result<(), AdminError> {
    let (auth, by) = (admin.auth(), &admin.by);
    match action {
        Action::Disable => auth.disable_user(by, id).await.map(drop),
        Action::Enable => auth.enable_user(by, id).await.map(drop),
        Action::Confirm => auth.confirm_user(by, id).await.map(drop),
        Action::SignOut => auth.sign_out_user(by, id).await.map(drop),
        Action::SendReset => auth.send_reset(by, id).await.map(drop),
        Action::ResetMfa => auth.reset_user_mfa(by, id).await.map(drop),
        Action::Delete => auth.remove_user(by, id).await,
    }
}
