//! Every route of the account and admin APIs, and who may call it. The routes
//! are those of the description; one that is not listed here fails.

use std::collections::BTreeMap;

use serde_json::Value;
use usermgmt_core::Role;

use super::Admin;
use crate::harness::{PASSWORD, Session, operator};

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    /// Whoever likes.
    Anyone,
    /// Whoever is signed in, for their own account.
    SignedIn,
    /// Administrators.
    Admin,
}

const ROUTES: [(&str, For); 61] = [
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
    ("refresh_tokens", For::SignedIn),
    ("sign_out", For::SignedIn),
    ("sign_out_all", For::SignedIn),
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
];

/// Who calls.
struct Caller {
    name: &'static str,
    token: Option<String>,
    /// The status and code with which an admin route refuses them; `None` where
    /// it lets them in.
    by_admin_routes: Option<(u16, &'static str)>,
    /// Whether they are nobody to the account API.
    is_nobody: bool,
}

impl Caller {
    fn new(
        name: &'static str,
        token: Option<&str>,
        is_nobody: bool,
        by_admin_routes: Option<(u16, &'static str)>,
    ) -> Self {
        Self { name, token: token.map(str::to_owned), by_admin_routes, is_nobody }
    }
}

/// Everybody, and a user who is nobody of them.
async fn callers(admin: &Admin) -> (Vec<Caller>, Session) {
    let app = &admin.app;
    let (ann, _) = admin.user("ann").await;
    let (other, _) = admin.user("other").await;
    let (half, _) = admin.user("half").await;
    app.with_second_factor("half@example.com", &half).await;
    let pending = app.sign_in("half@example.com", PASSWORD).await.field("mfa_token");
    let (disabled, _) = admin.user("disabled").await;
    app.auth.disable_user(&operator(), &disabled.user_id.parse().unwrap()).await.unwrap();
    let (single, _) = admin.user("single").await;
    let id = single.user_id.parse().unwrap();
    app.auth.set_role(&operator(), &id, Role::Admin).await.unwrap();
    let (target, _) = admin.user("target").await;
    let forbidden = Some((403, "forbidden"));
    let callers = vec![
        Caller::new("anonymous", None, true, Some((401, "missing_token"))),
        Caller::new("user", Some(&ann.access), false, forbidden),
        Caller::new("other user", Some(&other.access), false, forbidden),
        Caller::new("pending factor", Some(&pending), true, Some((401, "wrong_token_type"))),
        Caller::new("disabled", Some(&disabled.access), true, Some((401, "invalid_token"))),
        Caller::new("one factor", Some(&single.access), false, Some((403, "mfa_required"))),
        Caller::new("admin", Some(&admin.root.access), false, None),
    ];
    (callers, target)
}

/// Method, path and operation id of every route under the APIs' path.
fn routes() -> Vec<(String, String, String)> {
    let document = serde_json::to_value(usermgmt_axum::openapi()).unwrap();
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation.get("operationId").and_then(Value::as_str);
            if let Some(id) = id.filter(|_| path.starts_with("/api/v1/")) {
                routes.push((method.to_uppercase(), path.clone(), id.to_owned()));
            }
        }
    }
    routes
}

