//! Whatever a request asks is answered from an index. That is judged from the
//! queries and the indexes, by the rule of MongoDB's planner, because a server
//! that only speaks MongoDB's protocol plans by rules of its own.

use std::collections::BTreeSet;

use futures_util::TryStreamExt as _;
use mongodb::IndexModel;
use mongodb::bson::{Bson, Document, doc};
use usermgmt_core::model::identifier::Identifier;
use usermgmt_core::model::ids::{LeaseId, ServiceKeyId};
use usermgmt_core::model::token::Purpose;
use usermgmt_core::model::user::User;
use usermgmt_core::rng::OsRng;
use usermgmt_core::store::directory::{
    AuditFilter, Paged, Search, Seek, UserFilter, UserPosition, UserQuery, UserSort,
};
use usermgmt_core::store::{
    AuditStore as _, Change, CounterStore as _, CredentialStore as _, DirectoryStore as _, Hit,
    OutboxStore as _, SessionStore as _, Store as _, TokenStore as _, UserStore as _,
};
use usermgmt_store_mongo::MongoStore;

use usermgmt_test_support::Database;

use crate::SERVER;
use crate::rows::{
    HOUR, NOW, entry, identity, list, mail, passkey, registration, session, token, user,
};

async fn all_writes(store: &MongoStore, ann: &User) {
    let (first, second, reset, queued) = (session(ann), session(ann), token(ann), mail(ann));
    let (id, linked) = (|| ann.id.clone(), identity(ann));
    store.apply(&list(registration(ann))).await.unwrap();
    let rows = list([
        Change::TouchUser { id: id(), active: true, epoch: 0 },
        Change::InsertSession(Box::new(first.clone())),
        Change::InsertSession(Box::new(second.clone())),
        Change::InsertToken(reset.clone()),
        Change::InsertMail(Box::new(queued)),
        Change::ReplaceRecoveryCodes { user_id: id(), hashes: vec!["code".to_owned()] },
        Change::InsertPasskey(Box::new(passkey(ann))),
        Change::ForgetDevices { user_id: id() },
        Change::RememberDevice { user_id: id(), device: "phone".to_owned(), at: NOW },
        Change::LinkIdentity(Box::new(linked.clone())),
        Change::InsertAudit(entry(ann)),
    ]);
    store.apply(&rows).await.unwrap();
    // Nobody is an administrator.
    store.apply(&list([Change::KeepAdmin { id: id() }])).await.unwrap_err();
    for change in [
        Change::RotateSession {
            id: first.id,
            generation: 0,
            to: 1,
            now: NOW,
            expires_at: NOW + HOUR,
            ip: None,
            user_agent: None,
        },
        Change::ReceiveSession { id: first.id, generation: 1, now: NOW },
        Change::ReplaySession { id: first.id, generation: 1, replayed: 0, replays: 1, now: NOW },
        Change::EndSession { id: second.id, user_id: id(), generation: None },
        Change::UseToken { id: reset.id, now: NOW },
        Change::UseRecoveryCode { user_id: id(), hash: "code".to_owned() },
        Change::UseIdentity {
            user_id: id(),
            issuer: linked.issuer.clone(),
            subject: linked.subject.clone(),
            at: NOW,
        },
        Change::UnlinkIdentity { user_id: id(), id: linked.id.clone() },
        Change::UnlinkIdentities { user_id: id(), since: Some(NOW) },
        Change::UsePasskey {
            id: passkey(ann).id,
            user_id: id(),
            counter: 0,
            to: 1,
            backed_up: true,
            at: NOW,
        },
        Change::RenamePasskey { id: passkey(ann).id, user_id: id(), name: "x".to_owned() },
        Change::RemovePasskey { id: passkey(ann).id, user_id: id() },
        Change::RemovePasskeys { user_id: id(), since: Some(NOW) },
        Change::VoidTokens { user_id: id(), purpose: None, since: None, now: NOW },
        Change::EndSessions { user_id: id(), except: None },
        Change::DropMail { user_id: id() },
        Change::ReleaseIdentifiers { user_id: id() },
        Change::DeleteUser { id: id(), epoch: 0, at: NOW },
    ] {
        store.apply(&list([change])).await.unwrap();
    }
}

