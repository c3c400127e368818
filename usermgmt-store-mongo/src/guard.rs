//! An operation, and what must be true of it.

use futures_util::TryStreamExt as _;
use mongodb::bson::{Bson, Document, doc};
use mongodb::error::Error;
use mongodb::options::UpdateModifications;
use mongodb::{ClientSession, Collection, Database};
use usermgmt_core::store::Guard;

use crate::fault::{Fault, fault};

/// An operation of a change.
pub(crate) struct Step {
    collection: &'static str,
    write: Write,
    expect: Expect,
}

enum Write {
    Insert(Document),
    Update {
        filter: Document,
        update: UpdateModifications,
    },
    /// An update of the one document with the filter's key; where there is
    /// none that the filter matches, an insert.
    Upsert {
        filter: Document,
        update: UpdateModifications,
    },
    UpdateAll {
        filter: Document,
        update: UpdateModifications,
    },
    /// Nothing; it looks whether there is one.
    Find(Document),
    /// An update by whether another collection has a document that `by` matches.
    UpdateBy {
        filter: Document,
        other: &'static str,
        by: Document,
        stages: fn(bool) -> Vec<Document>,
    },
    Delete(Document),
    DeleteAll(Document),
    /// Deletes what the filter matches but the first so many in this order.
    DeleteSurplus {
        filter: Document,
        order: Document,
        keep: u64,
    },
}

/// What must be true of an operation, else the guard failed.
#[derive(Clone, Copy)]
enum Expect {
    /// Nothing: it writes as many documents as there are.
    Anything,
    /// It found one document: the guard is in its filter.
    One(Guard),
    /// It found no document with the same key.
    NewKey(Guard),
}

/// Why a step, or all of them, did not come to an end.
pub(crate) enum Stopped {
    /// A guard failed.
    Guard(Guard),
    /// Nothing was written, and another try can succeed.
    Undone,
    /// The database failed.
    Failed(Error),
}

impl Step {
    pub(crate) fn insert(collection: &'static str, document: Document) -> Self {
        Self { collection, write: Write::Insert(document), expect: Expect::NewKey(Guard::Exists) }
    }

    pub(crate) fn update(
        collection: &'static str,
        filter: Document,
        update: impl Into<UpdateModifications>,
    ) -> Self {
        let write = Write::Update { filter, update: update.into() };
        Self { collection, write, expect: Expect::Anything }
    }

    pub(crate) fn upsert(
        collection: &'static str,
        filter: Document,
        update: impl Into<UpdateModifications>,
    ) -> Self {
        let write = Write::Upsert { filter, update: update.into() };
        Self { collection, write, expect: Expect::Anything }
    }

    pub(crate) fn update_all(
        collection: &'static str,
        filter: Document,
        update: impl Into<UpdateModifications>,
    ) -> Self {
        let write = Write::UpdateAll { filter, update: update.into() };
        Self { collection, write, expect: Expect::Anything }
    }

    pub(crate) fn find(collection: &'static str, filter: Document) -> Self {
        Self { collection, write: Write::Find(filter), expect: Expect::Anything }
    }

