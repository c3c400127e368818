//! How the account API tells what the core refused.

use axum::http::StatusCode;
use usermgmt_core::flows::{
    CodeError, DeleteError, LinkError, MfaError, MfaSignInError, ProfileError,
    ReauthenticationError, RefreshError, RegisterError, ResendError, ResetError, SessionError,
    SignInError,
};
use usermgmt_core::secret::Redacted;

use super::sign_in::MfaRequiredBody;
use crate::error::ApiError;
use crate::extract::{invalid_token, wrong_token_type};
use crate::validate::{Issue, Problems, Style};

fn bad_request(error: &'static str, message: &'static str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, error, message)
}

fn already_exists() -> ApiError {
    bad_request("already_exists", "Email or Username already exists")
}

pub(super) fn register(error: RegisterError) -> ApiError {
    let style = Style::FieldMap;
    match error {
        RegisterError::UsernameTaken | RegisterError::EmailTaken => already_exists(),
        RegisterError::Password(problem) => {
            Problems::of_field("password", problem.into()).answer(style)
        }
        RegisterError::Service(service_error) => service_error.into(),
    }
}

pub(super) fn email_required() -> ApiError {
    bad_request("validation_error", "Email is required")
}

pub(super) fn resend(error: ResendError) -> ApiError {
    match error {
        ResendError::UnknownUser => ApiError::not_found("User not found"),
        ResendError::Service(service_error) => service_error.into(),
    }
}

/// Of the links in mails; the pages say the same.
pub(crate) fn link(error: LinkError) -> ApiError {
    match error {
        LinkError::Invalid => bad_request("link_invalid", "The confirmation link is invalid."),
        LinkError::Expired => bad_request(
            "link_expired",
            "The confirmation link has expired. Please request a new one.",
        ),
        LinkError::AlreadyConfirmed => bad_request("already_confirmed", "Email already confirmed"),
        LinkError::Service(service_error) => service_error.into(),
    }
}

fn invalid_code() -> ApiError {
    bad_request("invalid_code", "The code is invalid")
}

pub(super) fn code(error: CodeError) -> ApiError {
    match error {
        CodeError::Invalid => invalid_code(),
        CodeError::Service(service_error) => service_error.into(),
    }
}

pub(super) fn invalid_credentials() -> ApiError {
    let message = "Login unsuccessful.";
    ApiError::new(StatusCode::UNAUTHORIZED, "invalid_credentials", message)
}

pub(super) fn sign_in(error: SignInError) -> ApiError {
    match error {
        SignInError::InvalidCredentials => invalid_credentials(),
        SignInError::Service(service_error) => service_error.into(),
    }
}

pub(super) fn mfa_required(ticket: &Redacted<String>, methods: Vec<&'static str>) -> ApiError {
    let body = MfaRequiredBody {
        message: "A second factor is required.",
        error: "mfa_required",
        mfa_token: ticket.expose().clone(),
        methods,
    };
    ApiError::json(StatusCode::UNAUTHORIZED, &body)
}

pub(super) fn sign_in_mfa(error: MfaSignInError) -> ApiError {
    match error {
        MfaSignInError::InvalidCode => {
            ApiError::new(StatusCode::UNAUTHORIZED, "invalid_code", "The code is invalid")
        }
        MfaSignInError::Service(service_error) => service_error.into(),
    }
}

pub(super) fn mfa(error: MfaError) -> ApiError {
    match error {
        MfaError::NotFound => user_not_found(),
        // No code is one of a factor that is not there.
        MfaError::NotEnabled => bad_request("invalid_code", "No second factor waits for this code"),
        MfaError::InvalidCode => invalid_code(),
        MfaError::Reauthentication(error) => reauthentication(error, Style::Account),
        MfaError::Service(service_error) => service_error.into(),
    }
}

pub(super) fn refresh(error: RefreshError) -> ApiError {
    match error {
        RefreshError::Invalid | RefreshError::Reused => invalid_token(),
        RefreshError::WrongType => wrong_token_type(),
        RefreshError::Service(service_error) => service_error.into(),
    }
}

pub(super) fn no_such_session() -> ApiError {
    ApiError::not_found("Session not found")
}

pub(super) fn session(error: SessionError) -> ApiError {
    match error {
        SessionError::NotFound => no_such_session(),
        SessionError::Service(service_error) => service_error.into(),
    }
}

pub(super) fn user_not_found() -> ApiError {
    ApiError::not_found("User not found")
}

fn wrong_password() -> Issue {
    Issue::Value("The current password is wrong".into())
}

/// The refusal to do for a forgotten browser what only the user may do.
fn reauthentication(error: ReauthenticationError, style: Style) -> ApiError {
    match error {
        ReauthenticationError::WrongPassword => {
            Problems::of_field("current_password", wrong_password()).answer(style)
        }
        ReauthenticationError::Required => ApiError::new(
            StatusCode::FORBIDDEN,
            "reauthentication_required",
            "Sign in again, or give the current password",
        ),
    }
}

/// Of PUT /users.
pub(super) fn profile(error: ProfileError) -> ApiError {
    changed(error, Style::NestedFieldMap, "password")
}

/// Of PUT /password.
pub(super) fn change_password(error: ProfileError) -> ApiError {
    changed(error, Style::Account, "new_password")
}

fn changed(error: ProfileError, style: Style, password: &'static str) -> ApiError {
    let of_field = |name: &str, issue| Problems::of_field(name, issue).answer(style);
    match error {
        ProfileError::NotFound => user_not_found(),
        ProfileError::UsernameTaken => {
            let issue = Issue::Value("Email or Username already exists".into());
            of_field("username", issue)
        }
        ProfileError::CurrentPasswordMissing => of_field("current_password", Issue::Missing),
        ProfileError::Password(problem) => of_field(password, problem.into()),
        ProfileError::Reauthentication(error) => reauthentication(error, style),
        ProfileError::Service(service_error) => service_error.into(),
    }
}

pub(super) fn delete(error: DeleteError) -> ApiError {
    match error {
        DeleteError::NotFound => user_not_found(),
        DeleteError::Reauthentication(error) => reauthentication(error, Style::Account),
        DeleteError::Service(service_error) => service_error.into(),
    }
}

/// Of a reset; the page says the same.
pub(crate) fn reset(error: ResetError) -> ApiError {
    match error {
        ResetError::InvalidToken => bad_request("invalid_token", "Invalid or expired token"),
        ResetError::Password(problem) => {
            Problems::of_field("new_password", problem.into()).answer(Style::Account)
        }
        ResetError::Service(service_error) => service_error.into(),
    }
}
