//! An SMTP server that is as fast as it can be: it takes mails and remembers to whom.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Takes every mail but those to nobody. Clones share what they know.
#[derive(Clone)]
pub(crate) struct Sink {
    pub(crate) port: u16,
    recipients: Arc<Mutex<Vec<String>>>,
    pause: Duration,
}

impl Sink {
    /// Listens until the test's process ends.
    pub(crate) fn start() -> Self {
        Self::slow(Duration::ZERO)
    }

    /// The same, and takes this long for every mail.
    pub(crate) fn slow(pause: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let sink = Self { port, recipients: Arc::default(), pause };
        let server = sink.clone();
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let (server, connection) = (server.clone(), connection.unwrap());
                // How a connection ends is the server's business under test.
                std::thread::spawn(move || drop(server.converse(&connection)));
            }
        });
        sink
    }

    /// How many mails it took.
    pub(crate) fn count(&self) -> usize {
        self.recipients.lock().unwrap().len()
    }

    /// To whom it took mails, in order.
    pub(crate) fn recipients(&self) -> Vec<String> {
        self.recipients.lock().unwrap().clone()
    }

    #[expect(clippy::disallowed_methods, reason = "a slow server is slow by the wall's clock")]
    fn converse(&self, connection: &TcpStream) -> std::io::Result<()> {
        connection.set_nodelay(true)?;
        let (mut answers, mut lines) = (connection, BufReader::new(connection));
        let (mut line, mut to) = (String::new(), String::new());
        answers.write_all(b"220 sink\r\n")?;
        loop {
            line.clear();
            if lines.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let verb = line.split([' ', '\r']).next().unwrap_or_default();
            let answer = match verb {
                "EHLO" => "250-sink\r\n250 8BITMIME\r\n",
                "RCPT" if line.contains("<nobody@") => "550 5.1.1 no such user\r\n",
                "RCPT" => {
                    to = line.trim().trim_start_matches("RCPT TO:<").trim_end_matches('>').into();
                    "250 OK\r\n"
                }
                "DATA" => {
                    answers.write_all(b"354 go on\r\n")?;
                    while line != ".\r\n" {
                        line.clear();
                        if lines.read_line(&mut line)? == 0 {
                            return Ok(());
                        }
                    }
                    std::thread::sleep(self.pause);
                    self.recipients.lock().unwrap().push(to.clone());
                    "250 queued\r\n"
                }
                "QUIT" => return answers.write_all(b"221 bye\r\n"),
                _ => "250 OK\r\n",
            };
            answers.write_all(answer.as_bytes())?;
        }
    }
}
