//! What is measured: the store's part of what people do.

use std::time::Duration;

use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::audit::AuditEntry;
use usermgmt_core::model::identifier::Identifier;
use usermgmt_core::model::ids::{AuditId, SessionId};
use usermgmt_core::model::session::Session;
use usermgmt_core::store::directory::{
    Paged, Search, Seek, SortOrder, UserFilter, UserPosition, UserQuery, UserSort,
};
use usermgmt_core::store::{
    Change, Changes, DirectoryStore as _, SessionStore as _, Store as _, UserStore as _,
};
use usermgmt_core::testkit::SeededRng;

use crate::fill::DISABLED;
use crate::now;
use crate::person::{email, registered_at, session_id, user_id, username};
use crate::place::Place;

/// The present, later than all of them registered.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_900_000_000_000);
/// What they sign in with.
pub(crate) const AGENT: &str =
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

const PAGE: usize = 100;
/// How many an administrator sees at a time.
const LISTED: usize = 50;
const TTL: Duration = Duration::from_secs(30 * 86_400);

#[derive(Clone, Copy)]
pub(crate) enum Operation {
    ByAddress,
    ByUsername,
    OpenSession,
    CheckSession,
    Refresh,
    FirstPage,
    DeepPage,
    Listed,
    ListedDeep,
    ListedByName,
    Rare,
    RareSearch,
    CommonSearch,
}

impl Operation {
    pub(crate) const ALL: [Self; 13] = [
        Self::ByAddress,
        Self::ByUsername,
        Self::OpenSession,
        Self::CheckSession,
        Self::Refresh,
        Self::FirstPage,
        Self::DeepPage,
        Self::Listed,
        Self::ListedDeep,
        Self::ListedByName,
        Self::Rare,
        Self::RareSearch,
        Self::CommonSearch,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ByAddress => "find by address",
            Self::ByUsername => "find by username",
            Self::OpenSession => "sign-in's commit",
            Self::CheckSession => "checked request",
            Self::Refresh => "refresh",
            Self::FirstPage => "first page of users",
            Self::DeepPage => "page at nine tenths",
            Self::Listed => "list: newest",
            Self::ListedDeep => "list: in the middle",
            Self::ListedByName => "list: by name, middle",
            Self::Rare => "list: the 20 disabled",
            Self::RareSearch => "search: one finds",
            Self::CommonSearch => "search: all match",
        }
    }

    fn times(self) -> usize {
        match self {
            // They wait for the disk.
            Self::OpenSession | Self::Refresh => 50,
            Self::Listed
            | Self::ListedDeep
            | Self::ListedByName
            | Self::Rare
            | Self::RareSearch
            | Self::CommonSearch => 5,
            _ => 100,
        }
    }

    /// Some of it in a row, each for somebody else, and how long each took.
    pub(crate) async fn turn(self, place: &Place, rng: &SeededRng) -> Vec<Duration> {
        let mut took = Vec::with_capacity(self.times());
        for _ in 0..self.times() {
            let mut who = 1 + rng.below(place.people);
            if who.is_multiple_of(place.people / DISABLED) {
                // Who is disabled does not sign in.
                who -= 1;
            }
            took.push(self.once(place, who, rng).await);
        }
        took
    }

    async fn once(self, place: &Place, who: u64, rng: &SeededRng) -> Duration {
        let store = &place.store;
        match self {
            Self::ByAddress | Self::ByUsername => {
                let identifier = match self {
                    Self::ByAddress => Identifier::email(&email(who)),
                    _ => Identifier::username(&username(who)),
                };
                let began = now();
                let found = store.account_by_identifier(&identifier, NOW).await.unwrap();
                let took = began.elapsed();
                assert_eq!(found.unwrap().user.id, user_id(who));
                took
            }
            Self::OpenSession => {
                let list = sign_in(who, rng);
                let began = now();
                store.apply(&list).await.unwrap();
                began.elapsed()
            }
            Self::CheckSession => {
                let (id, session) = (user_id(who), session_id(who));
                let began = now();
                let found = store.user_with_session(&id, session, NOW).await.unwrap();
                let took = began.elapsed();
                assert!(found.unwrap().1.is_some());
                took
            }
            Self::Refresh => {
                let id = session_id(who);
                let began = now();
                let (session, _) = store.session(id, NOW).await.unwrap().unwrap();
                let list = Changes::new(vec![rotate(&session)], NOW, rng);
                store.apply(&list).await.unwrap();
                began.elapsed()
            }
            Self::FirstPage | Self::DeepPage => {
                let after = match self {
                    Self::FirstPage => None,
                    _ => Some(user_id(place.people / 10 * 9)),
                };
                let began = now();
                let page = store.users(after.as_ref(), PAGE).await.unwrap();
                let took = began.elapsed();
                assert_eq!(page.len(), PAGE);
                took
            }
            listed => {
                let (query, rows) = listed.list(who);
                let began = now();
                let page = store.list_users(&query).await.unwrap();
                let took = began.elapsed();
                assert_eq!(page.rows.len(), rows);
                took
            }
        }
    }
}

