//! Registering an account.

use crate::auth::{Auth, Client, Limit, LimitName, ServiceError};
use crate::clock::Timestamp;
use crate::config::CODE_TTL;
use crate::flows::compose::valid_profile_text;
use crate::model::identifier::{Email, Identifier, IdentifierKind, Username};
use crate::model::ids::UserId;
use crate::model::mail::{MailKind, MailToken};
use crate::model::token::Purpose;
use crate::model::user::{Account, PasswordHash, Role, User};
use crate::password::{PasswordProblem, Verdict};
use crate::secret::PlaintextPassword;
use crate::store::{Change, Changes, Guard, UserPatch};

/// Somebody registers.
#[derive(Clone, Debug)]
pub struct Register {
    /// The name they want.
    pub username: Username,
    /// Their address.
    pub email: Email,
    /// Their password.
    pub password: PlaintextPassword,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Gender.
    pub gender: Option<String>,
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
    /// A name or the gender is too long or has control characters.
    #[error("{0} is not valid")]
    InvalidField(&'static str),
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// A registration that was decided and is not committed yet, for hosts that
/// commit it together with rows of their own.
#[derive(Clone, Debug)]
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
            match self.commit_prepared(&prepared.changes).await? {
                Ok(()) => return Ok(()),
                Err(Guard::Taken(IdentifierKind::Username)) => {
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
    /// and calls [`Auth::mail_was_queued`] then.
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
        for (field, text) in [
            ("first_name", &command.first_name),
            ("last_name", &command.last_name),
            ("gender", &command.gender),
        ] {
            if text.as_deref().is_some_and(|text| !valid_profile_text(text)) {
                return Err(RegisterError::InvalidField(field));
            }
        }
        let now = self.now();
        let user = self.new_user(command, client, now);
        let policy = &self.0.config.password_policy;
        policy.accept(&command.password, &self.own_words(&user)).await?;
        let limits = &self.0.config.limits;
        let rate = client.limit(limits.register_client);
        self.attempt(
            &[Limit { rate, name: LimitName::RegisterClient, by: &[&client.network()] }],
            now,
        )
        .await?;
        // Whoever registers a stranger's address again and again must not fill
        // their mailbox; the answer stays the same.
        let (rate, by) = (limits.mail_identifier, [command.email.canonical()]);
        let mails =
            self.count(&[Limit { rate, name: LimitName::RegisterMail, by: &by }], now).await?;
        Ok(Work {
            quiet: !mails.is_within(LimitName::RegisterMail),
            hash: None,
            verified: None,
            paid: false,
        })
    }

    async fn decide_registration(
        &self,
        command: &Register,
        client: &Client,
        work: &mut Work,
        now: Timestamp,
    ) -> Result<PreparedRegistration, RegisterError> {
        // The name first: what is said about it must not depend on the address.
        let name = Identifier::username(&command.username);
        if self.read(self.0.store.is_taken(&name, None, now)).await? {
            return Err(RegisterError::UsernameTaken);
        }
        let address = Identifier::email(&command.email);
        let reserved = self.read(self.0.store.is_taken(&address, None, now)).await?;
        let account = self.read(self.0.store.account_by_identifier(&address, now)).await?;
        if self.0.config.compat.reveal_existing_accounts && (reserved || account.is_some()) {
            return Err(RegisterError::EmailTaken);
        }
        let (mut list, user_id) = match account {
            None if !reserved => {
                let user = self.new_user(command, client, now);
                let id = user.id.clone();
                let password = work.hash(self, &command.password).await?;
                self.read_as_for_a_second_one(&id, now).await?;
                let mut list = self.first_registration(user, password, now);
                list.push(self.claim(address, Some(&id), now));
                list.push(self.claim(name, Some(&id), now));
                (list, Some(id))
            }
            Some(account) if !account.user.is_email_confirmed() => {
                let same = work.verify(self, &command.password, account.password.as_ref()).await?;
                (self.register_again(&account, same, work.quiet, name, now).await?, None)
            }
            account => {
                work.verify(self, &command.password, None).await?;
                self.read_as_for_a_second_one(&UserId::generate(now, &*self.0.rng), now).await?;
                let owner = account.as_ref().map(|account| &account.user);
                // Another spelling can be another mailbox: only the confirmed one is told.
                let to = owner.map_or(&command.email, |owner| &owner.email);
                let kind = MailKind::AlreadyRegistered;
                let mail = self.mail(kind, to, owner, Vec::new(), &[], now);
                (vec![self.claim(name, None, now), mail], None)
            }
        };
        if work.quiet {
            list.retain(|change| !matches!(change, Change::InsertMail(_)));
        }
        // As many statements as a first registration takes.
        while list.len() < REGISTRATION_CHANGES {
            list.push(self.decoy(now));
        }
        Ok(PreparedRegistration { changes: Changes::new(list, now, &*self.0.rng), user_id })
    }

    /// To be called after [`PreparedRegistration::changes`] were committed
    /// outside of [`Auth`]: the outbox worker sends at once instead of at its
    /// next look.
    pub fn mail_was_queued(&self) {
        self.0.mail_queued.notify_one();
    }

    /// The read that only a second registration of an unconfirmed address needs.
    async fn read_as_for_a_second_one(
        &self,
        user: &UserId,
        now: Timestamp,
    ) -> Result<(), ServiceError> {
        self.read(self.0.store.live_token(user, Purpose::Confirm, now)).await?;
        Ok(())
    }

    /// A registration of an address whose first one is not confirmed.
    async fn register_again(
        &self,
        account: &Account,
        same_password: bool,
        quiet: bool,
        name: Identifier,
        now: Timestamp,
    ) -> Result<Vec<Change>, ServiceError> {
        let user = &account.user;
        let (id, epoch, ttl) = (user.id.clone(), user.epoch, self.0.config.confirmation_ttl);
        let (kind, purpose, touch) = if same_password {
            let touch = Change::TouchUser { id, active: false, epoch };
            (MailKind::Confirmation, Purpose::Confirm, touch)
        } else {
            let set = Box::new(UserPatch { password: Some(None), ..UserPatch::default() });
            let update = Change::UpdateUser { id, epoch, raise_epoch: true, at: now, set };
            (MailKind::ChoosePassword, Purpose::ChoosePassword, update)
        };
        // A new code ends the one before: not where no mail brings the new one.
        let with_code = same_password && !quiet;
        let (token, change) =
            self.mail_token(&user.id, purpose, &user.email, ttl, with_code, now).await?;
        let mut tokens = vec![token];
        let mut list = vec![
            change,
            touch,
            self.claim(name, None, now),
            self.audit(&user.id, "user.registered_again", &[], now),
        ];
        self.not_me(user, &mut tokens, &mut list, now);
        list.push(self.mail_user(kind, user, tokens, &[], now));
        Ok(list)
    }

    /// A user as they register: unconfirmed.
    fn new_user(&self, command: &Register, client: &Client, now: Timestamp) -> User {
        User {
            id: UserId::generate(now, &*self.0.rng),
            username: command.username.clone(),
            email: command.email.clone(),
            email_confirmed_at: None,
            unconfirmed_until: Some(now + self.0.config.unconfirmed_ttl),
            first_name: command.first_name.clone(),
            last_name: command.last_name.clone(),
            gender: command.gender.clone(),
            role: Role::User,
            locale: client.locale.clone(),
            disabled_at: None,
            created_at: now,
            updated_at: now,
            epoch: 0,
        }
    }

    /// The changes of a first registration but for its claims.
    fn first_registration(
        &self,
        user: User,
        password: PasswordHash,
        now: Timestamp,
    ) -> Vec<Change> {
        let ttl = self.0.config.confirmation_ttl;
        let binding = Some(user.email.as_str().to_owned());
        let mut confirm = self.new_token(Some(&user.id), Purpose::Confirm, binding, ttl, now);
        confirm.code_issue = 1;
        confirm.code_expires_at = Some(now + CODE_TTL);
        let mut tokens =
            vec![MailToken { purpose: Purpose::Confirm, id: confirm.id, code_issue: Some(1) }];
        let mut list = vec![Change::InsertToken(confirm)];
        self.not_me(&user, &mut tokens, &mut list, now);
        list.push(self.mail_user(MailKind::Confirmation, &user, tokens, &[], now));
        list.push(self.audit(&user.id, "user.registered", &[], now));
        list.push(Change::InsertUser { user: Box::new(user), password: Some(password) });
        list
    }

    /// Adds a "this was not me" link, which is good as long as the account may
    /// stay unconfirmed. A user whom a service created is the service's to delete.
    pub(crate) fn not_me(
        &self,
        user: &User,
        tokens: &mut Vec<MailToken>,
        list: &mut Vec<Change>,
        now: Timestamp,
    ) {
        let Some(until) = user.unconfirmed_until else {
            return list.push(self.decoy(now));
        };
        let binding = Some(user.email.as_str().to_owned());
        let token = self.new_token(Some(&user.id), Purpose::NotMe, binding, until.since(now), now);
        tokens.push(MailToken { purpose: Purpose::NotMe, id: token.id, code_issue: None });
        list.push(Change::InsertToken(token));
    }

    /// Takes a name or address for as long as a registration may stay unconfirmed.
    fn claim(&self, identifier: Identifier, user: Option<&UserId>, now: Timestamp) -> Change {
        Change::ClaimIdentifier {
            identifier,
            user_id: user.cloned(),
            until: Some(now + self.0.config.unconfirmed_ttl),
            now,
        }
    }
}

/// What one registration has worked out so far. Deciding again on changed data
/// must not hash again: racing registrations would multiply the work.
struct Work {
    /// Whether this address was mailed too much already.
    quiet: bool,
    hash: Option<PasswordHash>,
    verified: Option<(PasswordHash, bool)>,
    /// Whether one hash was computed, of whichever kind: every registration costs one.
    paid: bool,
}

impl Work {
    async fn hash(
        &mut self,
        auth: &Auth,
        password: &PlaintextPassword,
    ) -> Result<PasswordHash, ServiceError> {
        if let Some(hash) = &self.hash {
            return Ok(hash.clone());
        }
        self.paid = true;
        Ok(self.hash.insert(auth.0.hasher.hash(password).await?).clone())
    }

    async fn verify(
        &mut self,
        auth: &Auth,
        password: &PlaintextPassword,
        stored: Option<&PasswordHash>,
    ) -> Result<bool, ServiceError> {
        if let (Some((against, same)), Some(stored)) = (&self.verified, stored)
            && against == stored
        {
            return Ok(*same);
        }
        if stored.is_none() && self.paid {
            return Ok(false);
        }
        self.paid = true;
        let same = auth.0.hasher.verify(password, stored).await? != Verdict::Wrong;
        self.verified = stored.map(|stored| (stored.clone(), same));
        Ok(same)
    }
}

/// User, two claims, two tokens, mail, audit.
const REGISTRATION_CHANGES: usize = 7;
