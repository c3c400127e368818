//! The pictures of the documentation: made here, from the pages as they are.

use std::path::Path;

use usermgmt_test_support::{Setup, registered};

use crate::admin::administered_as;
use crate::crowd;

/// Whom the list shows.
const PEOPLE: [(&str, &str); 7] = [
    ("Grace", "Hopper"),
    ("Alan", "Turing"),
    ("Katherine", "Johnson"),
    ("Edsger", "Dijkstra"),
    ("Barbara", "Liskov"),
    ("Tony", "Hoare"),
    ("Frances", "Allen"),
];

/// With `UPDATE_SCREENSHOTS` the picture is written; else it has to be there.
fn keep(name: &str, png: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/images");
    let file = folder.join(name);
    if std::env::var_os("UPDATE_SCREENSHOTS").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(&file, png).unwrap();
    }
    let there = std::fs::read(&file).unwrap_or_default();
    assert!(
        there.starts_with(b"\x89PNG"),
        "docs/images/{name} is not there: run with UPDATE_SCREENSHOTS=1"
    );
}

#[tokio::test]
async fn the_documentation_shows_the_sign_in_and_the_users() {
    let (server, browser) =
        administered_as(Setup::new().var("USERMGMT_PRODUCT_NAME", "Acme")).await;
    crowd::fill(&server, 1_000).await;
    for (n, (first, last)) in (994..).zip(PEOPLE) {
        crowd::call(&server, n, first, last).await;
    }
    registered(&server, "ada", "ada@example.org").await;
    let users = format!("{}/web3m-admin/users", server.base);
    keep("admin-users.png", &browser.shot(&users, 1060, 660).await);

    browser.driver.delete_all_cookies().await.unwrap();
    let sign_in = format!("{}/account/sign-in", server.base);
    keep("sign-in.png", &browser.shot(&sign_in, 720, 600).await);
    browser.quit().await;
}
