//! GET /audit

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use usermgmt_core::model::audit::AuditEntry;
use usermgmt_core::store::directory::AuditFilter;
use utoipa::ToSchema;

use super::gate::{Reader, ReaderRefusals};
use super::page::PageQuery;
use crate::body::QueryFields;
use crate::error::{ApiError, ErrorBody};
use crate::openapi::values::ActorName;
use crate::state::HttpState;
use crate::validate::{Fields, FromFields, Issue, Style, text, time};

/// The longest action or actor that is looked for.
const LONGEST: usize = 64;

/// Which entries, and which page of them.
#[derive(Debug)]
pub(crate) struct AuditQuery {
    filter: AuditFilter,
    page: PageQuery,
}

impl FromFields for AuditQuery {
    const STYLE: Style = Style::Users;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        let user = fields.optional("user", |id| {
            id.parse().map_err(|_| Issue::Value("A user's id is expected".into()))
        });
        let actor = fields.optional("actor", text(1, LONGEST));
        let action = fields.optional("action", text(1, LONGEST));
        let (from, to) = (fields.optional("from", time), fields.optional("to", time));
        let page = PageQuery::read_from(fields);
        let filter =
            AuditFilter { user: user?, actor: actor?, action: action?, from: from?, to: to? };
        Some(Self { filter, page: page? })
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "entries": [{
        "id": "01990c5e-0000-7000-8000-000000000002", "at": "2026-01-06T08:05:00.000Z",
        "action": "user.disabled", "user_id": "01990c5e-0000-7000-8000-000000000000",
        "actor": {"kind": "admin", "id": "01990c5e-0000-7000-8000-000000000003"},
        "ip": "203.0.113.7", "user_agent": "Mozilla/5.0", "request_id": "5b8a1f0c", "detail": [],
    }],
    "next": null, "previous": null,
}))]
pub(crate) struct AuditPage {
    entries: Vec<EntryBody>,
    /// The cursor of the next page.
    next: Option<String>,
    /// The cursor of the page before.
    previous: Option<String>,
}

/// What happened.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990c5e-0000-7000-8000-000000000002", "at": "2026-01-06T08:05:00.000Z",
    "action": "user.disabled", "user_id": "01990c5e-0000-7000-8000-000000000000",
    "actor": {"kind": "admin", "id": "01990c5e-0000-7000-8000-000000000003"},
    "ip": "203.0.113.7", "user_agent": "Mozilla/5.0", "request_id": "5b8a1f0c", "detail": [],
}))]
pub(crate) struct EntryBody {
    id: String,
    #[schema(format = DateTime)]
    at: String,
    /// Such as `user.disabled`.
    action: String,
    /// To whom, where it was somebody.
    user_id: Option<String>,
    actor: ActorBody,
    /// From which address.
    ip: Option<String>,
    user_agent: Option<String>,
    /// In which request: the log has the same id.
    request_id: Option<String>,
    /// Names of the fields that changed, or the id of what it was done to; never values.
    detail: Vec<String>,
}

/// Who did it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"kind": "admin", "id": "01990c5e-0000-7000-8000-000000000000"}))]
pub(crate) struct ActorBody {
    #[schema(value_type = ActorName)]
    kind: &'static str,
    /// The id of the user or service key.
    id: Option<String>,
}

impl From<AuditEntry> for EntryBody {
    fn from(entry: AuditEntry) -> Self {
        let origin = entry.origin;
        Self {
            id: entry.id.to_string(),
            at: entry.at.to_string(),
            action: entry.action,
            user_id: entry.user_id.map(|id| id.to_string()),
            actor: ActorBody { kind: origin.actor.as_str(), id: origin.actor_id },
            ip: origin.ip.map(|ip| ip.to_string()),
            user_agent: origin.user_agent,
            request_id: origin.request_id,
            detail: entry.detail,
        }
    }
}

/// What happened, the latest first, a page at a time.
#[utoipa::path(
    get,
    path = "/audit",
    operation_id = "admin_list_audit",
    tag = "admin",
    params(
        ("user" = Option<String>, Query, description = "About the user of this id"),
        ("actor" = Option<String>, Query, description = "By the user or service key of this id. \
            It takes no kind: who has none (`operator`, `system`) is not found by it"),
        ("action" = Option<String>, Query, description = "Such as `user.disabled`"),
        ("from" = Option<String>, Query, description = "Then or later: an RFC 3339 time, or a date"),
        ("to" = Option<String>, Query, description = "Before then: an RFC 3339 time, or a date"),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200,
            description = "Rows of a page; default 50"),
        ("cursor" = Option<String>, Query, description = "`next` or `previous` of another page \
            with the same filters"),
    ),
    responses(
        (status = 200, description = "The page", body = AuditPage),
        (status = 400, description = "What is wrong with each parameter", body = ErrorBody),
        ReaderRefusals,
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn list(
    State(state): State<HttpState>,
    _: Reader,
    QueryFields(query): QueryFields<AuditQuery>,
) -> Result<Json<AuditPage>, ApiError> {
    let PageQuery { limit, cursor } = query.page;
    let page = state.auth().admin_audit(&query.filter, limit, cursor.as_deref()).await?;
    Ok(Json(AuditPage {
        entries: page.rows.into_iter().map(Into::into).collect(),
        next: page.next,
        previous: page.previous,
    }))
}
