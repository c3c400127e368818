//! GET /account/export: what is kept of the user, for them to take along (GDPR, 20).

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
#[cfg(feature = "passkeys")]
use usermgmt_core::flows::PasskeyError;
#[cfg(feature = "passkeys")]
use usermgmt_core::model::passkey::Passkey;

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

async fn data(member: &Member) -> Result<Value, ApiError> {
    let (auth, user) = (member.visit.auth(), &member.current.user);
    let sessions = auth.sessions(&user.id).await?;
    let sessions = sessions.iter().map(|session| {
        json!({
            "id": session.id.to_string(),
            "created_at": session.created_at.to_string(),
            "last_seen_at": session.last_seen_at.to_string(),
            "expires_at": session.expires_at.to_string(),
            "ip": session.ip.map(|ip| ip.to_string()),
            "user_agent": session.user_agent,
        })
    });
    let sessions: Vec<Value> = sessions.collect();
    #[cfg(feature = "passkeys")]
    let passkeys = match auth.passkeys(&user.id).await {
        Ok(passkeys) => passkeys.iter().map(passkey).collect(),
        Err(PasskeyError::Off) => vec![],
        Err(error) => return Err(error.into()),
    };
    #[cfg(not(feature = "passkeys"))]
    let passkeys: Vec<Value> = vec![];
    Ok(json!({
        "exported_at": auth.now().to_string(),
        "account": {
            "id": user.id.to_string(),
            "username": user.username.as_str(),
            "email": user.email.as_str(),
            "email_confirmed_at": user.email_confirmed_at.map(|at| at.to_string()),
            "first_name": user.first_name,
            "last_name": user.last_name,
            "gender": user.gender,
            "locale": user.locale,
            "role": user.role.as_str(),
            "created_at": user.created_at.to_string(),
            "updated_at": user.updated_at.to_string(),
        },
        "second_factor": auth.mfa_status(&user.id).await?.enabled,
        "passkeys": passkeys,
        "sessions": sessions,
    }))
}

#[cfg(feature = "passkeys")]
fn passkey(passkey: &Passkey) -> Value {
    json!({
        "id": passkey.id.to_string(),
        "name": passkey.name,
        "created_at": passkey.created_at.to_string(),
        "last_used_at": passkey.last_used_at.map(|at| at.to_string()),
        "backed_up": passkey.backed_up,
    })
}
