//! A new password: what is accepted, changing it, and what goes with it.

use super::authenticate::Current;
use super::update_profile::{ProfileError, UpdateProfile};
use crate::auth::Auth;
use crate::clock::Timestamp;
use crate::model::ids::SessionId;
use crate::model::mail::MailKind;
use crate::model::token::Purpose;
use crate::model::user::User;
use crate::password::PasswordProblem;
use crate::secret::PlaintextPassword;
use crate::store::Change;

impl Auth {
    /// Checks a password against the policy without setting it, for callers who
    /// know who asks and report every problem of a request at once. `own_words`
    /// are what is easy to guess for this user: name, address. Takes milliseconds:
    /// where strangers ask, [`check_password_shape`](Self::check_password_shape)
    /// is enough, since the flows look at the rest after their limits.
    ///
    /// # Errors
    /// [`PasswordProblem`].
    pub fn check_password_policy(
        &self,
        password: &str,
        own_words: &[&str],
    ) -> Result<(), PasswordProblem> {
        let mut words = vec![self.0.config.product_name.as_str()];
        words.extend_from_slice(own_words);
        self.0.config.password_policy.check(password, &words)
    }

    /// The part of the policy that costs next to nothing: the length.
    ///
    /// # Errors
    /// [`PasswordProblem`].
    pub fn check_password_shape(&self, password: &str) -> Result<(), PasswordProblem> {
        self.0.config.password_policy.check_shape(password)
    }

    /// Changes the signed-in user's password. All other sessions end, and the
    /// owner gets a notice.
    ///
    /// # Errors
    /// [`ProfileError`].
    pub async fn change_password(
        &self,
        current: &Current,
        current_password: &PlaintextPassword,
        new_password: &PlaintextPassword,
    ) -> Result<(), ProfileError> {
        let update = UpdateProfile {
            password: Some(new_password.clone()),
            current_password: Some(current_password.clone()),
            ..UpdateProfile::default()
        };
        self.update_profile(current, &update).await
    }

    /// Sets the first password of a signed-in user who has none, within 15 minutes of
    /// their sign-in. All other sessions end, and the owner gets a notice.
    ///
    /// # Errors
    /// [`ProfileError`]; `CurrentPasswordMissing` where there is one.
    pub async fn set_first_password(
        &self,
        current: &Current,
        new_password: &PlaintextPassword,
    ) -> Result<(), ProfileError> {
        let password = Some(new_password.clone());
        self.update_profile(current, &UpdateProfile { password, ..UpdateProfile::default() }).await
    }

    /// What goes with every new password: links to set one or to move the account
    /// to another address are void, sessions and half-done sign-ins end, and the
    /// owner is told.
    pub(crate) fn password_changed(
        &self,
        user: &User,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Vec<Change> {
        let mut list: Vec<Change> = [
            Purpose::Reset,
            Purpose::ChoosePassword,
            Purpose::EmailChange,
            Purpose::MfaTicket,
            Purpose::EmailSignIn,
        ]
        .into_iter()
        .map(|purpose| self.void(&user.id, Some(purpose), now))
        .collect();
        list.push(Change::EndSessions { user_id: user.id.clone(), except });
        list.push(Change::ForgetDevices { user_id: user.id.clone() });
        list.push(self.mail_user(
            MailKind::PasswordChanged,
            user,
            vec![],
            &[("time", &now.to_string())],
            now,
        ));
        list
    }
}
