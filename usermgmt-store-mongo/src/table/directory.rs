//! Lists for administrators.

use std::collections::HashMap;

use async_trait::async_trait;
use mongodb::bson::{Bson, DateTime, Document, doc};
use serde::Deserialize;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::audit::AuditEntry;
use usermgmt_core::model::ids::{MailId, ServiceKeyId, UserId};
use usermgmt_core::model::mail::{StoredMail, id_of};
use usermgmt_core::model::service_key::ServiceKey;
use usermgmt_core::model::user::Role;
use usermgmt_core::store::directory::{
    AuditFilter, AuditPosition, ListedUser, Page, Paged, SIGNED_IN, Seek, Summary, UserPosition,
    UserQuery, summary_days,
};
use usermgmt_core::store::{DirectoryStore, StoreError};

use super::audit::AuditRow;
use super::outbox::{MailRow, stored};
use super::service_keys::ServiceKeyRow;
use super::user_row::{IS_USER, UserRow};
use crate::schema::{AUDIT, OUTBOX, SERVICE_KEYS, SESSIONS, USERS};
use crate::store::MongoStore;
use crate::value::{absent, date, present, time};

#[derive(Deserialize)]
struct Opened {
    user_id: UserId,
    created_at: DateTime,
}

#[derive(Deserialize)]
struct At {
    at: DateTime,
}

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

impl MongoStore {
    async fn all_listed(&self) -> Result<Vec<ListedUser>, StoreError> {
        let sessions: Vec<Opened> = self.find(SESSIONS, doc! {}, doc! {}, usize::MAX).await?;
        let mut last: HashMap<UserId, Timestamp> = HashMap::new();
        for Opened { user_id, created_at } in sessions {
            let last = last.entry(user_id).or_insert(time(created_at));
            *last = time(created_at).max(*last);
        }
        let users: Vec<UserRow> =
            self.find(USERS, doc! { IS_USER: present() }, doc! {}, usize::MAX).await?;
        let accounts = users.into_iter().map(UserRow::into_account);
        Ok(accounts
            .map(|account| ListedUser {
                mfa_enabled: account.mfa_enabled(),
                last_sign_in_at: last.get(&account.user.id).copied(),
                user: account.user,
            })
            .collect())
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

#[async_trait]
impl DirectoryStore for MongoStore {
    async fn list_users(
        &self,
        query: &UserQuery,
    ) -> Result<Page<ListedUser, UserPosition>, StoreError> {
        Ok(query.answer(self.all_listed().await?))
    }

    async fn listed_user(&self, id: &UserId) -> Result<Option<ListedUser>, StoreError> {
        let all = self.all_listed().await?;
        Ok(all.into_iter().find(|row| row.user.id == *id))
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
        for row in self.all_listed().await? {
            summary.users += 1;
            summary.unconfirmed += u64::from(!row.user.is_email_confirmed());
            summary.disabled += u64::from(row.user.disabled_at.is_some());
            summary.admins += u64::from(row.user.role == Role::Admin);
            summary.mfa_enabled += u64::from(row.mfa_enabled);
            Summary::count(&mut summary.registered, row.user.created_at, 1);
        }
        let first = summary.signed_in.first().map_or(now, |day| day.day);
        let opened = doc! { "action": SIGNED_IN, "at": { "$gte": date(first) } };
        let entries: Vec<At> = self.find(AUDIT, opened, doc! {}, usize::MAX).await?;
        for entry in entries {
            Summary::count(&mut summary.signed_in, time(entry.at), 1);
        }
        summary.sessions =
            self.count(SESSIONS, doc! { "expires_at": { "$gt": date(now) } }).await?;
        let retried = doc! { "dead_at": absent(), "attempts": { "$gt": 0 } };
        summary.mails_retried = self.count(OUTBOX, retried).await?;
        Ok(summary)
    }
}
