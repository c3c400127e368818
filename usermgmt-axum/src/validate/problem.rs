//! What can be wrong with a field, and the two ways in which it is told.

use std::borrow::Cow;

use serde_json::{Map, Value, json};
use usermgmt_core::mail::Unreachable;

use super::detail::Detail;
use crate::error::ApiError;

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Issue {
    /// Required and not there.
    Missing,
    /// There, and null.
    Null,
    /// Something other than a text.
    NotText,
    /// Something other than true or false.
    NotSwitch,
    /// Something other than a list.
    NotList,
    /// Fewer items than this.
    TooFew(usize),
    /// More items than this.
    TooMany(usize),
    /// Fewer characters than this.
    TooShort(usize),
    /// More characters than this.
    TooLong(usize),
    /// Not between these two numbers of characters.
    Between {
        /// The least number.
        min: usize,
        /// The greatest number.
        max: usize,
        /// What it had.
        actual: usize,
    },
    /// No email address.
    Email,
    /// None of the texts allowed.
    NotOneOf {
        /// The name by which programs know this problem.
        code: &'static str,
        /// The texts, as they are listed to people.
        expected: &'static str,
    },
    /// Anything else, in words without a full stop.
    Value(Cow<'static, str>),
    /// What a host's own rule says.
    Own {
        /// The name by which programs know this problem.
        code: &'static str,
        /// In words without a full stop.
        text: String,
    },
    /// A field that does not exist here.
    Unknown,
    /// The body is no object.
    NotAnObject,
    /// The body is no JSON.
    Malformed,
}

impl From<Unreachable> for Issue {
    fn from(why: Unreachable) -> Self {
        Self::Value(format!("Mail cannot be sent to this address: {}", why.reason).into())
    }
}

impl Issue {
    /// The text in a field map.
    fn in_map(&self) -> Cow<'static, str> {
        match self {
            Self::Missing => "Missing data for required field.".into(),
            Self::Null => "Field may not be null.".into(),
            Self::NotText => "Not a valid string.".into(),
            Self::NotSwitch => "Not a valid boolean.".into(),
            Self::NotList => "Not a valid list.".into(),
            Self::TooFew(min) | Self::TooShort(min) => {
                format!("Shorter than minimum length {min}.").into()
            }
            Self::TooMany(max) | Self::TooLong(max) => {
                format!("Longer than maximum length {max}.").into()
            }
            Self::Between { min, max, .. } => {
                format!("Length must be between {min} and {max}.").into()
            }
            Self::Email => "Not a valid email address.".into(),
            Self::NotOneOf { expected, .. } => format!("Must be {expected}.").into(),
            Self::Value(text) => format!("{text}.").into(),
            Self::Own { text, .. } => format!("{text}.").into(),
            Self::Unknown => "Unknown field.".into(),
            Self::NotAnObject => "Invalid input type.".into(),
            Self::Malformed => "Invalid JSON.".into(),
        }
    }

    /// The text and the type in a list of details.
    fn in_details(&self) -> (Cow<'static, str>, &'static str) {
        match self {
            Self::Missing => ("Field required".into(), "missing"),
            Self::Null | Self::NotText => ("Input should be a valid string".into(), "string_type"),
            Self::NotSwitch => ("Input should be a valid boolean".into(), "bool_type"),
            Self::NotList => ("Input should be a valid list".into(), "list_type"),
            Self::TooFew(min) => {
                (format!("List should have at least {min} items").into(), "too_short")
            }
            Self::TooMany(max) => {
                (format!("List should have at most {max} items").into(), "too_long")
            }
            Self::TooShort(min) => too_short(*min),
            Self::TooLong(max) => too_long(*max),
            Self::Between { max, actual, .. } if actual > max => too_long(*max),
            Self::Between { min, .. } => too_short(*min),
            Self::Email => ("value is not a valid email address".into(), "value_error"),
            Self::NotOneOf { code, expected } => {
                (format!("Input should be {expected}").into(), code)
            }
            Self::Value(text) => (format!("Value error, {text}").into(), "value_error"),
            Self::Own { code, text } => (format!("Value error, {text}").into(), code),
            Self::Unknown => ("Unknown field.".into(), "extra_forbidden"),
            Self::NotAnObject => ("Input should be a valid dictionary".into(), "model_type"),
            Self::Malformed => ("Invalid JSON".into(), "json_invalid"),
        }
    }
}

