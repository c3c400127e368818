//! Email addresses.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::fold::{differs_by_case_alone, fold, shown};

/// An email address: the form that is shown and mailed to, and its canonical
/// form: Unicode NFKC, case folded, the domain in ASCII (UTS 46). Uniqueness and
/// look-up use the canonical form. The two differ by case alone, so that what is
/// mailed is what was compared.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Email {
    display: String,
    canonical: String,
}

/// Which domains an address may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EmailDomains {
    /// Those that mail can reach over the Internet: of two labels at least, the
    /// last of which is a top-level domain's.
    #[default]
    Public,
    /// `localhost` too: for trying things out on one machine.
    Local,
}

/// Why a text is no email address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid email address")]
pub struct InvalidEmail;

impl Email {
    /// Parses an address of a public domain; see [`Self::parse_with`].
    ///
    /// # Errors
    /// [`InvalidEmail`].
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        Self::parse_with(text, EmailDomains::Public)
    }

    /// Parses an address of RFC 5321's `Mailbox` without quoted local parts and
    /// address literals (nobody has one that receives mail from the Internet),
    /// with the letters of RFC 6531. Blanks around it do not count.
    ///
    /// The local part is taken in the width and composition that it is compared
    /// in. Where comparing would change more than case (a ligature, a superscript,
    /// a sharp s), it is refused: whoever has the one mailbox would receive the
    /// other's mail. A domain that is not ASCII is taken as IDNA maps it.
    ///
    /// # Errors
    /// [`InvalidEmail`] where the text is something else, or longer than an
    /// address can be: 64 bytes before the `@`, 254 in all, in either form
    /// (RFC 5321, 4.5.3.1).
    pub fn parse_with(text: &str, domains: EmailDomains) -> Result<Self, InvalidEmail> {
        let text = text.trim();
        // No mapping makes a text so much shorter; the rest is not to work on megabytes.
        if text.len() > 4 * MAX_ADDRESS {
            return Err(InvalidEmail);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidEmail)?;
        let local = shown(local).ok_or(InvalidEmail)?;
        let folded = fold(&local);
        let ascii = idna::domain_to_ascii_strict(domain).map_err(|_| InvalidEmail)?;
        if !valid_local(&local)
            || !valid_local(&folded)
            || !differs_by_case_alone(&local, &folded)
            || !valid_domain(&ascii, domains)
        {
            return Err(InvalidEmail);
        }
        let domain =
            if domain.is_ascii() { domain.to_owned() } else { idna::domain_to_unicode(&ascii).0 };
        let email =
            Self { display: format!("{local}@{domain}"), canonical: format!("{folded}@{ascii}") };
        if email.display.len() > MAX_ADDRESS || email.canonical.len() > MAX_ADDRESS {
            return Err(InvalidEmail);
        }
        Ok(email)
    }

    /// Takes both forms back from a store, which got them from a parsed address.
    pub fn from_stored(display: String, canonical: String) -> Self {
        Self { display, canonical }
    }

    /// Takes an address back from what a token binds: its form to show.
    pub(crate) fn from_bound(display: &str) -> Self {
        Self { display: display.to_owned(), canonical: Self::canonical_of(display) }
    }

    /// As its owner wrote it.
    pub fn as_str(&self) -> &str {
        &self.display
    }

    /// The form that is compared.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The canonical form of whatever somebody typed: for look-ups, where an
    /// invalid address simply is nobody's.
    pub fn canonical_of(typed: &str) -> String {
        let typed = typed.trim();
        let Some((local, domain)) = typed.rsplit_once('@') else { return fold(typed) };
        let domain = idna::domain_to_ascii_strict(domain).unwrap_or_else(|_| fold(domain));
        format!("{}@{domain}", fold(local))
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.display)
    }
}

/// Addresses are personal data: they stay out of logs.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email([redacted])")
    }
}

/// RFC 5321, 4.5.3.1.3: a path has 256 octets, its two brackets included.
const MAX_ADDRESS: usize = 254;

fn valid_local(local: &str) -> bool {
    // RFC 5321, 4.5.3.1.1.
    (1..=64).contains(&local.len())
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local.chars().all(|c| {
            if c.is_ascii() {
                c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c)
            } else {
                c.is_alphanumeric()
            }
        })
}

