//! The facade that a team embeds, and what every flow stands on.
//!
//! Types are at the bottom (`client`, `error`, `keys`, `receipts`, `refusals`,
//! `upkeep`), the facade above them, and the files that add methods to it on top.

mod admission;
mod background;
mod builder;
mod captcha;
mod client;
mod clock;
mod commit;
mod error;
mod facade;
mod keys;
mod limits;
mod receipts;
mod receive;
mod refusals;
mod root_secrets;
mod tokens;
mod upkeep;

pub(crate) use self::admission::Admitted;
pub use self::builder::AuthBuilder;
pub use self::client::Client;
pub use self::error::{BuildError, ServiceError};
pub use self::facade::Auth;
pub(crate) use self::limits::{Attempt, Limit, LimitName, Networks, Window};
pub use self::tokens::Tokens;
