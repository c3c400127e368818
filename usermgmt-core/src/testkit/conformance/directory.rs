//! Lists for administrators, compared with those of the store in memory.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::net::IpAddr;
use std::sync::Arc;

use super::fixture::{DAY, Fixture, HOUR, MS, NOW, insert_user, read};
use super::race::race_lists;
use super::show::same;
use crate::clock::Timestamp;
use crate::model::audit::{Actor, AuditEntry, Origin};
use crate::model::identifier::{Email, Username};
use crate::model::ids::UserId;
use crate::model::mail::OutboxMail;
use crate::model::passkey::Passkey;
use crate::model::user::{Role, User};
use crate::store::directory::{
    AuditFilter, ListedUser, Page, Paged, SIGNED_IN, Search, SortOrder, UserFilter, UserPosition,
    UserQuery, UserSort,
};
use crate::store::{Change, MemoryStore, Store, UserPatch};

const SORTS: [(UserSort, SortOrder); 6] = [
    (UserSort::Created, SortOrder::Desc),
    (UserSort::Created, SortOrder::Asc),
    (UserSort::Username, SortOrder::Asc),
    (UserSort::Username, SortOrder::Desc),
    (UserSort::Email, SortOrder::Asc),
    (UserSort::Email, SortOrder::Desc),
];

#[track_caller]
fn alike<T: Debug + PartialEq>(what: &str, found: &T, expected: &T) {
    assert!(found == expected, "{what}: found {found:#?}\nexpected {expected:#?}");
}

/// The store under test and the model, which are told the same.
struct Pair {
    fixture: Fixture,
    model: Arc<dyn Store>,
}

impl Pair {
    fn new(store: Arc<dyn Store>) -> Self {
        Self { fixture: Fixture::new(store), model: Arc::new(MemoryStore::new()) }
    }

    async fn applied(&self, list: impl Into<Vec<Change>>) {
        let changes = self.fixture.list(list);
        read(self.fixture.store.apply(&changes).await);
        read(self.model.apply(&changes).await);
    }

    /// A page of both, which is the same.
    async fn page(&self, query: &UserQuery) -> Page<ListedUser, UserPosition> {
        let found = read(self.fixture.store.list_users(query).await);
        let expected = read(self.model.list_users(query).await);
        alike(&format!("the page of {query:?}"), &found, &expected);
        found
    }

    /// Pages to the end and back to the beginning, each the same for both; the
    /// users on the way there.
    async fn walk(&self, filter: &UserFilter, limit: usize, most_sorted: usize) -> Vec<UserId> {
        let mut query =
            UserQuery { filter: filter.clone(), paged: Paged::first(limit), most_sorted };
        let mut there = Vec::new();
        let mut last = self.page(&query).await;
        loop {
            there.extend(last.rows.iter().map(|row| row.user.id.clone()));
            let Some(after) = last.after.clone() else { break };
            query.paged.seek = Some(after);
            last = self.page(&query).await;
        }
        let mut back: Vec<UserId> = last.rows.iter().rev().map(|row| row.user.id.clone()).collect();
        while let Some(before) = last.before.clone() {
            query.paged.seek = Some(before);
            last = self.page(&query).await;
            back.extend(last.rows.iter().rev().map(|row| row.user.id.clone()));
        }
        back.reverse();
        assert_eq!(there, back, "there and back: {query:?}");
        there
    }
}

/// Canonical names that a collation would take for each other, or order otherwise.
const NAMES: [&str; 12] =
    ["ada", "Ada", "ad\u{e1}", "ada ", "ada_", "b", "\u{df}", "ss", "zoe", "\u{1d518}", "~", "0"];

fn named(user: User, name: &str, n: u64) -> User {
    let (name, email) = (format!("{name}{n}"), format!("{name}{}@example.com", n % 7 * 100 + n));
    User {
        username: Username::from_stored(name.clone(), name),
        email: Email::from_stored(email.clone(), email),
        ..user
    }
}

