//! Moving in and moving out.

mod export;
mod import;

pub use self::import::{ImportOutcome, ImportRefusal};
