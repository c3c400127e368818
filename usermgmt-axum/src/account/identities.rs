//! GET /identities, POST /identities/{id} with a provider's id, and DELETE
//! /identities/{id} with an identity's

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use serde::Serialize;
use usermgmt_core::flows::{IdentityError, ProviderRequest};
use usermgmt_core::model::identity::Identity;
use utoipa::{IntoParams, ToSchema};

use super::reauthenticate::ReauthenticateRequest;
use crate::account_path::AccountPath;
use crate::body::{OptionalObject, QueryFields};
use crate::browser;
use crate::error::{ApiError, ErrorBody};
use crate::extract::CurrentUser;
use crate::pages::account::cookies;
use crate::pages::account::provider::redirect_uri;
use crate::pages::account::return_to::own_path;
use crate::path::Segment;
use crate::state::HttpState;
use crate::validate::{Fields, FromFields, Style, any};

#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"identities": [{
    "id": "01990c5e-0000-7000-8000-000000000006", "provider": "google",
    "email": "ada@example.org", "created_at": "2026-01-05T09:30:00.000Z",
    "last_used_at": "2026-01-06T08:00:00.000Z",
}]}))]
pub(crate) struct IdentitiesBody {
    identities: Vec<IdentityBody>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990c5e-0000-7000-8000-000000000006", "provider": "google",
    "email": "ada@example.org", "created_at": "2026-01-05T09:30:00.000Z",
    "last_used_at": "2026-01-06T08:00:00.000Z",
}))]
pub(crate) struct IdentityBody {
    id: String,
    /// The provider's id.
    provider: String,
    /// The address that the provider named when it was linked.
    email: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    /// When it last signed in.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
}

impl From<Identity> for IdentityBody {
    fn from(identity: Identity) -> Self {
        Self {
            id: identity.id.to_string(),
            provider: identity.provider,
            email: identity.email,
            created_at: identity.created_at.to_string(),
            last_used_at: identity.last_used_at.map(|at| at.to_string()),
        }
    }
}

/// The user's identities at providers.
#[utoipa::path(
    get,
    path = "/identities",
    operation_id = "list_identities",
    tag = "account",
    responses(
        (status = 200, description = "The identities", body = IdentitiesBody),
        (status = 401, description = "No access token, or none that is good", body = ErrorBody),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn list(
    State(state): State<HttpState>,
    CurrentUser(current): CurrentUser,
) -> Result<Json<IdentitiesBody>, ApiError> {
    let identities = state.auth().identities(&current.user.id).await?;
    let identities = identities.into_iter().map(IdentityBody::from).collect();
    Ok(Json(IdentitiesBody { identities }))
}

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LinkQuery {
    /// A path of this origin where the browser goes on; else to the front end, at
    /// `/signed-in?linked=` and the provider.
    return_to: Option<String>,
}

impl FromFields for LinkQuery {
    /// What a browser adds to a query refuses nothing.
    const STYLE: Style = Style::Users;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        Some(Self { return_to: fields.optional("return_to", any)? })
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"url": "https://accounts.google.com/o/oauth2/v2/auth?client_id=…"}))]
pub(crate) struct LinkBody {
    /// Where the browser goes to link its identity.
    url: String,
}

/// Begins to link an identity. The answer sets a cookie: the browser that goes to
/// the provider has to be the one that asked.
#[utoipa::path(
    post,
    path = "/identities/{id}",
    operation_id = "link_identity",
    tag = "account",
    params(("id" = String, Path, description = "The provider's id"), LinkQuery),
    request_body = Option<ReauthenticateRequest>,
    responses(
        (status = 200, description = "Where to go", body = LinkBody),
        (status = 400, description = "The current password is wrong", body = ErrorBody),
        (status = 401, description = "No access token, or none that is good", body = ErrorBody),
        (status = 403, description = "`reauthentication_required`: it needs `current_password` or a \
            recent sign-in", body = ErrorBody),
        (status = 404, description = "There is no such provider", body = ErrorBody),
        (status = 502, description = "`provider_unavailable`", body = ErrorBody),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn link(
    State(state): State<HttpState>,
    Extension(at): Extension<AccountPath>,
    Segment(provider): Segment,
    QueryFields(query): QueryFields<LinkQuery>,
    headers: HeaderMap,
    CurrentUser(current): CurrentUser,
    OptionalObject(request): OptionalObject<ReauthenticateRequest>,
) -> Result<Response, ApiError> {
    let back = redirect_uri(&state, &at, &provider);
    let mut asked = ProviderRequest::new(&provider, &back);
    asked.browser = browser::provider(&headers, &state);
    let public = &state.auth().config().public_url;
    let wanted = query.return_to.as_deref().and_then(|wanted| own_path(wanted, public));
    asked.return_to = wanted.map(str::to_owned);
    let password = request.current_password.as_ref();
    let redirect = state.auth().begin_identity_link(&current, &asked, password).await?;
    let mut response = Json(LinkBody { url: redirect.url.into() }).into_response();
    let cookie = cookies::provider(&state, redirect.browser.expose());
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

/// Unlinks an identity.
#[utoipa::path(
    delete,
    path = "/identities/{id}",
    operation_id = "unlink_identity",
    tag = "account",
    params(("id" = String, Path, description = "The identity's id")),
    request_body = Option<ReauthenticateRequest>,
    responses(
        (status = 204, description = "Unlinked"),
        (status = 400, description = "The current password is wrong", body = ErrorBody),
        (status = 401, description = "No access token, or none that is good", body = ErrorBody),
        (status = 403, description = "`reauthentication_required`: it needs `current_password` or a \
            recent sign-in", body = ErrorBody),
        (status = 404, description = "The user has no such identity", body = ErrorBody),
        (status = 409, description = "`last_sign_in_method`: nothing else signs the user in",
            body = ErrorBody),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn unlink(
    State(state): State<HttpState>,
    CurrentUser(current): CurrentUser,
    Segment(id): Segment,
    OptionalObject(request): OptionalObject<ReauthenticateRequest>,
) -> Result<StatusCode, ApiError> {
    let id = id.parse().map_err(|_| IdentityError::NotFound)?;
    let password = request.current_password.as_ref();
    state.auth().unlink_identity(&current, &id, password).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<IdentityError> for ApiError {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::NotFound => Self::not_found("Identity not found"),
            IdentityError::LastSignInMethod => Self::new(
                StatusCode::CONFLICT,
                "last_sign_in_method",
                "It is the only way to sign in. Set a password or link another account first.",
            ),
            IdentityError::Reauthentication(error) => error.into(),
            IdentityError::Service(error) => error.into(),
        }
    }
}
