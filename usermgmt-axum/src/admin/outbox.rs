//! GET /outbox, POST /outbox/{id}/retry and DELETE /outbox/{id}

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use usermgmt_core::flows::OutboxError;
use usermgmt_core::model::ids::MailId;
use usermgmt_core::model::mail::StoredMail;
use utoipa::ToSchema;

use super::gate::{Reader, ReaderRefusals, Writer, WriterRefusals};
use super::page::PageQuery;
use crate::answer::Message;
use crate::body::QueryFields;
use crate::error::{ApiError, ErrorBody};
use crate::path::Segment;
use crate::state::HttpState;

#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "mails": [{
        "id": "01990c5e-0000-7000-8000-000000000004", "kind": "confirmation",
        "recipient": "ada@example.org", "queued_at": "2026-01-05T09:30:00.000Z", "tries": 8,
        "last_error": "550 No such user here",
    }],
    "next": null, "previous": null,
}))]
pub(crate) struct DeadMailPage {
    mails: Vec<DeadMailBody>,
    /// The cursor of the next page.
    next: Option<String>,
    /// The cursor of the page before.
    previous: Option<String>,
}

/// A mail that was given up.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990c5e-0000-7000-8000-000000000004", "kind": "confirmation",
    "recipient": "ada@example.org", "queued_at": "2026-01-05T09:30:00.000Z", "tries": 8,
    "last_error": "550 No such user here",
}))]
pub(crate) struct DeadMailBody {
    id: String,
    /// Such as `confirmation`; `unreadable` where this version cannot read it.
    kind: &'static str,
    recipient: Option<String>,
    #[schema(format = DateTime)]
    queued_at: String,
    tries: i64,
    last_error: Option<String>,
}

impl From<StoredMail> for DeadMailBody {
    fn from(mail: StoredMail) -> Self {
        match mail {
            Ok(mail) => Self {
                id: mail.id.to_string(),
                kind: mail.kind.as_str(),
                recipient: Some(mail.recipient.to_string()),
                queued_at: mail.created_at.to_string(),
                tries: mail.attempts,
                last_error: mail.last_error,
            },
            Err(mail) => Self {
                id: mail.id.to_string(),
                kind: "unreadable",
                recipient: None,
                queued_at: mail.created_at.to_string(),
                tries: mail.attempts,
                last_error: Some(mail.why),
            },
        }
    }
}

/// Mails that were given up, in the order in which they were queued, a page at a time.
#[utoipa::path(
    get,
    path = "/outbox",
    operation_id = "admin_list_dead_mail",
    tag = "admin",
    params(
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200,
            description = "Rows of a page; default 50"),
        ("cursor" = Option<String>, Query, description = "`next` or `previous` of another page"),
    ),
    responses(
        (status = 200, description = "The page", body = DeadMailPage),
        (status = 400, description = "What is wrong with each parameter", body = ErrorBody),
        ReaderRefusals,
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn list(
    State(state): State<HttpState>,
    _: Reader,
    QueryFields(PageQuery { limit, cursor }): QueryFields<PageQuery>,
) -> Result<Json<DeadMailPage>, ApiError> {
    let page = state.auth().admin_dead_mail(limit, cursor.as_deref()).await?;
    Ok(Json(DeadMailPage {
        mails: page.rows.into_iter().map(Into::into).collect(),
        next: page.next,
        previous: page.previous,
    }))
}

/// Has a mail that was given up tried again, at once.
#[utoipa::path(
    post,
    path = "/outbox/{id}/retry",
    operation_id = "admin_retry_mail",
    tag = "admin",
    params(("id" = String, Path, description = "The mail's id")),
    responses(
        (status = 200, description = "It is tried again", body = Message),
        (status = 404, description = "No such mail was given up", body = ErrorBody),
        WriterRefusals,
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn retry(
    State(state): State<HttpState>,
    Writer(by): Writer,
    Segment(id): Segment,
) -> Result<Json<Message>, ApiError> {
    state.auth().retry_mail(&by, &mail_id(&id)?).await?;
    Ok(Json(Message { message: "The mail will be tried again" }))
}

/// Erases a mail that was given up.
#[utoipa::path(
    delete,
    path = "/outbox/{id}",
    operation_id = "admin_drop_mail",
    tag = "admin",
    params(("id" = String, Path, description = "The mail's id")),
    responses(
        (status = 204, description = "Erased"),
        (status = 404, description = "No such mail was given up", body = ErrorBody),
        WriterRefusals,
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn delete(
    State(state): State<HttpState>,
    Writer(by): Writer,
    Segment(id): Segment,
) -> Result<StatusCode, ApiError> {
    state.auth().drop_mail(&by, &mail_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn mail_id(segment: &str) -> Result<MailId, OutboxError> {
    segment.parse().map_err(|_| OutboxError::NotFound)
}

impl From<OutboxError> for ApiError {
    fn from(error: OutboxError) -> Self {
        match error {
            OutboxError::NotFound => Self::not_found("Mail not found"),
            OutboxError::Service(error) => error.into(),
        }
    }
}
