//! What strangers type into the API, on its way into mails.

use mailparse::parse_mail;
use serde_json::json;

use crate::fixture::{self, Smtp, setup};
use crate::relay::Relay;
use usermgmt_test_support::PASSWORD;
use usermgmt_test_support::part;

#[tokio::test(flavor = "multi_thread")]
async fn names_addresses_and_hosts_of_strangers_add_nothing_to_a_mail() {
    let smtp = Smtp::start("ok");
    let relay = Relay::to(smtp.port).await;
    let server = setup(&relay, fixture::PASSWORD, &[&smtp]).start().await;
    let register = async |username: &str, email: &str| {
        let request = server
            .request("POST", "/api/v1/register")
            .header("host", "evil.example")
            .header("x-forwarded-host", "evil.example")
            .header("forwarded", "host=evil.example")
            .header("origin", "https://evil.example")
            .json(&json!({ "username": username, "email": email, "password": PASSWORD }));
        server.send(request).await.status
    };
    for email in [
        "ada@example.org\r\nBcc: eve@evil.example",
        "ada@example.org,eve@evil.example",
        "ada@example.org, Bcc: eve@evil.example",
        "Bcc: eve@evil.example",
        "<a href=https://evil.example>@example.org",
        "ada@{{7*7}}.example.org",
        "ada@<a href=https://evil.example>",
        "\"ada,eve\"@example.org",
    ] {
        assert_eq!(register("ada", email).await, 400, "{email}");
    }
    let names = [
        "eve, victim",
        "Bcc: victim",
        "{{7*7}}",
        "<a href=x>click</a>",
        "https://evil.example/login",
        "\"><script>alert(1)",
    ];
    for (n, name) in names.into_iter().enumerate() {
        assert_eq!(register(name, &format!("ada{n}@example.org")).await, 201, "{name}");
    }
    assert_eq!(register("eve\r\nBcc: victim", "ada@example.org").await, 400);
    // An odd address, and one all the same.
    assert_eq!(register("bob", "{{7*7}}@example.org").await, 201);

    let mut smtp = smtp;
    let letters = tokio::task::spawn_blocking(move || {
        let letters: Vec<_> = (0..=names.len()).map(|_| smtp.says("mail")).collect();
        assert_eq!(smtp.stop().len(), 0);
        letters
    });
    for event in letters.await.unwrap() {
        let raw = event["mail"].as_str().unwrap();
        let letter = fixture::Letter::parse(raw);
        assert_eq!(event["to"], json!([letter.to]), "one recipient");
        assert!(letter.to.ends_with("@example.org"), "{raw}");
        let mail = parse_mail(raw.as_bytes()).unwrap();
        // An id is random, and may have any letters.
        let written = mail.headers.iter().filter(|header| header.get_key() != "Message-ID");
        for header in written {
            let line = format!("{}: {}", header.get_key(), header.get_value()).to_lowercase();
            for word in ["bcc", "victim", "evil"] {
                assert!(!line.contains(word), "{line}");
            }
        }
        let (text, html) = (&letter.text, part(&mail, "text/html"));
        assert!(!text.contains("evil.example") && !html.contains("evil.example"), "{text}");
        assert!(!text.lines().any(|line| line.starts_with("Bcc")), "{text}");
        assert!(!text.starts_with("Hello 49"), "{text}");
        assert!(!html.contains("<script") && !html.contains("<a href=x"), "{html}");
        assert!(letter.path("/confirm-email/").starts_with("/confirm-email/umt_"));
    }
}
