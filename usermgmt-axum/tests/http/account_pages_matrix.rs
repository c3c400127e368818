//! Every account page, and who may see it. The paths are those that are mounted; one
//! that is not listed here fails.

use usermgmt_core::keys::KeyRing;
use usermgmt_core::store::MemoryStore;
use usermgmt_core::{Auth, Config};

use crate::harness::{App, PASSWORD, app, operator};
use crate::tab::Browser;

/// Who may ask by a method; `None` where the page does not know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    Anyone,
    SignedIn,
}

type Row = (&'static str, Option<For>, Option<For>);

/// Path, GET, POST. What ends sessions comes last.
const ROUTES: [Row; 29] = [
    ("/account", Some(For::SignedIn), None),
    ("/account/style.css", Some(For::Anyone), None),
    ("/account/pages.js", Some(For::Anyone), None),
    ("/account/logo", Some(For::Anyone), None),
    ("/account/sign-in", Some(For::Anyone), Some(For::Anyone)),
    ("/account/sign-in/code", None, Some(For::Anyone)),
    ("/account/sign-in/email", Some(For::Anyone), Some(For::Anyone)),
    ("/account/sign-in/email/code", None, Some(For::Anyone)),
    ("/account/register", Some(For::Anyone), Some(For::Anyone)),
    ("/account/forgot", Some(For::Anyone), Some(For::Anyone)),
    ("/account/profile", None, Some(For::SignedIn)),
    ("/account/email", None, Some(For::SignedIn)),
    ("/account/password", None, Some(For::SignedIn)),
    ("/account/sessions/end", None, Some(For::SignedIn)),
    ("/account/identities/link", None, Some(For::SignedIn)),
    ("/account/identities/unlink", None, Some(For::SignedIn)),
    ("/account/second-factor", None, Some(For::SignedIn)),
    ("/account/second-factor/confirm", None, Some(For::SignedIn)),
    ("/account/second-factor/off", None, Some(For::SignedIn)),
    ("/account/recovery-codes", None, Some(For::SignedIn)),
    ("/account/passkeys.js", Some(For::Anyone), None),
    ("/account/sign-in/passkey", None, Some(For::Anyone)),
    ("/account/passkeys", None, Some(For::SignedIn)),
    ("/account/passkeys/add", Some(For::SignedIn), None),
    ("/account/passkeys/rename", None, Some(For::SignedIn)),
    ("/account/passkeys/remove", None, Some(For::SignedIn)),
    ("/account/export", Some(For::SignedIn), None),
    ("/account/delete", None, Some(For::SignedIn)),
    ("/account/sign-out", None, Some(For::SignedIn)),
];

/// Where who is signed in writes.
pub(crate) fn writes() -> impl Iterator<Item = &'static str> {
    ROUTES.into_iter().filter(|row| row.2 == Some(For::SignedIn)).map(|(path, ..)| path)
}

struct Caller {
    name: &'static str,
    cookie: Option<String>,
    token: String,
    bearer: Option<String>,
    is_in: bool,
}

impl Caller {
    /// Nobody, whatever they show.
    fn nobody(name: &'static str, cookie: Option<String>) -> Self {
        Self { name, cookie, token: String::new(), bearer: None, is_in: false }
    }

    async fn signed_in(name: &'static str, app: &App, access: &str) -> Self {
        let current = app.auth.current(access).await.unwrap();
        let cookie = Some(app.auth.browser_cookie(&current.session).expose().clone());
        let token = app.auth.form_token(&current.session).expose().clone();
        Self { name, cookie, token, bearer: None, is_in: true }
    }
}

/// The cookie that the same session has under another root secret.
async fn under_another_root(app: &App, access: &str) -> String {
    let config = Config::new("https://accounts.example.com".parse().unwrap());
    let keys = KeyRing::single((8..40).collect()).unwrap();
    let other = Auth::builder(MemoryStore::new(), keys, config).build().await.unwrap();
    other.browser_cookie(&app.auth.current(access).await.unwrap().session).expose().clone()
}

async fn somebody(app: &App, name: &str) -> String {
    let email = format!("{name}@example.com");
    app.confirmed(name, &email).await;
    app.session(&email).await.access
}

