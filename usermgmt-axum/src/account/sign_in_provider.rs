//! GET /signin/oidc/{provider} and GET /signin/oidc/{provider}/callback

use axum::Extension;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use usermgmt_core::flows::ProviderSignInError;

use crate::account_path::AccountPath;
use crate::error::{ApiError, ErrorBody};
use crate::pages::account::provider;
use crate::state::HttpState;
use crate::validate::{Problems, Style};

/// Sends a browser to a provider to sign in there.
#[utoipa::path(
    get,
    path = "/signin/oidc/{provider}",
    operation_id = "sign_in_provider",
    tag = "account",
    params(
        ("provider" = String, Path, description = "The provider's id, from `/signin/methods`"),
        ("return_to" = Option<String>, Query, description = "A path of this origin where the \
            browser goes on, with the cookie of a session. Without it, and with `frontend_url`, \
            it goes to `{frontend_url}/signed-in?code=…`"),
    ),
    responses(
        (status = 303, description = "To the provider, with a cookie that binds its answer to \
            this browser"),
        (status = 404, description = "There is no such provider", content(
            (ErrorBody = "application/json"), (String = "text/html"))),
        (status = 502, description = "`provider_unavailable`", content(
            (ErrorBody = "application/json"), (String = "text/html"))),
    ),
    security(()),
)]
pub(crate) async fn begin(
    axum::extract::State(state): axum::extract::State<HttpState>,
    Extension(at): Extension<AccountPath>,
    request: Request,
) -> Response {
    provider::begin(&state, &at, request).await
}

/// Where a provider sends the browser back.
#[utoipa::path(
    get,
    path = "/signin/oidc/{provider}/callback",
    operation_id = "sign_in_provider_callback",
    tag = "account",
    params(
        ("provider" = String, Path, description = "The provider's id"),
        ("state" = String, Query, description = "As it was sent there"),
        ("code" = Option<String>, Query, description = "What the provider gives in exchange for who it is"),
        ("iss" = Option<String>, Query, description = "The provider's issuer (RFC 9207)"),
        ("error" = Option<String>, Query, description = "Why there is no code"),
    ),
    responses(
        (status = 200, description = "The page for the second factor", body = String,
            content_type = "text/html"),
        (status = 303, description = "Signed in or linked, and on"),
        (status = 400, description = "`invalid_state`: not begun in this browser, used, or over; \
            `access_denied`; `provider_refused`: its answer cannot be believed; `no_email`", content(
            (ErrorBody = "application/json"), (String = "text/html"))),
        (status = 403, description = "`confirmation_required`: the provider does not vouch for the \
            address, whose mailbox has a mail; `not_active`", content(
            (ErrorBody = "application/json"), (String = "text/html"))),
        (status = 404, description = "There is no such provider", content(
            (ErrorBody = "application/json"), (String = "text/html"))),
        (status = 409, description = "`account_exists`: the address has an account, to be signed in \
            to another way and linked there; `identity_taken`; `too_many_identities`", content(
            (ErrorBody = "application/json"), (String = "text/html"))),
        (status = 502, description = "`provider_unavailable`", content(
            (ErrorBody = "application/json"), (String = "text/html"))),
    ),
    security(()),
)]
pub(crate) async fn callback(
    axum::extract::State(state): axum::extract::State<HttpState>,
    request: Request,
) -> Response {
    provider::finish(&state, request).await
}

impl From<ProviderSignInError> for ApiError {
    fn from(error: ProviderSignInError) -> Self {
        use ProviderSignInError as E;
        match error {
            E::UnknownProvider => Self::not_found("There is no such provider"),
            E::Reauthentication(error) => error.into(),
            E::InvalidState => Self::bad_request(
                "invalid_state",
                "This sign-in was not begun in this browser, was used already, or took too long. \
                 Please start again.",
            ),
            E::Denied => {
                Self::bad_request("access_denied", "The sign-in was called off at the provider.")
            }
            E::Refused => Self::bad_request(
                "provider_refused",
                "The provider's answer could not be verified. Please start again.",
            ),
            E::Unavailable => Self::new(
                StatusCode::BAD_GATEWAY,
                "provider_unavailable",
                "The provider does not answer. Please try again later, or sign in another way.",
            ),
            E::NoEmail => Self::bad_request(
                "no_email",
                "An account needs an email address, and the provider named none.",
            ),
            E::AccountExists => Self::new(
                StatusCode::CONFLICT,
                "account_exists",
                "This email address already has an account. Sign in to it another way, then link \
                 the provider on your account page.",
            ),
            E::ConfirmationRequired => Self::new(
                StatusCode::FORBIDDEN,
                "confirmation_required",
                "The provider does not vouch for the email address. Follow the link in the mail \
                 that was sent to it, then sign in again.",
            ),
            E::IdentityTaken => Self::new(
                StatusCode::CONFLICT,
                "identity_taken",
                "This identity is linked to another account.",
            ),
            E::TooMany => Self::new(
                StatusCode::CONFLICT,
                "too_many_identities",
                "The account has as many linked identities as it may.",
            ),
            E::NotActive => {
                Self::new(StatusCode::FORBIDDEN, "not_active", "The account is not active.")
            }
            E::Unreachable(why) => Problems::of_field("email", why.into()).answer(Style::Account),
            E::Service(error) => error.into(),
        }
    }
}
