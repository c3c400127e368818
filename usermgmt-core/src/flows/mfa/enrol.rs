//! Beginning: a secret that waits for its first code.

use super::error::MfaError;
use crate::auth::{Auth, ServiceError};
use crate::clock::Timestamp;
use crate::flows::authenticate::Current;
use crate::model::factor::TotpSecret;
use crate::model::ids::UserId;
use crate::model::user::User;
use crate::qr::QrError;
use crate::secret::{PlaintextPassword, Redacted};
use crate::store::{Change, Guard};
use crate::{qr, totp};

/// A secret to put into an authenticator app.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TotpEnrolment {
    /// The secret in base32, for typing.
    pub secret: Redacted<String>,
    /// The same with everything else, as `otpauth://totp/…`.
    pub provisioning_uri: Redacted<String>,
}

impl TotpEnrolment {
    /// The URI as a QR code: a PNG image.
    ///
    /// # Errors
    /// [`QrError`] where the URI is too long for one.
    pub fn qr_png(&self) -> Result<Vec<u8>, QrError> {
        qr::png(self.provisioning_uri.expose())
    }

    /// The URI as a QR code: an SVG image.
    ///
    /// # Errors
    /// [`QrError`] where the URI is too long for one.
    pub fn qr_svg(&self) -> Result<String, QrError> {
        qr::svg(self.provisioning_uri.expose())
    }
}

impl Auth {
    /// Begins enrolment for the signed-in user: a secret that waits for its
    /// first code. Begun again it makes another one; a confirmed factor holds
    /// until the new one's first code, and whoever replaces it shows that they
    /// have it: by one of its codes, or a recovery code.
    ///
    /// # Errors
    /// [`MfaError`]; [`MfaError::CodeRequired`] where a factor is confirmed and no
    /// code was given.
    pub async fn enrol_totp(
        &self,
        current: &Current,
        password: Option<&PlaintextPassword>,
        code: Option<&PlaintextPassword>,
    ) -> Result<TotpEnrolment, MfaError> {
        self.reauthenticate(current, password).await?;
        let mut attempt = None;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let account = self.account(&current.user.id).await?.ok_or(MfaError::NotFound)?;
            current.still(&account.user)?;
            let (secret, mut list) = self.enrolment_begun(&account.user, now);
            if account.mfa_enabled() {
                let code = code.ok_or(MfaError::CodeRequired)?;
                let attempt = match &attempt {
                    Some(attempt) => attempt,
                    None => attempt.insert(self.attempt_in_session(current, now).await?),
                };
                match self.use_code(&account, code, now) {
                    Ok(Some((_, used))) => list.extend(used),
                    Ok(None) => {
                        let client = &current.client;
                        self.notice_second_factor(&account.user, attempt, client, now).await?;
                        return Err(MfaError::InvalidCode);
                    }
                    Err(error) => return self.not_a_try(attempt, error).await,
                }
            }
            match self.commit_from(&current.client, list, now).await? {
                Ok(()) => {
                    if let Some(attempt) = &attempt {
                        self.succeeded(attempt).await;
                    }
                    return self.enrolment(&account.user, &secret).map_err(MfaError::from);
                }
                Err(Guard::Factor | Guard::RecoveryCode) => return Err(MfaError::InvalidCode),
                Err(_) => {}
            }
        }
    }

    /// Begins enrolment for a user, for services that have made sure who asks.
    ///
    /// # Errors
    /// [`MfaError`].
    pub async fn begin_totp(&self, user: &UserId) -> Result<TotpEnrolment, MfaError> {
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let user = self.account(user).await?.ok_or(MfaError::NotFound)?.user;
            let (secret, list) = self.enrolment_begun(&user, now);
            if self.commit(list, now).await?.is_ok() {
                return self.enrolment(&user, &secret).map_err(MfaError::from);
            }
        }
    }

    /// A new secret, and the changes that make it wait for its first code.
    fn enrolment_begun(&self, user: &User, now: Timestamp) -> (TotpSecret, Vec<Change>) {
        let secret = TotpSecret::generate(&*self.0.rng);
        let sealed = self.seal_totp(&user.id, &secret);
        let list = vec![
            // A factor is enrolled for the account as it is now, not as it was before an undo or reset.
            Change::TouchUser { id: user.id.clone(), active: false, epoch: user.epoch },
            Change::SetPendingTotp { user_id: user.id.clone(), secret: sealed },
            self.audit(&user.id, "mfa.enrolment_begun", &[], now),
        ];
        (secret, list)
    }

    /// The secret that waits for its first code, again.
    ///
    /// # Errors
    /// [`MfaError::NotEnabled`] where none waits.
    pub async fn pending_totp(&self, user: &UserId) -> Result<TotpEnrolment, MfaError> {
        let account = self.account(user).await?.ok_or(MfaError::NotFound)?;
        let pending = account.totp.and_then(|totp| totp.pending).ok_or(MfaError::NotEnabled)?;
        let secret = self.unseal_totp(&account.user.id, &pending)?;
        Ok(self.enrolment(&account.user, &secret)?)
    }

    fn enrolment(&self, user: &User, secret: &TotpSecret) -> Result<TotpEnrolment, ServiceError> {
        let config = &self.0.config;
        let issuer = config.mfa_issuer.as_deref().unwrap_or(&config.product_name);
        totp::enrolment(secret, issuer, user.email.as_str())
            .map(|(secret, provisioning_uri)| TotpEnrolment { secret, provisioning_uri })
            .map_err(ServiceError::Internal)
    }
}
