//! How a value is read. Flags and variables are always text; in the file a
//! value may also have its own type.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use toml::Value;
use url::Url;

/// A type that a setting can have.
pub(super) trait Parse: Sized {
    /// Reads it; the error says what was expected.
    fn parse(value: &Value) -> Result<Self, String>;
}

fn text<'a>(value: &'a Value, expected: &str) -> Result<&'a str, String> {
    value.as_str().ok_or_else(|| format!("expected {expected}, in quotes"))
}

impl Parse for String {
    fn parse(value: &Value) -> Result<Self, String> {
        let text = text(value, "text")?;
        if text.trim().is_empty() {
            return Err("must not be empty".to_owned());
        }
        if text.chars().any(char::is_control) {
            return Err("must not contain control characters".to_owned());
        }
        Ok(text.to_owned())
    }
}

impl Parse for PathBuf {
    fn parse(value: &Value) -> Result<Self, String> {
        match text(value, "a path")? {
            "" => Err("must not be empty".to_owned()),
            path => Ok(Self::from(path)),
        }
    }
}

impl Parse for bool {
    fn parse(value: &Value) -> Result<Self, String> {
        match value {
            Value::Boolean(value) => Ok(*value),
            Value::String(text) if text == "true" => Ok(true),
            Value::String(text) if text == "false" => Ok(false),
            _ => Err("expected true or false".to_owned()),
        }
    }
}

impl Parse for Duration {
    fn parse(value: &Value) -> Result<Self, String> {
        let expected =
            || "expected a duration such as 90s, 15m, 24h or 30d, or whole seconds".into();
        if let Value::Integer(secs) = value {
            return u64::try_from(*secs).map(Self::from_secs).map_err(|_| expected());
        }
        let text = value.as_str().ok_or_else(expected)?;
        let (number, unit) = match text.find(|c: char| !c.is_ascii_digit()) {
            Some(at) => text.split_at(at),
            None => (text, "s"),
        };
        let unit: u64 = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => return Err(expected()),
        };
        number
            .parse::<u64>()
            .ok()
            .and_then(|number| number.checked_mul(unit))
            .map(Self::from_secs)
            .ok_or_else(expected)
    }
}

impl Parse for SocketAddr {
    fn parse(value: &Value) -> Result<Self, String> {
        let expected = "an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080";
        text(value, expected)?.parse().map_err(|_| format!("expected {expected}"))
    }
}

/// A base for links: http or https, no query, no trailing slash to think of.
impl Parse for Url {
    fn parse(value: &Value) -> Result<Self, String> {
        let expected = "an http or https URL, such as https://accounts.example.org";
        let url = http_url(text(value, expected)?)
            .filter(|url| url.query().is_none() && url.fragment().is_none())
            .ok_or_else(|| format!("expected {expected}"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not contain a user name or password".to_owned());
        }
        Ok(url)
    }
}

fn http_url(text: &str) -> Option<Url> {
    let url: Url = text.parse().ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// One network, or one address as the network of itself.
impl Parse for IpNet {
    fn parse(value: &Value) -> Result<Self, String> {
        let expected = "an address or a network, such as 10.0.0.1 or 10.0.0.0/8";
        let text = text(value, expected)?;
        text.parse::<Self>()
            .or_else(|_| text.parse::<IpAddr>().map(Self::from))
            .map_err(|_| format!("`{text}`: expected {expected}"))
    }
}

/// The origin of a page: scheme, host and port as browsers send them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WebOrigin(pub(crate) String);

impl Parse for WebOrigin {
    fn parse(value: &Value) -> Result<Self, String> {
        let expected = "an origin, such as https://app.example.org";
        let text = text(value, expected)?;
        http_url(text)
            .map(|url| url.origin().ascii_serialization())
            .filter(|origin| origin == text.trim_end_matches('/'))
            .map(Self)
            .ok_or_else(|| format!("`{text}`: expected {expected}"))
    }
}

/// A TOML array, or a text with commas between.
impl<T: Parse> Parse for Vec<T> {
    fn parse(value: &Value) -> Result<Self, String> {
        match value {
            Value::Array(items) => items.iter().map(T::parse).collect(),
            Value::String(text) => text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(|item| T::parse(&Value::String(item.to_owned())))
                .collect(),
            _ => Err("expected a list, or text with commas between".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse<T: Parse>(text: &str) -> Result<T, String> {
        T::parse(&Value::String(text.to_owned()))
    }

    #[test]
    fn durations_are_a_number_and_a_unit_or_whole_seconds() {
        for (text, secs) in
            [("90s", 90), ("15m", 900), ("24h", 86_400), ("30d", 2_592_000), ("45", 45), ("0", 0)]
        {
            assert_eq!(parse(text), Ok(Duration::from_secs(secs)), "{text}");
        }
        assert_eq!(Duration::parse(&Value::Integer(60)), Ok(Duration::from_secs(60)));
        for text in ["", "m", "1.5h", "-1s", "10 m", "1w", "99999999999999999999d"] {
            assert!(parse::<Duration>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn lists_are_arrays_or_text_with_commas() {
        let nets: Vec<IpNet> = parse("10.0.0.1, 192.168.0.0/16").unwrap();
        assert_eq!(nets.len(), 2);
        assert_eq!(nets[0].to_string(), "10.0.0.1/32");
        assert_eq!(parse::<Vec<IpNet>>(""), Ok(vec![]));
        assert!(parse::<Vec<IpNet>>("10.0.0.1,proxy").is_err());
    }

    #[test]
    fn an_origin_has_no_path() {
        assert!(parse::<WebOrigin>("https://app.example.org").is_ok());
        assert!(parse::<WebOrigin>("https://app.example.org:8443").is_ok());
        for text in ["*", "app.example.org", "https://app.example.org/x", "null"] {
            assert!(parse::<WebOrigin>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_base_url_is_http_and_has_no_query() {
        assert!(parse::<Url>("https://example.org/accounts/").is_ok());
        for text in ["example.org", "ftp://example.org", "https://example.org?a=b", "http://u:p@h"]
        {
            assert!(parse::<Url>(text).is_err(), "{text}");
        }
    }
}
