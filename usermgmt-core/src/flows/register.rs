//! Registering an account.

use crate::auth::{ATTEMPTS, Auth, Client, Unserved, contention};
use crate::clock::Timestamp;
use crate::flows::compose::valid_profile_text;
use crate::limits::Limit;
use crate::model::identifier::{Email, Identifier, IdentifierKind, Username};
use crate::model::ids::UserId;
use crate::model::mail::{MailKind, MailToken};
use crate::model::token::Purpose;
use crate::model::user::{Account, Role, User};
use crate::password::{PasswordProblem, Verdict};
use crate::secret::Typed;
use crate::store::{Change, Changes, Guard, UserPatch};

/// Somebody registers.
#[derive(Clone, Debug)]
pub struct Register {
    /// The name they want.
    pub username: Username,
    /// Their address.
    pub email: Email,
    /// Their password.
    pub password: Typed,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Gender.
    pub gender: Option<String>,
}

/// Why a registration was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
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
    Unserved(#[from] Unserved),
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
        for _ in 0..ATTEMPTS {
            let prepared = self.prepare_registration(command, client).await?;
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
        Err(contention().into())
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
        let now = self.now();
        for (field, text) in [
            ("first_name", &command.first_name),
            ("last_name", &command.last_name),
            ("gender", &command.gender),
        ] {
            if text.as_deref().is_some_and(|text| !valid_profile_text(text)) {
                return Err(RegisterError::InvalidField(field));
            }
        }
        let user = self.new_user(command, client, now);
        self.0.config.password_policy.check(command.password.expose(), &self.own_words(&user))?;
        let limits = &self.0.config.limits;
        self.attempt(
            &[
                Limit {
                    rate: limits.register_client,
                    name: "register-client",
                    by: &[&client.network()],
                },
                Limit {
                    rate: limits.register_client,
                    name: "register-email",
                    by: &[command.email.canonical()],
                },
            ],
            now,
        )
        .await?;

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
        let list = match account {
            None if !reserved => {
                let password =
                    self.0.hasher.hash(&command.password).await.map_err(Unserved::from)?;
                let id = user.id.clone();
                let mut list = self.registration(user, now);
                let Some(Change::InsertUser { password: slot, .. }) = list.first_mut() else {
                    unreachable!("a registration begins with its user");
                };
                *slot = Some(password);
                list.push(self.claim(address, Some(&id), now));
                list.push(self.claim(name, Some(&id), now));
                let changes = Changes::new(list, now, &*self.0.rng);
                return Ok(PreparedRegistration { changes, user_id: Some(id) });
            }
            Some(account) if !account.user.is_email_confirmed() => {
                self.register_again(&account, command, name, now).await?
            }
            account => {
                self.0.hasher.verify(&command.password, None).await.map_err(Unserved::from)?;
                let owner = account.map(|account| account.user);
                let mail = self.mail(
                    MailKind::AlreadyRegistered,
                    &command.email,
                    owner.as_ref(),
                    Vec::new(),
                    &[],
                    now,
                );
                vec![self.claim(name, None, now), mail]
            }
        };
        Ok(PreparedRegistration {
            changes: Changes::new(self.padded(list, now), now, &*self.0.rng),
            user_id: None,
        })
    }

    /// To be called after [`PreparedRegistration::changes`] were committed
    /// outside of [`Auth`]: the outbox worker sends at once instead of at its
    /// next look.
    pub fn mail_was_queued(&self) {
        self.0.mail_queued.notify_one();
    }

    /// A registration of an address whose first one is not confirmed.
    async fn register_again(
        &self,
        account: &Account,
        command: &Register,
        name: Identifier,
        now: Timestamp,
    ) -> Result<Vec<Change>, Unserved> {
        let user = &account.user;
        let config = &self.0.config;
        let verdict = self.0.hasher.verify(&command.password, account.password.as_ref()).await?;
        let claim = self.claim(name, None, now);
        let audit = self.audit(&user.id, "user.registered_again", &[], now);
        if verdict != Verdict::Wrong {
            let ttl = config.confirmation_ttl;
            let (confirm, change) =
                self.mail_token(&user.id, Purpose::Confirm, &user.email, ttl, true, now).await?;
            let (mut tokens, mut list) = (vec![confirm], vec![change, claim, audit]);
            self.not_me(user, &mut tokens, &mut list, now);
            list.push(Change::TouchUser { id: user.id.clone(), active: false, epoch: user.epoch });
            list.push(self.mail_user(MailKind::Confirmation, user, tokens, &[], now));
            return Ok(list);
        }
        let (choose, change) = self
            .mail_token(
                &user.id,
                Purpose::ChoosePassword,
                &user.email,
                config.confirmation_ttl,
                false,
                now,
            )
            .await?;
        let (mut tokens, mut list) = (vec![choose], vec![change, claim, audit]);
        self.not_me(user, &mut tokens, &mut list, now);
        list.push(Change::UpdateUser {
            id: user.id.clone(),
            epoch: user.epoch,
            raise_epoch: true,
            at: now,
            set: Box::new(UserPatch { password: Some(None), ..UserPatch::default() }),
        });
        list.push(self.mail_user(MailKind::ChoosePassword, user, tokens, &[], now));
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

    /// The changes of a first registration but for its claims and password.
    fn registration(&self, user: User, now: Timestamp) -> Vec<Change> {
        let ttl = self.0.config.confirmation_ttl;
        let binding = Some(user.email.as_str().to_owned());
        let mut confirm = self.new_token(Some(&user.id), Purpose::Confirm, binding, ttl, now);
        confirm.code_issue = 1;
        confirm.code_expires_at = Some(now + crate::config::CODE_TTL);
        let mut tokens =
            vec![MailToken { purpose: Purpose::Confirm, id: confirm.id, code_issue: Some(1) }];
        let mut list = vec![Change::InsertToken(confirm)];
        self.not_me(&user, &mut tokens, &mut list, now);
        list.push(self.mail_user(MailKind::Confirmation, &user, tokens, &[], now));
        list.push(self.audit(&user.id, "user.registered", &[], now));
        list.insert(0, Change::InsertUser { user: Box::new(user), password: None });
        list
    }

    /// Adds a "this was not me" link, which is good as long as the account may
    /// stay unconfirmed.
    pub(crate) fn not_me(
        &self,
        user: &User,
        tokens: &mut Vec<MailToken>,
        list: &mut Vec<Change>,
        now: Timestamp,
    ) {
        let ttl =
            user.unconfirmed_until.map_or(self.0.config.confirmation_ttl, |until| until.since(now));
        let binding = Some(user.email.as_str().to_owned());
        let token = self.new_token(Some(&user.id), Purpose::NotMe, binding, ttl, now);
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

    /// As many statements as a first registration takes.
    fn padded(&self, mut list: Vec<Change>, now: Timestamp) -> Vec<Change> {
        while list.len() < REGISTRATION_CHANGES {
            list.push(self.decoy(now));
        }
        list
    }
}

/// User, two claims, two tokens, mail, audit.
const REGISTRATION_CHANGES: usize = 7;
