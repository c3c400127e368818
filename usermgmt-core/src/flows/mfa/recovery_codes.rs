//! Recovery codes: a way in without the authenticator app.

use super::error::MfaError;
use crate::auth::Auth;
use crate::flows::authenticate::Current;
use crate::model::ids::UserId;
use crate::secret::{PlaintextPassword, Redacted};
use crate::store::Change;
use crate::totp;

/// Recovery codes, shown once.
pub type RecoveryCodes = Vec<Redacted<String>>;

/// How many recovery codes a user gets.
const RECOVERY_CODES: usize = 10;

impl Auth {
    /// Ten new recovery codes; the old ones are void. Needs a code.
    ///
    /// # Errors
    /// [`MfaError`].
    pub async fn new_recovery_codes(
        &self,
        current: &Current,
        code: &PlaintextPassword,
    ) -> Result<RecoveryCodes, MfaError> {
        let (codes, hashes) = self.recovery_codes(&current.user.id);
        self.with_code(current, code, |auth, account, now| {
            vec![
                Change::ReplaceRecoveryCodes {
                    user_id: account.user.id.clone(),
                    hashes: hashes.clone(),
                },
                auth.audit(&account.user.id, "mfa.recovery_codes_replaced", &[], now),
            ]
        })
        .await?;
        Ok(codes)
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
