//! The second factor: authenticator apps (TOTP, RFC 6238) and recovery codes.

use crate::auth::{Auth, Client, Limit, LimitName, ServiceError};
use crate::clock::Timestamp;
use crate::config::{CODE_TRIES, CODE_TTL, MFA_TICKET_TTL, Rate};
use crate::flows::sessions::{Current, ReauthenticationError};
use crate::flows::sign_in::{SignInOutcome, SignedIn};
use crate::model::factor::SealedSecret;
use crate::model::ids::{FactorId, UserId};
use crate::model::mail::MailKind;
use crate::model::token::Purpose;
use crate::model::user::{Account, User};
use crate::qr::QrError;
use crate::rng::random;
use crate::secret::{PlaintextPassword, Redacted};
use crate::store::{Change, Guard};
use crate::{qr, seal, token, totp};

/// Why something about the second factor was refused.
#[derive(Debug, thiserror::Error)]
pub enum MfaError {
    /// There is no such user.
    #[error("there is no such user")]
    NotFound,
    /// The second factor is not on (or, where a first code is given, none waits for it).
    #[error("the second factor is not on")]
    NotEnabled,
    /// Not the code: wrong, of another time, or accepted before.
    #[error("the code is invalid")]
    InvalidCode,
    /// It needs a recent sign-in or the current password.
    #[error(transparent)]
    Reauthentication(#[from] ReauthenticationError),
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// Why a sign-in did not get past the second factor.
#[derive(Debug, thiserror::Error)]
pub enum MfaSignInError {
    /// Not the code, or the ticket is used, expired, or out of tries.
    #[error("the code is invalid")]
    InvalidCode,
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// A secret to put into an authenticator app.
#[derive(Clone, Debug)]
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

/// What is known of a user's second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MfaStatus {
    /// Signing in asks for it.
    pub enabled: bool,
    /// A secret waits for its first code.
    pub pending: bool,
}

/// Recovery codes, shown once.
pub type RecoveryCodes = Vec<Redacted<String>>;

/// How many recovery codes a user gets.
const RECOVERY_CODES: usize = 10;

impl Auth {
    /// Begins enrolment for the signed-in user: a secret that waits for its
    /// first code. Begun again it makes another one; a confirmed factor holds
    /// until the new one's first code.
    ///
    /// # Errors
    /// [`MfaError`].
    pub async fn enrol_totp(
        &self,
        current: &Current,
        password: Option<&PlaintextPassword>,
    ) -> Result<TotpEnrolment, MfaError> {
        self.reauthenticate(current, password).await?;
        self.begin(&current.user.id, |user| current.still(user)).await
    }

    /// Begins enrolment for a user, for services that have made sure who asks.
    ///
    /// # Errors
    /// [`MfaError`].
    pub async fn begin_totp(&self, user: &UserId) -> Result<TotpEnrolment, MfaError> {
        self.begin(user, |_| Ok(())).await
    }

    async fn begin(
        &self,
        user: &UserId,
        may_enrol: impl Fn(&User) -> Result<(), ReauthenticationError>,
    ) -> Result<TotpEnrolment, MfaError> {
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let user = self.account(user).await?.ok_or(MfaError::NotFound)?.user;
            may_enrol(&user)?;
            let secret = Redacted::new(random::<20>(&*self.0.rng).to_vec());
            let sealed = SealedSecret {
                factor_id: FactorId::generate(now, &*self.0.rng),
                sealed: seal::seal(
                    &self.0.keys,
                    &*self.0.rng,
                    user.id.as_str(),
                    SEAL_PURPOSE,
                    secret.expose(),
                ),
                created_at: now,
            };
            let list = vec![
                // A factor is enrolled for the account as it is now, not as it was before an undo or reset.
                Change::TouchUser { id: user.id.clone(), active: false, epoch: user.epoch },
                Change::SetPendingTotp { user_id: user.id.clone(), secret: sealed },
                self.audit(&user.id, "mfa.enrolment_begun", &[], now),
            ];
            if self.commit(list, now).await?.is_ok() {
                return self.enrolment(&user, &secret).map_err(MfaError::from);
            }
        }
    }

    /// The secret that waits for its first code, again.
    ///
    /// # Errors
    /// [`MfaError::NotEnabled`] where none waits.
    pub async fn pending_totp(&self, user: &UserId) -> Result<TotpEnrolment, MfaError> {
        let account = self.account(user).await?.ok_or(MfaError::NotFound)?;
        let pending = account.totp.and_then(|totp| totp.pending).ok_or(MfaError::NotEnabled)?;
        let secret = self.open(&account.user.id, &pending)?;
        Ok(self.enrolment(&account.user, &secret)?)
    }

    /// Whether the second factor is on, and whether one waits for its first code.
    ///
    /// # Errors
    /// [`MfaError::NotFound`] and [`MfaError::Service`].
    pub async fn mfa_status(&self, user: &UserId) -> Result<MfaStatus, MfaError> {
        let account = self.account(user).await?.ok_or(MfaError::NotFound)?;
        Ok(MfaStatus {
            enabled: account.mfa_enabled(),
            pending: account.totp.is_some_and(|totp| totp.pending.is_some()),
        })
    }

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
        let attempt = self.attempt_user_secret(id, now).await?;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let account = self.account(id).await?.ok_or(MfaError::NotFound)?;
            let (codes, hashes) = self.recovery_codes(id);
            let list =
                self.confirmation(&account, code, hashes, now)?.ok_or(MfaError::InvalidCode)?;
            current.still(&account.user)?;
            match self.commit(list, now).await? {
                Ok(()) => {
                    self.give_back(&attempt).await;
                    return Ok(codes);
                }
                Err(Guard::Factor) => return Err(MfaError::InvalidCode),
                Err(_) => {}
            }
        }
    }

    /// Verifies a code for a service: the first code of a secret that waits
    /// turns the factor on; otherwise a code of the confirmed one, or a recovery
    /// code, which is used up. Each counts once, here and at sign-in together.
    ///
    /// # Errors
    /// [`MfaError`].
    pub async fn verify_mfa(
        &self,
        user: &UserId,
        code: &PlaintextPassword,
    ) -> Result<(), MfaError> {
        let now = self.now();
        self.account(user).await?.ok_or(MfaError::NotFound)?;
        let attempt = self.attempt_user_secret(user, now).await?;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let account = self.account(user).await?.ok_or(MfaError::NotFound)?;
            // A service gets no recovery codes.
            let first = self.confirmation(&account, code, Vec::new(), now);
            let list = match first {
                Ok(Some(list)) => list,
                Ok(None) if !account.mfa_enabled() => return Err(MfaError::InvalidCode),
                _ => match self.use_code(&account, code, now)? {
                    Some((_, list)) => list,
                    None => return Err(MfaError::InvalidCode),
                },
            };
            match self.commit(list, now).await? {
                Ok(()) => {
                    self.give_back(&attempt).await;
                    return Ok(());
                }
                Err(Guard::Factor | Guard::RecoveryCode) => return Err(MfaError::InvalidCode),
                Err(_) => {}
            }
        }
    }

    /// Turns the second factor off for the signed-in user; needs a code.
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
        self.with_code(&current.user.id, code, |auth, account, now| {
            vec![
                Change::RemoveTotp { user_id: account.user.id.clone() },
                auth.mail_user(
                    MailKind::MfaDisabled,
                    &account.user,
                    vec![],
                    &[("time", &now.to_string())],
                    now,
                ),
                auth.audit(&account.user.id, "mfa.disabled", &[], now),
            ]
        })
        .await
    }

    /// Turns the second factor off without a code, for operators and services
    /// that have made sure who asks. A secret that only waits is dropped.
    ///
    /// # Errors
    /// [`MfaError::NotEnabled`] where there is neither.
    pub async fn reset_mfa(&self, user: &UserId) -> Result<User, MfaError> {
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let account = self.account(user).await?.ok_or(MfaError::NotFound)?;
            let user = &account.user;
            let Some(totp) = &account.totp else {
                return Err(MfaError::NotEnabled);
            };
            if !totp.is_confirmed() && totp.pending.is_none() {
                return Err(MfaError::NotEnabled);
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
                self.audit(&user.id, "mfa.reset", &[], now),
            ];
            if totp.is_confirmed() {
                let time = now.to_string();
                list.push(self.mail_user(
                    MailKind::MfaDisabled,
                    user,
                    vec![],
                    &[("time", &time)],
                    now,
                ));
            }
            if self.commit(list, now).await?.is_ok() {
                return Ok(account.user);
            }
        }
    }

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
        self.with_code(&current.user.id, code, |auth, account, now| {
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

    /// Finishes a sign-in with the second factor. Ticket, code, user and session
    /// are one commit.
    ///
    /// # Errors
    /// [`MfaSignInError`].
    pub async fn sign_in_mfa(
        &self,
        ticket: &PlaintextPassword,
        code: &PlaintextPassword,
        client: &Client,
    ) -> Result<SignedIn, MfaSignInError> {
        let now = self.now();
        self.attempt_token(client, now).await?;
        let id = match token::parse_one_time(&self.0.keys, ticket.expose()) {
            Some((Purpose::MfaTicket, id)) => id,
            _ => return Err(MfaSignInError::InvalidCode),
        };
        let tries = Rate { max: CODE_TRIES, window: CODE_TTL };
        let limit = Limit { rate: tries, name: LimitName::TicketTries, by: &[&id.to_string()] };
        let attempt = self.count_always(&[limit], now).await?;
        if !attempt.is_within(LimitName::TicketTries) {
            return Err(MfaSignInError::InvalidCode);
        }
        // One try, however often it is decided on.
        let mut user_tries = None;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let Some(row) = self.read(self.0.store.token(id)).await? else {
                return Err(MfaSignInError::InvalidCode);
            };
            let account = match &row.user_id {
                Some(user) => self.read(self.0.store.account(user)).await?,
                None => None,
            };
            let Some(account) = account else {
                return Err(MfaSignInError::InvalidCode);
            };
            // The ticket stands for the account as it was when the password was verified.
            let same = row.binding.as_deref() == Some(account.user.epoch.to_string().as_str());
            if !row.is_live(now) || !same || !account.user.is_active() {
                return Err(MfaSignInError::InvalidCode);
            }
            let tries = match user_tries.take() {
                Some(tries) => tries,
                None => self.attempt_user_secret(&account.user.id, now).await?,
            };
            let Some((amr, mut earned_by)) = self.use_code(&account, code, now).unwrap_or(None)
            else {
                return Err(MfaSignInError::InvalidCode);
            };
            earned_by.push(Change::UseToken { id, now });
            match self.open_session(&account.user, &amr, earned_by, client, now).await? {
                Ok(signed_in) => {
                    self.give_back(&tries).await;
                    return Ok(signed_in);
                }
                Err(Guard::Token | Guard::Factor | Guard::RecoveryCode) => {
                    return Err(MfaSignInError::InvalidCode);
                }
                Err(_) => user_tries = Some(tries),
            }
        }
    }

    /// The answer to a right password where the second factor is on. `None`: the
    /// user changed since the password was verified.
    pub(crate) async fn issue_mfa_ticket(
        &self,
        account: &Account,
        now: Timestamp,
    ) -> Result<Option<SignInOutcome>, ServiceError> {
        let user = &account.user;
        let left = self.read(self.0.store.recovery_codes_left(&user.id)).await?;
        let binding = Some(user.epoch.to_string());
        let row = self.new_token(Some(&user.id), Purpose::MfaTicket, binding, MFA_TICKET_TTL, now);
        let ticket = token::one_time(&self.0.keys, Purpose::MfaTicket, row.id);
        let list = vec![
            Change::TouchUser { id: user.id.clone(), active: true, epoch: user.epoch },
            Change::InsertToken(row),
        ];
        if self.commit(list, now).await?.is_err() {
            return Ok(None);
        }
        let mut methods = vec!["totp"];
        if left > 0 {
            methods.push("recovery_code");
        }
        Ok(Some(SignInOutcome::MfaRequired { ticket, methods }))
    }

    /// Does what needs a code of the confirmed factor, or a recovery code.
    async fn with_code(
        &self,
        user: &UserId,
        code: &PlaintextPassword,
        what: impl Fn(&Self, &Account, Timestamp) -> Vec<Change>,
    ) -> Result<(), MfaError> {
        let attempt = self.attempt_user_secret(user, self.now()).await?;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let account = self.account(user).await?.ok_or(MfaError::NotFound)?;
            let (_, mut list) = self.use_code(&account, code, now)?.ok_or(MfaError::InvalidCode)?;
            list.extend(what(self, &account, now));
            list.push(Change::UpdateUser {
                id: user.clone(),
                epoch: account.user.epoch,
                raise_epoch: true,
                at: now,
                set: Box::default(),
            });
            match self.commit(list, now).await? {
                Ok(()) => {
                    self.give_back(&attempt).await;
                    return Ok(());
                }
                Err(Guard::Factor | Guard::RecoveryCode) => return Err(MfaError::InvalidCode),
                Err(_) => {}
            }
        }
    }

    /// The changes that confirm the secret that waits; `None` where this is not
    /// its code.
    fn confirmation(
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
        let secret = self.open(&user.id, pending)?;
        let Some(step) = totp::matching_step(&secret, code.expose(), now) else {
            return Ok(None);
        };
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
            self.mail_user(MailKind::MfaEnabled, user, vec![], &[("time", &now.to_string())], now),
            self.audit(&user.id, "mfa.enabled", &[], now),
            // Recovery codes of an earlier factor end with it.
            Change::ReplaceRecoveryCodes { user_id: user.id.clone(), hashes },
        ];
        Ok(Some(list))
    }

    /// The changes that use a code up, and what it proves (RFC 8176); `None`
    /// where it is neither a code of the confirmed factor nor looks like a
    /// recovery code. Whether a recovery code is there is tested by its use.
    fn use_code(
        &self,
        account: &Account,
        code: &PlaintextPassword,
        now: Timestamp,
    ) -> Result<Option<UsedCode>, MfaError> {
        let user = &account.user;
        let totp = account.totp.as_ref().ok_or(MfaError::NotEnabled)?;
        let confirmed = totp.confirmed.as_ref().ok_or(MfaError::NotEnabled)?;
        if let Some(typed) = totp::recovery_code(code.expose()) {
            let hash = totp::recovery_hash(&user.id, &typed);
            return Ok(Some((
                vec!["pwd", "mfa"],
                vec![
                    Change::UseRecoveryCode { user_id: user.id.clone(), hash },
                    self.mail_user(
                        MailKind::RecoveryCodeUsed,
                        user,
                        vec![],
                        &[("time", &now.to_string())],
                        now,
                    ),
                    self.audit(&user.id, "mfa.recovery_code_used", &[], now),
                ],
            )));
        }
        let secret = self.open(&user.id, confirmed)?;
        let Some(step) = totp::matching_step(&secret, code.expose(), now) else {
            return Ok(None);
        };
        if step <= totp.last_step {
            return Ok(None);
        }
        let factor_id = confirmed.factor_id.clone();
        Ok(Some((
            vec!["pwd", "otp", "mfa"],
            vec![Change::UseTotpStep { user_id: user.id.clone(), factor_id, step }],
        )))
    }

    fn enrolment(
        &self,
        user: &User,
        secret: &Redacted<Vec<u8>>,
    ) -> Result<TotpEnrolment, ServiceError> {
        let config = &self.0.config;
        let issuer = config.mfa_issuer.as_deref().unwrap_or(&config.product_name);
        totp::enrolment(secret, issuer, user.email.as_str())
            .map(|(secret, provisioning_uri)| TotpEnrolment { secret, provisioning_uri })
            .map_err(ServiceError::Internal)
    }

    fn open(
        &self,
        user: &UserId,
        secret: &SealedSecret,
    ) -> Result<Redacted<Vec<u8>>, ServiceError> {
        seal::open(&self.0.keys, user.as_str(), SEAL_PURPOSE, &secret.sealed).ok_or_else(|| {
            ServiceError::Internal(format!(
                "the second factor of user {user} does not open: it was sealed under a root secret that is not \
                 configured, or for another user"
            ))
        })
    }

    fn recovery_codes(&self, user: &UserId) -> (RecoveryCodes, Vec<String>) {
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

/// What a code proves (RFC 8176), and the changes that use it up.
type UsedCode = (Vec<&'static str>, Vec<Change>);

const SEAL_PURPOSE: &str = "totp";
