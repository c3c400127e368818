//! A user's sessions and their end.

use super::authenticate::Current;
use crate::auth::{Auth, Client, ServiceError};
use crate::model::ids::{SessionId, UserId};
use crate::model::session::Session;
use crate::model::token::Purpose;
use crate::store::Change;

/// Why a session was not ended.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The user has no such session.
    #[error("there is no such session")]
    NotFound,
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl Auth {
    /// Ends the present session.
    ///
    /// # Errors
    /// [`ServiceError`]. That it has ended already is no error.
    pub async fn sign_out(&self, current: &Current) -> Result<(), ServiceError> {
        match self.end_session(&current.user.id, current.session.id, &current.client).await {
            Ok(()) | Err(SessionError::NotFound) => Ok(()),
            Err(SessionError::Service(service_error)) => Err(service_error),
        }
    }

    /// Ends all of a user's sessions, and every sign-in that waits for its second
    /// factor. One whose password is verified at this moment counts as made after.
    ///
    /// # Errors
    /// [`ServiceError`]. That the user is gone is no error.
    pub async fn sign_out_all(&self, user: &UserId, client: &Client) -> Result<(), ServiceError> {
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let Some(account) = self.read(self.0.store.account(user)).await? else {
                return Ok(());
            };
            let list = vec![
                Change::UpdateUser {
                    id: user.clone(),
                    epoch: account.user.epoch,
                    raise_epoch: true,
                    at: account.user.updated_at,
                    set: Box::default(),
                },
                Change::EndSessions { user_id: user.clone(), except: None },
                Change::ForgetDevices { user_id: user.clone() },
                self.void(user, Some(Purpose::EmailSignIn), now),
                self.audit(user, "session.all_ended", &[], now),
            ];
            if self.commit_from(client, list, now).await?.is_ok() {
                return Ok(());
            }
        }
    }

    /// A user's sessions, the one used last first.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn sessions(&self, user: &UserId) -> Result<Vec<Session>, ServiceError> {
        self.read(self.0.store.sessions(user, self.now())).await
    }

    /// Ends one of a user's sessions.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn end_session(
        &self,
        user: &UserId,
        id: SessionId,
        client: &Client,
    ) -> Result<(), SessionError> {
        let now = self.now();
        let list = vec![
            Change::EndSession { id, user_id: user.clone(), generation: None },
            self.audit(user, "session.ended", &[], now),
        ];
        self.commit_from(client, list, now).await?.map_err(|_| SessionError::NotFound)
    }
}
