//! Whether a password is an account's, counted against guessing.
//!
//! Failures are counted for the identifier and client that were typed, which
//! only changes the answer, and for the account, beyond whose budget strangers
//! are verified against nothing. A device that the owner has used has a budget
//! of its own.

use std::time::{Duration, Instant};

use crate::auth::{
    Admitted, Attempt, Auth, Client, Limit, LimitName, Networks, ServiceError, Window,
};
use crate::causes::with_causes;
use crate::clock::Timestamp;
use crate::config::Rate;
use crate::event::{Event, EventKind, SignInFailure};
use crate::model::identifier::Identifier;
use crate::model::ids::UserId;
use crate::model::mail::MailKind;
use crate::model::token::Purpose;
use crate::model::user::{Account, PasswordHash, User};
use crate::password::Verdict;
use crate::secret::{PlaintextPassword, Redacted};
use crate::store::{Change, UserPatch};

/// What comes of it, and how long it took.
#[expect(clippy::disallowed_methods, reason = "how long a hash takes, not what time it is")]
async fn timed<F: Future>(work: F) -> (F::Output, Duration) {
    let began = Instant::now();
    (work.await, began.elapsed())
}

/// How often the owner is told about failed sign-ins.
const NOTICE: Rate = Rate::per_minutes(1, 24 * 60);

/// Somebody signs in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignIn {
    /// Username or address, as it was typed.
    pub identifier: String,
    /// The password, as it was typed.
    pub password: PlaintextPassword,
}

impl SignIn {
    /// With a username or address, and a password.
    pub fn new(identifier: impl Into<String>, password: PlaintextPassword) -> Self {
        Self { identifier: identifier.into(), password }
    }
}

/// Why a sign-in failed. Unknown, wrong, unconfirmed and disabled are one
/// answer, cost the same, and take the same time.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Not these credentials.
    #[error("the credentials are invalid")]
    InvalidCredentials,
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// A user whose credentials were right.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Checked {
    /// The user.
    pub user: User,
    /// For the device that they use, to be brought back with the next check.
    pub device_token: Option<Redacted<String>>,
}

/// What came of verifying a password.
pub(super) enum Verified {
    /// And the attempt, which a right password takes back.
    Yes(Box<Account>, Attempt),
    No,
}

