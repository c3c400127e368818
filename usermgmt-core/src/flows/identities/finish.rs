//! Coming back from a provider.

use super::ceremony::Ceremony;
use super::{ProviderOutcome, ProviderSignInError, fault};
use crate::auth::{Auth, Client};
use crate::event::SignInFailure;
use crate::metrics::{Counted, SignInResult};
use crate::model::token::Purpose;
use crate::oidc::{Claims, Provider};
use crate::store::Change;

/// What a provider's page sends the browser back with (RFC 6749, 4.1.2; RFC 9207, 2).
#[derive(Clone, Debug, Default)]
pub struct ProviderAnswer<'a> {
    /// `state`.
    pub state: &'a str,
    /// `code`.
    pub code: Option<&'a str>,
    /// `iss`.
    pub issuer: Option<&'a str>,
    /// `error`.
    pub error: Option<&'a str>,
}

impl Auth {
    /// Finishes what was begun with a provider, in the browser that began it: signs
    /// in, makes an account, or links an identity. An answer counts once.
    ///
    /// - An identity that a user has signs that user in; the second factor is asked
    ///   for where there is one.
    /// - One that nobody has, with an address that the provider vouches for and that
    ///   no account has: a new account, confirmed, without a password.
    /// - With an address that an account has: [`ProviderSignInError::AccountExists`],
    ///   but for [`trust_email`](crate::oidc::ProviderConfig::trust_email).
    /// - With an address that the provider does not vouch for: an account that waits
    ///   for its address to be confirmed. Who has the address, only its mailbox learns.
    ///
    /// # Errors
    /// [`ProviderSignInError`].
    pub async fn finish_provider_sign_in(
        &self,
        provider: &str,
        answer: &ProviderAnswer<'_>,
        browser: Option<&str>,
        client: &Client,
    ) -> Result<ProviderOutcome, ProviderSignInError> {
        let finished = self.finish(provider, answer, browser, client).await;
        let failed = matches!(
            finished,
            Err(ProviderSignInError::InvalidState | ProviderSignInError::Refused)
        );
        if failed {
            self.0.metrics.count(Counted::SignIn(SignInResult::Refused));
            self.tell_failure(None, SignInFailure::Provider, self.now());
        }
        finished
    }

    async fn finish(
        &self,
        id: &str,
        answer: &ProviderAnswer<'_>,
        browser: Option<&str>,
        client: &Client,
    ) -> Result<ProviderOutcome, ProviderSignInError> {
        let now = self.now();
        self.attempt_token(client, now).await?;
        let provider = self.provider(id)?;
        let opened = self.open_sealed(Purpose::ProviderSignIn, answer.state, browser, now).await?;
        let (row, ceremony) = opened.ok_or(ProviderSignInError::InvalidState)?;
        let ceremony: Ceremony = ceremony;
        // An answer that comes to another provider's path is one provider's use of
        // another's (RFC 9700, 4.4).
        if ceremony.provider != id {
            return Err(ProviderSignInError::InvalidState);
        }
        // Used before anything is asked: of many that come with it one goes on.
        if self.commit(vec![Change::UseToken { id: row.id, now }], now).await?.is_err() {
            return Err(ProviderSignInError::InvalidState);
        }
        let claims = self.believed(provider, &ceremony, answer).await?;
        match &ceremony.link {
            Some(to) => self.link(provider, &claims, to, &ceremony, client).await,
            None => self.enter_by_provider(provider, &claims, &ceremony, browser, client).await,
        }
    }

    /// Who the provider says that it is.
    async fn believed(
        &self,
        provider: &Provider,
        ceremony: &Ceremony,
        answer: &ProviderAnswer<'_>,
    ) -> Result<Claims, ProviderSignInError> {
        let (now, id) = (self.now(), &provider.config().id);
        if let (None, Some(code)) = (answer.error, answer.code) {
            let (redirect_uri, secrets) = (&ceremony.redirect_uri, &ceremony.secrets);
            let claims = provider.claims(code, answer.issuer, redirect_uri, secrets, now).await;
            return claims.map_err(|why| fault(id, &why));
        }
        let issuer = provider.check_issuer(answer.issuer, now).await;
        issuer.map_err(|why| fault(id, &why))?;
        if answer.error == Some("access_denied") {
            return Err(ProviderSignInError::Denied);
        }
        tracing::warn!(
            event = "provider_refused",
            provider = id,
            "a provider answered with an error"
        );
        Err(ProviderSignInError::Refused)
    }
}
