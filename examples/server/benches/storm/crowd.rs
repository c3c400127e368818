//! People who sign in, each on a connection and from an address of their own.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior};

use crate::common::{Answer, Connection, PASSWORD, now, post};

/// What became of sign-ins, and after how long.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) answered: Vec<Duration>,
    pub(crate) refused: Vec<Duration>,
    pub(crate) with_retry_after: usize,
    pub(crate) others: usize,
}

impl Outcome {
    fn add(&mut self, answer: &Answer, took: Duration) {
        match answer.status {
            200 => self.answered.push(took),
            503 => {
                self.refused.push(took);
                self.with_retry_after += usize::from(answer.has_retry_after);
            }
            _ => self.others += 1,
        }
    }
}

pub(crate) struct Crowd(Vec<(Connection, Vec<u8>)>);

impl Crowd {
    /// One of the crowd for each of these accounts.
    pub(crate) async fn gather(server: SocketAddr, addresses: &[String]) -> Self {
        let mut people = Vec::new();
        for (number, address) in addresses.iter().enumerate() {
            people.push((Connection::open(server).await.unwrap(), sign_in(address, number)));
        }
        Self(people)
    }

    /// Everybody signs in again and again for so long.
    pub(crate) async fn storm(&mut self, length: Duration) -> Outcome {
        let began = now();
        let people = self.0.iter_mut().map(|(connection, request)| async move {
            let mut answers = Vec::new();
            while began.elapsed() < length {
                let sent = now();
                let answer = connection.ask(request).await.unwrap();
                answers.push((answer, sent.elapsed()));
            }
            answers
        });
        count(join_all(people).await.into_iter().flatten())
    }

    /// So many sign-ins a second, whatever becomes of them: everybody comes again
    /// after the same time, or as soon as they were answered where that takes longer.
    pub(crate) async fn storm_at(&mut self, rate: f64, length: Duration) -> Outcome {
        let began = now();
        let every = Duration::from_secs_f64(self.0.len() as f64 / rate);
        let people = u32::try_from(self.0.len()).unwrap();
        let people = self.0.iter_mut().zip(0..).map(|((connection, request), number)| {
            let first = Instant::from_std(began) + every * number / people;
            async move {
                let mut ticks = tokio::time::interval_at(first, every);
                ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                let mut answers = Vec::new();
                while began.elapsed() < length {
                    ticks.tick().await;
                    let sent = now();
                    let answer = connection.ask(request).await.unwrap();
                    answers.push((answer, sent.elapsed()));
                }
                answers
            }
        });
        count(join_all(people).await.into_iter().flatten())
    }

    /// Everybody signs in once, all at the same moment.
    pub(crate) async fn burst(&mut self) -> Outcome {
        let sent = now();
        let people = self.0.iter_mut().map(|(connection, request)| async move {
            let answer = connection.ask(request).await.unwrap();
            (answer, sent.elapsed())
        });
        count(join_all(people).await.into_iter())
    }
}

fn count(answers: impl Iterator<Item = (Answer, Duration)>) -> Outcome {
    let mut outcome = Outcome::default();
    answers.for_each(|(answer, took)| outcome.add(&answer, took));
    outcome
}

fn sign_in(address: &str, number: usize) -> Vec<u8> {
    let client = Ipv4Addr::from_bits(0x0a00_0000 + u32::try_from(number).unwrap());
    let body = json!({ "email": address, "password": PASSWORD });
    post("/api/v1/signin", &client.to_string(), &body.to_string())
}

/// Signs somebody in and returns the access token.
pub(crate) async fn access_token(server: SocketAddr, address: &str) -> String {
    let mut connection = Connection::open(server).await.unwrap();
    let answer = connection.ask(&sign_in(address, 0)).await.unwrap();
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    body["access_token"].as_str().expect("an access token").to_owned()
}