async fn all_reads(store: &MongoStore, ann: &User) {
    let (session, token) = (session(ann), token(ann));
    let name = Identifier::username(&ann.username);
    store.account(&ann.id).await.unwrap();
    store.account_by_identifier(&name, NOW).await.unwrap();
    store.is_taken(&name, Some(&ann.id), NOW).await.unwrap();
    store.user_with_session(&ann.id, session.id, NOW).await.unwrap();
    store.users(Some(&ann.id), 10).await.unwrap();
    store.unconfirmed_users(NOW, 10).await.unwrap();
    store.recovery_codes_left(&ann.id).await.unwrap();
    store.passkey(&passkey(ann).id).await.unwrap();
    store.passkeys(std::slice::from_ref(&ann.id)).await.unwrap();
    store.knows_device(&ann.id, "phone").await.unwrap();
    store.identity("https://provider.example.com", "1").await.unwrap();
    store.identities(&ann.id).await.unwrap();
    store.service_key(&ServiceKeyId::generate(NOW, &OsRng)).await.unwrap();
    store.service_keys(None, 10).await.unwrap();
    store.token(token.id).await.unwrap();
    store.live_token(&ann.id, Purpose::Reset, NOW).await.unwrap();
    store.session(session.id, NOW).await.unwrap();
    store.sessions(&ann.id, NOW).await.unwrap();
    store.audit(&ann.id, None, 10).await.unwrap();
    store.dead_mail(None, 10).await.unwrap();
    store.next_mail_at().await.unwrap();
    store.listed_user(&ann.id).await.unwrap();
    for search in [None, Search::typed("ann")] {
        for sort in [UserSort::Created, UserSort::Username, UserSort::Email] {
            let filter = UserFilter {
                search: search.clone(),
                sort,
                mfa: Some(true),
                ..UserFilter::default()
            };
            let at = match &search {
                None => sort.position(ann),
                Some(_) => UserPosition::Matched("ann".to_owned(), ann.id.clone()),
            };
            for seek in [None, Some(Seek { at, backward: false, inclusive: false })] {
                let paged = Paged { seek, limit: 10 };
                let query = UserQuery { filter: filter.clone(), paged, most_sorted: 10 };
                store.list_users(&query).await.unwrap();
            }
        }
    }
    for filter in [
        AuditFilter { user: Some(ann.id.clone()), ..AuditFilter::default() },
        AuditFilter { actor: Some(ann.id.to_string()), ..AuditFilter::default() },
        AuditFilter { action: Some("x".to_owned()), ..AuditFilter::default() },
        AuditFilter { from: Some(NOW), ..AuditFilter::default() },
    ] {
        store.list_audit(&filter, &Paged::first(10)).await.unwrap();
    }
    store.list_dead_mail(&Paged::first(10)).await.unwrap();
}

async fn all_else(store: &MongoStore) {
    let hit = Hit { key: "key".to_owned(), window: HOUR };
    store.hit(std::slice::from_ref(&hit), NOW).await.unwrap();
    store.give_back(std::slice::from_ref(&hit.key)).await.unwrap();
    store.clear_count(&hit.key).await.unwrap();
    store.claim_mail(LeaseId::generate(&OsRng), NOW, NOW + HOUR, 10).await.unwrap();
    store.purge(NOW + HOUR, 100).await.unwrap();
    store.purge_audit(NOW, 100).await.unwrap();
}

/// A query that the server was asked: where, and what.
type Query = (String, Document);

