//! What the commands about people have in common.

use serde_json::{Value, json};
use usermgmt_core::flows::AdminError;
use usermgmt_core::model::audit::{Actor, Origin};
use usermgmt_core::{Auth, ServiceError, User, UserId};

use crate::failure::Failure;
use crate::output::{List, time};

/// How many users are read at a time.
const PAGE: usize = 100;

/// Whoever runs these commands, in the audit log.
pub(super) fn operator() -> Origin {
    Origin::of(Actor::Operator)
}

/// The user with this id, username or address.
pub(super) async fn find(auth: &Auth, identifier: &str) -> Result<User, Failure> {
    let by_id = match identifier.parse::<UserId>() {
        Ok(id) => auth.user(&id).await.map_err(|error| not_served(&error))?,
        Err(_) => None,
    };
    let user = match by_id {
        Some(user) => Some(user),
        None => auth.find_user(identifier).await.map_err(|error| not_served(&error))?,
    };
    user.ok_or_else(|| Failure::Other(format!("there is no user `{identifier}`")))
}

/// Does something with every user, in the order of their ids.
pub(super) async fn each(
    auth: &Auth,
    mut act: impl AsyncFnMut(&User) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut after: Option<UserId> = None;
    loop {
        let page = auth.list_users(after.as_ref(), PAGE).await;
        let page = page.map_err(|error| not_served(&error))?;
        for user in &page {
            act(user).await?;
        }
        if page.len() < PAGE {
            return Ok(());
        }
        after = page.last().map(|user| user.id.clone());
    }
}

pub(super) fn not_served(error: &ServiceError) -> Failure {
    Failure::new("users", error)
}

pub(super) fn failure(error: AdminError) -> Failure {
    match error {
        AdminError::Service(error) => not_served(&error),
        other => Failure::Other(other.to_string()),
    }
}

/// A user, as the admin API has them: nothing secret.
pub(super) fn as_json(user: &User) -> Value {
    json!({
        "id": user.id.as_str(),
        "username": user.username.as_str(),
        "email": user.email.as_str(),
        "is_email_confirmed": user.is_email_confirmed(),
        "is_disabled": user.disabled_at.is_some(),
        "role": user.role.as_str(),
        "first_name": user.first_name,
        "last_name": user.last_name,
        "gender": user.gender,
        "locale": user.locale,
        "created_at": time(Some(user.created_at)),
        "updated_at": time(Some(user.updated_at)),
    })
}

/// The columns of a list of users.
pub(super) const COLUMNS: &[(&str, &str)] = &[
    ("id", "ID"),
    ("username", "USERNAME"),
    ("email", "EMAIL"),
    ("is_email_confirmed", "CONFIRMED"),
    ("is_disabled", "DISABLED"),
    ("role", "ROLE"),
    ("created_at", "CREATED"),
];

/// Adds a user to a list: a row, or in JSON all that is shown of them.
pub(super) fn add(list: &mut List, user: &User) -> Result<(), Failure> {
    list.object(as_json(user))
}
