//! What tests need: a clock that stands, randomness that repeats, a mailer that
//! keeps what it sends, a store that fails on demand; and the conformance suite,
//! which says in code what a [`Store`](crate::store::Store) promises.
//!
//! # The conformance suite
//! A crate that implements a store invokes the suite in a file of its `tests/`:
//!
//! ```no_run
//! use std::sync::Arc;
//! use usermgmt_core::store::{MemoryStore, Store};
//!
//! /// A fresh, empty store; and what has to live as long as it does.
//! async fn fresh() -> (Arc<dyn Store>, impl std::any::Any) {
//!     (Arc::new(MemoryStore::new()), ())
//! }
//!
//! usermgmt_core::testkit::store_conformance!(fresh);
//! # fn main() {}
//! ```
//!
//! That makes a module of tests for each topic. The crate needs `tokio` with the
//! features `macros` and `rt-multi-thread`. Tests of your own begin with [`SampleRows`].

mod clock;
#[doc(hidden)]
pub mod conformance;
mod faulty;
mod mailer;
#[cfg(feature = "oidc")]
mod provider;
mod rng;
mod rows;

pub use self::clock::MockClock;
pub use self::faulty::{Calls, FaultyStore};
pub use self::mailer::CapturingMailer;
#[cfg(feature = "oidc")]
pub use self::provider::{FakeProvider, ProviderAccount};
pub use self::rng::SeededRng;
pub use self::rows::SampleRows;
pub use crate::store_conformance;