/// The queries of a command, as the profiler recorded it.
fn queries(record: &Document) -> Vec<Query> {
    let namespace = record.get_str("ns").unwrap();
    let collection = namespace.split_once('.').unwrap().1;
    let Ok(command) = record.get_document("command") else { return Vec::new() };
    let stages = command.get_array("pipeline").into_iter().flatten();
    let first = stages.take(1).filter_map(|stage| stage.as_document()?.get("$match"));
    let several =
        ["updates", "deletes"].into_iter().filter_map(|name| command.get_array(name).ok());
    let each = several.flatten().filter_map(|one| one.as_document()?.get("q"));
    let one = ["filter", "q", "query"].into_iter().filter_map(|name| command.get(name));
    let filters = first.chain(each).chain(one).filter_map(Bson::as_document);
    filters.map(|filter| (collection.to_owned(), filter.clone())).collect()
}

/// The conditions of a filter that hold together.
fn conditions(filter: &Document) -> Vec<(&String, &Bson)> {
    let parts = filter.get_array("$and").into_iter().flatten().filter_map(Bson::as_document);
    filter.iter().chain(parts.flat_map(conditions)).collect()
}

/// Whether an index finds what the condition asks for: a value, some values, a range.
fn is_bound(condition: &Bson) -> bool {
    let bounds = ["$eq", "$in", "$gt", "$gte", "$lt", "$lte"];
    match condition.as_document() {
        Some(of) if of.keys().any(|name| name.starts_with('$')) => {
            bounds.iter().any(|bound| of.contains_key(bound))
        }
        _ => true,
    }
}

/// Whether the index has only documents with a field, which the condition asks for.
fn is_there(condition: &Bson) -> bool {
    condition.as_document().is_some_and(|of| of.get_bool("$exists").unwrap_or(false))
}

/// Whether MongoDB's planner can answer the filter from the index: its first
/// field is bound, and it has every document that the filter matches.
fn serves(index: &IndexModel, filter: &Document) -> bool {
    let options = index.options.clone().unwrap_or_default();
    let sparse = options.sparse.unwrap_or(false);
    let conditions = conditions(filter);
    let meets = |name: &str, test: &dyn Fn(&Bson) -> bool| {
        conditions.iter().any(|(field, condition)| *field == name && test(condition))
    };
    let first = index.keys.keys().next().unwrap();
    let partial = options.partial_filter_expression.unwrap_or_default();
    meets(first, &|condition| is_bound(condition) || (sparse && is_there(condition)))
        && partial.keys().all(|field| meets(field, &is_bound))
}

#[tokio::test]
async fn every_query_of_a_request_has_its_index() {
    let own = Database::create(SERVER).await;
    let store = MongoStore::connect(&own.url).await.unwrap();
    let database = own.open_mongo().await;
    database.run_command(doc! { "profile": 2 }).await.unwrap();
    let ann = user("ann");
    all_reads(&store, &ann).await;
    all_writes(&store, &ann).await;
    all_else(&store).await;
    database.run_command(doc! { "profile": 0 }).await.unwrap();

    let profile = database.collection::<Document>("system.profile");
    let mine = doc! { "ns": { "$regex": r"\.usermgmt_" } };
    let records: Vec<Document> = profile.find(mine).await.unwrap().try_collect().await.unwrap();
    let queries: Vec<Query> = records.iter().flat_map(queries).collect();
    let mut asked = BTreeSet::new();
    for (name, filter) in queries {
        let collection = database.collection::<Document>(&name);
        let indexes: Vec<IndexModel> =
            collection.list_indexes().await.unwrap().try_collect().await.unwrap();
        assert!(indexes.iter().any(|index| serves(index, &filter)), "{name}: {filter}");
        asked.insert(name);
    }
    let mut named = database.list_collection_names().await.unwrap();
    let without = ["usermgmt_root_keys", "usermgmt_schema"];
    named.retain(|name| name.starts_with("usermgmt_") && !without.contains(&name.as_str()));
    named.sort();
    assert_eq!(asked.into_iter().collect::<Vec<_>>(), named, "each collection was asked");
}
