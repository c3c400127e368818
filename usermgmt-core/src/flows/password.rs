//! A new password: changing it, forgetting it, resetting it.

use crate::auth::{Auth, Client, ServiceError};
use crate::clock::Timestamp;
use crate::flows::profile::{ProfileError, UpdateProfile};
use crate::flows::sessions::Current;
use crate::model::identifier::{Email, Identifier};
use crate::model::ids::{SessionId, UserId};
use crate::model::mail::MailKind;
use crate::model::token::Purpose;
use crate::model::user::User;
use crate::password::PasswordProblem;
use crate::secret::PlaintextPassword;
use crate::store::{Change, UserPatch};
use crate::token;

/// Why a password was not reset.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// Not a link of ours, used before, replaced or expired.
    #[error("the link is invalid or has expired")]
    InvalidToken,
    /// The new password is not accepted; the link stays good.
    #[error(transparent)]
    Password(#[from] PasswordProblem),
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl Auth {
    /// Checks a password against the policy without setting it, for callers who
    /// report every problem of a request at once. `own_words` are what is easy
    /// to guess for this user: name, address.
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

    /// Mails a link to set a new password. The outcome is the same whoever is
    /// asked for: known, unknown, unconfirmed or disabled. An account that never
    /// confirmed its address gets the link that also confirms it.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn forgot_password(
        &self,
        identifier: &str,
        client: &Client,
    ) -> Result<(), ServiceError> {
        let now = self.now();
        let identifier = Identifier::typed(identifier);
        self.attempt_mail(&identifier, client, now).await?;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let account = self.read(self.0.store.account_by_identifier(&identifier, now)).await?;
            let user =
                account.map(|account| account.user).filter(|user| user.disabled_at.is_none());
            let list = match &user {
                Some(user) => {
                    let (purpose, kind, ttl) = if user.is_email_confirmed() {
                        (Purpose::Reset, MailKind::PasswordReset, self.0.config.reset_ttl)
                    } else {
                        (
                            Purpose::ChoosePassword,
                            MailKind::ChoosePassword,
                            self.0.config.confirmation_ttl,
                        )
                    };
                    let (token, change) =
                        self.mail_token(&user.id, purpose, &user.email, ttl, false, now).await?;
                    let (mut tokens, mut list) = (vec![token], vec![change]);
                    self.not_me(user, &mut tokens, &mut list, now);
                    list.push(self.touch(user));
                    list.push(self.mail_user(kind, user, tokens, &[], now));
                    list.push(self.audit(&user.id, "password.reset_requested", &[], now));
                    list
                }
                None => {
                    let nobody = UserId::generate(now, &*self.0.rng);
                    self.read(self.0.store.live_token(&nobody, Purpose::Reset, now)).await?;
                    let mut list = self.decoys(4, now);
                    list.push(self.void_mail(
                        MailKind::PasswordReset,
                        Purpose::Reset,
                        &identifier,
                        now,
                    ));
                    list
                }
            };
            if self.commit(list, now).await?.is_ok() {
                return Ok(());
            }
        }
    }

    /// Sets a new password by the link that was mailed for it. All sessions end.
    /// The second factor stays: whoever has the mailbox still needs it.
    ///
    /// # Errors
    /// [`ResetError`]; nothing was changed, and the link stays as good as it was.
    pub async fn reset_password(
        &self,
        link_token: &str,
        new_password: &PlaintextPassword,
        client: &Client,
    ) -> Result<User, ResetError> {
        let now = self.now();
        self.attempt_token(client, now).await?;
        let (purpose, id) = match token::parse_one_time(&self.0.keys, link_token) {
            Some((purpose @ (Purpose::Reset | Purpose::ChoosePassword), id)) => (purpose, id),
            _ => return Err(ResetError::InvalidToken),
        };
        let mut hash = None;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let (row, user) = self.token_and_user(id).await?.ok_or(ResetError::InvalidToken)?;
            let bound = row.binding.as_deref().map(Email::canonical_of);
            let gone = user.unconfirmed_until.is_some_and(|until| now >= until);
            let confirms = purpose == Purpose::ChoosePassword && !user.is_email_confirmed();
            if !row.is_live(now)
                || gone
                || user.disabled_at.is_some()
                || bound.as_deref() != Some(user.email.canonical())
                || !(confirms || user.is_email_confirmed())
            {
                return Err(ResetError::InvalidToken);
            }
            let policy = &self.0.config.password_policy;
            policy.accept(new_password, &self.own_words(&user)).await?;
            let hash = match &hash {
                Some(hash) => hash,
                None => {
                    hash.insert(self.0.hasher.hash(new_password).await.map_err(ServiceError::from)?)
                }
            };
            let mut set = UserPatch { password: Some(Some(hash.clone())), ..UserPatch::default() };
            let mut list = self.password_changed(&user, None, now);
            list.push(Change::UseToken { id, now });
            list.push(self.audit(&user.id, "password.reset", &["password"], now));
            if confirms {
                set.email_confirmed_at = Some(now);
                set.unconfirmed_until = Some(None);
                list.extend(self.hold_identifiers(&user, None));
                for purpose in [Purpose::Confirm, Purpose::NotMe, Purpose::Activation] {
                    list.push(Change::VoidTokens {
                        user_id: user.id.clone(),
                        purpose: Some(purpose),
                        since: None,
                        now,
                    });
                }
            }
            list.push(Change::UpdateUser {
                id: user.id.clone(),
                epoch: user.epoch,
                raise_epoch: true,
                at: now,
                set: Box::new(set),
            });
            if self.commit(list, now).await?.is_ok() {
                self.forget_failures(&user, client).await;
                return Ok(User {
                    email_confirmed_at: user.email_confirmed_at.or(Some(now)),
                    unconfirmed_until: None,
                    updated_at: now,
                    epoch: user.epoch + 1,
                    ..user
                });
            }
        }
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
        let mut list: Vec<Change> =
            [Purpose::Reset, Purpose::ChoosePassword, Purpose::EmailChange, Purpose::MfaTicket]
                .into_iter()
                .map(|purpose| Change::VoidTokens {
                    user_id: user.id.clone(),
                    purpose: Some(purpose),
                    since: None,
                    now,
                })
                .collect();
        list.push(Change::EndSessions { user_id: user.id.clone(), except });
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
