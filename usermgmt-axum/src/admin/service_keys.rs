//! GET and POST /service-keys, and DELETE /service-keys/{id}

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use usermgmt_core::flows::ServiceKeyError;
use usermgmt_core::model::service_key::ServiceKey;
use utoipa::ToSchema;

use super::gate::{Reader, ReaderRefusals, Writer, WriterRefusals};
use super::page::PageQuery;
use crate::body::{Object, QueryFields};
use crate::error::{ApiError, ErrorBody};
use crate::path::Segment;
use crate::state::HttpState;
use crate::validate::{Fields, FromFields, Style, any};

#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "keys": [{
        "id": "01990c5e-0000-7000-8000-000000000005", "name": "billing", "allow_admin": false,
        "created_at": "2026-01-05T09:30:00.000Z", "last_used_at": null, "revoked_at": null,
    }],
    "next": null, "previous": null,
}))]
pub(crate) struct ServiceKeysPage {
    keys: Vec<ServiceKeyBody>,
    /// The cursor of the next page.
    next: Option<String>,
    /// The cursor of the page before.
    previous: Option<String>,
}

/// A key with which a service calls the users API.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990c5e-0000-7000-8000-000000000005", "name": "billing", "allow_admin": false,
    "created_at": "2026-01-05T09:30:00.000Z", "last_used_at": null, "revoked_at": null, "key": "umk_…",
}))]
pub(crate) struct ServiceKeyBody {
    id: String,
    name: String,
    /// Whether it may create and change admins.
    allow_admin: bool,
    #[schema(format = DateTime)]
    created_at: String,
    /// To within an hour.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
    /// The key itself: where it was made just now, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    key: Option<String>,
}

impl From<ServiceKey> for ServiceKeyBody {
    fn from(row: ServiceKey) -> Self {
        Self {
            id: row.id.to_string(),
            name: row.name,
            allow_admin: row.allow_admin,
            created_at: row.created_at.to_string(),
            last_used_at: row.last_used_at.map(|at| at.to_string()),
            revoked_at: row.revoked_at.map(|at| at.to_string()),
            key: None,
        }
    }
}

/// Service keys, revoked ones too, in the order in which they were made, a page at a time.
#[utoipa::path(
    get,
    path = "/service-keys",
    operation_id = "admin_list_service_keys",
    tag = "admin",
    params(
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200,
            description = "Rows of a page; default 50"),
        ("cursor" = Option<String>, Query, description = "`next` or `previous` of another page"),
    ),
    responses(
        (status = 200, description = "The page", body = ServiceKeysPage),
        (status = 400, description = "What is wrong with each parameter", body = ErrorBody),
        ReaderRefusals,
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn list(
    State(state): State<HttpState>,
    _: Reader,
    QueryFields(PageQuery { limit, cursor }): QueryFields<PageQuery>,
) -> Result<Json<ServiceKeysPage>, ApiError> {
    let page = state.auth().admin_service_keys(limit, cursor.as_deref()).await?;
    Ok(Json(ServiceKeysPage {
        keys: page.rows.into_iter().map(Into::into).collect(),
        next: page.next,
        previous: page.previous,
    }))
}

#[derive(Debug, ToSchema)]
#[schema(as = ServiceKeyRequest, example = json!({"name": "billing"}))]
pub(crate) struct KeyRequest {
    /// What people call it.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Whether it may create and change admins; default false.
    #[schema(value_type = Option<bool>, nullable = false)]
    allow_admin: bool,
}

impl FromFields for KeyRequest {
    const STYLE: Style = Style::Account;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        let name = fields.required("name", any);
        let allow_admin = fields.switch("allow_admin");
        Some(Self { name: name?, allow_admin: allow_admin? })
    }
}

/// Makes a service key. This is the only time that it is shown.
#[utoipa::path(
    post,
    path = "/service-keys",
    operation_id = "admin_create_service_key",
    tag = "admin",
    request_body = KeyRequest,
    responses(
        (status = 201, description = "The key, this once", body = ServiceKeyBody),
        (status = 400, description = "What is wrong with each field", body = ErrorBody),
        (status = 409, description = "`conflict`: another key that is not revoked has this name", body = ErrorBody),
        WriterRefusals,
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn create(
    State(state): State<HttpState>,
    Writer(by): Writer,
    Object(request): Object<KeyRequest>,
) -> Result<(StatusCode, Json<ServiceKeyBody>), ApiError> {
    let made = state.auth().create_service_key(&by, &request.name, request.allow_admin).await;
    let (row, key) = made?;
    let body = ServiceKeyBody { key: Some(key.expose().clone()), ..row.into() };
    Ok((StatusCode::CREATED, Json(body)))
}

/// Revokes a service key, from now on.
#[utoipa::path(
    delete,
    path = "/service-keys/{id}",
    operation_id = "admin_revoke_service_key",
    tag = "admin",
    params(("id" = String, Path, description = "The key's id")),
    responses(
        (status = 204, description = "Revoked"),
        (status = 404, description = "There is none, or it is revoked already", body = ErrorBody),
        WriterRefusals,
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn revoke(
    State(state): State<HttpState>,
    Writer(by): Writer,
    Segment(id): Segment,
) -> Result<StatusCode, ApiError> {
    let id = id.parse().map_err(|_| ServiceKeyError::NotFound)?;
    state.auth().revoke_service_key(&by, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
