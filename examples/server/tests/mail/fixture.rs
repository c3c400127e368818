//! The SMTP servers, and the mail server's view of what arrived.

use std::collections::BTreeSet;

use mailparse::{MailHeaderMap as _, parse_mail};
use serde_json::Value;

use crate::relay::Relay;
use usermgmt_test_support::Setup;
use usermgmt_test_support::{Helper, part};

/// A mail as it arrived.
#[derive(Debug)]
pub(crate) struct Letter {
    pub(crate) to: String,
    pub(crate) message_id: String,
    /// Our header, which is the same in every copy.
    pub(crate) mail_id: String,
    pub(crate) text: String,
}

impl Letter {
    /// Parses a mail and checks what holds for every one.
    pub(crate) fn parse(raw: &str) -> Self {
        let mail = parse_mail(raw.as_bytes()).unwrap();
        let header = |name: &str| mail.headers.get_first_value(name).unwrap();
        assert_eq!(header("Auto-Submitted"), "auto-generated");
        assert!(part(&mail, "text/html").contains("<html"), "{raw}");
        let (message_id, mail_id) = (header("Message-ID"), header("X-Usermgmt-Mail-Id"));
        assert!(message_id.contains(&mail_id), "{raw}");
        Self { to: header("To"), message_id, mail_id, text: part(&mail, "text/plain") }
    }

    /// The path of the link that leads to this page.
    pub(crate) fn path(&self, page: &str) -> String {
        let line = self.text.lines().find(|line| line.contains(page)).unwrap();
        line[line.find(page).unwrap()..].trim().to_owned()
    }
}

/// An SMTP server process, with a fault or none.
pub(crate) struct Smtp {
    process: Helper,
    folder: tempfile::TempDir,
    pub(crate) port: u16,
}

impl Smtp {
    pub(crate) fn start(mode: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let script =
            concat!(env!("CARGO_MANIFEST_DIR"), "/../../usermgmt-mail/tests/smtp_server.py");
        let mut process = Helper::start([script, mode, folder.path().to_str().unwrap()]);
        let port = process.event()["port"].as_u64().unwrap();
        Self { process, folder, port: u16::try_from(port).unwrap() }
    }

    fn certificate(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("ca.pem")).unwrap()
    }

    /// Waits for something it says.
    pub(crate) fn says(&mut self, what: &str) -> Value {
        loop {
            let event = self.process.event();
            if !event[what].is_null() {
                return event;
            }
        }
    }

    /// Waits for the next mail.
    pub(crate) fn letter(&mut self) -> Letter {
        Letter::parse(self.says("mail")["mail"].as_str().unwrap())
    }

    /// Ends it: the mails that it took and nobody looked at.
    pub(crate) fn stop(self) -> Vec<Letter> {
        let events = self.process.stop();
        let mails = events.iter().filter_map(|event| event["mail"].as_str());
        mails.map(Letter::parse).collect()
    }
}

/// How a server is set up that sends through a relay to these SMTP servers.
pub(crate) fn setup(relay: &Relay, password: &str, servers: &[&Smtp]) -> Setup {
    let setup = Setup::new();
    let roots: BTreeSet<String> = servers.iter().map(|server| server.certificate()).collect();
    let file = setup.dir().join("roots.pem");
    std::fs::write(&file, roots.into_iter().collect::<String>()).unwrap();
    let url = format!("smtp://mailer%40example.com:{password}@127.0.0.1:{}", relay.port);
    setup
        .var("USERMGMT_MAIL__URL", url)
        .var("USERMGMT_MAIL__CA_FILE", file.to_str().unwrap())
        .var("USERMGMT_MAIL__FROM", "Example <no-reply@example.com>")
}

/// The mail server's password, as it stands in a URL.
pub(crate) const PASSWORD: &str = "hunter2%20%2F%3F%23";

/// What a command of the server's prints.
pub(crate) fn printed(setup: &Setup, args: &[&str]) -> String {
    let output = setup.command().args(args).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}
