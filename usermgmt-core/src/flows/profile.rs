//! Changing one's own account: everything that one request names, in one commit.

use crate::auth::{Auth, Limit, LimitName, ServiceError};
use crate::clock::Timestamp;
use crate::config::EMAIL_UNDO_TTL;
use crate::flows::compose::valid_profile_text;
use crate::flows::sessions::{Current, ReauthenticationError};
use crate::model::identifier::{Email, Identifier, IdentifierKind, Username};
use crate::model::mail::{MailKind, MailToken};
use crate::model::token::Purpose;
use crate::model::user::User;
use crate::password::PasswordProblem;
use crate::secret::PlaintextPassword;
use crate::store::{Change, Guard, UserPatch};

/// What a user changes; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct UpdateProfile {
    /// A new username.
    pub username: Option<Username>,
    /// A new address; it takes effect once confirmed from there.
    pub email: Option<Email>,
    /// A new password; needs the current one.
    pub password: Option<PlaintextPassword>,
    /// The current password.
    pub current_password: Option<PlaintextPassword>,
    /// First name.
    pub first_name: Option<Option<String>>,
    /// Last name.
    pub last_name: Option<Option<String>>,
    /// Gender.
    pub gender: Option<Option<String>>,
    /// The language of mails (BCP 47).
    pub locale: Option<Option<String>>,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The user was deleted since.
    #[error("there is no such user")]
    NotFound,
    /// The username is taken.
    #[error("the username is taken")]
    UsernameTaken,
    /// A name or the gender is too long or has control characters.
    #[error("{0} is not valid")]
    InvalidField(&'static str),
    /// A new password needs the current one.
    #[error("the current password is missing")]
    CurrentPasswordMissing,
    /// The new password is not accepted.
    #[error(transparent)]
    Password(#[from] PasswordProblem),
    /// A new address needs a recent sign-in or the current password; or the
    /// current password that was given is wrong.
    #[error(transparent)]
    Reauthentication(#[from] ReauthenticationError),
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl Auth {
    /// Changes the signed-in user's account. A new password ends all other
    /// sessions. A new address is mailed a link, and the old one a notice; that
    /// the new one is somebody else's is told to its owner alone.
    ///
    /// # Errors
    /// [`ProfileError`]; nothing was changed then.
    pub async fn update_profile(
        &self,
        current: &Current,
        update: &UpdateProfile,
    ) -> Result<(), ProfileError> {
        for (field, text) in [
            ("first_name", &update.first_name),
            ("last_name", &update.last_name),
            ("gender", &update.gender),
        ] {
            if text
                .as_ref()
                .and_then(Option::as_deref)
                .is_some_and(|text| !valid_profile_text(text))
            {
                return Err(ProfileError::InvalidField(field));
            }
        }
        if let Some(password) = &update.password {
            if update.current_password.is_none() {
                return Err(ProfileError::CurrentPasswordMissing);
            }
            let policy = &self.0.config.password_policy;
            policy.accept(password, &self.own_words(&current.user)).await?;
        }
        let new_email =
            update.email.as_ref().filter(|email| !same_mailbox(email, &current.user.email));
        if new_email.is_some() || update.password.is_some() {
            self.reauthenticate(current, update.current_password.as_ref()).await?;
        }
        if let Some(email) = new_email {
            // By who asks and by whom it reaches, so that nobody's mailbox is filled.
            let rate = self.0.config.limits.mail_identifier;
            let (user, address) = (current.user.id.as_str(), email.canonical());
            let limits = [
                Limit { rate, name: LimitName::EmailChange, by: &[user] },
                Limit { rate, name: LimitName::MailIdentifier, by: &[address] },
            ];
            self.attempt(&limits, self.now()).await?;
        }
        let password = match &update.password {
            Some(password) => Some(self.0.hasher.hash(password).await.map_err(ServiceError::from)?),
            None => None,
        };
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let account = self
                .read(self.0.store.account(&current.user.id))
                .await?
                .ok_or(ProfileError::NotFound)?;
            let user = account.user;
            if new_email.is_some() || password.is_some() {
                current.still(&user)?;
            }
            let mut set = UserPatch {
                username: update.username.clone().filter(|name| *name != user.username),
                first_name: update.first_name.clone().filter(|name| *name != user.first_name),
                last_name: update.last_name.clone().filter(|name| *name != user.last_name),
                gender: update.gender.clone().filter(|gender| *gender != user.gender),
                locale: update.locale.clone().filter(|locale| *locale != user.locale),
                ..UserPatch::default()
            };
            // The same address in another case needs no confirmation.
            set.email =
                update.email.clone().filter(|email| new_email.is_none() && *email != user.email);
            let mut list = Vec::new();
            if let Some(name) = &set.username {
                self.rename(&user, name, &mut list, now);
            }
            if let Some(email) = new_email {
                self.request_email_change(&user, email, &mut list, now).await?;
            }
            if let Some(hash) = &password {
                set.password = Some(Some(hash.clone()));
                list.extend(self.password_changed(&user, Some(current.session.id), now));
            }
            if set == UserPatch::default() {
                if !list.is_empty() {
                    list.push(self.touch(&user));
                }
            } else {
                let fields = changed_fields(&set);
                list.push(self.audit(&user.id, "user.updated", &fields, now));
                list.push(Change::UpdateUser {
                    id: user.id.clone(),
                    epoch: user.epoch,
                    raise_epoch: password.is_some(),
                    at: now,
                    set: Box::new(set),
                });
            }
            if list.is_empty() {
                return Ok(());
            }
            match self.commit(list, now).await? {
                Ok(()) => return Ok(()),
                Err(Guard::Taken(IdentifierKind::Username)) => {
                    return Err(ProfileError::UsernameTaken);
                }
                Err(_) => {}
            }
        }
    }

    /// Takes the new name and gives the old one back; another spelling of the
    /// same name is neither.
    fn rename(&self, user: &User, name: &Username, list: &mut Vec<Change>, now: Timestamp) {
        if name.canonical() == user.username.canonical() {
            return;
        }
        list.push(Change::ClaimIdentifier {
            identifier: Identifier::username(name),
            user_id: Some(user.id.clone()),
            until: None,
            now,
        });
        list.push(Change::ReleaseIdentifier {
            identifier: Identifier::username(&user.username),
            user_id: user.id.clone(),
        });
    }

    /// Mails a link to the new address and a notice with an undo link to the
    /// present one. Where the new address is somebody else's, its owner is told
    /// instead, and everything else is the same.
    async fn request_email_change(
        &self,
        user: &User,
        email: &Email,
        list: &mut Vec<Change>,
        now: Timestamp,
    ) -> Result<(), ServiceError> {
        let taken = self
            .read(self.0.store.is_taken(&Identifier::email(email), Some(&user.id), now))
            .await?;
        list.push(Change::VoidTokens {
            user_id: user.id.clone(),
            purpose: Some(Purpose::EmailChange),
            since: None,
            now,
        });
        let owner =
            self.read(self.0.store.account_by_identifier(&Identifier::email(email), now)).await?;
        if taken {
            list.push(self.decoy(now));
            // To whoever has the address, as they confirmed it: another spelling can be another
            // mailbox. In no language of this user's, and without their name.
            let to = owner.as_ref().map_or(email, |owner| &owner.user.email);
            list.push(self.mail(MailKind::EmailTaken, to, None, vec![], &[], now));
        } else {
            let ttl = self.0.config.confirmation_ttl;
            let binding = Some(email.as_str().to_owned());
            let token = self.new_token(Some(&user.id), Purpose::EmailChange, binding, ttl, now);
            let mailed = MailToken { purpose: token.purpose, id: token.id, code_issue: None };
            let params = [("new_email", email.as_str())];
            list.push(Change::InsertToken(token));
            list.push(self.mail(
                MailKind::EmailChangeConfirm,
                email,
                Some(user),
                vec![mailed],
                &params,
                now,
            ));
        }
        let kind = MailKind::EmailChangeRequested;
        let notice = self.undo_mail(kind, user, email, now, list, now);
        list.push(notice);
        list.push(self.audit(&user.id, "email.change_requested", &["email"], now));
        Ok(())
    }

    /// The notice to the present address of `user`, whose undo token `list` gets.
    /// The token dates from when the change was `requested`: what was enrolled
    /// since then goes when it is undone.
    pub(crate) fn undo_mail(
        &self,
        kind: MailKind,
        user: &User,
        new_email: &Email,
        requested: Timestamp,
        list: &mut Vec<Change>,
        now: Timestamp,
    ) -> Change {
        let binding = Some(user.email.as_str().to_owned());
        let mut token =
            self.new_token(Some(&user.id), Purpose::EmailUndo, binding, EMAIL_UNDO_TTL, now);
        token.created_at = requested;
        let mailed = MailToken { purpose: token.purpose, id: token.id, code_issue: None };
        let params = [("new_email", new_email.as_str()), ("old_email", user.email.as_str())];
        list.push(Change::InsertToken(token));
        self.mail_user(kind, user, vec![mailed], &params, now)
    }
}

/// Whether two addresses lead to one mailbox for certain: the same but for case.
/// Other spellings of one canonical form can be two mailboxes.
fn same_mailbox(a: &Email, b: &Email) -> bool {
    a.as_str().eq_ignore_ascii_case(b.as_str())
}

fn changed_fields(set: &UserPatch) -> Vec<&'static str> {
    [
        ("username", set.username.is_some()),
        ("email", set.email.is_some()),
        ("first_name", set.first_name.is_some()),
        ("last_name", set.last_name.is_some()),
        ("gender", set.gender.is_some()),
        ("locale", set.locale.is_some()),
        ("password", set.password.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, changed)| changed.then_some(name))
    .collect()
}
