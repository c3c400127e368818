//! Signing in by the mailed code.

use super::MailSignInError;
use crate::auth::{Auth, Client, Limit, LimitName, Networks, ServiceError};
use crate::clock::Timestamp;
use crate::config::{CODE_TRIES, CODE_TTL, Rate};
use crate::event::SignInFailure;
use crate::flows::sign_in::SignInOutcome;
use crate::metrics::{Counted, SignInResult};
use crate::model::identifier::Identifier;
use crate::secret::PlaintextPassword;
use crate::token;

impl Auth {
    /// Signs in by the code that was mailed to an address, together with the
    /// `request` that [`Auth::mail_sign_in`] gave to whoever asked for it. A code
    /// takes five tries; the link beside it stays good. An unconfirmed address is
    /// confirmed by it, and the password that stood is dropped: whoever set it has
    /// not shown that the address is theirs.
    ///
    /// # Errors
    /// [`MailSignInError`].
    pub async fn sign_in_by_code(
        &self,
        email: &str,
        code: &PlaintextPassword,
        request: &str,
        client: &Client,
    ) -> Result<SignInOutcome, MailSignInError> {
        if !self.mail_sign_in_is_on() {
            return Err(MailSignInError::Off);
        }
        let now = self.now();
        let (limits, identifier) = (&self.0.config.limits, Identifier::typed(email));
        let networks = Networks::of(client);
        let (rate, sites) = (limits.token_client, limits.ipv6_site);
        let by_client = Limit::of_client(LimitName::CodeClient, rate, sites, client, &networks);
        let attempt = self.attempt(&by_client, now).await?;
        // Only who asked for a mail has a try of the address.
        let id = token::parse_mail_request(&self.keys().ring, request)
            .ok_or(MailSignInError::InvalidCode)?;
        let device = self.device_at(&identifier, client, now).await?;
        let mut by = vec![identifier.canonical()];
        by.extend(device.as_deref());
        let limit = Limit::new(LimitName::SignInCode, limits.code_identifier, &by);
        let attempt = attempt.and(self.attempt(&[limit], now).await?);
        // One try, however often it is decided on, and of a code that was never made too.
        let tries = Rate { max: CODE_TRIES, window: CODE_TTL };
        let by = id.to_string();
        let limit = Limit::new(LimitName::CodeTries, tries, &[&by]);
        let tried = self.count_always(&[limit], now).await?;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let mailed = self.open_mailed(id, now).await?;
            let issue = mailed.as_ref().map_or(0, |mailed| mailed.row.code_issue);
            let matches = token::code_matches(&self.keys().ring, id, issue, code.expose());
            let account = mailed.as_ref().and_then(|mailed| mailed.account.as_ref());
            let whose = account.map(|account| account.user.id.clone());
            let right = mailed.filter(|mailed| {
                matches
                    && tried.is_within(LimitName::CodeTries)
                    && mailed.row.code_expires_at.is_some_and(|at| now < at)
                    && mailed.email.canonical() == identifier.canonical()
            });
            let Some(mailed) = right else {
                self.0.metrics.count(Counted::SignIn(SignInResult::Refused));
                self.tell_failure(whose, SignInFailure::Code, now);
                return Err(MailSignInError::InvalidCode);
            };
            if let Some(outcome) = self.enter(&mailed, client, now).await? {
                self.give_back(&attempt).await;
                return Ok(outcome);
            }
        }
    }

    /// The device that the client shows, where whoever has the address has used it:
    /// what strangers try does not bind it.
    async fn device_at(
        &self,
        address: &Identifier,
        client: &Client,
        now: Timestamp,
    ) -> Result<Option<String>, ServiceError> {
        if self.shown_device(client, now).is_none() {
            return Ok(None);
        }
        let account = self.read(self.0.store.account_by_identifier(address, now)).await?;
        let Some(account) = account else { return Ok(None) };
        let device = self.known_device(&account.user.id, client, now).await?;
        Ok(device.map(|device| device.to_string()))
    }
}
