//! Mail waiting to be sent.

use std::collections::BTreeMap;

use async_trait::async_trait;
use mongodb::bson::{Binary, Bson, DateTime, Document, deserialize_from_document, doc};
use serde::{Deserialize, Serialize};
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::identifier::Email;
use usermgmt_core::model::ids::{LeaseId, MailId, UserId};
use usermgmt_core::model::mail::{MailKind, MailToken, OutboxMail, StoredMail, UnreadableMail};
use usermgmt_core::store::{Guard, OutboxDepth, OutboxStore, SET_UP_FAULT, StoreError};

use crate::collections::OUTBOX;
use crate::guard::{Step, ids};
use crate::store::MongoStore;
use crate::value::{binary, date, document, id_bytes, present, time};

/// How often a claim looks again for mail that no other worker took meanwhile.
const ROUNDS: usize = 3;

#[derive(Serialize, Deserialize)]
pub(super) struct MailRow {
    #[serde(rename = "_id")]
    id: MailId,
    kind: MailKind,
    user_id: Option<UserId>,
    recipient: String,
    recipient_key: String,
    locale: Option<String>,
    tokens: Vec<MailToken>,
    params: BTreeMap<String, String>,
    created_at: DateTime,
    next_attempt_at: DateTime,
    attempts: i64,
    last_error: Option<String>,
    dead_at: Option<DateTime>,
    lease: Option<Binary>,
    leased_until: Option<DateTime>,
    /// The two as they were before the claim that wrote them.
    #[serde(default)]
    former_lease: Option<Binary>,
    #[serde(default)]
    formerly_until: Option<DateTime>,
    /// When a worker may take it; absent where it was given up. It follows
    /// from the others, and is what claims and workers that sleep look for.
    due_at: Option<DateTime>,
}

impl MailRow {
    fn new(mail: &OutboxMail) -> Self {
        let free_at =
            mail.leased_until.map_or(mail.next_attempt_at, |until| until.max(mail.next_attempt_at));
        Self {
            id: mail.id.clone(),
            kind: mail.kind,
            user_id: mail.user_id.clone(),
            recipient: mail.recipient.as_str().to_owned(),
            recipient_key: mail.recipient.canonical().to_owned(),
            locale: mail.locale.clone(),
            tokens: mail.tokens.clone(),
            params: mail.params.clone(),
            created_at: date(mail.created_at),
            next_attempt_at: date(mail.next_attempt_at),
            attempts: mail.attempts,
            last_error: mail.last_error.clone(),
            dead_at: mail.dead_at.map(date),
            lease: mail.lease.map(key),
            leased_until: mail.leased_until.map(date),
            former_lease: None,
            formerly_until: None,
            due_at: mail.dead_at.is_none().then(|| date(free_at)),
        }
    }

    /// As it was before the claim that it is an answer to.
    fn into_mail_before(mut self) -> Result<OutboxMail, StoreError> {
        self.lease = self.former_lease.take();
        self.leased_until = self.formerly_until.take();
        self.into_mail()
    }

    pub(super) fn into_mail(self) -> Result<OutboxMail, StoreError> {
        let lease = self.lease.map(id_bytes).transpose()?;
        Ok(OutboxMail {
            id: self.id,
            kind: self.kind,
            user_id: self.user_id,
            recipient: Email::from_stored(self.recipient, self.recipient_key),
            locale: self.locale,
            tokens: self.tokens,
            params: self.params,
            created_at: time(self.created_at),
            next_attempt_at: time(self.next_attempt_at),
            attempts: self.attempts,
            last_error: self.last_error,
            dead_at: self.dead_at.map(time),
            lease: lease.map(LeaseId::from_bytes),
            leased_until: self.leased_until.map(time),
        })
    }
}

/// The mail, or what can be said of one that cannot be read; nothing of a
/// document that has not even an id and a time, of which nothing could be recorded.
pub(super) fn stored(
    document: Document,
    mail: impl FnOnce(MailRow) -> Result<OutboxMail, StoreError>,
) -> Option<StoredMail> {
    let row = deserialize_from_document(document.clone()).ok();
    if let Some(mail) = row.and_then(|row| mail(row).ok()) {
        return Some(Ok(mail));
    }
    let unreadable = unreadable(&document);
    if unreadable.is_none() {
        tracing::error!("a document of the outbox is damaged");
    }
    unreadable.map(Err)
}

