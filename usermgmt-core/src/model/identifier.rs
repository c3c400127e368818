//! Addresses and usernames: a form to show and a form to compare.

use std::fmt;

use caseless::Caseless as _;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

/// Which of the two name spaces an identifier belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentifierKind {
    /// An email address.
    Email,
    /// A username.
    Username,
}

impl IdentifierKind {
    /// The name under which stores keep it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Username => "username",
        }
    }
}

/// An email address as its owner writes it, and its canonical form: Unicode
/// NFKC, case folded, the domain in ASCII (UTS 46). Uniqueness and look-up use
/// the canonical form.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Email {
    display: String,
    canonical: String,
}

/// Why a text is no email address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid email address")]
pub struct InvalidEmail;

impl Email {
    /// Parses an address of RFC 5321's `Mailbox` without quoted local parts and
    /// address literals (nobody has one that receives mail from the Internet),
    /// with the letters of RFC 6531.
    ///
    /// # Errors
    /// [`InvalidEmail`] where the text is something else, or longer than 254 bytes.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        // RFC 5321, 4.5.3.1: 64 octets for the local part, 256 for the path with its brackets.
        if text.len() > 254 {
            return Err(InvalidEmail);
        }
        // Fullwidth forms fold to '@' and '.', so what is checked is the canonical text.
        let canonical = fold(text);
        let (local, domain) = canonical.rsplit_once('@').ok_or(InvalidEmail)?;
        let (shown_local, shown_domain) = text.rsplit_once('@').ok_or(InvalidEmail)?;
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| InvalidEmail)?;
        // What is shown is checked composed: a letter may come with its accent apart.
        let valid = valid_local(local)
            && valid_local(&shown_local.nfc().collect::<String>())
            && valid_domain(&domain)
            && canonical.len() <= 320;
        if !valid || shown_domain.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(InvalidEmail);
        }
        // Composed, as mail servers take it.
        Ok(Self { display: text.nfc().collect(), canonical: format!("{local}@{domain}") })
    }

    /// Takes both forms back from a store, which got them from a parsed address.
    pub fn from_stored(display: String, canonical: String) -> Self {
        Self { display, canonical }
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
        Self::parse(typed.trim()).map_or_else(|_| fold(typed.trim()), |email| email.canonical)
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

fn valid_local(local: &str) -> bool {
    (1..=64).contains(&local.len())
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local.chars().all(|c| {
            if c.is_ascii() {
                c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c)
            } else {
                !c.is_control() && !c.is_whitespace() && c.is_alphanumeric()
            }
        })
}

fn valid_domain(ascii: &str) -> bool {
    let labels: Vec<&str> = ascii.split('.').collect();
    ascii.len() <= 253
        && labels.len() >= 2
        && labels.iter().all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
        // RFC 3696, 2: a top-level domain is not all numeric (that would be an address).
        && labels.last().is_some_and(|tld| tld.len() >= 2 && !tld.bytes().all(|b| b.is_ascii_digit()))
}

/// A username as its owner writes it, and its canonical form (Unicode NFKC,
/// case folded).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Username {
    display: String,
    canonical: String,
}

/// Why a text is no username.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUsername {
    /// Not between the two lengths, counted in characters.
    #[error("length must be between {min} and {max}")]
    Length {
        /// The least number of characters.
        min: usize,
        /// The greatest number of characters.
        max: usize,
    },
    /// An `@`, which would make it look like an address; a control or invisible
    /// character; or a space at either end.
    #[error("a username has no @, no control characters and no leading or trailing space")]
    Character,
}

impl Username {
    /// The least number of characters in a username.
    pub const MIN: usize = 3;
    /// The greatest number of characters in a username.
    pub const MAX: usize = 64;
    /// The greatest number where people choose their own.
    pub const MAX_OWN: usize = 30;

    /// Parses a username of at most `max` characters.
    ///
    /// # Errors
    /// [`InvalidUsername`] says what is wrong.
    pub fn parse(text: &str, max: usize) -> Result<Self, InvalidUsername> {
        let canonical = fold(text);
        let length = text.chars().count();
        // NFKC can make a text longer (a ligature) or leave nothing of it.
        if !(Self::MIN..=max).contains(&length)
            || canonical.chars().count() < Self::MIN
            || canonical.len() > 255
        {
            return Err(InvalidUsername::Length { min: Self::MIN, max });
        }
        let invalid = |c: char| c == '@' || c.is_control() || is_invisible(c);
        let edges =
            |t: &str| t.starts_with(char::is_whitespace) || t.ends_with(char::is_whitespace);
        if text.contains(invalid) || canonical.contains(invalid) || edges(text) || edges(&canonical)
        {
            return Err(InvalidUsername::Character);
        }
        Ok(Self { display: text.to_owned(), canonical })
    }

    /// Takes both forms back from a store, which got them from a parsed name.
    pub fn from_stored(display: String, canonical: String) -> Self {
        Self { display, canonical }
    }

