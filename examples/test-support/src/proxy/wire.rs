//! What the databases' protocols say about commits.

use mongodb::bson::Document;

/// A commit that a server has made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// Of a transaction.
    Transaction,
    /// Of one statement that wrote and was no part of a transaction.
    Statement,
}

/// What to do with a message of the server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Let it pass.
    Pass,
    /// Keep it until the next one: it may be the answer to a commit.
    Hold,
    /// It is the answer to a commit, or the end of it.
    Answers(Commit),
}

/// One connection's dialogue, as far as it has to be understood.
pub(crate) trait Dialogue: Send {
    /// The client sends these bytes.
    fn sent(&mut self, bytes: &[u8]);
    /// How long the server's message is that begins with these bytes, once
    /// there are enough of them to tell.
    fn length(&self, start: &[u8]) -> Option<usize>;
    /// The server sends this message.
    fn answered(&mut self, message: &[u8]) -> Verdict;
}

/// The dialogue of a URL's protocol.
pub(crate) fn dialogue(scheme: &str) -> Box<dyn Dialogue> {
    match scheme {
        "postgres" => Box::new(Postgres::default()),
        "mysql" => Box::new(MySql::default()),
        "mongodb" => Box::new(Mongo::default()),
        other => panic!("{other} is not understood"),
    }
}

/// Bytes as messages.
#[derive(Default)]
pub(crate) struct Messages(Vec<u8>);

impl Messages {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// The next message, where it is whole.
    pub(crate) fn next(&mut self, length: impl Fn(&[u8]) -> Option<usize>) -> Option<Vec<u8>> {
        let length = length(&self.0).filter(|length| *length <= self.0.len())?;
        Some(self.0.drain(..length).collect())
    }
}

/// <https://www.postgresql.org/docs/current/protocol-message-formats.html>
#[derive(Default)]
struct Postgres {
    /// What the command did whose end is awaited.
    done: Option<Commit>,
}

impl Dialogue for Postgres {
    fn sent(&mut self, _: &[u8]) {}

    fn length(&self, start: &[u8]) -> Option<usize> {
        let length: [u8; 4] = start.get(1..5)?.try_into().unwrap();
        Some(1 + usize::try_from(u32::from_be_bytes(length)).unwrap())
    }

    fn answered(&mut self, message: &[u8]) -> Verdict {
        match message[0] {
            // CommandComplete
            b'C' => {
                let tag = String::from_utf8_lossy(&message[5..message.len() - 1]).into_owned();
                let mut words = tag.split(' ');
                let (command, rows) = (words.next(), words.next_back());
                match command {
                    Some("COMMIT") => self.done = Some(Commit::Transaction),
                    Some("INSERT" | "UPDATE" | "DELETE") if rows != Some("0") => {
                        self.done = Some(Commit::Statement);
                    }
                    _ => {}
                }
            }
            // ReadyForQuery: `I` is outside of a transaction.
            b'Z' => {
                return match self.done.take() {
                    Some(commit) if message[5] == b'I' => Verdict::Answers(commit),
                    _ => Verdict::Pass,
                };
            }
            _ => {}
        }
        if self.done.is_some() { Verdict::Hold } else { Verdict::Pass }
    }
}

/// <https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html>
#[derive(Default)]
struct MySql {
    requests: Messages,
    /// What the first packet of the answer would confirm.
    asked: Option<Commit>,
}

impl MySql {
    const QUERY: u8 = 0x03;
    const EXECUTE: u8 = 0x17;
    const OK: u8 = 0x00;
    const IN_TRANSACTION: u8 = 0x01;
}

fn mysql_length(start: &[u8]) -> Option<usize> {
    let head = start.get(..4)?;
    Some(4 + usize::from(head[0]) + (usize::from(head[1]) << 8) + (usize::from(head[2]) << 16))
}

