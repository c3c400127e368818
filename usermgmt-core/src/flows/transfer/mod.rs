//! Moving in and moving out.

mod export;
mod import;
mod passkeys;

pub use self::import::{ImportOutcome, ImportRefusal};
pub use self::passkeys::InvalidPasskey;
