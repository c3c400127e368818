//! Registering routes.

use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::state::HttpState;

pub(crate) trait Mount: Sized {
    /// Registers handlers of one path, served with and without a trailing slash.
    fn mount(self, handlers: UtoipaMethodRouter<HttpState>) -> Self;
}

impl Mount for OpenApiRouter<HttpState> {
    fn mount(self, handlers: UtoipaMethodRouter<HttpState>) -> Self {
        let slashed: Vec<String> = handlers
            .1
            .paths
            .keys()
            .filter(|path| !path.ends_with('/'))
            .map(|path| format!("{path}/"))
            .collect();
        let methods = handlers.2.clone();
        let router = self.routes(handlers);
        slashed.iter().fold(router, |router, path| router.route(path, methods.clone()))
    }
}