/// A length-encoded number, and what follows it.
fn mysql_number(bytes: &[u8]) -> (u64, &[u8]) {
    let (length, rest) = match bytes[0] {
        0xfc => (2, &bytes[1..]),
        0xfd => (3, &bytes[1..]),
        0xfe => (8, &bytes[1..]),
        small => return (small.into(), &bytes[1..]),
    };
    let (number, rest) = rest.split_at(length);
    (number.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)), rest)
}

impl Dialogue for MySql {
    fn sent(&mut self, bytes: &[u8]) {
        self.requests.push(bytes);
        while let Some(packet) = self.requests.next(mysql_length) {
            let (sequence, body) = (packet[3], &packet[4..]);
            self.asked = match body {
                [Self::QUERY, text @ ..] if sequence == 0 && text == b"COMMIT" => {
                    Some(Commit::Transaction)
                }
                [Self::EXECUTE, ..] if sequence == 0 => Some(Commit::Statement),
                _ => None,
            };
        }
    }

    fn length(&self, start: &[u8]) -> Option<usize> {
        mysql_length(start)
    }

    fn answered(&mut self, packet: &[u8]) -> Verdict {
        let Some(asked) = self.asked.take() else { return Verdict::Pass };
        let body = &packet[4..];
        if body[0] != Self::OK {
            return Verdict::Pass;
        }
        let (rows, rest) = mysql_number(&body[1..]);
        let (_, status) = mysql_number(rest);
        match asked {
            Commit::Transaction => Verdict::Answers(asked),
            Commit::Statement if rows > 0 && status[0] & Self::IN_TRANSACTION == 0 => {
                Verdict::Answers(asked)
            }
            Commit::Statement => Verdict::Pass,
        }
    }
}

/// <https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/>
#[derive(Default)]
struct Mongo {
    requests: Messages,
    /// Which request's answer would confirm what.
    asked: Option<(u32, Commit)>,
}

fn little_endian(bytes: &[u8]) -> u32 {
    u32::from_le_bytes(bytes.try_into().unwrap())
}

fn mongo_length(start: &[u8]) -> Option<usize> {
    Some(usize::try_from(little_endian(start.get(..4)?)).unwrap())
}

/// The body of an OP_MSG, which is its first section.
fn mongo_body(message: &[u8]) -> Option<Document> {
    const OP_MSG: u32 = 2013;
    if little_endian(&message[12..16]) != OP_MSG {
        return None;
    }
    assert_eq!(message[20], 0, "the body comes first");
    Some(Document::from_reader(&message[21..]).unwrap())
}

impl Dialogue for Mongo {
    fn sent(&mut self, bytes: &[u8]) {
        self.requests.push(bytes);
        while let Some(message) = self.requests.next(mongo_length) {
            let body = mongo_body(&message).unwrap_or_default();
            let command = body.keys().next().map(String::as_str);
            let commit = match command {
                Some("commitTransaction") => Some(Commit::Transaction),
                Some("insert" | "update" | "delete" | "findAndModify")
                    if !body.contains_key("autocommit") =>
                {
                    Some(Commit::Statement)
                }
                _ => None,
            };
            self.asked = commit.map(|commit| (little_endian(&message[4..8]), commit));
        }
    }

    fn length(&self, start: &[u8]) -> Option<usize> {
        mongo_length(start)
    }

    fn answered(&mut self, message: &[u8]) -> Verdict {
        let answer_to = little_endian(&message[8..12]);
        let Some((_, commit)) = self.asked.take_if(|(request, _)| *request == answer_to) else {
            return Verdict::Pass;
        };
        let body = mongo_body(message).unwrap_or_default();
        let number = |body: &Document, key| mongodb::bson::Bson::as_i32(body.get(key)?);
        let is_ok = body.get("ok").and_then(|ok| ok.as_f64()) == Some(1.0)
            || number(&body, "ok") == Some(1);
        let found = body.get_document("lastErrorObject").unwrap_or(&body);
        let wrote = commit == Commit::Transaction || number(found, "n").unwrap_or(0) > 0;
        if is_ok && wrote { Verdict::Answers(commit) } else { Verdict::Pass }
    }
}
