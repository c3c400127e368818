//! Routes that are left out, by operation id.

use std::collections::BTreeMap;

/// Routes that are left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct LeftOut(BTreeMap<&'static str, Why>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// The host has a route of its own in its place.
    Replaced,
    Removed,
}

impl LeftOut {
    pub(crate) fn add(&mut self, operation_id: &'static str, why: Why) {
        self.0.insert(operation_id, why);
    }

    pub(crate) fn serves(&self, operation_id: &str) -> bool {
        !self.0.contains_key(operation_id)
    }

    pub(crate) fn describes(&self, operation_id: &str) -> bool {
        self.0.get(operation_id) != Some(&Why::Removed)
    }
}
