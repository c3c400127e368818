//! The parameters of a server's URL. The drivers pass over what they do not
//! know: a misspelt `sslmode` would mean no TLS, and what a misspelt `password`
//! holds would be logged.

use crate::error::ConnectError;

/// Refuses what is not among the known ones.
pub(super) fn check(url: &str, known: &'static [&'static str]) -> Result<(), ConnectError> {
    let Some((_, query)) = url.split_once('?') else {
        return Ok(());
    };
    let query = query.split('#').next().unwrap_or_default();
    let names = query.split('&').filter_map(|pair| pair.split('=').next());
    // Some write brackets so.
    let names = names.map(|name| name.replace("%5B", "[").replace("%5D", "]"));
    for name in names.filter(|name| !name.is_empty()) {
        let is_known = known.iter().any(|known| match known.strip_suffix("[]") {
            Some(known) => name.strip_prefix(known).is_some_and(|rest| rest.starts_with('[')),
            None => name == **known,
        });
        if !is_known {
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            return Err(ConnectError::UnknownParameter {
                // Anything else may be a password with a question mark in it.
                name: if name.chars().all(is_name) { name } else { "?".to_owned() },
                known: known.join(", "),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> Option<String> {
        check(url, &["sslmode", "options", "options[]"]).err().map(|error| error.to_string())
    }

    #[test]
    fn known_parameters_are_taken() {
        for url in [
            "postgres://host/db",
            "postgres://host/db?",
            "postgres://host/db?sslmode=require&options=-c%20a=b&",
            "postgres://host/db?options[search_path]=accounts#sslmod=x",
            "postgres://host/db?options%5Bsearch_path%5D=accounts",
        ] {
            assert_eq!(refused(url), None, "{url}");
        }
    }

    #[test]
    fn others_are_refused_by_their_name_and_without_their_value() {
        for (url, name) in [
            ("postgres://host/db?ssl_mode=hunter2", "`ssl_mode`"),
            ("postgres://host/db?sslmode=require&passwort=hunter2", "`passwort`"),
            ("postgres://host/db?SSLMODE=hunter2", "`SSLMODE`"),
            ("postgres://user:secret?hunter2@host/db", "`?`"),
        ] {
            let text = refused(url).unwrap();
            assert!(text.contains(name) && text.contains("sslmode"), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
}
