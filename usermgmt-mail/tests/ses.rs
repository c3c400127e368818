//! Amazon SES (API v2) against a stand-in that speaks it over HTTP.
//!
//! `USERMGMT_TEST_PYTHON` names a Python interpreter with moto[server].

#![expect(clippy::unwrap_used, reason = "a test's helpers, too, fail by panicking")]

mod hostile;

use std::time::Duration;

use hostile::{HOSTILE, addressed, assert_inert, hosted, named};
use mailparse::{MailHeaderMap as _, parse_mail};
use serde_json::{Value, json};
use usermgmt_core::mail::Mailer;
use usermgmt_core::model::identifier::Email;
use usermgmt_mail::{MailError, MailKind, MailSettings, Render as _, Templates, sample_message};
use usermgmt_test_support::{Helper, part};

struct Ses {
    process: Helper,
    port: u64,
}

impl Ses {
    fn start(mode: &str) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ses_server.py");
        let mut process = Helper::start([script, mode]);
        let port = process.event()["port"].as_u64().unwrap();
        Self { process, port }
    }

    fn settings(&self) -> MailSettings {
        let url = format!(
            "ses://AKIATEST:hunter2%2Fx@eu-west-1?endpoint=http://127.0.0.1:{}&configuration_set=mails",
            self.port
        );
        MailSettings::new(url, "Example <no-reply@example.com>")
    }

    async fn mailer(&self) -> std::sync::Arc<dyn Mailer> {
        self.settings().build().await.unwrap().mailer
    }

    fn stop(self) -> Vec<Value> {
        self.process.stop()
    }
}

/// What a mailer says of a failure: whether it may pass, and why.
fn failure(sent: Result<(), MailError>) -> (bool, String) {
    let (passes, why) = match sent.unwrap_err() {
        MailError::Temporary(why) => (true, why),
        MailError::Permanent(why) => (false, why),
        MailError::SetUp(why) => (true, format!("set-up: {why}")),
        MailError::Unconfirmed(why) => panic!("nothing was handed over: {why}"),
    };
    for secret in ["hunter2", "umt_", "ann@", "no-reply@"] {
        assert!(!why.contains(secret), "{why}");
    }
    (passes, why)
}

#[tokio::test]
async fn every_mail_arrives_as_it_was_composed() {
    let ses = Ses::start("ok");
    let mailer = ses.mailer().await;
    let templates = Templates::built_in().unwrap();
    let mut sent = Vec::new();
    for language in templates.languages() {
        for kind in MailKind::ALL {
            let message = sample_message(kind, language);
            mailer.send(&message).await.unwrap();
            sent.push(message);
        }
    }
    let events = ses.stop();
    let requests: Vec<_> = events.iter().filter(|e| e["request"].is_object()).collect();
    let mails: Vec<_> = events.iter().filter_map(|e| e["mail"].as_str()).collect();
    assert_eq!((requests.len(), mails.len()), (sent.len(), sent.len()));
    for request in requests {
        assert_eq!(request["path"], "/v2/email/outbound-emails");
        assert_eq!(request["key"], "AKIATEST");
        let request = &request["request"];
        assert_eq!(request["ConfigurationSetName"], "mails");
        assert_eq!(request["FromEmailAddress"], "no-reply@example.com");
        assert_eq!(request["Destination"], json!({"ToAddresses": ["ann@example.com"]}));
    }
    for (mail, message) in mails.iter().zip(&sent) {
        let parsed = parse_mail(mail.as_bytes()).unwrap();
        let header = |name: &str| parsed.headers.get_first_value(name).unwrap();
        let rendered = templates.render(message).unwrap();
        assert_eq!(header("From"), "Example <no-reply@example.com>");
        assert_eq!(header("To"), "ann@example.com");
        assert_eq!(header("Subject"), rendered.subject);
        assert_eq!(header("X-Usermgmt-Mail-Id"), message.id.as_str());
        assert_eq!(header("Auto-Submitted"), "auto-generated");
        assert_eq!(header("X-Auto-Response-Suppress"), "All");
        assert_eq!(part(&parsed, "text/plain"), rendered.text);
        assert_eq!(part(&parsed, "text/html"), rendered.html);
    }
}

#[tokio::test]
async fn a_throttled_mail_is_sent_at_the_next_try() {
    let ses = Ses::start("throttle");
    let mailer = ses.mailer().await;
    let message = sample_message(MailKind::PasswordReset, "en");
    let (passes, why) = failure(mailer.send(&message).await);
    assert!(passes && why.contains("TooManyRequests"), "{why}");
    mailer.send(&message).await.unwrap();
    let events = ses.stop();
    // One request a try: it is the outbox that retries.
    assert_eq!(events.iter().filter(|e| e["request"].is_object()).count(), 2);
    assert_eq!(events.iter().filter(|e| e["mail"].is_string()).count(), 1);
}

