//! GET /account/export: what is kept of the user, for them to take along (GDPR, 15 and 20).

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use usermgmt_core::model::audit::Actor;
use usermgmt_core::model::ids::UserId;

use super::member::Member;
use crate::error::ApiError;

pub(super) async fn export(member: Member) -> Response {
    match data(&member).await {
        Ok(data) => {
            let disposition = "attachment; filename=\"account.json\"";
            ([(header::CONTENT_DISPOSITION, disposition)], Json(data)).into_response()
        }
        Err(refusal) => member.refused(refusal),
    }
}

/// All of it but from where others did what they did.
async fn data(member: &Member) -> Result<Value, ApiError> {
    let id = &member.current.user.id;
    let mut data = member.visit.auth().export_user(id).await?;
    let entries = data["audit"].as_array_mut().into_iter().flatten();
    for entry in entries.filter(|entry| !is_by(entry, id)) {
        entry["ip"] = Value::Null;
        entry["user_agent"] = Value::Null;
    }
    Ok(data)
}

/// Whether the user did that, or somebody as them.
fn is_by(entry: &Value, user: &UserId) -> bool {
    let actor = &entry["actor"];
    match actor["id"].as_str() {
        Some(id) => id == user.as_str(),
        None => actor["kind"] == Actor::User.as_str(),
    }
}
