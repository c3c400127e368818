//! Finding people by the beginning of what they are called.

use serde::{Deserialize, Serialize};

use crate::model::identifier::fold;
use crate::model::user::User;

/// The most bytes of a name that are compared: what fits into every database's index.
const LONGEST_KEY: usize = 512;

/// What somebody typed to find users: the beginning, in any case, of a username,
/// an address, a first name, a last name, or both names; or a whole id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    prefix: String,
    id: String,
}

impl Search {
    /// Reads it; `None` where nothing but blanks was typed.
    pub fn typed(text: &str) -> Option<Self> {
        let id = text.trim();
        let prefix = key(id);
        (!prefix.is_empty()).then(|| Self { prefix, id: id.to_owned() })
    }

    /// The beginning that a key must have.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The id that a user may have in place of it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it finds this user by: the least, in the order of bytes, of the keys
    /// that begin so; the prefix itself where it is the user's id.
    pub fn matched(&self, user: &User) -> Option<String> {
        if user.id.as_str() == self.id {
            return Some(self.prefix.clone());
        }
        let names = NameKeys::of(user);
        let keys = [user.username.canonical(), user.email.canonical(), &names.full, &names.last];
        keys.into_iter().filter(|key| key.starts_with(&self.prefix)).min().map(str::to_owned)
    }
}

/// What a user is found by beside username and address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameKeys {
    /// First and last name, or the first alone; empty without a first one.
    pub full: String,
    /// The last name; empty without one.
    pub last: String,
}

impl NameKeys {
    /// The user's.
    pub fn of(user: &User) -> Self {
        Self::new(user.first_name.as_deref(), user.last_name.as_deref())
    }

    /// Those of somebody with these names.
    pub fn new(first: Option<&str>, last: Option<&str>) -> Self {
        let full = match (first, last) {
            (Some(first), Some(last)) => key(&format!("{first} {last}")),
            (Some(first), None) => key(first),
            (None, _) => String::new(),
        };
        Self { full, last: last.map(key).unwrap_or_default() }
    }
}

/// The form to compare: folded, with one space for every run of blanks.
fn key(text: &str) -> String {
    let folded = fold(text);
    let mut key = folded.split_whitespace().collect::<Vec<_>>().join(" ");
    key.truncate(key.floor_char_boundary(LONGEST_KEY));
    key
}
