//! Whether a password is an account's, counted against guessing.

use super::sign_in::{SignIn, SignInError};
use crate::auth::{Attempt, Auth, Client, Limit, LimitName, ServiceError};
use crate::clock::Timestamp;
use crate::config::Rate;
use crate::event::{Event, EventKind, SignInFailure};
use crate::model::identifier::Identifier;
use crate::model::ids::UserId;
use crate::model::mail::MailKind;
use crate::model::user::{Account, User};
use crate::password::Verdict;
use crate::secret::PlaintextPassword;
use crate::store::{Change, UserPatch};

/// How often the owner is told about failed sign-ins.
const NOTICE: Rate = Rate::per_minutes(1, 24 * 60);

/// What came of verifying a password.
pub(super) enum Verified {
    Yes(Box<Account>, Attempt),
    No,
}

impl Auth {
    /// Whether these are the credentials of an active user, under the same
    /// limits and at the same cost as signing in, but without a session. Does
    /// not ask for the second factor.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn check_credentials(
        &self,
        command: &SignIn,
        client: &Client,
    ) -> Result<User, SignInError> {
        match self.verify_credentials(command, client).await? {
            Verified::Yes(account, attempt) => {
                self.give_back(&attempt).await;
                Ok(account.user)
            }
            Verified::No => Err(SignInError::InvalidCredentials),
        }
    }

    pub(super) async fn verify_credentials(
        &self,
        command: &SignIn,
        client: &Client,
    ) -> Result<Verified, ServiceError> {
        let now = self.now();
        let limits = &self.0.config.limits;
        let identifier = Identifier::typed(&command.identifier);
        let (name, network) = (identifier.canonical(), client.network());
        let rates = [
            Limit { rate: limits.sign_in_pair, name: LimitName::SignInPair, by: &[name, &network] },
            Limit {
                rate: client.limit(limits.sign_in_client),
                name: LimitName::SignInClient,
                by: &[&network],
            },
        ];
        let (room, attempt) = self.admit(&rates, now).await?;

        let account = self.read(self.0.store.account_by_identifier(&identifier, now)).await?;
        // What was refused above does not count here: one client alone must not lock
        // the owner out.
        let by = whose(account.as_ref(), &identifier);
        let cap = Limit { rate: limits.sign_in_account, name: LimitName::SignInAccount, by: &by };
        let attempt = attempt.and(self.count(&[cap], now).await?);
        // The same reads for an account that nobody has.
        let nobody = UserId::generate(now, &*self.0.rng);
        let asked = account.as_ref().map_or(&nobody, |account| &account.user.id);
        let device =
            self.read(self.0.store.knows_device(asked, &self.device_key(asked, client))).await?;
        // Beyond the account's cap strangers get the ordinary answer at the
        // ordinary cost; a device that the owner has used is not bound by it.
        let capped = !attempt.is_within(LimitName::SignInAccount) && !device.this;
        let hash =
            account.as_ref().filter(|_| !capped).and_then(|account| account.password.as_ref());
        let verdict = room.verify(&command.password, hash).await?;
        let known = account.as_ref().map(|account| account.user.id.clone());
        let Some(account) =
            account.filter(|account| verdict != Verdict::Wrong && account.user.is_active())
        else {
            self.notice_failure(&identifier, &attempt, now).await?;
            self.tell_failure(known, SignInFailure::Credentials, now);
            return Ok(Verified::No);
        };
        if verdict == Verdict::RightOutdated {
            return Ok(match self.rehash(account, &command.password, now).await? {
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
    /// unless the account changed in between; then the verification stands for
    /// the account only if the password is the same one.
    async fn rehash(
        &self,
        account: Account,
        password: &PlaintextPassword,
        now: Timestamp,
    ) -> Result<Option<Account>, ServiceError> {
        let hash = self.0.hasher.hash(password).await?;
        let change = Change::UpdateUser {
            id: account.user.id.clone(),
            epoch: account.user.epoch,
            raise_epoch: false,
            at: account.user.updated_at,
            set: Box::new(UserPatch { password: Some(Some(hash.clone())), ..UserPatch::default() }),
        };
        if self.commit(vec![change], now).await?.is_ok() {
            return Ok(Some(Account { password: Some(hash), ..account }));
        }
        let fresh = self.read(self.0.store.account(&account.user.id)).await?;
        Ok(fresh.filter(|fresh| fresh.user.is_active() && fresh.password == account.password))
    }

    /// Tells the owner about failed sign-ins, once a day. An account that nobody
    /// has costs the same.
    async fn notice_failure(
        &self,
        identifier: &Identifier,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Result<(), ServiceError> {
        if attempt.count(LimitName::SignInAccount) != self.0.config.limits.notify_after {
            return Ok(());
        }
        let account = self.read(self.0.store.account_by_identifier(identifier, now)).await?;
        let by = whose(account.as_ref(), identifier);
        let noticed = self
            .count(&[Limit { rate: NOTICE, name: LimitName::FailureNotice, by: &by }], now)
            .await?;
        if noticed.count(LimitName::FailureNotice) > NOTICE.max {
            return Ok(());
        }
        let list = match account.filter(|account| account.user.is_active()) {
            Some(Account { user, .. }) => vec![
                self.mail_user(
                    MailKind::RepeatedFailures,
                    &user,
                    vec![],
                    &[("time", &now.to_string())],
                    now,
                ),
                self.audit(&user.id, "sign_in.repeated_failures", &[], now),
            ],
            None => vec![self.decoy(now), self.decoy(now)],
        };
        // Only new rows: nothing here can have changed in between.
        let _ = self.commit(list, now).await?;
        Ok(())
    }

    /// Forgets the failed sign-ins of a user whose password was reset: from
    /// anywhere, and from the client that has just shown that it is theirs.
    pub(crate) async fn forget_failures(&self, user: &User, client: &Client) {
        self.forget_count(LimitName::SignInAccount, &["id", user.id.as_str()]).await;
        for name in [user.email.canonical(), user.username.canonical()] {
            self.forget_count(LimitName::SignInPair, &[name, &client.network()]).await;
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
