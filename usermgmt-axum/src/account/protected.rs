//! GET /protected

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ErrorBody;
use crate::extract::CurrentOrLegacyUser;

#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "user_id": "01990c5e-0000-7000-8000-000000000000", "username": "ada", "email": "ada@example.org",
    "is_email_confirmed": true,
}))]
pub(crate) struct ProtectedBody {
    user_id: String,
    username: String,
    email: String,
    is_email_confirmed: bool,
}

/// Whose access token this is.
#[utoipa::path(
    get,
    path = "/protected",
    operation_id = "get_current_user",
    tag = "account",
    responses(
        (status = 200, description = "The user", body = ProtectedBody),
        (status = 401, description = "No access token, or none that is good", body = ErrorBody),
        (status = 404, description = "The user was deleted since", body = ErrorBody),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn protected(
    CurrentOrLegacyUser(current): CurrentOrLegacyUser,
) -> Json<ProtectedBody> {
    let user = current.user;
    Json(ProtectedBody {
        user_id: user.id.to_string(),
        username: user.username.to_string(),
        email: user.email.to_string(),
        is_email_confirmed: user.is_email_confirmed(),
    })
}
