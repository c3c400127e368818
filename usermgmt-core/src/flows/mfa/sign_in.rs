//! Signing in with the second factor.

use super::code::UsedCode;
use super::error::MfaError;
use crate::auth::{Attempt, Auth, Client, Limit, LimitName, ServiceError, Window};
use crate::clock::Timestamp;
use crate::config::{Budget, CODE_TRIES, CODE_TTL, MFA_TICKET_TTL, Rate};
use crate::event::SignInFailure;
use crate::flows::amr::{MAIL, PASSWORD, PROVIDER};
use crate::flows::open_session::SignedIn;
use crate::flows::sign_in::SignInOutcome;
use crate::metrics::{Counted, SignInResult};
use crate::model::ids::{TokenId, UserId};
use crate::model::mail::MailKind;
use crate::model::token::Purpose;
use crate::model::user::{Account, User};
use crate::secret::PlaintextPassword;
use crate::store::{Change, Guard};
use crate::token;

/// What is shown as the second factor.
pub(in crate::flows) enum SecondFactor<'a> {
    /// Typed: of an authenticator app, or a recovery code.
    Code(&'a PlaintextPassword),
    /// What an authenticator signed.
    #[cfg(feature = "passkeys")]
    Passkey(&'a serde_json::Value),
}

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
        self.finish_mfa(ticket, &SecondFactor::Code(code), client).await
    }

    /// Which ticket this is.
    pub(in crate::flows) fn ticket_id(
        &self,
        ticket: &PlaintextPassword,
    ) -> Result<TokenId, MfaSignInError> {
        match token::parse_one_time(&self.keys().ring, ticket.expose()) {
            Some((Purpose::MfaTicket, id)) => Ok(id),
            _ => Err(MfaSignInError::InvalidCode),
        }
    }

    /// Whose ticket it is and what was proved before it, where it is good.
    pub(in crate::flows) async fn ticket_holder(
        &self,
        id: TokenId,
        now: Timestamp,
    ) -> Result<Option<(Account, &'static str)>, ServiceError> {
        let Some(row) = self.read(self.0.store.token(id)).await? else { return Ok(None) };
        let account = match &row.user_id {
            Some(user) => self.read(self.0.store.account(user)).await?,
            None => None,
        };
        let Some(account) = account else { return Ok(None) };
        // The ticket stands for the account as it was when the first factor was proved.
        let first = row.binding.as_deref().and_then(|of| proved(of, account.user.epoch));
        let first = first.filter(|_| row.is_live(now) && account.user.is_active());
        Ok(first.map(|first| (account, first)))
    }

    /// Finishes a sign-in with whichever second factor.
    pub(in crate::flows) async fn finish_mfa(
        &self,
        ticket: &PlaintextPassword,
        factor: &SecondFactor<'_>,
        client: &Client,
    ) -> Result<SignedIn, MfaSignInError> {
        let now = self.now();
        self.attempt_token(client, now).await?;
        let id = self.ticket_id(ticket)?;
        let ticket_id = id.to_string();
        let tries = Rate { max: CODE_TRIES, window: CODE_TTL };
        let limit = Limit::new(LimitName::TicketTries, tries, &[&ticket_id]);
        let attempt = self.count_always(&[limit], now).await?;
        if !attempt.is_within(LimitName::TicketTries) {
            return Err(MfaSignInError::InvalidCode);
        }
        // One try, however often it is decided on.
        let mut user_tries = None;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let Some((account, first)) = self.ticket_holder(id, now).await? else {
                return Err(MfaSignInError::InvalidCode);
            };
            let tries = match user_tries.take() {
                Some(tries) => tries,
                None => {
                    let strangers = (LimitName::MfaAccount, self.0.config.limits.mfa_account);
                    self.attempt_second_factor(&account.user.id, strangers, client, now).await?
                }
            };
            let used = self.use_second_factor(&account, id, factor, client, now).await;
            let (mut amr, mut earned_by) = match used {
                Ok(Some(used)) => used,
                Err(MfaError::Service(service_error)) => {
                    // It could not be looked at: no try, neither of the ticket nor of the user.
                    self.give_back(&tries.and(attempt)).await;
                    return Err(service_error.into());
                }
                Ok(None) | Err(_) => {
                    return self.refuse_second_factor(&account.user, &tries, client, now).await;
                }
            };
            amr.insert(0, first);
            earned_by.push(Change::UseToken { id, now });
            match self.open_session(&account.user, &amr, earned_by, client, now).await? {
                Ok(signed_in) => {
                    self.succeeded(&tries).await;
                    return Ok(signed_in);
                }
                Err(Guard::Token) => {
                    self.tell_failure(Some(account.user.id), SignInFailure::Code, now);
                    return Err(MfaSignInError::InvalidCode);
                }
                Err(Guard::Factor | Guard::RecoveryCode) => {
                    return self.refuse_second_factor(&account.user, &tries, client, now).await;
                }
                Err(_) => user_tries = Some(tries),
            }
        }
    }

    /// The answer to a second factor that is wrong, or was used before.
    async fn refuse_second_factor(
        &self,
        user: &User,
        tries: &Attempt,
        client: &Client,
        now: Timestamp,
    ) -> Result<SignedIn, MfaSignInError> {
        self.0.metrics.count(Counted::SignIn(SignInResult::WrongCode));
        self.notice_second_factor(user, tries, client, now).await?;
        Err(MfaSignInError::InvalidCode)
    }

    /// What the second factor proves, and the changes that use it up; `None` where it
    /// is none of this account's.
    async fn use_second_factor(
        &self,
        account: &Account,
        ticket: TokenId,
        factor: &SecondFactor<'_>,
        client: &Client,
        now: Timestamp,
    ) -> Result<Option<UsedCode>, MfaError> {
        #[cfg(not(feature = "passkeys"))]
        let _ = (ticket, client);
        match factor {
            SecondFactor::Code(code) if account.mfa_enabled() => self.use_code(account, code, now),
            SecondFactor::Code(code) => Ok(self.use_recovery_code(account, code, now)),
            #[cfg(feature = "passkeys")]
            SecondFactor::Passkey(credential) => {
                Ok(self.use_passkey(account, ticket, credential, client, now).await?)
            }
        }
    }

    /// Counts a try of somebody who knows the password: all strangers by one
    /// budget, a device that the owner has used by one of its own.
    pub(super) async fn attempt_second_factor(
        &self,
        user: &UserId,
        strangers: (LimitName, Budget),
        client: &Client,
        now: Timestamp,
    ) -> Result<Attempt, ServiceError> {
        let id = user.as_str();
        match self.known_device(user, client, now).await? {
            Some(device) => {
                let (budget, device) = (self.0.config.limits.mfa_device, device.to_string());
                let by = [id, &device];
                self.attempt(&Limit::budget(LimitName::MfaDevice, budget, &by), now).await
            }
            None => {
                let (name, budget) = strangers;
                self.attempt(&Limit::budget(name, budget, &[id]), now).await
            }
        }
    }

    /// Tells the application of a wrong second factor, and the owner that somebody
    /// who knows the password fails at the second factor again and again (OWASP ASVS
    /// 5.0, 6.3.5), wherever that is.
    pub(super) async fn notice_second_factor(
        &self,
        user: &User,
        tries: &Attempt,
        client: &Client,
        now: Timestamp,
    ) -> Result<(), ServiceError> {
        self.tell_failure(Some(user.id.clone()), SignInFailure::Code, now);
        let failures = [
            LimitName::MfaAccount,
            LimitName::MfaDevice,
            LimitName::ServiceSecret,
            LimitName::SessionCode,
        ]
        .map(|name| tries.count(name, Window::Day));
        if !failures.contains(&self.0.config.limits.notify_after_mfa) {
            return Ok(());
        }
        let time = now.to_string();
        let list = vec![
            self.mail_user(MailKind::MfaFailures, user, vec![], &[("time", &time)], now),
            self.audit(&user.id, "mfa.repeated_failures", &[], now),
        ];
        // Only new rows: nothing here can have changed in between.
        let _ = self.commit_from(client, list, now).await?;
        Ok(())
    }

    /// The answer to a first factor that was proved (RFC 8176) where the second is
    /// on, together with the changes that proved it. `None`: the user changed since,
    /// or what proves it is used up; nothing was written.
    pub(crate) async fn issue_mfa_ticket(
        &self,
        account: &Account,
        first: &'static str,
        methods: Vec<&'static str>,
        earned_by: Vec<Change>,
        now: Timestamp,
    ) -> Result<Option<SignInOutcome>, ServiceError> {
        let user = &account.user;
        let binding = Some(binding(first, user.epoch));
        let row = self.new_token(Some(&user.id), Purpose::MfaTicket, binding, MFA_TICKET_TTL, now);
        let ticket = token::one_time(&self.keys().ring, Purpose::MfaTicket, row.id);
        let mut list = earned_by;
        list.extend([
            Change::TouchUser { id: user.id.clone(), active: true, epoch: user.epoch },
            Change::InsertToken(row),
        ]);
        if self.commit(list, now).await?.is_err() {
            return Ok(None);
        }
        Ok(Some(SignInOutcome::MfaRequired { ticket, methods }))
    }
}

/// What a ticket binds: the epoch, and the first factor where it is not the password.
fn binding(first: &str, epoch: i64) -> String {
    if first == PASSWORD { epoch.to_string() } else { format!("{epoch} {first}") }
}

/// The first factor that a ticket stands for, where the epoch is the user's still.
fn proved(bound: &str, epoch: i64) -> Option<&'static str> {
    [PASSWORD, MAIL, PROVIDER].into_iter().find(|first| binding(first, epoch) == bound)
}
