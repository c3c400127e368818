//! Answers that several endpoints share.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ErrorBody;

/// A text for people.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"message": "User updated successfully"}))]
pub(crate) struct Message {
    /// The text.
    pub(crate) message: &'static str,
}

/// What is wrong with each field.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"username": ["Missing data for required field."]}))]
pub(crate) struct FieldMap(BTreeMap<String, Vec<String>>);

/// What is wrong with each field, under `message`.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "message": {"username": ["Length must be between 3 and 30."]},
}))]
pub(crate) struct NestedFieldMap {
    message: FieldMap,
}

/// What is wrong with each field; or with the request as a whole.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes what ApiError answers")]
pub(crate) enum FieldMapOrError {
    Fields(FieldMap),
    Error(ErrorBody),
}

/// What is wrong with each field, under `message`; or with the request as a whole.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes what ApiError answers")]
pub(crate) enum NestedFieldMapOrError {
    Fields(NestedFieldMap),
    Error(ErrorBody),
}
