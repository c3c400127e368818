//! `GET /api/v1/protected` with all that surrounds it, beside a bare route that
//! reads the same user's row by its key. Both get the token.

use axum::extract::{Path, State};
use axum::http::StatusCode;
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
    Router::new().route("/row/{id}", on_get(row)).with_state(bare)
}

async fn row(State(bare): State<Bare>, Path(id): Path<String>) -> Result<Json<Value>, StatusCode> {
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
    let requests = WORLD.signed_in.iter().map(|signed_in| {
        let path = match turn.side {
            Side::Baseline => format!("/row/{}", signed_in.user.id),
            Side::Usermgmt => "/api/v1/protected".to_owned(),
        };
        get(&path, signed_in.tokens.access_token.expose())
    });
    let mut load = Load::new(requests);
    measure(bencher, COMPARISON, turn, PEOPLE * TIMES, || load.run(TIMES));
}
