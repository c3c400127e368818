//! Pages of a sequence in a fixed order.

use serde::{Deserialize, Serialize};

/// A place in the sequence, and which way to read from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seek<P> {
    /// Where a row stands, or stood.
    pub at: P,
    /// Towards the beginning.
    pub backward: bool,
    /// Whether the row that stands there is part of what is read.
    pub inclusive: bool,
}

/// Where to read from, and how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paged<P> {
    /// From where; `None` for the first page.
    pub seek: Option<Seek<P>>,
    /// At most so many rows; at least one.
    pub limit: usize,
}

impl<P> Paged<P> {
    /// The first page.
    pub fn first(limit: usize) -> Self {
        Self { seek: None, limit }
    }

    /// Whether it is read towards the beginning.
    pub fn is_backward(&self) -> bool {
        self.seek.as_ref().is_some_and(|seek| seek.backward)
    }

    /// How many rows to read: one more than asked for says whether there are more.
    pub fn to_read(&self) -> usize {
        self.limit.saturating_add(1)
    }
}

impl<P: Clone + Ord> Paged<P> {
    /// Whether a row that stands there is among those to read. `descending`: the
    /// sequence runs from the greatest position to the least.
    pub fn reaches(&self, position: &P, descending: bool) -> bool {
        let Some(seek) = &self.seek else { return true };
        let order = position.cmp(&seek.at);
        match seek.backward == descending {
            _ if order.is_eq() => seek.inclusive,
            true => order.is_gt(),
            false => order.is_lt(),
        }
    }
}

/// Some rows of a sequence, and where others stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T, P> {
    /// The rows, in the order of the sequence.
    pub rows: Vec<T>,
    /// From where the page before this one is read, where there may be one.
    pub before: Option<Seek<P>>,
    /// From where the next one is read, where there is one.
    pub after: Option<Seek<P>>,
}

impl<T, P: Clone> Page<T, P> {
    /// Makes a page of what was read: [`Paged::to_read`] rows at most, beginning
    /// with the one nearest to where it was read from.
    pub fn of_read(mut rows: Vec<T>, paged: &Paged<P>, position: impl Fn(&T) -> P) -> Self {
        let more = rows.len() > paged.limit;
        rows.truncate(paged.limit);
        let backward = paged.is_backward();
        if backward {
            rows.reverse();
        }
        let seek = |at, backward| Seek { at, backward, inclusive: false };
        let first = rows.first().map(|row| seek(position(row), true));
        let last = rows.last().map(|row| seek(position(row), false));
        // Where nothing is left on this side, the way back leads over the row
        // from which it was asked.
        let back = paged.seek.as_ref().map(|from| Seek {
            at: from.at.clone(),
            backward: !from.backward,
            inclusive: !from.inclusive,
        });
        let (before, after) = if backward {
            (first.filter(|_| more), last.or(back))
        } else {
            (back.and_then(|back| first.or(Some(back))), last.filter(|_| more))
        };
        Self { rows, before, after }
    }
}

impl<T, P> Page<T, P> {
    /// The same page of something else.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U, P> {
        let rows = self.rows.into_iter().map(f).collect();
        Page { rows, before: self.before, after: self.after }
    }
}
