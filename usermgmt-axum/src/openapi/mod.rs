//! The description of what is mounted, in one document.

mod refusals;
mod security;
pub(crate) mod values;

use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::tag::{Tag, TagBuilder};
use utoipa::openapi::{InfoBuilder, OpenApi};
use utoipa::{PartialSchema, ToSchema};

use crate::error::ErrorBody;
use crate::validate::Detail;

/// Adds what all operations have in common.
pub(crate) fn complete(mut document: OpenApi) -> OpenApi {
    document.info = InfoBuilder::new()
        .title("usermgmt")
        .description(Some(
            "User accounts: what people do with their own account, what administrators do with \
             other people's, and what a team's other \
             services ask about users. Paths are served with and without a trailing slash.",
        ))
        .version(env!("CARGO_PKG_VERSION"))
        .build();
    document.tags = Some(tags());
    let components = document.components.get_or_insert_default();
    security::add_schemes(components);
    for (name, schema) in
        [(ErrorBody::name(), ErrorBody::schema()), (Detail::name(), Detail::schema())]
    {
        components.schemas.insert(name.into_owned(), schema);
    }
    for item in document.paths.paths.values_mut() {
        for (method, operation) in operations_mut(item) {
            refusals::describe(operation, method);
            security::name_cookie(operation, method);
            // It stands as a heading where it is shown.
            operation.summary = operation.summary.take().map(|text| heading(&text));
        }
    }
    document
}

/// The names of all operations.
pub(crate) fn operation_ids(document: &OpenApi) -> impl Iterator<Item = &str> {
    let items = document.paths.paths.values();
    items
        .flat_map(|item| [&item.get, &item.post, &item.put, &item.patch, &item.delete])
        .flatten()
        .filter_map(|operation| operation.operation_id.as_deref())
}

fn operations_mut(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("get", &mut item.get),
        ("post", &mut item.post),
        ("put", &mut item.put),
        ("patch", &mut item.patch),
        ("delete", &mut item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// The parts of the API, in the order in which people meet them.
fn tags() -> Vec<Tag> {
    [
        ("account", "What people do with their own account."),
        ("users", "What a team's other services ask about users, with a service key."),
        ("admin", "What administrators do with other people's accounts."),
        ("pages", "What mailed links open in a browser."),
        ("server", "Keys, health and this description."),
    ]
    .into_iter()
    .map(|(name, description)| TagBuilder::new().name(name).description(Some(description)).build())
    .collect()
}

fn heading(sentence: &str) -> String {
    sentence.strip_suffix('.').unwrap_or(sentence).to_owned()
}
