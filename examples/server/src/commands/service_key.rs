//! Keys with which a team's other services call the users API.

use std::str::FromStr as _;

use serde_json::json;
use usermgmt_core::Auth;
use usermgmt_core::flows::ServiceKeyError;
use usermgmt_core::model::ids::ServiceKeyId;
use usermgmt_core::secret::Redacted;

use super::people::operator;
use crate::cli::ServiceKeyAction;
use crate::failure::Failure;
use crate::output::{List, print_line, time};
use crate::settings::Settings;
use crate::setup;

/// How many keys are listed at a time.
const PAGE: usize = 100;
/// The name of the key that the first start makes.
const FIRST_NAME: &str = "first start";

/// Does it. Works while a server runs on the same store.
pub(crate) async fn run(action: ServiceKeyAction, settings: &Settings) -> Result<(), Failure> {
    let auth = setup::auth(settings, settings.listen, None).await?;
    match action {
        ServiceKeyAction::Create { name, allow_admin } => {
            let (_, key) =
                auth.create_service_key(&operator(), &name, allow_admin).await.map_err(failure)?;
            print_line(key.expose())
        }
        ServiceKeyAction::List { json } => list(&auth, json).await,
        ServiceKeyAction::Revoke { id } => {
            let id = ServiceKeyId::from_str(&id)
                .map_err(|_| Failure::Setting(format!("`{id}` is not the id of a service key")))?;
            auth.revoke_service_key(&operator(), &id).await.map_err(failure)
        }
    }
}

fn failure(error: ServiceKeyError) -> Failure {
    match error {
        ServiceKeyError::InvalidName => Failure::Setting(error.to_string()),
        error => Failure::new("service key", &error),
    }
}

async fn list(auth: &Auth, json: bool) -> Result<(), Failure> {
    let mut list = List::begin(
        &[
            ("id", "ID"),
            ("name", "NAME"),
            ("allow_admin", "ADMIN"),
            ("created_at", "CREATED"),
            ("last_used_at", "LAST USED"),
            ("revoked_at", "REVOKED"),
        ],
        json,
    )?;
    let mut after = None;
    loop {
        let keys = auth
            .service_keys(after.as_ref(), PAGE)
            .await
            .map_err(|error| Failure::new("service keys", &error))?;
        for key in &keys {
            list.row(vec![
                json!(key.id.as_str()),
                json!(key.name),
                json!(key.allow_admin),
                time(Some(key.created_at)),
                time(key.last_used_at),
                time(key.revoked_at),
            ])?;
        }
        after = keys.last().map(|key| key.id.clone());
        if keys.len() < PAGE {
            return list.end();
        }
    }
}

/// Makes a key where the store never had one: so that the users API can be
/// tried without further ado.
pub(crate) async fn make_first(auth: &Auth) -> Result<Option<Redacted<String>>, Failure> {
    let any =
        auth.service_keys(None, 1).await.map_err(|error| Failure::new("service keys", &error))?;
    if !any.is_empty() {
        return Ok(None);
    }
    match auth.create_service_key(&operator(), FIRST_NAME, false).await {
        Ok((_, key)) => Ok(Some(key)),
        // Another process that starts at once made it.
        Err(ServiceKeyError::NameTaken) => Ok(None),
        Err(error) => Err(failure(error)),
    }
}
