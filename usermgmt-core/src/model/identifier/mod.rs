//! Addresses and usernames: a form to show and a form to compare.

mod email;
mod fold;
mod username;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::email::{Email, EmailDomains, InvalidEmail};
pub(crate) use self::fold::fold;
pub use self::username::{InvalidUsername, Username};

/// Which name space an identifier belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentifierKind {
    /// An email address.
    Email,
    /// A username.
    Username,
    /// What a username looks like: two that look alike have the same.
    Skeleton,
}

impl IdentifierKind {
    /// The name under which stores keep it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Username => "username",
            Self::Skeleton => "skeleton",
        }
    }

    /// Whether it is a username or what one looks like: either is claimed and
    /// given back with the other, and to people both are one.
    pub const fn is_name(self) -> bool {
        matches!(self, Self::Username | Self::Skeleton)
    }
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
        Self { kind: IdentifierKind::Email, canonical: email.canonical().to_owned() }
    }

    /// A username.
    pub fn username(username: &Username) -> Self {
        Self { kind: IdentifierKind::Username, canonical: username.canonical().to_owned() }
    }

    /// What a username looks like, which is claimed, held and given back beside
    /// it. It is for comparing alone: nobody is found by it.
    pub fn skeleton(username: &Username) -> Self {
        Self { kind: IdentifierKind::Skeleton, canonical: username.skeleton() }
    }

    /// A username and what it looks like: what one takes who takes a name.
    pub fn names(username: &Username) -> [Self; 2] {
        [Self::username(username), Self::skeleton(username)]
    }

    /// An address, a username or a skeleton.
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

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn an_address_is_looked_up_however_it_is_typed() {
        let found = |typed| Identifier::typed(typed).canonical().to_owned();
        for typed in ["ann@localhost", " ANN@Localhost\r\n", "ａｎｎ＠localhost"] {
            assert_eq!(found(typed), "ann@localhost", "{typed}");
        }
        assert_eq!(found("weiß@bücher.example"), "weiss@xn--bcher-kva.example");
    }
}
