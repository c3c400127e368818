//! An administrator's work in the browser.

use usermgmt_test_support::{PASSWORD, Server, Setup, registered};

use crate::chrome::{Chrome, LANGUAGES};
use crate::crowd;

const ROOT: &str = "root@example.org";
/// A name that would run where a page took it for more than text.
const HOSTILE: &str = "<script>document.title='run'</script>";

async fn administered() -> (Server, Chrome) {
    administered_as(Setup::new()).await
}

/// A browser in which the administrator of a server of this setup is signed in.
pub(crate) async fn administered_as(setup: Setup) -> (Server, Chrome) {
    let server = setup.start().await;
    let mut command = server.setup().command();
    command.args(["admin", "create", "--username", "root", "--email", ROOT, "--link"]);
    let link = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let link = format!("{}{}", server.base, &link[link.find("/reset-password").unwrap()..]);
    let browser = Chrome::start().await;
    browser.open(link.trim()).await;
    browser.fill("", &[("new_password", PASSWORD)]).await;
    browser.submit("").await;
    browser.open(&format!("{}/admin", server.base)).await;
    browser.fill("/sign-in", &[("identifier", ROOT), ("password", PASSWORD)]).await;
    browser.submit("/sign-in").await;
    (server, browser)
}

#[tokio::test]
async fn a_user_is_found_and_disabled_within_a_few_clicks() {
    let (server, browser) = administered().await;
    let ada = registered(&server, "ada", "ada@example.org").await;
    registered(&server, "bob", "bob@example.org").await;
    // Typing loads the list anew by itself, at a moment that a driver cannot know.
    browser.open(&format!("{}/web3m-admin/users?search=ada", server.base)).await;
    browser.reads("ada@example.org").await;
    assert!(!browser.text().await.contains("bob@example.org"));
    browser.press("ada").await;
    browser.press("Disable…").await;
    browser.submit("/disable").await;
    let token = ada.field("access_token");
    assert_eq!(server.get_as(&token, "/api/v1/protected").await.status, 401);
    browser.quit().await;
}

#[tokio::test]
async fn the_administrators_work_among_a_hundred_thousand_users() {
    let (server, browser) = administered().await;
    crowd::fill(&server, 100_000).await;
    crowd::call(&server, 77_777, "Zoe", "Quill").await;
    let users = format!("{}/web3m-admin/users", server.base);
    browser.open(&users).await;
    browser.reads("person-100000").await;

    // What is typed is looked for without a button, and typing goes on meanwhile.
    browser.type_into("#search", "zo").await;
    browser.comes("search=zo").await;
    assert_eq!(browser.focused().await, ("search".to_owned(), "zo".to_owned()));
    browser.type_into("#search", "e q").await;
    browser.comes("search=zoe").await;
    browser.reads("person-077777").await;
    assert!(!browser.text().await.contains("person-100000"));

    browser.open(&format!("{users}?sort=username&order=asc")).await;
    browser.reads("person-000001").await;
    browser.click("a[rel=next]").await;
    browser.reads("person-000051").await;
    browser.click("a[rel=prev]").await;
    browser.reads("person-000001").await;

    browser.open_up("input[data-all=ids]").await;
    browser.press("Continue").await;
    browser.reads("Users chosen: 50").await;
    // The administrator of the first start is the first by name.
    browser.reads("person-000049@example.org").await;
    browser.submit("/users/bulk").await;
    browser.open(&format!("{users}?disabled=true&sort=username&order=asc")).await;
    assert_eq!(browser.texts_of("tbody tr").await.len(), 50);
    browser.reads("person-000049").await;
    browser.quit().await;
}

#[tokio::test]
async fn the_admin_looks_right() {
    let (server, browser) = administered().await;
    let ada = registered(&server, "maximiliane", "maximiliane.von-und-zu@example.org").await;
    let token = ada.field("access_token");
    let name = serde_json::json!({"first_name": "Maximiliane", "last_name": HOSTILE});
    let named = server.call("PUT", "/api/v1/users", &token, name).await;
    assert_eq!(named.status, 200, "{named:?}");
    browser.open(&format!("{}/web3m-admin/users", server.base)).await;
    browser.press("maximiliane").await;
    let user = browser.driver.current_url().await.unwrap();
    let user = user.path().strip_prefix("/web3m-admin").unwrap();
    for language in LANGUAGES {
        browser.speaks(language).await;
        for (name, path) in [
            ("dashboard", "/"),
            ("users", "/users"),
            ("nobody", "/users?search=nobody"),
            ("invite", "/users/new"),
            ("user", user),
            ("audit", "/audit"),
            ("mail", "/mail"),
            ("service-keys", "/service-keys"),
        ] {
            browser.open(&format!("{}/web3m-admin{path}", server.base)).await;
            browser.looks_right_in(language, &format!("admin-{name}")).await;
            assert!(!browser.driver.title().await.unwrap().contains("run"));
        }
    }
    browser.quit().await;
}
