//! Lists: searched, filtered, sorted, paged.

use super::{ROOT, desk, page_of};
use crate::admin::Admin;
use usermgmt_core::flows::Invite;
use usermgmt_core::{Email, Role, Username};

use crate::harness::operator;

/// Invites that many people, of whom the first is called person-000.
async fn people(admin: &Admin, count: usize) {
    for number in 0..count {
        let name = format!("person-{number:03}");
        let invite = Invite {
            username: Username::parse(&name, 64).unwrap(),
            email: Email::parse(&format!("{name}@example.com")).unwrap(),
            role: Role::User,
            first_name: None,
            last_name: None,
            gender: None,
            locale: None,
            password: None,
            mail: false,
            life: std::time::Duration::from_secs(60),
        };
        admin.app.auth.invite(&operator(), &invite).await.unwrap();
    }
}

/// The usernames that a page shows, in their order.
fn names(page: &str) -> Vec<String> {
    let rows = page.split("<th scope=\"row\">").skip(1);
    rows.map(|row| row.split('>').nth(1).unwrap().split('<').next().unwrap().to_owned()).collect()
}

fn link(page: &str, rel: &str) -> Option<String> {
    let before = page.split(&format!(" rel=\"{rel}\"")).next().filter(|rest| *rest != page)?;
    let href = before.rsplit("href=\"").next()?.split('"').next()?;
    Some(href.replace("&amp;", "&"))
}

#[tokio::test]
async fn users_are_paged_both_ways_and_keep_what_was_asked() {
    let admin = Admin::new().await;
    people(&admin, 60).await;
    let mut browser = desk(&admin).await;
    let first = browser.open(&page_of("/users?search=person&sort=username&order=asc")).await;
    let shown = names(&first.has_status(200).text);
    assert_eq!((shown.len(), shown[0].as_str()), (50, "person-000"));
    assert_eq!(link(&first.text, "prev"), None);
    let next = link(&first.text, "next").unwrap();
    let second = browser.open(&next).await;
    let rest = names(&second.has_status(200).text);
    assert_eq!((rest.len(), rest[0].as_str()), (10, "person-050"));
    assert_eq!(link(&second.text, "next"), None);
    let back = browser.open(&link(&second.text, "prev").unwrap()).await;
    assert_eq!(names(&back.has_status(200).text), shown);
}

/// Each is matched by username and address, so that 501 are more than 1,000 matches.
#[tokio::test]
async fn a_sort_that_was_not_applied_is_not_shown() {
    let admin = Admin::new().await;
    people(&admin, 500).await;
    let mut browser = desk(&admin).await;
    let asked = page_of("/users?search=person&sort=created&order=asc");
    let sorted = browser.open(&asked).await.has_status(200).text.clone();
    assert!(sorted.contains("aria-sort=\"ascending\"") && sorted.contains('↑'));
    assert!(!sorted.contains("Not sorted"));
    let api = "/users?search=person&sort=created&order=asc&limit=200";
    assert_eq!(admin.get(api).await.has_status(200).json().get("sorted"), None);

    admin.user("person-more").await;
    let first = browser.open(&asked).await;
    let last = browser.open(&link(&first.text, "next").unwrap()).await;
    let back = browser.open(&link(&last.text, "prev").unwrap()).await;
    for page in [first, last, back] {
        let text = &page.has_status(200).text;
        assert!(!text.contains("aria-sort") && !text.contains('↑') && !text.contains('↓'));
        assert!(text.contains("Not sorted: more than 1000 names match."), "{text}");
    }
    let mut cursor = String::new();
    for _ in 0..3 {
        let page = admin.get(&format!("{api}{cursor}")).await.has_status(200).json();
        assert_eq!(page["sorted"], false, "{page}");
        cursor = format!("&cursor={}", page["next"].as_str().unwrap_or_default());
    }
    assert_eq!(cursor, "&cursor=", "that was the last page");
}

