//! Every route, and who may call it. The routes are those of the description, and those
//! that are mounted beside it; one that is not listed here, or in the matrices of the
//! pages, fails.

use std::collections::{BTreeMap, BTreeSet};

use crate::callers::{Caller, Who, callers, somebody};
use crate::document::{Route, operations};
use crate::harness::{App, Reply, app, operator};

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    /// Whoever likes.
    Anyone,
    /// A team's services, by a key of theirs.
    Service,
    /// Whoever is signed in, for their own account.
    SignedIn,
    /// The same, by a token alone: who renews or ends a session shows what they have of it.
    Token,
    /// Administrators.
    Admin,
}

const ROUTES: [(&str, For); 95] = [
    ("sign_in_methods", For::Anyone),
    ("sign_in_email", For::Anyone),
    ("confirm_sign_in_email", For::Anyone),
    ("sign_in_provider", For::Anyone),
    ("sign_in_provider_callback", For::Anyone),
    ("sign_in_exchange", For::Anyone),
    ("list_identities", For::SignedIn),
    ("link_identity", For::SignedIn),
    ("unlink_identity", For::SignedIn),
    ("sign_in_passkey_options", For::Anyone),
    ("sign_in_passkey", For::Anyone),
    ("sign_in_mfa_passkey_options", For::Anyone),
    ("passkey_options", For::SignedIn),
    ("add_passkey", For::SignedIn),
    ("list_passkeys", For::SignedIn),
    ("rename_passkey", For::SignedIn),
    ("remove_passkey", For::SignedIn),
    ("register", For::Anyone),
    ("resend_confirmation", For::Anyone),
    ("confirm_by_code", For::Anyone),
    ("sign_in", For::Anyone),
    ("sign_in_mfa", For::Anyone),
    ("forgot_password", For::Anyone),
    ("reset_password", For::Anyone),
    ("confirm_email_change", For::Anyone),
    ("undo_email_change", For::Anyone),
    ("refresh_tokens", For::Token),
    ("sign_out", For::Token),
    ("sign_out_all", For::Token),
    ("get_current_user", For::SignedIn),
    ("get_account", For::SignedIn),
    ("update_account", For::SignedIn),
    ("delete_account", For::SignedIn),
    ("list_sessions", For::SignedIn),
    ("end_session", For::SignedIn),
    ("change_password", For::SignedIn),
    ("enrol_totp", For::SignedIn),
    ("confirm_totp", For::SignedIn),
    ("disable_totp", For::SignedIn),
    ("new_recovery_codes", For::SignedIn),
    ("admin_list_users", For::Admin),
    ("admin_create_user", For::Admin),
    ("admin_bulk", For::Admin),
    ("admin_get_user", For::Admin),
    ("admin_update_user", For::Admin),
    ("admin_delete_user", For::Admin),
    ("admin_export_user", For::Admin),
    ("admin_disable_user", For::Admin),
    ("admin_enable_user", For::Admin),
    ("admin_confirm_user", For::Admin),
    ("admin_sign_out_user", For::Admin),
    ("admin_send_reset", For::Admin),
    ("admin_reset_mfa", For::Admin),
    ("admin_list_audit", For::Admin),
    ("admin_get_summary", For::Admin),
    ("admin_list_dead_mail", For::Admin),
    ("admin_retry_mail", For::Admin),
    ("admin_drop_mail", For::Admin),
    ("admin_list_service_keys", For::Admin),
    ("admin_create_service_key", For::Admin),
    ("admin_revoke_service_key", For::Admin),
    ("users_create", For::Service),
    ("users_activate", For::Service),
    ("users_resend_activation", For::Service),
    ("users_check_credentials", For::Service),
    ("users_health", For::Anyone),
    ("users_delete_by_id", For::Service),
    ("users_find_by_id", For::Service),
    ("users_delete_by_identifier", For::Service),
    ("users_find_by_identifier", For::Service),
    ("users_disable_mfa", For::Service),
    ("users_enable_mfa", For::Service),
    ("users_mfa_qr", For::Service),
    ("users_mfa_status", For::Service),
    ("users_verify_mfa", For::Service),
    ("users_forgot_password", For::Service),
    ("users_reset_password", For::Service),
    ("get_jwks", For::Anyone),
    ("activate_page", For::Anyone),
    ("activate", For::Anyone),
    ("confirm_email_page", For::Anyone),
    ("confirm_email", For::Anyone),
    ("confirm_email_change_page", For::Anyone),
    ("submit_email_change_page", For::Anyone),
    ("undo_email_change_page", For::Anyone),
    ("submit_email_undo_page", For::Anyone),
    ("health_live", For::Anyone),
    ("health_ready", For::Anyone),
    ("not_me_page", For::Anyone),
    ("not_me", For::Anyone),
    ("get_openapi", For::Anyone),
    ("reset_password_page", For::Anyone),
    ("submit_reset_password_page", For::Anyone),
    ("sign_in_email_page", For::Anyone),
    ("sign_in_email_submit", For::Anyone),
];

