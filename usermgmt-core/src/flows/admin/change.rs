//! Changing somebody's account: everything that one request names, in one commit.

use super::AdminError;
use crate::auth::{Auth, ServiceError};
use crate::clock::Timestamp;
use crate::config::CODE_TTL;
use crate::flows::email_change::same_mailbox;
use crate::flows::update_profile::{changed, changed_fields};
use crate::mail::Unreachable;
use crate::model::audit::Origin;
use crate::model::identifier::{Email, Identifier, IdentifierKind, Username};
use crate::model::ids::UserId;
use crate::model::mail::{MailKind, MailToken};
use crate::model::profile::ProfileText;
use crate::model::token::Purpose;
use crate::model::user::{Account, Role, User};
use crate::store::{Change, Guard, UserPatch};

/// What an administrator changes of an account; `None` leaves a field as it is. Write
/// the fields that change and `..ChangeUser::default()`: there will be more.
#[derive(Clone, Debug, Default)]
pub struct ChangeUser {
    /// A new username.
    pub username: Option<Username>,
    /// A new address; it takes effect at once.
    pub email: Option<Email>,
    /// Whether that address counts as confirmed. Else the person confirms it by
    /// the mail that goes there, and cannot sign in until then.
    pub email_confirmed: bool,
    /// Another role.
    pub role: Option<Role>,
    /// First name.
    pub first_name: Option<Option<ProfileText>>,
    /// Last name.
    pub last_name: Option<Option<ProfileText>>,
    /// Gender.
    pub gender: Option<Option<ProfileText>>,
    /// The language of mails (BCP 47).
    pub locale: Option<Option<String>>,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeUserError {
    /// There is no such user, nobody else could administer, or it was not served.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// The address is somebody else's, or reserved for them.
    #[error("the address is taken")]
    EmailTaken,
    /// The username is taken.
    #[error("the username is taken")]
    UsernameTaken,
    /// No mail can reach the address.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
}

impl From<ServiceError> for ChangeUserError {
    fn from(service_error: ServiceError) -> Self {
        Self::Admin(service_error.into())
    }
}

impl Auth {
    /// Changes an account. A new address is final: the old one is free, gets no
    /// link to undo it, and every link that was mailed before is void. Both
    /// addresses are told.
    ///
    /// # Errors
    /// [`ChangeUserError`]; nothing was changed then.
    pub async fn change_user(
        &self,
        by: &Origin,
        id: &UserId,
        change: &ChangeUser,
    ) -> Result<User, ChangeUserError> {
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let account = self.read(self.0.store.account(id)).await?;
            let account = account.ok_or(AdminError::NotFound)?;
            let user = &account.user;
            let mut set = UserPatch {
                username: change.username.clone().filter(|name| *name != user.username),
                email: change.email.clone().filter(|email| *email != user.email),
                role: change.role.filter(|role| *role != user.role),
                first_name: changed(&change.first_name, &user.first_name),
                last_name: changed(&change.last_name, &user.last_name),
                gender: changed(&change.gender, &user.gender),
                locale: change.locale.clone().filter(|locale| *locale != user.locale),
                ..UserPatch::default()
            };
            let mut list = Vec::new();
            if let Some(name) = &set.username {
                self.rename(user, name, &mut list, now);
            }
            let moves = set.email.as_ref().is_some_and(|email| !same_mailbox(email, &user.email));
            let confirms = change.email_confirmed && (moves || !user.is_email_confirmed());
            if confirms {
                set.email_confirmed_at = Some(Some(now));
                set.unconfirmed_until = (!user.is_email_confirmed()).then_some(None);
            } else if moves && user.is_email_confirmed() {
                set.email_confirmed_at = Some(None);
            }
            if set == UserPatch::default() {
                return Ok(account.user);
            }
            let after = changed_user(user, &set);
            if moves {
                self.check_reach(&after.email).await?;
                self.move_address(&account, &after, &mut list, now);
            }
            if confirms {
                list.extend(self.hold_identifiers(&after, None));
                list.extend(self.void_confirmations(&user.id, now));
            }
            if after.role != Role::Admin || !after.is_active() {
                list.extend(self.keep_admin(user));
            }
            list.push(self.audit_by(by, &user.id, "user.updated", &changed_fields(&set), now));
            list.push(Change::UpdateUser {
                id: user.id.clone(),
                epoch: user.epoch,
                raise_epoch: moves || confirms || set.role.is_some(),
                at: now,
                set: Box::new(set),
            });
            match self.commit(list, now).await? {
                Ok(()) => {
                    let user = self.user(id).await?;
                    return Ok(user.ok_or(AdminError::NotFound)?);
                }
                Err(Guard::Taken(IdentifierKind::Email)) => {
                    return Err(ChangeUserError::EmailTaken);
                }
                Err(Guard::Taken(_)) => return Err(ChangeUserError::UsernameTaken),
                Err(Guard::LastAdmin) => return Err(AdminError::LastAdmin.into()),
                Err(_) => {}
            }
        }
    }

