//! Changing one's own account: everything that one request names, in one commit.

use super::authenticate::Current;
use super::email_change::same_mailbox;
use super::reauthenticate::{ReauthenticateFailure, ReauthenticationError};
use crate::auth::{Auth, Limit, LimitName, ServiceError};
use crate::clock::Timestamp;
use crate::mail::Unreachable;
use crate::model::identifier::{Email, Identifier, Username};
use crate::model::profile::ProfileText;
use crate::model::user::User;
use crate::password::PasswordProblem;
use crate::secret::PlaintextPassword;
use crate::store::{Change, Guard, UserPatch};

/// What a user changes; `None` leaves a field as it is. Write the fields that
/// change and `..UpdateProfile::default()`: there will be more.
#[derive(Clone, Debug, Default)]
pub struct UpdateProfile {
    /// A new username.
    pub username: Option<Username>,
    /// A new address; it takes effect once confirmed from there.
    pub email: Option<Email>,
    /// A new password; needs the current one, or a recent sign-in where there is none.
    pub password: Option<PlaintextPassword>,
    /// The current password.
    pub current_password: Option<PlaintextPassword>,
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
pub enum ProfileError {
    /// The user was deleted since.
    #[error("there is no such user")]
    NotFound,
    /// The username is taken.
    #[error("the username is taken")]
    UsernameTaken,
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
    /// No mail can reach the address.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<ReauthenticateFailure> for ProfileError {
    fn from(failure: ReauthenticateFailure) -> Self {
        match failure {
            ReauthenticateFailure::Refused(refused) => Self::Reauthentication(refused),
            ReauthenticateFailure::Service(service_error) => Self::Service(service_error),
        }
    }
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
        if update.password.is_some() {
            self.check_current_is_given(current, update).await?;
        }
        let new_email =
            update.email.as_ref().filter(|email| !same_mailbox(email, &current.user.email));
        let current_password = update.current_password.as_ref();
        if update.password.is_some() && current_password.is_none() {
            self.reauthenticate_by_session(current).await?;
        } else if new_email.is_some() || update.password.is_some() {
            self.reauthenticate(current, current_password).await?;
        }
        // After the count of wrong current passwords, as the look-ups of a policy
        // must not be driven without end.
        if let Some(password) = &update.password {
            let policy = &self.0.config.password_policy;
            policy.accept(password, &self.own_words(&current.user)).await?;
        }
        if let Some(email) = new_email {
            // By who asks and by whom it reaches, so that nobody's mailbox is filled.
            let rate = self.0.config.limits.mail_identifier;
            let (user, address) = (current.user.id.as_str(), email.canonical());
            let limits = [
                Limit::new(LimitName::EmailChange, rate, &[user]),
                Limit::new(LimitName::EmailChangeTo, rate, &[address]),
            ];
            self.attempt(&limits, self.now()).await?;
            self.check_reach(email).await?;
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
            if password.is_some() && update.current_password.is_none() && account.password.is_some()
            {
                // Set meanwhile.
                return Err(ProfileError::CurrentPasswordMissing);
            }
            let user = account.user;
            if new_email.is_some() || password.is_some() {
                current.still(&user)?;
            }
            let mut set = UserPatch {
                username: update.username.clone().filter(|name| *name != user.username),
                first_name: changed(&update.first_name, &user.first_name),
                last_name: changed(&update.last_name, &user.last_name),
                gender: changed(&update.gender, &user.gender),
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
            match self.commit_from(&current.client, list, now).await? {
                Ok(()) => return Ok(()),
                Err(Guard::Taken(kind)) if kind.is_name() => {
                    return Err(ProfileError::UsernameTaken);
                }
                Err(_) => {}
            }
        }
    }

    /// Only who has no password sets one without it; they have signed in lately.
    async fn check_current_is_given(
        &self,
        current: &Current,
        update: &UpdateProfile,
    ) -> Result<(), ProfileError> {
        if update.current_password.is_some() {
            return Ok(());
        }
        let account = self.account(&current.user.id).await?.ok_or(ProfileError::NotFound)?;
        match account.password {
            Some(_) => Err(ProfileError::CurrentPasswordMissing),
            None => Ok(()),
        }
    }

    /// Takes the new name and gives the old one back; another spelling of the
    /// same name is neither, unless it looks otherwise.
    pub(super) fn rename(
        &self,
        user: &User,
        name: &Username,
        list: &mut Vec<Change>,
        now: Timestamp,
    ) {
        let names = Identifier::names(&user.username).into_iter().zip(Identifier::names(name));
        for (old, new) in names.filter(|(old, new)| old != new) {
            let user_id = user.id.clone();
            list.push(Change::ReleaseIdentifier { identifier: old, user_id: user_id.clone() });
            list.push(Change::ClaimIdentifier {
                identifier: new,
                user_id: Some(user_id),
                until: None,
                now,
            });
        }
    }
}

/// The names of what is set.
pub(super) fn changed_fields(set: &UserPatch) -> Vec<&'static str> {
    [
        ("username", set.username.is_some()),
        ("email", set.email.is_some()),
        ("email_confirmed_at", set.email_confirmed_at.is_some()),
        ("role", set.role.is_some()),
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

/// The text to set, where it is another one than `present`.
pub(super) fn changed(
    wanted: &Option<Option<ProfileText>>,
    present: &Option<String>,
) -> Option<Option<String>> {
    let wanted = wanted.as_ref()?.as_ref().map(|text| text.as_str().to_owned());
    (wanted != *present).then_some(wanted)
}