/// What is described nowhere: what a browser loads, and what leads it on. Everybody may
/// read all of it, and do nothing else.
const BESIDE: &[&str] = &[
    "/",
    #[cfg(feature = "admin-pages")]
    "/admin",
    #[cfg(feature = "docs")]
    "/docs/docs.css",
    #[cfg(feature = "docs")]
    "/docs/start.js",
    #[cfg(feature = "docs")]
    "/docs/scalar.js",
];

/// What ends the caller's session, by token. Each gets callers of its own.
const ENDS: [&str; 3] = ["sign_out", "sign_out_all", "delete_account"];

/// A status and the code of a refusal.
type Refusal = (u16, &'static str);

/// With what a route refuses whom it is not for: by a token, or by a cookie, which is the
/// same to whoever has neither.
fn refusal(whom: For, who: Who, nobody: &'static str) -> Option<Refusal> {
    let nobody = if who == Who::Anonymous { "missing_token" } else { nobody };
    match (whom, who) {
        (For::Anyone, _) => None,
        (For::Service, _) => Some((401, "unauthorized")),
        _ if !who.is_in() => Some((401, nobody)),
        (For::SignedIn | For::Token, _) | (For::Admin, Who::Admin) => None,
        (For::Admin, Who::AdminWithoutSecondFactor) => Some((403, "mfa_required")),
        (For::Admin, _) => Some((403, "forbidden")),
    }
}

#[track_caller]
fn is_let_in(reply: &Reply, what: &str) {
    let status = reply.status.as_u16();
    assert!(![401, 403, 405, 500].contains(&status), "{what}: {status} {}", reply.text);
}

#[track_caller]
fn is_refused(reply: &Reply, (status, code): Refusal, what: &str) {
    let refused = (reply.status.as_u16(), reply.json()["error"].clone());
    assert_eq!(refused, (status, code.into()), "{what}: {}", reply.text);
}

/// The routes that are described and whom each is for; what deletes comes last, since
/// the others want somebody to be there.
fn routes() -> Vec<(Route, For)> {
    let known: BTreeMap<&str, For> = ROUTES.into_iter().collect();
    let mut routes: Vec<(Route, For)> = Vec::new();
    for route in operations() {
        let (method, path, id) = &route;
        let whom = known.get(id.as_str());
        let whom = *whom.unwrap_or_else(|| panic!("{method} {path}: {id} is not in the matrix"));
        routes.push((route, whom));
    }
    for (id, _) in ROUTES {
        assert!(routes.iter().any(|((_, _, described), _)| described == id), "no route {id}");
    }
    routes.sort_by_key(|((_, _, id), _)| id == "admin_delete_user");
    routes
}

/// Everybody, and somebody who is none of them: whom administrators are busy with.
struct Cast {
    app: App,
    callers: Vec<Caller>,
    target: String,
}

impl Cast {
    async fn new() -> Self {
        let app = app().await;
        let callers = callers(&app).await;
        let target = somebody(&app, "target").await.user_id;
        Self { app, callers, target }
    }

    fn path(&self, path: &str) -> String {
        let path = path.replace("{id}", &self.target);
        path.replace("{token}", "none").replace("{provider}", "none")
    }

    async fn by_token(&self, (method, path, id): &Route, whom: For) {
        let path = self.path(path);
        for caller in &self.callers {
            let what = format!("{method} {path} by the token of {}", caller.name);
            let call = self.app.call(method, &path);
            let call = match &caller.refresh {
                Some(refresh) if id == "refresh_tokens" => call.bearer(refresh),
                _ => caller.by_token(call),
            };
            let reply = call.send().await;
            let nobody = match caller.who {
                Who::PendingSecondFactor => "wrong_token_type",
                _ => "invalid_token",
            };
            match refusal(whom, caller.who, nobody) {
                Some(refusal) => is_refused(&reply, refusal, &what),
                None => is_let_in(&reply, &what),
            }
        }
    }

    async fn by_cookie(&self, (method, path, _): &Route, whom: For) {
        let path = self.path(path);
        let writes = method != "GET";
        for caller in &self.callers {
            let what = format!("{method} {path} by the cookie of {}", caller.name);
            let call = caller.by_cookie(self.app.call(method, &path));
            let call = call.header("usermgmt-form-token", &caller.form_token);
            let reply = call.send().await;
            let takes_cookie = matches!(whom, For::SignedIn | For::Admin);
            if takes_cookie && writes && method != "POST" && caller.cookie.is_some() {
                is_refused(&reply, (403, "cross_site"), &what);
                continue;
            }
            if whom == For::Token {
                is_refused(&reply, (401, "missing_token"), &what);
                continue;
            }
            match refusal(whom, caller.who, "invalid_token") {
                Some(refusal) => is_refused(&reply, refusal, &what),
                None => is_let_in(&reply, &what),
            }
            if takes_cookie && writes && caller.who.is_in() {
                self.needs_evidence(method, &path, caller).await;
            }
        }
    }

    /// Without what shows that the session's own page sent it, a write is refused.
    async fn needs_evidence(&self, method: &str, path: &str, caller: &Caller) {
        let what = format!("{method} {path} without evidence of {}", caller.name);
        let call = || self.app.call(method, path);
        let bare = caller.by_cookie(call()).send().await;
        is_refused(&bare, (403, "invalid_form_token"), &what);
        let other = self.callers.iter().rfind(|other| other.name != caller.name).unwrap();
        let others = caller.by_cookie(call()).header("usermgmt-form-token", &other.form_token);
        is_refused(&others.send().await, (403, "invalid_form_token"), &what);
        let foreign = caller.with_cookie(call()).header("sec-fetch-site", "cross-site");
        let foreign = foreign.header("usermgmt-form-token", &caller.form_token);
        let foreign = foreign.body("text/plain", b"{}").send().await;
        is_refused(&foreign, (403, "cross_site"), &what);
    }
}

#[tokio::test]
async fn by_token_every_route_lets_in_whom_it_is_for_and_nobody_else() {
    let cast = Cast::new().await;
    for (route, whom) in routes() {
        if !ENDS.contains(&route.2.as_str()) {
            cast.by_token(&route, whom).await;
        }
    }
}

#[tokio::test]
async fn by_token_what_ends_a_session_is_done_by_whose_it_is() {
    for (route, whom) in routes() {
        if ENDS.contains(&route.2.as_str()) {
            Cast::new().await.by_token(&route, whom).await;
        }
    }
}

#[tokio::test]
async fn by_cookie_every_route_lets_in_the_same_and_writes_by_a_form_of_the_session_only() {
    let cast = Cast::new().await;
    for (route, whom) in routes() {
        cast.by_cookie(&route, whom).await;
    }
    // Nobody's session was ended by what was refused.
    for caller in cast.callers.iter().filter(|caller| caller.who.is_in()) {
        let call = caller.by_token(cast.app.get("/api/v1/protected"));
        call.send().await.has_status(200);
    }
}

#[tokio::test]
async fn a_service_key_opens_the_users_api_and_nothing_else() {
    let app = app().await;
    let key = app.service_key(true).await;
    let (row, revoked) = app.auth.create_service_key(&operator(), "old", true).await.unwrap();
    app.auth.revoke_service_key(&operator(), &row.id).await.unwrap();
    for ((method, path, _), whom) in routes() {
        for (name, key, is_good) in [
            ("a key", key.as_str(), true),
            ("a revoked key", revoked.expose().as_str(), false),
            ("no key of ours", "umk_x", false),
        ] {
            let what = format!("{method} {path} by {name}");
            let path = path.replace(['{', '}'], "");
            let reply = app.call(&method, &path).bearer(key).send().await;
            match whom {
                For::Service if !is_good => {
                    is_refused(&reply, (401, "unauthorized"), &what);
                    let challenge = reply.header("www-authenticate").unwrap();
                    assert!(challenge.starts_with("Bearer"), "{what}: {challenge}");
                }
                For::Service | For::Anyone => is_let_in(&reply, &what),
                For::SignedIn | For::Token | For::Admin => {
                    is_refused(&reply, (401, "invalid_token"), &what);
                }
            }
        }
    }
}

/// Every path of the router, by what it prints of itself.
fn mounted(app: &App) -> BTreeSet<String> {
    let printed = format!("{:?}", app.router);
    let paths = printed.split("RouteId(").skip(1).filter_map(|part| {
        let path = part.split_once("): \"")?.1.split('"').next()?;
        Some(path.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(path).to_owned())
    });
    paths.collect()
}

#[tokio::test]
async fn every_path_that_is_mounted_is_in_a_matrix() {
    let mut listed: BTreeSet<String> = BESIDE.iter().map(|path| (*path).to_owned()).collect();
    listed.extend(operations().into_iter().map(|(_, path, _)| path));
    #[cfg(feature = "pages")]
    listed.extend(usermgmt_axum::account_page_paths().into_iter().map(str::to_owned));
    #[cfg(feature = "admin-pages")]
    listed.extend(
        usermgmt_axum::admin_page_routes()
            .into_iter()
            .map(|(_, path)| format!("{}{path}", crate::admin_pages::ROOT)),
    );
    // An API answers by itself what it does not have, at its own path and below it.
    let mut mounted = mounted(&app().await);
    mounted.retain(|path| match path.strip_suffix("/{*__private__axum_fallback}") {
        Some(api) => {
            listed.extend((!api.is_empty()).then(|| api.to_owned()));
            false
        }
        None => true,
    });
    assert_eq!(mounted, listed);
}

#[tokio::test]
async fn what_is_described_nowhere_is_read_by_everybody_and_takes_nothing() {
    let Cast { app, callers, .. } = Cast::new().await;
    for path in BESIDE {
        for caller in &callers {
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
                let what = format!("{method} {path} by {}", caller.name);
                let call = caller.by_cookie(caller.by_token(app.call(method, path)));
                let call = call.header("usermgmt-form-token", &caller.form_token);
                let status = call.send().await.status.as_u16();
                let is_read = matches!(status, 200 | 303 | 308);
                assert!(if method == "GET" { is_read } else { status == 405 }, "{what}: {status}");
            }
        }
    }
}