#[tokio::test]
async fn only_what_is_wrong_with_the_mail_itself_is_permanent() {
    for (mode, may_pass, set_up) in [
        ("rejected", false, false),
        ("bad_address", false, false),
        ("unverified", true, true),
        ("quota", true, false),
        ("paused", true, true),
        ("forbidden", true, true),
        ("broken", true, false),
    ] {
        let ses = Ses::start(mode);
        let message = sample_message(MailKind::PasswordReset, "en");
        let (passes, why) = failure(ses.mailer().await.send(&message).await);
        assert_eq!(passes, may_pass, "{mode}: {why}");
        let why = why.strip_prefix("set-up: ").filter(|_| set_up).unwrap_or(&why);
        assert!(why.starts_with("SES: "), "{mode}: {why}");
    }
}

#[tokio::test]
async fn a_service_that_never_answers_is_given_up_and_may_have_taken_the_mail() {
    let ses = Ses::start("silent");
    let settings = MailSettings { timeout: Duration::from_millis(1500), ..ses.settings() };
    let mailer = settings.build().await.unwrap().mailer;
    let message = sample_message(MailKind::PasswordReset, "en");
    let lost = mailer.send(&message).await.unwrap_err();
    assert!(matches!(lost, MailError::Unconfirmed(_)), "{lost}");
}

#[tokio::test]
async fn only_ascii_stands_before_the_at_of_an_address_that_ses_reaches() {
    let ses = Ses::start("ok");
    let mailer = ses.mailer().await;
    for (address, reached) in [("ann@bücher.example", true), ("josé@example.com", false)] {
        let address = Email::parse(address).unwrap();
        assert_eq!(mailer.check_reach(&address).await.is_ok(), reached, "{address}");
    }
}

#[tokio::test]
async fn a_service_that_is_not_there_is_temporary() {
    let ses = Ses::start("ok");
    let mailer = ses.mailer().await;
    ses.stop();
    let message = sample_message(MailKind::PasswordReset, "en");
    assert!(failure(mailer.send(&message).await).0);
}

#[tokio::test]
async fn nothing_that_was_typed_is_a_header_or_a_recipient() {
    let ses = Ses::start("ok");
    let mailer = ses.mailer().await;
    let mut sent = Vec::new();
    for typed in HOSTILE {
        for message in [named(typed), hosted(typed)].into_iter().chain(addressed(typed)) {
            match mailer.send(&message).await {
                Ok(()) => sent.push(message),
                Err(error) => assert!(matches!(error, MailError::Permanent(_)), "{error}"),
            }
        }
    }
    assert_eq!(sent.len(), 2 * HOSTILE.len() + 1);
    let events = ses.stop();
    let requests = events.iter().filter(|event| event["request"].is_object());
    let mails: Vec<&str> = events.iter().filter_map(|event| event["mail"].as_str()).collect();
    assert_eq!(mails.len(), sent.len());
    for ((request, mail), message) in requests.zip(mails).zip(sent) {
        let to = message.recipient.as_str();
        assert_eq!(request["request"]["Destination"], json!({ "ToAddresses": [to] }));
        assert_inert(mail, to);
    }
}

#[tokio::test]
async fn the_account_and_the_sender_are_looked_at_without_sending() {
    for mode in ["ok", "domain"] {
        let ses = Ses::start(mode);
        assert_eq!(ses.mailer().await.check().await, Ok(vec![]), "{mode}");
        assert!(ses.stop().iter().all(|event| event["mail"].is_null()), "{mode}");
    }
    for (mode, said) in [
        ("sandbox", "ask AWS for production access"),
        ("only_sending", "allow ses:GetEmailIdentity"),
    ] {
        let ses = Ses::start(mode);
        let limits = ses.mailer().await.check().await.unwrap();
        assert!(limits.len() == 1 && limits[0].contains(said), "{mode}: {limits:?}");
    }
    for (mode, said) in [
        ("off", "its status is SHUTDOWN"),
        ("nobody", "verify one of them in SES"),
        ("waiting", "verify one of them in SES"),
        ("forbidden", "InvalidSignatureException"),
        ("broken", "InternalFailure"),
    ] {
        let ses = Ses::start(mode);
        let (_, why) = failure(ses.mailer().await.check().await.map(drop));
        assert!(why.contains(said), "{mode}: {why}");
        assert_eq!(why.starts_with("set-up: "), mode != "broken", "{mode}: {why}");
    }
}
