//! What people and services do with accounts: one operation a file, with its
//! command, outcome, error and logic. The operations are methods of
//! [`Auth`](crate::Auth); here are the types they take and answer with.

mod compose;
mod confirm;
mod delete;
mod email_change;
mod links;
mod mfa;
mod password;
mod profile;
mod purge;
mod refresh;
mod register;
mod service_key;
mod sessions;
mod sign_in;
mod users;

pub use self::confirm::{CodeError, LinkError, ResendError};
pub use self::delete::DeleteError;
pub use self::mfa::{MfaError, MfaSignInError, MfaStatus, RecoveryCodes, TotpEnrolment};
pub use self::password::ResetError;
pub use self::profile::{ProfileError, UpdateProfile};
pub use self::refresh::RefreshError;
pub use self::register::{PreparedRegistration, Register, RegisterError};
pub use self::service_key::{SERVICE_KEY_PREFIX, ServiceKeyError};
pub use self::sessions::{AuthenticationError, Current, ReauthenticationError, SessionError};
pub use self::sign_in::{SignIn, SignInError, SignInOutcome, SignedIn};
pub use self::users::{ActivationError, CreateUser, CreateUserError};
pub use crate::qr::QrError;
