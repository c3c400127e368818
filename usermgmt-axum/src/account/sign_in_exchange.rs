//! POST /signin/exchange

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use usermgmt_core::flows::ProviderSignInError;
use usermgmt_core::secret::PlaintextPassword;
use utoipa::ToSchema;

use super::sign_in::{MfaRequiredBody, SignedInBody, answer};
use crate::body::Object;
use crate::browser;
use crate::client::{ClientInfo, DeviceHeader};
use crate::error::{ApiError, ErrorBody};
use crate::state::HttpState;
use crate::validate::{Fields, FromFields, Style, not_empty};

#[derive(Debug, ToSchema)]
#[schema(example = json!({"code": "umt_…"}))]
pub(crate) struct ExchangeRequest {
    /// From the address that the browser was sent to.
    #[schema(value_type = String)]
    code: PlaintextPassword,
}

impl FromFields for ExchangeRequest {
    const STYLE: Style = Style::Account;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        Some(Self { code: fields.required("code", not_empty)?.into() })
    }
}

/// Fetches what came of a sign-in by a provider: once, within a minute, from the
/// browser that signed in, whose cookie has to come along.
#[utoipa::path(
    post,
    path = "/signin/exchange",
    operation_id = "sign_in_exchange",
    tag = "account",
    params(DeviceHeader),
    request_body = ExchangeRequest,
    responses(
        (status = 200, description = "Signed in", body = SignedInBody),
        (status = 400, description = "`invalid_code`: wrong, used, over, or another browser's",
            body = ErrorBody),
        (status = 401, description = "`mfa_required`: the account has a second factor",
            body = MfaRequiredBody),
    ),
    security(()),
)]
pub(crate) async fn exchange(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    headers: HeaderMap,
    Object(request): Object<ExchangeRequest>,
) -> Result<Json<SignedInBody>, ApiError> {
    let browser = browser::provider(&headers, &state);
    match state.auth().exchange_sign_in(&request.code, browser, &client).await {
        Ok(outcome) => answer(outcome),
        Err(ProviderSignInError::InvalidState) => Err(ApiError::invalid_code()),
        Err(error) => Err(error.into()),
    }
}