/// Users of every kind, several of whom were made at one moment.
fn random_user(fixture: &Fixture, n: u64) -> User {
    let rng = &fixture.rng;
    let name = NAMES[usize::try_from(rng.below(12)).unwrap_or(0)];
    let maybe = |text: &str| (rng.below(3) > 0).then(|| text.to_owned());
    let last = ["Lovelace", "Hopper", "\u{c9}luard", "ada"];
    let last = last[usize::try_from(rng.below(4)).unwrap_or(0)];
    User {
        email_confirmed_at: (rng.below(3) > 0).then_some(NOW),
        disabled_at: (rng.below(4) == 0).then_some(NOW),
        role: if rng.below(5) == 0 { Role::Admin } else { Role::User },
        first_name: maybe("Ada"),
        last_name: maybe(last),
        created_at: NOW + MS * u32::try_from(rng.below(9)).unwrap_or(0),
        ..named(fixture.user("x"), name, n)
    }
}

fn has_factor(fixture: &Fixture, user: &User) -> [[Change; 1]; 2] {
    let (user_id, secret) = (user.id.clone(), fixture.secret());
    let factor_id = secret.factor_id.clone();
    [
        [Change::SetPendingTotp { user_id: user_id.clone(), secret }],
        [Change::ConfirmTotp { user_id, factor_id, step: 1 }],
    ]
}

/// So many users of every kind, a quarter of them with a second factor.
async fn crowd(pair: &Pair, size: u64) -> Vec<User> {
    let users: Vec<User> = (0..size).map(|n| random_user(&pair.fixture, n)).collect();
    pair.applied(users.iter().map(|user| insert_user(user, None)).collect::<Vec<_>>()).await;
    for user in users.iter().step_by(4) {
        for list in has_factor(&pair.fixture, user) {
            pair.applied(list).await;
        }
    }
    users
}

fn choices() -> [Option<bool>; 3] {
    [None, Some(false), Some(true)]
}

fn all_filters() -> Vec<UserFilter> {
    let mut all = Vec::new();
    for confirmed in choices() {
        for disabled in choices() {
            for mfa in choices() {
                for role in [None, Some(Role::User), Some(Role::Admin)] {
                    for (sort, order) in SORTS {
                        all.push(UserFilter {
                            confirmed,
                            disabled,
                            mfa,
                            role,
                            sort,
                            order,
                            ..UserFilter::default()
                        });
                    }
                }
            }
        }
    }
    all
}

pub async fn users_are_listed_by_every_filter_and_sort(store: Arc<dyn Store>) {
    let pair = Pair::new(store);
    crowd(&pair, 50).await;
    for (number, filter) in all_filters().into_iter().enumerate() {
        let limit = 1 + number % 9;
        let mut query = UserQuery { filter, paged: Paged::first(limit), most_sorted: 0 };
        let first = pair.page(&query).await;
        let Some(after) = first.after.clone() else { continue };
        query.paged.seek = Some(after);
        let second = pair.page(&query).await;
        query.paged.seek = second.before.clone();
        let back = pair.page(&query).await;
        assert_eq!(back.rows, first.rows, "{query:?}");
    }
    for (sort, order) in SORTS {
        let all = UserFilter { sort, order, ..UserFilter::default() };
        assert_eq!(pair.walk(&all, 7, 0).await.len(), 50);
        for (from, to) in [(2, 7), (0, 3), (5, 5)] {
            let some = UserFilter {
                created_from: Some(NOW + MS * from),
                created_to: Some(NOW + MS * to),
                ..all.clone()
            };
            for most_sorted in [0, 1000] {
                pair.walk(&some, 4, most_sorted).await;
                let fewer = UserFilter { confirmed: Some(true), ..some.clone() };
                pair.walk(&fewer, 3, most_sorted).await;
            }
        }
    }
}

