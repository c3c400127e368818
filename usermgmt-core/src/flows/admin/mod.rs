//! What administrators and operators do with other people's accounts: one
//! operation a file. Who may ask is the caller's to check; who asked is in the
//! audit log.

mod access;
mod bulk;
mod change;
mod confirm;
mod count;
mod disable;
mod enable;
mod export;
mod invite;
mod listing;
mod outbox;
mod remove;
mod reseal;
mod reset_factor;
mod send_reset;
mod set_role;
mod sign_out;
mod summary;

pub use self::access::{AdminAccess, AdminAccessError};
pub use self::bulk::{BulkAction, BulkOutcome};
pub use self::change::{ChangeUser, ChangeUserError};
pub use self::count::Counted;
pub(crate) use self::count::LastCount;
pub use self::invite::{Invite, InviteError, Invited};
pub use self::listing::{Listing, ListingError, MAX_PAGE, MOST_SORTED};
pub use self::outbox::OutboxError;
pub use self::reseal::{Resealed, RootUse};
use crate::auth::{Auth, ServiceError};
use crate::clock::Timestamp;
use crate::model::audit::Origin;
use crate::model::ids::UserId;
use crate::model::user::{Account, Role, User};
use crate::store::{Change, Guard, UserPatch};

/// Why nothing was done to an account.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// There is no such user.
    #[error("there is no such user")]
    NotFound,
    /// Nobody else could administer.
    #[error("this is the last administrator who is active")]
    LastAdmin,
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl Auth {
    /// Reads an account, decides, and commits, until what was decided on still
    /// stands. Where there is nothing to change, nothing is written.
    async fn administer(
        &self,
        id: &UserId,
        decide: impl Fn(&Account, Timestamp) -> Option<Vec<Change>>,
    ) -> Result<User, AdminError> {
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let account = self.read(self.0.store.account(id)).await?.ok_or(AdminError::NotFound)?;
            let Some(list) = decide(&account, now) else {
                return Ok(account.user);
            };
            match self.commit(list, now).await? {
                Ok(()) => {
                    let user = self.user(id).await?;
                    return user.ok_or(AdminError::NotFound);
                }
                Err(Guard::LastAdmin) => return Err(AdminError::LastAdmin),
                Err(_) => {}
            }
        }
    }

    /// Goes with what leaves this user no administrator.
    pub(in crate::flows) fn keep_admin(&self, user: &User) -> Option<Change> {
        let is_one = user.role == Role::Admin && user.is_active();
        is_one.then(|| Change::KeepAdmin { id: user.id.clone() })
    }

    /// What administrators change of a user: whoever signed in before is asked again.
    fn administered(&self, user: &User, set: UserPatch, now: Timestamp) -> Change {
        Change::UpdateUser {
            id: user.id.clone(),
            epoch: user.epoch,
            raise_epoch: true,
            at: now,
            set: Box::new(set),
        }
    }

    fn audit_by(
        &self,
        by: &Origin,
        user: &UserId,
        action: &str,
        detail: &[&str],
        now: Timestamp,
    ) -> Change {
        self.audit_from(by, Some(user), action, detail, now)
    }
}
