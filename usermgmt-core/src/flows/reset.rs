//! Setting a new password by a mailed link.

use super::link::LinkError;
use crate::auth::{Auth, Client, ServiceError};
use crate::model::token::Purpose;
use crate::model::user::User;
use crate::password::PasswordProblem;
use crate::secret::PlaintextPassword;
use crate::store::{Change, UserPatch};

/// Why a password was not reset.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// Not a link of ours, used before, replaced or expired.
    #[error("the link is invalid or has expired")]
    InvalidToken,
    /// The new password is not accepted; the link stays good.
    #[error(transparent)]
    Password(#[from] PasswordProblem),
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<LinkError> for ResetError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Service(service_error) => Self::Service(service_error),
            LinkError::Invalid | LinkError::Expired | LinkError::AlreadyConfirmed => {
                Self::InvalidToken
            }
        }
    }
}

impl Auth {
    /// Sets a new password by the link that was mailed for it. All sessions end.
    /// The second factor stays: whoever has the mailbox still needs it.
    ///
    /// # Errors
    /// [`ResetError`]; nothing was changed, and the link stays as good as it was.
    pub async fn reset_password(
        &self,
        link_token: &str,
        new_password: &PlaintextPassword,
        client: &Client,
    ) -> Result<User, ResetError> {
        self.attempt_token(client, self.now()).await?;
        let purposes = [Purpose::Reset, Purpose::ChoosePassword];
        let mut hash = None;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let link = self.open_link(link_token, &purposes, now).await?;
            let (user, id) = (link.account.user, link.token.id);
            let confirms = !user.is_email_confirmed();
            let policy = &self.0.config.password_policy;
            policy.accept(new_password, &self.own_words(&user)).await?;
            let hash = match &hash {
                Some(hash) => hash,
                None => {
                    hash.insert(self.0.hasher.hash(new_password).await.map_err(ServiceError::from)?)
                }
            };
            let mut set = UserPatch { password: Some(Some(hash.clone())), ..UserPatch::default() };
            let mut list = self.password_changed(&user, None, now);
            list.push(Change::UseToken { id, now });
            list.push(self.audit(&user.id, "password.reset", &["password"], now));
            if confirms {
                set.email_confirmed_at = Some(Some(now));
                set.unconfirmed_until = Some(None);
                list.extend(self.hold_identifiers(&user, None));
                // Whoever linked or added them has not shown that the address is theirs.
                list.push(Change::UnlinkIdentities { user_id: user.id.clone(), since: None });
                if user.may_have_strangers_passkeys() {
                    list.push(Change::RemovePasskeys { user_id: user.id.clone(), since: None });
                }
                for purpose in [Purpose::Confirm, Purpose::NotMe, Purpose::Activation] {
                    list.push(Change::VoidTokens {
                        user_id: user.id.clone(),
                        purpose: Some(purpose),
                        since: None,
                        now,
                    });
                }
            }
            list.push(Change::UpdateUser {
                id: user.id.clone(),
                epoch: user.epoch,
                raise_epoch: true,
                at: now,
                set: Box::new(set),
            });
            if self.commit_from(client, list, now).await?.is_ok() {
                self.forget_failures(&user, client).await;
                return Ok(User {
                    email_confirmed_at: user.email_confirmed_at.or(Some(now)),
                    unconfirmed_until: None,
                    updated_at: now,
                    epoch: user.epoch + 1,
                    ..user
                });
            }
        }
    }
}
