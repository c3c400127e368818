//! A registration of our own: the person and their row are one commit.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use usermgmt_axum::{ApiError, ClientInfo};
use usermgmt_core::flows::{Register, RegisterError};
use usermgmt_core::model::identifier::IdentifierKind;
use usermgmt_core::store::{Guard, StoreError};
use usermgmt_core::{Client, Email, PlaintextPassword, ServiceError, Username};
use usermgmt_store_sql::SqlStore;

use crate::AppState;
use crate::members::Members;

#[derive(Deserialize)]
pub(crate) struct Body {
    username: String,
    email: String,
    password: String,
    plan: String,
}

pub(crate) async fn register(
    State(state): State<AppState>,
    ClientInfo(client): ClientInfo,
    Json(body): Json<Body>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let invalid = |what: &str| {
        let text = format!("The {what} is not valid");
        ApiError::new(StatusCode::BAD_REQUEST, "validation_error", text)
    };
    let command = Register::new(
        Username::parse(&body.username, Username::MAX_OWN).map_err(|_| invalid("username"))?,
        Email::parse(&body.email).map_err(|_| invalid("email address"))?,
        PlaintextPassword::from(body.password.as_str()),
    );
    join(&state, &command, &body.plan, &client).await?;
    Ok((StatusCode::CREATED, Json(json!({ "message": "Read your mail to confirm" }))))
}

/// Commits the person and the member together, or neither.
async fn join(
    state: &AppState,
    command: &Register,
    plan: &str,
    client: &Client,
) -> Result<(), RegisterError> {
    let auth = state.accounts.auth();
    let failed = |error: sqlx::Error| ServiceError::Unavailable(error.into());
    for _ in 0..5 {
        // Hashes the password, so it comes before the transaction.
        let prepared = auth.prepare_registration(command, client).await?;
        // The time of the rest would tell whether the address has an account.
        let least_time = tokio::time::sleep(auth.config().least_request_time);
        let mut tx = state.members.pool().begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        // `None`: the address has an account, whose owner gets a mail. The answer is the same.
        if let Some(user) = &prepared.user_id {
            Members::add(&mut tx, user, plan).await.map_err(failed)?;
        }
        match SqlStore::apply_in(&mut tx, &prepared.changes).await {
            Ok(()) => {
                tx.commit().await.map_err(failed)?;
                // The mail is sent now, and events are told.
                auth.committed(&prepared.changes);
                least_time.await;
                return Ok(());
            }
            Err(StoreError::Conflict(Guard::Taken(IdentifierKind::Username))) => {
                return Err(RegisterError::UsernameTaken);
            }
            // Somebody else was quicker, or stood in the way: once more.
            Err(StoreError::Conflict(_) | StoreError::Unavailable(_)) => {}
            Err(error) => return Err(ServiceError::from(error).into()),
        }
    }
    Err(ServiceError::Unavailable("others were quicker, again and again".into()).into())
}
