//! Pages for administrators.

mod again;
mod lists;
mod matrix;
#[cfg(feature = "passkeys")]
mod passkeys;
mod protection;
mod way_in;
mod writes;

use crate::admin::Admin;
use crate::harness::{App, app_with};
use crate::tab::Browser;

pub(crate) const ROOT: &str = "/web3m-admin";

/// A browser with the session that this access token is of.
pub(crate) async fn browser_of<'a>(app: &'a App, access: &str) -> Browser<'a> {
    let current = app.auth.current(access).await.unwrap();
    let mut browser = Browser::new(app);
    let cookie = app.auth.browser_cookie(&current.session).expose().clone();
    browser.cookies.insert("__Host-usermgmt".to_owned(), cookie);
    browser
}

/// The administrator's browser.
pub(crate) async fn desk(admin: &Admin) -> Browser<'_> {
    browser_of(&admin.app, &admin.root.access).await
}

/// Where no second factor is asked for, and an administrator has none.
pub(crate) async fn without_factor() -> Admin {
    let app = app_with(|config, _| config.admin.require_mfa = false).await;
    app.confirmed("root", "root@example.com").await;
    let root = app.promoted("root@example.com").await;
    Admin { app, root }
}

/// The path of a user's page.
pub(crate) fn page_of(path: &str) -> String {
    format!("{ROOT}{path}")
}
