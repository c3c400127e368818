//! POST /email/confirm and POST /email/undo

use axum::Json;
use axum::extract::State;
use usermgmt_core::flows::LinkError;
use usermgmt_core::secret::PlaintextPassword;
use utoipa::ToSchema;

use crate::answer::Message;
use crate::body::Object;
use crate::client::ClientInfo;
use crate::error::{ApiError, ErrorBody};
use crate::state::HttpState;
use crate::validate::{Fields, FromFields, Style, not_empty};

#[derive(Debug, ToSchema)]
#[schema(example = json!({"token": "umt_…"}))]
pub(crate) struct EmailTokenRequest {
    /// From the mailed link.
    #[schema(value_type = String)]
    token: PlaintextPassword,
}

impl FromFields for EmailTokenRequest {
    const STYLE: Style = Style::Account;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        let token = fields.required("token", not_empty)?;
        Some(Self { token: token.into() })
    }
}

/// Makes the new address the account's.
#[utoipa::path(
    post,
    path = "/email/confirm",
    operation_id = "confirm_email_change",
    tag = "account",
    request_body = EmailTokenRequest,
    responses(
        (status = 200, description = "Changed", body = Message),
        (status = 400, description = "`link_expired` or `link_invalid`", body = ErrorBody),
    ),
    security(()),
)]
pub(crate) async fn confirm_change(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    Object(request): Object<EmailTokenRequest>,
) -> Result<Json<Message>, ApiError> {
    let token = request.token.expose();
    state.auth().confirm_email_change(token, &client).await?;
    Ok(Json(Message { message: "Email changed" }))
}

/// Gives the account its old address back.
#[utoipa::path(
    post,
    path = "/email/undo",
    operation_id = "undo_email_change",
    tag = "account",
    request_body = EmailTokenRequest,
    responses(
        (status = 200, description = "Undone; the old address gets a link to set a new password", body = Message),
        (status = 400, description = "`link_expired` or `link_invalid`", body = ErrorBody),
    ),
    security(()),
)]
pub(crate) async fn undo_change(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    Object(request): Object<EmailTokenRequest>,
) -> Result<Json<Message>, ApiError> {
    let token = request.token.expose();
    state.auth().undo_email_change(token, &client).await?;
    Ok(Json(Message { message: "Email change undone" }))
}

/// Of every mailed link; the pages say the same.
impl From<LinkError> for ApiError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Invalid => {
                Self::bad_request("link_invalid", "The confirmation link is invalid.")
            }
            LinkError::Expired => Self::bad_request(
                "link_expired",
                "The confirmation link has expired. Please request a new one.",
            ),
            LinkError::AlreadyConfirmed => {
                Self::bad_request("already_confirmed", "Email already confirmed")
            }
            LinkError::Service(error) => error.into(),
        }
    }
}
