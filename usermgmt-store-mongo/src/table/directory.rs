//! Lists for administrators.

use async_trait::async_trait;
use mongodb::bson::{Bson, Document, doc};
use serde::Deserialize;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::audit::AuditEntry;
use usermgmt_core::model::ids::{MailId, ServiceKeyId, UserId};
use usermgmt_core::model::mail::{StoredMail, id_of};
use usermgmt_core::model::service_key::ServiceKey;
use usermgmt_core::model::user::User;
use usermgmt_core::store::directory::{
    AuditFilter, AuditPosition, DAY, ListedUser, Page, Paged, SIGNED_IN, Search, Seek, SortOrder,
    Summary, UserFilter, UserPosition, UserQuery, UserSort, full_name_key, name_key, summary_days,
};
use usermgmt_core::store::{DirectoryStore, StoreError};

use super::audit::AuditRow;
use super::facets::{self, ADMIN, CONFIRMED, DISABLED, MFA};
use super::outbox::{MailRow, stored};
use super::service_keys::ServiceKeyRow;
use super::user_row::{SECRETS, UserRow};
use super::users;
use crate::collections::{AUDIT, IS_USER, OUTBOX, SERVICE_KEYS, SESSIONS, USERS};
use crate::store::MongoStore;
use crate::value::{absent, date, present};

#[derive(Deserialize)]
struct Count {
    count: i64,
}

/// Adds the condition that the key is on the page, and says in which order to read.
fn by_id<P: ToString>(filter: &mut Document, paged: &Paged<P>) -> Document {
    if let Some(Seek { at, backward, inclusive }) = &paged.seek {
        let than = than(!backward, *inclusive);
        filter.insert("_id", doc! { than: at.to_string() });
    }
    doc! { "_id": way(!paged.is_backward()) }
}

fn than(upward: bool, inclusive: bool) -> &'static str {
    match (upward, inclusive) {
        (true, false) => "$gt",
        (true, true) => "$gte",
        (false, false) => "$lt",
        (false, true) => "$lte",
    }
}

fn way(upward: bool) -> i32 {
    if upward { 1 } else { -1 }
}

/// Adds the condition that the key, and then the id, is behind where the page begins.
fn behind(all: &mut Vec<Document>, field: &str, value: &Bson, seek: (&str, bool), upward: bool) {
    let (id, inclusive) = seek;
    all.push(doc! { field: { than(upward, true): value } });
    all.push(doc! { "$or": [
        { field: { than(upward, false): value } },
        { field: value, "_id": { than(upward, inclusive): id } },
    ] });
}

/// The least text that comes after all that begin with another one, behind that:
/// the last code point, which stands for no character.
const LAST: char = '\u{10FFFF}';

/// What a search looks through.
const SEARCHED: [&str; 4] = ["username_key", "email_key", "full_name_key", "last_name_key"];

/// What the document has in this field.
fn key_of(field: &str, user: &User) -> String {
    let last = || name_key(user.last_name.as_deref());
    match field {
        "username_key" => user.username.canonical().to_owned(),
        "email_key" => user.email.canonical().to_owned(),
        "full_name_key" => full_name_key(&name_key(user.first_name.as_deref()), &last()),
        _ => last(),
    }
}

fn begins(field: &str, search: &Search) -> Document {
    let end = format!("{}{LAST}", search.prefix());
    doc! { field: { "$gte": search.prefix(), "$lt": end } }
}

/// What is asked of every user of the list, whatever they are searched by.
fn admitted(filter: &UserFilter) -> Vec<Document> {
    let mut all = vec![doc! { "facets": { "$in": facets::admitted(filter) }, IS_USER: present() }];
    all.extend(filter.created_from.map(|from| doc! { "created_at": { "$gte": date(from) } }));
    all.extend(filter.created_to.map(|to| doc! { "created_at": { "$lt": date(to) } }));
    all
}

impl MongoStore {
    /// Users as lists show them, in this order.
    async fn find_listed(
        &self,
        all: Vec<Document>,
        field: &str,
        upward: bool,
        limit: usize,
    ) -> Result<Vec<ListedUser>, StoreError> {
        let order = doc! { field: way(upward), "_id": way(upward) };
        let filter = doc! { "$and": all };
        let rows: Vec<UserRow> = self.find_but(USERS, filter, order, limit, &SECRETS).await?;
        Ok(rows.into_iter().map(UserRow::into_listed).collect())
    }

    /// Whether the search matches more names than are sorted.
    async fn is_found_by_many(
        &self,
        search: &Search,
        query: &UserQuery,
    ) -> Result<bool, StoreError> {
        let mut left = query.most_sorted;
        for field in SEARCHED {
            let mut all = admitted(&query.filter);
            all.push(begins(field, search));
            let filter = doc! { "$and": all };
            let found = self.find_ids(USERS, filter, doc! {}, left.saturating_add(1)).await?;
            if found.len() > left {
                return Ok(true);
            }
            left -= found.len();
        }
        Ok(false)
    }

