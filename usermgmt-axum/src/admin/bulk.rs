//! POST /users/bulk

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use usermgmt_core::UserId;
use usermgmt_core::flows::{AdminError, BulkAction};
use utoipa::ToSchema;

use super::gate::{Writer, WriterRefusals};
use crate::body::Object;
use crate::error::{ApiError, ErrorBody};
use crate::openapi::values::BulkActionName;
use crate::state::HttpState;
use crate::validate::{Fields, FromFields, Style, one_of};

/// The most users of one request.
const MOST: usize = 200;
const ACTIONS: [(&str, BulkAction); 5] = [
    ("disable", BulkAction::Disable),
    ("enable", BulkAction::Enable),
    ("confirm", BulkAction::Confirm),
    ("sign-out", BulkAction::SignOut),
    ("delete", BulkAction::Delete),
];
const ACTION_NAMES: &str = "'disable', 'enable', 'confirm', 'sign-out' or 'delete'";

#[derive(Debug, ToSchema)]
#[schema(example = json!({"action": "disable", "ids": ["01990c5e-0000-7000-8000-000000000000"]}))]
pub(crate) struct BulkRequest {
    #[schema(value_type = BulkActionName)]
    action: BulkAction,
    /// Whom. One named twice counts once.
    #[schema(min_items = 1, max_items = 200)]
    ids: Vec<String>,
}

impl FromFields for BulkRequest {
    const STYLE: Style = Style::Account;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        let action = fields.required("action", one_of(&ACTIONS, "enum", ACTION_NAMES));
        let ids = fields.texts("ids", 1, MOST);
        Some(Self { action: action?, ids: ids? })
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "done": ["01990c5e-0000-7000-8000-000000000000"],
    "failed": [{"id": "01990c5e-0000-7000-8000-000000000001", "error": "not_found"}],
}))]
pub(crate) struct BulkBody {
    /// To whom it was done.
    done: Vec<String>,
    /// To whom it was not.
    failed: Vec<BulkFailure>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01990c5e-0000-7000-8000-000000000000", "error": "not_found"}))]
pub(crate) struct BulkFailure {
    id: String,
    /// Why, as the error of the action on one user: `not_found`, `last_admin`,
    /// or `unavailable` and the like, where it may be tried again.
    error: String,
}

impl BulkFailure {
    fn new(id: impl Into<String>, error: AdminError) -> Self {
        let refusal = ApiError::from(error);
        // A fault has no code of its own: what it is stands in the log alone.
        let error = match refusal.code() {
            Some(code) => code.to_owned(),
            None => {
                tracing::error!(cause = refusal.cause(), "an action on many users failed at one");
                "internal_error".to_owned()
            }
        };
        Self { id: id.into(), error }
    }
}

/// Does the same to many users, one after another. What fails at one holds up no
/// other; each has an audit entry of its own.
#[utoipa::path(
    post,
    path = "/users/bulk",
    operation_id = "admin_bulk",
    tag = "admin",
    request_body = BulkRequest,
    responses(
        (status = 200, description = "What came of it", body = BulkBody),
        (status = 400, description = "What is wrong with each field", body = ErrorBody),
        WriterRefusals,
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn bulk(
    State(state): State<HttpState>,
    Writer(by): Writer,
    Object(request): Object<BulkRequest>,
) -> Result<Json<BulkBody>, ApiError> {
    let (mut ids, mut failed) = (Vec::<UserId>::new(), Vec::new());
    for id in request.ids {
        match id.parse() {
            Ok(id) => ids.push(id),
            Err(_) => failed.push(BulkFailure::new(id, AdminError::NotFound)),
        }
    }
    let outcome = state.auth().bulk(&by, request.action, &ids).await;
    failed.extend(outcome.failed.into_iter().map(|(id, error)| BulkFailure::new(id, error)));
    let done = outcome.done.into_iter().map(String::from).collect();
    Ok(Json(BulkBody { done, failed }))
}
