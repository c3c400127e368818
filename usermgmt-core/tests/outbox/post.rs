//! A mailer that does what it is told, by recipient.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use usermgmt_core::mail::{MailError, Mailer, Message};
use usermgmt_core::model::ids::MailId;

use crate::cut::Cut;

/// What happens to a mail.
#[derive(Clone, Debug)]
pub(crate) enum Way {
    /// The server answers with this.
    Refuse(MailError),
    /// The server never answers.
    Hang,
    /// The server takes the mail and never answers.
    TakeAndHang,
    /// The server takes the mail, and the mailer answers with this.
    TakeAndSay(MailError),
    /// The mailer panics.
    Panic,
    /// The whole process ends.
    Kill,
}

/// Takes every mail at once unless told otherwise. Clones share what they know.
#[derive(Clone, Debug, Default)]
pub(crate) struct Post {
    books: Arc<Mutex<Books>>,
    latency: Duration,
    cut: Option<Cut>,
}

#[derive(Debug, Default)]
struct Books {
    ways: HashMap<String, Way>,
    taken: Vec<Message>,
    rehearsed: Vec<Message>,
    tries: usize,
    in_flight: usize,
    most_in_flight: usize,
}

impl Post {
    /// One whose server takes this long for every mail.
    pub(crate) fn with_latency(latency: Duration) -> Self {
        Self { latency, ..Self::default() }
    }

    /// The same, used by a process that ends at the cut.
    pub(crate) fn in_process(&self, cut: &Cut) -> Self {
        Self { cut: Some(cut.clone()), ..self.clone() }
    }

    /// What happens to mails to this address from now on.
    pub(crate) fn set(&self, recipient: &str, way: Way) {
        self.books().ways.insert(recipient.to_owned(), way);
    }

    /// Mails to this address are taken again.
    pub(crate) fn heal(&self, recipient: &str) {
        self.books().ways.remove(recipient);
    }

    /// Every mail the server took, in order.
    pub(crate) fn taken(&self) -> Vec<Message> {
        self.books().taken.clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.books().taken.len()
    }

    /// Every mail it was to do the work of, and not to send.
    pub(crate) fn rehearsed(&self) -> Vec<Message> {
        self.books().rehearsed.clone()
    }

    /// How often each mail was taken.
    pub(crate) fn copies(&self) -> BTreeMap<MailId, usize> {
        let mut copies = BTreeMap::new();
        for message in self.books().taken.iter() {
            *copies.entry(message.id.clone()).or_default() += 1;
        }
        copies
    }

    /// How often it was asked to send.
    pub(crate) fn tries(&self) -> usize {
        self.books().tries
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.books().in_flight
    }

    pub(crate) fn most_in_flight(&self) -> usize {
        self.books().most_in_flight
    }

    async fn step(&self) {
        if let Some(cut) = &self.cut {
            cut.step().await;
        }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        // A mailer that is told to panic is no reason to lose the books.
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts down however the send ends, dropped halfway included.
struct InFlight<'a>(&'a Post);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.books().in_flight -= 1;
    }
}

#[async_trait]
impl Mailer for Post {
    async fn send(&self, message: &Message) -> Result<(), MailError> {
        let way = {
            let mut books = self.books();
            books.tries += 1;
            books.in_flight += 1;
            books.most_in_flight = books.most_in_flight.max(books.in_flight);
            books.ways.get(message.recipient.as_str()).cloned()
        };
        let _in_flight = InFlight(self);
        self.step().await;
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
        match way {
            Some(Way::Refuse(error)) => return Err(error),
            Some(Way::Hang) => std::future::pending().await,
            Some(Way::Panic) => panic!("told to panic"),
            Some(Way::Kill) => {
                if let Some(cut) = &self.cut {
                    cut.only(0);
                }
                self.step().await;
            }
            Some(Way::TakeAndHang) => {
                self.books().taken.push(message.clone());
                std::future::pending().await
            }
            Some(Way::TakeAndSay(error)) => {
                self.books().taken.push(message.clone());
                return Err(error);
            }
            None => self.books().taken.push(message.clone()),
        }
        self.step().await;
        Ok(())
    }

    async fn rehearse(&self, message: &Message) {
        self.books().rehearsed.push(message.clone());
    }
}
