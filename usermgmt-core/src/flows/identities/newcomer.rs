//! An identity that nobody has, with an address that the provider vouches for.

use super::enter::Entry;
use super::{ProviderOutcome, ProviderSignInError};
use crate::auth::Auth;
use crate::clock::Timestamp;
use crate::model::identifier::{Email, Identifier};
use crate::model::identity::Identity;
use crate::model::user::Account;
use crate::store::Change;

impl Auth {
    /// Makes an account, or finds the one that the operator lets the address lead to.
    pub(super) async fn enter_newcomer(
        &self,
        entry: &Entry<'_>,
        now: Timestamp,
    ) -> Result<Option<ProviderOutcome>, ProviderSignInError> {
        let email = self.address(entry)?;
        let address = Identifier::email(&email);
        let account = self.read(self.0.store.account_by_identifier(&address, now)).await?;
        let mut dropped = Vec::new();
        match account {
            // Nobody's, but for a change of address that can still be undone.
            None => {
                if self.read(self.0.store.is_taken(&address, None, now)).await? {
                    return Err(ProviderSignInError::AccountExists);
                }
            }
            Some(account) if !entry.provider.config().trust_email => {
                tracing::debug!(user = %account.user.id, "an identity's address has an account");
                return Err(ProviderSignInError::AccountExists);
            }
            Some(account) if account.user.is_active() => {
                return self.adopt(entry, &account, now).await;
            }
            // Whoever registered it has not shown that the address is theirs.
            Some(account) if account.user.is_contestable() => {
                dropped = self.drop_registration(&account.user, now).await?;
            }
            Some(_) => return Err(ProviderSignInError::AccountExists),
        }
        let (user, mut list) = self.first_user(&email, entry.client, now)?;
        let has_dropped = !dropped.is_empty();
        list.extend(dropped);
        let identity = self.new_identity(entry.provider, entry.claims, &user.id, now);
        let identity = Identity { last_used_at: Some(now), ..identity };
        list.push(self.audit(&user.id, "identity.linked", &[&identity.provider], now));
        list.push(Change::LinkIdentity(Box::new(identity)));
        let account = Account { user, password: None, totp: None };
        let outcome = self.conclude(entry, &account, list, now).await?;
        if has_dropped && outcome.is_some() {
            self.purge_deleted(now).await;
        }
        Ok(outcome)
    }

    /// Links the identity to the account whose confirmed address it has.
    async fn adopt(
        &self,
        entry: &Entry<'_>,
        account: &Account,
        now: Timestamp,
    ) -> Result<Option<ProviderOutcome>, ProviderSignInError> {
        let mut list = self.linking(entry.provider, entry.claims, &account.user, now).await?;
        for change in &mut list {
            if let Change::LinkIdentity(identity) = change {
                identity.last_used_at = Some(now);
            }
        }
        Ok(self.conclude(entry, account, list, now).await?)
    }

    /// The address, as accounts have it.
    pub(super) fn address(&self, entry: &Entry<'_>) -> Result<Email, ProviderSignInError> {
        let told = entry.claims.email.as_deref().unwrap_or_default();
        Email::parse_with(told, self.0.config.email_domains())
            .map_err(|_| ProviderSignInError::NoEmail)
    }
}
