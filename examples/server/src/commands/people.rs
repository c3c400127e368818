//! What the commands about people have in common.

use serde_json::{Value, json};
use usermgmt_core::flows::{AdminError, MAX_PAGE};
use usermgmt_core::model::audit::{Actor, Origin};
use usermgmt_core::store::directory::{ListedUser, SortOrder, UserFilter};
use usermgmt_core::{Auth, ServiceError, User, UserId};

use crate::failure::Failure;
use crate::output::{List, time};

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

/// Prints the users of this kind, who registered first first: a page at a time, by an
/// index.
pub(super) async fn list(auth: &Auth, of: UserFilter, json: bool) -> Result<(), Failure> {
    let of = UserFilter { order: SortOrder::Asc, ..of };
    let mut list = List::begin(COLUMNS, json)?;
    let mut cursor: Option<String> = None;
    loop {
        let page = auth.admin_users(&of, MAX_PAGE, cursor.as_deref()).await;
        let page = page.map_err(|error| Failure::new("users", &error))?;
        for user in &page.rows {
            list.object(as_json(user))?;
        }
        cursor = page.next;
        if cursor.is_none() {
            return list.end();
        }
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
pub(super) fn as_json(listed: &ListedUser) -> Value {
    let user = &listed.user;
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
        "mfa_enabled": listed.mfa_enabled,
        "created_at": time(Some(user.created_at)),
        "updated_at": time(Some(user.updated_at)),
        "last_sign_in_at": time(listed.last_sign_in_at),
    })
}

/// The columns of a list of users; JSON has every field.
const COLUMNS: &[(&str, &str)] = &[
    ("id", "ID"),
    ("username", "USERNAME"),
    ("email", "EMAIL"),
    ("is_email_confirmed", "CONFIRMED"),
    ("is_disabled", "DISABLED"),
    ("role", "ROLE"),
    ("created_at", "CREATED"),
];
