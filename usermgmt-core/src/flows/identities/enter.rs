//! Signing in whoever a provider says that it is.

use serde::{Deserialize, Serialize};

use super::ceremony::Ceremony;
use super::{ProviderOutcome, ProviderSignInError};
use crate::auth::{Auth, Client, ServiceError};
use crate::clock::Timestamp;
use crate::flows::amr::PROVIDER;
use crate::flows::resend::ResendError;
use crate::flows::sign_in::SignInOutcome;
use crate::model::identity::Identity;
use crate::model::token::Purpose;
use crate::model::user::Account;
use crate::oidc::{Claims, Provider};
use crate::store::Change;
use crate::token;

/// What a code of a front end stands for: the account as it was.
#[derive(Serialize, Deserialize)]
pub(super) struct Entered {
    pub(super) epoch: i64,
}

/// What a sign-in goes on with.
pub(super) struct Entry<'a> {
    pub(super) provider: &'a Provider,
    pub(super) claims: &'a Claims,
    pub(super) ceremony: &'a Ceremony,
    /// The browser, which has shown that it is the one.
    pub(super) browser: &'a str,
    pub(super) client: &'a Client,
}

impl Auth {
    pub(super) async fn enter_by_provider(
        &self,
        provider: &Provider,
        claims: &Claims,
        ceremony: &Ceremony,
        browser: Option<&str>,
        client: &Client,
    ) -> Result<ProviderOutcome, ProviderSignInError> {
        let browser = browser.ok_or(ProviderSignInError::InvalidState)?;
        let entry = Entry { provider, claims, ceremony, browser, client };
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let issuer = &provider.config().issuer;
            let found = self.read(self.0.store.identity(issuer, &claims.subject)).await?;
            let entered = match found {
                Some(identity) => self.enter_known(&entry, &identity, now).await?,
                None if claims.is_email_verified => self.enter_newcomer(&entry, now).await?,
                None => return Err(self.register_unvouched(&entry).await?),
            };
            if let Some(outcome) = entered {
                return Ok(outcome);
            }
        }
    }

    async fn enter_known(
        &self,
        entry: &Entry<'_>,
        identity: &Identity,
        now: Timestamp,
    ) -> Result<Option<ProviderOutcome>, ProviderSignInError> {
        let account = self.read(self.0.store.account(&identity.user_id)).await?;
        let Some(account) = account.filter(|account| account.user.disabled_at.is_none()) else {
            return Err(ProviderSignInError::NotActive);
        };
        let user = &account.user;
        if user.unconfirmed_until.is_some_and(|until| until <= now) {
            return Err(ProviderSignInError::NotActive);
        }
        if !user.is_email_confirmed() {
            let resent = self.resend_confirmation(user.email.as_str(), entry.client).await;
            return Err(match resent {
                Ok(()) => ProviderSignInError::ConfirmationRequired,
                // Gone since.
                Err(ResendError::UnknownUser) => ProviderSignInError::NotActive,
                Err(ResendError::Service(error)) => error.into(),
            });
        }
        let used = Change::UseIdentity {
            user_id: user.id.clone(),
            issuer: identity.issuer.clone(),
            subject: identity.subject.clone(),
            at: now,
        };
        Ok(self.conclude(entry, &account, vec![used], now).await?)
    }

    /// Signs in together with the changes that earned it. `None`: something changed in
    /// between, and nothing was written.
    pub(super) async fn conclude(
        &self,
        entry: &Entry<'_>,
        account: &Account,
        mut earned_by: Vec<Change>,
        now: Timestamp,
    ) -> Result<Option<ProviderOutcome>, ServiceError> {
        let (user, return_to) = (&account.user, entry.ceremony.return_to.clone());
        if return_to.is_none() && self.0.config.frontend_url.is_some() {
            let purpose = Purpose::SignInExchange;
            let entered = Entered { epoch: user.epoch };
            let row = self.sealed_row(purpose, Some(&user.id), entry.browser, entered, now)?;
            let code = token::one_time(&self.keys().ring, purpose, row.id);
            earned_by.extend([
                Change::TouchUser { id: user.id.clone(), active: true, epoch: user.epoch },
                Change::InsertToken(row),
            ]);
            let done = self.commit_from(entry.client, earned_by, now).await?;
            return Ok(done.ok().map(|()| ProviderOutcome::Code(code)));
        }
        let outcome = self.pass_first_factor(account, earned_by, entry.client, now).await?;
        Ok(outcome.map(|outcome| ProviderOutcome::SignedIn { outcome, return_to }))
    }

    /// A session, or the second factor is asked for.
    pub(super) async fn pass_first_factor(
        &self,
        account: &Account,
        mut earned_by: Vec<Change>,
        client: &Client,
        now: Timestamp,
    ) -> Result<Option<SignInOutcome>, ServiceError> {
        client.mark(&mut earned_by);
        let methods = self.second_factors(account).await?;
        if !methods.is_empty() {
            return self.issue_mfa_ticket(account, PROVIDER, methods, earned_by, now).await;
        }
        let opened = self.open_session(&account.user, &[PROVIDER], earned_by, client, now).await?;
        Ok(opened.ok().map(|signed_in| SignInOutcome::SignedIn(Box::new(signed_in))))
    }

    /// The identity that a provider named, as it is linked to a user.
    pub(super) fn new_identity(
        &self,
        provider: &Provider,
        claims: &Claims,
        user: &crate::model::ids::UserId,
        now: Timestamp,
    ) -> Identity {
        Identity {
            id: crate::model::ids::IdentityId::generate(now, &*self.0.rng),
            user_id: user.clone(),
            issuer: provider.config().issuer.clone(),
            subject: claims.subject.clone(),
            provider: provider.config().id.clone(),
            email: claims.email.clone().filter(|email| email.chars().count() <= 320),
            created_at: now,
            last_used_at: None,
        }
    }
}
