//! GET /openapi.json

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Extension;
use axum::body::Bytes;
use axum::extract::NestedPath;
use axum::extract::rejection::NestedPathRejection;
use axum::http::header;
use axum::response::IntoResponse;
use serde_json::{Value, json};
use url::Url;
use utoipa::openapi::OpenApi;

/// The description of what is mounted, and the URL that it is mounted at.
#[derive(Clone)]
pub(crate) struct Document(Arc<Described>);

struct Described {
    /// Made when it is asked for: in memory it is twenty times as long as its text.
    describe: Box<dyn Fn() -> OpenApi + Send + Sync>,
    url: Url,
    /// By where the router is nested.
    served: Mutex<HashMap<String, Bytes>>,
}

impl Document {
    pub(crate) fn new(
        describe: impl Fn() -> OpenApi + Send + Sync + 'static,
        public_url: Url,
    ) -> Self {
        let (describe, served) = (Box::new(describe), Mutex::default());
        Self(Arc::new(Described { describe, url: public_url, served }))
    }

    /// As it is served: made once for each place, since whoever asks for it costs more
    /// than they send.
    fn text(&self, nested: Option<&str>) -> Bytes {
        let mut served = self.0.served.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = served.get(nested.unwrap_or_default()) {
            return text.clone();
        }
        let text = Bytes::from(self.served(nested).to_string());
        served.insert(nested.unwrap_or_default().to_owned(), text.clone());
        text
    }

    /// With the server's URL where that is not the root of this origin: a host may
    /// have nested the whole router, or the public URL has a path.
    fn served(&self, nested: Option<&str>) -> Value {
        let mut document = serde_json::to_value((self.0.describe)()).unwrap_or_default();
        let mut url = self.0.url.clone();
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
) -> impl IntoResponse {
    let text = document.text(nested.as_ref().ok().map(NestedPath::as_str));
    ([(header::CONTENT_TYPE, "application/json")], text)
}
