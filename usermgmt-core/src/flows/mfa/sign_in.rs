//! Signing in with the second factor.

use crate::auth::{Auth, Client, Limit, LimitName, ServiceError};
use crate::clock::Timestamp;
use crate::config::{CODE_TRIES, CODE_TTL, MFA_TICKET_TTL, Rate};
use crate::event::SignInFailure;
use crate::flows::open_session::SignedIn;
use crate::flows::sign_in::SignInOutcome;
use crate::model::token::Purpose;
use crate::model::user::Account;
use crate::secret::PlaintextPassword;
use crate::store::{Change, Guard};
use crate::token;

/// Why a sign-in did not get past the second factor.
#[derive(Debug, thiserror::Error)]
pub enum MfaSignInError {
    /// Not the code, or the ticket is used, expired, or out of tries.
    #[error("the code is invalid")]
    InvalidCode,
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl Auth {
    /// Finishes a sign-in with the second factor. Ticket, code, user and session
    /// are one commit.
    ///
    /// # Errors
    /// [`MfaSignInError`].
    pub async fn sign_in_mfa(
        &self,
        ticket: &PlaintextPassword,
        code: &PlaintextPassword,
        client: &Client,
    ) -> Result<SignedIn, MfaSignInError> {
        let now = self.now();
        self.attempt_token(client, now).await?;
        let id = match token::parse_one_time(&self.0.keys, ticket.expose()) {
            Some((Purpose::MfaTicket, id)) => id,
            _ => return Err(MfaSignInError::InvalidCode),
        };
        let tries = Rate { max: CODE_TRIES, window: CODE_TTL };
        let limit = Limit { rate: tries, name: LimitName::TicketTries, by: &[&id.to_string()] };
        let attempt = self.count_always(&[limit], now).await?;
        if !attempt.is_within(LimitName::TicketTries) {
            return Err(MfaSignInError::InvalidCode);
        }
        // One try, however often it is decided on.
        let mut user_tries = None;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let Some(row) = self.read(self.0.store.token(id)).await? else {
                return Err(MfaSignInError::InvalidCode);
            };
            let account = match &row.user_id {
                Some(user) => self.read(self.0.store.account(user)).await?,
                None => None,
            };
            let Some(account) = account else {
                return Err(MfaSignInError::InvalidCode);
            };
            // The ticket stands for the account as it was when the password was verified.
            let same = row.binding.as_deref() == Some(account.user.epoch.to_string().as_str());
            if !row.is_live(now) || !same || !account.user.is_active() {
                return Err(MfaSignInError::InvalidCode);
            }
            let tries = match user_tries.take() {
                Some(tries) => tries,
                None => self.attempt_user_secret(&account.user.id, now).await?,
            };
            let refused = || {
                self.tell_failure(Some(account.user.id.clone()), SignInFailure::Code, now);
                Err(MfaSignInError::InvalidCode)
            };
            let Some((amr, mut earned_by)) = self.use_code(&account, code, now).unwrap_or(None)
            else {
                return refused();
            };
            earned_by.push(Change::UseToken { id, now });
            match self.open_session(&account.user, &amr, earned_by, client, now).await? {
                Ok(signed_in) => {
                    self.give_back(&tries).await;
                    return Ok(signed_in);
                }
                Err(Guard::Token | Guard::Factor | Guard::RecoveryCode) => return refused(),
                Err(_) => user_tries = Some(tries),
            }
        }
    }

    /// The answer to a right password where the second factor is on. `None`: the
    /// user changed since the password was verified.
    pub(crate) async fn issue_mfa_ticket(
        &self,
        account: &Account,
        now: Timestamp,
    ) -> Result<Option<SignInOutcome>, ServiceError> {
        let user = &account.user;
        let left = self.read(self.0.store.recovery_codes_left(&user.id)).await?;
        let binding = Some(user.epoch.to_string());
        let row = self.new_token(Some(&user.id), Purpose::MfaTicket, binding, MFA_TICKET_TTL, now);
        let ticket = token::one_time(&self.0.keys, Purpose::MfaTicket, row.id);
        let list = vec![
            Change::TouchUser { id: user.id.clone(), active: true, epoch: user.epoch },
            Change::InsertToken(row),
        ];
        if self.commit(list, now).await?.is_err() {
            return Ok(None);
        }
        let mut methods = vec!["totp"];
        if left > 0 {
            methods.push("recovery_code");
        }
        Ok(Some(SignInOutcome::MfaRequired { ticket, methods }))
    }
}
