//! Turning the factor off.

use super::error::MfaError;
use crate::auth::{Auth, ServiceError};
use crate::clock::Timestamp;
use crate::flows::authenticate::Current;
use crate::model::factor::Totp;
use crate::model::ids::UserId;
use crate::model::mail::MailKind;
use crate::model::user::{Account, User};
use crate::secret::PlaintextPassword;
use crate::store::Change;

impl Auth {
    /// Turns the authenticator app off for the signed-in user; needs a code. The
    /// recovery codes go with the last second factor: who has a passkey keeps them.
    ///
    /// # Errors
    /// [`MfaError`].
    pub async fn disable_totp(
        &self,
        current: &Current,
        code: &PlaintextPassword,
        password: Option<&PlaintextPassword>,
    ) -> Result<(), MfaError> {
        self.reauthenticate(current, password).await?;
        self.with_code(current, code, |auth, account, has_passkeys, now| {
            if !account.mfa_enabled() {
                return Err(MfaError::NotEnabled);
            }
            let time = now.to_string();
            let mut params = vec![("time", time.as_str())];
            if has_passkeys && auth.0.config.sign_in.passkeys {
                params.push(("second_factor", "passkey"));
            }
            let mut list = vec![
                Change::RemoveTotp { user_id: account.user.id.clone() },
                auth.mail_user(MailKind::MfaDisabled, &account.user, vec![], &params, now),
                auth.audit(&account.user.id, "mfa.disabled", &[], now),
            ];
            if !has_passkeys {
                let user_id = account.user.id.clone();
                list.push(Change::ReplaceRecoveryCodes { user_id, hashes: vec![] });
            }
            Ok(list)
        })
        .await
    }

    /// Turns the second factor off without a code, for operators and services
    /// that have made sure who asks, and removes the passkeys: they are one, too. A
    /// secret that only waits is dropped.
    ///
    /// # Errors
    /// [`MfaError::NotEnabled`] where there is neither.
    pub async fn reset_mfa(&self, user: &UserId) -> Result<User, MfaError> {
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let account = self.account(user).await?.ok_or(MfaError::NotFound)?;
            let entry = self.audit(user, "mfa.reset", &[], now);
            let list = self.without_factors(&account, entry, now).await?;
            if self.commit(list.ok_or(MfaError::NotEnabled)?, now).await?.is_ok() {
                return Ok(account.user);
            }
        }
    }

    /// What takes every second factor off an account, and tells its owner where one
    /// was on; `None` where there is none. The passkeys are read after the account:
    /// one that is added later raises the epoch, and the commit fails.
    pub(in crate::flows) async fn without_factors(
        &self,
        account: &Account,
        entry: Change,
        now: Timestamp,
    ) -> Result<Option<Vec<Change>>, ServiceError> {
        let (user, totp) = (&account.user, account.totp.as_ref());
        let has_passkeys = !self.passkeys_of(account).await?.is_empty();
        let is_on = totp.is_some_and(Totp::is_confirmed) || has_passkeys;
        if !is_on && totp.is_none_or(|totp| totp.pending.is_none()) {
            return Ok(None);
        }
        let mut list = vec![
            Change::UpdateUser {
                id: user.id.clone(),
                epoch: user.epoch,
                raise_epoch: true,
                at: now,
                set: Box::default(),
            },
            Change::RemoveTotp { user_id: user.id.clone() },
            Change::RemovePasskeys { user_id: user.id.clone(), since: None },
            Change::ReplaceRecoveryCodes { user_id: user.id.clone(), hashes: vec![] },
            entry,
        ];
        if is_on {
            let time = now.to_string();
            list.push(self.mail_user(MailKind::MfaDisabled, user, vec![], &[("time", &time)], now));
        }
        Ok(Some(list))
    }
}
