//! SMTP against a server process that speaks it: with STARTTLS and AUTH, and
//! with every fault that a server may have.
//!
//! `USERMGMT_TEST_PYTHON` names a Python interpreter with aiosmtpd and cryptography.

#![expect(clippy::unwrap_used, reason = "a test's helpers, too, fail by panicking")]

mod hostile;

use std::time::Duration;

use hostile::{HOSTILE, addressed, assert_inert, hosted, named};
use mailparse::{MailHeaderMap as _, parse_mail};
use serde_json::Value;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::identifier::Email;
use usermgmt_core::model::ids::MailId;
use usermgmt_core::rng::OsRng;
use usermgmt_mail::{
    MailError, MailKind, MailSettings, Message, Outgoing, Render as _, Templates, sample_message,
};
use usermgmt_test_support::{Helper, part};

const PASSWORD: &str = "hunter2%20%2F%3F%23";

struct Server {
    process: Helper,
    folder: tempfile::TempDir,
    port: u64,
}

impl Server {
    fn start(mode: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/smtp_server.py");
        let mut process = Helper::start([script, mode, folder.path().to_str().unwrap()]);
        let port = process.event()["port"].as_u64().unwrap();
        Self { process, folder, port }
    }

    fn settings(&self, url: &str) -> MailSettings {
        let url = url.replace("{port}", &self.port.to_string());
        let settings = MailSettings::new(url, "Example <no-reply@example.com>");
        MailSettings { ca_file: Some(self.folder.path().join("ca.pem")), ..settings }
    }

    async fn mailer(&self) -> Outgoing {
        let url = format!("smtp://mailer%40example.com:{PASSWORD}@127.0.0.1:{{port}}");
        self.settings(&url).build().await.unwrap()
    }

    /// Ends the server: what it had seen in clear, and the mails it accepted.
    fn stop(self) -> (String, Vec<Value>) {
        let events = self.process.stop();
        let raw = events.iter().filter_map(|e| e["raw"].as_str()).collect();
        let mails = events.into_iter().filter(|e| e["mail"].is_string());
        (raw, mails.collect())
    }
}

fn message(kind: MailKind) -> Message {
    let mut message = sample_message(kind, "en");
    message.id = MailId::generate(Timestamp::from_millis(1_769_846_400_000), &OsRng);
    message
}

/// What a mailer says of a failure: whether it may pass, and why.
fn failure(sent: Result<(), MailError>) -> (bool, String) {
    let (passes, why) = match sent.unwrap_err() {
        MailError::Temporary(why) => (true, why),
        MailError::Permanent(why) => (false, why),
        MailError::SetUp(why) => (true, format!("set-up: {why}")),
        MailError::Unconfirmed(why) => panic!("nothing was handed over: {why}"),
    };
    for secret in ["hunter2", "umt_", "ann@"] {
        assert!(!why.contains(secret), "{why}");
    }
    (passes, why)
}

#[tokio::test]
async fn every_mail_arrives_by_starttls_and_auth() {
    let server = Server::start("ok");
    let mailer = server.mailer().await.mailer;
    let templates = Templates::built_in().unwrap();
    let mut sent = Vec::new();
    for language in templates.languages() {
        for kind in MailKind::ALL {
            let mut message = message(kind);
            message.locale = Some(language.to_owned());
            mailer.send(&message).await.unwrap();
            sent.push(message);
        }
    }
    let (raw, mails) = server.stop();
    assert!(raw.starts_with("EHLO example.com\r\nSTARTTLS\r\n"), "{raw}");
    assert!(!raw.contains("AUTH") && !raw.contains("MAIL"), "{raw}");
    assert_eq!(mails.len(), sent.len());
    for (mail, message) in mails.iter().zip(&sent) {
        assert_eq!(mail["from"], "no-reply@example.com");
        assert_eq!(mail["to"], serde_json::json!(["ann@example.com"]));
        let source = mail["mail"].as_str().unwrap();
        let parsed = parse_mail(source.as_bytes()).unwrap();
        let header = |name: &str| parsed.headers.get_first_value(name).unwrap();
        let rendered = templates.render(message).unwrap();
        assert_eq!(header("Subject"), rendered.subject);
        assert_eq!(header("Message-ID"), format!("<{}@example.com>", message.id));
        assert_eq!(header("Auto-Submitted"), "auto-generated");
        assert_eq!(header("X-Auto-Response-Suppress"), "All");
        assert_eq!(part(&parsed, "text/plain"), rendered.text);
        assert_eq!(part(&parsed, "text/html"), rendered.html);
    }
}

