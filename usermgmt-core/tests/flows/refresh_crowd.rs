//! Clients as they are, on two servers: replies get lost, two tabs share one
//! token, clients and servers restart, and some tokens are stolen. Nobody honest
//! is signed out; what somebody else presents later ends its session.

use std::sync::Arc;
use std::time::Duration;

use usermgmt_core::clock::Clock as _;
use usermgmt_core::config::JwtAlgorithm;
use usermgmt_core::flows::RefreshError;
use usermgmt_core::keys::KeyRing;
use usermgmt_core::model::ids::SessionId;
use usermgmt_core::model::session::Session;
use usermgmt_core::model::user::User;
use usermgmt_core::secret::Redacted;
use usermgmt_core::store::{Change, Changes, MemoryStore, Store, UserStore as _};
use usermgmt_core::testkit::{MockClock, SeededRng};
use usermgmt_core::{Auth, Client};

use crate::fixture::*;

const CLIENTS: u32 = 4_000;
const THREADS: u32 = 2;
/// Below the most sessions that a user can have.
const CLIENTS_A_USER: u32 = 50;

#[test]
fn no_honest_session_ends_inside_the_grace_and_every_replay_outside_it_ends_its_own() {
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.unwrap().block_on(async {
                    let mut town = Town::new(u64::from(thread)).await;
                    for n in 0..CLIENTS / THREADS {
                        if n % CLIENTS_A_USER == 0 {
                            town.new_user(n).await;
                        }
                        town.live(n).await;
                    }
                    town.stolen
                })
            })
        })
        .collect();
    let stolen: u32 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert!((CLIENTS / 5..CLIENTS / 3).contains(&stolen), "{stolen} of {CLIENTS} stolen");
}

/// Two servers that share a store, and somebody who is signed in.
struct Town {
    store: Arc<MemoryStore>,
    servers: [Auth; 2],
    clock: MockClock,
    random_changes: SeededRng,
    user: Option<User>,
    stolen: u32,
}

impl Town {
    async fn new(seed: u64) -> Self {
        let (store, clock) = (Arc::new(MemoryStore::new()), MockClock::default());
        let mut config = config();
        // A cheaper signature: this is not about access tokens.
        config.jwt.algorithm = JwtAlgorithm::Hs256(Redacted::new((5..37).collect()));
        config.limits.enabled = false;
        let server = |seed| {
            let keys = KeyRing::single(SECRET.to_vec()).unwrap();
            Auth::builder_shared(Arc::clone(&store) as Arc<dyn Store>, keys, config.clone())
                .clock(clock.clone())
                .rng(SeededRng::new(seed))
                .build()
        };
        let servers =
            [server(2 * seed + 100).await.unwrap(), server(2 * seed + 101).await.unwrap()];
        Self { store, servers, clock, random_changes: SeededRng::new(seed), user: None, stolen: 0 }
    }

    fn draw(&self, end: u64) -> u64 {
        self.random_changes.below(end)
    }

    /// Either server: it restarts, or the balancer picks another.
    fn server(&self) -> &Auth {
        &self.servers[usize::from(self.draw(2) == 1)]
    }

    async fn new_user(&mut self, n: u32) {
        let command = registration(&format!("user{n}"), &address(&format!("user{n}")), PASSWORD);
        let changes = self.servers[0].prepare_registration(&command, &home()).await.unwrap();
        self.store.apply(&changes.changes).await.unwrap();
        let id = changes.user_id.unwrap();
        let user = self.store.account(&id).await.unwrap().unwrap().user;
        let set = Box::new(usermgmt_core::store::UserPatch {
            email_confirmed_at: Some(Some(self.clock.now())),
            unconfirmed_until: Some(None),
            ..Default::default()
        });
        let (epoch, at) = (user.epoch, self.clock.now());
        self.apply(Change::UpdateUser { id, epoch, raise_epoch: false, at, set }).await;
        self.user = self.store.account(&user.id).await.unwrap().map(|account| account.user);
    }

