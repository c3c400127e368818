//! Turning the factor on by its first code.

use super::error::MfaError;
use super::recovery_codes::RecoveryCodes;
use crate::auth::Auth;
use crate::clock::Timestamp;
use crate::flows::authenticate::Current;
use crate::model::mail::MailKind;
use crate::model::user::Account;
use crate::secret::PlaintextPassword;
use crate::store::{Change, Guard};
use crate::totp;

impl Auth {
    /// Turns the second factor on by the first code of the secret that waits,
    /// and gives the recovery codes: this is the only time that they are seen.
    ///
    /// # Errors
    /// [`MfaError`].
    pub async fn confirm_totp(
        &self,
        current: &Current,
        code: &PlaintextPassword,
    ) -> Result<RecoveryCodes, MfaError> {
        let now = self.now();
        let id = &current.user.id;
        let attempt = self.attempt_in_session(current, now).await?;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let account = self.account(id).await?.ok_or(MfaError::NotFound)?;
            let (codes, hashes) = self.recovery_codes(id);
            let list = match self.confirmation(&account, code, hashes, now) {
                Ok(Some(list)) => list,
                Ok(None) => return Err(MfaError::InvalidCode),
                Err(error) => return self.not_a_try(&attempt, error).await,
            };
            current.still(&account.user)?;
            match self.commit_from(&current.client, list, now).await? {
                Ok(()) => {
                    self.succeeded(&attempt).await;
                    return Ok(codes);
                }
                Err(Guard::Factor) => return Err(MfaError::InvalidCode),
                Err(_) => {}
            }
        }
    }

    /// The changes that confirm the secret that waits; `None` where this is not
    /// its code.
    pub(super) fn confirmation(
        &self,
        account: &Account,
        code: &PlaintextPassword,
        hashes: Vec<String>,
        now: Timestamp,
    ) -> Result<Option<Vec<Change>>, MfaError> {
        let user = &account.user;
        let pending = account
            .totp
            .as_ref()
            .and_then(|totp| totp.pending.as_ref())
            .ok_or(MfaError::NotEnabled)?;
        let secret = self.unseal_totp(&user.id, pending)?;
        let Some(step) = totp::matching_step(&secret, code.expose(), now) else {
            return Ok(None);
        };
        let kind = if account.mfa_enabled() { MailKind::MfaReplaced } else { MailKind::MfaEnabled };
        let list = vec![
            Change::UpdateUser {
                id: user.id.clone(),
                epoch: user.epoch,
                raise_epoch: true,
                at: now,
                set: Box::default(),
            },
            Change::ConfirmTotp {
                user_id: user.id.clone(),
                factor_id: pending.factor_id.clone(),
                step,
            },
            self.mail_user(kind, user, vec![], &[("time", &now.to_string())], now),
            self.audit(&user.id, "mfa.enabled", &[], now),
            // Recovery codes of an earlier factor end with it.
            Change::ReplaceRecoveryCodes { user_id: user.id.clone(), hashes },
        ];
        Ok(Some(list))
    }
}