async fn callers(app: &App) -> Vec<Caller> {
    let root = app.admin().await.access;
    let (user, other) = (somebody(app, "ann").await, somebody(app, "bob").await);
    somebody(app, "single").await;
    let single = app.promoted("single@example.com").await.access;
    let pending = app.sign_in("root@example.com", PASSWORD).await.field("mfa_token");

    let gone = somebody(app, "gone").await;
    let mut disabled = Caller::signed_in("disabled", app, &gone).await;
    let id = app.auth.current(&gone).await.unwrap().user.id;
    app.auth.disable_user(&operator(), &id).await.unwrap();
    disabled.is_in = false;
    let over = somebody(app, "over").await;
    let mut ended = Caller::signed_in("an ended session", app, &over).await;
    app.auth.sign_out(&app.auth.current(&over).await.unwrap()).await.unwrap();
    ended.is_in = false;
    let by_token = Caller { bearer: Some(user.clone()), ..Caller::nobody("an access token", None) };
    let forged = under_another_root(app, &user).await;
    vec![
        Caller::nobody("anonymous", None),
        Caller::nobody("pending second factor", Some(pending)),
        Caller::nobody("another root secret", Some(forged)),
        by_token,
        disabled,
        ended,
        Caller::signed_in("user", app, &user).await,
        Caller::signed_in("other user", app, &other).await,
        Caller::signed_in("admin without second factor", app, &single).await,
        Caller::signed_in("admin", app, &root).await,
    ]
}

#[tokio::test]
async fn every_account_page_lets_in_whom_it_is_for_and_nobody_else() {
    let app = app().await;
    let callers = callers(&app).await;
    let mounted = usermgmt_axum::account_page_paths();
    for path in &mounted {
        let listed = ROUTES.iter().any(|(listed, ..)| listed == path);
        assert!(listed, "{path} is not in the matrix");
    }
    for (path, get, post) in ROUTES {
        assert!(mounted.contains(&path), "there is no page {path}");
        for (method, whom) in [("GET", get), ("POST", post)] {
            for caller in &callers {
                let what = format!("{method} {path} by {}", caller.name);
                let call = app.call(method, path).header("accept", "text/html");
                let mut call = call.header("sec-fetch-site", "same-origin");
                if let Some(cookie) = &caller.cookie {
                    call = call.header("cookie", &format!("__Host-usermgmt={cookie}"));
                }
                if let Some(token) = &caller.bearer {
                    call = call.bearer(token);
                }
                if method == "POST" {
                    call = call.form(&format!("form_token={}", caller.token));
                }
                let reply = call.send().await;
                let status = reply.status.as_u16();
                let Some(whom) = whom else {
                    assert_eq!(status, 405, "{what}");
                    continue;
                };
                assert!(![405, 500].contains(&status), "{what}: {}", reply.text);
                if whom == For::Anyone {
                    assert_ne!(status, 403, "{what}");
                    continue;
                }
                // Who signs out is led there too, and is told to forget.
                let led = reply.header("location") == Some("/account/sign-in")
                    && reply.header("clear-site-data").is_none();
                assert_eq!(led, !caller.is_in, "{what}: {status} {}", reply.text);
                assert!(![401, 403].contains(&status), "{what}: {}", reply.text);
            }
        }
    }
}

#[tokio::test]
async fn nobody_ends_a_session_of_somebody_else() {
    let app = app().await;
    for name in ["ann", "bob"] {
        app.confirmed(name, &format!("{name}@example.com")).await;
    }
    let mut ann = Browser::new(&app);
    ann.sign_in("ann", PASSWORD).await.has_status(303);
    ann.open("/account").await.has_status(200);
    let mut bob = Browser::new(&app);
    bob.sign_in("bob", PASSWORD).await.has_status(303);
    let id = app.auth.find_user("bob@example.com").await.unwrap().unwrap().id;
    let session = app.auth.sessions(&id).await.unwrap()[0].id.to_string();
    ann.post("/account/sessions/end", &[("session", &session)]).await;
    assert!(bob.is_in().await);
}
