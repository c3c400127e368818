//! What people and services do with accounts: one operation a file, with its
//! command, outcome, error and logic. The operations are methods of
//! [`Auth`](crate::Auth); here are the types they take and answer with.

mod activate;
mod authenticate;
mod change_password;
mod compose;
mod confirm;
mod confirm_code;
mod create_user;
mod credentials;
mod delete;
mod email_change;
mod find_users;
mod forgot;
mod link;
mod mfa;
mod not_me;
mod open_session;
mod purge;
mod reauthenticate;
mod refresh;
mod register;
mod resend;
mod reset;
mod service_key;
mod sessions;
mod sign_in;
mod skeletons;
mod update_profile;

pub use self::activate::ActivationError;
pub use self::authenticate::{AuthenticationError, Current};
pub use self::confirm_code::CodeError;
pub use self::create_user::{CreateUser, CreateUserError};
pub use self::delete::DeleteError;
pub use self::link::LinkError;
pub use self::mfa::{MfaError, MfaSignInError, MfaStatus, RecoveryCodes, TotpEnrolment};
pub use self::open_session::SignedIn;
pub use self::reauthenticate::ReauthenticationError;
pub use self::refresh::RefreshError;
pub use self::register::{PreparedRegistration, Register, RegisterError};
pub use self::resend::ResendError;
pub use self::reset::ResetError;
pub use self::service_key::{SERVICE_KEY_PREFIX, ServiceKeyError};
pub use self::sessions::SessionError;
pub use self::sign_in::{SignIn, SignInError, SignInOutcome};
pub use self::update_profile::{ProfileError, UpdateProfile};
pub use crate::qr::QrError;