    /// What goes with another address.
    fn move_address(
        &self,
        account: &Account,
        after: &User,
        list: &mut Vec<Change>,
        now: Timestamp,
    ) {
        let before = &account.user;
        let user_id = before.id.clone();
        if after.email.canonical() != before.email.canonical() {
            list.push(Change::ReleaseIdentifier {
                identifier: Identifier::email(&before.email),
                user_id: user_id.clone(),
            });
            list.push(Change::ClaimIdentifier {
                identifier: Identifier::email(&after.email),
                user_id: Some(user_id.clone()),
                until: after.unconfirmed_until,
                now,
            });
        }
        list.push(Change::VoidTokens { user_id: user_id.clone(), purpose: None, since: None, now });
        let old = [("old_email", before.email.as_str())];
        let both = [("new_email", after.email.as_str()), ("old_email", before.email.as_str())];
        // Whoever never confirmed the old address may be a stranger to this account.
        let told: &[(&str, &str)] = if before.is_email_confirmed() { &both } else { &old };
        list.push(self.mail_user(MailKind::AddressChanged, before, vec![], told, now));
        if after.is_email_confirmed() {
            list.push(self.mail_user(MailKind::AddressChanged, after, vec![], &both, now));
            return;
        }
        list.push(Change::EndSessions { user_id, except: None });
        let has_password = account.password.is_some() || before.is_email_confirmed();
        let (purpose, kind, life) = if has_password {
            (Purpose::Confirm, MailKind::Confirmation, self.0.config.confirmation_ttl)
        } else {
            (Purpose::ChoosePassword, MailKind::Invitation, self.0.config.invitation_ttl)
        };
        let binding = Some(after.email.as_str().to_owned());
        let mut token = self.new_token(Some(&after.id), purpose, binding, life, now);
        let mut mailed = MailToken { purpose, id: token.id, code_issue: None };
        if has_password {
            (token.code_issue, token.code_expires_at) = (1, Some(now + CODE_TTL));
            mailed.code_issue = Some(1);
        }
        list.push(Change::InsertToken(token));
        let mut tokens = vec![mailed];
        if after.is_contestable() {
            self.not_me(after, &mut tokens, list, now);
        }
        list.push(self.mail_user(kind, after, tokens, &[("new_email", after.email.as_str())], now));
    }
}

/// The user, with the address and what else decides about it.
fn changed_user(user: &User, set: &UserPatch) -> User {
    User {
        username: set.username.clone().unwrap_or_else(|| user.username.clone()),
        email: set.email.clone().unwrap_or_else(|| user.email.clone()),
        email_confirmed_at: set.email_confirmed_at.unwrap_or(user.email_confirmed_at),
        unconfirmed_until: set.unconfirmed_until.unwrap_or(user.unconfirmed_until),
        role: set.role.unwrap_or(user.role),
        locale: set.locale.clone().unwrap_or_else(|| user.locale.clone()),
        ..user.clone()
    }
}
