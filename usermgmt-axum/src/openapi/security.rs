//! How whoever asks shows who they are.

use utoipa::openapi::Components;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};

const ACCESS_TOKEN: &str = "access_token";
const REFRESH_TOKEN: &str = "refresh_token";
const SESSION_COOKIE: &str = "session_cookie";
const FORM_TOKEN: &str = "form_token";

/// What stands for the access token in a browser.
const COOKIE: &str = "The session that a browser has by the account pages, in place of \
    `access_token`. GET takes it but from pages of other sites. POST takes it from a page of \
    this origin alone, with `form_token`; other methods do not take it. Where `public_url` is \
    plain HTTP its name is `usermgmt`.";
const FORM: &str = "The session's form token, as forms of the account pages have it in the \
    field `form_token`.";

pub(super) fn add_schemes(components: &mut Components) {
    for (name, scheme) in tokens() {
        components.add_security_scheme(name, SecurityScheme::Http(scheme));
    }
    let cookie = ApiKeyValue::with_description("__Host-usermgmt", COOKIE);
    let form = ApiKeyValue::with_description("Usermgmt-Form-Token", FORM);
    for (name, key) in
        [(SESSION_COOKIE, ApiKey::Cookie(cookie)), (FORM_TOKEN, ApiKey::Header(form))]
    {
        components.add_security_scheme(name, SecurityScheme::ApiKey(key));
    }
}

fn tokens() -> [(&'static str, Http); 3] {
    let bearer = |format: &str, description: &str| {
        HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format(format)
            .description(Some(description))
            .build()
    };
    [
        (ACCESS_TOKEN, bearer("JWT", "The access token of a sign-in.")),
        (REFRESH_TOKEN, bearer("umr_…", "The refresh token of a sign-in.")),
        ("service_key", bearer("umk_…", "The key of a service that asks about users.")),
    ]
}

fn alone(name: &str) -> SecurityRequirement {
    SecurityRequirement::new(name, [""; 0])
}

fn is_enough(operation: &Operation, name: &str) -> bool {
    operation.security.iter().flatten().any(|enough| *enough == alone(name))
}

pub(super) fn takes_access_token(operation: &Operation) -> bool {
    is_enough(operation, ACCESS_TOKEN)
}

/// Whether the cookie of a session stands for the access token. Not where a refresh
/// token does as well: what ends sessions is told which one.
pub(super) fn takes_cookie(operation: &Operation) -> bool {
    is_enough(operation, ACCESS_TOKEN) && !is_enough(operation, REFRESH_TOKEN)
}

/// Names the cookie beside the access token where it is taken.
pub(super) fn name_cookie(operation: &mut Operation, method: &str) {
    if !takes_cookie(operation) {
        return;
    }
    let cookie = alone(SESSION_COOKIE);
    let cookie = match method {
        "get" => cookie,
        "post" => cookie.add(FORM_TOKEN, [""; 0]),
        _ => return,
    };
    operation.security.get_or_insert_default().push(cookie);
}