#[tokio::test]
async fn a_connection_serves_one_mail_after_another() {
    let server = Server::start("ok");
    let mailer = server.mailer().await.mailer;
    for _ in 0..5 {
        mailer.send(&message(MailKind::NewDevice)).await.unwrap();
    }
    let (raw, mails) = server.stop();
    assert_eq!(raw.matches("STARTTLS").count(), 1);
    assert_eq!(mails.len(), 5);
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_replaced() {
    let server = Server::start("one_mail");
    let mailer = server.mailer().await.mailer;
    for _ in 0..3 {
        mailer.send(&message(MailKind::NewDevice)).await.unwrap();
    }
    let (raw, mails) = server.stop();
    assert_eq!(raw.matches("STARTTLS").count(), 3);
    assert_eq!(mails.len(), 3);
}

/// Firewalls forget connections that are idle, and say so to neither side.
#[tokio::test]
async fn connections_that_were_forgotten_on_the_way_delay_a_mail_by_seconds() {
    let server = Server::start("forgotten");
    let mailer = server.mailer().await.mailer;
    let some = || {
        let mailer = mailer.clone();
        async move { mailer.send(&message(MailKind::NewDevice)).await.unwrap() }
    };
    tokio::join!(some(), some(), some());
    // It is one wait for all of them.
    tokio::time::timeout(Duration::from_secs(10), some()).await.expect("a mail waits for the dead");
    let (raw, mails) = server.stop();
    assert_eq!(raw.matches("STARTTLS").count(), 4);
    assert_eq!(mails.len(), 4);
}

#[tokio::test]
async fn mails_sent_at_once_all_arrive() {
    let server = Server::start("ok");
    let mailer = server.mailer().await.mailer;
    let mut sending = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let mailer = mailer.clone();
        sending.spawn(async move { mailer.send(&message(MailKind::PasswordReset)).await });
    }
    for sent in sending.join_all().await {
        sent.unwrap();
    }
    assert_eq!(server.stop().1.len(), 16);
}

#[tokio::test]
async fn a_mail_arrives_by_implicit_tls() {
    let server = Server::start("implicit");
    let url = format!("smtps://mailer%40example.com:{PASSWORD}@127.0.0.1:{{port}}");
    let mailer = server.settings(&url).build().await.unwrap().mailer;
    mailer.send(&message(MailKind::Confirmation)).await.unwrap();
    assert_eq!(server.stop().1.len(), 1);
}

#[tokio::test]
async fn a_mail_goes_in_clear_only_where_that_is_asked_for() {
    let server = Server::start("clear");
    let mailer = server.settings("smtp://127.0.0.1:{port}?tls=none");
    let mailer = MailSettings { ca_file: None, ..mailer };
    let mailer = mailer.build().await.unwrap().mailer;
    mailer.send(&message(MailKind::Confirmation)).await.unwrap();
    assert_eq!(server.stop().1.len(), 1);
}

