//! `GET /api/v1/protected` with all that surrounds it, beside a bare route that
//! reads the same user's row by its key.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::get as on_get;
use axum::{Json, Router};
use divan::Bencher;
use serde_json::{Value, json};

use crate::common::get;
use crate::turns::{Comparison, Side, Turn, measure, turns};
use crate::world::{Bare, Load, PEOPLE, WORLD};

const COMPARISON: Comparison = Comparison { name: "current user", wanted_percent: Some(90) };
const TIMES: usize = 60;

pub(crate) fn routes(bare: Bare) -> Router {
    Router::new().route("/row", on_get(row)).with_state(bare)
}

async fn row(State(bare): State<Bare>, headers: HeaderMap) -> Result<Json<Value>, StatusCode> {
    let id = headers.get(header::AUTHORIZATION).and_then(|id| id.to_str().ok());
    let id = id.and_then(|id| id.strip_prefix("Bearer ")).ok_or(StatusCode::UNAUTHORIZED)?;
    let row: (String, String, String, Option<i64>) = sqlx::query_as(
        "SELECT id, username, email, email_confirmed_at FROM usermgmt_users WHERE id = ?",
    )
    .bind(id)
    .fetch_one(&bare.readers)
    .await
    .map_err(|_| StatusCode::NOT_FOUND)?;
    let (id, username, email, confirmed) = row;
    Ok(Json(json!({
        "user_id": id,
        "username": username,
        "email": email,
        "is_email_confirmed": confirmed.is_some(),
    })))
}

#[divan::bench(args = turns(), sample_count = 5, sample_size = 1)]
fn current_user(bencher: Bencher<'_, '_>, turn: &Turn) {
    let requests = WORLD.signed_in.iter().map(|signed_in| match turn.side {
        Side::Baseline => get("/row", signed_in.user.id.as_str()),
        Side::Usermgmt => get("/api/v1/protected", signed_in.tokens.access_token.expose()),
    });
    let mut load = Load::new(requests);
    measure(bencher, COMPARISON, turn, PEOPLE * TIMES, || load.run(TIMES));
}
