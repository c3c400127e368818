//! What stands at the root beside the pages: keys, health, the API's description.

mod health;
mod jwks;
mod openapi_json;

use utoipa_axum::routes;

pub(crate) use self::openapi_json::Document;
use crate::mount::Part;

pub(crate) fn routes(part: Part<'_>) -> Part<'_> {
    part.mount(routes!(jwks::jwks))
        .mount(routes!(health::live))
        .mount(routes!(health::ready))
        .mount(routes!(openapi_json::openapi_json))
}