    /// In the order of the sort.
    async fn sorted(
        &self,
        query: &UserQuery,
    ) -> Result<Page<ListedUser, UserPosition>, StoreError> {
        let UserQuery { filter, paged, .. } = query;
        let upward = (filter.order == SortOrder::Desc) == paged.is_backward();
        let field = match filter.sort {
            UserSort::Created => "created_at",
            UserSort::Username => "username_key",
            UserSort::Email => "email_key",
        };
        let mut all = admitted(filter);
        if let Some(search) = &filter.search {
            let mut any: Vec<Document> =
                SEARCHED.iter().map(|field| begins(field, search)).collect();
            any.push(doc! { "_id": search.id() });
            all.push(doc! { "$or": any });
        }
        if let Some(seek) = &paged.seek {
            let (value, id) = place(&seek.at);
            behind(&mut all, field, &value, (id.as_str(), seek.inclusive), upward);
        }
        let rows = self.find_listed(all, field, upward, paged.to_read()).await?;
        Ok(Page::of_read(rows, paged, |row| filter.sort.position(&row.user)))
    }

    /// In the order of what is matched: some matches of each field, merged, until
    /// there are users enough. Of a user whom several match, the first counts.
    async fn matched(
        &self,
        query: &UserQuery,
        search: &Search,
    ) -> Result<Page<ListedUser, UserPosition>, StoreError> {
        let UserQuery { filter, paged, .. } = query;
        let (backward, window) = (paged.is_backward(), paged.to_read().saturating_mul(3));
        let mut next = paged.clone();
        let mut found: Vec<(UserPosition, ListedUser)> = Vec::new();
        loop {
            let mut matches = self.matches(filter, search, &next, window).await?;
            matches.sort_by(|(a, _), (b, _)| if backward { b.cmp(a) } else { a.cmp(b) });
            matches.dedup_by(|(a, _), (b, _)| a == b);
            matches.truncate(window);
            let is_over = matches.len() < window;
            let last = matches.last().map(|(at, _)| at.clone());
            found.extend(matches.into_iter().filter(|(at, row)| {
                let first = search.matched(&row.user);
                matches!(at, UserPosition::Matched(key, _) if first.as_ref() == Some(key))
            }));
            match last {
                Some(at) if !is_over && found.len() < paged.to_read() => {
                    next.seek = Some(Seek { at, backward, inclusive: false });
                }
                _ => break,
            }
        }
        found.truncate(paged.to_read());
        let page = Page::of_read(found, paged, |(position, _)| position.clone());
        Ok(page.map(|(_, row)| row))
    }

    /// At least the first `window` matches, by whichever field.
    async fn matches(
        &self,
        filter: &UserFilter,
        search: &Search,
        paged: &Paged<UserPosition>,
        window: usize,
    ) -> Result<Vec<(UserPosition, ListedUser)>, StoreError> {
        let upward = !paged.is_backward();
        let mut found = Vec::new();
        for field in SEARCHED {
            let mut all = admitted(filter);
            all.push(begins(field, search));
            if let Some(seek) = &paged.seek {
                let (value, id) = place(&seek.at);
                behind(&mut all, field, &value, (id.as_str(), seek.inclusive), upward);
            }
            let rows = self.find_listed(all, field, upward, window).await?;
            found.extend(rows.into_iter().map(|row| {
                let key = key_of(field, &row.user);
                (UserPosition::Matched(key, row.user.id.clone()), row)
            }));
        }
        let mut all = admitted(filter);
        all.push(doc! { "_id": search.id() });
        let by_id = self.find_listed(all, "_id", true, 1).await?.into_iter().map(|row| {
            let key = search.prefix().to_owned();
            (UserPosition::Matched(key, row.user.id.clone()), row)
        });
        found.extend(by_id.filter(|(position, _)| paged.reaches(position, false)));
        Ok(found)
    }

    async fn count(&self, collection: &str, filter: Document) -> Result<u64, StoreError> {
        let pipeline = vec![
            doc! { "$match": filter },
            doc! { "$group": { "_id": Bson::Null, "count": { "$sum": 1_i64 } } },
        ];
        let count: Option<Count> = self.aggregate_one(collection, pipeline).await?;
        Ok(count.map_or(0, |count| u64::try_from(count.count).unwrap_or(0)))
    }
}

fn place(position: &UserPosition) -> (Bson, &UserId) {
    match position {
        UserPosition::Created(at, id) => (date(*at).into(), id),
        UserPosition::Username(key, id)
        | UserPosition::Email(key, id)
        | UserPosition::Matched(key, id) => (key.as_str().into(), id),
    }
}

