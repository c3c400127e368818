//! What a team's other services ask about users. The callers are trusted to ask
//! about anybody: these answers tell who has an account.

use crate::auth::{Auth, Client, ServiceError};
use crate::flows::compose::valid_profile_text;
use crate::model::identifier::{Email, Identifier, IdentifierKind, Username};
use crate::model::ids::UserId;
use crate::model::mail::{MailKind, MailToken};
use crate::model::token::Purpose;
use crate::model::user::{Account, Role, User};
use crate::password::PasswordProblem;
use crate::secret::PlaintextPassword;
use crate::store::{Change, Guard};
use crate::token;

/// A service creates a user.
#[derive(Clone, Debug)]
pub struct CreateUser {
    /// The username.
    pub username: Username,
    /// The address; the activation code goes there.
    pub email: Email,
    /// The password.
    pub password: PlaintextPassword,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Gender.
    pub gender: Option<String>,
    /// The role. Whether the caller may make admins is the caller's to check.
    pub role: Role,
    /// The language of mails (BCP 47).
    pub locale: Option<String>,
}

/// Why a user was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateUserError {
    /// The address has an account.
    #[error("the address has an account")]
    EmailTaken,
    /// The username is taken.
    #[error("the username is taken")]
    UsernameTaken,
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

/// Why a user was not activated.
#[derive(Debug, thiserror::Error)]
pub enum ActivationError {
    /// Not a code of ours, used before, or replaced.
    #[error("the activation code is invalid")]
    Invalid,
    /// Its time is over.
    #[error("the activation code has expired")]
    Expired,
    /// There is no such user.
    #[error("there is no such user")]
    NotFound,
    /// The user's address is confirmed already.
    #[error("the user is activated already")]
    AlreadyActivated,
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl Auth {
    /// Creates a user who is inactive until activated by the code that is mailed
    /// to them. Unlike a registration it does not lapse.
    ///
    /// # Errors
    /// [`CreateUserError`]; an address that is taken is reported before a name.
    pub async fn create_user(&self, command: &CreateUser) -> Result<User, CreateUserError> {
        for (field, text) in [
            ("first_name", &command.first_name),
            ("last_name", &command.last_name),
            ("gender", &command.gender),
        ] {
            if text.as_deref().is_some_and(|text| !valid_profile_text(text)) {
                return Err(CreateUserError::InvalidField(field));
            }
        }
        let now = self.now();
        let user = User {
            id: UserId::generate(now, &*self.0.rng),
            username: command.username.clone(),
            email: command.email.clone(),
            email_confirmed_at: None,
            unconfirmed_until: None,
            first_name: command.first_name.clone(),
            last_name: command.last_name.clone(),
            gender: command.gender.clone(),
            role: command.role,
            locale: command.locale.clone(),
            disabled_at: None,
            created_at: now,
            updated_at: now,
            epoch: 0,
        };
        let policy = &self.0.config.password_policy;
        policy.accept(&command.password, &self.own_words(&user)).await?;
        let (email, name) = (Identifier::email(&user.email), Identifier::username(&user.username));
        let mut hash = None;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            if self.read(self.0.store.is_taken(&email, None, now)).await? {
                return Err(CreateUserError::EmailTaken);
            }
            if self.read(self.0.store.is_taken(&name, None, now)).await? {
                return Err(CreateUserError::UsernameTaken);
            }
            let hash = match &hash {
                Some(hash) => hash,
                None => {
                    let made = self.0.hasher.hash(&command.password).await;
                    hash.insert(made.map_err(ServiceError::from)?)
                }
            };
            let claim = |identifier: &Identifier| Change::ClaimIdentifier {
                identifier: identifier.clone(),
                user_id: Some(user.id.clone()),
                until: None,
                now,
            };
            let ttl = self.0.config.activation_ttl;
            let binding = Some(user.email.as_str().to_owned());
            let token = self.new_token(Some(&user.id), Purpose::Activation, binding, ttl, now);
            let mailed = MailToken { purpose: Purpose::Activation, id: token.id, code_issue: None };
            let list = vec![
                Change::InsertUser { user: Box::new(user.clone()), password: Some(hash.clone()) },
                claim(&email),
                claim(&name),
                Change::InsertToken(token),
                self.mail_user(MailKind::Activation, &user, vec![mailed], &[], now),
                self.audit(&user.id, "user.created", &[user.role.as_str()], now),
            ];
            match self.commit(list, now).await? {
                Ok(()) => return Ok(user),
                Err(Guard::Taken(IdentifierKind::Email)) => {
                    return Err(CreateUserError::EmailTaken);
                }
                Err(Guard::Taken(IdentifierKind::Username)) => {
                    return Err(CreateUserError::UsernameTaken);
                }
                Err(_) => {}
            }
        }
    }

