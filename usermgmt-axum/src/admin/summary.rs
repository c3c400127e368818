//! GET /summary

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use usermgmt_core::store::directory::DayCount;
use utoipa::ToSchema;

use super::gate::{Reader, ReaderRefusals};
use crate::error::ApiError;
use crate::state::HttpState;

#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "users": 1250, "unconfirmed": 31, "disabled": 4, "admins": 2, "mfa_enabled": 310,
    "sessions": 1480, "registered": [{"day": "2026-01-05", "count": 12}],
    "signed_in": [{"day": "2026-01-05", "count": 402}],
    "outbox": {"queued": 3, "retried": 1, "dead": 0, "oldest_seconds": 42},
    "as_of": "2026-01-05T09:30:00.000Z",
}))]
pub(crate) struct SummaryBody {
    users: u64,
    unconfirmed: u64,
    disabled: u64,
    admins: u64,
    mfa_enabled: u64,
    /// Sessions that have not ended.
    sessions: u64,
    /// Registrations of the last 14 days, the oldest day first.
    registered: Vec<DayBody>,
    /// Sign-ins of the last 14 days, the oldest day first.
    signed_in: Vec<DayBody>,
    outbox: OutboxBody,
    /// When it was counted: at most a minute ago.
    #[schema(format = DateTime)]
    as_of: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"day": "2026-01-05", "count": 12}))]
pub(crate) struct DayBody {
    /// The day, in UTC.
    #[schema(format = Date)]
    day: String,
    count: u64,
}

impl From<DayCount> for DayBody {
    fn from(counted: DayCount) -> Self {
        let day = counted.day.to_string();
        let day = day.split('T').next().unwrap_or_default().to_owned();
        Self { day, count: counted.count }
    }
}

/// How much mail waits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"queued": 3, "retried": 1, "dead": 0, "oldest_seconds": 42}))]
pub(crate) struct OutboxBody {
    /// Mails that are still tried.
    queued: u64,
    /// Of these, those that failed at least once.
    retried: u64,
    /// Mails that were given up.
    dead: u64,
    /// How long the oldest one that is still tried has waited.
    oldest_seconds: Option<u64>,
}

/// How much there is of everything.
#[utoipa::path(
    get,
    path = "/summary",
    operation_id = "admin_get_summary",
    tag = "admin",
    responses((status = 200, description = "The counts", body = SummaryBody), ReaderRefusals),
    security(("access_token" = [])),
)]
pub(crate) async fn summary(
    State(state): State<HttpState>,
    _: Reader,
) -> Result<Json<SummaryBody>, ApiError> {
    let counted = state.auth().admin_summary().await?;
    let (summary, outbox) = (counted.summary, counted.outbox);
    let days = |days: Vec<DayCount>| days.into_iter().map(Into::into).collect();
    Ok(Json(SummaryBody {
        users: summary.users,
        unconfirmed: summary.unconfirmed,
        disabled: summary.disabled,
        admins: summary.admins,
        mfa_enabled: summary.mfa_enabled,
        sessions: summary.sessions,
        registered: days(summary.registered),
        signed_in: days(summary.signed_in),
        outbox: OutboxBody {
            queued: outbox.waiting,
            retried: summary.mails_retried,
            dead: outbox.dead,
            oldest_seconds: outbox.oldest.map(|oldest| counted.as_of.since(oldest).as_secs()),
        },
        as_of: counted.as_of.to_string(),
    }))
}
