//! The OpenAPI document, also for tools that do not know version 3.1 yet.

use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::output::print_line;

/// Which version of OpenAPI the document is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Version {
    /// 3.0.3
    #[value(name = "3.0")]
    V3_0,
    /// 3.1.0
    #[default]
    #[value(name = "3.1")]
    V3_1,
}

/// Prints it.
pub(crate) fn print(version: Version) -> Result<(), Failure> {
    let failure = |error| Failure::new("openapi", &error);
    let mut document = serde_json::to_value(usermgmt_axum::openapi()).map_err(failure)?;
    if version == Version::V3_0 {
        document["openapi"] = json!("3.0.3");
        downgrade(&mut document);
    }
    print_line(&format!("{document:#}"))
}

/// Says in OpenAPI 3.0 what the document says in 3.1, whose schemas are those
/// of JSON Schema 2020-12: there a value that may be null has the type `null` too.
fn downgrade(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(downgrade),
        Value::Object(object) => {
            object.values_mut().for_each(downgrade);
            nullable_types(object);
            nullable_choices(object);
            // Keywords of JSON Schema alone; they only bound what is said already.
            object.remove("propertyNames");
            if let Some(only) = object.remove("const") {
                object.insert("enum".to_owned(), json!([only]));
            }
        }
        _ => {}
    }
}

/// `type: [string, null]`
fn nullable_types(object: &mut Map<String, Value>) {
    let Some(Value::Array(types)) = object.get("type") else { return };
    let mut types = types.clone();
    let all = types.len();
    types.retain(|of| of != "null");
    let is_nullable = types.len() < all;
    if let [only] = types.as_slice() {
        object.insert("type".to_owned(), only.clone());
    } else {
        object.remove("type");
        let choices = types.iter().map(|of| json!({ "type": of })).collect();
        object.insert("anyOf".to_owned(), Value::Array(choices));
    }
    if is_nullable {
        object.insert("nullable".to_owned(), json!(true));
    }
}

/// `oneOf: [{…}, {type: null}]`
fn nullable_choices(object: &mut Map<String, Value>) {
    for keyword in ["oneOf", "anyOf"] {
        let Some(Value::Array(choices)) = object.get_mut(keyword) else { continue };
        let all = choices.len();
        choices.retain(|choice| choice.get("type").is_none_or(|of| of != "null"));
        if choices.len() == all {
            continue;
        }
        // Beside a reference nothing else counts, so that it stands in a list.
        if choices.len() == 1 {
            let only = object.remove(keyword).unwrap_or_default();
            object.insert("allOf".to_owned(), only);
        }
        object.insert("nullable".to_owned(), json!(true));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_3_0(mut schema: Value) -> Value {
        downgrade(&mut schema);
        schema
    }

    #[test]
    fn null_is_said_in_the_words_of_3_0() {
        assert_eq!(
            in_3_0(json!({ "type": ["string", "null"], "maxLength": 3 })),
            json!({ "type": "string", "maxLength": 3, "nullable": true })
        );
        assert_eq!(
            in_3_0(json!({ "oneOf": [{ "$ref": "#/a" }, { "type": "null" }] })),
            json!({ "allOf": [{ "$ref": "#/a" }], "nullable": true })
        );
        let two = json!({ "oneOf": [{ "$ref": "#/a" }, { "$ref": "#/b" }] });
        assert_eq!(in_3_0(two.clone()), two);
    }

    #[test]
    fn the_whole_document_has_nothing_left_of_3_1() {
        fn look(value: &Value) {
            match value {
                Value::Array(items) => items.iter().for_each(look),
                Value::Object(object) => {
                    assert!(object.get("type").is_none_or(|of| of != "null" && !of.is_array()));
                    for keyword in ["const", "propertyNames", "prefixItems", "$defs", "if"] {
                        assert!(!object.contains_key(keyword), "{keyword} in {value}");
                    }
                    object.values().for_each(look);
                }
                _ => {}
            }
        }
        let document = in_3_0(serde_json::to_value(usermgmt_axum::openapi()).unwrap());
        assert!(document["paths"]["/api/v1/signin"].is_object());
        look(&document);
    }
}