#[tokio::test]
async fn every_route_lets_in_whom_it_is_for_and_nobody_else() {
    let admin = Admin::new().await;
    let (callers, target) = callers(&admin).await;
    let known: BTreeMap<&str, For> = ROUTES.into_iter().collect();
    let mounted = routes();
    for (id, _) in ROUTES {
        assert!(mounted.iter().any(|(_, _, mounted)| mounted == id), "there is no route {id}");
    }
    // What deletes comes last: the others want somebody to be there.
    let (last, first): (Vec<_>, Vec<_>) =
        mounted.into_iter().partition(|(_, _, id)| id == "admin_delete_user");
    for (method, path, id) in first.into_iter().chain(last) {
        let whom = known.get(id.as_str());
        let whom = whom.unwrap_or_else(|| panic!("{method} {path}: {id} is not in the matrix"));
        let path = path.replace("{id}", &target.user_id);
        for caller in &callers {
            let what = format!("{method} {path} by {}", caller.name);
            let expected = match whom {
                For::Admin => caller.by_admin_routes,
                // Who is let in there, and what comes of it, has tests of its own.
                For::Anyone => continue,
                For::SignedIn if !caller.is_nobody => continue,
                For::SignedIn => Some((401, "")),
            };
            let call = admin.app.call(&method, &path);
            let call = match &caller.token {
                Some(token) => call.bearer(token),
                None => call,
            };
            let reply = call.send().await;
            let status = reply.status.as_u16();
            match expected {
                Some((refused, code)) => {
                    assert_eq!(status, refused, "{what}: {}", reply.text);
                    if !code.is_empty() {
                        assert_eq!(reply.json()["error"], code, "{what}");
                    }
                }
                None => assert!(![401, 403, 405, 500].contains(&status), "{what}: {}", reply.text),
            }
        }
    }
}

/// Somebody by the session that a browser keeps.
struct Tab {
    name: &'static str,
    cookie: String,
    token: String,
    /// As of [`Caller`].
    by_admin_routes: Option<(u16, &'static str)>,
}

impl Tab {
    async fn of(
        admin: &Admin,
        name: &'static str,
        access: &str,
        by_admin_routes: Option<(u16, &'static str)>,
    ) -> Self {
        let auth = &admin.app.auth;
        let session = auth.current(access).await.unwrap().session;
        let cookie = format!("__Host-usermgmt={}", auth.browser_cookie(&session).expose());
        let token = auth.form_token(&session).expose().clone();
        Self { name, cookie, token, by_admin_routes }
    }
}

#[tokio::test]
async fn by_cookie_admin_routes_let_in_the_same_and_write_by_post_of_their_own_origin_only() {
    let admin = Admin::new().await;
    let (ann, _) = admin.user("ann").await;
    let (single, _) = admin.user("single").await;
    let id = single.user_id.parse().unwrap();
    admin.app.auth.set_role(&operator(), &id, Role::Admin).await.unwrap();
    let (gone, _) = admin.user("gone").await;
    let (target, _) = admin.user("target").await;
    let tabs = [
        Tab::of(&admin, "user", &ann.access, Some((403, "forbidden"))).await,
        Tab::of(&admin, "one factor", &single.access, Some((403, "mfa_required"))).await,
        Tab::of(&admin, "disabled", &gone.access, Some((401, "invalid_token"))).await,
        Tab::of(&admin, "admin", &admin.root.access, None).await,
    ];
    let disabled = gone.user_id.parse().unwrap();
    admin.app.auth.disable_user(&operator(), &disabled).await.unwrap();
    let known: BTreeMap<&str, For> = ROUTES.into_iter().collect();
    for (method, path, id) in routes() {
        if known[id.as_str()] != For::Admin {
            continue;
        }
        let path = path.replace("{id}", &target.user_id);
        for tab in &tabs {
            let what = format!("{method} {path} by the cookie of {}", tab.name);
            let call = |site: &str| {
                let call = admin.app.call(&method, &path).header("cookie", &tab.cookie);
                let call = call.header("usermgmt-form-token", &tab.token);
                call.header("sec-fetch-site", site)
            };
            let own = call("same-origin").send().await;
            let status = own.status.as_u16();
            match (method.as_str(), tab.by_admin_routes) {
                ("GET" | "POST", None) => {
                    assert!(![401, 403, 405, 500].contains(&status), "{what}: {}", own.text);
                }
                ("GET" | "POST", Some((refused, code))) => {
                    assert_eq!((status, &own.json()["error"]), (refused, &code.into()), "{what}");
                }
                _ => assert_eq!(own.json()["error"], "cross_site", "{what}"),
            }
            if method != "GET" {
                let foreign = call("cross-site").body("text/plain", b"{}").send().await;
                assert_eq!(foreign.json()["error"], "cross_site", "{what}");
                assert_eq!(foreign.status, 403, "{what}");
            }
        }
    }
}
