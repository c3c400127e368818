//! Holds every answer of the tests against the OpenAPI document, so that it
//! cannot drift. Stricter than JSON Schema: a field that is not described is a
//! fault, and so is a keyword that is not understood here.

use std::sync::LazyLock;

use serde_json::{Map, Value};

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::to_value(usermgmt_axum::openapi()).unwrap());

/// Panics where the answer is not what the document says of it.
#[track_caller]
pub(crate) fn describes(method: &str, path: &str, status: u16, kind: Option<&str>, body: &str) {
    let what = format!("{method} {path} answers {status} {kind:?}: {body}");
    let path = path.split('?').next().unwrap_or_default();
    let content = match operation(method, path) {
        Some(operation) => {
            let response = response(operation, status);
            let response = response.unwrap_or_else(|| panic!("not described: {what}"));
            response.get("content").and_then(Value::as_object)
        }
        // Pages for people are in no document for programs.
        None if path.starts_with("/account") || path.starts_with("/web3m-admin") => return,
        // No route of ours: a refusal, or a route of the test's own.
        None if status >= 400 && method != "HEAD" => {
            DOCUMENT.pointer("/paths/~1health~1live/get/responses/500/content").unwrap().as_object()
        }
        None => return,
    };
    if method == "HEAD" {
        return;
    }
    let kind = kind.and_then(|kind| kind.split(';').next());
    let Some(kind) = kind.filter(|_| !body.is_empty()) else {
        assert!(content.is_none() && body.is_empty(), "the body is missing: {what}");
        return;
    };
    let described = content.and_then(|content| content.get(kind));
    let described =
        described.unwrap_or_else(|| panic!("the content type is not described: {what}"));
    if kind == "application/json" {
        let body: Value = serde_json::from_str(body).unwrap();
        if let Err(why) = check(&described["schema"], &body) {
            panic!("{why}: {what}");
        }
    }
}

/// Method, path and id of an operation.
pub(crate) type Route = (String, String, String);

/// Every operation that is described.
pub(crate) fn operations() -> Vec<Route> {
    let mut routes = Vec::new();
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if let Some(id) = operation.get("operationId").and_then(Value::as_str) {
                routes.push((method.to_uppercase(), path.clone(), id.to_owned()));
            }
        }
    }
    routes
}

fn operation(method: &str, path: &str) -> Option<&'static Value> {
    let trimmed = path.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(path);
    let matches = |template: &str| {
        let (segments, parts) = (template.split('/'), trimmed.split('/'));
        template.split('/').count() == trimmed.split('/').count()
            && segments
                .zip(parts)
                .all(|(segment, part)| segment.starts_with('{') || segment == part)
    };
    let method = if method == "HEAD" { "get" } else { &method.to_lowercase() };
    let paths = DOCUMENT["paths"].as_object().unwrap();
    paths.iter().find(|(template, _)| matches(template))?.1.get(method)
}

fn response(operation: &'static Value, status: u16) -> Option<&'static Value> {
    operation["responses"].get(status.to_string())
}

/// Whether a value is what a schema of the document says.
pub(crate) fn check(schema: &Value, value: &Value) -> Result<(), String> {
    let schema = schema.as_object().ok_or("a schema is no object")?;
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let named = DOCUMENT.pointer(reference.trim_start_matches('#'));
        return check(named.ok_or_else(|| format!("{reference} is not there"))?, value);
    }
    for (keyword, argument) in schema {
        keeps(keyword, argument, schema, value)?;
    }
    Ok(())
}

fn keeps(
    keyword: &str,
    argument: &Value,
    schema: &Map<String, Value>,
    value: &Value,
) -> Result<(), String> {
    let holds = match keyword {
        "type" => match argument {
            Value::Array(types) => types.iter().any(|name| is_a(name, value)),
            name => is_a(name, value),
        },
        "oneOf" => {
            let fits = argument.as_array().unwrap().iter().filter(|one| check(one, value).is_ok());
            fits.count() == 1
        }
        "allOf" => return check(&merged(argument), value),
        "enum" => argument.as_array().unwrap().contains(value),
        "required" => argument.as_array().unwrap().iter().all(|name| {
            value.as_object().is_none_or(|object| object.contains_key(name.as_str().unwrap()))
        }),
        "items" => {
            return value
                .as_array()
                .into_iter()
                .flatten()
                .try_for_each(|item| check(argument, item));
        }
        "properties" | "additionalProperties" => return fields(schema, value),
        "minimum" => value.as_f64().is_none_or(|number| number >= argument.as_f64().unwrap()),
        "description" | "example" | "format" | "propertyNames" => true,
        other => return Err(format!("the keyword {other} is not understood here")),
    };
    if holds { Ok(()) } else { Err(format!("{value} is not {keyword} {argument}")) }
}

/// The parts of an object as one, so that each field is described by one of them.
fn merged(parts: &Value) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for part in parts.as_array().unwrap() {
        let reference = part.get("$ref").and_then(Value::as_str);
        let part = reference
            .map_or(part, |reference| DOCUMENT.pointer(reference.trim_start_matches('#')).unwrap());
        properties.extend(part["properties"].as_object().unwrap().clone());
        required.extend(part["required"].as_array().into_iter().flatten().cloned());
    }
    serde_json::json!({ "type": "object", "properties": properties, "required": required })
}

fn fields(schema: &Map<String, Value>, value: &Value) -> Result<(), String> {
    for (name, field) in value.as_object().into_iter().flatten() {
        let described = schema.get("properties").and_then(|properties| properties.get(name));
        let described = described.or_else(|| schema.get("additionalProperties"));
        check(described.ok_or_else(|| format!("the field {name} is not described"))?, field)
            .map_err(|why| format!("{name}: {why}"))?;
    }
    Ok(())
}

fn is_a(name: &Value, value: &Value) -> bool {
    match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        other => panic!("the type {other} is not understood here"),
    }
}