impl Auth {
    /// Whether these are the credentials of an active user, under the same
    /// limits and at the same cost as signing in, but without a session. Does
    /// not ask for the second factor ([`Auth::verify_mfa`] does).
    ///
    /// `client` is the user's, as far as the service says so. Of a service that is
    /// vouched for and gives no address failures slow down the identifier that was
    /// typed, and keep no right password out: such a service has to limit how often
    /// its own users try.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn check_credentials(
        &self,
        command: &SignIn,
        client: &Client,
    ) -> Result<Checked, SignInError> {
        let Verified::Yes(account, attempt) = self.verify_credentials(command, client).await?
        else {
            return Err(SignInError::InvalidCredentials);
        };
        self.succeeded(&attempt).await;
        let now = self.now();
        let device_token = if self.second_factors(&account).await?.is_empty() {
            self.remember_device(&account.user, client, now).await?
        } else {
            // The password alone makes no device the owner's: its token counts once the
            // second factor was verified there.
            let (device, _) = self.device_of(&account.user, client, now).await?;
            Some(self.device_token(&account.user.id, device, now))
        };
        Ok(Checked { user: account.user, device_token })
    }

    pub(super) async fn verify_credentials(
        &self,
        command: &SignIn,
        client: &Client,
    ) -> Result<Verified, ServiceError> {
        let least_time = self.least_time();
        let now = self.now();
        let limits = &self.0.config.limits;
        let identifier = Identifier::typed(&command.identifier);
        let (name, network) = (identifier.canonical(), client.network());
        let shown = self.shown_device(client, now);
        let networks = Networks::of(client);
        let (rate, sites) = (limits.sign_in_client, limits.ipv6_site);
        let mut by_client =
            vec![Limit::new(LimitName::SignInPair, limits.sign_in_pair, &[name, &network])];
        let client_limits =
            Limit::of_client(LimitName::SignInClient, rate, sites, client, &networks);
        by_client.extend(client_limits);
        let Admitted { room, attempt, turn } =
            self.admit_any(&by_client, shown.is_some(), now).await?;
        // The answer to a failure, whoever's account it is.
        let refused = attempt.check();

        let account = self.read(self.0.store.account_by_identifier(&identifier, now)).await?;
        // The same reads and counts for an account that nobody has.
        let nobody = UserId::generate(now, &*self.0.rng);
        let asked = account.as_ref().map_or(&nobody, |account| &account.user.id);
        let device = shown.as_ref().filter(|(user, _)| user == asked);
        let device = device.map_or_else(|| "none".to_owned(), |(_, device)| device.to_string());
        let is_known = self.read(self.0.store.knows_device(asked, &device)).await?.this;
        let whose = whose(account.as_ref(), &identifier);
        let by_device = [asked.as_str(), &device];
        let budget = if is_known {
            Limit::budget(LimitName::SignInDevice, limits.sign_in_device, &by_device)
        } else {
            Limit::budget(LimitName::SignInAccount, limits.sign_in_account, &whose)
        };
        let attempt = attempt.and(self.count(&budget, now).await?);
        // Beyond the budget the ordinary answer at the ordinary cost. Where nobody says
        // who asks strangers would keep everybody out: only a row without end is refused
        // there, and of a service nothing.
        let name = budget[0].name;
        let is_within = attempt.is_within(name)
            || (client.address.is_none() && (client.is_vouched_for || attempt.is_within_row(name)));
        let hash =
            account.as_ref().filter(|_| is_within).and_then(|account| account.password.as_ref());
        let (verified, hashed) = timed(room.verify_and_keep(&command.password, hash)).await;
        let (verdict, room) = verified?;
        drop(turn);
        let known = account.as_ref().map(|account| account.user.id.clone());
        let Some(account) =
            account.filter(|account| verdict != Verdict::Wrong && account.user.is_active())
        else {
            // Who only waits for their answer takes nobody's room.
            drop(room);
            self.notice_failure(&identifier, &attempt, client, now).await?;
            self.tell_failure(known, SignInFailure::Credentials, now);
            if refused.is_err() {
                self.count_refusal(&attempt);
            }
            // A connection that keeps what it read until somebody writes, as SQLite's does,
            // forgets it at its next read, which takes longer the more that was. This is
            // that read: the next one would be somebody else's, who could time it.
            self.read(self.0.store.knows_device(&nobody, "none")).await?;
            // An account that there is takes longer to read than none. The hash, which takes
            // as long for both, is no part of that time: a slow one would leave nothing of it.
            tokio::time::sleep_until(least_time.deadline() + hashed).await;
            refused?;
            return Ok(Verified::No);
        };
        if verdict == Verdict::RightOutdated
            && let Ok(hash) = room.hash(&command.password).await
        {
            return Ok(match self.replace_hash(account, hash, now).await {
                Some(account) => Verified::Yes(Box::new(account), attempt),
                None => Verified::No,
            });
        }
        Ok(Verified::Yes(Box::new(account), attempt))
    }

    /// Tells the application that a sign-in was refused.
    pub(super) fn tell_failure(&self, user: Option<UserId>, reason: SignInFailure, now: Timestamp) {
        self.tell(&Event::new(now, user, EventKind::SignInFailed { reason }));
    }

    /// Stores the password that was just verified under the present algorithm,
    /// which is no reason to fail where it cannot be. `None`: the account changed
    /// in between, and has another password now.
    async fn replace_hash(
        &self,
        account: Account,
        hash: PasswordHash,
        now: Timestamp,
    ) -> Option<Account> {
        let change = Change::UpdateUser {
            id: account.user.id.clone(),
            epoch: account.user.epoch,
            raise_epoch: false,
            at: account.user.updated_at,
            set: Box::new(UserPatch { password: Some(Some(hash.clone())), ..UserPatch::default() }),
        };
        match self.commit(vec![change], now).await {
            Ok(Ok(())) => return Some(Account { password: Some(hash), ..account }),
            Ok(Err(_)) => {}
            Err(error) => {
                tracing::warn!(
                    error = %with_causes(&error),
                    "an outdated password hash was not replaced"
                );
                return Some(account);
            }
        }
        match self.read(self.0.store.account(&account.user.id)).await {
            Ok(fresh) => {
                fresh.filter(|fresh| fresh.user.is_active() && fresh.password == account.password)
            }
            Err(_) => Some(account),
        }
    }

    /// Tells the owner about failed sign-ins, once a day. An account that nobody
    /// has costs the same.
    async fn notice_failure(
        &self,
        identifier: &Identifier,
        attempt: &Attempt,
        client: &Client,
        now: Timestamp,
    ) -> Result<(), ServiceError> {
        let failures = attempt.count(LimitName::SignInAccount, Window::First);
        if failures != self.0.config.limits.notify_after {
            return Ok(());
        }
        let account = self.read(self.0.store.account_by_identifier(identifier, now)).await?;
        let by = whose(account.as_ref(), identifier);
        let noticed = Limit::new(LimitName::FailureNotice, NOTICE, &by);
        if !self.count(&[noticed], now).await?.is_within(LimitName::FailureNotice) {
            return Ok(());
        }
        let kind = MailKind::RepeatedFailures;
        let list = match account.filter(|account| account.user.is_active()) {
            Some(Account { user, .. }) => vec![
                self.mail_user(kind, &user, vec![], &[("time", &now.to_string())], now),
                self.audit(&user.id, "sign_in.repeated_failures", &[], now),
            ],
            None => {
                vec![self.void_mail(kind, Purpose::Confirm, identifier, now), self.decoy(now)]
            }
        };
        // Only new rows: nothing here can have changed in between.
        let _ = self.commit_from(client, list, now).await?;
        Ok(())
    }

    /// Forgets what strangers failed with the account of a user whose password was
    /// reset, and what the client failed that has just shown that it is theirs.
    pub(super) async fn forget_failures(&self, user: &User, client: &Client) {
        /// Whoever has the mailbox must not guess the second factor without end.
        const CLEARED: Rate = Rate::per_minutes(3, 24 * 60);
        let id = user.id.as_str();
        self.forget_budget(LimitName::SignInAccount, &["id", id]).await;
        for name in [user.email.canonical(), user.username.canonical()] {
            let by = [name, &client.network()];
            self.forget_count(LimitName::SignInPair, Window::First, &by).await;
        }
        let cleared = Limit::new(LimitName::MfaCleared, CLEARED, &[id]);
        match self.count(&[cleared], self.now()).await {
            Ok(cleared) if cleared.is_within(LimitName::MfaCleared) => {
                self.forget_budget(LimitName::MfaAccount, &[id]).await;
                self.forget_budget(LimitName::ServiceSecret, &[id]).await;
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(error = %with_causes(&error), "what strangers failed stays counted");
            }
        }
    }
}

/// What failures with an account are counted by, whichever of its names was
/// typed; for a name that is nobody's, the name.
fn whose<'a>(account: Option<&'a Account>, typed: &'a Identifier) -> [&'a str; 2] {
    match account {
        Some(account) => ["id", account.user.id.as_str()],
        None => ["typed", typed.canonical()],
    }
}
