//! Which of the built-in routes are mounted, and where.

#[cfg(feature = "pages")]
use std::collections::BTreeSet;

use axum::Router;
use axum::routing::post;
use utoipa::openapi::OpenApi;

#[cfg(feature = "oidc")]
use crate::account_path::AccountPath;
use crate::layers::{self, with_layers};
use crate::left_out::{LeftOut, Why};
use crate::mount::Part;
use crate::openapi::{complete, operation_ids};
use crate::state::HttpState;
use crate::{account, admin, fallback, pages, root, users};

/// Where [`router`](crate::router) mounts the account API.
pub const ACCOUNT_PATH: &str = "/api/v1";
/// Where [`router`](crate::router) mounts the admin API.
pub const ADMIN_PATH: &str = "/api/v1/admin";
/// Where [`router`](crate::router) mounts the users API.
pub const USERS_PATH: &str = "/api/users";

/// The OpenAPI 3.1 description of everything that [`router`](crate::router) serves.
pub fn openapi() -> OpenApi {
    Routes::all().openapi()
}

/// Which of the built-in routes are mounted, and where; the description at
/// `/openapi.json` says the same.
///
/// ```
/// # fn app(state: usermgmt_axum::HttpState) -> axum::Router {
/// use usermgmt_axum::Routes;
///
/// // No users API; the account API elsewhere; a registration of our own.
/// let accounts = Routes::none().account_at("/auth").pages().root().replaced("register");
/// # async fn register() {}
/// let own = axum::Router::new()
///     .route("/auth/register", axum::routing::post(register))
///     .with_state(state.clone());
/// own.merge(accounts.router(state))
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Routes {
    account: Option<String>,
    admin: Option<String>,
    users: Option<String>,
    pages: bool,
    #[cfg(feature = "pages")]
    account_pages: bool,
    #[cfg(feature = "admin-pages")]
    admin_pages: bool,
    #[cfg(feature = "pages")]
    replaced_pages: BTreeSet<&'static str>,
    root: bool,
    left_out: LeftOut,
}

impl Routes {
    /// Everything that [`router`](crate::router) mounts.
    pub fn all() -> Self {
        let routes = Self::none()
            .account_at(ACCOUNT_PATH)
            .admin_at(ADMIN_PATH)
            .users_at(USERS_PATH)
            .pages()
            .root();
        #[cfg(feature = "pages")]
        let routes = routes.account_pages();
        #[cfg(feature = "admin-pages")]
        let routes = routes.admin_pages();
        routes
    }

    /// Nothing yet.
    pub fn none() -> Self {
        Self::default()
    }

    /// With the account API under this path; `/` is the root.
    #[must_use]
    pub fn account_at(mut self, path: &str) -> Self {
        self.account = Some(prefix(path));
        self
    }

    /// With the admin API under this path, which is not the root.
    ///
    /// # Panics
    /// Where it is: its paths would be those of the other APIs.
    #[must_use]
    #[track_caller]
    pub fn admin_at(mut self, path: &str) -> Self {
        let path = prefix(path);
        assert!(
            path != "/",
            "usermgmt: the admin API needs a path of its own, such as {ADMIN_PATH}"
        );
        self.admin = Some(path);
        self
    }

    /// With the users API under this path; `/` is the root.
    #[must_use]
    pub fn users_at(mut self, path: &str) -> Self {
        self.users = Some(prefix(path));
        self
    }

    /// With the pages that mailed links open, at the root: links begin with the
    /// public URL.
    #[must_use]
    pub fn pages(mut self) -> Self {
        self.pages = true;
        self
    }

    /// With the pages for people under `/account`: register, sign in, forgot, my
    /// account. Whoever signs in there is a [`CurrentUser`](crate::CurrentUser) of a
    /// host's own routes too.
    #[cfg(feature = "pages")]
    #[must_use]
    pub fn account_pages(mut self) -> Self {
        self.account_pages = true;
        self
    }

    /// Without the account page at this path, `/account/register` say: the host serves
    /// its own there, over the same flows. The others go on leading to it.
    ///
    /// # Panics
    /// Where no account page is at this path.
    #[cfg(feature = "pages")]
    #[must_use]
    #[track_caller]
    pub fn replaced_page(mut self, path: &'static str) -> Self {
        assert!(
            pages::account::paths().contains(&path),
            "usermgmt: no account page is at {path:?}"
        );
        self.replaced_pages.insert(path);
        self
    }

    /// With the pages for administrators under
    /// [`HttpConfig::admin_path`](field@crate::HttpConfig::admin_path), and the account
    /// pages, which they need.
    #[cfg(feature = "admin-pages")]
    #[must_use]
    pub fn admin_pages(mut self) -> Self {
        self.admin_pages = true;
        self.account_pages()
    }

    /// With the public keys, health and the API's description, at the root.
    #[must_use]
    pub fn root(mut self) -> Self {
        self.root = true;
        self
    }

    /// Without the route of this operation id: the host serves one of its own
    /// under the same method and path, which answers alike. The description
    /// keeps it.
    ///
    /// # Panics
    /// Where no built-in route has this id; `/openapi.json` lists them.
    #[must_use]
    #[track_caller]
    pub fn replaced(self, operation_id: &'static str) -> Self {
        self.leave_out(operation_id, Why::Replaced)
    }

