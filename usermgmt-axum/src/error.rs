//! Refusals, and the one place that knows how they look over HTTP.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use usermgmt_core::flows::{StepUpError, WaysIn};
use usermgmt_core::{ServiceError, with_causes};
use utoipa::ToSchema;

use crate::validate::Detail;

/// What every refusal looks like, but for the field maps of registration and
/// profile update.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"message": "User not found", "error": "not_found"}))]
pub(crate) struct ErrorBody {
    /// For people.
    pub(crate) message: Cow<'static, str>,
    /// For programs: stable, in `snake_case`.
    pub(crate) error: &'static str,
    /// What is wrong with which field, where the request was not valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) details: Option<Vec<Detail>>,
    /// With `reauthentication_required`: how this person can sign in again, of `password`,
    /// `email`, `passkey` and `oidc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) methods: Option<Vec<&'static str>>,
    /// Where the fault is the server's: the id under which its log tells more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) request_id: Option<String>,
}

/// A request that was refused, ready to be answered.
///
/// It is made from the error of every flow, as the built-in route answers it (of
/// the account API, where both have one): a host's own route keeps the wire
/// format with `?`.
///
/// A fault of the server writes its cause to the log when it is answered, in a
/// host's own route too; the client gets none of it.
///
/// What it prints is the status and the text for people: its body can hold a
/// ticket, and for a fault of the server the cause, which only the log gets.
pub struct ApiError(Box<Refusal>);

struct Refusal {
    status: StatusCode,
    body: RefusalBody,
    retry_after: Option<Duration>,
    challenge: Option<&'static str>,
}

enum RefusalBody {
    Message(ErrorBody),
    Json(Value),
}

/// Goes with the answer of a server that failed to the outermost layer, which
/// puts the request's id into the body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault;

/// The challenge of a request whose token is missing or no good (RFC 6750, 3).
pub(crate) const INVALID_TOKEN_CHALLENGE: &str = "Bearer error=\"invalid_token\"";

impl ApiError {
    /// A refusal with a text for people and a code for programs.
    pub fn new(
        status: StatusCode,
        error: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::with_body(
            status,
            RefusalBody::Message(ErrorBody {
                message: message.into(),
                error,
                details: None,
                methods: None,
                request_id: None,
            }),
        )
    }

    fn with_body(status: StatusCode, body: RefusalBody) -> Self {
        Self(Box::new(Refusal {
            status,
            body,
            retry_after: None,
            // RFC 9110, 15.5.2: a 401 always names a way to authenticate.
            challenge: (status == StatusCode::UNAUTHORIZED).then_some("Bearer"),
        }))
    }

    /// 400 with a code for programs and a text for people.
    pub(crate) fn bad_request(error: &'static str, message: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, message)
    }

    /// 400 of a code that is wrong, expired, used, or of nothing that waits for one.
    pub(crate) fn invalid_code() -> Self {
        Self::bad_request("invalid_code", "The code is invalid")
    }

    /// A refusal with a body of its own shape.
    pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Self {
        match serde_json::to_value(body) {
            Ok(body) => Self::with_body(status, RefusalBody::Json(body)),
            Err(error) => Self::internal(&error),
        }
    }

    /// 400 with a map from fields to texts.
    pub(crate) fn field_map(map: Map<String, Value>) -> Self {
        Self::with_body(StatusCode::BAD_REQUEST, RefusalBody::Json(Value::Object(map)))
    }

    /// 400 with a list of what is wrong.
    pub(crate) fn validation(details: Vec<Detail>) -> Self {
        Self::with_body(
            StatusCode::BAD_REQUEST,
            RefusalBody::Message(ErrorBody {
                message: "Validation failed".into(),
                error: "validation_error",
                details: Some(details),
                methods: None,
                request_id: None,
            }),
        )
    }

    /// 401: the token is missing or no good; `error` says which.
    pub(crate) fn token(error: &'static str, message: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, error, message).challenge(INVALID_TOKEN_CHALLENGE)
    }

    /// With this `WWW-Authenticate`.
    pub(crate) fn challenge(mut self, challenge: &'static str) -> Self {
        self.0.challenge = Some(challenge);
        self
    }