    async fn apply(&self, change: Change) {
        let changes = Changes::new(vec![change], self.clock.now(), &self.random_changes);
        self.store.apply(&changes).await.unwrap();
    }

    /// A new session, without the cost of a sign-in.
    async fn session(&self) -> Session {
        let now = self.clock.now();
        let session = Session {
            id: SessionId::generate(&self.random_changes),
            user_id: self.user.as_ref().unwrap().id.clone(),
            generation: 0,
            rotated_at: None,
            received: None,
            received_at: None,
            replayed: None,
            replays: 0,
            created_at: now,
            last_seen_at: now,
            expires_at: now + 30 * DAY,
            max_expires_at: now + 90 * DAY,
            auth_time: now,
            amr: vec!["pwd".to_owned()],
            ip: None,
            user_agent: None,
        };
        self.apply(Change::InsertSession(Box::new(session.clone()))).await;
        session
    }

    async fn refresh(&self, token: &str) -> Result<String, RefreshError> {
        let tokens = self.server().refresh(token, &Client::default()).await?;
        Ok(tokens.refresh_token.expose().clone())
    }

    /// What an honest client presents goes on.
    async fn goes_on(&self, token: &str, n: u32) -> String {
        match self.refresh(token).await {
            Ok(next) => next,
            Err(error) => panic!("client {n} was signed out: {error}"),
        }
    }

    /// Some time inside the grace.
    fn a_moment(&self) -> Duration {
        Duration::from_millis(self.draw(30_000))
    }

    async fn live(&mut self, n: u32) {
        let session = self.session().await;
        let mut held = forged_refresh_token(SECRET, &session, 0);
        let mut before = Vec::new();
        let mut rotated_at = self.clock.now();
        let mut in_a_row = 0;
        for _ in 0..=self.draw(2) {
            self.clock.advance(Duration::from_millis(self.draw(20 * 86_400_000)));
            rotated_at = self.clock.now();
            let next = self.goes_on(&held, n).await;
            // The third generation in a row would count as two holders.
            let luck = if in_a_row == 2 { 2 } else { self.draw(3) };
            in_a_row = if luck < 2 { in_a_row + 1 } else { 0 };
            match luck {
                // The reply was lost, or the client restarted before it wrote the
                // token down: it presents the old one again, perhaps twice.
                0 => {
                    self.clock.advance(self.a_moment());
                    assert_eq!(self.goes_on(&held, n).await, next, "client {n}");
                }
                // A second tab woke up with the same token; either goes on.
                1 => {
                    self.clock.advance(self.a_moment());
                    let other = self.goes_on(&held, n).await;
                    assert_eq!(other, next, "client {n}");
                }
                _ => {}
            }
            before.push(std::mem::replace(&mut held, next));
        }
        if self.draw(4) == 0 {
            self.stolen += 1;
            let generation = i64::try_from(before.len()).unwrap();
            let now = self.clock.now();
            self.apply(Change::ReceiveSession { id: session.id, generation, now }).await;
            self.replay(&before, &held, rotated_at.max(now), n).await;
        }
    }

    /// Somebody else presents a token that was used before: any but the last one
    /// at once, the last one when its grace is over.
    async fn replay(
        &self,
        before: &[String],
        held: &str,
        rotated_at: usermgmt_core::clock::Timestamp,
        n: u32,
    ) {
        let which = usize::try_from(self.draw(before.len() as u64)).unwrap();
        if which + 1 == before.len() {
            self.clock.set((rotated_at + 30 * SECOND).max(self.clock.now()));
            self.clock.advance(Duration::from_millis(self.draw(86_400_000)));
        }
        let replayed = self.refresh(&before[which]).await;
        assert!(matches!(replayed, Err(RefreshError::Reused)), "client {n}: {replayed:?}");
        let owner = self.refresh(held).await;
        assert!(matches!(owner, Err(RefreshError::Invalid)), "client {n}: {owner:?}");
    }
}
