//! The language of the mails.

use mailparse::{MailHeaderMap as _, parse_mail};
use serde_json::json;

use crate::fixture::{self, Letter, Smtp, setup};
use crate::relay::Relay;
use usermgmt_test_support::{PASSWORD, Server};

async fn post(server: &Server, path: &str, language: &str, body: serde_json::Value) -> u16 {
    let request = server.request("POST", path).header("accept-language", language).json(&body);
    server.send(request).await.status
}

/// The next mail and its subject.
async fn next(mut smtp: Smtp) -> (Smtp, Letter, String) {
    let waiting = tokio::task::spawn_blocking(move || {
        let event = smtp.says("mail");
        let raw = event["mail"].as_str().unwrap();
        let mail = parse_mail(raw.as_bytes()).unwrap();
        let subject = mail.headers.get_first_value("Subject").unwrap();
        let letter = Letter::parse(raw);
        (smtp, letter, subject)
    });
    waiting.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_are_in_the_language_of_the_registration_from_then_on() {
    let mut smtp = Smtp::start("ok");
    let relay = Relay::to(smtp.port).await;
    let server = setup(&relay, fixture::PASSWORD, &[&smtp]).start().await;
    for (n, (accepted, confirmation, reset)) in [
        ("de-AT,de;q=0.9,en;q=0.5", "Bestätigen Sie Ihre Adresse", "Wählen Sie ein neues Passwort"),
        ("pl", "Potwierdź swój adres", "Wybierz nowe hasło"),
        ("xx-YY", "Confirm your address", "Choose a new password"),
    ]
    .into_iter()
    .enumerate()
    {
        let (name, email) = (format!("ada{n}"), format!("ada{n}@example.org"));
        let body = json!({ "username": name, "email": email, "password": PASSWORD });
        assert_eq!(post(&server, "/api/v1/register", accepted, body).await, 201);
        let (back, letter, subject) = next(smtp).await;
        assert!(subject.starts_with(confirmation), "{accepted}: {subject}");
        let confirm = server.request("POST", &letter.path("/confirm-email/"));
        assert_eq!(server.send(confirm).await.status, 200);

        // From elsewhere, or by a stranger.
        let body = json!({ "identifier": name });
        assert_eq!(post(&server, "/api/v1/password/forgot", "fr", body).await, 200);
        let (back, _, subject) = next(back).await;
        assert!(subject.starts_with(reset), "{accepted}: {subject}");
        smtp = back;
    }
}