pub async fn users_are_searched_by_the_beginning_of_their_names(store: Arc<dyn Store>) {
    let pair = Pair::new(store);
    let users = crowd(&pair, 50).await;
    let id = users[7].id.to_string();
    let texts = [
        "a",
        "ADA",
        "ada l",
        "Ada  Lovelace",
        "lov",
        "\u{c9}lu",
        "\u{e9}luard",
        "ad\u{e1}",
        "b",
        "\u{df}",
        "z",
        "nobody",
        "%",
        "_",
        "ada_",
        "example",
        &id,
        &id[..8],
    ];
    let mut found = 0;
    for text in texts {
        let search = Search::typed(text);
        assert!(search.is_some(), "{text}");
        for most_sorted in [0, 3, 1000] {
            for (number, (sort, order)) in SORTS.into_iter().enumerate() {
                if most_sorted == 0 && number > 0 {
                    continue;
                }
                let all =
                    UserFilter { search: search.clone(), sort, order, ..UserFilter::default() };
                found += pair.walk(&all, 7, most_sorted).await.len();
                let some = UserFilter {
                    confirmed: Some(true),
                    role: Some(Role::User),
                    created_from: Some(NOW + MS * 2),
                    ..all
                };
                pair.walk(&some, 4, most_sorted).await;
            }
        }
    }
    assert!(found > 100, "there was something to find: {found}");
    let by_id = UserFilter { search: Search::typed(&id), ..UserFilter::default() };
    assert_eq!(pair.walk(&by_id, 10, 1000).await, [users[7].id.clone()]);
}

pub async fn what_changes_of_a_user_changes_which_lists_they_are_in(store: Arc<dyn Store>) {
    let pair = Pair::new(store);
    let ann = named(pair.fixture.user("x"), "ann", 1);
    let other = named(pair.fixture.user("x"), "other", 2);
    pair.applied([insert_user(&ann, None), insert_user(&other, None)]).await;
    let patch = |set: UserPatch| {
        let (id, set) = (ann.id.clone(), Box::new(set));
        Change::UpdateUser { id, epoch: 0, raise_epoch: false, at: NOW + HOUR, set }
    };
    let [pending, confirm] = has_factor(&pair.fixture, &ann).map(Vec::from);
    let none = UserPatch::default;
    let name = |text: &str| Some(Some(text.to_owned()));
    let email = Email::from_stored("X@y".to_owned(), "x@y".to_owned());
    let username = Username::from_stored("Zed".to_owned(), "zed".to_owned());
    let steps: Vec<Vec<Change>> = vec![
        vec![patch(UserPatch { disabled_at: Some(Some(NOW)), ..none() })],
        vec![patch(UserPatch { disabled_at: Some(None), ..none() })],
        vec![patch(UserPatch { role: Some(Role::Admin), ..none() })],
        vec![patch(UserPatch { first_name: name("Grace"), ..none() })],
        vec![patch(UserPatch { last_name: name("Hopper"), ..none() })],
        vec![patch(UserPatch { first_name: Some(None), ..none() })],
        vec![patch(UserPatch { email: Some(email), username: Some(username), ..none() })],
        pending,
        confirm,
        vec![Change::RemoveTotp { user_id: ann.id.clone() }],
        vec![Change::DeleteUser { id: ann.id.clone(), epoch: 0, at: NOW }],
    ];
    for step in steps {
        pair.applied(step).await;
        for filter in all_filters().into_iter().step_by(6) {
            pair.walk(&filter, 10, 10).await;
        }
        for text in ["ann", "grace", "grace h", "hopper", "x@", "zed"] {
            for most_sorted in [0, 1000] {
                let search = Search::typed(text);
                pair.walk(&UserFilter { search, ..UserFilter::default() }, 10, most_sorted).await;
            }
        }
    }
}