    /// Without the route of this operation id.
    ///
    /// # Panics
    /// Where no built-in route has this id; `/openapi.json` lists them.
    #[must_use]
    #[track_caller]
    pub fn without(self, operation_id: &'static str) -> Self {
        self.leave_out(operation_id, Why::Removed)
    }

    #[track_caller]
    fn leave_out(mut self, operation_id: &'static str, why: Why) -> Self {
        assert!(
            operation_ids(&Self::all().openapi()).any(|id| id == operation_id),
            "usermgmt: no built-in route has the operation id {operation_id:?}; \
             /openapi.json lists them"
        );
        self.left_out.add(operation_id, why);
        self
    }

    fn part(&self) -> Part<'_> {
        Part::new(&self.left_out)
    }

    /// The OpenAPI 3.1 description of these routes.
    pub fn openapi(&self) -> OpenApi {
        let mut document = self.part().document;
        if let Some(prefix) = &self.account {
            let part = account::routes(self.part());
            document = document.nest_with_path_composer(prefix, part.document, path_under);
        }
        if let Some(prefix) = &self.admin {
            let part = admin::routes(self.part());
            document = document.nest_with_path_composer(prefix, part.document, path_under);
        }
        if let Some(prefix) = &self.users {
            let part = users::routes(self.part());
            document = document.nest_with_path_composer(prefix, part.document, path_under);
        }
        if self.pages {
            document.merge(pages::routes(self.part()).document);
        }
        if self.root {
            document.merge(root::routes(self.part()).document);
        }
        complete(document)
    }

    /// The router of these routes. It has no fallback of its own outside of the
    /// two APIs' paths, so it merges with any application.
    ///
    /// Where the public URL has a path, they are served under that path too: a
    /// proxy may keep it or take it away.
    pub fn router(&self, state: HttpState) -> Router {
        let router = self.at_root(&state);
        let path = state.auth().config().public_url.path().trim_end_matches('/').to_owned();
        let router = if path.is_empty() { router } else { router.clone().nest(&path, router) };
        router.with_state(state)
    }

    fn at_root(&self, state: &HttpState) -> Router<HttpState> {
        let mut router = Router::new();
        if let Some(prefix) = &self.account {
            let api = fallback::method(account::routes(self.part()).router);
            #[cfg(feature = "oidc")]
            let api = api.layer(axum::Extension(AccountPath(prefix.clone())));
            let api = with_layers(api, state);
            let api = match layers::cors(state.config()) {
                Some(cors) => api.layer(cors),
                None => api,
            };
            router = nest(router, prefix, api, state);
        }
        if let Some(prefix) = &self.admin {
            let api = with_layers(fallback::method(admin::routes(self.part()).router), state);
            router = nest(router, prefix, api, state);
        }
        if let Some(prefix) = &self.users {
            let api = with_layers(fallback::method(users::routes(self.part()).router), state);
            router = nest(router, prefix, api, state);
            if self.left_out.serves("users_create") && prefix != "/" {
                // Nesting serves a router's own root without a trailing slash only.
                let slashed =
                    Router::new().route(&format!("{prefix}/"), post(users::create::create));
                router = router.merge(with_layers(fallback::method(slashed), state));
            }
        }
        if self.pages {
            let pages = fallback::method(pages::routes(self.part()).router);
            #[cfg(feature = "pages")]
            let leads_on = pages::LeadsOn { to_sign_in: self.account_pages };
            #[cfg(not(feature = "pages"))]
            let leads_on = pages::LeadsOn::default();
            let pages = pages.layer(axum::Extension(leads_on));
            router = router.merge(with_layers(pages, state));
        }
        #[cfg(feature = "pages")]
        if self.account_pages {
            let pages = fallback::method(pages::account::router(&self.replaced_pages));
            #[cfg(feature = "oidc")]
            let pages = match &self.account {
                Some(prefix) => pages.layer(axum::Extension(AccountPath(prefix.clone()))),
                None => pages,
            };
            router = router.merge(with_layers(pages, state));
        }
        #[cfg(feature = "admin-pages")]
        if self.admin_pages {
            let pages = fallback::method(pages::admin::router(&state.config().admin_path()));
            router = router.merge(with_layers(pages, state));
        }
        if self.root {
            let (routes, url) = (self.clone(), state.auth().config().public_url.clone());
            let document = root::Document::new(move || routes.openapi(), url);
            let root = root::routes(self.part()).router;
            let root = fallback::method(root).layer(axum::Extension(document));
            router = router.merge(with_layers(root, state).layer(layers::public_cors()));
        }
        router
    }
}

/// Mounts an API, with an answer of its own for what it does not have.
fn nest(
    router: Router<HttpState>,
    prefix: &str,
    api: Router<HttpState>,
    state: &HttpState,
) -> Router<HttpState> {
    if prefix == "/" {
        return router.merge(api);
    }
    router.nest(prefix, api.merge(fallback::router(state)))
}

/// With a slash before it and none behind it.
fn prefix(path: &str) -> String {
    format!("/{}", path.trim_matches('/'))
}

/// A nested route's path, as the router composes it.
fn path_under(prefix: &str, path: &str) -> String {
    match (prefix, path) {
        ("/", path) => path.to_owned(),
        (prefix, "/") => prefix.to_owned(),
        (prefix, path) => format!("{prefix}{path}"),
    }
}
