//! The real server, run as a process. One binary for all of these tests, so
//! that they link once.

#[cfg(test)]
mod account;
#[cfg(test)]
#[cfg(all(feature = "aws-secrets", feature = "mysql", feature = "sqlite"))]
mod aws_secrets;
#[cfg(test)]
#[cfg(all(feature = "postgres", feature = "sqlite"))]
mod backup;
#[cfg(all(test, feature = "breach-check"))]
mod breach_check;
#[cfg(test)]
#[cfg(feature = "sqlite")]
mod clients;
#[cfg(test)]
mod deploy;
#[cfg(test)]
mod dev_mail;
#[cfg(test)]
#[cfg(all(feature = "postgres", feature = "smtp", feature = "sqlite"))]
mod doctor;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod old_users_client;
#[cfg(test)]
mod operator;
#[cfg(test)]
#[cfg(all(feature = "otel", feature = "sqlite"))]
mod otel;
#[cfg(all(test, feature = "oidc"))]
mod providers;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod rotation;
#[cfg(test)]
#[cfg(unix)]
mod scarce;
#[cfg(test)]
#[cfg(feature = "sqlite")]
mod schemathesis;
#[cfg(test)]
mod second_factor;
#[cfg(test)]
mod server;
#[cfg(test)]
mod stores;
