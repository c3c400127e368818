//! By which name a route is counted.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request};
use url::Url;

use crate::settings::begins_a_route;

/// The templates of routes, each by one name wherever it is served: at the root and under
/// the path of the public URL, with and without a slash behind it.
#[derive(Clone, Debug)]
pub(crate) struct Templates {
    base: Arc<str>,
}

impl Templates {
    pub(crate) fn new(public_url: &Url) -> Self {
        Self { base: public_url.path().trim_end_matches('/').into() }
    }

    /// That of the request's route, where there is one.
    pub(crate) fn of<'a>(&self, request: &'a Request) -> Option<&'a str> {
        request.extensions().get::<MatchedPath>().map(|path| self.name(path.as_str()))
    }

    fn name<'a>(&self, matched: &'a str) -> &'a str {
        let under = matched
            .strip_prefix(&*self.base)
            .filter(|rest| rest.is_empty() || rest.starts_with('/'))
            // A base such as `/api` is also what paths at the root begin with.
            .filter(|rest| begins_a_route(rest) || !begins_a_route(&self.base));
        match under.unwrap_or(matched).trim_end_matches('/') {
            "" => "/",
            name => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_has_one_name_wherever_it_is_served() {
        for (base, matched, name) in [
            ("", "/", "/"),
            ("", "/health/live/", "/health/live"),
            ("", "/confirm-email/{token}", "/confirm-email/{token}"),
            ("/base", "/base", "/"),
            ("/base", "/base/", "/"),
            ("/base", "/", "/"),
            ("/base", "/base/account/", "/account"),
            ("/base", "/account", "/account"),
            ("/acc", "/account", "/account"),
            ("/api", "/api/v1/signin", "/api/v1/signin"),
            ("/api", "/api/api/v1/signin", "/api/v1/signin"),
        ] {
            let url = format!("https://accounts.example.org{base}/").parse().unwrap();
            assert_eq!(Templates::new(&url).name(matched), name, "{matched} under {base:?}");
        }
    }
}
