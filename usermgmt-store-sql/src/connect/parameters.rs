//! The parameters of a server's URL. The drivers pass over what they do not
//! know: a misspelt `sslmode` would mean no TLS, and what a misspelt `password`
//! holds would be logged. So each is obeyed, or known to change nothing that
//! matters here and named in a warning, or refused.

use crate::error::ConnectError;

/// What becomes of a parameter.
pub(super) enum Parameter {
    /// The driver knows it.
    Known,
    /// The driver knows it by this name and value.
    As(&'static str, String),
    /// It asks for what is true anyway.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(dead_code, reason = "MySQL has no such parameter")
    )]
    True,
    /// It is not obeyed: another client's, or the store's own matter.
    Ignored,
    /// The value is none that it can have.
    Bad,
    /// Nobody knows it.
    Unknown,
}

/// The parameters for the driver, as a query. `read` says what becomes of each.
pub(super) fn translate(
    query: &str,
    known: &'static [&'static str],
    read: impl Fn(&str, &str) -> Parameter,
) -> Result<String, ConnectError> {
    let (mut taken, mut ignored) = (Vec::new(), Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        // Some write brackets so.
        let name = name.replace("%5B", "[").replace("%5D", "]");
        if name.is_empty() {
            continue;
        }
        match read(&name, value) {
            Parameter::Known => taken.push(format!("{name}={value}")),
            Parameter::As(name, value) => taken.push(format!("{name}={value}")),
            Parameter::True => {}
            Parameter::Ignored => ignored.push(name),
            Parameter::Bad => return Err(ConnectError::BadParameter { name: shown(name) }),
            Parameter::Unknown => {
                return Err(ConnectError::UnknownParameter {
                    name: shown(name),
                    known: known.join(", "),
                });
            }
        }
    }
    if !ignored.is_empty() {
        let parameters = ignored.join(", ");
        tracing::warn!(%parameters, "parameters of the database URL that are not obeyed");
    }
    Ok(taken.join("&"))
}

/// Anything but a name may be a password with a question mark in it.
fn shown(name: String) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.chars().all(is_name) { name } else { "?".to_owned() }
}

/// Whether the value says yes, where it says yes or no.
pub(super) fn truth(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(query: &str) -> Result<String, String> {
        let read = |name: &str, value: &str| match name {
            "sslmode" | "options" => Parameter::Known,
            "schema" => Parameter::As("options[search_path]", value.to_owned()),
            "pgbouncer" => Parameter::Ignored,
            "ssl" => Parameter::Bad,
            name if name.starts_with("options[") => Parameter::Known,
            _ => Parameter::Unknown,
        };
        translate(query, &["sslmode"], read).map_err(|error| error.to_string())
    }

    #[test]
    fn known_parameters_are_taken_and_others_translated_or_left_out() {
        for (query, expected) in [
            ("", ""),
            ("sslmode=require&options=-c%20a=b&", "sslmode=require&options=-c%20a=b"),
            ("options%5Bsearch_path%5D=accounts", "options[search_path]=accounts"),
            ("schema=accounts&pgbouncer=true", "options[search_path]=accounts"),
        ] {
            assert_eq!(translated(query).as_deref(), Ok(expected), "{query}");
        }
    }

    #[test]
    fn others_are_refused_by_their_name_and_without_their_value() {
        for (query, name) in [
            ("ssl_mode=hunter2", "`ssl_mode`"),
            ("sslmode=require&passwort=hunter2", "`passwort`"),
            ("SSLMODE=hunter2", "`SSLMODE`"),
            ("hunter%2F2@host", "`?`"),
            ("ssl=hunter2", "`ssl`"),
        ] {
            let text = translated(query).unwrap_err();
            assert!(text.contains(name), "{text}");
            assert!(!text.contains("hunter"), "{text}");
        }
    }
}