fn valid_domain(ascii: &str, domains: EmailDomains) -> bool {
    let labels: Vec<&str> = ascii.split('.').collect();
    let Some(last) = labels.last() else { return false };
    if ascii == "localhost" {
        return domains == EmailDomains::Local;
    }
    // RFC 3696, 2: a top-level domain is not all numeric (that would be an address).
    let is_public = labels.len() >= 2 && last.len() >= 2;
    is_public
        && ascii.len() <= 253
        && labels.iter().all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
        && !last.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use unicode_normalization::UnicodeNormalization as _;

    use super::*;

    fn email(text: &str) -> Option<String> {
        Email::parse(text).ok().map(|e| e.canonical().to_owned())
    }

    fn shown_as(text: &str) -> Option<String> {
        Email::parse(text).ok().map(|e| e.as_str().to_owned())
    }

    #[test]
    fn addresses_compare_by_their_canonical_form() {
        for (typed, canonical) in [
            ("Ann@Example.COM", "ann@example.com"),
            ("ann+tag@example.com", "ann+tag@example.com"),
            ("JOSÉ@example.com", "josé@example.com"),
            ("jose\u{301}@example.com", "josé@example.com"),
            ("ann@BÜCHER.example", "ann@xn--bcher-kva.example"),
            ("ann@straße.example", "ann@xn--strae-oqa.example"),
            ("ＮΊΚΟΣ@example.com", "nίκοσ@example.com"),
            ("νίκος@example.com", "νίκοσ@example.com"),
            ("ａｎｎ@example.com", "ann@example.com"),
            (" ann@example.com\r\n", "ann@example.com"),
            ("\u{3000}ann@example.com\u{A0}", "ann@example.com"),
        ] {
            assert_eq!(email(typed).as_deref(), Some(canonical), "{typed}");
        }
        assert_ne!(email("jose@example.com"), email("josé@example.com"));
    }

    #[test]
    fn mail_goes_to_what_was_compared() {
        for (typed, mailed) in [
            ("ａｄｍｉｎ@corp.example", "admin@corp.example"),
            ("Ａdmin@Corp.Example", "Admin@Corp.Example"),
            ("admin@ｃｏｒｐ．example", "admin@corp.example"),
            ("admin@corp。example", "admin@corp.example"),
            ("admin@CORP\u{AD}.example", "admin@corp.example"),
            ("admin@BÜCHER.example", "admin@bücher.example"),
            ("jose\u{301}@example.com", "josé@example.com"),
            ("ｶﾞ@example.com", "ガ@example.com"),
        ] {
            assert_eq!(shown_as(typed).as_deref(), Some(mailed), "{typed}");
        }
        for other_mailbox in [
            "ﬁn@example.com",
            "x²@example.com",
            "ⓐdmin@example.com",
            "𝐚dmin@example.com",
            "weiß@example.com",
            "ŉ@example.com",
            "adm\u{AD}in@example.com",
            "ſam@example.com",
        ] {
            assert_eq!(shown_as(other_mailbox), None, "{other_mailbox}");
        }
    }

    /// Every character that comparing changes: it is refused, or what is mailed
    /// is what is compared but for case, wherever it stands.
    #[test]
    fn no_character_makes_two_mailboxes_one() {
        let mut taken = 0;
        // Above are unassigned characters and those for private use.
        for c in (0x80..0x3_2000).chain(0xE_0000..0xE_0200).filter_map(char::from_u32) {
            let one = c.to_string();
            if fold(&one) == one && one.nfc().eq(one.chars()) {
                continue;
            }
            for text in [format!("x{c}y@example.com"), format!("{c}@x{c}.example")] {
                let Ok(email) = Email::parse(&text) else { continue };
                taken += 1;
                let (local, domain) = email.as_str().rsplit_once('@').unwrap();
                let (compared, ascii) = email.canonical().rsplit_once('@').unwrap();
                assert!(local.nfkc().eq(local.chars()), "{text}: {email}");
                let lower: String = local.to_lowercase().replace('ς', "σ").nfc().collect();
                assert_eq!(lower, compared, "{text}");
                assert_eq!(idna::domain_to_ascii_strict(domain).unwrap(), ascii, "{text}");
                assert_eq!(Email::parse(email.as_str()), Ok(email.clone()), "{text}");
            }
        }
        assert!(taken > 1000, "{taken}");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "ann",
            "@example.com",
            "ann@",
            "ann@example",
            "ann@localhost",
            "ann@@example.com",
            "a b@example.com",
            "ann@exa mple.com",
            "ann@example..com",
            "ann@example.com.",
            ".ann@example.com",
            "ann.@example.com",
            "ann@-example.com",
            "ann@127.0.0.1",
            "ann@example.c",
            "ann@example.com\r\nBcc: eve@example.com",
            "ann\u{0}@example.com",
            "\"ann\"@example.com",
            "ann@[127.0.0.1]",
            "ann＠example.com",
            "ann＠evil@example.com",
            "ann,eve@example.com",
            "<ann@example.com>",
            "ann@example.com,eve@example.com",
        ] {
            assert_eq!(email(text), None, "{text:?}");
        }
    }

    #[test]
    fn an_address_is_no_longer_than_mail_servers_take() {
        let local = |n: usize| "a".repeat(n);
        assert!(email(&format!("{}@example.com", local(64))).is_some());
        assert_eq!(email(&format!("{}@example.com", local(65))), None);
        // 64 bytes of 63 characters.
        assert!(email(&format!("é{}@example.com", local(62))).is_some());
        assert_eq!(email(&format!("é{}@example.com", local(63))), None);
        let whole = |n: usize| {
            let label = "b".repeat(63);
            format!("{}@{label}.{label}.{}.com", local(64), "b".repeat(n))
        };
        assert_eq!((whole(57).len(), email(&whole(57))), (254, Some(whole(57))));
        assert_eq!(email(&whole(58)), None);
        assert_eq!(email(&format!("a@{}.com", "b".repeat(64))), None);
        assert_eq!(email(&format!("a@{}.com", "b".repeat(250))), None);
        assert_eq!(email(&format!("a@{}com", "bb.".repeat(100))), None);
        assert_eq!(email(&format!("{}@example.com", "ａ".repeat(100_000))), None);
    }

    #[test]
    fn this_machine_is_a_domain_where_the_caller_says_so() {
        let local = |text| Email::parse_with(text, EmailDomains::Local).ok();
        for text in ["ann@localhost", "ann@example.com"] {
            assert_eq!(local(text).unwrap().as_str(), text);
        }
        for text in [
            "ann@",
            "ann@intranet",
            "a@b",
            "ann@127",
            "ann@127.0.0.1",
            "ann@-a",
            "ann",
            "@localhost",
        ] {
            assert_eq!(local(text), None, "{text}");
        }
    }
}
