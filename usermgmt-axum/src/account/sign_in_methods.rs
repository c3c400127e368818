//! GET /signin/methods

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::HttpState;

/// What a front end shows to sign in with.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignInMethodsBody {
    /// `password`, `email`.
    methods: Vec<&'static str>,
    /// Whose accounts elsewhere sign in here.
    providers: Vec<ProviderBody>,
}

/// A provider of accounts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProviderBody {
    /// What its paths call it.
    id: String,
    /// What people call it.
    name: String,
}

/// Which ways to sign in there are.
#[utoipa::path(
    get,
    path = "/signin/methods",
    tag = "account",
    responses((status = 200, description = "They", body = SignInMethodsBody)),
    security(()),
)]
pub(crate) async fn sign_in_methods(State(state): State<HttpState>) -> Json<SignInMethodsBody> {
    let mut methods = vec!["password"];
    if state.auth().config().sign_in.email {
        methods.push("email");
    }
    Json(SignInMethodsBody { methods, providers: Vec::new() })
}