#[tokio::test]
async fn a_server_without_tls_gets_no_credentials_and_no_mail() {
    let server = Server::start("no_starttls");
    let sent = server.mailer().await.mailer.send(&message(MailKind::PasswordReset)).await;
    let (passes, why) = failure(sent);
    assert!(passes && why.contains("offers no TLS"), "{why}");
    let (raw, mails) = server.stop();
    for word in ["AUTH", "MAIL", "DATA", "bWFpbGVy"] {
        assert!(!raw.contains(word), "{raw}");
    }
    assert!(raw.starts_with("EHLO"), "{raw}");
    assert_eq!(mails.len(), 0);
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_gets_no_credentials_and_no_mail() {
    for (mode, trusted) in [("ok", false), ("wrong_name", true)] {
        let server = Server::start(mode);
        let url = format!("smtp://mailer%40example.com:{PASSWORD}@127.0.0.1:{{port}}");
        let mut settings = server.settings(&url);
        settings.ca_file = settings.ca_file.filter(|_| trusted);
        let mailer = settings.build().await.unwrap().mailer;
        let (passes, why) = failure(mailer.send(&message(MailKind::PasswordReset)).await);
        assert!(passes && why.contains("certificate"), "{mode}: {why}");
        let (raw, mails) = server.stop();
        assert!(!raw.contains("AUTH"), "{raw}");
        assert_eq!(mails.len(), 0);
    }
}

#[tokio::test]
async fn a_certificate_by_an_authority_of_the_ca_file_is_trusted_and_without_it_is_not() {
    for trusted in [true, false] {
        let server = Server::start("implicit");
        let url = format!("smtps://mailer%40example.com:{PASSWORD}@127.0.0.1:{{port}}");
        let mut settings = server.settings(&url);
        settings.ca_file = settings.ca_file.filter(|_| trusted);
        let mailer = settings.build().await.unwrap().mailer;
        let sent = mailer.send(&message(MailKind::PasswordReset)).await;
        assert_eq!(sent.is_ok(), trusted, "{sent:?}");
        assert_eq!(server.stop().1.len(), usize::from(trusted));
    }
}

/// RFC 3207, 6: an answer put in before TLS must not be taken for one given
/// under it, or a refusal would pass for a receipt.
#[tokio::test]
async fn an_answer_smuggled_in_before_tls_gets_no_mail_taken_for_sent() {
    let user = "mailer%40example.com:hunter2%20%2F%3F%23@";
    for (mode, user) in [("inject", user), ("inject_open", ""), ("inject_early", user)] {
        let server = Server::start(mode);
        let settings = server.settings(&format!("smtp://{user}127.0.0.1:{{port}}"));
        let mailer = settings.build().await.unwrap().mailer;
        let (passes, why) = failure(mailer.send(&message(MailKind::PasswordReset)).await);
        assert!(passes && why.contains("sent more than its answer"), "{mode}: {why}");
        let (raw, mails) = server.stop();
        assert!(!raw.contains("AUTH") && !raw.contains("MAIL"), "{mode}: {raw}");
        assert_eq!(mails.len(), 0);
    }
}

#[tokio::test]
async fn a_wrong_password_is_temporary_and_not_told() {
    let server = Server::start("ok");
    let url = "smtp://mailer%40example.com:hunter2wrong@127.0.0.1:{port}";
    let mailer = server.settings(url).build().await.unwrap().mailer;
    let (passes, why) = failure(mailer.send(&message(MailKind::PasswordReset)).await);
    assert!(passes && why.contains("535"), "{why}");
    assert_eq!(server.stop().1.len(), 0);
}

#[tokio::test]
async fn a_server_that_wants_a_password_that_is_not_set_is_temporary() {
    let server = Server::start("ok");
    let mailer = server.settings("smtp://127.0.0.1:{port}").build().await.unwrap().mailer;
    let (passes, why) = failure(mailer.send(&message(MailKind::PasswordReset)).await);
    assert!(passes && why.contains("530"), "{why}");
}

#[tokio::test]
async fn a_refusal_is_of_the_mail_of_the_set_up_or_of_the_moment() {
    for (mode, may_pass, code) in [
        ("reject_recipient", false, "550"),
        ("reject_content", false, "554"),
        ("reject_sender", true, "set-up: naming the sender (mail.from): permanent error (553)"),
        ("defer", true, "451"),
        ("mailbox_full", true, "5.2.2"),
        ("unknown_sender", true, "set-up: naming the recipient: permanent error (550): 5.1.8"),
        ("quota", true, "5.4.5"),
        ("unverified", true, "set-up: naming the recipient: permanent error (554)"),
        ("no_relay", true, "set-up: naming the recipient: permanent error (554): 5.7.1"),
    ] {
        let server = Server::start(mode);
        let mailer = server.mailer().await.mailer;
        let (passes, why) = failure(mailer.send(&message(MailKind::PasswordReset)).await);
        assert!(passes == may_pass && why.contains(code), "{mode}: {why}");
        assert_eq!(server.stop().1.len(), 0);
    }
}

/// What says which mechanisms there are says what to set.
#[tokio::test]
async fn a_server_that_takes_no_password_is_told_with_what_it_takes() {
    for (mode, offers, mend) in [
        ("ntlm", "only NTLM, GSSAPI to sign in", "need PLAIN or LOGIN"),
        ("xoauth2", "only XOAUTH2 to sign in", "auth=xoauth2&token_file="),
    ] {
        let server = Server::start(mode);
        let mailer = server.mailer().await.mailer;
        let (_, why) = failure(mailer.send(&message(MailKind::PasswordReset)).await);
        assert!(why.starts_with("set-up: signing in"), "{why}");
        assert!(why.contains(offers) && why.contains(mend), "{why}");
        let (raw, mails) = server.stop();
        assert!(!raw.contains("hunter2") && mails.is_empty());
    }
}

#[tokio::test]
async fn a_mail_arrives_by_a_token_that_is_read_for_each_connection() {
    let server = Server::start("xoauth2");
    let file = server.folder.path().join("token");
    std::fs::write(&file, "stale\n").unwrap();
    let user = "smtp://mailer%40example.com@127.0.0.1:{port}?auth=xoauth2";
    let url = format!("{user}&token_file={}", file.display());
    let mailer = server.settings(&url).build().await.unwrap().mailer;
    let (passes, why) = failure(mailer.send(&message(MailKind::PasswordReset)).await);
    assert!(passes && why.contains("token of mail.url was refused (535)"), "{why}");
    std::fs::write(&file, "t0ken\n").unwrap();
    mailer.send(&message(MailKind::PasswordReset)).await.unwrap();
    let url = format!("{user}&token_command=echo%20t0ken");
    let mailer = server.settings(&url).build().await.unwrap().mailer;
    mailer.send(&message(MailKind::PasswordReset)).await.unwrap();
    let (raw, mails) = server.stop();
    assert!(!raw.contains("AUTH"), "{raw}");
    assert_eq!(mails.len(), 2);
}

#[tokio::test]
async fn a_token_that_cannot_be_had_stops_the_start_and_is_not_told() {
    let server = Server::start("xoauth2");
    for (option, said) in [
        ("token_file=/no/such/token", "token_file /no/such/token: No such file"),
        ("token_command=echo%20hunter2;exit%203", "token_command failed: exit status: 3"),
        ("token_command=true", "token_command gives no token"),
        ("token_command=echo%20hunter2%20hunter2", "token_command gives no token"),
    ] {
        let url = format!("smtp://mailer@127.0.0.1:{{port}}?auth=xoauth2&{option}");
        let error = server.settings(&url).build().await.unwrap_err();
        assert_eq!(error.setting, "mail.url");
        assert!(error.reason.contains(said) && !error.reason.contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn a_server_without_extensions_gets_mail_in_clear_and_no_credentials() {
    let server = Server::start("helo_only");
    let clear = |url: &str| MailSettings { ca_file: None, ..server.settings(url) };
    let mailer = clear("smtp://127.0.0.1:{port}?tls=none").build().await.unwrap().mailer;
    let mut german = message(MailKind::Confirmation);
    german.locale = Some("de".to_owned());
    mailer.send(&german).await.unwrap();
    let url = "smtp://user:hunter2@127.0.0.1:{port}?tls=none";
    let mailer = clear(url).build().await.unwrap().mailer;
    let (_, why) = failure(mailer.send(&message(MailKind::PasswordReset)).await);
    assert!(why.contains("502"), "{why}");
    let (raw, mails) = server.stop();
    assert!(raw.contains("HELO example.com\r\n") && !raw.contains("AUTH"), "{raw}");
    assert_eq!(mails.len(), 1);
    assert!(mails[0]["mail"].as_str().unwrap().is_ascii());
}

#[tokio::test]
async fn a_relay_is_reached_by_another_name_than_its_certificates() {
    let server = Server::start("wrong_name");
    let url = format!(
        "smtp://mailer%40example.com:{PASSWORD}@127.0.0.1:{{port}}?tls_server_name=elsewhere.example.com"
    );
    let mailer = server.settings(&url).build().await.unwrap().mailer;
    mailer.send(&message(MailKind::PasswordReset)).await.unwrap();
    assert_eq!(server.stop().1.len(), 1);
}

/// A soft break in a link is right, and many programs that read mail's source
/// get it wrong.
#[tokio::test]
async fn a_link_is_on_one_line_in_every_language_where_the_server_takes_eight_bits() {
    for (mode, whole) in [("ok", true), ("seven_bit", false)] {
        let server = Server::start(mode);
        let mailer = server.mailer().await.mailer;
        for language in ["en", "de", "pl"] {
            let mut message = message(MailKind::PasswordReset);
            message.locale = Some(language.to_owned());
            mailer.send(&message).await.unwrap();
        }
        let link = message(MailKind::PasswordReset).link.unwrap().expose().clone();
        assert!(link.len() > 76);
        let (_, mails) = server.stop();
        assert_eq!(mails.len(), 3);
        for (mail, english) in mails.iter().zip([true, false, false]) {
            let source = mail["mail"].as_str().unwrap();
            let found = source.lines().any(|line| line == link);
            assert_eq!(found, whole || english, "{source}");
            assert!(whole || source.is_ascii(), "{source}");
            let parsed = parse_mail(source.as_bytes()).unwrap();
            assert!(part(&parsed, "text/plain").lines().any(|line| line == link), "{source}");
            let href = format!("href=\"{}\"", link.replace('/', "&#x2f;"));
            assert!(part(&parsed, "text/html").contains(&href), "{source}");
        }
    }
}

/// Whoever watches this process must not see from its talk with the mail server
/// whether somebody was mailed.
#[tokio::test]
async fn a_rehearsed_mail_has_as_many_turns_and_names_nobody() {
    let server = Server::start("clear");
    let settings =
        MailSettings { ca_file: None, ..server.settings("smtp://127.0.0.1:{port}?tls=none") };
    let mailer = settings.build().await.unwrap().mailer;
    mailer.rehearse(&message(MailKind::PasswordReset)).await;
    mailer.send(&message(MailKind::PasswordReset)).await.unwrap();
    let (raw, mails) = server.stop();
    assert_eq!(mails.len(), 1);
    let (rehearsed, _) = raw.split_once("MAIL FROM").unwrap();
    // The fifth finds out whether the connection is alive.
    assert_eq!(rehearsed.matches("NOOP").count(), 5, "{raw}");
    assert_eq!(raw.matches("EHLO").count(), 1, "{raw}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_temporary() {
    let server = Server::start("ok");
    let mailer = server.mailer().await.mailer;
    server.stop();
    assert!(failure(mailer.send(&message(MailKind::PasswordReset)).await).0);
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    for mode in ["silent", "stalled"] {
        let server = Server::start(mode);
        let url = format!("smtp://mailer%40example.com:{PASSWORD}@127.0.0.1:{{port}}");
        let settings = server.settings(&url);
        let settings = MailSettings { timeout: Duration::from_millis(1500), ..settings };
        let mailer = settings.build().await.unwrap().mailer;
        let (passes, why) = failure(mailer.send(&message(MailKind::PasswordReset)).await);
        assert!(passes && why.contains("took longer"), "{mode}: {why}");
        assert_eq!(server.stop().1.len(), 0);
    }
}

#[tokio::test]
async fn a_receipt_that_does_not_come_is_told_from_a_mail_that_was_not_taken() {
    for (mode, taken) in [("no_receipt", 1), ("tarpit", 0)] {
        let server = Server::start(mode);
        let url = format!("smtp://mailer%40example.com:{PASSWORD}@127.0.0.1:{{port}}");
        let settings = server.settings(&url);
        let settings = MailSettings { timeout: Duration::from_millis(1500), ..settings };
        let mailer = settings.build().await.unwrap().mailer;
        let lost = mailer.send(&message(MailKind::PasswordReset)).await.unwrap_err();
        let MailError::Unconfirmed(why) = lost else { panic!("{mode}: {lost}") };
        assert!(why.contains("no answer in 1.5s; it may have been taken"), "{mode}: {why}");
        assert_eq!(server.stop().1.len(), taken);
    }
}

/// What follows a mail that was given up halfway must not end up in it.
#[tokio::test]
async fn a_connection_that_was_given_up_is_not_used_again() {
    let server = Server::start("tarpit");
    let mailer = server.mailer().await.mailer;
    for _ in 0..2 {
        let message = message(MailKind::PasswordReset);
        let sending = mailer.send(&message);
        let given_up = tokio::time::timeout(Duration::from_millis(1500), sending).await;
        assert!(given_up.is_err());
    }
    let (raw, _) = server.stop();
    assert_eq!(raw.matches("STARTTLS").count(), 2, "{raw}");
}

#[tokio::test]
async fn a_mail_whose_receipt_was_lost_is_repeated_under_its_message_id() {
    let server = Server::start("drop_after_data");
    let mailer = server.mailer().await.mailer;
    let message = message(MailKind::PasswordReset);
    let lost = mailer.send(&message).await.unwrap_err();
    assert!(matches!(&lost, MailError::Unconfirmed(why) if !why.contains("ann@")), "{lost}");
    mailer.send(&message).await.unwrap();
    let (_, mails) = server.stop();
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0]["mail"], mails[1]["mail"]);
}

#[tokio::test]
async fn an_international_address_is_sent_to_servers_that_take_it() {
    for (mode, arrives) in [("ok", true), ("ascii_only", false)] {
        let server = Server::start(mode);
        let mailer = server.mailer().await.mailer;
        let mut message = message(MailKind::PasswordReset);
        message.recipient = Email::parse("josé@bücher.example").unwrap();
        let sent = mailer.send(&message).await;
        if !arrives {
            let (passes, why) = failure(sent.clone());
            assert!(!passes && why.contains("SMTPUTF8"), "{why}");
        }
        assert_eq!(sent.is_ok(), arrives);
        let (_, mails) = server.stop();
        assert_eq!(mails.len(), usize::from(arrives));
        for mail in mails {
            assert_eq!(mail["to"], serde_json::json!(["josé@xn--bcher-kva.example"]));
        }
    }
}

#[tokio::test]
async fn the_server_says_which_addresses_it_reaches() {
    let (jose, ann) = (Email::parse("josé@example.com"), Email::parse("ann@bücher.example"));
    let (jose, ann) = (jose.unwrap(), ann.unwrap());
    for (mode, takes) in [("ok", true), ("ascii_only", false)] {
        let server = Server::start(mode);
        let mailer = server.mailer().await.mailer;
        assert_eq!(mailer.check_reach(&ann).await, Ok(()), "the domain travels in ASCII");
        assert_eq!(mailer.check_reach(&jose).await.is_ok(), takes, "{mode}");
        assert_eq!(mailer.check_reach(&jose).await.is_ok(), takes, "{mode}");
        let (raw, _) = server.stop();
        assert_eq!(raw.matches("STARTTLS").count(), 1, "it is asked once");
    }
    let server = Server::start("ok");
    let mailer = server.mailer().await.mailer;
    server.stop();
    assert_eq!(mailer.check_reach(&jose).await, Ok(()), "it may be able to");
}

#[tokio::test]
async fn an_international_sender_that_the_server_does_not_take_is_the_operators_matter() {
    for to in ["ann@example.com", "josé@example.com"] {
        let server = Server::start("ascii_only");
        let url = format!("smtp://mailer%40example.com:{PASSWORD}@127.0.0.1:{{port}}");
        let settings = server.settings(&url);
        let settings = MailSettings { from: "postfäch@example.com".to_owned(), ..settings };
        let mailer = settings.build().await.unwrap().mailer;
        let mut message = message(MailKind::PasswordReset);
        message.recipient = Email::parse(to).unwrap();
        let (passes, why) = failure(mailer.send(&message).await);
        assert!(passes && why.contains("mail.from has letters beyond ASCII"), "{why}");
        assert_eq!(server.stop().1.len(), 0);
    }
}

#[tokio::test]
async fn nothing_that_was_typed_is_a_command_a_header_or_a_recipient() {
    let server = Server::start("ok");
    let mailer = server.mailer().await.mailer;
    let (mut sent, mut refused) = (Vec::new(), 0);
    for typed in HOSTILE {
        for message in [named(typed), hosted(typed)].into_iter().chain(addressed(typed)) {
            match mailer.send(&message).await {
                Ok(()) => sent.push(message),
                Err(error) => {
                    assert!(matches!(error, MailError::Permanent(_)), "{error}");
                    refused += 1;
                }
            }
        }
    }
    assert_eq!((sent.len(), refused), (2 * HOSTILE.len() + 1, 4 * HOSTILE.len() - 1));
    let (_, mails) = server.stop();
    assert_eq!(mails.len(), sent.len());
    for (mail, message) in mails.iter().zip(sent) {
        let to = message.recipient.as_str();
        assert_eq!(mail["from"], "no-reply@example.com");
        assert_eq!(mail["to"], serde_json::json!([to]));
        assert_inert(mail["mail"].as_str().unwrap(), to);
    }
}
