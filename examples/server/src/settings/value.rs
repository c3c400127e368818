//! How a value is read. Flags and variables are always text; in the file a
//! value may also have its own type.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use toml::Value;
use url::Url;
use usermgmt_axum::CorsOrigin;

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
        let text = match value {
            Value::Boolean(value) => return Ok(*value),
            Value::Integer(number) => number.to_string(),
            Value::String(text) => text.trim().to_ascii_lowercase(),
            _ => String::new(),
        };
        match text.as_str() {
            "true" | "1" | "yes" | "on" => Ok(true),
            "false" | "0" | "no" | "off" => Ok(false),
            _ => Err("expected true or false".to_owned()),
        }
    }
}

impl Parse for Duration {
    fn parse(value: &Value) -> Result<Self, String> {
        let read = match value {
            Value::Integer(secs) => u64::try_from(*secs).ok().map(Self::from_secs),
            other => other.as_str().and_then(duration),
        };
        read.ok_or_else(|| {
            "expected a duration such as 90s, 15min, 1h30m, 30d or 1w, or whole seconds".to_owned()
        })
    }
}

/// Whole seconds, or numbers with units, in any case and with spaces anywhere between.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    if let Ok(secs) = rest.parse() {
        return Some(Duration::from_secs(secs));
    }
    let mut millis = 0_u64;
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let after = after.trim_start();
        let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let unit: u64 = match after[..end].to_ascii_lowercase().as_str() {
            "ms" => 1,
            "s" | "sec" | "secs" | "second" | "seconds" => 1000,
            "m" | "min" | "mins" | "minute" | "minutes" => 60_000,
            "h" | "hr" | "hrs" | "hour" | "hours" => 3_600_000,
            "d" | "day" | "days" => 86_400_000,
            "w" | "week" | "weeks" => 7 * 86_400_000,
            _ => return None,
        };
        millis = number.parse::<u64>().ok()?.checked_mul(unit)?.checked_add(millis)?;
        rest = after[end..].trim_start();
    }
    (!text.trim().is_empty()).then(|| Duration::from_millis(millis))
}

/// A host is looked up once, here; of its addresses an IPv4 one goes first,
/// which is what `localhost` means to most clients.
impl Parse for SocketAddr {
    fn parse(value: &Value) -> Result<Self, String> {
        let expected =
            "an address and a port, such as 127.0.0.1:8080, [::1]:8080 or localhost:8080";
        let text = text(value, expected)?.trim();
        if let Ok(address) = text.parse() {
            return Ok(address);
        }
        let (host, port) = text.rsplit_once(':').ok_or_else(|| format!("expected {expected}"))?;
        let port: u16 = port.parse().map_err(|_| format!("expected {expected}"))?;
        if host.is_empty() || host.contains(['[', ':', '/']) {
            return Err(format!("expected {expected}"));
        }
        if host.eq_ignore_ascii_case("localhost") {
            return Ok(Self::from((Ipv4Addr::LOCALHOST, port)));
        }
        let found: Vec<Self> = (host, port)
            .to_socket_addrs()
            .map_err(|error| format!("cannot look up the host `{host}`: {error}"))?
            .collect();
        let first = found.iter().find(|address| address.is_ipv4()).or(found.first());
        first.copied().ok_or_else(|| format!("the host `{host}` has no address"))
    }
}

/// A whole number within bounds.
pub(super) fn number(value: &Value, least: u32, most: u32) -> Result<u32, String> {
    let number = match value {
        Value::Integer(number) => u32::try_from(*number).ok(),
        other => other.as_str().and_then(|text| text.trim().parse().ok()),
    };
    number
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("expected a number from {least} to {most}"))
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

impl Parse for CorsOrigin {
    fn parse(value: &Value) -> Result<Self, String> {
        let text = text(value, "an origin, such as https://app.example.org")?;
        text.parse().map_err(|why| format!("`{text}`: {why}"))
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
    fn durations_are_numbers_with_units_or_whole_seconds() {
        for (text, secs) in [
            ("90s", 90),
            ("15m", 900),
            ("24h", 86_400),
            ("30d", 2_592_000),
            ("45", 45),
            ("0", 0),
            ("15min", 900),
            ("1h30m", 5400),
            ("1h 30m", 5400),
            (" 10 m ", 600),
            ("1w", 604_800),
            ("2 Weeks", 1_209_600),
            ("1D12H", 129_600),
            ("3000ms", 3),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_secs(secs)), "{text}");
        }
        assert_eq!(Duration::parse(&Value::Integer(60)), Ok(Duration::from_secs(60)));
        for text in ["", " ", "m", "1.5h", "-1s", "1y", "1h30", "10 m m", "99999999999999999999d"] {
            assert!(parse::<Duration>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn switches_are_read_as_people_write_them() {
        for text in ["true", "1", "yes", "on", "TRUE", "On", " Yes "] {
            assert_eq!(parse(text), Ok(true), "{text}");
        }
        for text in ["false", "0", "no", "off", "FALSE", "Off"] {
            assert_eq!(parse(text), Ok(false), "{text}");
        }
        for text in ["", "2", "y", "enabled"] {
            assert!(parse::<bool>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_listener_can_be_named_by_host() {
        let at = |text| parse::<SocketAddr>(text).map(|address| address.to_string());
        assert_eq!(at("localhost:8080"), Ok("127.0.0.1:8080".to_owned()));
        assert_eq!(at("[::1]:80"), Ok("[::1]:80".to_owned()));
        for text in ["localhost", "8080", ":8080", "::1:80", "http://localhost:80", "a:b"] {
            assert!(at(text).is_err(), "{text}");
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
        assert!(parse::<CorsOrigin>("https://app.example.org").is_ok());
        assert!(parse::<CorsOrigin>("https://app.example.org:8443").is_ok());
        for text in ["*", "app.example.org", "https://app.example.org/x", "null"] {
            assert!(parse::<CorsOrigin>(text).is_err(), "{text}");
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
