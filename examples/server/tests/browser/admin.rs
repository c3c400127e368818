//! An administrator's work in the browser.

use serde_json::json;
use usermgmt_test_support::{PASSWORD, Server, Setup, registered};

use crate::chrome::{Chrome, LANGUAGES};
use crate::crowd;

/// What pages that follow on a form are looked at in: the third language's texts are
/// looked at where pages are opened.
const TWO: [&str; 2] = [LANGUAGES[0], LANGUAGES[1]];

/// Long enough to stick out.
const LONG: &str = "maximiliane.mustermann-von-und-zu-hohenstein@mail.accounts.example.org";
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

/// Signs an administrator's browser in again, as somebody else.
async fn becomes(browser: &Chrome, server: &Server, name: &str) {
    browser.driver.delete_all_cookies().await.unwrap();
    browser.open(&format!("{}/web3m-admin/sign-in", server.base)).await;
    browser.fill("/sign-in", &[("identifier", name), ("password", PASSWORD)]).await;
    browser.submit("/sign-in").await;
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
async fn what_was_typed_before_somebody_went_elsewhere_does_not_come_back() {
    let (server, browser) = administered().await;
    registered(&server, "bob", "bob@example.org").await;
    let users = format!("{}/web3m-admin/users", server.base);
    browser.open(&users).await;
    let leave = "const field = document.querySelector('#search');
        field.value = 'nobody';
        field.dispatchEvent(new Event('input'));
        location.assign('/web3m-admin/audit');";
    browser.driver.execute(leave, vec![]).await.unwrap();
    browser.comes("/audit").await;
    browser.open(&users).await;
    browser.reads("bob@example.org").await;
    let typed = "return document.querySelector('#search').value;";
    let typed = browser.driver.execute(typed, vec![]).await.unwrap();
    assert_eq!(typed.json(), &json!(""));
    browser.quit().await;
}

#[tokio::test]
async fn the_admin_looks_right() {
    let (server, browser) = administered().await;
    let ada = registered(&server, "maximiliane", "maximiliane.von-und-zu@example.org").await;
    let token = ada.field("access_token");
    let name = json!({"first_name": "Maximiliane", "last_name": HOSTILE});
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

#[tokio::test]
async fn what_an_administrator_is_asked_and_told_looks_right() {
    let (server, browser) = administered().await;
    registered(&server, "maximiliane", LONG).await;
    crowd::fill(&server, 120).await;
    let page = |path: &str| format!("{}/web3m-admin{path}", server.base);
    for language in TWO {
        browser.speaks(language).await;
        browser.open(&page("/users?sort=username&order=asc")).await;
        browser.click("a[rel=next]").await;
        browser.looks_right_in(language, "admin-users-paged").await;

        browser.open(&page("/users?search=maximiliane")).await;
        browser.press("maximiliane").await;
        let wrong = [("username", "a"), ("email", "nowhere"), ("locale", "no language")];
        let edit = browser.driver.current_url().await.unwrap().path().to_owned();
        browser.fill(&edit, &wrong).await;
        browser.submit(&edit).await;
        browser.looks_right_in(language, "admin-user-refused").await;
        browser.click("a[href$='/delete']").await;
        browser.looks_right_in(language, "admin-question").await;

        // The last administrator is among them, and cannot be disabled.
        browser.open(&page("/users?confirmed=true&sort=created&order=desc")).await;
        browser.open_up("input[data-all=ids]").await;
        browser.submit("/users/bulk").await;
        browser.looks_right_in(language, "admin-bulk-question").await;
        browser.submit("/users/bulk").await;
        browser.looks_right_in(language, "admin-bulk-report").await;

        browser.open(&page("/service-keys")).await;
        let name = format!("The shop in the old town of Hohenstein ({language})");
        browser.fill("/service-keys", &[("name", &name)]).await;
        browser.submit("/service-keys").await;
        browser.looks_right_in(language, "admin-service-key-once").await;
        browser.click(".card a.button").await;
        browser.looks_right_in(language, "admin-service-keys-listed").await;
    }
    browser.quit().await;
}

#[tokio::test]
async fn mail_that_was_given_up_and_signing_in_again_look_right() {
    let (server, browser) = administered().await;
    let long = registered(&server, "maximiliane", LONG).await.field("user_id");
    crowd::give_up(&server, LONG).await;
    let page = |path: &str| format!("{}/web3m-admin{path}", server.base);
    for language in TWO {
        browser.speaks(language).await;
        browser.open(&page("/mail")).await;
        browser.reads(LONG).await;
        browser.looks_right_in(language, "admin-mail-given-up").await;
        browser.click("a[href$='/drop']").await;
        browser.looks_right_in(language, "admin-mail-question").await;
    }
    crowd::age(&server).await;
    for language in TWO {
        browser.speaks(language).await;
        browser.open(&page(&format!("/users/{long}/disable"))).await;
        browser.submit("/disable").await;
        browser.looks_right_in(language, "admin-again").await;
        browser.fill("/disable", &[("again_password", "not it at all")]).await;
        browser.submit("/disable").await;
        browser.looks_right_in(language, "admin-again-refused").await;
    }
    browser.quit().await;
}

#[tokio::test]
async fn the_way_into_the_admin_looks_right() {
    let (server, browser) = administered().await;
    registered(&server, "maximiliane", LONG).await;
    turns_factor_on(&server).await;
    for language in TWO {
        browser.speaks(language).await;
        becomes(&browser, &server, ROOT).await;
        browser.looks_right_in(language, "admin-sign-in-code").await;
        browser.click("ul.links a").await;
        browser.looks_right_in(language, "admin-sign-in").await;
        becomes(&browser, &server, LONG).await;
        browser.looks_right_in(language, "admin-no-administrator").await;
    }
    browser.quit().await;
}

/// The administrator turns the second factor on, elsewhere.
async fn turns_factor_on(server: &Server) {
    let root = json!({ "email": ROOT, "password": PASSWORD });
    let token = server.post("/api/v1/signin", root).await.field("access_token");
    let enrolled = server.call("POST", "/api/v1/mfa/totp", &token, json!({})).await;
    let uri = enrolled.field("provisioning_uri");
    let code = totp_rs::Totp::from_url(&uri).unwrap().generate_current().to_string();
    let code = json!({ "code": code });
    let confirmed = server.call("POST", "/api/v1/mfa/totp/confirm", &token, code).await;
    assert_eq!(confirmed.status, 200, "{confirmed:?}");
}

#[tokio::test]
async fn what_an_administrator_without_a_second_factor_is_told_looks_right() {
    let setup = Setup::new().var("USERMGMT_ADMIN__REQUIRE_MFA", "true");
    let (server, browser) = administered_as(setup).await;
    for name in ["admin-factor-missing", "admin-factor-unused"] {
        for language in TWO {
            browser.speaks(language).await;
            browser.open(&format!("{}/web3m-admin/users", server.base)).await;
            browser.reads(ROOT).await;
            browser.looks_right_in(language, name).await;
        }
        if name == "admin-factor-missing" {
            turns_factor_on(&server).await;
        }
    }
    browser.quit().await;
}

#[tokio::test]
async fn on_a_phone_the_list_is_sorted_and_chosen_whole() {
    let (server, browser) = administered().await;
    crowd::fill(&server, 2).await;
    browser.has_width(360).await;
    browser.open(&format!("{}/web3m-admin/users", server.base)).await;
    browser.open_up("summary").await;
    browser.open_up("#sort option[value=username]").await;
    browser.open_up("#order option[value=desc]").await;
    browser.submit("/users").await;
    let names = browser.texts_of("tbody th a").await;
    assert_eq!(names, ["root", "person-000002", "person-000001", "administrator"]);
    browser.reads("Choose all on this page").await;
    browser.open_up("input[data-all=ids]").await;
    browser.press("Continue").await;
    browser.reads("Users chosen: 4").await;
    browser.quit().await;
}
