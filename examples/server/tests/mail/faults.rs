//! Whatever is wrong with the mail server, the API answers as ever and at once,
//! and the mail arrives later or is kept with the reason.

use std::time::Duration;

use serde_json::json;

use crate::fixture::{PASSWORD, Smtp, printed, setup};
use crate::relay::Relay;
use usermgmt_test_support::{Reply, Server, eventually};

/// A mail server that hangs does so for 18 seconds: no answer waits for that.
const AT_ONCE: Duration = Duration::from_secs(10);

/// Asks for what sends mail, and compares the answers with those of a server
/// whose mail works.
async fn ask(server: &Server) {
    let asked = async {
        let body = json!({
            "username": "ada", "email": "ada@example.org", "password": usermgmt_test_support::PASSWORD
        });
        let reply = server.post("/api/v1/register", body).await;
        expect(&reply, 201, "User created successfully. Email confirmation sent");
        let body = json!({ "identifier": "nobody@example.org" });
        let unknown = server.post("/api/v1/password/forgot", body).await;
        assert_eq!(unknown.status, 200, "{unknown:?}");
    };
    tokio::time::timeout(AT_ONCE, asked).await.expect("the answers wait for the mail");
}

fn expect(reply: &Reply, status: u16, message: &str) {
    assert_eq!((reply.status, reply.field("message").as_str()), (status, message), "{reply:?}");
}

