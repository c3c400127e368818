//! What proves, once more, that it is the user who asks.

use axum::http::StatusCode;
use usermgmt_core::flows::{ReauthenticationError, WaysIn};
use usermgmt_core::secret::PlaintextPassword;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::state::HttpState;
use crate::validate::{Fields, FromFields, Issue, Problems, Style, any};

/// What proves that it is the user who asks, where the sign-in is too long ago.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"current_password": "analytical engine no. 1"}))]
pub(crate) struct ReauthenticateRequest {
    #[schema(value_type = Option<String>, format = Password, nullable = false)]
    pub(super) current_password: Option<PlaintextPassword>,
}

impl FromFields for ReauthenticateRequest {
    const STYLE: Style = Style::Account;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        let current_password = fields.optional("current_password", any)?;
        Some(Self { current_password: current_password.map(PlaintextPassword::from) })
    }
}

impl From<ReauthenticationError> for ApiError {
    fn from(error: ReauthenticationError) -> Self {
        refused(error, Style::Account)
    }
}

/// The refusal to do for a forgotten browser what only the user may do.
pub(super) fn refused(error: ReauthenticationError, style: Style) -> ApiError {
    match error {
        ReauthenticationError::WrongPassword => {
            let issue = Issue::Value("The current password is wrong".into());
            Problems::of_field("current_password", issue).answer(style)
        }
        ReauthenticationError::Required(ways) if ways.password => {
            required("Sign in again, or give the current password", ways)
        }
        ReauthenticationError::Required(ways) => sign_in_again(ways),
    }
}

/// The refusal where nothing but a recent sign-in will do.
pub(super) fn sign_in_again(ways: WaysIn) -> ApiError {
    required("Sign in again", ways)
}

fn required(message: &'static str, ways: WaysIn) -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "reauthentication_required", message).ways(ways)
}
