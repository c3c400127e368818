//! Users, filtered, sorted and searched.

use serde::{Deserialize, Serialize};

use super::page::{Page, Paged};
use super::search::Search;
use crate::clock::Timestamp;
use crate::model::ids::UserId;
use crate::model::user::{Role, User};

/// A user as lists show them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedUser {
    /// The user.
    pub user: User,
    /// Whether they have a second factor: an authenticator app that is confirmed, or a
    /// passkey. One that was added counts also while the setting `sign_in.passkeys` is
    /// off, and nobody is asked for it.
    pub mfa_enabled: bool,
    /// When they last signed in, where that is known.
    pub last_sign_in_at: Option<Timestamp>,
}

/// Which users, and in which order. `None` asks nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserFilter {
    /// Who is called so.
    pub search: Option<Search>,
    /// Whether the address is confirmed.
    pub confirmed: Option<bool>,
    /// Whether the account is disabled.
    pub disabled: Option<bool>,
    /// Whether they have a second factor, as [`ListedUser::mfa_enabled`] says.
    pub mfa: Option<bool>,
    /// What they may do.
    pub role: Option<Role>,
    /// Registered then or later.
    pub created_from: Option<Timestamp>,
    /// Registered before.
    pub created_to: Option<Timestamp>,
    /// What they are sorted by; those who are equal in it by their ids.
    pub sort: UserSort,
    /// Which way.
    pub order: SortOrder,
}

impl UserFilter {
    /// Whether the user is among them, whatever is searched for.
    pub fn admits(&self, row: &ListedUser) -> bool {
        let user = &row.user;
        self.confirmed.is_none_or(|is| is == user.is_email_confirmed())
            && self.disabled.is_none_or(|is| is == user.disabled_at.is_some())
            && self.mfa.is_none_or(|is| is == row.mfa_enabled)
            && self.role.is_none_or(|role| role == user.role)
            && self.created_from.is_none_or(|from| from <= user.created_at)
            && self.created_to.is_none_or(|to| user.created_at < to)
    }
}

/// What users are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserSort {
    /// When they registered.
    #[default]
    Created,
    /// The username's canonical form, byte by byte.
    Username,
    /// The address's canonical form, byte by byte.
    Email,
}

/// Which way a list is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SortOrder {
    /// From the least.
    Asc,
    /// From the greatest.
    #[default]
    Desc,
}

/// Where a user stands in a list. Those of one list are of one kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserPosition {
    /// By the time of registration.
    Created(Timestamp, UserId),
    /// By the canonical username.
    Username(String, UserId),
    /// By the canonical address.
    Email(String, UserId),
    /// By what a search [matched](Search::matched).
    Matched(String, UserId),
}

/// A page of users.
///
/// Without a search, users are in the order of the filter's sort. So are those
/// that a search finds, as long as it matches at most `most_sorted` of their
/// names (usernames, addresses, first and last names); else they are in the order
/// of what was matched, from the least, whatever the sort: the order in which an
/// index has them. Which it is, is decided with the first page; the positions of
/// later ones say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserQuery {
    /// Which users.
    pub filter: UserFilter,
    /// Which page.
    pub paged: Paged<UserPosition>,
    /// How many matches of a search are sorted as asked.
    pub most_sorted: usize,
}

impl UserQuery {
    /// The page, found among all users: the rule in code, for a store that has
    /// them at hand.
    pub fn answer(
        &self,
        all: impl IntoIterator<Item = ListedUser>,
    ) -> Page<ListedUser, UserPosition> {
        let (filter, search) = (&self.filter, self.filter.search.as_ref());
        let found = all.into_iter().filter(|row| filter.admits(row)).filter_map(|row| {
            let matched = search.map(|search| search.matched(&row.user));
            match matched {
                Some(None) => None,
                Some(Some(key)) => Some((row, key)),
                None => Some((row, String::new())),
            }
        });
        let found: Vec<(ListedUser, String)> = found.collect();
        let count = |search: &Search| -> usize {
            found.iter().map(|(row, _)| search.count(&row.user)).sum()
        };
        let by_match = match &self.paged.seek {
            Some(seek) => matches!(seek.at, UserPosition::Matched(..)),
            None => search.is_some_and(|search| count(search) > self.most_sorted),
        };
        let descending = !by_match && filter.order == SortOrder::Desc;
        let mut placed: Vec<(UserPosition, ListedUser)> = found
            .into_iter()
            .map(|(row, key)| match by_match {
                true => (UserPosition::Matched(key, row.user.id.clone()), row),
                false => (filter.sort.position(&row.user), row),
            })
            .filter(|(position, _)| self.paged.reaches(position, descending))
            .collect();
        placed.sort_by(|(a, _), (b, _)| match descending == self.paged.is_backward() {
            true => a.cmp(b),
            false => b.cmp(a),
        });
        placed.truncate(self.paged.to_read());
        Page::of_read(placed, &self.paged, |(position, _)| position.clone()).map(|(_, row)| row)
    }
}

impl UserSort {
    /// Where a user stands in a list that is sorted so.
    pub fn position(self, user: &User) -> UserPosition {
        let id = user.id.clone();
        match self {
            Self::Created => UserPosition::Created(user.created_at, id),
            Self::Username => UserPosition::Username(user.username.canonical().to_owned(), id),
            Self::Email => UserPosition::Email(user.email.canonical().to_owned(), id),
        }
    }
}