/// Narrow screens have no headings to sort by.
#[tokio::test]
async fn the_form_of_a_search_has_the_sort_too() {
    let admin = Admin::new().await;
    people(&admin, 2).await;
    let mut browser = desk(&admin).await;
    let plain = browser.open(&page_of("/users")).await;
    for part in ["<select id=\"sort\" name=\"sort\">", "<option value=\"\" selected>Registration<"]
    {
        assert!(plain.has_status(200).text.contains(part), "{part}: {}", plain.text);
    }
    let sent = "/users?search=&confirmed=&role=user&sort=email&order=desc";
    let sorted = browser.open(&page_of(sent)).await;
    assert_eq!(names(&sorted.has_status(200).text), ["person-001", "person-000"]);
    for part in ["<option value=\"email\" selected>", "<option value=\"desc\" selected>"] {
        assert!(sorted.text.contains(part), "{part}: {}", sorted.text);
    }
}

#[tokio::test]
async fn users_are_found_by_search_and_filters() {
    let admin = Admin::new().await;
    admin.user("ann").await;
    people(&admin, 2).await;
    let mut browser = desk(&admin).await;
    for (query, expected) in [
        ("search=ANN", vec!["ann"]),
        ("confirmed=false&sort=username", vec!["person-000", "person-001"]),
        ("role=admin", vec!["root"]),
        ("mfa=true", vec!["root"]),
        ("disabled=true", vec![]),
        ("created_from=2099-01-01", vec![]),
        ("search=nobody", vec![]),
    ] {
        let page = browser.open(&page_of(&format!("/users?{query}"))).await;
        assert_eq!(names(&page.has_status(200).text), expected, "{query}");
        assert_eq!(page.text.contains("class=\"empty\""), expected.is_empty(), "{query}");
    }
}

#[tokio::test]
async fn a_bad_cursor_or_date_is_said() {
    let admin = Admin::new().await;
    let mut browser = desk(&admin).await;
    for page in [
        "/users?cursor=x",
        "/users?created_from=yesterday",
        "/audit?cursor=x",
        "/audit?to=soon",
        "/audit?user=no+id",
        "/mail?cursor=x",
    ] {
        let reply = browser.open(&page_of(page)).await;
        assert!(reply.has_status(400).text.contains("role=\"alert\""), "{page}");
    }
}

#[tokio::test]
async fn the_audit_log_is_filtered() {
    let admin = Admin::new().await;
    let (ann, path) = admin.user("ann").await;
    admin.send("POST", &format!("{path}/disable")).await.has_status(200);
    let mut browser = desk(&admin).await;
    let query = format!("/audit?user={}&action=user.disabled", ann.user_id);
    let page = browser.open(&page_of(&query)).await;
    let text = &page.has_status(200).text;
    assert_eq!(text.matches("<code>user.disabled</code>").count(), 1);
    assert!(!text.contains("user.registered"));
    assert!(text.contains(&format!("href=\"{ROOT}/users/{}\"", admin.root.user_id)));
}

#[tokio::test]
async fn the_overview_counts_and_draws_two_weeks() {
    let admin = Admin::new().await;
    admin.user("ann").await;
    let mut browser = desk(&admin).await;
    let page = browser.open(&page_of("/")).await;
    let text = &page.has_status(200).text;
    assert_eq!(text.matches("<svg").count(), 2);
    assert_eq!(text.matches("<rect").count(), 28);
    assert!(text.contains("aria-label=\"Registrations: 2 in all"), "{text}");
    assert!(text.contains("/web3m-admin/users?confirmed=false"));
}

#[tokio::test]
async fn a_users_page_shows_sessions_and_what_happened() {
    let admin = Admin::new().await;
    let (ann, path) = admin.user("ann").await;
    let mut browser = desk(&admin).await;
    let page = browser.open(&page_of(&path)).await;
    let text = &page.has_status(200).text;
    for shown in ["203.0.113.7", "session.opened", "ann@example.com", ann.user_id.as_str()] {
        assert!(text.contains(shown), "{shown}");
    }
    let export = browser.open(&page_of(&format!("{path}/export"))).await;
    assert_eq!(export.has_status(200).json()["id"], ann.user_id.as_str());
    assert!(export.header("content-disposition").unwrap().starts_with("attachment"));
}
