//! Helper processes in Python that play the services mails are sent through.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use mailparse::ParsedMail;
use serde_json::Value;

/// A process that prints a JSON object a line and ends with its standard input.
pub struct Helper {
    process: Child,
    stdin: Option<ChildStdin>,
    events: Receiver<Value>,
}

impl Helper {
    /// Starts the interpreter with these arguments.
    pub fn start<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Self {
        let python = env::var("USERMGMT_TEST_PYTHON").expect(
            "USERMGMT_TEST_PYTHON is not set: these tests need a Python interpreter \
             with aiosmtpd, cryptography and moto[server] installed",
        );
        let mut process = Command::new(&python)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("USERMGMT_TEST_PYTHON={python} does not start: {e}"));
        let (sender, events) = channel();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in stdout.lines() {
                let event = serde_json::from_str(&line.unwrap()).unwrap();
                if sender.send(event).is_err() {
                    break;
                }
            }
        });
        let stdin = process.stdin.take();
        Self { process, stdin, events }
    }

    /// The next thing it says.
    pub fn event(&mut self) -> Value {
        self.events
            .recv_timeout(Duration::from_secs(60))
            .expect("the helper process said nothing; its error is above")
    }

    /// Ends it: all it has said since.
    pub fn stop(mut self) -> Vec<Value> {
        drop(self.stdin.take());
        self.process.wait().unwrap();
        self.events.iter().collect()
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One part of a mail, lines ending in `\n`.
pub fn part(mail: &ParsedMail<'_>, kind: &str) -> String {
    let part = mail.parts().find(|p| p.ctype.mimetype == kind).unwrap();
    part.get_body().unwrap().replace("\r\n", "\n")
}
