//! The description of both APIs in one document.

use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, InfoBuilder, OpenApi, Ref, ResponseBuilder};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use crate::error::ErrorBody;
use crate::validate::Detail;
use crate::{ACCOUNT_PATH, USERS_PATH, account, pages, root, users};

/// The OpenAPI 3.1 description of everything that [`router`](crate::router) serves.
pub fn openapi() -> OpenApi {
    let mut document = OpenApiRouter::default()
        .nest(ACCOUNT_PATH, account::routes())
        .nest(USERS_PATH, users::routes())
        .merge(pages::routes())
        .merge(root::routes())
        .into_openapi();
    document.info = InfoBuilder::new()
        .title("usermgmt")
        .description(Some(
            "User accounts: `/api/v1` is what people do with their own account, `/api/users` is \
             what a team's other services ask about users. Paths are served with and without a \
             trailing slash.",
        ))
        .version(env!("CARGO_PKG_VERSION"))
        .build();
    let components = document.components.get_or_insert_default();
    for (name, scheme) in schemes() {
        components.add_security_scheme(name, SecurityScheme::Http(scheme));
    }
    for (name, schema) in
        [(ErrorBody::name(), ErrorBody::schema()), (Detail::name(), Detail::schema())]
    {
        components.schemas.insert(name.into_owned(), schema);
    }
    for item in document.paths.paths.values_mut() {
        let operations =
            [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            describe_refusals(operation);
        }
    }
    document
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
fn describe_refusals(operation: &mut Operation) {
    let body = Content::new(Some(Ref::from_schema_name("ErrorBody")));
    let response = ResponseBuilder::new()
        .description("Refused, or the server is at fault")
        .content("application/json", body)
        .build();
    let responses = &mut operation.responses.responses;
    responses.entry("default".to_owned()).or_insert_with(|| response.into());
}
