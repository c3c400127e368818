//! The document, the committed file and the routes say the same.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::document::check;
use crate::harness::{app, app_with};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

fn document() -> Value {
    serde_json::to_value(usermgmt_axum::openapi()).unwrap()
}

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &Value)| {
        let item: &Map<String, Value> = item.as_object().unwrap();
        let operations = item.iter().filter(|(name, _)| METHODS.contains(&name.as_str()));
        operations
            .map(|(method, operation)| (method.to_uppercase(), path.clone(), operation.clone()))
            .collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

/// `UPDATE_OPENAPI=1 cargo test -p usermgmt-axum` writes the file anew.
#[test]
fn the_committed_file_is_the_document() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let mut document = document();
    document.sort_all_objects();
    let text = serde_json::to_string_pretty(&document).unwrap() + "\n";
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == text,
        "docs/openapi.json is not what is served: run with UPDATE_OPENAPI=1"
    );
}

#[tokio::test]
async fn the_document_is_served() {
    let app = app().await;
    app.get("/openapi.json").send().await.is(200, document());
}

#[test]
fn the_document_is_openapi_3_1_with_distinct_operation_ids() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let operations = operations(&document);
    let ids: BTreeSet<&str> = operations
        .iter()
        .map(|(_, _, operation)| operation["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), operations.len());
}

#[test]
fn everything_the_document_refers_to_is_in_it() {
    let document = document();
    let text = document.to_string();
    for part in text.split("\"$ref\":\"#").skip(1) {
        let pointer = part.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
    for (method, path, operation) in operations(&document) {
        let security =
            operation["security"].as_array().unwrap_or_else(|| panic!("{method} {path}"));
        for scheme in security.iter().flat_map(|scheme| scheme.as_object().unwrap().keys()) {
            assert!(document["components"]["securitySchemes"].get(scheme).is_some(), "{scheme}");
        }
    }
}

/// A client's generator gives it to each call that opens a session, and to no other of
/// the account API.
#[test]
fn every_sign_in_takes_the_device_that_an_earlier_one_gave() {
    let mut takers = BTreeSet::new();
    for (method, path, operation) in operations(&document()) {
        if !path.starts_with("/api/v1/") {
            continue;
        }
        let mut parameters = operation["parameters"].as_array().into_iter().flatten();
        let takes = parameters
            .any(|header| header["name"] == "Usermgmt-Device" && header["in"] == "header");
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        let opens = schema["$ref"] == "#/components/schemas/SignedInBody";
        assert_eq!(takes, opens, "{method} {path}");
        takers.extend(takes.then_some(path));
    }
    assert!(takers.contains("/api/v1/signin/mfa") && takers.len() >= 4, "{takers:?}");
}

/// A wildcard would describe whatever is answered.
#[test]
fn every_operation_names_each_status_that_it_answers() {
    for (method, path, operation) in operations(&document()) {
        let responses = operation["responses"].as_object().unwrap();
        for status in responses.keys() {
            let number = status.parse().unwrap_or(0);
            assert!((200..600).contains(&number), "{method} {path}: {status}");
        }
        for status in ["400", "500", "503"] {
            assert!(responses.contains_key(status), "{method} {path}: {status}");
        }
        let needs = operation["security"].as_array().unwrap();
        let is_open = needs.iter().all(|needed| needed == &json!({}));
        assert!(is_open || responses.contains_key("401"), "{method} {path}");
    }
}

/// Of those that take an access token: a sign-in has none yet.
#[tokio::test]
async fn the_cookie_is_named_where_it_is_taken_and_nowhere_else() {
    let app = app().await;
    let root = app.admin().await;
    let current = app.auth.current(&root.access).await.unwrap();
    let cookie = app.auth.browser_cookie(&current.session);
    let token = app.auth.form_token(&current.session);
    for (method, path, operation) in operations(&document()) {
        let takes = operation["security"].as_array().unwrap();
        if !takes.contains(&json!({"access_token": []})) {
            continue;
        }
        let call = app.call(&method, &path.replace("{id}", "x"));
        let call = call.header("cookie", &format!("__Host-usermgmt={}", cookie.expose()));
        let call = call.header("sec-fetch-site", "same-origin");
        let reply = call.header("usermgmt-form-token", token.expose()).json(json!([])).send().await;
        let is_taken =
            !["\"missing_token\"", "\"cross_site\""].iter().any(|error| reply.text.contains(error));
        let named = match method.as_str() {
            "GET" => json!({"session_cookie": []}),
            _ => json!({"session_cookie": [], "form_token": []}),
        };
        assert_eq!(takes.contains(&named), is_taken, "{method} {path}: {}", reply.text);
    }
}

#[tokio::test]
async fn what_is_described_is_served_and_nothing_else() {
    let app = app_with(|config, _| {
        config.sign_in.email = true;
        config.sign_in.passkeys = true;
    })
    .await;
    let document = document();
    let described = operations(&document);
    let paths: BTreeSet<&String> = described.iter().map(|(_, path, _)| path).collect();
    for path in paths {
        let served = path.replace("{token}", "x").replace("{id}", "x");
        for method in METHODS.map(str::to_uppercase) {
            let is_described = described.iter().any(|(m, p, _)| *m == method && p == path);
            let reply = app.call(&method, &served).send().await;
            let is_served = reply.status != 405 && !reply.text.contains("requested resource");
            assert_eq!(is_served, is_described, "{method} {path}: {}", reply.text);
            let slashed = app.call(&method, &format!("{served}/")).send().await;
            assert_eq!(slashed.status, reply.status, "{method} {path}/");
        }
    }
}

/// Whoever tries an endpoint has something to begin with, which is no other's.
#[test]
fn every_request_body_of_the_apis_has_an_example_of_its_fields() {
    let document = document();
    for (method, path, operation) in operations(&document) {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let parts = [schema].into_iter().chain(schema["oneOf"].as_array().into_iter().flatten());
        for reference in parts.filter_map(|part| part["$ref"].as_str()) {
            let schema = document.pointer(reference.trim_start_matches('#')).unwrap();
            let example = schema["example"].as_object();
            let example = example.unwrap_or_else(|| panic!("{method} {path} has no example"));
            for field in example.keys() {
                assert!(schema["properties"].get(field).is_some(), "{method} {path}: {field}");
            }
            for field in schema["required"].as_array().into_iter().flatten() {
                assert!(example.contains_key(field.as_str().unwrap()), "{method} {path}: {field}");
            }
        }
    }
}

/// The schemas of what an operation answers as JSON, each by its name.
fn answers(operation: &Value) -> Vec<String> {
    let mut names = Vec::new();
    for response in operation["responses"].as_object().unwrap().values() {
        let schema = &response["content"]["application/json"]["schema"];
        names.extend(schema["$ref"].as_str().map(str::to_owned));
    }
    names
}

/// Whoever reads what is answered sees one, which is as the schema says.
#[test]
fn every_answer_of_the_apis_has_an_example_that_keeps_to_its_schema() {
    let document = document();
    let mut waiting: Vec<String> =
        operations(&document).iter().flat_map(|(_, _, operation)| answers(operation)).collect();
    let mut seen = BTreeSet::new();
    while let Some(name) = waiting.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let schema = document.pointer(name.trim_start_matches('#')).unwrap();
        // One of several has an example of each.
        if let Some(parts) = schema["oneOf"].as_array() {
            waiting.extend(parts.iter().map(|part| part["$ref"].as_str().unwrap().to_owned()));
            continue;
        }
        let example = schema.get("example").unwrap_or_else(|| panic!("{name} has no example"));
        if let Err(why) = check(schema, example) {
            panic!("the example of {name}: {why}");
        }
    }
    assert!(seen.len() >= 40, "{seen:?}");
}

/// As a client's generator and a program that makes up requests want to know them.
#[test]
fn values_of_which_there_are_a_few_are_listed() {
    let document = document();
    let listed = |pointer: &str| {
        let mut schema = document.pointer(pointer).unwrap_or_else(|| panic!("no {pointer}"));
        if let Some(name) = schema["$ref"].as_str() {
            schema = document.pointer(name.trim_start_matches('#')).unwrap();
        }
        schema["enum"].clone()
    };
    let roles = json!(["user", "admin"]);
    for body in ["AdminUserBody", "ProfileBody", "UserBody", "InviteRequest", "ChangeUserRequest"] {
        let role = format!("/components/schemas/{body}/properties/role");
        assert_eq!(listed(&role), roles, "{body}");
    }
    assert_eq!(listed("/components/schemas/CreateUserRequest/properties/role"), roles);
    assert_eq!(
        listed("/components/schemas/ActorBody/properties/kind"),
        json!(["user", "admin", "service", "operator", "system"])
    );
    assert_eq!(
        listed("/components/schemas/BulkRequest/properties/action"),
        json!(["disable", "enable", "confirm", "sign-out", "delete"])
    );
    let parameters = &document["paths"]["/api/v1/admin/users"]["get"]["parameters"];
    let of = |name: &str| {
        let mut all = parameters.as_array().unwrap().iter();
        let at = all.position(|parameter| parameter["name"] == name).unwrap();
        format!("/paths/~1api~1v1~1admin~1users/get/parameters/{at}/schema")
    };
    assert_eq!(listed(&of("role")), roles);
    assert_eq!(listed(&of("sort")), json!(["created", "username", "email"]));
    assert_eq!(listed(&of("order")), json!(["asc", "desc"]));
}

/// The document says where a page's size ends, and there it does.
#[tokio::test]
async fn the_sizes_of_pages_that_are_described_are_those_that_are_taken() {
    let admin = crate::admin::Admin::new().await;
    for (_, path, operation) in operations(&document()) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            if parameter["name"] != "limit" {
                continue;
            }
            let (least, most) = (&parameter["schema"]["minimum"], &parameter["schema"]["maximum"]);
            let (least, most) = (least.as_u64().unwrap(), most.as_u64().unwrap());
            for (limit, status) in [(least - 1, 400), (least, 200), (most, 200), (most + 1, 400)] {
                let call = admin.app.get(&format!("{path}?limit={limit}"));
                let reply = call.bearer(&admin.root.access).send().await;
                assert_eq!(reply.status, status, "{path} {limit}: {}", reply.text);
            }
        }
    }
}

#[tokio::test]
async fn every_described_field_is_known_to_the_account_api() {
    let app = app().await;
    let root = app.admin().await;
    let document = document();
    for (method, path, operation) in operations(&document) {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        if !path.starts_with("/api/v1/") || schema.is_null() {
            continue;
        }
        let reference = schema["$ref"].as_str().or_else(|| {
            schema["oneOf"].as_array()?.iter().find_map(|schema| schema["$ref"].as_str())
        });
        let pointer =
            reference.unwrap_or_else(|| panic!("{path}: {schema}")).trim_start_matches('#');
        let fields = document.pointer(pointer).unwrap()["properties"].as_object().unwrap();
        let mut body: Map<String, Value> =
            fields.keys().map(|name| (name.clone(), json!(0))).collect();
        body.insert("nobody_knows_this".to_owned(), json!(0));
        let call = app.call(&method, &path).bearer(&root.access);
        let reply = call.json(Value::Object(body)).send().await;
        assert_eq!(reply.has_status(400).text.matches("Unknown field.").count(), 1, "{path}");
    }
}