    pub(crate) fn update_by(
        collection: &'static str,
        filter: Document,
        (other, by): (&'static str, Document),
        stages: fn(bool) -> Vec<Document>,
    ) -> Self {
        let write = Write::UpdateBy { filter, other, by, stages };
        Self { collection, write, expect: Expect::Anything }
    }

    pub(crate) fn delete(collection: &'static str, filter: Document) -> Self {
        Self { collection, write: Write::Delete(filter), expect: Expect::Anything }
    }

    pub(crate) fn delete_all(collection: &'static str, filter: Document) -> Self {
        Self { collection, write: Write::DeleteAll(filter), expect: Expect::Anything }
    }

    pub(crate) fn delete_surplus(
        collection: &'static str,
        filter: Document,
        order: Document,
        keep: u64,
    ) -> Self {
        let write = Write::DeleteSurplus { filter, order, keep };
        Self { collection, write, expect: Expect::Anything }
    }

    /// Fails with this guard where it does not find its document.
    pub(crate) fn or(self, guard: Guard) -> Self {
        Self { expect: Expect::One(guard), ..self }
    }

    /// Fails with this guard where its key is there already.
    pub(crate) fn or_taken(self, guard: Guard) -> Self {
        Self { expect: Expect::NewKey(guard), ..self }
    }

    /// Whether it writes at most one document, by one operation that is atomic
    /// without a transaction.
    pub(crate) fn is_one_document(&self) -> bool {
        match self.write {
            Write::Insert(_) | Write::Update { .. } | Write::Upsert { .. } | Write::Delete(_) => {
                true
            }
            Write::Find(_)
            | Write::UpdateBy { .. }
            | Write::UpdateAll { .. }
            | Write::DeleteAll(_)
            | Write::DeleteSurplus { .. } => false,
        }
    }

    pub(crate) fn is_upsert(&self) -> bool {
        matches!(self.write, Write::Upsert { .. })
    }

    pub(crate) async fn run(
        &self,
        database: &Database,
        session: &mut ClientSession,
    ) -> Result<(), Stopped> {
        let collection = database.collection(self.collection);
        self.judge(self.write.run(database, &collection, session).await)
    }

    /// Whether the guard held.
    fn judge(&self, found: Result<u64, Error>) -> Result<(), Stopped> {
        let error = match (self.expect, found) {
            (Expect::One(guard), Ok(found)) if found != 1 => return Err(Stopped::Guard(guard)),
            (_, Ok(_)) => return Ok(()),
            (_, Err(error)) => error,
        };
        match (self.expect, fault(&error)) {
            (Expect::NewKey(guard), Fault::Duplicate) => Err(Stopped::Guard(guard)),
            // Somebody else inserted what this one found missing.
            (Expect::Anything, Fault::Duplicate) | (_, Fault::Undone) => Err(Stopped::Undone),
            _ => Err(Stopped::Failed(error)),
        }
    }
}

impl Write {
    /// Says how many documents it found or inserted.
    async fn run(
        &self,
        database: &Database,
        collection: &Collection<Document>,
        session: &mut ClientSession,
    ) -> Result<u64, Error> {
        match self {
            Self::Insert(document) => {
                collection.insert_one(document).session(session).await.map(|_| 1)
            }
            Self::Update { filter, update } => {
                let update = collection.update_one(filter.clone(), update.clone());
                update.session(session).await.map(|done| done.matched_count)
            }
            Self::Upsert { filter, update } => {
                let update = collection.update_one(filter.clone(), update.clone());
                update.upsert(true).session(session).await.map(|_| 1)
            }
            Self::UpdateAll { filter, update } => {
                let update = collection.update_many(filter.clone(), update.clone());
                update.session(session).await.map(|done| done.matched_count)
            }
            Self::Find(filter) => {
                let find = collection.find_one(filter.clone());
                find.session(session).await.map(|found| u64::from(found.is_some()))
            }
            Self::UpdateBy { filter, other, by, stages } => {
                let other = database.collection::<Document>(other);
                let found = other.find_one(by.clone()).session(&mut *session).await?;
                let update = collection.update_one(filter.clone(), stages(found.is_some()));
                update.session(session).await.map(|done| done.matched_count)
            }
            Self::Delete(filter) => {
                let delete = collection.delete_one(filter.clone());
                delete.session(session).await.map(|done| done.deleted_count)
            }
            Self::DeleteAll(filter) => {
                let delete = collection.delete_many(filter.clone());
                delete.session(session).await.map(|done| done.deleted_count)
            }
            Self::DeleteSurplus { filter, order, keep } => {
                let find = collection.find(filter.clone()).sort(order.clone()).skip(*keep);
                let mut cursor = find.projection(doc! { "_id": 1 }).session(&mut *session).await?;
                let surplus: Vec<Document> = cursor.stream(&mut *session).try_collect().await?;
                if surplus.is_empty() {
                    return Ok(0);
                }
                let delete = collection.delete_many(doc! { "_id": { "$in": ids(surplus) } });
                delete.session(session).await.map(|done| done.deleted_count)
            }
        }
    }
}

/// The documents' keys.
pub(crate) fn ids(documents: Vec<Document>) -> Vec<Bson> {
    documents.into_iter().filter_map(|mut document| document.remove("_id")).collect()
}
