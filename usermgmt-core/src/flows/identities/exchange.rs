//! What a front end fetches after a sign-in by a provider.

use super::ProviderSignInError;
use super::enter::Entered;
use crate::auth::{Auth, Client};
use crate::flows::sign_in::SignInOutcome;
use crate::model::token::Purpose;
use crate::secret::PlaintextPassword;
use crate::store::Change;

impl Auth {
    /// Signs in by the code that [`ProviderOutcome::Code`](super::ProviderOutcome::Code)
    /// gave: once, within a minute, in the browser that it was given to, and only while
    /// the account is as it was.
    ///
    /// # Errors
    /// [`ProviderSignInError`]: `InvalidState`, `Service`.
    pub async fn exchange_sign_in(
        &self,
        code: &PlaintextPassword,
        browser: Option<&str>,
        client: &Client,
    ) -> Result<SignInOutcome, ProviderSignInError> {
        self.attempt_token(client, self.now()).await?;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let purpose = Purpose::SignInExchange;
            let opened = self.open_sealed(purpose, code.expose(), browser, now).await?;
            let (row, entered) = opened.ok_or(ProviderSignInError::InvalidState)?;
            let entered: Entered = entered;
            let user = row.user_id.as_ref().ok_or(ProviderSignInError::InvalidState)?;
            let account = self.read(self.0.store.account(user)).await?;
            let account = account
                .filter(|account| account.user.is_active() && account.user.epoch == entered.epoch);
            let account = account.ok_or(ProviderSignInError::InvalidState)?;
            let used = vec![Change::UseToken { id: row.id, now }];
            if let Some(outcome) = self.pass_first_factor(&account, used, client, now).await? {
                return Ok(outcome);
            }
        }
    }
}
