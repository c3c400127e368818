//! Every route of the account and admin APIs, and who may call it. The routes
//! are those of the description; one that is not listed here fails.

use std::collections::BTreeMap;

use super::Admin;
use crate::document::{Route, operations};
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

/// What ends the caller's session. Each gets callers of its own.
const ENDS: [&str; 3] = ["sign_out", "sign_out_all", "delete_account"];

/// Who calls.
struct Caller {
    name: &'static str,
    token: Option<String>,
    /// What renews the token, where they have it.
    refresh: Option<String>,
    /// The status and code with which an admin route refuses them; `None` where
    /// it lets them in.
    by_admin_routes: Option<(u16, &'static str)>,
    /// Whether they are nobody to the account API.
    is_nobody: bool,
}

impl Caller {
    /// Somebody with this token alone, who is nobody to the account API.
    fn nobody(name: &'static str, token: Option<&str>, refused: (u16, &'static str)) -> Self {
        let token = token.map(str::to_owned);
        Self { name, token, refresh: None, by_admin_routes: Some(refused), is_nobody: true }
    }

    fn signed_in(
        name: &'static str,
        session: &Session,
        by_admin_routes: Option<(u16, &'static str)>,
    ) -> Self {
        let (token, refresh) = (Some(session.access.clone()), Some(session.refresh.clone()));
        Self { name, token, refresh, by_admin_routes, is_nobody: false }
    }

    /// What this route refuses them with; a code that is empty is any. `None` where it
    /// lets them in.
    fn refused(&self, whom: For) -> Option<(u16, &'static str)> {
        match whom {
            For::Admin => self.by_admin_routes,
            For::SignedIn => self.is_nobody.then_some((401, "")),
            For::Anyone => None,
        }
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
    admin.user("single").await;
    let single = app.promoted("single@example.com").await;
    let (target, _) = admin.user("target").await;
    let forbidden = Some((403, "forbidden"));
    let disabled = Caller {
        is_nobody: true,
        ..Caller::signed_in("disabled", &disabled, Some((401, "invalid_token")))
    };
    let callers = vec![
        Caller::nobody("anonymous", None, (401, "missing_token")),
        Caller::nobody("pending factor", Some(&pending), (401, "wrong_token_type")),
        disabled,
        Caller::signed_in("user", &ann, forbidden),
        Caller::signed_in("other user", &other, forbidden),
        Caller::signed_in("one factor", &single, Some((403, "mfa_required"))),
        Caller::signed_in("admin", &admin.root, None),
    ];
    (callers, target)
}

/// Method, path and operation id of every route under the APIs' path.
fn routes() -> Vec<Route> {
    let routes = operations().into_iter();
    routes.filter(|(_, path, _)| path.starts_with("/api/v1/")).collect()
}

/// Every caller, and whom the administrator's routes are about.
async fn check(admin: &Admin, callers: &[Caller], target: &Session, route: &Route, whom: For) {
    let (method, path, id) = route;
    let path = path.replace("{id}", &target.user_id);
    for caller in callers {
        let what = format!("{method} {path} by {}", caller.name);
        let call = admin.app.call(method, &path);
        let token = if id == "refresh_tokens" { &caller.refresh } else { &caller.token };
        let call = match token.as_ref().or(caller.token.as_ref()) {
            Some(token) => call.bearer(token),
            None => call,
        };
        let reply = call.send().await;
        let status = reply.status.as_u16();
        match caller.refused(whom) {
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

#[tokio::test]
async fn every_route_lets_in_whom_it_is_for_and_nobody_else() {
    let known: BTreeMap<&str, For> = ROUTES.into_iter().collect();
    let mut mounted = routes();
    for (id, _) in ROUTES {
        assert!(mounted.iter().any(|(_, _, mounted)| mounted == id), "there is no route {id}");
    }
    // What deletes comes last: the others want somebody to be there.
    mounted.sort_by_key(|(_, _, id)| id == "admin_delete_user");
    let admin = Admin::new().await;
    let (everybody, target) = callers(&admin).await;
    for route in mounted {
        let (method, path, id) = &route;
        let whom = known.get(id.as_str());
        let whom = *whom.unwrap_or_else(|| panic!("{method} {path}: {id} is not in the matrix"));
        if ENDS.contains(&id.as_str()) {
            let admin = Admin::new().await;
            let (everybody, target) = callers(&admin).await;
            check(&admin, &everybody, &target, &route, whom).await;
        } else {
            check(&admin, &everybody, &target, &route, whom).await;
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
    admin.user("single").await;
    let single = admin.app.promoted("single@example.com").await;
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

#[tokio::test]
async fn by_cookie_account_routes_are_read_and_written_by_a_form_of_the_session_only() {
    let admin = Admin::new().await;
    let (ann, _) = admin.user("ann").await;
    let tab = Tab::of(&admin, "user", &ann.access, None).await;
    let known: BTreeMap<&str, For> = ROUTES.into_iter().collect();
    for (method, path, id) in routes() {
        // Renewing and signing out take either token, which only who has one can show.
        let by_token = ["refresh_tokens", "sign_out", "sign_out_all"].contains(&id.as_str());
        if known[id.as_str()] != For::SignedIn || by_token {
            continue;
        }
        let what = format!("{method} {path} by cookie");
        let path = path.replace("{id}", &ann.user_id);
        let call = admin.app.call(&method, &path).header("cookie", &tab.cookie);
        let reply = call.header("sec-fetch-site", "same-origin").send().await;
        let status = reply.status.as_u16();
        let refusal = match method.as_str() {
            "GET" => {
                assert!(![401, 403, 405, 500].contains(&status), "{what}: {}", reply.text);
                continue;
            }
            "POST" => "invalid_form_token",
            _ => "cross_site",
        };
        assert_eq!((status, &reply.json()["error"]), (403, &refusal.into()), "{what}");
    }
    admin.app.get("/api/v1/protected").bearer(&ann.access).send().await.has_status(200);
}