    /// As its owner wrote it.
    pub fn as_str(&self) -> &str {
        &self.display
    }

    /// The form that is compared.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.display)
    }
}

/// Characters that show nothing, or turn the text around: two names that look
/// the same must not be two accounts.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
        | '\u{E0000}'..='\u{E0FFF}')
}

/// What somebody typed to say who they are: matched as an email where it has
/// an `@`, as a username otherwise.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identifier {
    kind: IdentifierKind,
    canonical: String,
}

impl Identifier {
    /// Reads what somebody typed. Anything can be typed; what is no valid
    /// identifier simply finds nobody.
    pub fn typed(text: &str) -> Self {
        // Bounded, so that a look-up or a counter's key never carries a megabyte.
        // A NUL is in no identifier, and not every database takes one.
        let no_nul = |c| if c == '\0' { char::REPLACEMENT_CHARACTER } else { c };
        let text: String = text.trim().chars().take(320).map(no_nul).collect();
        let folded = fold(&text);
        if folded.contains('@') {
            Self { kind: IdentifierKind::Email, canonical: Email::canonical_of(&text) }
        } else {
            Self { kind: IdentifierKind::Username, canonical: folded }
        }
    }

    /// An address.
    pub fn email(email: &Email) -> Self {
        Self { kind: IdentifierKind::Email, canonical: email.canonical.clone() }
    }

    /// A username.
    pub fn username(username: &Username) -> Self {
        Self { kind: IdentifierKind::Username, canonical: username.canonical.clone() }
    }

    /// An address or a username.
    pub fn kind(&self) -> IdentifierKind {
        self.kind
    }

    /// The form that is compared.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// Takes an identifier back from a store.
    pub fn from_stored(kind: IdentifierKind, canonical: String) -> Self {
        Self { kind, canonical }
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identifier({}, [redacted])", self.kind.as_str())
    }
}

/// Unicode's toNFKC_Casefold without the removal of default ignorables:
/// NFKC, full case folding, NFKC again, because folding can undo the first
/// (Unicode 3.13, D145 and D146).
fn fold(text: &str) -> String {
    text.nfkc().default_case_fold().nfkc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn email(text: &str) -> Option<String> {
        Email::parse(text).ok().map(|e| e.canonical().to_owned())
    }

    #[test]
    fn addresses_compare_by_their_canonical_form() {
        for (typed, canonical) in [
            ("Ann@Example.COM", "ann@example.com"),
            ("ann+tag@example.com", "ann+tag@example.com"),
            ("JOSÉ@example.com", "josé@example.com"),
            ("jose\u{301}@example.com", "josé@example.com"),
            ("ann@BÜCHER.example", "ann@xn--bcher-kva.example"),
            ("straße@example.com", "strasse@example.com"),
            ("ａｎｎ@example.com", "ann@example.com"),
        ] {
            assert_eq!(email(typed).as_deref(), Some(canonical), "{typed}");
        }
        assert_ne!(email("jose@example.com"), email("josé@example.com"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "ann",
            "@example.com",
            "ann@",
            "ann@example",
            "ann@@example.com",
            "a b@example.com",
            " ann@example.com",
            "ann@example.com ",
            "ann@exa mple.com",
            "ann@example..com",
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
            "ann,eve@example.com",
            "<ann@example.com>",
            "ann@example.com,eve@example.com",
        ] {
            assert_eq!(email(text), None, "{text:?}");
        }
        assert_eq!(email(&format!("{}@example.com", "a".repeat(65))), None);
        assert_eq!(email(&format!("a@{}.com", "b".repeat(250))), None);
    }

    #[test]
    fn usernames_compare_by_their_canonical_form() {
        let canonical = |text: &str| Username::parse(text, 30).map(|u| u.canonical().to_owned());
        assert_eq!(canonical("Ann").as_deref(), Ok("ann"));
        assert_eq!(canonical("Maße").as_deref(), Ok("masse"));
        assert_eq!(canonical("ＡＮＮ").as_deref(), Ok("ann"));
        assert_eq!(canonical("ab"), Err(InvalidUsername::Length { min: 3, max: 30 }));
        for text in ["a@b", "a＠b", " ann", "ann ", "a\nb", "an\u{200B}n", "\u{202E}ann"] {
            assert_eq!(canonical(text), Err(InvalidUsername::Character), "{text:?}");
        }
    }

    #[test]
    fn a_typed_identifier_is_an_address_where_it_has_an_at() {
        assert_eq!(
            Identifier::typed(" Ann@Example.com "),
            Identifier::email(&Email::parse("ann@example.com").unwrap())
        );
        assert_eq!(
            Identifier::typed("ANN"),
            Identifier::username(&Username::parse("ann", 30).unwrap())
        );
        assert_eq!(Identifier::typed("not an @ddress").kind(), IdentifierKind::Email);
    }
}
