//! Finding people by the beginning of what they are called.

use serde::{Deserialize, Serialize};

use crate::model::identifier::fold;
use crate::model::user::User;

/// The most bytes of a name that are compared: two of them fit into every
/// database's index.
const LONGEST_KEY: usize = 255;

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
        self.matches(user).into_iter().min()
    }

    /// How many of the user's keys begin so.
    pub fn count(&self, user: &User) -> usize {
        self.matches(user).len()
    }

    fn matches(&self, user: &User) -> Vec<String> {
        let last = name_key(user.last_name.as_deref());
        let full = full_name_key(&name_key(user.first_name.as_deref()), &last);
        let (username, email) = (user.username.canonical(), user.email.canonical());
        let keys = [username.to_owned(), email.to_owned(), full, last];
        keys.into_iter().filter(|key| key.starts_with(&self.prefix)).collect()
    }
}

/// The form of a first or a last name that is compared; empty without one.
pub fn name_key(name: Option<&str>) -> String {
    name.map(key).unwrap_or_default()
}

/// The first name and the last one as one name; empty without a first one.
pub fn full_name_key(first: &str, last: &str) -> String {
    match (first, last) {
        ("", _) => String::new(),
        (first, "") => first.to_owned(),
        (first, last) => format!("{first} {last}"),
    }
}

/// The form to compare: folded, with one space for every run of blanks.
fn key(text: &str) -> String {
    let folded = fold(text);
    let mut key = folded.split_whitespace().collect::<Vec<_>>().join(" ");
    key.truncate(key.floor_char_boundary(LONGEST_KEY));
    key
}
