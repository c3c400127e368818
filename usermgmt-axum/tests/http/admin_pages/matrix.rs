//! Every page for administrators, and who may see it. The routes are those that are
//! mounted; one that is not listed here fails.

use std::collections::BTreeMap;

use super::ROOT;
use crate::admin::Admin;
use crate::callers::{Who, callers, somebody};
use crate::harness::app;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    Anyone,
    Admin,
}

const ROUTES: &[(&str, &str, For)] = &[
    ("GET", "", For::Admin),
    ("GET", "/style.css", For::Anyone),
    ("GET", "/sign-in", For::Anyone),
    ("POST", "/sign-in", For::Anyone),
    ("POST", "/sign-in/code", For::Anyone),
    #[cfg(feature = "passkeys")]
    ("POST", "/sign-in/passkey", For::Anyone),
    ("GET", "/users", For::Admin),
    ("POST", "/users/bulk", For::Admin),
    ("GET", "/users/new", For::Admin),
    ("POST", "/users/new", For::Admin),
    ("GET", "/users/{id}", For::Admin),
    ("POST", "/users/{id}", For::Admin),
    ("GET", "/users/{id}/export", For::Admin),
    ("GET", "/users/{id}/{action}", For::Admin),
    ("POST", "/users/{id}/{action}", For::Admin),
    ("GET", "/audit", For::Admin),
    ("GET", "/mail", For::Admin),
    ("POST", "/mail/{id}/retry", For::Admin),
    ("GET", "/mail/{id}/drop", For::Admin),
    ("POST", "/mail/{id}/drop", For::Admin),
    ("GET", "/service-keys", For::Admin),
    ("POST", "/service-keys", For::Admin),
    ("GET", "/service-keys/{id}/revoke", For::Admin),
    ("POST", "/service-keys/{id}/revoke", For::Admin),
];

/// What a page answers to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    SignIn,
    Refused,
    LetIn,
}

fn answer(who: Who) -> Answer {
    match who {
        Who::Admin => Answer::LetIn,
        _ if who.is_in() => Answer::Refused,
        _ => Answer::SignIn,
    }
}

#[tokio::test]
async fn every_page_lets_in_administrators_and_nobody_else() {
    let app = app().await;
    let callers = callers(&app).await;
    let target = somebody(&app, "target").await.user_id;
    let known: BTreeMap<(&str, &str), For> =
        ROUTES.iter().map(|(method, path, whom)| ((*method, *path), *whom)).collect();
    let mounted = usermgmt_axum::admin_page_routes();
    assert_eq!(mounted.len(), ROUTES.len(), "a route of the matrix is not mounted");
    for (method, path) in mounted {
        let whom = known.get(&(method.as_str(), path));
        let whom = whom.unwrap_or_else(|| panic!("{method} {path:?} is not in the matrix"));
        if *whom == For::Anyone {
            continue;
        }
        let path = path.replace("{id}", &target).replace("{action}", "disable");
        for caller in &callers {
            let what = format!("{method} {path} by {}", caller.name);
            let call = app.call(method.as_str(), &format!("{ROOT}{path}"));
            let call = caller.by_cookie(call.header("accept", "text/html"));
            let call = match method.as_str() {
                "POST" => call.form(&format!("form_token={}", caller.form_token)),
                _ => call,
            };
            let reply = call.send().await;
            let (status, leads) = (reply.status.as_u16(), reply.header("location").unwrap_or(""));
            let to_sign_in = status == 303 && leads.starts_with("/web3m-admin/sign-in");
            match answer(caller.who) {
                Answer::SignIn => assert!(to_sign_in, "{what}: {status} {leads}"),
                Answer::Refused => assert_eq!(status, 403, "{what}"),
                Answer::LetIn => {
                    assert!(![401, 403, 405, 500].contains(&status), "{what}: {}", reply.text);
                    assert!(!to_sign_in, "{what}");
                }
            }
        }
    }
}

#[tokio::test]
async fn an_access_token_opens_no_page() {
    let admin = Admin::new().await;
    let call = admin.app.get("/web3m-admin/users").bearer(&admin.root.access);
    let reply = call.header("accept", "text/html").send().await;
    assert_eq!(reply.status, 303);
}
