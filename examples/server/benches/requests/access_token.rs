//! A route of a host's own that asks for [`AccessClaims`], beside the same
//! route that asks for nothing. Both get the same requests.

use axum::routing::get as on_get;
use axum::{Json, Router};
use divan::Bencher;
use serde_json::{Value, json};
use usermgmt_axum::{AccessClaims, HttpState};

use crate::common::get;
use crate::turns::{Comparison, Side, Turn, measure, turns};
use crate::world::{Load, PEOPLE, WORLD};

const COMPARISON: Comparison = Comparison { name: "access token", wanted_percent: Some(85) };
const TIMES: usize = 300;

pub(crate) fn routes(state: HttpState) -> Router {
    Router::new().route("/bare", on_get(bare)).route("/claims", on_get(claims)).with_state(state)
}

async fn bare() -> Json<Value> {
    Json(json!({ "user": "0199c7a4-0000-7000-8000-000000000000" }))
}

async fn claims(claims: AccessClaims) -> Json<Value> {
    Json(json!({ "user": claims.sub }))
}

#[divan::bench(args = turns(), sample_count = 5, sample_size = 1)]
fn access_token(bencher: Bencher<'_, '_>, turn: &Turn) {
    let path = match turn.side {
        Side::Baseline => "/bare",
        Side::Usermgmt => "/claims",
    };
    let tokens = WORLD.signed_in.iter().map(|signed_in| &signed_in.tokens.access_token);
    let mut load = Load::new(tokens.map(|token| get(path, token.expose())));
    measure(bencher, COMPARISON, turn, PEOPLE * TIMES, || load.run(TIMES));
}
