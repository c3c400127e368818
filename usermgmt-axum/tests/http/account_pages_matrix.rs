//! Every account page, and who may see it. The paths are those that are mounted; one
//! that is not listed here fails.

use crate::callers::{Caller, Who, callers, somebody, under_another_root};
use crate::harness::{App, PASSWORD, app};
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

/// Everybody, and more of whom a page has to take for nobody.
async fn visitors(app: &App) -> Vec<Caller> {
    let mut visitors = callers(app).await;
    let over = somebody(app, "over").await;
    let mut ended = Caller::signed_in("an ended session", Who::User, app, &over).await;
    let forged = under_another_root(app, &over.access).await;
    app.auth.sign_out(&app.auth.current(&over.access).await.unwrap()).await.unwrap();
    ended.who = Who::Anonymous;
    let kept = somebody(app, "kept").await.access;
    visitors.extend([
        ended,
        Caller::nobody("another root secret", None, Some(forged)),
        Caller::nobody("an access token", Some(kept), None),
    ]);
    visitors
}

#[tokio::test]
async fn every_account_page_lets_in_whom_it_is_for_and_nobody_else() {
    let app = app().await;
    let visitors = visitors(&app).await;
    let mounted = usermgmt_axum::account_page_paths();
    for path in &mounted {
        let listed = ROUTES.iter().any(|(listed, ..)| listed == path);
        assert!(listed, "{path} is not in the matrix");
    }
    for (path, get, post) in ROUTES {
        assert!(mounted.contains(&path), "there is no page {path}");
        for (method, whom) in [("GET", get), ("POST", post)] {
            for caller in &visitors {
                let what = format!("{method} {path} by {}", caller.name);
                let call = app.call(method, path).header("accept", "text/html");
                let mut call = caller.by_cookie(call);
                if caller.cookie.is_none() {
                    call = caller.by_token(call);
                }
                if method == "POST" {
                    call = call.form(&format!("form_token={}", caller.form_token));
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
                assert_eq!(led, !caller.who.is_in(), "{what}: {status} {}", reply.text);
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
