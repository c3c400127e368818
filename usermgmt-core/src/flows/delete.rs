//! Deleting an account.

use super::authenticate::Current;
use super::reauthenticate::{ReauthenticateFailure, ReauthenticationError};
use crate::auth::{Auth, Client, ServiceError};
use crate::clock::Timestamp;
use crate::model::ids::UserId;
use crate::model::user::User;
use crate::secret::PlaintextPassword;
use crate::store::{Change, Guard};

/// Why an account was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteError {
    /// There is no such user (any more).
    #[error("there is no such user")]
    NotFound,
    /// Nobody else could administer.
    #[error("this is the last administrator who is active")]
    LastAdmin,
    /// It needs a recent sign-in or the current password.
    #[error(transparent)]
    Reauthentication(#[from] ReauthenticationError),
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<ReauthenticateFailure> for DeleteError {
    fn from(failure: ReauthenticateFailure) -> Self {
        match failure {
            ReauthenticateFailure::Refused(refused) => Self::Reauthentication(refused),
            ReauthenticateFailure::Service(service_error) => Self::Service(service_error),
        }
    }
}

impl Auth {
    /// Deletes the signed-in user's account: from the commit on nothing finds
    /// it, its address and name are free, and every trace of the person goes.
    /// Audit entries keep the opaque id.
    ///
    /// # Errors
    /// [`DeleteError`].
    pub async fn delete_account(
        &self,
        current: &Current,
        password: Option<&PlaintextPassword>,
    ) -> Result<(), DeleteError> {
        self.reauthenticate(current, password).await?;
        self.delete(&current.user.id, &current.client, |user| current.still(user)).await
    }

    /// Deletes a user, for operators and services.
    ///
    /// # Errors
    /// [`DeleteError`], but for [`DeleteError::Reauthentication`].
    pub async fn delete_user(&self, id: &UserId) -> Result<(), DeleteError> {
        self.delete(id, &Client::default(), |_| Ok(())).await
    }

    async fn delete(
        &self,
        id: &UserId,
        client: &Client,
        may_go: impl Fn(&User) -> Result<(), ReauthenticationError>,
    ) -> Result<(), DeleteError> {
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let account =
                self.read(self.0.store.account(id)).await?.ok_or(DeleteError::NotFound)?;
            may_go(&account.user)?;
            let user = &account.user;
            let mut list = self.deletion(user, now);
            list.push(self.audit(&user.id, "user.deleted", &[], now));
            list.extend(self.keep_admin(user));
            match self.commit_from(client, list, now).await? {
                Ok(()) => {
                    self.purge_deleted(now).await;
                    return Ok(());
                }
                Err(Guard::LastAdmin) => return Err(DeleteError::LastAdmin),
                Err(_) => {}
            }
        }
    }

    /// The changes that delete a user, but for the audit entry. What else was theirs is purged after.
    pub(crate) fn deletion(&self, user: &User, now: Timestamp) -> Vec<Change> {
        vec![
            Change::DeleteUser { id: user.id.clone(), epoch: user.epoch, at: now },
            Change::ReleaseIdentifiers { user_id: user.id.clone() },
            Change::EndSessions { user_id: user.id.clone(), except: None },
            Change::UnlinkIdentities { user_id: user.id.clone(), since: None },
            Change::DropMail { user_id: user.id.clone() },
        ]
    }
}
