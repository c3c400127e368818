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
use tokio::sync::OnceCell;
use url::Url;
use utoipa::openapi::OpenApi;

/// The description of what is mounted, and the URL that it is mounted at.
#[derive(Clone)]
pub(crate) struct Document(Arc<Described>);

struct Described {
    /// Made when it is asked for: in memory it is twenty times as long as its text.
    describe: Box<dyn Fn() -> OpenApi + Send + Sync>,
    url: Url,
    /// By where the router is nested. Whoever asks while one is made waits without
    /// keeping a thread.
    served: Mutex<HashMap<String, Arc<OnceCell<Bytes>>>>,
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
    async fn text(&self, nested: Option<&str>) -> Bytes {
        let place = nested.unwrap_or_default().to_owned();
        let text = {
            let mut served = self.0.served.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(served.entry(place).or_default())
        };
        let make = async || Bytes::from(self.served(nested).to_string());
        text.get_or_init(make).await.clone()
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
    let text = document.text(nested.as_ref().ok().map(NestedPath::as_str)).await;
    ([(header::CONTENT_TYPE, "application/json")], text)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn whoever_asks_while_the_description_is_made_keeps_no_thread() {
        let ((begin, begun), (ask, asked), (end, ended)) = (channel(), channel(), channel());
        let ended = Mutex::new(ended);
        let describe = move || {
            begin.send(()).unwrap();
            let in_time = ended.lock().unwrap().recv_timeout(Duration::from_secs(10));
            in_time.expect("no thread was left for anybody else");
            OpenApi::default()
        };
        let document = Document::new(describe, "https://accounts.example.com".parse().unwrap());
        let first = document.clone();
        let first = tokio::spawn(async move { first.text(None).await });
        begun.recv().unwrap();
        let second = tokio::spawn(async move {
            ask.send(()).unwrap();
            document.text(None).await
        });
        asked.recv().unwrap();
        tokio::spawn(async move { end.send(()).unwrap() });
        assert_eq!(first.await.unwrap(), second.await.unwrap());
        assert!(begun.try_recv().is_err(), "it was made twice");
    }
}