fn too_short(min: usize) -> (Cow<'static, str>, &'static str) {
    (format!("String should have at least {}", characters(min)).into(), "string_too_short")
}

fn too_long(max: usize) -> (Cow<'static, str>, &'static str) {
    (format!("String should have at most {}", characters(max)).into(), "string_too_long")
}

fn characters(count: usize) -> String {
    if count == 1 { "1 character".to_owned() } else { format!("{count} characters") }
}

/// How an endpoint tells what is wrong, and what it does about fields that do
/// not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// `{"username":["…"]}`; unknown fields are refused.
    FieldMap,
    /// `{"message":{"username":["…"]}}`; unknown fields are refused.
    NestedFieldMap,
    /// `details`; unknown fields are refused.
    Account,
    /// `details`; unknown fields are ignored.
    Users,
}

impl Style {
    pub(crate) const fn refuses_unknown(self) -> bool {
        !matches!(self, Self::Users)
    }
}

/// All that is wrong with a request, in the order in which it was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Problems(Vec<(Option<String>, Issue)>);

impl Problems {
    /// One problem of one field.
    pub(crate) fn of_field(name: impl Into<String>, issue: Issue) -> Self {
        Self(vec![(Some(name.into()), issue)])
    }

    /// One problem of the whole body.
    pub(crate) fn of_body(issue: Issue) -> Self {
        Self(vec![(None, issue)])
    }

    pub(crate) fn push(&mut self, name: &str, issue: Issue) {
        self.0.push((Some(name.to_owned()), issue));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each field's texts; the body's own are under `_schema`.
    pub(crate) fn field_map(&self) -> Map<String, Value> {
        let mut map = Map::new();
        for (name, issue) in &self.0 {
            let name = name.as_deref().unwrap_or("_schema");
            let texts = map.entry(name).or_insert_with(|| json!([]));
            if let Value::Array(texts) = texts {
                texts.push(issue.in_map().into());
            }
        }
        map
    }

    /// Each problem with its place, text and type.
    pub(crate) fn details(&self) -> Vec<Detail> {
        self.0
            .iter()
            .map(|(name, issue)| {
                let (msg, kind) = issue.in_details();
                Detail {
                    loc: name.iter().cloned().collect(),
                    msg: msg.into_owned(),
                    kind: kind.to_owned(),
                }
            })
            .collect()
    }

    /// The answer, as an endpoint of this style gives it.
    pub(crate) fn answer(&self, style: Style) -> ApiError {
        // A body that cannot be read has no fields to map.
        let unreadable = self.0.iter().any(|(_, issue)| *issue == Issue::Malformed);
        match style {
            Style::FieldMap if !unreadable => ApiError::field_map(self.field_map()),
            Style::NestedFieldMap if !unreadable => {
                let mut map = Map::new();
                map.insert("message".to_owned(), Value::Object(self.field_map()));
                ApiError::field_map(map)
            }
            _ => ApiError::validation(self.details()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_map_collects_all_texts_of_a_field() {
        let mut problems = Problems::default();
        problems.push("password", Issue::TooShort(8));
        problems.push("password", Issue::Value("Password is too easy to guess".into()));
        problems.push("username", Issue::Between { min: 3, max: 30, actual: 2 });
        assert_eq!(
            Value::Object(problems.field_map()),
            json!({
                "password": ["Shorter than minimum length 8.", "Password is too easy to guess."],
                "username": ["Length must be between 3 and 30."],
            })
        );
    }

    #[test]
    fn the_body_itself_is_called_schema() {
        let problems = Problems::of_body(Issue::NotAnObject);
        assert_eq!(
            Value::Object(problems.field_map()),
            json!({"_schema": ["Invalid input type."]})
        );
    }

    #[test]
    fn details_use_the_singular_for_one_character() {
        let problems = Problems::of_field("code", Issue::TooShort(1));
        assert_eq!(
            json!(problems.details()),
            json!([{
                "loc": ["code"],
                "msg": "String should have at least 1 character",
                "type": "string_too_short",
            }])
        );
    }

    #[test]
    fn details_say_which_bound_was_missed() {
        for (actual, kind) in [(2, "string_too_short"), (31, "string_too_long")] {
            let issue = Issue::Between { min: 3, max: 30, actual };
            assert_eq!(issue.in_details().1, kind);
        }
    }
}
