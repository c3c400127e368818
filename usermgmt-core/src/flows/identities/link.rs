//! Linking an identity to an account that is there.

use super::ceremony::{Ceremony, LinkTo};
use super::{MAX_IDENTITIES, ProviderOutcome, ProviderSignInError};
use crate::auth::{Auth, Client};
use crate::clock::Timestamp;
use crate::model::mail::MailKind;
use crate::model::user::User;
use crate::oidc::{Claims, Provider};
use crate::store::Change;

impl Auth {
    /// Links it to the account of the session that asked for it.
    pub(super) async fn link(
        &self,
        provider: &Provider,
        claims: &Claims,
        to: &LinkTo,
        ceremony: &Ceremony,
        client: &Client,
    ) -> Result<ProviderOutcome, ProviderSignInError> {
        let linked = ProviderOutcome::Linked { return_to: ceremony.return_to.clone() };
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            // One that was ended meanwhile was ended for a reason.
            let found = self.read(self.0.store.session(to.session, now)).await?;
            let found = found.filter(|(_, user)| user.id == to.user && user.is_active());
            let Some((_, user)) = found else { return Err(ProviderSignInError::InvalidState) };
            let issuer = &provider.config().issuer;
            match self.read(self.0.store.identity(issuer, &claims.subject)).await? {
                Some(identity) if identity.user_id == user.id => return Ok(linked),
                Some(_) => return Err(ProviderSignInError::IdentityTaken),
                None => {}
            }
            let mut list = self.linking(provider, claims, &user, now).await?;
            list.push(Change::TouchUser { id: user.id.clone(), active: true, epoch: user.epoch });
            if self.commit_from(client, list, now).await?.is_ok() {
                return Ok(linked);
            }
        }
    }

    /// The changes that link an identity, of which the owner is told.
    pub(super) async fn linking(
        &self,
        provider: &Provider,
        claims: &Claims,
        user: &User,
        now: Timestamp,
    ) -> Result<Vec<Change>, ProviderSignInError> {
        let linked = self.read(self.0.store.identities(&user.id)).await?;
        if linked.len() >= MAX_IDENTITIES {
            return Err(ProviderSignInError::TooMany);
        }
        let identity = self.new_identity(provider, claims, &user.id, now);
        let params = [("provider", provider.config().name.as_str()), ("time", &now.to_string())];
        Ok(vec![
            self.mail_user(MailKind::IdentityLinked, user, vec![], &params, now),
            self.audit(&user.id, "identity.linked", &[&identity.provider], now),
            Change::LinkIdentity(Box::new(identity)),
        ])
    }
}
