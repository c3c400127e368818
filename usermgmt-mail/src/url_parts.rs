//! What the URLs of mail services have in common.

use std::net::IpAddr;

use percent_encoding::percent_decode_str;
use url::Url;
use usermgmt_core::secret::Redacted;

fn decode(text: &str) -> Result<String, String> {
    let text = percent_decode_str(text).decode_utf8();
    text.map(|t| t.into_owned()).map_err(|_| "the user name or password is not UTF-8".to_owned())
}

/// The user name, decoded.
#[cfg(feature = "smtp")]
pub(crate) fn user(url: &Url) -> Result<Option<String>, String> {
    Some(url.username()).filter(|user| !user.is_empty()).map(decode).transpose()
}

/// What stands before the `@`, decoded.
pub(crate) fn credentials(url: &Url) -> Result<Option<(String, Redacted<String>)>, String> {
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) | (_, None) => {
            Err("has a user name without a password, or the reverse".into())
        }
        (user, Some(password)) => Ok(Some((decode(user)?, Redacted::new(decode(password)?)))),
    }
}

/// Whether a host, an IPv6 address without its brackets, is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
