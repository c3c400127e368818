//! A page of users as one statement: for each kind of user that the filter
//! admits, by the column `facets`, a short read of an index, and these merged.
//! What it costs depends on the length of the page and not on how many users
//! there are, nor on how few of them the filter admits.

use usermgmt_core::model::ids::UserId;
use usermgmt_core::model::user::Role;
use usermgmt_core::store::directory::{
    Search, SortOrder, UserFilter, UserPosition, UserQuery, UserSort,
};

use super::listed::listed_columns;
use crate::dialect::Dialect;
use crate::sql::{Statement, Value, limit, statement};

/// The least text that comes after all that begin with another one, behind that:
/// the last code point, which stands for no character.
const LAST: char = '\u{10FFFF}';

/// What an index has after the facets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Created,
    Username,
    Email,
    FullName,
    LastName,
}

/// What a search looks through.
const SEARCHED: [Key; 4] = [Key::Username, Key::Email, Key::FullName, Key::LastName];

impl Key {
    fn of(sort: UserSort) -> Self {
        match sort {
            UserSort::Created => Self::Created,
            UserSort::Username => Self::Username,
            UserSort::Email => Self::Email,
        }
    }

    fn column(self) -> &'static str {
        match self {
            Self::Created => "u.created_at",
            Self::Username => "u.username_canonical",
            Self::Email => "u.email_canonical",
            Self::FullName => "u.full_name_key",
            Self::LastName => "u.last_name_key",
        }
    }

    fn index(self) -> &'static str {
        match self {
            Self::Created => "usermgmt_users_by_created",
            Self::Username => "usermgmt_users_by_username",
            Self::Email => "usermgmt_users_by_email",
            Self::FullName => "usermgmt_users_by_full_name",
            Self::LastName => "usermgmt_users_by_last_name",
        }
    }
}

/// The values that `facets` has for those whom the filter admits.
fn facets(filter: &UserFilter) -> Vec<i64> {
    let bit =
        |facets: i64, bit: i64, is: Option<bool>| is.is_none_or(|is| is == (facets & bit != 0));
    (0..16)
        .filter(|&facets| {
            bit(facets, 1, filter.confirmed)
                && bit(facets, 2, filter.disabled)
                && bit(facets, 4, filter.mfa)
                && bit(facets, 8, filter.role.map(|role| role == Role::Admin))
        })
        .collect()
}

/// What narrows users down besides their facets: the beginning of a key, or when
/// they were made.
fn narrowing(filter: &UserFilter) -> &'static [Key] {
    match filter {
        UserFilter { search: Some(_), .. } => &SEARCHED,
        _ => &[Key::Created],
    }
}

/// How a page is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// Everything that is found, sorted then.
    Gathered,
    /// Along the index of the sort.
    Sorted,
    /// Along the indexes of what is searched.
    Matched,
}

impl Reading {
    /// How this page is read; where it depends on how many are found, first for
    /// few and then for many.
    pub(super) fn of(query: &UserQuery) -> Result<Self, (Self, Self)> {
        let UserQuery { filter, paged, .. } = query;
        let is_dated = filter.created_from.is_some() || filter.created_to.is_some();
        match (&filter.search, &paged.seek) {
            (Some(_), None) => Err((Self::Gathered, Self::Matched)),
            (Some(_), Some(seek)) if matches!(seek.at, UserPosition::Matched(..)) => {
                Ok(Self::Matched)
            }
            (Some(_), Some(_)) => Ok(Self::Gathered),
            (None, _) if is_dated && filter.sort != UserSort::Created => {
                Err((Self::Gathered, Self::Sorted))
            }
            (None, _) => Ok(Self::Sorted),
        }
    }
}

/// Builds the statements of one query.
pub(super) struct Pages<'a> {
    dialect: Dialect,
    query: &'a UserQuery,
    facets: Vec<i64>,
}

impl<'a> Pages<'a> {
    pub(super) fn new(dialect: Dialect, query: &'a UserQuery) -> Self {
        Self { dialect, query, facets: facets(&query.filter) }
    }