fn unreadable(document: &Document) -> Option<UnreadableMail> {
    let kind = document.get_str("kind").ok().and_then(MailKind::from_name);
    let what = if kind.is_none() { "kind" } else { "document" };
    Some(UnreadableMail {
        id: document.get_str("_id").ok()?.parse().ok()?,
        created_at: document.get_datetime("created_at").ok().copied().map(time)?,
        attempts: document.get_i64("attempts").unwrap_or_default(),
        dead_at: document.get_datetime("dead_at").ok().copied().map(time),
        why: format!("its {what} cannot be read"),
    })
}

fn key(lease: LeaseId) -> Binary {
    binary(lease.as_bytes())
}

fn leased(id: &MailId, lease: LeaseId) -> Document {
    doc! { "_id": id.as_str(), "lease": key(lease) }
}

fn dead(id: &MailId) -> Document {
    doc! { "_id": id.as_str(), "dead_at": present() }
}

/// Writes these fields, and when the mail is due after that.
fn set(fields: Document) -> Vec<Document> {
    // Null and absent are less than any time, to $gt as to $max.
    let due_at = doc! { "$cond": [
        { "$gt": ["$dead_at", Bson::Null] },
        "$$REMOVE",
        { "$max": ["$next_attempt_at", "$leased_until"] },
    ] };
    vec![doc! { "$set": fields }, doc! { "$set": { "due_at": due_at } }]
}

/// A failed try: counted, and the mail is nobody's any more.
fn failed(mut fields: Document, error: &str) -> Vec<Document> {
    fields.insert("attempts", doc! { "$add": ["$attempts", 1_i64] });
    fields.insert("last_error", doc! { "$literal": error });
    fields.insert("lease", "$$REMOVE");
    fields.insert("leased_until", "$$REMOVE");
    set(fields)
}

pub(crate) fn insert(mail: &OutboxMail) -> Result<Step, StoreError> {
    Ok(Step::insert(OUTBOX, document(&MailRow::new(mail))?))
}

pub(crate) fn complete(id: &MailId, lease: LeaseId) -> Step {
    Step::delete(OUTBOX, leased(id, lease)).or(Guard::Lease)
}

pub(crate) fn retry(id: &MailId, lease: LeaseId, at: Timestamp, error: &str) -> Step {
    let update = failed(doc! { "next_attempt_at": date(at) }, error);
    Step::update(OUTBOX, leased(id, lease), update).or(Guard::Lease)
}

pub(crate) fn bury(id: &MailId, lease: LeaseId, at: Timestamp, error: &str) -> Step {
    let update = failed(doc! { "dead_at": date(at) }, error);
    Step::update(OUTBOX, leased(id, lease), update).or(Guard::Lease)
}

pub(crate) fn revive(id: &MailId, at: Timestamp) -> Step {
    let update = set(doc! {
        "dead_at": "$$REMOVE",
        "attempts": 0_i64,
        "next_attempt_at": date(at),
    });
    Step::update(OUTBOX, dead(id), update).or(Guard::Lease)
}

pub(crate) fn drop_dead(id: &MailId) -> Step {
    Step::delete(OUTBOX, dead(id)).or(Guard::Lease)
}

pub(crate) fn drop_all(user_id: &UserId) -> Step {
    Step::delete_all(OUTBOX, doc! { "user_id": user_id.as_str() })
}

fn longest_due_first() -> Document {
    doc! { "next_attempt_at": 1, "_id": 1 }
}

#[derive(Deserialize)]
struct Due {
    due_at: DateTime,
}

#[derive(Deserialize)]
struct Depth {
    waiting: i64,
    dead: i64,
    oldest: Option<DateTime>,
    set_up: i64,
    set_up_fault: Option<String>,
}