pub async fn pages_neither_repeat_nor_skip_while_users_come_and_go(store: Arc<dyn Store>) {
    let pair = Pair::new(store);
    let mut users = crowd(&pair, 40).await;
    let mut next = 1000;
    let searches = [None, Search::typed("a")];
    for (sort, order) in SORTS {
        for search in &searches {
            let filter =
                UserFilter { search: search.clone(), sort, order, ..UserFilter::default() };
            let mut query = UserQuery { filter, paged: Paged::first(4), most_sorted: 0 };
            let staying: BTreeSet<UserId> =
                pair.walk(&query.filter, 50, 0).await.into_iter().collect();
            let (mut seen, mut gone) = (Vec::new(), BTreeSet::new());
            loop {
                let page = pair.page(&query).await;
                seen.extend(page.rows.iter().map(|row| row.user.id.clone()));
                // One whose position a cursor may have, one that is anywhere, and a new one.
                let at = usize::try_from(pair.fixture.rng.below(users.len() as u64)).unwrap_or(0);
                let deleted = match page.rows.last() {
                    Some(last) if seen.len() % 8 == 0 => last.user.id.clone(),
                    _ => users[at].id.clone(),
                };
                users.retain(|user| user.id != deleted);
                gone.insert(deleted.clone());
                let new = random_user(&pair.fixture, next);
                next += 1;
                let delete = Change::DeleteUser { id: deleted, epoch: 0, at: NOW };
                pair.applied([delete]).await;
                pair.applied([insert_user(&new, None)]).await;
                users.push(new);
                let Some(after) = page.after else { break };
                query.paged.seek = Some(after);
            }
            let once: BTreeSet<UserId> = seen.iter().cloned().collect();
            assert_eq!(once.len(), seen.len(), "nobody twice: {query:?}");
            let skipped: Vec<_> =
                staying.difference(&gone).filter(|id| !once.contains(*id)).collect();
            assert!(skipped.is_empty(), "{skipped:?} were there all along: {query:?}");
        }
    }
    // Where the rows after a cursor are gone, the way back leads over the last one.
    let all = UserFilter::default();
    let mut query = UserQuery { filter: all, paged: Paged::first(1), most_sorted: 0 };
    let first = pair.page(&query).await;
    let last = first.rows[0].user.id.clone();
    for user in users.iter().filter(|user| user.id != last) {
        pair.applied([Change::DeleteUser { id: user.id.clone(), epoch: 0, at: NOW }]).await;
    }
    query.paged.seek = first.after;
    let empty = pair.page(&query).await;
    assert!(empty.rows.is_empty() && empty.after.is_none());
    query.paged.seek = empty.before;
    assert_eq!(pair.page(&query).await.rows, first.rows);
}

pub async fn a_listed_user_shows_the_last_sign_in_and_the_second_factor(store: Arc<dyn Store>) {
    let pair = Pair::new(store);
    let ann = pair.fixture.user("ann");
    pair.applied([insert_user(&ann, None)]).await;
    let id = || ann.id.clone();
    let session = pair.fixture.session(&ann.id);
    let [pending, confirm] = has_factor(&pair.fixture, &ann).map(Vec::from);
    let steps: Vec<Vec<Change>> = vec![
        vec![Change::InsertSession(Box::new(session.clone()))],
        pending,
        confirm,
        vec![Change::EndSessions { user_id: id(), except: None }],
        vec![Change::DropPendingTotp { user_id: id() }],
        vec![Change::RemoveTotp { user_id: id() }],
        vec![Change::DeleteUser { id: id(), epoch: 0, at: NOW }],
    ];
    for step in steps {
        pair.applied(step).await;
        let found = read(pair.fixture.store.listed_user(&ann.id).await);
        let expected = read(pair.model.listed_user(&ann.id).await);
        alike("the listed user", &found, &expected);
    }
    let nobody = read(pair.fixture.store.listed_user(&ann.id).await);
    assert_eq!(nobody, None);
}

/// What adds a second factor, and what takes it off again.
type Factor = (Vec<Vec<Change>>, Change);

/// An authenticator app, a passkey that is removed by itself, and one that goes with
/// all the others.
fn factors(fixture: &Fixture, user: &User) -> [Factor; 3] {
    let id = || user.id.clone();
    let app = has_factor(fixture, user).map(Vec::from).to_vec();
    let [one, other] = [0; 2].map(|_| fixture.passkey(&user.id));
    let remove = Change::RemovePasskey { id: one.id.clone(), user_id: id() };
    let add = |passkey| vec![vec![Change::InsertPasskey(Box::new(passkey))]];
    [
        (app, Change::RemoveTotp { user_id: id() }),
        (add(one), remove),
        (add(other), Change::RemovePasskeys { user_id: id(), since: None }),
    ]
}

/// The user alone, the lists and the summary say the same, and what is expected.
async fn has_second_factor(pair: &Pair, user: &UserId, expected: bool) {
    let found = read(pair.fixture.store.listed_user(user).await);
    alike("the listed user", &found, &read(pair.model.listed_user(user).await));
    assert_eq!(found.map(|row| row.mfa_enabled), Some(expected));
    for mfa in [false, true] {
        let filter = UserFilter { mfa: Some(mfa), ..UserFilter::default() };
        let is_there = pair.walk(&filter, 10, 10).await.contains(user);
        assert_eq!(is_there, mfa == expected, "{mfa}");
    }
    same_summaries(pair, NOW).await;
}