    /// Activates a user by the code that was mailed to them.
    ///
    /// # Errors
    /// [`ActivationError`].
    pub async fn activate(&self, code: &str, client: &Client) -> Result<User, ActivationError> {
        let now = self.now();
        self.attempt_token(client, now).await?;
        let id = match token::parse_one_time(&self.0.keys, code.trim()) {
            Some((Purpose::Activation, id)) => id,
            _ => return Err(ActivationError::Invalid),
        };
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let (row, user) = self.token_and_user(id).await?.ok_or(ActivationError::Invalid)?;
            let bound = row.binding.as_deref().map(Email::canonical_of);
            if row.used_at.is_some()
                || user.is_email_confirmed()
                || bound.as_deref() != Some(user.email.canonical())
            {
                return Err(ActivationError::Invalid);
            }
            if now >= row.expires_at {
                return Err(ActivationError::Expired);
            }
            let committed = self
                .commit_confirmation(user, id, Purpose::Activation, "user.activated", now)
                .await?;
            if let Some(user) = committed {
                return Ok(user);
            }
        }
    }

    /// Mails the activation code again: to a user whom a service created the
    /// code to activate, to one who registered themselves the confirmation.
    ///
    /// # Errors
    /// [`ActivationError`].
    pub async fn resend_activation(
        &self,
        identifier: &str,
        client: &Client,
    ) -> Result<User, ActivationError> {
        let now = self.now();
        let identifier = Identifier::typed(identifier);
        self.attempt_mail(&identifier, client, now).await?;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let Account { user, password, .. } = self
                .read(self.0.store.account_by_identifier(&identifier, now))
                .await?
                .ok_or(ActivationError::NotFound)?;
            if user.is_email_confirmed() {
                return Err(ActivationError::AlreadyActivated);
            }
            let config = &self.0.config;
            let (purpose, kind, ttl) = if password.is_none() {
                // A contested registration: whoever has the mailbox chooses the password.
                (Purpose::ChoosePassword, MailKind::ChoosePassword, config.confirmation_ttl)
            } else if user.unconfirmed_until.is_some() {
                (Purpose::Confirm, MailKind::Confirmation, config.confirmation_ttl)
            } else {
                (Purpose::Activation, MailKind::Activation, config.activation_ttl)
            };
            let with_code = kind == MailKind::Confirmation;
            let (token, change) =
                self.mail_token(&user.id, purpose, &user.email, ttl, with_code, now).await?;
            let (mut tokens, mut list) = (vec![token], vec![change, self.touch(&user)]);
            self.not_me(&user, &mut tokens, &mut list, now);
            list.push(self.mail_user(kind, &user, tokens, &[], now));
            if self.commit(list, now).await?.is_ok() {
                return Ok(user);
            }
        }
    }

    /// The user with this id, active or not.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn user(&self, id: &UserId) -> Result<Option<User>, ServiceError> {
        Ok(self.account(id).await?.map(|account| account.user))
    }

    /// The user with this id, with what proves who they are.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn account(&self, id: &UserId) -> Result<Option<Account>, ServiceError> {
        self.read(self.0.store.account(id)).await
    }

    /// The user with this address or username, active or not.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn find_user(&self, identifier: &str) -> Result<Option<User>, ServiceError> {
        let identifier = Identifier::typed(identifier);
        let account =
            self.read(self.0.store.account_by_identifier(&identifier, self.now())).await?;
        Ok(account.map(|account| account.user))
    }

    /// Users in the order of their ids, after `after`, at most `limit`.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn list_users(
        &self,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Vec<User>, ServiceError> {
        self.read(self.0.store.users(after, limit)).await
    }
}
