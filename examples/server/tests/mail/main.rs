//! Mail through the real server: to an SMTP server with every fault there is,
//! to a stand-in for Amazon SES, and across `kill -9`.
//!
//! `USERMGMT_TEST_PYTHON` names a Python interpreter with aiosmtpd, cryptography
//! and moto[server].

#[cfg(test)]
mod faults;
#[cfg(test)]
mod fixture;
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
