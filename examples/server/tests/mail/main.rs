//! Mail through the real server: to an SMTP server with every fault there is,
//! to a stand-in for Amazon SES, and across `kill -9`.
//!
//! `USERMGMT_TEST_PYTHON` names a Python interpreter with aiosmtpd, cryptography
//! and moto[server].

#[cfg(test)]
#[path = "../it/common/mod.rs"]
#[expect(dead_code, reason = "the other test binaries use the rest")]
mod common;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod fixture;
#[cfg(test)]
#[path = "../../../../usermgmt-mail/tests/support/mod.rs"]
mod helper;
#[cfg(test)]
mod injection;
#[cfg(test)]
mod killed;
#[cfg(test)]
mod languages;
#[cfg(test)]
mod queue;
#[cfg(test)]
mod relay;
#[cfg(test)]
mod replicas;
#[cfg(test)]
mod ses;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod sink;
