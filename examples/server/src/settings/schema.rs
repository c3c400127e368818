//! The settings file's JSON schema, for editors and checks before a start.

use serde_json::{Map, Value, json};

use super::providers::ProviderSetting;
use super::table::{Kind, SETTINGS, Setting};

/// The schema (JSON Schema 2020-12).
pub(crate) fn schema() -> Value {
    let mut top = Map::new();
    for setting in SETTINGS {
        match setting.name.split_once('.') {
            None => {
                top.insert(setting.name.to_owned(), property(setting));
            }
            Some((section, name)) => {
                let section = top.entry(section).or_insert_with(|| object(Map::new()));
                section["properties"][name] = property(setting);
            }
        }
    }
    top.insert("providers".to_owned(), providers());
    let mut schema = object(top);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("usermgmt-server");
    schema
}

/// A section each, under names of the operator's.
fn providers() -> Value {
    let settings = super::providers::SETTINGS.iter().map(|setting| {
        let ProviderSetting { name, default, about, is_secret } = setting;
        let mut property = match *name {
            "kind" => json!({ "enum": ["oidc", "github"] }),
            "trust_email" => json!({ "type": ["boolean", "string", "integer"] }),
            "scopes" => json!({ "type": ["array", "string"], "items": { "type": "string" } }),
            _ => json!({ "type": "string" }),
        };
        property["description"] = json!(format!("{about}. Default: {default}"));
        if *is_secret {
            property["writeOnly"] = json!(true);
        }
        ((*name).to_owned(), property)
    });
    json!({
        "type": "object",
        "propertyNames": { "pattern": "^[a-z0-9_-]{1,32}$" },
        "additionalProperties": object(settings.collect()),
    })
}

fn object(properties: Map<String, Value>) -> Value {
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

fn property(setting: &Setting) -> Value {
    let mut property = match setting.kind {
        Kind::Text | Kind::Path | Kind::Url | Kind::Address | Kind::Rate | Kind::Budget => {
            json!({ "type": "string" })
        }
        Kind::Switch => json!({ "type": ["boolean", "string", "integer"] }),
        Kind::Duration => json!({ "type": ["string", "integer"] }),
        Kind::Number { least, most } => {
            json!({ "type": ["integer", "string"], "minimum": least, "maximum": most })
        }
        Kind::Choice(words) => json!({ "enum": words }),
        Kind::List(_) => json!({ "type": ["array", "string"], "items": { "type": "string" } }),
    };
    property["description"] = json!(format!("{}. Default: {}", setting.about, setting.default));
    if setting.is_secret {
        property["writeOnly"] = json!(true);
    }
    property
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_has_every_setting_in_its_section_and_takes_no_other() {
        let schema = schema();
        for setting in SETTINGS {
            let path = match setting.name.split_once('.') {
                None => format!("/properties/{}", setting.name),
                Some((section, name)) => format!("/properties/{section}/properties/{name}"),
            };
            let property = schema.pointer(&path).unwrap_or_else(|| panic!("{path} is missing"));
            assert!(property["description"].as_str().unwrap().starts_with(setting.about));
        }
        assert_eq!(schema["additionalProperties"], json!(false));
        assert_eq!(schema.pointer("/properties/mail/additionalProperties"), Some(&json!(false)));
    }
}
