//! What is answered where a request is refused.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, ResponseError};
use serde_json::json;
use usermgmt_core::ServiceError;
use usermgmt_core::flows::{
    AuthenticationError, LinkError, RefreshError, RegisterError, SignInError,
};

/// Why a request was refused.
#[derive(Debug)]
pub enum Failure {
    /// The request says something that cannot be; the text says what.
    Invalid(String),
    /// Not signed in, or not with these credentials.
    Unauthorized,
    /// The username is taken.
    Taken,
    /// Later perhaps, in so many seconds.
    Later(StatusCode, u64),
    /// Ours. The cause is in the log.
    Internal,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(text) => f.write_str(text),
            Self::Unauthorized => f.write_str("Sign in first"),
            Self::Taken => f.write_str("The username is taken"),
            Self::Later(..) => f.write_str("Try again later"),
            Self::Internal => f.write_str("Internal error"),
        }
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Taken => StatusCode::CONFLICT,
            Self::Later(status, _) => *status,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Self::Later(_, seconds) = self {
            response.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        response.json(json!({ "message": self.to_string() }))
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        let seconds = |wait: std::time::Duration| wait.as_secs().max(1);
        match error {
            ServiceError::RateLimited { retry_after } => {
                Self::Later(StatusCode::TOO_MANY_REQUESTS, seconds(retry_after))
            }
            ServiceError::Overloaded { retry_after } => {
                Self::Later(StatusCode::SERVICE_UNAVAILABLE, seconds(retry_after))
            }
            ServiceError::Unavailable(cause) => {
                tracing::error!(cause, "not available");
                Self::Later(StatusCode::SERVICE_UNAVAILABLE, 1)
            }
            other => {
                tracing::error!(error = %other, "a request failed");
                Self::Internal
            }
        }
    }
}

impl From<AuthenticationError> for Failure {
    fn from(error: AuthenticationError) -> Self {
        match error {
            AuthenticationError::Service(error) => error.into(),
            _ => Self::Unauthorized,
        }
    }
}

impl From<RegisterError> for Failure {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::UsernameTaken => Self::Taken,
            RegisterError::Service(error) => error.into(),
            invalid => Self::Invalid(invalid.to_string()),
        }
    }
}

impl From<LinkError> for Failure {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Service(error) => error.into(),
            invalid => Self::Invalid(invalid.to_string()),
        }
    }
}

impl From<SignInError> for Failure {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Service(error) => error.into(),
            SignInError::InvalidCredentials => Self::Unauthorized,
        }
    }
}

impl From<RefreshError> for Failure {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Service(error) => error.into(),
            _ => Self::Unauthorized,
        }
    }
}
