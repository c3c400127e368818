//! A hundred thousand clients as they are. Replies get lost for seconds to days,
//! tabs sleep, clients restart, and some tokens are stolen. What is decided is
//! decided and written as in [`Auth::refresh`](crate::Auth::refresh), without
//! what is no part of it: tokens, signatures, mail.

use std::time::Duration;

use super::decision::{Decision, Rules, decide};
use crate::clock::Timestamp;
use crate::model::ids::{SessionId, UserId};
use crate::model::session::Session;
use crate::store::{Change, Changes, MemoryStore, SessionStore as _, Store as _};
use crate::testkit::{SampleRows, SeededRng};

const CLIENTS: u64 = 100_000;
const THREADS: u64 = 2;
const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const DAY: u64 = 24 * 60 * MINUTE;
const RULES: Rules = Rules { grace: Duration::from_secs(30), fixed: false, same_client: false };

#[test]
fn no_honest_session_ends_and_every_thief_is_found() {
    let threads: Vec<_> = (0..THREADS)
        .map(|seed| {
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(town(seed))
            })
        })
        .collect();
    let thieves: u64 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert!((CLIENTS / 6..CLIENTS / 3).contains(&thieves), "{thieves} of {CLIENTS}");
}

/// Says how many thieves there were, all of whom were found.
async fn town(seed: u64) -> u64 {
    let (store, rng) = (MemoryStore::new(), SeededRng::new(seed));
    let rows = SampleRows::new(1);
    let user = rows.user("ann");
    let user_id = user.id.clone();
    let insert = Change::InsertUser { user: Box::new(user), password: None };
    let town = Town { store, rng, user_id };
    town.apply(insert, at(0)).await;
    let mut thieves = 0;
    for number in 0..CLIENTS / THREADS {
        let session = Session { id: SessionId::generate(&town.rng), ..rows.session(&town.user_id) };
        let is_stolen_from = town.below(4) == 0;
        let mut client = Client {
            town: &town,
            number,
            id: session.id,
            // Whether the host's requests load the session.
            is_checked: town.below(4) > 0,
            // Every other thief looks like the owner's browser and has its address.
            rules: Rules { same_client: !is_stolen_from || town.below(2) == 0, ..RULES },
            now: 0,
        };
        let session = Session {
            expires_at: at(30 * DAY),
            max_expires_at: at(365 * DAY),
            generation: 0,
            ..session
        };
        town.apply(Change::InsertSession(Box::new(session)), at(0)).await;
        if is_stolen_from {
            thieves += 1;
            client.is_stolen_from().await;
        } else {
            client.is_honest().await;
        }
        town.apply(Change::EndSessions { user_id: town.user_id.clone(), except: None }, at(0))
            .await;
    }
    thieves
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(i64::try_from(millis).expect("a time within the ages"))
}

struct Town {
    store: MemoryStore,
    rng: SeededRng,
    user_id: UserId,
}

impl Town {
    async fn apply(&self, change: Change, now: Timestamp) {
        let changes = Changes::new(vec![change], now, &self.rng);
        self.store.apply(&changes).await.expect("the store in memory answers");
    }

    fn below(&self, end: u64) -> u64 {
        self.rng.below(end)
    }

    /// Some time between the two, short ones as likely as long ones.
    fn between(&self, least: u64, most: u64) -> u64 {
        let mut longest = least;
        while longest < most && self.below(6) > 0 {
            longest *= 4;
        }
        least + self.below(longest.min(most) - least + 1)
    }
}

struct Client<'a> {
    town: &'a Town,
    number: u64,
    id: SessionId,
    is_checked: bool,
    rules: Rules,
    now: u64,
}

/// The session has ended.
#[derive(Debug)]
struct Ended;

