//! Using up a code of the confirmed factor, or a recovery code.

use super::error::MfaError;
use crate::auth::{Attempt, Auth};
use crate::clock::Timestamp;
use crate::flows::authenticate::Current;
use crate::model::mail::MailKind;
use crate::model::user::Account;
use crate::secret::PlaintextPassword;
use crate::store::{Change, Guard};
use crate::totp;

/// What a code proves besides the first factor (RFC 8176), and the changes that
/// use it up.
pub(in crate::flows) type UsedCode = (Vec<&'static str>, Vec<Change>);

impl Auth {
    /// Does what needs a code of the confirmed factor, or a recovery code. `what` is
    /// told whether the user has passkeys, too.
    pub(super) async fn with_code(
        &self,
        current: &Current,
        code: &PlaintextPassword,
        what: impl Fn(&Self, &Account, bool, Timestamp) -> Result<Vec<Change>, MfaError>,
    ) -> Result<(), MfaError> {
        let user = &current.user.id;
        let attempt = self.attempt_in_session(current, self.now()).await?;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let account = self.account(user).await?.ok_or(MfaError::NotFound)?;
            current.still(&account.user)?;
            let has_passkeys = !self.passkeys_of(&account).await?.is_empty();
            // Who has passkeys alone has no codes but those that stand in for them.
            let codes_alone =
                has_passkeys && self.0.config.sign_in.passkeys && !account.mfa_enabled();
            let used = match codes_alone {
                true => Ok(self.use_recovery_code(&account, code, now)),
                false => self.use_code(&account, code, now),
            };
            let mut list = match used {
                Ok(Some((_, list))) => list,
                Ok(None) => {
                    let client = &current.client;
                    self.notice_second_factor(&account.user, &attempt, client, now).await?;
                    return Err(MfaError::InvalidCode);
                }
                Err(error) => return self.not_a_try(&attempt, error).await,
            };
            list.extend(what(self, &account, has_passkeys, now)?);
            list.push(Change::UpdateUser {
                id: user.clone(),
                epoch: account.user.epoch,
                raise_epoch: true,
                at: now,
                set: Box::default(),
            });
            match self.commit_from(&current.client, list, now).await? {
                Ok(()) => {
                    self.succeeded(&attempt).await;
                    return Ok(());
                }
                Err(Guard::Factor | Guard::RecoveryCode) => return Err(MfaError::InvalidCode),
                Err(_) => {}
            }
        }
    }

    /// A code that could not be looked at was no try: its secret does not open,
    /// which is the operator's to mend.
    pub(super) async fn not_a_try<T>(
        &self,
        attempt: &Attempt,
        error: MfaError,
    ) -> Result<T, MfaError> {
        if matches!(error, MfaError::Service(_)) {
            self.give_back(attempt).await;
        }
        Err(error)
    }

    /// The changes that use a code up, and what it proves (RFC 8176); `None`
    /// where it is neither a code of the confirmed factor nor looks like a
    /// recovery code. Whether a recovery code is there is tested by its use.
    pub(super) fn use_code(
        &self,
        account: &Account,
        code: &PlaintextPassword,
        now: Timestamp,
    ) -> Result<Option<UsedCode>, MfaError> {
        let user = &account.user;
        let totp = account.totp.as_ref().ok_or(MfaError::NotEnabled)?;
        let confirmed = totp.confirmed.as_ref().ok_or(MfaError::NotEnabled)?;
        if let Some(used) = self.use_recovery_code(account, code, now) {
            return Ok(Some(used));
        }
        let secret = self.unseal_totp(&user.id, confirmed)?;
        let Some(step) = totp::matching_step(&secret, code.expose(), now) else {
            return Ok(None);
        };
        if step <= totp.last_step {
            return Ok(None);
        }
        let factor_id = confirmed.factor_id.clone();
        Ok(Some((
            vec!["otp", "mfa"],
            vec![Change::UseTotpStep { user_id: user.id.clone(), factor_id, step }],
        )))
    }

    /// The same of a recovery code alone; `None` where it does not look like one.
    pub(super) fn use_recovery_code(
        &self,
        account: &Account,
        code: &PlaintextPassword,
        now: Timestamp,
    ) -> Option<UsedCode> {
        let user = &account.user;
        let typed = totp::recovery_code(code.expose())?;
        let hash = totp::recovery_hash(&user.id, &typed);
        let (kind, time) = (MailKind::RecoveryCodeUsed, now.to_string());
        let list = vec![
            Change::UseRecoveryCode { user_id: user.id.clone(), hash },
            self.mail_user(kind, user, vec![], &[("time", &time)], now),
            self.audit(&user.id, "mfa.recovery_code_used", &[], now),
        ];
        Some((vec!["mfa"], list))
    }
}
