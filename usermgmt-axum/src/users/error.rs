//! How the users API tells what the core refused.

use axum::http::StatusCode;
use usermgmt_core::flows::{
    ActivationError, CreateUserError, DeleteError, MfaError, ResetError, SignInError,
};

use crate::error::ApiError;
use crate::validate::{Problems, Style};

const STYLE: Style = Style::Users;

fn bad_request(message: &'static str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "validation_error", message)
}

fn conflict(message: &'static str) -> ApiError {
    ApiError::new(StatusCode::CONFLICT, "conflict", message)
}

/// What the core says that cannot be said here: it was asked for something else.
fn unexpected(error: &(dyn std::error::Error + 'static)) -> ApiError {
    ApiError::internal(error)
}

pub(super) fn user_not_found() -> ApiError {
    ApiError::not_found("User not found")
}

pub(super) fn no_active_user() -> ApiError {
    ApiError::not_found("Active user not found")
}

pub(super) fn create(error: CreateUserError) -> ApiError {
    match error {
        CreateUserError::EmailTaken => conflict("Email already exists"),
        CreateUserError::UsernameTaken => conflict("Username already exists"),
        CreateUserError::Password(problem) => {
            Problems::of_field("password", problem.into()).answer(STYLE)
        }
        CreateUserError::Service(service_error) => service_error.into(),
    }
}

pub(super) fn activate(error: ActivationError) -> ApiError {
    match error {
        ActivationError::Expired => bad_request("Activation code expired"),
        ActivationError::Service(service_error) => service_error.into(),
        ActivationError::Invalid
        | ActivationError::NotFound
        | ActivationError::AlreadyActivated => ApiError::not_found("Invalid activation code"),
    }
}

pub(super) fn resend(error: ActivationError) -> ApiError {
    match error {
        ActivationError::AlreadyActivated => bad_request("User already activated"),
        ActivationError::Service(service_error) => service_error.into(),
        ActivationError::NotFound | ActivationError::Invalid | ActivationError::Expired => {
            ApiError::not_found("Invalid username or email")
        }
    }
}

pub(super) fn credentials(error: SignInError) -> ApiError {
    match error {
        SignInError::InvalidCredentials => bad_request("Invalid credentials"),
        SignInError::Service(service_error) => service_error.into(),
    }
}

pub(super) fn reset(error: ResetError) -> ApiError {
    match error {
        ResetError::InvalidToken => ApiError::not_found("Invalid or expired token"),
        ResetError::Password(problem) => {
            Problems::of_field("new_password", problem.into()).answer(STYLE)
        }
        ResetError::Service(service_error) => service_error.into(),
    }
}

pub(super) fn delete(error: DeleteError) -> ApiError {
    match error {
        DeleteError::NotFound => user_not_found(),
        DeleteError::Reauthentication(refused) => unexpected(&refused),
        DeleteError::Service(service_error) => service_error.into(),
    }
}

pub(super) fn mfa(error: MfaError) -> ApiError {
    match error {
        MfaError::NotFound => user_not_found(),
        MfaError::NotEnabled => bad_request("MFA is not enabled for this user"),
        MfaError::InvalidCode => invalid_code(),
        MfaError::Reauthentication(refused) => unexpected(&refused),
        MfaError::Service(service_error) => service_error.into(),
    }
}

pub(super) fn verify(error: MfaError) -> ApiError {
    match error {
        // No code is one of a factor that is not there.
        MfaError::NotEnabled => invalid_code(),
        other => mfa(other),
    }
}

fn invalid_code() -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "invalid_code", "Invalid code")
}
