//! Where somebody goes on to after signing in.

use url::Url;

/// What is longer was made by nobody's page.
const LONGEST: usize = 2048;

/// The path that was asked for, where it is one of this origin's. Browsers read a
/// backslash as a slash and drop control characters, so what has either is ignored;
/// so are other hosts and schemes (OWASP, "Unvalidated Redirects and Forwards").
pub(crate) fn own_path<'a>(wanted: &'a str, public: &Url) -> Option<&'a str> {
    let plain = wanted.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if !plain || wanted.len() > LONGEST || !wanted.starts_with('/') || wanted.starts_with("//") {
        return None;
    }
    let target = public.join(wanted).ok()?;
    (target.origin() == public.origin()).then_some(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(wanted: &str) -> Option<&str> {
        own_path(wanted, &"https://accounts.example.com/base/".parse().unwrap())
    }

    #[test]
    fn a_path_of_this_origin_is_taken() {
        for path in ["/", "/orders?page=2#top", "/a//b", "/%5cevil.example", "/@evil.example"] {
            assert_eq!(of(path), Some(path));
        }
    }

    #[test]
    fn nothing_leads_elsewhere() {
        for path in [
            "",
            "orders",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "/a\r\nSet-Cookie: a=b",
            "https://evil.example",
            "https:/evil.example",
            "javascript:alert(1)",
            " //evil.example",
            "/ä",
        ] {
            assert_eq!(of(path), None, "{path:?}");
        }
        assert_eq!(of(&format!("/{}", "a".repeat(3000))), None);
    }
}
