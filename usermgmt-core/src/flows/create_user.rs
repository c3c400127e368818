//! A service creates a user.

use crate::auth::{Auth, ServiceError};
use crate::mail::Unreachable;
use crate::model::audit::{Actor, Origin};
use crate::model::identifier::{Email, Identifier, IdentifierKind, Username};
use crate::model::ids::UserId;
use crate::model::mail::{MailKind, MailToken};
use crate::model::profile::Profile;
use crate::model::token::Purpose;
use crate::model::user::{Role, User};
use crate::password::PasswordProblem;
use crate::secret::PlaintextPassword;
use crate::store::{Change, Guard};

/// A service creates a user.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CreateUser {
    /// The username.
    pub username: Username,
    /// The address; the activation code goes there.
    pub email: Email,
    /// The password.
    pub password: PlaintextPassword,
    /// Names and gender.
    pub profile: Profile,
    /// The role. Whether the caller may make admins is the caller's to check.
    pub role: Role,
    /// The language of mails (BCP 47).
    pub locale: Option<String>,
    /// Which service, for the audit log.
    pub by: Origin,
}

impl CreateUser {
    /// An ordinary user of whom nothing else is known.
    pub fn new(username: Username, email: Email, password: PlaintextPassword) -> Self {
        let profile = Profile::default();
        let by = Origin::of(Actor::Service);
        Self { username, email, password, profile, role: Role::User, locale: None, by }
    }
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
    /// No mail can reach the address.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
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
        let now = self.now();
        let user = User {
            id: UserId::generate(now, &*self.0.rng),
            username: command.username.clone(),
            email: command.email.clone(),
            email_confirmed_at: None,
            unconfirmed_until: None,
            first_name: command.profile.first_name(),
            last_name: command.profile.last_name(),
            gender: command.profile.gender(),
            role: command.role,
            locale: command.locale.clone(),
            disabled_at: None,
            created_at: now,
            updated_at: now,
            epoch: 0,
        };
        let policy = &self.0.config.password_policy;
        policy.accept(&command.password, &self.own_words(&user)).await?;
        self.check_reach(&user.email).await?;
        let (email, names) = (Identifier::email(&user.email), Identifier::names(&user.username));
        let mut hash = None;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            if self.read(self.0.store.is_taken(&email, None, now)).await? {
                return Err(CreateUserError::EmailTaken);
            }
            for name in &names {
                if self.read(self.0.store.is_taken(name, None, now)).await? {
                    return Err(CreateUserError::UsernameTaken);
                }
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
            let ttl = self.token_life(Purpose::Activation);
            let binding = Some(user.email.as_str().to_owned());
            let token = self.new_token(Some(&user.id), Purpose::Activation, binding, ttl, now);
            let mailed = MailToken { purpose: Purpose::Activation, id: token.id, code_issue: None };
            let mut list = vec![
                Change::InsertUser { user: Box::new(user.clone()), password: Some(hash.clone()) },
                claim(&email),
                Change::InsertToken(token),
                self.mail_user(MailKind::Activation, &user, vec![mailed], &[], now),
                self.audit_from(&command.by, Some(&user.id), "user.created", &["role"], now),
            ];
            list.extend(names.iter().map(claim));
            match self.commit(list, now).await? {
                Ok(()) => return Ok(user),
                Err(Guard::Taken(IdentifierKind::Email)) => {
                    return Err(CreateUserError::EmailTaken);
                }
                Err(Guard::Taken(kind)) if kind.is_name() => {
                    return Err(CreateUserError::UsernameTaken);
                }
                Err(_) => {}
            }
        }
    }
}
