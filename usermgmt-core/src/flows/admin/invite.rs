//! Making an account for somebody, who chooses the password.

use std::time::Duration;

use crate::auth::{Auth, ServiceError};
use crate::mail::Unreachable;
use crate::model::audit::Origin;
use crate::model::identifier::{Email, Identifier, IdentifierKind, Username};
use crate::model::ids::UserId;
use crate::model::mail::{MailKind, MailToken};
use crate::model::token::Purpose;
use crate::model::user::{Role, User};
use crate::password::PasswordProblem;
use crate::secret::{PlaintextPassword, Redacted};
use crate::store::{Change, Guard};
use crate::token;

/// An account for somebody. Change what [`Invite::new`] has made instead of writing it
/// out: there will be more.
#[derive(Clone, Debug)]
pub struct Invite {
    /// The username.
    pub username: Username,
    /// The address.
    pub email: Email,
    /// The role.
    pub role: Role,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Gender.
    pub gender: Option<String>,
    /// The language of mails (BCP 47).
    pub locale: Option<String>,
    /// The password, where whoever makes the account is its owner: then the
    /// address counts as confirmed.
    pub password: Option<PlaintextPassword>,
    /// Whether the link to choose a password is mailed.
    pub mail: bool,
    /// How long that link is good.
    pub life: Duration,
}

impl Invite {
    /// An ordinary user of whom nothing else is known, who gets a link to choose a
    /// password by mail. It is good for so long; [`Config::invitation_ttl`] is what is set.
    ///
    /// [`Config::invitation_ttl`]: crate::Config::invitation_ttl
    pub fn new(username: Username, email: Email, life: Duration) -> Self {
        Self {
            username,
            email,
            role: Role::User,
            first_name: None,
            last_name: None,
            gender: None,
            locale: None,
            password: None,
            mail: true,
            life,
        }
    }
}

/// The account that was made.
#[derive(Debug)]
#[non_exhaustive]
pub struct Invited {
    /// The account.
    pub user: User,
    /// The link to choose its password, where none was given. Whoever has it has the account.
    pub link: Option<Redacted<String>>,
}

/// Why no account was made.
#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    /// The address has an account.
    #[error("the address has an account")]
    EmailTaken,
    /// The username is taken.
    #[error("the username is taken")]
    UsernameTaken,
    /// The password is not accepted.
    #[error(transparent)]
    Password(#[from] PasswordProblem),
    /// The mailer can never reach the address.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl Auth {
    /// Makes an account that does not lapse. Choosing the password by the link
    /// confirms the address too.
    ///
    /// # Errors
    /// [`InviteError`].
    pub async fn invite(&self, by: &Origin, invite: &Invite) -> Result<Invited, InviteError> {
        if invite.mail {
            self.check_reach(&invite.email).await?;
        }
        let now = self.now();
        let has_password = invite.password.is_some();
        let user = User {
            id: UserId::generate(now, &*self.0.rng),
            username: invite.username.clone(),
            email: invite.email.clone(),
            email_confirmed_at: has_password.then_some(now),
            unconfirmed_until: None,
            first_name: invite.first_name.clone(),
            last_name: invite.last_name.clone(),
            gender: invite.gender.clone(),
            role: invite.role,
            locale: invite.locale.clone(),
            disabled_at: None,
            created_at: now,
            updated_at: now,
            epoch: 0,
        };
        let password = match &invite.password {
            Some(password) => {
                let policy = &self.0.config.password_policy;
                policy.accept(password, &self.own_words(&user)).await?;
                Some(self.0.hasher.hash(password).await.map_err(ServiceError::from)?)
            }
            None => None,
        };
        let mut list = vec![
            Change::InsertUser { user: Box::new(user.clone()), password },
            self.audit_by(by, &user.id, "user.invited", &given(invite), now),
        ];
        let [name, skeleton] = Identifier::names(&user.username);
        let names = [Identifier::email(&user.email), name, skeleton];
        list.extend(names.map(|identifier| Change::ClaimIdentifier {
            identifier,
            user_id: Some(user.id.clone()),
            until: None,
            now,
        }));
        let mut link = None;
        if !has_password {
            let (purpose, binding) =
                (Purpose::ChoosePassword, Some(user.email.as_str().to_owned()));
            let row = self.new_token(Some(&user.id), purpose, binding, invite.life, now);
            if invite.mail {
                let mailed = MailToken { purpose, id: row.id, code_issue: None };
                list.push(self.mail_user(MailKind::Invitation, &user, vec![mailed], &[], now));
            }
            let text = token::one_time(&self.keys().ring, purpose, row.id);
            link = Some(self.0.config.link(purpose, &text));
            list.push(Change::InsertToken(row));
        }
        match self.commit(list, now).await? {
            Ok(()) => Ok(Invited { user, link }),
            Err(Guard::Taken(IdentifierKind::Email)) => Err(InviteError::EmailTaken),
            Err(Guard::Taken(_)) => Err(InviteError::UsernameTaken),
            Err(guard) => Err(ServiceError::Internal(format!("a new user met {guard:?}")).into()),
        }
    }
}

/// The names of what is known of the person.
fn given(invite: &Invite) -> Vec<&'static str> {
    let optional = [
        ("first_name", invite.first_name.is_some()),
        ("last_name", invite.last_name.is_some()),
        ("gender", invite.gender.is_some()),
        ("locale", invite.locale.is_some()),
        ("password", invite.password.is_some()),
    ];
    let optional = optional.into_iter().filter_map(|(name, given)| given.then_some(name));
    ["username", "email", "role"].into_iter().chain(optional).collect()
}
