//! GET /openapi.json

use std::sync::Arc;

use axum::extract::NestedPath;
use axum::extract::rejection::NestedPathRejection;
use axum::{Extension, Json};
use serde_json::{Value, json};
use url::Url;
use utoipa::openapi::OpenApi;

/// The description of what is mounted, and the URL that it is mounted at.
#[derive(Clone, Debug)]
pub(crate) struct Document(Arc<(Value, Url)>);

impl Document {
    pub(crate) fn new(document: &OpenApi, public_url: &Url) -> Self {
        let document = serde_json::to_value(document).unwrap_or_default();
        Self(Arc::new((document, public_url.clone())))
    }

    /// With the server's URL where that is not the root of this origin: a host may
    /// have nested the whole router, or the public URL has a path.
    fn served(&self, nested: Option<&str>) -> Value {
        let (mut document, mut url) = (self.0.0.clone(), self.0.1.clone());
        if let Some(path) = nested {
            url.set_path(path);
        }
        if url.path() != "/" {
            let url = url.as_str().trim_end_matches('/');
            document["servers"] = json!([{ "url": url }]);
        }
        document
    }
}

/// This description of the API.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "get_openapi",
    tag = "server",
    responses((status = 200, description = "OpenAPI 3.1", body = Object)),
    security(()),
)]
pub(crate) async fn openapi_json(
    nested: Result<NestedPath, NestedPathRejection>,
    Extension(document): Extension<Document>,
) -> Json<Value> {
    Json(document.served(nested.as_ref().ok().map(NestedPath::as_str)))
}
