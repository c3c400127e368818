//! Recovery codes: a way in without the authenticator app.

use super::error::MfaError;
use crate::auth::Auth;
use crate::clock::Timestamp;
use crate::config::REAUTHENTICATION_WINDOW;
use crate::flows::amr::PASSKEY;
use crate::flows::authenticate::Current;
use crate::flows::reauthenticate::ReauthenticationError;
use crate::flows::step_up::StepUp;
use crate::model::ids::UserId;
use crate::model::mail::MailKind;
use crate::model::user::Account;
use crate::secret::{PlaintextPassword, Redacted};
use crate::store::Change;
use crate::totp;

/// Recovery codes, shown once.
pub type RecoveryCodes = Vec<Redacted<String>>;

/// How many recovery codes a user gets.
const RECOVERY_CODES: usize = 10;

impl Auth {
    /// Ten new recovery codes; the old ones are void, and their owner is told. Needs
    /// a code of the authenticator app or a recovery code, or else a sign-in by
    /// passkey within 15 minutes.
    ///
    /// # Errors
    /// [`MfaError`]; without a code `Reauthentication` where the sign-in was not by
    /// passkey or is too long ago, and `CodeRequired` where there are no passkeys.
    pub async fn new_recovery_codes(
        &self,
        current: &Current,
        code: Option<&PlaintextPassword>,
    ) -> Result<RecoveryCodes, MfaError> {
        let (codes, hashes) = self.recovery_codes(&current.user.id);
        let replaced = |auth: &Self, account: &Account, now: Timestamp| {
            let (user, hashes, time) = (&account.user, hashes.clone(), now.to_string());
            let (kind, params) = (MailKind::RecoveryCodesReplaced, [("time", time.as_str())]);
            vec![
                Change::ReplaceRecoveryCodes { user_id: user.id.clone(), hashes },
                auth.mail_user(kind, user, vec![], &params, now),
                auth.audit(&user.id, "mfa.recovery_codes_replaced", &[], now),
            ]
        };
        match code {
            Some(code) => {
                let what =
                    |auth: &Self, account: &Account, _, now| Ok(replaced(auth, account, now));
                self.with_code(current, code, what).await?;
            }
            None => self.with_recent_passkey(current, replaced).await?,
        }
        Ok(codes)
    }

    /// Does what a passkey stands for a code of, where one has just signed in.
    async fn with_recent_passkey(
        &self,
        current: &Current,
        what: impl Fn(&Self, &Account, Timestamp) -> Vec<Change>,
    ) -> Result<(), MfaError> {
        let by_passkey = current.session.amr.iter().any(|method| method == PASSKEY);
        let lately = StepUp::new().within(REAUTHENTICATION_WINDOW);
        let is_proved = by_passkey && self.require(current, lately).is_ok();
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let account = self.account(&current.user.id).await?.ok_or(MfaError::NotFound)?;
            let has_passkeys =
                self.0.config.sign_in.passkeys && !self.passkeys_of(&account).await?.is_empty();
            if !has_passkeys {
                return Err(match account.mfa_enabled() {
                    true => MfaError::CodeRequired,
                    false => MfaError::NotEnabled,
                });
            }
            if !is_proved {
                let ways = self.ways_in(&current.user.id).await?;
                return Err(ReauthenticationError::Required(ways).into());
            }
            current.still(&account.user)?;
            let mut list = what(self, &account, now);
            list.push(Change::UpdateUser {
                id: account.user.id.clone(),
                epoch: account.user.epoch,
                raise_epoch: true,
                at: now,
                set: Box::default(),
            });
            if self.commit_from(&current.client, list, now).await?.is_ok() {
                return Ok(());
            }
        }
    }

    pub(in crate::flows) fn recovery_codes(&self, user: &UserId) -> (RecoveryCodes, Vec<String>) {
        let codes: RecoveryCodes =
            (0..RECOVERY_CODES).map(|_| totp::new_recovery_code(&*self.0.rng)).collect();
        let hashes = codes
            .iter()
            .filter_map(|code| totp::recovery_code(code.expose()))
            .map(|code| totp::recovery_hash(user, &code))
            .collect();
        (codes, hashes)
    }
}
