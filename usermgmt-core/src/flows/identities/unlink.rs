//! A user's identities, and taking one away.

use super::IdentityError;
use crate::auth::{Auth, ServiceError};
use crate::flows::authenticate::Current;
use crate::flows::ways_in::signs_in;
use crate::model::identity::Identity;
use crate::model::ids::{IdentityId, UserId};
use crate::model::mail::MailKind;
use crate::secret::PlaintextPassword;
use crate::store::Change;

impl Auth {
    /// A user's identities, in the order in which they were linked.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn identities(&self, user: &UserId) -> Result<Vec<Identity>, ServiceError> {
        self.read(self.0.store.identities(user)).await
    }

    /// Takes an identity from the account of a user who is signed in: lately, or with
    /// the current password. Never the last way in. Its owner is told.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub async fn unlink_identity(
        &self,
        current: &Current,
        id: &IdentityId,
        password: Option<&PlaintextPassword>,
    ) -> Result<(), IdentityError> {
        self.reauthenticate(current, password).await?;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let account = self.read(self.0.store.account(&current.user.id)).await?;
            let account = account.ok_or(IdentityError::NotFound)?;
            current.still(&account.user)?;
            let identities = self.identities(&account.user.id).await?;
            let identity = identities.iter().find(|identity| identity.id == *id);
            let identity = identity.ok_or(IdentityError::NotFound)?;
            let others = identities.iter().filter(|other| other.id != *id);
            let providers = &self.0.config.providers;
            let others = others.filter(|other| signs_in(providers, other)).count();
            let passkeys = self.passkeys_of(&account).await?.len();
            if !self.has_way_in(&account, others, passkeys) {
                return Err(IdentityError::LastSignInMethod);
            }
            let user = &account.user;
            let name = self.provider_name(&identity.provider);
            let params = [("provider", name.as_str()), ("time", &now.to_string())];
            let list = vec![
                // Raised, so that of two ways in that go at once the second is looked at again.
                Change::UpdateUser {
                    id: user.id.clone(),
                    epoch: user.epoch,
                    raise_epoch: true,
                    at: user.updated_at,
                    set: Box::default(),
                },
                Change::UnlinkIdentity { user_id: user.id.clone(), id: id.clone() },
                self.mail_user(MailKind::IdentityUnlinked, user, vec![], &params, now),
                self.audit(&user.id, "identity.unlinked", &[&identity.provider], now),
            ];
            if self.commit_from(&current.client, list, now).await?.is_ok() {
                return Ok(());
            }
        }
    }

    /// What people call a provider; one that is not configured any more keeps its id.
    fn provider_name(&self, id: &str) -> String {
        let provider = self.0.config.providers.iter().find(|provider| provider.id == id);
        provider.map_or_else(|| id.to_owned(), |provider| provider.name.clone())
    }
}
