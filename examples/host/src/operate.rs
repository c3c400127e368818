//! What whoever runs the application does by a command.

use std::error::Error;

use usermgmt_core::{Actor, Auth, Origin, User};

/// Disables the account with this username or address; its sessions end.
///
/// # Errors
/// Where there is none, or the store is away.
pub async fn disable(auth: &Auth, name: &str) -> Result<User, Box<dyn Error>> {
    let by = Origin::of(Actor::Operator);
    let user = auth.find_user(name).await?.ok_or("there is no such user")?;
    Ok(auth.disable_user(&by, &user.id).await?)
}
