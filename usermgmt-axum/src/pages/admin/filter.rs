//! Which users a list shows, as its query string says.

use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::user::Role;
use usermgmt_core::store::directory::{Search, SortOrder, UserFilter, UserSort};

use super::fields::{Fields, query};
use super::visit::Admin;
use crate::pages::account::form::Problems;

/// The fields that say which list it is.
const NAMES: [&str; 9] = [
    "search",
    "confirmed",
    "disabled",
    "mfa",
    "role",
    "created_from",
    "created_to",
    "sort",
    "order",
];

/// What was asked for, as it was typed.
pub(super) struct Asked<'a>(&'a Fields);

impl<'a> Asked<'a> {
    pub(super) fn of(admin: &'a Admin) -> Self {
        Self(&admin.fields)
    }

    pub(super) fn text(&self, name: &str) -> &'a str {
        self.0.text(name)
    }

    /// Whether the list is narrowed by more than a search.
    pub(super) fn is_filtered(&self) -> bool {
        NAMES[1..7].iter().any(|name| !self.text(name).is_empty())
    }

    pub(super) fn kept(&self) -> Vec<(&'static str, &'a str)> {
        NAMES.iter().map(|name| (*name, self.text(name))).collect()
    }

    /// The query string of the same list, sorted so.
    pub(super) fn sorted(&self, sort: &str, order: &str) -> String {
        let kept = self.kept().into_iter().map(|(name, value)| match name {
            "sort" => (name, sort),
            "order" => (name, order),
            _ => (name, value),
        });
        query(kept)
    }

    /// The query string of this list.
    pub(super) fn query(&self) -> String {
        query(self.kept())
    }

    pub(super) fn filter(&self, admin: &Admin, problems: &mut Problems) -> UserFilter {
        let switch = |name| match self.text(name) {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        };
        let (sort, order) = self.sort();
        UserFilter {
            search: Search::typed(self.text("search")),
            confirmed: switch("confirmed"),
            disabled: switch("disabled"),
            mfa: switch("mfa"),
            role: Role::from_name(self.text("role")),
            created_from: day(self.0, "created_from", admin, problems),
            created_to: day(self.0, "created_to", admin, problems),
            sort,
            order,
        }
    }

    pub(super) fn sort(&self) -> (UserSort, SortOrder) {
        let sort = match self.text("sort") {
            "username" => UserSort::Username,
            "email" => UserSort::Email,
            _ => UserSort::Created,
        };
        let order = match (self.text("order"), sort) {
            ("asc", _) => SortOrder::Asc,
            ("desc", _) | (_, UserSort::Created) => SortOrder::Desc,
            _ => SortOrder::Asc,
        };
        (sort, order)
    }
}

/// A day or time that was typed, where any was.
pub(super) fn day(
    fields: &Fields,
    name: &str,
    admin: &Admin,
    problems: &mut Problems,
) -> Option<Timestamp> {
    let typed = fields.given(name)?;
    problems.take(name, typed.parse().map_err(|_| admin.texts().no_day.to_owned()))
}
