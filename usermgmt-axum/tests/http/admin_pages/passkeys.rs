//! Administrators who have passkeys.

use super::{browser_of, page_of};
use crate::admin::Admin;
use crate::authenticator::Device;
use crate::harness::{PASSWORD, Session, app_with};
use crate::tab::{Browser, leads_to};

async fn administered() -> Admin {
    Admin::over(app_with(|config, _| config.sign_in.passkeys = true).await).await
}

/// Another administrator, with a passkey.
async fn member<'a>(admin: &'a Admin, name: &str) -> (Browser<'a>, Device) {
    admin.user(name).await;
    let session = admin.app.promoted(&format!("{name}@example.com")).await;
    add_passkey(admin, &session).await
}

async fn add_passkey<'a>(admin: &'a Admin, session: &Session) -> (Browser<'a>, Device) {
    let mut browser = browser_of(&admin.app, &session.access).await;
    let mut device = Device::new();
    browser.open("/account/passkeys/add").await.has_status(200);
    let made = device.make(&browser.asked("/account/passkeys").0).await;
    browser.post("/account/passkeys", &[("credential", &made)]).await.has_status(200);
    (browser, device)
}

/// By the passkey form of the shown page that posts there.
async fn answer(
    browser: &mut Browser<'_>,
    device: &mut Device,
    path: &str,
) -> crate::harness::Reply {
    let (options, request) = browser.asked(path);
    let signed = device.sign(&options).await;
    browser.post(path, &[("request", &request), ("credential", &signed)]).await
}

#[tokio::test]
async fn a_passkey_lets_an_administrator_in_by_itself_or_after_the_password() {
    let admin = administered().await;
    let (_, mut device) = member(&admin, "ann").await;
    let mut browser = Browser::new(&admin.app);
    browser.open(&page_of("/sign-in")).await.has_status(200);
    let path = page_of("/sign-in/passkey");
    leads_to(&answer(&mut browser, &mut device, &path).await, "/web3m-admin/");
    browser.open(&page_of("/users")).await.has_status(200);

    let mut browser = Browser::new(&admin.app);
    let fields = [("identifier", "ann"), ("password", PASSWORD)];
    browser.post(&page_of("/sign-in"), &fields).await.has_status(200);
    let path = page_of("/sign-in/code");
    leads_to(&answer(&mut browser, &mut device, &path).await, "/web3m-admin/");
    browser.open(&page_of("/users")).await.has_status(200);
}

#[tokio::test]
async fn what_was_asked_is_done_after_the_administrators_own_passkey_and_no_others() {
    let admin = administered().await;
    let (_, mut device) = member(&admin, "ann").await;
    let (_, mut bobs) = member(&admin, "bob").await;
    let (_, path) = admin.user("eve").await;
    let disable = page_of(&format!("{path}/disable"));
    let mut browser = Browser::new(&admin.app);
    browser.open(&page_of("/sign-in")).await.has_status(200);
    answer(&mut browser, &mut device, &page_of("/sign-in/passkey")).await;
    admin.app.advance(16 * 60);
    browser.open(&disable).await.has_status(200);
    browser.post(&disable, &[]).await.has_status(403);
    let before = browser.session().unwrap().to_owned();
    let refused = answer(&mut browser, &mut bobs, &disable).await;
    refused.has_status(401);
    assert_eq!(browser.session(), Some(before.as_str()));
    let bob = admin.app.auth.find_user("bob").await.unwrap().unwrap().id;
    let sessions = admin.app.auth.sessions(&bob).await.unwrap();
    assert!(
        sessions.iter().all(|session| !session.amr.contains(&"hwk".to_owned())),
        "{sessions:?}"
    );
    let done = answer(&mut browser, &mut device, &disable).await;
    leads_to(&done, &format!("{}?done=disable", page_of(&path)));
    assert_ne!(browser.session(), Some(before.as_str()));
}

/// The admin API, everything there is about Ann, and her page say the same.
async fn ann_has_second_factor(admin: &Admin, path: &str, expected: bool) {
    assert_eq!(admin.get(path).await.json()["mfa_enabled"], expected);
    let listed = admin.get("/users?search=ann").await.has_status(200).json();
    assert_eq!(listed["users"][0]["mfa_enabled"], expected);
    for mfa in [true, false] {
        let found = admin.get(&format!("/users?search=ann&mfa={mfa}")).await.json();
        let found = found["users"].as_array().unwrap().len();
        assert_eq!(found, usize::from(mfa == expected), "{mfa}");
    }
    // Counts are up to a minute old. The other one is the administrator.
    admin.app.advance(61);
    let summary = admin.get("/summary").await.has_status(200).json();
    assert_eq!(summary["mfa_enabled"], 1 + u64::from(expected));
    let document = admin.get(&format!("{path}/export")).await.has_status(200).json();
    assert_eq!(document["mfa_enabled"], expected);
    let mut browser = browser_of(&admin.app, &admin.root.access).await;
    let page = browser.open(&page_of(path)).await;
    for part in ["Recovery codes left", "/reset-mfa"] {
        assert_eq!(page.has_status(200).text.contains(part), expected, "{part}");
    }
}

#[tokio::test]
async fn a_passkey_alone_is_a_second_factor_to_administrators_until_it_is_taken_off() {
    let admin = administered().await;
    let (_, path) = admin.user("ann").await;
    ann_has_second_factor(&admin, &path, false).await;
    let session = admin.app.session("ann@example.com").await;
    add_passkey(&admin, &session).await;
    ann_has_second_factor(&admin, &path, true).await;
    let user = admin.send("POST", &format!("{path}/reset-mfa")).await.has_status(200).json();
    assert_eq!(user["mfa_enabled"], false);
    ann_has_second_factor(&admin, &path, false).await;
}