#[async_trait]
impl DirectoryStore for MongoStore {
    async fn list_users(
        &self,
        query: &UserQuery,
    ) -> Result<Page<ListedUser, UserPosition>, StoreError> {
        let by_match = match (&query.filter.search, &query.paged.seek) {
            (Some(_), Some(seek)) => matches!(seek.at, UserPosition::Matched(..)),
            (Some(search), None) => self.is_found_by_many(search, query).await?,
            (None, _) => false,
        };
        match &query.filter.search {
            Some(search) if by_match => self.matched(query, search).await,
            _ => self.sorted(query).await,
        }
    }

    async fn listed_user(&self, id: &UserId) -> Result<Option<ListedUser>, StoreError> {
        let row: Option<UserRow> = self.find_one(USERS, users::by_id(id)).await?;
        Ok(row.map(UserRow::into_listed))
    }

    async fn list_audit(
        &self,
        filter: &AuditFilter,
        paged: &Paged<AuditPosition>,
    ) -> Result<Page<AuditEntry, AuditPosition>, StoreError> {
        let AuditFilter { user, actor, action, from, to } = filter;
        let mut all = Vec::new();
        all.extend(user.as_ref().map(|user| doc! { "user_id": user.as_str() }));
        all.extend(actor.as_ref().map(|actor| doc! { "actor_id": actor }));
        all.extend(action.as_ref().map(|action| doc! { "action": action }));
        all.extend(from.map(|from| doc! { "at": { "$gte": date(from) } }));
        all.extend(to.map(|to| doc! { "at": { "$lt": date(to) } }));
        let upward = paged.is_backward();
        if let Some(Seek { at, inclusive, .. }) = &paged.seek {
            all.push(doc! { "at": { than(upward, true): date(at.at) } });
            all.push(doc! { "$or": [
                { "at": { than(upward, false): date(at.at) } },
                { "at": date(at.at), "_id": { than(upward, *inclusive): at.id.as_str() } },
            ] });
        }
        let filter = if all.is_empty() {
            doc! {}
        } else {
            doc! { "$and": all }
        };
        let order = doc! { "at": way(upward), "_id": way(upward) };
        let rows: Vec<AuditRow> = self.find(AUDIT, filter, order, paged.to_read()).await?;
        let entries = rows.into_iter().map(AuditRow::into_entry).collect::<Result<_, _>>()?;
        Ok(Page::of_read(entries, paged, AuditPosition::of))
    }

    async fn list_dead_mail(
        &self,
        paged: &Paged<MailId>,
    ) -> Result<Page<StoredMail, MailId>, StoreError> {
        let mut filter = doc! { "dead_at": present() };
        let order = by_id(&mut filter, paged);
        let rows: Vec<Document> = self.find(OUTBOX, filter, order, paged.to_read()).await?;
        let mails = rows.into_iter().filter_map(|mail| stored(mail, MailRow::into_mail)).collect();
        Ok(Page::of_read(mails, paged, |mail| id_of(mail).clone()))
    }

    async fn list_service_keys(
        &self,
        paged: &Paged<ServiceKeyId>,
    ) -> Result<Page<ServiceKey, ServiceKeyId>, StoreError> {
        let mut filter = doc! {};
        let order = by_id(&mut filter, paged);
        let rows: Vec<ServiceKeyRow> =
            self.find(SERVICE_KEYS, filter, order, paged.to_read()).await?;
        let keys = rows.into_iter().map(ServiceKeyRow::into_key).collect();
        Ok(Page::of_read(keys, paged, |key: &ServiceKey| key.id.clone()))
    }

    async fn summary(&self, now: Timestamp) -> Result<Summary, StoreError> {
        let mut summary = Summary {
            registered: summary_days(now),
            signed_in: summary_days(now),
            ..Summary::default()
        };
        for facets in 0..16 {
            let count = self.count(USERS, doc! { "facets": facets, IS_USER: present() }).await?;
            summary.users += count;
            summary.unconfirmed += if facets & CONFIRMED == 0 { count } else { 0 };
            summary.disabled += if facets & DISABLED != 0 { count } else { 0 };
            summary.mfa_enabled += if facets & MFA != 0 { count } else { 0 };
            summary.admins += if facets & ADMIN != 0 { count } else { 0 };
        }
        let all = facets::admitted(&UserFilter::default());
        for day in &mut summary.registered {
            let of_day = doc! { "$gte": date(day.day), "$lt": date(day.day + DAY) };
            let made = doc! { "facets": { "$in": &all }, "created_at": of_day, IS_USER: present() };
            day.count = self.count(USERS, made).await?;
        }
        for day in &mut summary.signed_in {
            let of_day = doc! { "$gte": date(day.day), "$lt": date(day.day + DAY) };
            day.count = self.count(AUDIT, doc! { "action": SIGNED_IN, "at": of_day }).await?;
        }
        summary.sessions =
            self.count(SESSIONS, doc! { "expires_at": { "$gt": date(now) } }).await?;
        let retried = doc! { "dead_at": absent(), "attempts": { "$gt": 0 } };
        summary.mails_retried = self.count(OUTBOX, retried).await?;
        Ok(summary)
    }
}