/// The mail fails with this reason for now, and arrives once the server is well.
async fn arrives_later(mode: &str, reason: &str) {
    let faulty = Smtp::start(mode);
    let mut well = Smtp::start("ok");
    let relay = Relay::to(faulty.port).await;
    let server = setup(&relay, PASSWORD, &[&faulty, &well]).start().await;
    ask(&server).await;
    eventually(reason, || server.log().contains(reason).then_some(())).await;
    // What nobody gets is dropped beside it.
    let waits = || {
        let list = printed(&server.setup(), &["outbox", "list"]);
        list.contains("0 given up; 1 waiting").then_some(())
    };
    eventually("one mail waits", waits).await;

    relay.lead_to(well.port);
    let letter = tokio::task::spawn_blocking(move || well.letter()).await.unwrap();
    assert_eq!(letter.to, "ada@example.org");
    let reply = server.send(server.request("POST", &letter.path("/confirm-email/"))).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    // Whatever the faulty one had taken before was this very mail.
    for before in faulty.stop() {
        assert_eq!(before.message_id, letter.message_id);
    }
    let log = server.log();
    for secret in ["hunter2", "umt_", "ada@"] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_another_name_delays_mail() {
    arrives_later("wrong_name", "certificate").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_starttls_delays_mail() {
    arrives_later("no_starttls", "the mail server offers no TLS").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_4xx_answer_delays_mail() {
    arrives_later("defer", "451").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stalls_halfway_delays_mail() {
    arrives_later("stalled", "naming the recipient: the mail server took longer than 18s").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_nothing_delays_mail() {
    arrives_later("silent", "connecting: the mail server took longer than 18s").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_dropped_after_the_mail_was_taken_repeats_it_under_its_id() {
    let mut smtp = Smtp::start("drop_after_data");
    let relay = Relay::to(smtp.port).await;
    let server = setup(&relay, PASSWORD, &[&smtp]).start().await;
    ask(&server).await;
    let copies = tokio::task::spawn_blocking(move || {
        let copies = [smtp.letter(), smtp.letter()];
        assert_eq!(smtp.stop().len(), 0);
        copies
    });
    let [first, second] = copies.await.unwrap();
    assert_eq!(first.message_id, second.message_id);
    assert_eq!(first.text, second.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_delays_mail_until_it_is_set_right() {
    let mut smtp = Smtp::start("ok");
    let relay = Relay::to(smtp.port).await;
    let wrong = setup(&relay, "wrong", &[&smtp]);
    let server = wrong.clone().start().await;
    ask(&server).await;
    let reason = "the user name, password or token of mail.url was refused (535)";
    eventually(reason, || server.log().contains(reason).then_some(())).await;
    assert!(server.stop().await.success());

    let url = format!("smtp://mailer%40example.com:{PASSWORD}@127.0.0.1:{}", relay.port);
    let right = wrong.without("USERMGMT_MAIL__URL").var("USERMGMT_MAIL__URL", url);
    let _server = right.start().await;
    let letter = tokio::task::spawn_blocking(move || smtp.letter()).await.unwrap();
    assert_eq!(letter.to, "ada@example.org");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_never_has_the_mail_servers_password_however_much_is_logged() {
    for (password, end) in [(PASSWORD, "mail sent"), ("hunter2wrong", "was refused (535)")] {
        let smtp = Smtp::start("ok");
        let relay = Relay::to(smtp.port).await;
        let setup = setup(&relay, password, &[&smtp]).var("RUST_LOG", "trace");
        let server = setup.start().await;
        ask(&server).await;
        eventually(end, || server.log().contains(end).then_some(())).await;
        let log = server.log();
        // As it is, as AUTH PLAIN has it behind the user name, and as AUTH LOGIN has it.
        for secret in ["hunter2", "dW50ZXIy", "aHVudGVyM"] {
            let line = log.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{secret}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_5xx_answer_keeps_the_mail_with_its_reason_to_retry_or_drop() {
    let faulty = Smtp::start("reject_recipient");
    let mut well = Smtp::start("ok");
    let relay = Relay::to(faulty.port).await;
    let setup = setup(&relay, PASSWORD, &[&faulty, &well]);
    let server = setup.clone().start().await;
    ask(&server).await;
    let list = eventually("the mail to be given up", || {
        let list = printed(&setup, &["outbox", "list"]);
        list.contains("1 given up; 0 waiting").then_some(list)
    })
    .await;
    let row: Vec<&str> = list.lines().nth(1).unwrap().split('\t').collect();
    let [id, kind, to, _, tries, _, reason] = row[..] else { panic!("{list}") };
    assert_eq!((kind, to, tries), ("confirmation", "ada@example.org", "1"));
    assert!(reason.contains("recipient") && reason.contains("550"), "{reason}");
    assert_eq!(faulty.stop().len(), 0);

    relay.lead_to(well.port);
    assert_eq!(printed(&setup, &["outbox", "retry", id]), "");
    let letter = tokio::task::spawn_blocking(move || well.letter()).await.unwrap();
    assert_eq!(letter.to, "ada@example.org");
    let unknown = setup.command().args(["outbox", "drop", id]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(1), "it was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_dropped_when_an_operator_says_so() {
    let smtp = Smtp::start("reject_recipient");
    let relay = Relay::to(smtp.port).await;
    let setup = setup(&relay, PASSWORD, &[&smtp]);
    let server = setup.clone().start().await;
    ask(&server).await;
    let given_up =
        || printed(&setup, &["outbox", "list"]).contains("1 given up; 0 waiting").then_some(());
    eventually("the mail to be given up", given_up).await;
    assert_eq!(printed(&setup, &["outbox", "drop", "--all"]), "1 mails\n");
    let list = printed(&setup, &["outbox", "list"]);
    assert!(list.contains("0 given up; 0 waiting"), "{list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_asks_for_tls_and_signs_in_and_sends_nothing() {
    for (mode, password, line) in [
        ("ok", PASSWORD, "ok       mail: 127.0.0.1:"),
        ("ok", "wrong", "fault    mail: 127.0.0.1:"),
        ("no_starttls", PASSWORD, "the mail server offers no TLS"),
        ("wrong_name", PASSWORD, "fault    mail: 127.0.0.1:"),
    ] {
        let server = Smtp::start(mode);
        let relay = Relay::to(server.port).await;
        let setup = setup(&relay, password, &[&server]);
        let asked =
            tokio::task::spawn_blocking(move || setup.command().arg("doctor").output().unwrap());
        let output = asked.await.unwrap();
        let report = String::from_utf8(output.stdout).unwrap();
        assert!(report.contains(line), "{mode}, {password}: {report}");
        assert!(!report.contains("hunter2"), "{report}");
        assert!(server.stop().is_empty(), "something was sent");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_sends_a_mail_to_whom_it_is_told() {
    for (mode, status, line) in [
        ("ok", 0, "ok       mail: one was handed over for ann@example.org"),
        ("reject_recipient", 1, "takes none from mail.from or for this address"),
    ] {
        let server = Smtp::start(mode);
        let relay = Relay::to(server.port).await;
        let setup = setup(&relay, PASSWORD, &[&server]);
        let asked = tokio::task::spawn_blocking(move || {
            setup.command().args(["doctor", "--send-mail", "ann@example.org"]).output().unwrap()
        });
        let output = asked.await.unwrap();
        let report = String::from_utf8(output.stdout).unwrap();
        assert!(report.contains(line), "{mode}: {report}");
        assert_eq!(output.status.code(), Some(status), "{mode}: {report}");
        let sent: Vec<String> = server.stop().into_iter().map(|letter| letter.to).collect();
        let expected: &[&str] = if status == 0 { &["ann@example.org"] } else { &[] };
        assert_eq!(sent, expected, "{mode}");
    }
}