impl Operation {
    /// What is asked of the list, and how many rows that has.
    fn list(self, who: u64) -> (UserQuery, usize) {
        let mut query = UserQuery {
            filter: UserFilter::default(),
            paged: Paged::first(LISTED),
            most_sorted: 1000,
        };
        let seek = |at| Some(Seek { at, backward: false, inclusive: true });
        let mut rows = LISTED;
        let filter = &mut query.filter;
        match self {
            Self::ListedDeep => {
                filter.order = SortOrder::Asc;
                // Somebody in the first half, behind whom there are enough.
                let at = Timestamp::from_millis(registered_at(who / 2));
                query.paged.seek = seek(UserPosition::Created(at, user_id(1)));
            }
            Self::ListedByName => {
                (filter.sort, filter.order) = (UserSort::Username, SortOrder::Asc);
                query.paged.seek = seek(UserPosition::Username("person7".to_owned(), user_id(1)));
            }
            Self::Rare => {
                filter.disabled = Some(true);
                rows = usize::try_from(DISABLED).unwrap();
            }
            Self::RareSearch => {
                filter.search = Search::typed(username(who).as_str());
                rows = 1;
            }
            Self::CommonSearch => filter.search = Search::typed("person"),
            _ => {}
        }
        (query, rows)
    }
}

/// What a sign-in commits, on a device that is known.
fn sign_in(who: u64, rng: &SeededRng) -> Changes {
    let user_id = user_id(who);
    let session = Session {
        id: SessionId::generate(rng),
        user_id: user_id.clone(),
        generation: 0,
        rotated_at: None,
        received: None,
        received_at: None,
        replayed: None,
        replays: 0,
        created_at: NOW,
        last_seen_at: NOW,
        expires_at: NOW + TTL,
        max_expires_at: NOW + 3 * TTL,
        auth_time: NOW,
        amr: vec!["pwd".to_owned()],
        ip: Some([192, 0, 2, 1].into()),
        user_agent: Some(AGENT.to_owned()),
    };
    let entry = AuditEntry {
        id: AuditId::generate(NOW, rng),
        at: NOW,
        user_id: Some(user_id.clone()),
        action: "session.opened".to_owned(),
        detail: vec!["pwd".to_owned()],
        origin: usermgmt_core::model::audit::Origin::default(),
    };
    let list = vec![
        Change::TouchUser { id: user_id.clone(), active: true, epoch: 0 },
        Change::InsertSession(Box::new(session)),
        Change::RememberDevice { user_id, device: "A".repeat(43), at: NOW },
        Change::InsertAudit(entry),
    ];
    Changes::new(list, NOW, rng)
}

fn rotate(session: &Session) -> Change {
    Change::RotateSession {
        id: session.id,
        generation: session.generation,
        to: session.generation + 1,
        now: NOW,
        expires_at: NOW + TTL,
        ip: Some([192, 0, 2, 2].into()),
        user_agent: Some(AGENT.to_owned()),
    }
}
