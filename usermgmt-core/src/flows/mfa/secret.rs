//! TOTP secrets at rest: sealed for their owner, with what their codes are made by.

use crate::auth::{Auth, ServiceError};
use crate::model::factor::{SealedSecret, TotpSecret};
use crate::model::ids::{FactorId, UserId};
use crate::seal;

/// The bare secret of a factor that was made here.
const USUAL: &str = "totp";
/// A secret with algorithm, digits and period, of one that was made elsewhere.
const WITH_PARAMETERS: &str = "totp-with-parameters";

impl Auth {
    /// Seals a TOTP secret for this user: a new enrolment, for
    /// [`Change::SetPendingTotp`](crate::store::Change::SetPendingTotp). Imports
    /// use it for factors that were enrolled elsewhere, whatever their algorithm,
    /// digits and period are.
    pub fn seal_totp(&self, user: &UserId, secret: &TotpSecret) -> SealedSecret {
        let now = self.now();
        let rng = &*self.0.rng;
        let plain = secret.to_bytes();
        let (purpose, plain) =
            if secret.is_usual() { (USUAL, secret.bytes()) } else { (WITH_PARAMETERS, &plain) };
        SealedSecret {
            factor_id: FactorId::generate(now, rng),
            sealed: seal::seal(&self.keys().ring, rng, user.as_str(), purpose, plain.expose()),
            created_at: now,
        }
    }

    /// Opens a TOTP secret of this user, for exports.
    ///
    /// # Errors
    /// [`ServiceError::Internal`] where it was sealed for another user, or under
    /// a root secret that is not configured.
    pub fn unseal_totp(
        &self,
        user: &UserId,
        secret: &SealedSecret,
    ) -> Result<TotpSecret, ServiceError> {
        let open = |purpose| seal::open(&self.keys().ring, user.as_str(), purpose, &secret.sealed);
        let opened = match open(USUAL) {
            Some(bytes) => TotpSecret::new(bytes.expose().clone()).ok(),
            None => open(WITH_PARAMETERS).as_ref().and_then(TotpSecret::from_bytes),
        };
        opened.ok_or_else(|| {
            ServiceError::Internal(format!(
                "the second factor of user {user} does not open: it was sealed under a root secret that is not \
                 configured, or for another user"
            ))
        })
    }
}