pub async fn a_second_factor_is_an_authenticator_app_or_a_passkey(store: Arc<dyn Store>) {
    const ORDERS: [[usize; 3]; 6] =
        [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let pair = Pair::new(store);
    let (ann, bob) = (pair.fixture.user("ann"), pair.fixture.user("bob"));
    pair.applied([insert_user(&ann, None), insert_user(&bob, None)]).await;
    let kept = pair.fixture.passkey(&bob.id);
    pair.applied([Change::InsertPasskey(Box::new(kept))]).await;
    let id = || ann.id.clone();
    for (added, removed) in ORDERS.into_iter().zip(ORDERS.into_iter().rev()) {
        let factors = factors(&pair.fixture, &ann);
        for factor in added {
            for list in &factors[factor].0 {
                pair.applied(list.clone()).await;
            }
            has_second_factor(&pair, &ann.id, true).await;
        }
        let mut left = vec![0, 1, 2];
        for factor in removed {
            // All passkeys went with the third.
            if factor == 1 && !left.contains(&2) {
                continue;
            }
            pair.applied([factors[factor].1.clone()]).await;
            left.retain(|other| *other != factor && !(factor == 2 && *other == 1));
            has_second_factor(&pair, &ann.id, !left.is_empty()).await;
        }
    }
    has_second_factor(&pair, &bob.id, true).await;
    // Only those that were added since then go; and one list takes both kinds off.
    let passkey = pair.fixture.passkey(&ann.id);
    let since = |at| Change::RemovePasskeys { user_id: id(), since: Some(at) };
    let created_at = passkey.created_at;
    pair.applied([Change::InsertPasskey(Box::new(passkey))]).await;
    pair.applied([since(created_at + MS)]).await;
    has_second_factor(&pair, &ann.id, true).await;
    pair.applied([since(created_at)]).await;
    has_second_factor(&pair, &ann.id, false).await;
    let all = factors(&pair.fixture, &ann);
    for list in all.iter().flat_map(|(lists, _)| lists) {
        pair.applied(list.clone()).await;
    }
    let added = pair.fixture.passkey(&ann.id);
    let mut list = vec![all[0].1.clone(), all[2].1.clone()];
    pair.applied(list.clone()).await;
    has_second_factor(&pair, &ann.id, false).await;
    // A list that removes the old ones keeps the one it adds.
    list.push(Change::InsertPasskey(Box::new(added)));
    pair.applied(list).await;
    has_second_factor(&pair, &ann.id, true).await;
    // A change of anything else leaves it.
    let set = Box::new(UserPatch { disabled_at: Some(Some(NOW)), ..UserPatch::default() });
    let change = Change::UpdateUser { id: id(), epoch: 0, raise_epoch: false, at: NOW, set };
    pair.applied([change]).await;
    has_second_factor(&pair, &ann.id, true).await;
    pair.applied([Change::DeleteUser { id: id(), epoch: 0, at: NOW }]).await;
    same_summaries(&pair, NOW).await;
}

pub async fn second_factors_that_come_and_go_at_once_are_all_counted(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await;
    let id = || ann.id.clone();
    let shown = async || read(fixture.store.listed_user(&ann.id).await).map(|row| row.mfa_enabled);
    let add = |passkey: &Passkey| Change::InsertPasskey(Box::new(passkey.clone()));
    for one_comes in [false, true, false, true] {
        for list in has_factor(&fixture, &ann) {
            fixture.applied(list).await;
        }
        let passkeys = [0; 4].map(|_| fixture.passkey(&ann.id));
        fixture.applied(passkeys.iter().map(add).collect::<Vec<_>>()).await;
        let gone = passkeys.iter().map(|passkey| passkey.id.clone());
        let mut all: Vec<Change> =
            gone.map(|id| Change::RemovePasskey { id, user_id: ann.id.clone() }).collect();
        all.push(Change::RemoveTotp { user_id: id() });
        let new = fixture.passkey(&ann.id);
        if one_comes {
            all.insert(2, add(&new));
        }
        let lists = all.into_iter().map(|change| fixture.list([change])).collect();
        for answer in race_lists(&fixture, lists).await {
            read(answer);
        }
        assert_eq!(shown().await, Some(one_comes));
        fixture.applied([Change::RemovePasskeys { user_id: id(), since: None }]).await;
        assert_eq!(shown().await, Some(false));
    }
}

fn random_entry(fixture: &Fixture, users: &[UserId]) -> AuditEntry {
    let rng = &fixture.rng;
    let pick = |of: &[UserId]| of[usize::try_from(rng.below(of.len() as u64)).unwrap_or(0)].clone();
    let user = (rng.below(5) > 0).then(|| pick(users));
    let actions = [SIGNED_IN, "user.updated", "User.updated"];
    let action = actions[usize::try_from(rng.below(3)).unwrap_or(0)];
    AuditEntry {
        at: NOW + MS * u32::try_from(rng.below(9)).unwrap_or(0),
        origin: Origin {
            actor: if rng.below(2) == 0 { Actor::User } else { Actor::Admin },
            actor_id: (rng.below(2) == 0).then(|| pick(users).to_string()),
            ip: (rng.below(2) == 0).then(|| IpAddr::from([192, 0, 2, 7])),
            user_agent: (rng.below(2) == 0).then(|| "agent".to_owned()),
            request_id: None,
        },
        ..fixture.audit_entry(user.as_ref(), action)
    }
}

pub async fn the_audit_log_is_listed_by_every_filter(store: Arc<dyn Store>) {
    let pair = Pair::new(store);
    let users = ["ann", "bob", "cyd"].map(|name| pair.fixture.user(name).id);
    let entries = (0..60).map(|_| Change::InsertAudit(random_entry(&pair.fixture, &users)));
    pair.applied(entries.collect::<Vec<_>>()).await;
    for user in [None, Some(users[0].clone())] {
        for actor in [None, Some(users[1].to_string())] {
            for action in [None, Some(SIGNED_IN.to_owned())] {
                for (from, to) in [(None, None), (Some(2), Some(7)), (Some(4), None)] {
                    let filter = AuditFilter {
                        user: user.clone(),
                        actor: actor.clone(),
                        action: action.clone(),
                        from: from.map(|ms| NOW + MS * ms),
                        to: to.map(|ms| NOW + MS * ms),
                    };
                    let mut paged = Paged::first(4);
                    let mut turned = false;
                    loop {
                        let found = read(pair.fixture.store.list_audit(&filter, &paged).await);
                        let expected = read(pair.model.list_audit(&filter, &paged).await);
                        alike(&format!("{filter:?} {paged:?}"), &found, &expected);
                        turned |= found.after.is_none();
                        let next = if turned { found.before } else { found.after };
                        let Some(next) = next else { break };
                        paged.seek = Some(next);
                    }
                }
            }
        }
    }
}

pub async fn dead_mail_and_service_keys_are_listed_both_ways(store: Arc<dyn Store>) {
    let pair = Pair::new(store);
    for n in 0..7 {
        let key = pair.fixture.service_key("key");
        let dead = OutboxMail { dead_at: Some(NOW), ..pair.fixture.mail(None) };
        let waiting = pair.fixture.mail(None);
        let mut list: Vec<Change> =
            [dead, waiting].map(|mail| Change::InsertMail(Box::new(mail))).into();
        list.push(Change::InsertServiceKey(key.clone()));
        pair.applied(list).await;
        if n == 3 {
            pair.applied([Change::RevokeServiceKey { id: key.id, at: NOW }]).await;
        }
    }
    let mut paged = Paged::first(3);
    let mut turned = false;
    loop {
        let found = read(pair.fixture.store.list_dead_mail(&paged).await);
        alike("dead mail", &found, &read(pair.model.list_dead_mail(&paged).await));
        turned |= found.after.is_none();
        let next = if turned { found.before } else { found.after };
        let Some(next) = next else { break };
        paged.seek = Some(next);
    }
    let mut paged = Paged::first(3);
    let mut turned = false;
    loop {
        let found = read(pair.fixture.store.list_service_keys(&paged).await);
        alike("service keys", &found, &read(pair.model.list_service_keys(&paged).await));
        turned |= found.after.is_none();
        let next = if turned { found.before } else { found.after };
        let Some(next) = next else { break };
        paged.seek = Some(next);
    }
}

pub async fn a_summary_counts_what_there_is(store: Arc<dyn Store>) {
    let pair = Pair::new(store);
    same_summaries(&pair, NOW).await;
    let users = crowd(&pair, 30).await;
    let early = User { created_at: NOW - DAY * 20, ..pair.fixture.user("early") };
    let before = User { created_at: NOW - DAY * 3, ..pair.fixture.user("before") };
    pair.applied([insert_user(&early, None), insert_user(&before, None)]).await;
    let ids: Vec<UserId> = users.iter().map(|user| user.id.clone()).collect();
    let mut list = Vec::new();
    for n in 0..20_u32 {
        let at = NOW - DAY * n;
        list.push(Change::InsertAudit(AuditEntry { at, ..random_entry(&pair.fixture, &ids) }));
        let session = pair.fixture.session(&ids[0]);
        list.push(Change::InsertSession(Box::new(crate::model::session::Session {
            expires_at: NOW + DAY - DAY * n,
            ..session
        })));
    }
    for (attempts, dead_at) in [(0, None), (1, None), (2, None), (3, Some(NOW))] {
        let mail = OutboxMail { attempts, dead_at, ..pair.fixture.mail(None) };
        list.push(Change::InsertMail(Box::new(mail)));
    }
    pair.applied(list).await;
    pair.applied([Change::DeleteUser { id: ids[1].clone(), epoch: 0, at: NOW }]).await;
    same_summaries(&pair, NOW).await;
    same_summaries(&pair, NOW + DAY * 2).await;
}

async fn same_summaries(pair: &Pair, now: Timestamp) {
    let found = read(pair.fixture.store.summary(now).await);
    alike("the summary", &found, &read(pair.model.summary(now).await));
}

pub async fn old_entries_of_the_audit_log_are_purged_in_batches(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await.id;
    let entries = [-2, -1, 0, 1].map(|ms: i64| AuditEntry {
        at: Timestamp::from_millis(NOW.as_millis() + ms),
        ..fixture.audit_entry(Some(&ann), "x")
    });
    fixture.applied(entries.clone().map(Change::InsertAudit)).await;
    assert_eq!(read(fixture.store.purge_audit(NOW, 1).await), 1);
    assert_eq!(read(fixture.store.purge_audit(NOW, 1).await), 1);
    assert_eq!(read(fixture.store.purge_audit(NOW, 1).await), 0);
    let mut left = entries[2..].to_vec();
    left.sort_by(|a, b| a.id.cmp(&b.id));
    same("the entries left", &read(fixture.store.audit(&ann, None, 10).await), &left);
}

pub async fn a_purged_users_traces_are_cleared_from_what_they_did(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await.id, fixture.add_user("bob").await.id);
    let entry = |of: &UserId, actor, by: Option<&UserId>| AuditEntry {
        origin: Origin {
            actor,
            actor_id: by.map(UserId::to_string),
            ip: Some(IpAddr::from([192, 0, 2, 7])),
            user_agent: Some("agent".to_owned()),
            request_id: Some("request".to_owned()),
        },
        ..fixture.audit_entry(Some(of), "x")
    };
    let cleared = [
        entry(&ann, Actor::User, None),
        entry(&ann, Actor::User, Some(&ann)),
        entry(&bob, Actor::Admin, Some(&ann)),
    ];
    let kept = [
        entry(&ann, Actor::Admin, Some(&bob)),
        entry(&bob, Actor::User, None),
        entry(&ann, Actor::Operator, None),
    ];
    let all = cleared.iter().chain(&kept).cloned().map(Change::InsertAudit);
    fixture.applied(all.collect::<Vec<_>>()).await;
    fixture.applied([Change::DeleteUser { id: ann.clone(), epoch: 0, at: NOW }]).await;
    let mut calls = 0;
    while read(fixture.store.purge(NOW, 2).await) > 0 {
        calls += 1;
        assert!(calls < 50, "it comes to an end");
    }
    let mut expected: Vec<AuditEntry> =
        cleared.iter().filter_map(|entry| entry.without_traces(&ann)).chain(kept).collect();
    assert_eq!(expected.len(), 6);
    expected.sort_by(|a, b| a.id.cmp(&b.id));
    let mut found = read(fixture.store.audit(&ann, None, 10).await);
    found.extend(read(fixture.store.audit(&bob, None, 10).await));
    found.sort_by(|a, b| a.id.cmp(&b.id));
    same("the entries", &found, &expected);
}