    /// With the ways in which whoever asks can sign in again, where they are known.
    pub(crate) fn ways(mut self, ways: WaysIn) -> Self {
        if let RefusalBody::Message(body) = &mut self.0.body {
            body.methods = Some(ways.names()).filter(|names| !names.is_empty());
        }
        self
    }

    /// 404.
    pub(crate) fn not_found(message: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// 404 of a user who is not there, or not any more.
    pub(crate) fn user_not_found() -> Self {
        Self::not_found("User not found")
    }

    /// 409 of what would leave nobody to administer.
    pub(crate) fn last_admin() -> Self {
        Self::new(StatusCode::CONFLICT, "last_admin", "This is the last active administrator")
    }

    /// 404 of a path that is not there.
    pub(crate) fn no_such_path() -> Self {
        Self::not_found("The requested resource could not be found")
    }

    /// 405. The router adds `Allow`.
    pub(crate) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "The method is not allowed for the requested URL",
        )
    }

    /// 413.
    pub(crate) fn payload_too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "payload_too_large",
            "The request body is larger than 64 KiB",
        )
    }

    /// 415.
    pub(crate) fn unsupported_media_type(expected: &'static str) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            format!("The request body must be {expected}"),
        )
    }

    /// 429: too many tries; another one is counted only after this time.
    pub(crate) fn rate_limited(retry_after: Duration) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            "Too many requests. Please try again later.",
        )
        .retry_after(retry_after)
    }

    /// 503: no more passwords can be hashed just now.
    pub(crate) fn overloaded(retry_after: Duration) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "overloaded",
            "The server is busy. Please try again in a moment.",
        )
        .retry_after(retry_after)
    }

    /// 503: the store does not answer, or the request took too long.
    pub(crate) fn unavailable() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "The service is not available. Please try again in a moment.",
        )
        .retry_after(Duration::from_secs(5))
    }

    /// 500. The cause and its causes go to the log, under the request's id.
    pub(crate) fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        Self::fault(with_causes(cause))
    }

    /// 500, with what the log is to say.
    pub(crate) fn fault(text: impl Into<String>) -> Self {
        Self::with_body(
            StatusCode::INTERNAL_SERVER_ERROR,
            RefusalBody::Json(Value::String(text.into())),
        )
    }

    fn retry_after(mut self, after: Duration) -> Self {
        self.0.retry_after = Some(after);
        self
    }

    /// The status it is answered with.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The text for people.
    pub fn message(&self) -> &str {
        match &self.0.body {
            RefusalBody::Message(body) => &body.message,
            RefusalBody::Json(_) => "The request was refused",
        }
    }

    /// What the log says of a fault of the server.
    pub(crate) fn cause(&self) -> &str {
        match &self.0.body {
            RefusalBody::Json(Value::String(cause)) => cause,
            _ => "",
        }
    }

    /// The code for programs, where the body has one.
    pub fn code(&self) -> Option<&str> {
        match &self.0.body {
            RefusalBody::Message(body) => Some(body.error),
            RefusalBody::Json(_) => None,
        }
    }

    /// The same refusal with another body: pages show it to people.
    pub(crate) fn respond_with(self, body: impl IntoResponse) -> Response {
        self.dress(body.into_response())
    }

    fn dress(&self, mut response: Response) -> Response {
        *response.status_mut() = self.0.status;
        let headers = response.headers_mut();
        if let Some(after) = self.0.retry_after {
            // Rounded up: a client that waits exactly this long must not come too early.
            let seconds = after.as_millis().div_ceil(1000).max(1);
            headers.insert(header::RETRY_AFTER, number(seconds));
        }
        if let Some(challenge) = self.0.challenge {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}

fn number(value: u128) -> HeaderValue {
    HeaderValue::from(u64::try_from(value).unwrap_or(u64::MAX))
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if self.0.status == StatusCode::INTERNAL_SERVER_ERROR {
            let cause = match &self.0.body {
                RefusalBody::Message(body) => &body.message,
                RefusalBody::Json(Value::String(cause)) => cause.as_str(),
                RefusalBody::Json(_) => "",
            };
            // Within the outermost layer the span has the request's id.
            tracing::error!(%cause, "the server failed");
            let mut response = internal_body(None).into_response();
            response.extensions_mut().insert(Fault);
            return response;
        }
        let response = match &self.0.body {
            RefusalBody::Message(body) => Json(body).into_response(),
            RefusalBody::Json(body) => Json(body).into_response(),
        };
        self.dress(response)
    }
}

