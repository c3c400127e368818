//! POST /passkeys/options, GET and POST /passkeys, PATCH and DELETE /passkeys/{id}

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use usermgmt_core::flows::{MAX_PASSKEY_NAME, PasskeyError, PasskeyRequest, ReauthenticationError};
use usermgmt_core::model::ids::PasskeyId;
use usermgmt_core::model::passkey::Passkey;
use utoipa::ToSchema;

use super::reauthenticate::sign_in_again;
use crate::body::Object;
use crate::error::{ApiError, ErrorBody};
use crate::extract::CurrentUser;
use crate::path::Segment;
use crate::state::HttpState;
use crate::validate::{Fields, FromFields, Style, not_empty, text};

/// What a browser is to be asked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "request": "umt_…", "options": {"challenge": "3q2-7w", "rpId": "example.org"},
}))]
pub(crate) struct PasskeyOptionsBody {
    /// To be brought back with the answer: good once, for five minutes.
    request: String,
    /// For `PublicKeyCredential.parseCreationOptionsFromJSON()` or
    /// `parseRequestOptionsFromJSON()`.
    #[schema(value_type = Object)]
    options: Value,
}

impl From<PasskeyRequest> for PasskeyOptionsBody {
    fn from(asked: PasskeyRequest) -> Self {
        Self { request: asked.request, options: asked.options }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990c5e-0000-7000-8000-000000000007", "name": "Laptop",
    "created_at": "2026-01-05T09:30:00.000Z", "last_used_at": null, "backed_up": true,
}))]
pub(crate) struct PasskeyBody {
    id: String,
    name: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
    /// Whether there is a copy elsewhere: losing one device does not lose it.
    backed_up: bool,
}

impl From<Passkey> for PasskeyBody {
    fn from(passkey: Passkey) -> Self {
        Self {
            id: passkey.id.to_string(),
            name: passkey.name,
            created_at: passkey.created_at.to_string(),
            last_used_at: passkey.last_used_at.map(|at| at.to_string()),
            backed_up: passkey.backed_up,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"passkeys": [{
    "id": "01990c5e-0000-7000-8000-000000000007", "name": "Laptop",
    "created_at": "2026-01-05T09:30:00.000Z", "last_used_at": null, "backed_up": true,
}]}))]
pub(crate) struct PasskeysBody {
    passkeys: Vec<PasskeyBody>,
}

/// Asks for what a browser makes a passkey by.
#[utoipa::path(
    post,
    path = "/passkeys/options",
    operation_id = "passkey_options",
    tag = "account",
    responses(
        (status = 200, description = "What to ask the browser", body = PasskeyOptionsBody),
        (status = 401, description = "No access token, or none that is good", body = ErrorBody),
        (status = 403, description = "`reauthentication_required`", body = ErrorBody),
        (status = 404, description = "Passkeys are off (`sign_in.passkeys`)", body = ErrorBody),
        (status = 409, description = "`too_many_passkeys`: there are 20", body = ErrorBody),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn options(
    State(state): State<HttpState>,
    CurrentUser(current): CurrentUser,
) -> Result<Json<PasskeyOptionsBody>, ApiError> {
    Ok(Json(state.auth().passkey_options(&current).await?.into()))
}

#[derive(Debug, ToSchema)]
#[schema(example = json!({
    "request": "umt_…", "name": "Laptop",
    "credential": {"id": "AQIDBAUG", "rawId": "AQIDBAUG", "type": "public-key", "response": {}},
}))]
pub(crate) struct AddPasskeyRequest {
    /// From the answer to `/passkeys/options`.
    request: String,
    /// As `PublicKeyCredential.toJSON()` has it.
    #[schema(value_type = Object)]
    credential: Value,
    /// What its owner calls it.
    #[schema(max_length = 64, nullable = false)]
    name: Option<String>,
}

impl FromFields for AddPasskeyRequest {
    const STYLE: Style = Style::Account;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        let request = fields.required("request", not_empty);
        let credential = fields.json("credential");
        let name = fields.nullable("name", text(1, MAX_PASSKEY_NAME));
        Some(Self { request: request?, credential: credential?, name: name? })
    }
}

#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990c5e-0000-7000-8000-000000000007", "name": "Laptop",
    "created_at": "2026-01-05T09:30:00.000Z", "last_used_at": null, "backed_up": true,
}))]
pub(crate) struct AddedPasskeyBody {
    #[serde(flatten)]
    passkey: PasskeyBody,
    /// Where it is the account's first second factor: each stands in for it once.
    /// Shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    recovery_codes: Option<Vec<String>>,
}

