//! A problem as clients read it.

use serde::Serialize;
use utoipa::ToSchema;

/// One problem, as both APIs list it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "loc": ["email"], "msg": "Not a valid email address.", "type": "value_error",
}))]
pub(crate) struct Detail {
    /// The field's name; empty for the whole body.
    pub(crate) loc: Vec<String>,
    /// In words.
    pub(crate) msg: String,
    /// For programs.
    #[serde(rename = "type")]
    pub(crate) kind: String,
}
