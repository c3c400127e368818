//! GET /identifier and GET /id; the requests that name one user

use axum::Json;
use axum::extract::State;
use utoipa::ToSchema;

use super::caller::Caller;
use super::user::{UserBody, user_by_id};
use crate::body::QueryFields;
use crate::error::{ApiError, ErrorBody};
use crate::state::HttpState;
use crate::validate::{Fields, FromFields, Style, any};

/// A user, by address or username.
#[derive(Debug)]
pub(crate) struct ByIdentifier {
    pub(super) identifier: String,
}

impl FromFields for ByIdentifier {
    const STYLE: Style = Style::Users;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        let identifier = fields.required("identifier", any)?;
        Some(Self { identifier })
    }
}

/// A user, by id.
#[derive(Debug, ToSchema)]
#[schema(as = UserIdRequest, example = json!({"user_id": "01990c5e-0000-7000-8000-000000000000"}))]
pub(crate) struct ById {
    pub(super) user_id: String,
}

impl FromFields for ById {
    const STYLE: Style = Style::Users;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        let user_id = fields.required("user_id", any)?;
        Some(Self { user_id })
    }
}

/// The active user with this address or username.
#[utoipa::path(
    get,
    path = "/identifier",
    tag = "users",
    operation_id = "users_find_by_identifier",
    params(("identifier" = String, Query, description = "Address or username")),
    responses(
        (status = 200, description = "The user", body = UserBody),
        (status = 400, description = "No identifier", body = ErrorBody),
        (status = 401, description = "No service key, or none that is good", body = ErrorBody),
        (status = 404, description = "There is none, or not an active one", body = ErrorBody),
    ),
    security(("service_key" = [])),
)]
pub(crate) async fn by_identifier(
    State(state): State<HttpState>,
    _: Caller,
    QueryFields(query): QueryFields<ByIdentifier>,
) -> Result<Json<UserBody>, ApiError> {
    let user = state.auth().find_user(&query.identifier).await?;
    let user = user.filter(usermgmt_core::model::user::User::is_active);
    let user = user.ok_or_else(no_active_user)?;
    Ok(Json(UserBody::new(user, &state)))
}

/// The user with this id, active or not.
#[utoipa::path(
    get,
    path = "/id",
    tag = "users",
    operation_id = "users_find_by_id",
    params(("user_id" = String, Query, description = "The user's id")),
    responses(
        (status = 200, description = "The user", body = UserBody),
        (status = 400, description = "No id", body = ErrorBody),
        (status = 401, description = "No service key, or none that is good", body = ErrorBody),
        (status = 404, description = "There is none", body = ErrorBody),
    ),
    security(("service_key" = [])),
)]
pub(crate) async fn by_id(
    State(state): State<HttpState>,
    _: Caller,
    QueryFields(query): QueryFields<ById>,
) -> Result<Json<UserBody>, ApiError> {
    let user = user_by_id(&query.user_id, &state).await;
    let user = user.map_err(|refusal| match refusal.status().as_u16() {
        404 => no_active_user(),
        _ => refusal,
    })?;
    Ok(Json(UserBody::new(user, &state)))
}

fn no_active_user() -> ApiError {
    ApiError::not_found("Active user not found")
}
