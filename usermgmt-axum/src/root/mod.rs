//! What stands at the root beside the pages: keys, health, the API's description.

mod health;
mod jwks;
mod openapi_json;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::mount::Mount as _;
use crate::state::HttpState;

pub(crate) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::default()
        .mount(routes!(jwks::jwks))
        .mount(routes!(health::live))
        .mount(routes!(health::ready))
        .mount(routes!(openapi_json::openapi_json))
}