impl Client<'_> {
    fn waits(&mut self, least: u64, most: u64) {
        self.now += self.town.between(least, most);
    }

    async fn session(&self) -> Option<Session> {
        let found = self
            .town
            .store
            .session(self.id, at(self.now))
            .await
            .expect("the store in memory answers");
        found.map(|(session, _)| session)
    }

    /// The generation that whoever presents this one goes on with.
    async fn refresh(&self, presented: i64) -> Result<i64, Ended> {
        let (id, now) = (self.id, at(self.now));
        let session = self.session().await.ok_or(Ended)?;
        let generation = session.generation;
        let (goes_on, change) = match decide(&session, presented, self.rules, now) {
            Decision::Rotate { to } => {
                let (ip, user_agent) = (None, None);
                let expires_at = now + Duration::from_millis(30 * DAY);
                let change =
                    Change::RotateSession { id, generation, to, now, expires_at, ip, user_agent };
                (Ok(to), change)
            }
            Decision::Replay { noted: None } => return Ok(generation),
            Decision::Replay { noted: Some(replays) } => {
                let replayed = presented;
                (Ok(generation), Change::ReplaySession { id, generation, replayed, replays, now })
            }
            Decision::CatchUp { .. } => panic!("client {}: nothing was lost", self.number),
            Decision::Reuse => {
                let (user_id, generation) = (self.town.user_id.clone(), Some(generation));
                (Err(Ended), Change::EndSession { id, user_id, generation })
            }
        };
        self.town.apply(change, now).await;
        goes_on
    }

    /// A request with an access token of this generation.
    async fn request(&self, generation: i64) {
        let Some(session) = self.session().await.filter(|_| self.is_checked) else { return };
        if session.generation == generation && session.received != Some(generation) {
            let change = Change::ReceiveSession { id: self.id, generation, now: at(self.now) };
            self.town.apply(change, at(self.now)).await;
        }
    }

    async fn goes_on(&self, presented: i64) -> i64 {
        match self.refresh(presented).await {
            Ok(next) => next,
            Err(Ended) => panic!("client {} was signed out", self.number),
        }
    }

    /// Two generations in a row may have bad luck; the third must not, since two
    /// holders who take turns look just like that.
    async fn is_honest(&mut self) {
        let (mut held, mut in_a_row) = (0, 0);
        for _ in 0..=self.town.below(5) {
            self.waits(15 * MINUTE, 10 * DAY);
            let next = self.goes_on(held).await;
            let luck = if in_a_row == 2 { 3 } else { self.town.below(4) };
            in_a_row = if luck < 3 { in_a_row + 1 } else { 0 };
            match luck {
                // No reply arrives, however often it tries; or it restarts before
                // it has written the new token down.
                0 | 1 => {
                    for _ in 0..=self.town.below(3) {
                        self.waits(SECOND, 4 * DAY);
                        assert_eq!(self.goes_on(held).await, next, "client {}", self.number);
                    }
                }
                // Another tab has slept with the same token, and wakes a moment
                // after the first one has gone on.
                2 => {
                    self.request(next).await;
                    self.now += self.town.below(30 * SECOND);
                    assert_eq!(self.goes_on(held).await, next, "client {}", self.number);
                }
                _ => {}
            }
            if self.town.below(5) > 0 {
                self.waits(1, MINUTE);
                self.request(next).await;
            }
            held = next;
        }
        assert!(self.session().await.is_some(), "client {}", self.number);
    }

    /// Owner and thief go on from one token, in any order.
    async fn is_stolen_from(&mut self) {
        let (mut owners, mut thiefs) = (0, 0);
        // The owner's refreshes since the thief first used a token that the
        // owner's client was past.
        let mut since: Option<u32> = None;
        for turn in 0.. {
            assert!(turn < 4, "client {}: the thief was not found", self.number);
            self.waits(15 * MINUTE, 2 * DAY);
            let owner_first = self.town.below(2) == 0;
            for owner_acts in [owner_first, !owner_first] {
                if owner_acts != owner_first {
                    // Who looks like the owner's browser passes for a tab of it within the grace.
                    let least = if self.rules.same_client { 30 * SECOND } else { SECOND };
                    self.waits(least, DAY);
                }
                let held = if owner_acts { &mut owners } else { &mut thiefs };
                let is_past = *held < self.session().await.map_or(0, |session| session.generation);
                if owner_acts {
                    since = since.map(|refreshes| refreshes + 1);
                } else if is_past && since.is_none() {
                    since = Some(0);
                }
                let went_on = self.refresh(*held).await;
                assert!(since <= Some(2), "client {}: found only at {since:?}", self.number);
                let Ok(next) = went_on else {
                    assert!(self.session().await.is_none(), "client {}", self.number);
                    return;
                };
                *held = next;
                if owner_acts || self.town.below(2) == 0 {
                    self.request(next).await;
                }
            }
        }
    }
}