/// What is answered when the server is at fault: nothing but the id under which
/// the log has the rest.
pub(crate) fn internal_body(request_id: Option<&str>) -> (StatusCode, Json<ErrorBody>) {
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        Json(ErrorBody {
            message: "Internal server error".into(),
            error: "internal_error",
            details: None,
            methods: None,
            request_id: request_id.map(str::to_owned),
        }),
    )
}

/// The same for every request, whatever it asked for.
impl From<ServiceError> for ApiError {
    fn from(service_error: ServiceError) -> Self {
        match service_error {
            ServiceError::RateLimited { retry_after } => Self::rate_limited(retry_after),
            ServiceError::Overloaded { retry_after } => Self::overloaded(retry_after),
            ServiceError::CaptchaRequired => Self::new(
                StatusCode::FORBIDDEN,
                "captcha_required",
                "Please show that you are not a program.",
            ),
            ServiceError::CaptchaFailed => Self::new(
                StatusCode::FORBIDDEN,
                "captcha_failed",
                "That did not show that you are not a program. Please try again.",
            ),
            ServiceError::Unavailable(cause) => {
                tracing::warn!(cause = %with_causes(&*cause), "not available");
                Self::unavailable()
            }
            ServiceError::Refused(cause) => Self::fault(format!("the host refused: {cause}")),
            ServiceError::Internal(cause) => Self::fault(cause),
        }
    }
}

/// Of [`Auth::require`](usermgmt_core::Auth::require), without `methods`: it does not
/// know whose they would be. [`HttpState::require`](crate::HttpState::require) is better,
/// since its refusal names the ways in which this person can sign in again.
impl From<StepUpError> for ApiError {
    fn from(missing: StepUpError) -> Self {
        let refused = |code, message| Self::new(StatusCode::FORBIDDEN, code, message);
        match missing {
            StepUpError::SecondFactor => refused("mfa_required", "Sign in with a second factor"),
            StepUpError::TooLongAgo => refused("reauthentication_required", "Sign in again"),
        }
    }
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ApiError").field(&self.status()).field(&self.message()).finish()
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for ApiError {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn retry_after_is_in_whole_seconds_rounded_up() {
        let response = ApiError::rate_limited(Duration::from_millis(1001)).into_response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()[header::RETRY_AFTER], "2");
    }

    #[test]
    fn every_401_names_a_way_to_authenticate() {
        let refused = ApiError::new(StatusCode::UNAUTHORIZED, "invalid_credentials", "No.");
        assert_eq!(refused.into_response().headers()[header::WWW_AUTHENTICATE], "Bearer");
        let token = ApiError::token("missing_token", "No token.").into_response();
        assert_eq!(token.headers()[header::WWW_AUTHENTICATE], INVALID_TOKEN_CHALLENGE);
    }

    #[test]
    fn what_a_session_lacks_is_refused_by_its_own_code() {
        for (missing, body) in [
            (
                StepUpError::SecondFactor,
                json!({"message": "Sign in with a second factor", "error": "mfa_required"}),
            ),
            (
                StepUpError::TooLongAgo,
                json!({"message": "Sign in again", "error": "reauthentication_required"}),
            ),
        ] {
            let refused = ApiError::from(missing);
            assert_eq!(refused.status(), StatusCode::FORBIDDEN);
            assert!(matches!(&refused.0.body, RefusalBody::Message(it) if json!(it) == body));
        }
    }

    #[test]
    fn a_fault_hides_its_cause_from_the_client() {
        let fault = ApiError::internal(&std::io::Error::other("table users"));
        assert!(!format!("{fault:?} {fault}").contains("table"));
        assert_eq!(fault.into_response().status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