impl MongoStore {
    async fn claim(
        &self,
        lease: LeaseId,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<StoredMail>, StoreError> {
        let mut claimed: Vec<Document> = Vec::new();
        for _ in 0..ROUNDS {
            let left = limit - claimed.len();
            let mine: Vec<Bson> = ids(claimed.clone());
            let due = doc! { "due_at": { "$lte": date(now) }, "_id": { "$nin": mine } };
            let ids = self.find_ids(OUTBOX, due, longest_due_first(), left).await?;
            if ids.is_empty() {
                break;
            }
            claimed.extend(self.lease(&ids, lease, now, until).await?);
        }
        claimed.sort_by_key(|mail| {
            let due = mail.get_datetime("next_attempt_at").ok().copied();
            (due, mail.get_str("_id").unwrap_or_default().to_owned())
        });
        let stored = |mail| stored(mail, MailRow::into_mail_before);
        Ok(claimed.into_iter().filter_map(stored).collect())
    }

    /// Takes those of the mails that are still due: the guard is tested for
    /// each by the write that leases it.
    async fn lease(
        &self,
        ids: &[Bson],
        lease: LeaseId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Document>, StoreError> {
        let outbox = self.collection::<Document>(OUTBOX);
        let due = doc! { "_id": { "$in": ids }, "due_at": { "$lte": date(now) } };
        let take = set(doc! {
            "former_lease": { "$ifNull": ["$lease", Bson::Null] },
            "formerly_until": { "$ifNull": ["$leased_until", Bson::Null] },
            "lease": key(lease),
            "leased_until": date(until),
        });
        self.ask(|| outbox.update_many(due.clone(), take.clone())).await?;
        let taken = doc! { "_id": { "$in": ids }, "lease": key(lease) };
        self.find(OUTBOX, taken, longest_due_first(), ids.len()).await
    }
}

#[async_trait]
impl OutboxStore for MongoStore {
    async fn claim_mail(
        &self,
        lease: LeaseId,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<StoredMail>, StoreError> {
        self.within_time(self.claim(lease, now, until, limit)).await
    }

    async fn next_mail_at(&self) -> Result<Option<Timestamp>, StoreError> {
        let due = doc! { "due_at": present() };
        let first: Vec<Due> = self.find(OUTBOX, due, doc! { "due_at": 1 }, 1).await?;
        Ok(first.first().map(|mail| time(mail.due_at)))
    }

    async fn dead_mail(
        &self,
        after: Option<&MailId>,
        limit: usize,
    ) -> Result<Vec<StoredMail>, StoreError> {
        let after = after.map_or("", MailId::as_str);
        let filter = doc! { "dead_at": present(), "_id": { "$gt": after } };
        let rows: Vec<Document> = self.find(OUTBOX, filter, doc! { "_id": 1 }, limit).await?;
        Ok(rows.into_iter().filter_map(|mail| stored(mail, MailRow::into_mail)).collect())
    }

    async fn mail_of(&self, user: &UserId) -> Result<Vec<StoredMail>, StoreError> {
        let filter = doc! { "user_id": user.as_str() };
        let rows: Vec<Document> = self.find(OUTBOX, filter, doc! { "_id": 1 }, usize::MAX).await?;
        Ok(rows.into_iter().filter_map(|mail| stored(mail, MailRow::into_mail)).collect())
    }

    async fn outbox_depth(&self) -> Result<OutboxDepth, StoreError> {
        let is_dead = doc! { "$gt": ["$dead_at", Bson::Null] };
        // Not by `$substrBytes`, which fails where it would cut a character in two.
        let begins = doc! { "$eq": [{ "$indexOfBytes": ["$last_error", SET_UP_FAULT] }, 0_i64] };
        let waits_for_set_up = doc! { "$and": [{ "$not": [&is_dead] }, begins] };
        let pipeline = vec![doc! { "$group": {
            "_id": Bson::Null,
            "waiting": { "$sum": { "$cond": [&is_dead, 0_i64, 1_i64] } },
            "dead": { "$sum": { "$cond": [&is_dead, 1_i64, 0_i64] } },
            "oldest": { "$min": { "$cond": [&is_dead, Bson::Null, "$created_at"] } },
            "set_up": { "$sum": { "$cond": [&waits_for_set_up, 1_i64, 0_i64] } },
            "set_up_fault": { "$max": { "$cond": [&waits_for_set_up, "$last_error", Bson::Null] } },
        } }];
        let depth: Option<Depth> = self.aggregate_one(OUTBOX, pipeline).await?;
        let Some(depth) = depth else {
            return Ok(OutboxDepth::default());
        };
        Ok(OutboxDepth {
            waiting: u64::try_from(depth.waiting).unwrap_or(0),
            dead: u64::try_from(depth.dead).unwrap_or(0),
            oldest: depth.oldest.map(time),
            set_up: u64::try_from(depth.set_up).unwrap_or(0),
            set_up_fault: depth
                .set_up_fault
                .and_then(|error| error.strip_prefix(SET_UP_FAULT).map(str::to_owned)),
        })
    }
}
