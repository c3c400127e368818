//! Registering routes, each in the router and in the description.

use axum::Router;
use utoipa::openapi::path::PathItem;
use utoipa::openapi::{OpenApi, OpenApiBuilder};
use utoipa_axum::router::UtoipaMethodRouter;

use crate::left_out::LeftOut;
use crate::state::HttpState;

/// Routes that are mounted together, as far as they are wanted.
pub(crate) struct Part<'a> {
    left_out: &'a LeftOut,
    pub(crate) router: Router<HttpState>,
    pub(crate) document: OpenApi,
}

impl<'a> Part<'a> {
    pub(crate) fn new(left_out: &'a LeftOut) -> Self {
        Self { left_out, router: Router::new(), document: OpenApiBuilder::new().build() }
    }

    /// Registers one handler, served with and without a trailing slash.
    pub(crate) fn mount(mut self, handler: UtoipaMethodRouter<HttpState>) -> Self {
        let (schemas, paths, method) = handler;
        for (path, item) in paths.paths {
            let id = operation_id(&item);
            if self.left_out.serves(id) {
                self.router = self.router.route(&path, method.clone());
                if !path.ends_with('/') {
                    self.router = self.router.route(&format!("{path}/"), method.clone());
                }
            }
            if self.left_out.describes(id) {
                self.document.paths.paths.entry(path).or_default().merge_operations(item);
            }
        }
        let components = self.document.components.get_or_insert_default();
        components.schemas.extend(schemas);
        self
    }
}

/// The name of a path's only operation.
fn operation_id(item: &PathItem) -> &str {
    let operations = [&item.get, &item.post, &item.put, &item.patch, &item.delete];
    let operation = operations.into_iter().flatten().next();
    operation.and_then(|operation| operation.operation_id.as_deref()).unwrap_or_default()
}
