//! A server's URL, taken apart.

use std::str::FromStr;

use crate::error::ConnectError;

/// A URL, but for its parameters, which [`super::parameters`] reads.
pub(super) struct ServerUrl<'u> {
    /// User and password, with the `@`, or nothing.
    user: &'u str,
    /// `host:port` of each server.
    hosts: Vec<&'u str>,
    /// The database, with the slash, or nothing.
    path: &'u str,
    /// What comes after the `?`.
    pub(super) query: &'u str,
}

impl<'u> ServerUrl<'u> {
    pub(super) fn parse(url: &'u str) -> Result<Self, ConnectError> {
        let rest = url.split_once("://").map(|(_, rest)| rest).ok_or(ConnectError::Malformed)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        let (user, hosts) = match authority.rfind('@') {
            Some(at) => authority.split_at(at + 1),
            None => ("", authority),
        };
        // The password ended where a URL ends its first part, or the URL itself.
        if tail.contains('#') || (user.is_empty() && tail.contains('@')) {
            return Err(ConnectError::Malformed);
        }
        let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
        let hosts: Vec<&str> = hosts.split(',').collect();
        if !hosts.iter().all(|host| has_port_or_none(host)) {
            return Err(ConnectError::Malformed);
        }
        Ok(Self { user, hosts, path, query })
    }

    /// How to connect to each of the servers, as sqlx reads it.
    pub(super) fn servers<O: FromStr<Err = sqlx::Error>>(
        &self,
        scheme: &str,
        parameters: &str,
    ) -> Result<Vec<O>, ConnectError> {
        let server = |host: &&str| {
            let (user, path) = (self.user, self.path);
            // With a user there must be a host, which a `host=` parameter replaces.
            let is_missing = host.is_empty() && !user.is_empty();
            let host = if is_missing { "localhost" } else { host };
            let url = format!("{scheme}://{user}{host}{path}?{parameters}");
            O::from_str(&url).map_err(|_| refused::<O>(scheme, parameters))
        };
        self.hosts.iter().map(server).collect()
    }
}

/// Why sqlx cannot read a URL with these parameters: which of them it is, or
/// something before them. What sqlx says itself may quote what nobody should read.
fn refused<O: FromStr<Err = sqlx::Error>>(scheme: &str, parameters: &str) -> ConnectError {
    let is_bad = |pair: &&str| O::from_str(&format!("{scheme}://localhost/?{pair}")).is_err();
    match parameters.split('&').find(is_bad) {
        Some(pair) => ConnectError::BadParameter {
            name: pair.split_once('=').map_or(pair, |(name, _)| name).to_owned(),
        },
        None => ConnectError::Malformed,
    }
}

fn has_port_or_none(host: &str) -> bool {
    // The colons of an IPv6 address are in brackets.
    let after = host.rsplit_once(']').map_or(host, |(_, after)| after);
    match after.split_once(':') {
        Some((_, port)) => port.parse::<u16>().is_ok(),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_is_not_percent_encoded_is_told_from_a_port() {
        for url in [
            "postgres://ann:hun#ter@host/db",
            "postgres://ann:12#34@host/db",
            "postgres://ann:hun/ter@host/db",
            "postgres://ann:12/34@host/db",
            "postgres://ann:hun?ter@host/db",
            "postgres://ann@host:port/db",
            "postgres:host",
        ] {
            let refused = ServerUrl::parse(url).err().unwrap();
            assert!(matches!(refused, ConnectError::Malformed), "{url}: {refused}");
            let text = refused.to_string();
            assert!(
                text.contains("percent-encode") && !text.contains("hun") && !text.contains("ter@"),
                "{text}"
            );
        }
    }

    #[test]
    fn each_of_several_hosts_is_a_server() {
        let url = ServerUrl::parse("postgres://ann:p%40ss@[::1],two:5433/db?a=b").unwrap();
        assert_eq!((url.user, url.path, url.query), ("ann:p%40ss@", "/db", "a=b"));
        assert_eq!(url.hosts, ["[::1]", "two:5433"]);
    }
}
