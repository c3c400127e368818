//! GET /, of a server that is nothing else: what runs here.

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::visit::Visitor;

pub(crate) async fn front(visitor: Visitor) -> Response {
    if visitor.html {
        return page(&visitor);
    }
    let document = format!("{}/openapi.json", visitor.base());
    Json(json!({ "message": "User accounts", "openapi": document })).into_response()
}

#[cfg(feature = "docs")]
use super::docs::page;

#[cfg(not(feature = "docs"))]
fn page(visitor: &Visitor) -> Response {
    let texts = &visitor.texts.front;
    let document = format!("{}/openapi.json", visitor.base());
    let page = visitor.page(visitor.product(), texts.text);
    page.with_link(document, texts.api.to_owned()).into_response()
}
