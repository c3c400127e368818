//! Registering an account.

mod decide;
mod work;

use self::work::Work;
use crate::auth::{Auth, Client, Limit, LimitName, Networks, ServiceError};
use crate::captcha::CaptchaAction;
use crate::mail::Unreachable;
use crate::model::identifier::{Email, Username};
use crate::model::ids::UserId;
use crate::model::profile::Profile;
use crate::password::PasswordProblem;
use crate::secret::PlaintextPassword;
use crate::store::{Changes, Guard};

/// Somebody registers.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Register {
    /// The name they want.
    pub username: Username,
    /// Their address.
    pub email: Email,
    /// Their password.
    pub password: PlaintextPassword,
    /// Names and gender, where they say.
    pub profile: Profile,
}

impl Register {
    /// A registration that says nothing but what it must.
    pub fn new(username: Username, email: Email, password: PlaintextPassword) -> Self {
        Self { username, email, password, profile: Profile::default() }
    }
}

/// Why a registration was refused.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The username is taken; usernames are public.
    #[error("the username is taken")]
    UsernameTaken,
    /// The address has an account. Only with
    /// [`Compat::reveal_existing_accounts`](crate::config::Compat::reveal_existing_accounts).
    #[error("the address has an account")]
    EmailTaken,
    /// The password is not accepted.
    #[error(transparent)]
    Password(#[from] PasswordProblem),
    /// No mail can reach the address.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// A registration that was decided and is not committed yet, for hosts that
/// commit it together with rows of their own.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PreparedRegistration {
    /// What to commit.
    pub changes: Changes,
    /// The new user's id; `None` where the address has an account already.
    /// Telling the caller which would tell a stranger who has an account.
    pub user_id: Option<UserId>,
}

impl Auth {
    /// Registers an account. The outcome is the same whether or not the address
    /// has one: only its mailbox learns which.
    ///
    /// - Unknown address: an unconfirmed account, and a mail to confirm it.
    /// - Confirmed: its owner gets a mail saying so.
    /// - Unconfirmed, same password: the first registration stands and its link
    ///   is mailed again.
    /// - Unconfirmed, another password: no password stands any more, and the
    ///   mail carries a link to choose one. So whoever registered somebody
    ///   else's address first has no password on it once its owner registers.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub async fn register(&self, command: &Register, client: &Client) -> Result<(), RegisterError> {
        let mut work = self.begin_registration(command, client).await?;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let prepared = self.decide_registration(command, client, &mut work, now).await?;
            // A new account is more to write than a mail to the owner of one.
            let least_time = self.least_time();
            match self.commit_prepared(&prepared.changes).await? {
                Ok(()) => {
                    least_time.await;
                    return Ok(());
                }
                Err(Guard::Taken(kind)) if kind.is_name() => {
                    self.give_back(&work.mails).await;
                    return Err(RegisterError::UsernameTaken);
                }
                // Somebody else registered the address, confirmed it, or changed
                // the password in between: decide again on what is there now.
                Err(_) => {}
            }
        }
    }

    /// Decides on a registration without committing it. The caller commits
    /// [`PreparedRegistration::changes`] in one transaction with its own rows,
    /// and calls [`Auth::committed`] then. How long that takes tells who has an
    /// account, unless the caller answers no sooner than
    /// [`Config::least_request_time`](crate::Config::least_request_time) after this.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub async fn prepare_registration(
        &self,
        command: &Register,
        client: &Client,
    ) -> Result<PreparedRegistration, RegisterError> {
        let mut work = self.begin_registration(command, client).await?;
        self.decide_registration(command, client, &mut work, self.now()).await
    }

    /// What does not depend on who is known: checks and counts.
    async fn begin_registration(
        &self,
        command: &Register,
        client: &Client,
    ) -> Result<Work, RegisterError> {
        self.ask_captcha(CaptchaAction::Register, client).await?;
        let now = self.now();
        let limits = &self.0.config.limits;
        let networks = Networks::of(client);
        let (rate, sites) = (limits.register_client, limits.ipv6_site);
        let counted = Limit::of_client(LimitName::RegisterClient, rate, sites, client, &networks);
        self.attempt(&counted, now).await?;
        // After the count: strangers must not drive look-ups without end.
        let user = self.new_user(command, client, now);
        let policy = &self.0.config.password_policy;
        policy.accept(&command.password, &self.own_words(&user)).await?;
        self.check_reach(&command.email).await?;
        // Whoever registers a stranger's address again and again must not fill
        // their mailbox; the answer stays the same.
        let (rate, by) = (limits.mail_identifier, [command.email.canonical()]);
        let mails = self.count(&[Limit::new(LimitName::RegisterMail, rate, &by)], now).await?;
        Ok(Work::new(mails))
    }
}
