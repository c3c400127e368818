//! The second factor: authenticator apps (TOTP, RFC 6238) and recovery codes.

mod code;
mod confirm;
mod enrol;
mod error;
mod methods;
mod recovery_codes;
mod remove;
mod secret;
mod sign_in;
mod status;
mod verify;

#[cfg(feature = "passkeys")]
pub(super) use self::code::UsedCode;
pub use self::enrol::TotpEnrolment;
pub use self::error::MfaError;
pub(super) use self::methods::PASSKEY;
pub use self::recovery_codes::RecoveryCodes;
pub use self::sign_in::MfaSignInError;
#[cfg(feature = "passkeys")]
pub(super) use self::sign_in::SecondFactor;
pub use self::status::MfaStatus;
