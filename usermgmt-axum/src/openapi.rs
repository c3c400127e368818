//! The description of what is mounted, in one document.

use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, HttpBuilder, SecurityScheme,
};
use utoipa::openapi::tag::{Tag, TagBuilder};
use utoipa::openapi::{Content, InfoBuilder, OpenApi, Ref, RefOr, ResponseBuilder, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::error::ErrorBody;
use crate::validate::Detail;

/// What stands for the access token in a browser.
const COOKIE: &str = "The session that a browser has by the account pages, in place of \
    `access_token`. GET takes it as it is. POST takes it from a page of this origin alone, with \
    the session's form token in the header `Usermgmt-Form-Token` (or the field `form_token` of a \
    form); other methods do not take it. Where `public_url` is plain HTTP its name is `usermgmt`.";

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
    for (name, scheme) in schemes() {
        components.add_security_scheme(name, SecurityScheme::Http(scheme));
    }
    let cookie = ApiKeyValue::with_description("__Host-usermgmt", COOKIE);
    components
        .add_security_scheme("session_cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    for (name, schema) in
        [(ErrorBody::name(), ErrorBody::schema()), (Detail::name(), Detail::schema())]
    {
        components.schemas.insert(name.into_owned(), schema);
    }
    for item in document.paths.paths.values_mut() {
        for operation in operations_mut(item) {
            describe_refusals(operation);
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

fn operations_mut(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete]
        .into_iter()
        .flatten()
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

fn schemes() -> [(&'static str, Http); 3] {
    let bearer = |format: &str, description: &str| {
        HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format(format)
            .description(Some(description))
            .build()
    };
    [
        ("access_token", bearer("JWT", "The access token of a sign-in.")),
        ("refresh_token", bearer("umr_…", "The refresh token of a sign-in.")),
        ("service_key", bearer("umk_…", "The key of a service that asks about users.")),
    ]
}

/// What any request may be answered with: 413, 415, 429, 500, 503 and the like.
/// Pages are answered with pages where HTML is asked for.
fn describe_refusals(operation: &mut Operation) {
    let error: Ref = Ref::from_schema_name("ErrorBody");
    let mut response = ResponseBuilder::new()
        .description("Refused, or the server is at fault")
        .content("application/json", Content::new(Some(error)));
    if operation.tags.as_ref().is_some_and(|tags| tags.iter().any(|tag| tag == "pages")) {
        let page: RefOr<Schema> = String::schema();
        response = response.content("text/html", Content::new(Some(page)));
    }
    let responses = &mut operation.responses.responses;
    responses.entry("default".to_owned()).or_insert_with(|| response.build().into());
}
