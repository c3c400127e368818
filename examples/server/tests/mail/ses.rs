//! Mail through Amazon SES, played by a stand-in.

use mailparse::{MailHeaderMap as _, parse_mail};
use serde_json::json;

use crate::fixture::{Letter, printed};
use crate::relay::Relay;
use usermgmt_test_support::Helper;
use usermgmt_test_support::{PASSWORD, Setup, eventually};

struct Ses {
    process: Helper,
    port: u16,
}

impl Ses {
    fn start(mode: &str) -> Self {
        let script =
            concat!(env!("CARGO_MANIFEST_DIR"), "/../../usermgmt-mail/tests/ses_server.py");
        let mut process = Helper::start([script, mode]);
        let port = process.event()["port"].as_u64().unwrap();
        Self { process, port: u16::try_from(port).unwrap() }
    }

    /// Ends it: the mails that it took.
    fn stop(self) -> Vec<String> {
        let events = self.process.stop();
        events.iter().filter_map(|event| event["mail"].as_str().map(str::to_owned)).collect()
    }
}

/// How a server is set up that sends through the stand-in at this port.
fn setup(port: u16) -> Setup {
    with("AKIATEST:hunter2%2Fx@", port)
}

fn with(credentials: &str, port: u16) -> Setup {
    let url = format!("ses://{credentials}eu-west-1?endpoint=http://127.0.0.1:{port}");
    Setup::new().var("USERMGMT_MAIL__URL", url).var("USERMGMT_MAIL__FROM", "no-reply@example.com")
}

async fn register(setup: &Setup) -> usermgmt_test_support::Server {
    let server = setup.clone().start().await;
    let body = json!({ "username": "ada", "email": "ada@example.org", "password": PASSWORD });
    let reply = server.post("/api/v1/register", body).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_mail_arrives_later_under_our_own_header() {
    let ses = Ses::start("throttle");
    let server = register(&setup(ses.port)).await;
    eventually("the mail to be sent", || server.log().contains("mail sent").then_some(())).await;
    assert!(server.log().contains("SES: TooManyRequestsException"), "{}", server.log());
    let events = ses.process.stop();
    assert_eq!(events.iter().filter(|event| event["request"].is_object()).count(), 2);
    let mails: Vec<&str> = events.iter().filter_map(|event| event["mail"].as_str()).collect();
    assert_eq!(mails.len(), 1);
    let mail = parse_mail(mails[0].as_bytes()).unwrap();
    assert!(mail.headers.get_first_value("X-Usermgmt-Mail-Id").is_some());
    let letter = Letter::parse(mails[0]);
    let reply = server.send(server.request("POST", &letter.path("/confirm-email/"))).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_mail_is_kept_with_its_reason() {
    let ses = Ses::start("rejected");
    let setup = setup(ses.port);
    let _server = register(&setup).await;
    let list = eventually("the mail to be given up", || {
        let list = printed(&setup, &["outbox", "list"]);
        list.contains("1 given up; 0 waiting").then_some(list)
    })
    .await;
    assert!(list.contains("MessageRejected"), "{list}");
    assert!(!list.contains("umt_"), "{list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_never_has_the_secret_key_however_much_is_logged() {
    for (mode, end) in [("ok", "mail sent"), ("forbidden", "InvalidSignatureException")] {
        let ses = Ses::start(mode);
        let server = register(&setup(ses.port).var("RUST_LOG", "trace")).await;
        eventually(end, || server.log().contains(end).then_some(())).await;
        let log = server.log();
        assert!(log.contains("TRACE"), "everything is logged");
        let line = log.lines().find(|line| line.contains("hunter2"));
        assert_eq!(line, None, "{mode}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_ses_took_the_mail_the_second_copy_has_our_header() {
    let mut first = Ses::start("no_receipt");
    let second = Ses::start("ok");
    let relay = Relay::to(first.port).await;
    let setup = setup(relay.port);
    let server = register(&setup).await;
    let first = tokio::task::spawn_blocking(move || {
        while first.process.event()["taken"].is_null() {}
        first
    });
    let first = first.await.unwrap();
    server.kill();
    relay.lead_to(second.port);

    let server = setup.start().await;
    eventually("the mail to be sent", || server.log().contains("mail sent").then_some(())).await;
    let copies = [first, second].map(|ses| {
        let mails = ses.stop();
        assert_eq!(mails.len(), 1);
        Letter::parse(&mails[0])
    });
    let [taken, again] = copies;
    assert_eq!(taken.mail_id, again.mail_id);
    assert_eq!(taken.path("/confirm-email/"), again.path("/confirm-email/"));
    let reply = server.send(server.request("POST", &again.path("/confirm-email/"))).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_in_the_url_the_environment_has_one_or_there_is_no_start() {
    let ses = Ses::start("ok");
    // What a machine in the cloud would be asked for.
    let bare = with("", ses.port).var("AWS_EC2_METADATA_DISABLED", "true");
    let output = bare.command().output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("mail.url") && error.contains("no credentials"), "{error}");

    let given = bare.var("AWS_ACCESS_KEY_ID", "AKIAENV").var("AWS_SECRET_ACCESS_KEY", "hunter2");
    let server = register(&given).await;
    eventually("the mail to be sent", || server.log().contains("mail sent").then_some(())).await;
    let events = ses.process.stop();
    let keys: Vec<_> = events.iter().filter_map(|event| event["key"].as_str()).collect();
    assert_eq!(keys, ["AKIAENV"]);
}

#[test]
fn an_endpoint_of_the_environment_is_not_spoken_to_in_clear_either() {
    for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SESV2"] {
        let setup = Setup::new()
            .var("USERMGMT_MAIL__URL", "ses://AKIA:hunter2@eu-west-1")
            .var("USERMGMT_MAIL__FROM", "no-reply@example.com")
            .var(name, "http://192.0.2.2:4566");
        let output = setup.command().output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{name}: {error}");
        assert!(error.contains("mail.url") && error.contains("https://"), "{name}: {error}");
    }
}

#[test]
fn the_doctor_says_what_stands_between_ses_and_the_mail() {
    for (mode, status, said) in [
        ("ok", 0, "ok       mail: Amazon SES takes mail from here"),
        ("sandbox", 0, "warning  mail: the account is in SES's sandbox"),
        ("only_sending", 0, "warning  mail: SES does not tell whether the sender is verified"),
        ("off", 1, "fault    mail: fault of the set-up: SES: sending is off for the account"),
        ("nobody", 1, "verify one of them in SES, or set another sender"),
        ("forbidden", 1, "InvalidSignatureException"),
    ] {
        let ses = Ses::start(mode);
        let output = setup(ses.port).command().arg("doctor").output().unwrap();
        let report = String::from_utf8_lossy(&output.stdout);
        assert!(report.contains(said), "{mode}: {report}");
        assert_eq!(output.status.code(), Some(status), "{mode}: {report}");
        assert!(ses.stop().is_empty(), "{mode}: a mail was sent");
    }
}
