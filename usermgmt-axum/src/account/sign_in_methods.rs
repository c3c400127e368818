//! GET /signin/methods

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::HttpState;

/// What a front end shows to sign in with.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "methods": ["password", "oidc"], "providers": [{"id": "google", "name": "Google"}],
}))]
pub(crate) struct SignInMethodsBody {
    /// Of `password`, `email`, `passkey` and `oidc`, those that are on.
    methods: Vec<&'static str>,
    /// Whose accounts elsewhere sign in here.
    providers: Vec<ProviderBody>,
}

/// A provider of accounts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "google", "name": "Google"}))]
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
    responses((status = 200, description = "The ways to sign in", body = SignInMethodsBody)),
    security(()),
)]
pub(crate) async fn sign_in_methods(State(state): State<HttpState>) -> Json<SignInMethodsBody> {
    let mut methods = vec!["password"];
    if state.auth().config().sign_in.email {
        methods.push("email");
    }
    if state.auth().config().sign_in.passkeys {
        methods.push("passkey");
    }
    let providers = providers(&state);
    if !providers.is_empty() {
        methods.push("oidc");
    }
    Json(SignInMethodsBody { methods, providers })
}

#[cfg(feature = "oidc")]
fn providers(state: &HttpState) -> Vec<ProviderBody> {
    let providers = state.auth().config().providers.iter();
    let shown = providers.map(|one| ProviderBody { id: one.id.clone(), name: one.name.clone() });
    shown.collect()
}

#[cfg(not(feature = "oidc"))]
fn providers(_: &HttpState) -> Vec<ProviderBody> {
    Vec::new()
}
