//! What people and services see when they use accounts: every flow through the
//! facade, over the store in memory, a clock that stands and a mailer that keeps
//! what it is given.

#![expect(clippy::unwrap_used, reason = "what fails to unwrap fails the test")]

mod access_tokens;
mod building;
mod changing_email;
mod confirming;
mod deleting;
mod ending;
mod enrolling;
mod faults;
mod fixture;
mod hostile;
mod outboxes;
mod prehijacking;
mod profiles;
mod refreshing;
mod registering;
mod resetting;
mod second_factor;
mod services;
mod sessions;
mod signing_in;
mod simulating;