/// Adds the passkey that the browser made.
#[utoipa::path(
    post,
    path = "/passkeys",
    operation_id = "add_passkey",
    tag = "account",
    request_body = AddPasskeyRequest,
    responses(
        (status = 201, description = "Added", body = AddedPasskeyBody),
        (status = 400, description = "`invalid_passkey`: not what was asked for, too late, used \
            before, or known already", body = ErrorBody),
        (status = 401, description = "No access token, or none that is good", body = ErrorBody),
        (status = 404, description = "Passkeys are off (`sign_in.passkeys`)", body = ErrorBody),
        (status = 409, description = "`too_many_passkeys`: there are 20", body = ErrorBody),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn add(
    State(state): State<HttpState>,
    CurrentUser(current): CurrentUser,
    Object(request): Object<AddPasskeyRequest>,
) -> Result<(StatusCode, Json<AddedPasskeyBody>), ApiError> {
    let AddPasskeyRequest { request, credential, name } = request;
    let added = state.auth().add_passkey(&current, &request, &credential, name.as_deref()).await?;
    let codes = added.recovery_codes.iter().flatten().map(|code| code.expose().clone());
    let body = AddedPasskeyBody {
        recovery_codes: added.recovery_codes.is_some().then(|| codes.collect()),
        passkey: added.passkey.into(),
    };
    Ok((StatusCode::CREATED, Json(body)))
}

/// The user's passkeys.
#[utoipa::path(
    get,
    path = "/passkeys",
    operation_id = "list_passkeys",
    tag = "account",
    responses(
        (status = 200, description = "The passkeys", body = PasskeysBody),
        (status = 401, description = "No access token, or none that is good", body = ErrorBody),
        (status = 404, description = "Passkeys are off (`sign_in.passkeys`)", body = ErrorBody),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn list(
    State(state): State<HttpState>,
    CurrentUser(current): CurrentUser,
) -> Result<Json<PasskeysBody>, ApiError> {
    let passkeys = state.auth().passkeys(&current.user.id).await?;
    Ok(Json(PasskeysBody { passkeys: passkeys.into_iter().map(PasskeyBody::from).collect() }))
}

#[derive(Debug, ToSchema)]
#[schema(example = json!({"name": "Laptop"}))]
pub(crate) struct RenamePasskeyRequest {
    #[schema(min_length = 1, max_length = 64)]
    name: String,
}

impl FromFields for RenamePasskeyRequest {
    const STYLE: Style = Style::Account;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        Some(Self { name: fields.required("name", text(1, MAX_PASSKEY_NAME))? })
    }
}

/// Names a passkey.
#[utoipa::path(
    patch,
    path = "/passkeys/{id}",
    operation_id = "rename_passkey",
    tag = "account",
    params(("id" = String, Path, description = "The passkey's id")),
    request_body = RenamePasskeyRequest,
    responses(
        (status = 200, description = "Named", body = PasskeyBody),
        (status = 400, description = "Not a valid name", body = ErrorBody),
        (status = 401, description = "No access token, or none that is good", body = ErrorBody),
        (status = 404, description = "The user has no such passkey", body = ErrorBody),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn rename(
    State(state): State<HttpState>,
    CurrentUser(current): CurrentUser,
    Segment(id): Segment,
    Object(request): Object<RenamePasskeyRequest>,
) -> Result<Json<PasskeyBody>, ApiError> {
    let passkey = state.auth().rename_passkey(&current, &parsed(&id)?, &request.name).await?;
    Ok(Json(passkey.into()))
}

/// Removes a passkey.
#[utoipa::path(
    delete,
    path = "/passkeys/{id}",
    operation_id = "remove_passkey",
    tag = "account",
    params(("id" = String, Path, description = "The passkey's id")),
    responses(
        (status = 204, description = "Removed"),
        (status = 401, description = "No access token, or none that is good", body = ErrorBody),
        (status = 403, description = "`reauthentication_required`", body = ErrorBody),
        (status = 404, description = "The user has no such passkey", body = ErrorBody),
        (status = 409, description = "`last_sign_in_method`: nothing else signs the user in",
            body = ErrorBody),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn remove(
    State(state): State<HttpState>,
    CurrentUser(current): CurrentUser,
    Segment(id): Segment,
) -> Result<StatusCode, ApiError> {
    state.auth().remove_passkey(&current, &parsed(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn parsed(id: &str) -> Result<PasskeyId, PasskeyError> {
    id.parse().map_err(|_| PasskeyError::NotFound)
}

impl From<PasskeyError> for ApiError {
    fn from(error: PasskeyError) -> Self {
        match error {
            PasskeyError::Off => Self::no_such_path(),
            PasskeyError::NotFound => Self::not_found("Passkey not found"),
            PasskeyError::TooMany => Self::new(
                StatusCode::CONFLICT,
                "too_many_passkeys",
                "There are 20 passkeys; remove one first",
            ),
            PasskeyError::Invalid => {
                Self::bad_request("invalid_passkey", "The passkey could not be verified")
            }
            PasskeyError::Name => {
                Self::bad_request("invalid_name", "A passkey's name has 1 to 64 characters")
            }
            PasskeyError::LastSignInMethod => Self::new(
                StatusCode::CONFLICT,
                "last_sign_in_method",
                "This is the last way to sign in",
            ),
            // No password is asked for here, so none is to be given.
            PasskeyError::Reauthentication(ReauthenticationError::Required(ways)) => {
                sign_in_again(ways)
            }
            PasskeyError::Reauthentication(error) => error.into(),
            PasskeyError::Service(error) => error.into(),
        }
    }
}