    pub(super) fn read(&self, reading: Reading) -> Statement<'a> {
        match (reading, &self.query.filter.search) {
            (Reading::Matched, Some(search)) => self.matched(search),
            (Reading::Gathered, _) => self.gathered(),
            (Reading::Sorted | Reading::Matched, _) => self.sorted(),
        }
    }

    /// Counts what is found, but no more than whether it is more than are sorted. In
    /// the order of the index, so that no planner thinks of reading the table instead.
    pub(super) fn count(&self) -> Statement<'a> {
        let most = limit(self.query.most_sorted.saturating_add(1));
        let parts = self.parts(narrowing(&self.query.filter), |key, facets| {
            let found = self.found("1 AS k", key, facets, None);
            found.and(format!(" ORDER BY {} LIMIT ?", key.column())).bind(most)
        });
        let parts = self.union(parts, "k", " UNION ALL ");
        statement("SELECT COUNT(*) FROM (")
            .with(parts)
            .and(" LIMIT ?) AS counted")
            .bind(most)
            .kept(self.dialect.keeps_unions())
    }

    /// Reads all that is found, of which there is not much, and sorts it.
    fn gathered(&self) -> Statement<'a> {
        let rows = self.query.paged.to_read();
        let key = Key::of(self.query.filter.sort);
        let columns = format!("u.id AS id, {} AS k", key.column());
        let mut parts = self.parts(narrowing(&self.query.filter), |narrow, facets| {
            let found = self.found(&columns, narrow, facets, None);
            self.beyond(found, key)
        });
        if let Some(search) = &self.query.filter.search {
            parts.push(self.beyond(self.by_id(statement(columns), search), key));
        }
        self.page(statement(""), self.union(parts, "id, k", " UNION "), self.is_descending(), rows)
    }

    /// Reads in the order of the sort, and stops at the end of the page.
    fn sorted(&self) -> Statement<'a> {
        let key = Key::of(self.query.filter.sort);
        let (rows, descending) = (self.query.paged.to_read(), self.is_descending());
        let parts = self.parts(&[key], |key, facets| self.run(key, facets, descending, rows));
        self.page(statement(""), self.union(parts, "id, k", " UNION ALL "), descending, rows)
    }

    /// Reads in the order of what is matched, and stops after some: of a user whom
    /// several keys match, each match is read, and marked where it is the first.
    fn matched(&self, search: &'a Search) -> Statement<'a> {
        let rows = window(self.query);
        let mut parts = self.parts(&SEARCHED, |key, facets| self.run(key, facets, false, rows));
        if let Ok(id) = search.id().parse::<UserId>()
            && self
                .query
                .paged
                .reaches(&UserPosition::Matched(search.prefix().to_owned(), id), false)
        {
            // Whose id it is comes first, by what was asked.
            let value = self.dialect.text_value();
            let columns = statement(format!("u.id AS id, {value} AS k")).bind(search.prefix());
            parts.push(self.by_id(columns, search));
        }
        self.page(is_first_match(search), self.union(parts, "id, k", " UNION "), false, rows)
    }

    /// What the filter finds by each of these keys: by the number of the facets that
    /// `part` is given.
    fn parts(&self, keys: &[Key], part: impl Fn(Key, &str) -> Statement<'a>) -> Vec<Statement<'a>> {
        keys.iter()
            .flat_map(|&key| self.dialect.for_each("facets", &self.facets, |one| part(key, one)))
            .collect()
    }

    /// Users with these facets whose key is in the range that the filter asks for;
    /// `from_seek`: the range begins where the page does, upward or downward.
    fn found(
        &self,
        columns: &str,
        key: Key,
        facets: &str,
        from_seek: Option<bool>,
    ) -> Statement<'a> {
        let filter = &self.query.filter;
        let mut found = statement(format!(
            "SELECT {columns} FROM usermgmt_users u{} WHERE u.facets = {facets}",
            self.dialect.by_index(key.index())
        ));
        let (least, end): (Option<Value<'a>>, Option<Value<'a>>) = match (key, &filter.search) {
            (Key::Created, _) => {
                (filter.created_from.map(Into::into), filter.created_to.map(Into::into))
            }
            (_, Some(search)) => {
                let end = format!("{}{LAST}", search.prefix());
                (Some(search.prefix().into()), Some(end.into()))
            }
            (_, None) => (None, None),
        };
        // One bound of each kind: of two, a database may read from the wrong one.
        if let Some(least) = least.filter(|_| from_seek != Some(true)) {
            found = found.and(format!(" AND {} >= ?", key.column())).bind(least);
        }
        if let Some(end) = end.filter(|_| from_seek != Some(false)) {
            found = found.and(format!(" AND {} < ?", key.column())).bind(end);
        }
        if key == Key::Created { found } else { self.created(found) }
    }

    fn created(&self, mut found: Statement<'a>) -> Statement<'a> {
        if let Some(from) = self.query.filter.created_from {
            found = found.and(" AND u.created_at >= ?").bind(from);
        }
        if let Some(to) = self.query.filter.created_to {
            found = found.and(" AND u.created_at < ?").bind(to);
        }
        found
    }

    /// The user whose id was typed.
    fn by_id(&self, columns: Statement<'a>, search: &'a Search) -> Statement<'a> {
        let facets: Vec<String> = self.facets.iter().map(i64::to_string).collect();
        let found = statement("SELECT ").with(columns).and(format!(
            " FROM usermgmt_users u WHERE u.facets IN ({}) AND u.id = ?",
            facets.join(", ")
        ));
        self.created(found.bind(search.id()))
    }

    /// The first users of the page with these facets, in the order of the index.
    fn run(&self, key: Key, facets: &str, descending: bool, rows: usize) -> Statement<'a> {
        let upward = self.is_upward(descending);
        let from_seek = self.query.paged.seek.is_some().then_some(upward);
        let columns = format!("u.id AS id, {} AS k", key.column());
        let run = self.beyond_by(self.found(&columns, key, facets, from_seek), key, upward);
        let way = way(upward);
        run.and(format!(" ORDER BY {}{way}, u.id{way} LIMIT ?", key.column())).bind(limit(rows))
    }

    fn beyond(&self, found: Statement<'a>, key: Key) -> Statement<'a> {
        self.beyond_by(found, key, self.is_upward(self.is_descending()))
    }

    /// Those behind where the page begins.
    fn beyond_by(&self, found: Statement<'a>, key: Key, upward: bool) -> Statement<'a> {
        let Some(seek) = &self.query.paged.seek else { return found };
        let (value, id): (Value<'a>, &UserId) = match &seek.at {
            UserPosition::Created(at, id) => ((*at).into(), id),
            UserPosition::Username(key, id)
            | UserPosition::Email(key, id)
            | UserPosition::Matched(key, id) => (key.as_str().into(), id),
        };
        self.dialect.beyond(
            found.and(" AND "),
            (key.column(), value),
            ("u.id", id.into()),
            upward,
            seek.inclusive,
        )
    }

    /// The users of these ids, in the order of their keys, with more columns.
    fn page(
        &self,
        columns: Statement<'a>,
        found: Statement<'a>,
        descending: bool,
        rows: usize,
    ) -> Statement<'a> {
        let way = way(self.is_upward(descending));
        statement(concat!("SELECT ", listed_columns!()))
            .with(columns)
            .and(" FROM (SELECT id, k FROM (")
            .with(found)
            .and(format!(
                ") AS found ORDER BY k{way}, id{way} LIMIT ?) AS page \
                 JOIN usermgmt_users u ON u.id = page.id ORDER BY page.k{way}, page.id{way}"
            ))
            .bind(limit(rows))
            .kept(self.dialect.keeps_unions())
    }

    /// The parts as one.
    fn union(&self, parts: Vec<Statement<'a>>, columns: &str, by: &str) -> Statement<'a> {
        // In brackets alone it would be no union.
        let in_brackets = self.dialect.has_brackets() && parts.len() > 1;
        let mut all = statement("");
        for (number, part) in parts.into_iter().enumerate() {
            all = all.and(if number == 0 { "" } else { by });
            all = if in_brackets {
                all.and("(").with(part).and(")")
            } else {
                all.and(format!("SELECT {columns} FROM ("))
                    .with(part)
                    .and(format!(") AS part{number}"))
            };
        }
        all
    }

    fn is_descending(&self) -> bool {
        self.query.filter.order == SortOrder::Desc
    }

    fn is_upward(&self, descending: bool) -> bool {
        descending == self.query.paged.is_backward()
    }
}

/// How many matches are read for a page: a username and the address that begins
/// with it are two, of which one counts.
pub(super) fn window(query: &UserQuery) -> usize {
    query.paged.to_read().saturating_mul(3)
}

/// Whether the user stands at this match: 0 where a lesser key matches as well,
/// or their id is what was typed.
fn is_first_match(search: &Search) -> Statement<'_> {
    let lesser = SEARCHED.map(|key| format!("({0} >= ? AND {0} < page.k)", key.column()));
    let sql = format!(
        ", page.k, CASE WHEN {} OR (u.id = ? AND page.k > ?) THEN ? ELSE ? END",
        lesser.join(" OR ")
    );
    let first = SEARCHED.iter().fold(statement(sql), |first, _| first.bind(search.prefix()));
    // Bound, since PostgreSQL takes a number that is written here for a short one.
    first.bind(search.id()).bind(search.prefix()).bind(0_i64).bind(1_i64)
}

fn way(upward: bool) -> &'static str {
    if upward { "" } else { " DESC" }
}
