//! The development mailbox over HTTP.

use serde_json::json;
use usermgmt_test_support::{Server, Setup};

async fn with_a_mail(setup: Setup) -> Server {
    let server = setup.start().await;
    let body = json!({
        "username": "ada",
        "email": "ada@example.org",
        "password": "analytical engine no. 1",
    });
    assert_eq!(server.post("/api/v1/register", body).await.status, 201);
    server.mail_to("ada@example.org").await;
    server
}

#[tokio::test]
async fn mails_are_listed_and_shown_with_their_links() {
    let server = with_a_mail(Setup::new()).await;
    let list = server.get("/dev/mail").await;
    assert_eq!(list.status, 200);
    assert!(list.text.contains("ada@example.org"), "{}", list.text);
    let start = list.text.find("/dev/mail/").unwrap();
    let path: String = list.text[start..].chars().take_while(|c| *c != '"').collect();
    let shown = server.get(&path).await;
    assert_eq!(shown.status, 200);
    let link = server.mails()[0].link("/confirm-email/");
    assert!(shown.text.contains(&format!("<a href=\"{link}\">")));
    assert!(shown.text.contains("sandbox="));
    let policy = shown.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert_eq!(shown.header("cache-control"), Some("no-store"));
    assert_eq!(server.get("/dev/mail/").await.status, 200);
}

#[tokio::test]
async fn it_is_found_under_the_path_of_the_public_url_too() {
    let setup = Setup::new().var("USERMGMT_PUBLIC_URL", "http://localhost:8080/auth");
    let server = with_a_mail(setup).await;
    let front = server.request("GET", "/auth/").header("accept", "text/html");
    let front = server.send(front).await;
    assert!(front.text.contains("href=\"/auth/dev/mail\""), "{}", front.text);
    for list in ["/auth/dev/mail", "/dev/mail"] {
        let list = server.get(list).await;
        let start = list.text.find("/auth/dev/mail/").unwrap();
        let path: String = list.text[start..].chars().take_while(|c| *c != '"').collect();
        let shown = server.get(&path).await;
        assert_eq!(shown.status, 200);
        assert!(shown.text.contains("href=\"/auth/dev/mail\""), "{}", shown.text);
    }
}

#[tokio::test]
async fn nobody_beyond_this_machine_finds_it() {
    let server = with_a_mail(Setup::new()).await;
    let missing = server.get("/no/such/path").await;
    assert_eq!(missing.status, 404);
    for (name, value) in [
        ("host", "evil.example"),
        ("host", "localhost.evil.example"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-host", "localhost"),
        ("forwarded", "for=127.0.0.1"),
        ("x-real-ip", "127.0.0.1"),
        ("via", "1.1 proxy"),
    ] {
        for path in ["/dev/mail", "/dev/mail/", "/dev/mail/x"] {
            let reply = server.send(server.request("GET", path).header(name, value)).await;
            assert_eq!(reply.status, 404, "{name}: {value} on {path}");
            assert_eq!(reply.json(), missing.json());
        }
    }
    let local = server.request("GET", "/dev/mail").header("host", "localhost");
    assert_eq!(server.send(local).await.status, 200);
}

#[tokio::test]
async fn a_mail_that_is_not_there_is_not_found() {
    let server = Server::start().await;
    for path in [
        "/dev/mail/01890a5d-ac96-774b-bcce-b302099a8057",
        "/dev/mail/..%2fsecret",
        "/dev/mail/%2e%2e%2fsecret",
    ] {
        assert_eq!(server.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn errors_have_the_security_headers_too() {
    let server = Server::start().await;
    let get = |path: &str| server.request("GET", path);
    let folder = server.data_dir().join("mail");
    let mut replies = vec![
        (404, server.send(get("/dev/mail/none")).await),
        (404, server.send(get("/dev/mail").header("host", "evil.example")).await),
        (404, server.send(server.request("POST", "/dev/mail")).await),
        (400, server.send(get("/dev/mail/%ff")).await),
    ];
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::write(&folder, "no folder").unwrap();
    replies.push((500, server.get("/dev/mail").await));
    for (status, reply) in replies {
        assert_eq!(reply.status, status, "{reply:?}");
        for (name, value) in [
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{reply:?}");
        }
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{reply:?}");
    }
}

#[tokio::test]
async fn another_mailer_has_no_mailbox() {
    let server = Setup::new().var("USERMGMT_MAIL__URL", "console:").start().await;
    assert_eq!(server.get("/dev/mail").await.status, 404);
}
