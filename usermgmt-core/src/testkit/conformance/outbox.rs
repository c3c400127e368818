//! The outbox: no mail to two workers at once, none lost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::kit::{DAY, HOUR, Kit, MS, NOW, SECOND, read, readable};
use super::show::same;
use crate::clock::Timestamp;
use crate::model::identifier::Email;
use crate::model::ids::{LeaseId, MailId, TokenId};
use crate::model::mail::{MailKind, MailToken, OutboxMail};
use crate::model::token::Purpose;
use crate::store::{Change, Guard, OutboxDepth, Store};

const MINUTE: Duration = Duration::from_secs(60);

fn insert(mail: &OutboxMail) -> Change {
    Change::InsertMail(Box::new(mail.clone()))
}

fn complete(mail: &OutboxMail, lease: LeaseId) -> Change {
    Change::CompleteMail { id: mail.id.clone(), lease }
}

fn retry(mail: &OutboxMail, lease: LeaseId, at: Timestamp) -> Change {
    Change::RetryMail { id: mail.id.clone(), lease, at, error: "busy 😀".to_owned() }
}

fn bury(mail: &OutboxMail, lease: LeaseId, at: Timestamp) -> Change {
    Change::BuryMail { id: mail.id.clone(), lease, at, error: "refused".to_owned() }
}

fn revive(mail: &OutboxMail, at: Timestamp) -> Change {
    Change::ReviveMail { id: mail.id.clone(), at }
}

fn drop_dead(mail: &OutboxMail) -> Change {
    Change::DropDeadMail { id: mail.id.clone() }
}

fn ids(mails: &[OutboxMail]) -> Vec<&MailId> {
    mails.iter().map(|mail| &mail.id).collect()
}

async fn dead(kit: &Kit) -> Vec<OutboxMail> {
    readable(kit.store.dead_mail(None, 100).await)
}

/// A mail with something in every field.
fn full(kit: &Kit) -> OutboxMail {
    let token =
        |purpose, code_issue| MailToken { purpose, id: TokenId::generate(&kit.rng), code_issue };
    OutboxMail {
        user_id: Some(kit.user("ann").id),
        recipient: Email::from_stored(
            "José@BÜCHER.example".to_owned(),
            "josé@xn--bcher-kva.example".to_owned(),
        ),
        locale: Some("pt-BR".to_owned()),
        tokens: vec![token(Purpose::Confirm, Some(i64::MAX)), token(Purpose::NotMe, None)],
        params: [("username", "Zoë 😀 \"quoted\" \\ 'n"), ("device", ""), ("line", "a\nb\tc")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        created_at: NOW - DAY,
        next_attempt_at: NOW - HOUR,
        attempts: 12,
        last_error: Some("4.2.2 \"mailbox full\" 😀".to_owned()),
        ..kit.mail(None)
    }
}

pub async fn every_field_of_a_mail_round_trips(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let waiting: Vec<OutboxMail> = std::iter::once(full(&kit))
        .chain(MailKind::ALL.map(|kind| OutboxMail { kind, ..kit.mail(None) }))
        .collect();
    kit.applied(waiting.iter().map(insert).collect::<Vec<_>>()).await;
    let (_, mut claimed) = kit.claim(NOW, 100).await;
    claimed.sort_by(|a, b| a.id.cmp(&b.id));
    let mut expected = waiting;
    expected.sort_by(|a, b| a.id.cmp(&b.id));
    same("claimed mails", &claimed, &expected);

    let gone = OutboxMail { dead_at: Some(NOW - MS), ..full(&kit) };
    let plain = OutboxMail { dead_at: Some(NOW), params: BTreeMap::new(), ..kit.mail(None) };
    kit.applied([&gone, &plain].map(insert)).await;
    let mut expected = vec![gone, plain];
    expected.sort_by(|a, b| a.id.cmp(&b.id));
    same("dead mails", &dead(&kit).await, &expected);
}

pub async fn a_mail_id_is_taken_once(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let mail = kit.mail(None);
    kit.applied([insert(&mail)]).await;
    let other = OutboxMail { id: mail.id, ..full(&kit) };
    kit.refused(Guard::Exists, [insert(&other)]).await;
}

pub async fn mail_is_claimed_when_due_the_longest_due_first(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let due = |next_attempt_at| OutboxMail { next_attempt_at, ..kit.mail(None) };
    let now = due(NOW);
    let oldest = due(NOW - DAY);
    let later = due(NOW + MS);
    let old = due(NOW - HOUR);
    kit.applied([&now, &oldest, &later, &old].map(insert)).await;

    let (_, first) = kit.claim(NOW, 2).await;
    assert_eq!(ids(&first), [&oldest.id, &old.id], "two at most");
    let (_, second) = kit.claim(NOW, 2).await;
    assert_eq!(ids(&second), [&now.id], "due at this very time");
    let (_, third) = kit.claim(NOW, 2).await;
    assert!(third.is_empty(), "{third:#?}");
    let (_, fourth) = kit.claim(NOW + MS, 2).await;
    assert_eq!(ids(&fourth), [&later.id]);
}

pub async fn a_claimed_mail_is_free_again_when_its_lease_is_over(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let mail = kit.mail(None);
    kit.applied([insert(&mail)]).await;
    let (first, claimed) = kit.claim(NOW, 9).await;
    same("claimed", &claimed, &vec![mail.clone()]);
    let until = NOW + MINUTE;
    for now in [NOW, until - MS] {
        let (_, claimed) = kit.claim(now, 9).await;
        assert!(claimed.is_empty(), "leased at {now}: {claimed:#?}");
    }
    let (second, claimed) = kit.claim(until, 9).await;
    let cut_short = OutboxMail { lease: Some(first), leased_until: Some(until), ..mail.clone() };
    same("claimed again, with the lease that ran out", &claimed, &vec![cut_short]);

    // The first worker comes back too late.
    for late in [complete(&mail, first), retry(&mail, first, NOW), bury(&mail, first, NOW)] {
        kit.refused(Guard::Lease, [late]).await;
    }
    kit.applied([complete(&mail, second)]).await;
}

pub async fn a_sent_mail_is_erased_by_the_worker_that_has_it(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let mail = kit.mail(None);
    kit.applied([insert(&mail)]).await;
    let stranger = LeaseId::generate(&kit.rng);
    kit.refused(Guard::Lease, [complete(&mail, stranger)]).await;
    let (lease, _) = kit.claim(NOW, 9).await;
    kit.refused(Guard::Lease, [complete(&mail, stranger)]).await;
    kit.applied([complete(&mail, lease)]).await;
    kit.refused(Guard::Lease, [complete(&mail, lease)]).await;
    let depth = read(kit.store.outbox_depth().await);
    same("the outbox", &depth, &OutboxDepth::default());
    let (_, claimed) = kit.claim(NOW + DAY, 9).await;
    assert!(claimed.is_empty(), "{claimed:#?}");
}

pub async fn a_failed_mail_is_put_back_and_counted(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let mail = kit.mail(None);
    kit.applied([insert(&mail)]).await;
    let stranger = LeaseId::generate(&kit.rng);
    kit.refused(Guard::Lease, [retry(&mail, stranger, NOW)]).await;
    let mut now = NOW;
    for attempts in 0..3 {
        let (lease, claimed) = kit.claim(now, 9).await;
        let expected = OutboxMail {
            attempts,
            last_error: (attempts > 0).then(|| "busy 😀".to_owned()),
            next_attempt_at: now,
            ..mail.clone()
        };
        same("the claimed mail", &claimed, &vec![expected]);
        kit.refused(Guard::Lease, [retry(&mail, stranger, NOW)]).await;
        kit.applied([retry(&mail, lease, now + HOUR)]).await;
        kit.refused(Guard::Lease, [retry(&mail, lease, NOW)]).await;
        now = now + HOUR;
        let (_, early) = kit.claim(now - MS, 9).await;
        assert!(early.is_empty(), "not before its time: {early:#?}");
    }
}

pub async fn a_mail_that_was_given_up_is_kept_but_not_tried(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let mail = kit.mail(None);
    kit.applied([insert(&mail)]).await;
    let stranger = LeaseId::generate(&kit.rng);
    kit.refused(Guard::Lease, [bury(&mail, stranger, NOW)]).await;
    let (lease, _) = kit.claim(NOW, 9).await;
    kit.refused(Guard::Lease, [bury(&mail, stranger, NOW)]).await;
    kit.applied([bury(&mail, lease, NOW + SECOND)]).await;
    kit.refused(Guard::Lease, [bury(&mail, lease, NOW)]).await;
    let expected = OutboxMail {
        attempts: 1,
        last_error: Some("refused".to_owned()),
        dead_at: Some(NOW + SECOND),
        ..mail
    };
    same("dead mail", &dead(&kit).await, &vec![expected]);
    let (_, claimed) = kit.claim(NOW + DAY, 9).await;
    assert!(claimed.is_empty(), "{claimed:#?}");
    let next = read(kit.store.next_mail_at().await);
    same("when the next is due", &next, &None);
}

pub async fn a_mail_that_was_given_up_can_be_tried_again(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let gone = OutboxMail { dead_at: Some(NOW), ..full(&kit) };
    let waiting = kit.mail(None);
    kit.applied([&gone, &waiting].map(insert)).await;
    kit.refused(Guard::Lease, [revive(&waiting, NOW)]).await;
    kit.refused(Guard::Lease, [revive(&kit.mail(None), NOW)]).await;
    kit.applied([revive(&gone, NOW - DAY)]).await;
    kit.refused(Guard::Lease, [revive(&gone, NOW)]).await;
    same("dead mail", &dead(&kit).await, &vec![]);
    let (_, claimed) = kit.claim(NOW, 1).await;
    let expected = OutboxMail { dead_at: None, attempts: 0, next_attempt_at: NOW - DAY, ..gone };
    same("the revived mail", &claimed, &vec![expected]);
}

pub async fn a_mail_that_was_given_up_can_be_erased(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let dead_at = Some(NOW);
    let gone = OutboxMail { dead_at, ..kit.mail(None) };
    let kept = OutboxMail { dead_at, ..kit.mail(None) };
    let waiting = kit.mail(None);
    kit.applied([&gone, &kept, &waiting].map(insert)).await;
    kit.refused(Guard::Lease, [drop_dead(&waiting)]).await;
    kit.refused(Guard::Lease, [drop_dead(&kit.mail(None))]).await;
    kit.applied([drop_dead(&gone)]).await;
    kit.refused(Guard::Lease, [drop_dead(&gone)]).await;
    same("dead mail", &dead(&kit).await, &vec![kept]);
}

pub async fn dead_mail_is_paged_by_id(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let mut mails: Vec<OutboxMail> = (0..7u32)
        .map(|n| OutboxMail {
            // Made in another order than their ids'.
            id: MailId::generate(NOW + (n * 5 % 7) * SECOND, &kit.rng),
            dead_at: Some(NOW),
            ..kit.mail(None)
        })
        .collect();
    kit.applied(mails.iter().map(insert).collect::<Vec<_>>()).await;
    kit.applied([insert(&kit.mail(None))]).await;
    mails.sort_by(|a, b| a.id.cmp(&b.id));
    let mut seen = Vec::new();
    let mut after: Option<MailId> = None;
    loop {
        let page = readable(kit.store.dead_mail(after.as_ref(), 3).await);
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 3, "a page of {}", page.len());
        after = Some(last.id.clone());
        seen.extend(page);
        assert!(seen.len() <= mails.len(), "the pages never end");
    }
    same("all pages", &seen, &mails);
}

pub async fn a_users_queued_mail_is_erased_with_whatever_became_of_it(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let (ann, bob) = (kit.add_user("ann").await.id, kit.add_user("bob").await.id);
    let taken = OutboxMail { next_attempt_at: NOW - DAY, ..kit.mail(Some(&ann)) };
    let gone = OutboxMail { dead_at: Some(NOW), ..kit.mail(Some(&ann)) };
    let waiting = kit.mail(Some(&ann));
    let bobs = kit.mail(Some(&bob));
    let nobodys = kit.mail(None);
    kit.applied([&taken, &gone, &waiting, &bobs, &nobodys].map(insert)).await;
    let (lease, claimed) = kit.claim(NOW - DAY, 1).await;
    assert_eq!(ids(&claimed), [&taken.id]);

    let drop_all = Change::DropMail { user_id: ann };
    kit.applied([drop_all.clone()]).await;
    kit.refused(Guard::Lease, [complete(&taken, lease)]).await;
    same("dead mail", &dead(&kit).await, &vec![]);
    let (_, left) = kit.claim(NOW + DAY, 9).await;
    let mut left = ids(&left);
    left.sort();
    let mut expected = [&bobs.id, &nobodys.id];
    expected.sort();
    assert_eq!(left, expected, "others' mail");
    kit.applied([drop_all]).await;
}

pub async fn a_list_erases_the_old_mail_and_keeps_the_one_it_adds(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let ann = kit.add_user("ann").await.id;
    let [old, new] = [0; 2].map(|_| kit.mail(Some(&ann)));
    kit.applied([insert(&old)]).await;
    kit.applied([insert(&new), Change::DropMail { user_id: ann }]).await;
    let (_, left) = kit.claim(NOW, 9).await;
    assert_eq!(ids(&left), [&new.id]);
}

pub async fn the_next_mail_is_due_at_its_time_or_the_end_of_its_lease(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let next = || {
        let store = Arc::clone(&kit.store);
        async move { read(store.next_mail_at().await) }
    };
    same("an empty outbox", &next().await, &None);
    let later = OutboxMail { next_attempt_at: NOW + HOUR, ..kit.mail(None) };
    kit.applied([insert(&later)]).await;
    same("one mail", &next().await, &Some(NOW + HOUR));
    let overdue = OutboxMail { next_attempt_at: NOW - HOUR, ..kit.mail(None) };
    let gone = OutboxMail { next_attempt_at: NOW - DAY, dead_at: Some(NOW), ..kit.mail(None) };
    kit.applied([&overdue, &gone].map(insert)).await;
    same("the overdue one", &next().await, &Some(NOW - HOUR));
    let (lease, _) = kit.claim(NOW, 9).await;
    // Where the worker died, somebody has to wake up for the mail it had.
    same("a leased one", &next().await, &Some(NOW + MINUTE));
    kit.applied([retry(&overdue, lease, NOW + SECOND)]).await;
    same("put back", &next().await, &Some(NOW + SECOND));
    let (lease, _) = kit.claim(NOW + SECOND, 9).await;
    kit.applied([complete(&overdue, lease)]).await;
    same("sent", &next().await, &Some(NOW + HOUR));
}

pub async fn the_depth_counts_waiting_and_dead_mail(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let queued = |created_at, dead_at| OutboxMail { created_at, dead_at, ..kit.mail(None) };
    let mails = [queued(NOW, None), queued(NOW - HOUR, None), queued(NOW - DAY, Some(NOW))];
    kit.applied(mails.iter().map(insert).collect::<Vec<_>>()).await;
    let depth = OutboxDepth { waiting: 2, dead: 1, oldest: Some(NOW - HOUR) };
    same("the depth", &read(kit.store.outbox_depth().await), &depth);
    let (lease, _) = kit.claim(NOW, 9).await;
    let found = read(kit.store.outbox_depth().await);
    same("with leased mail", &found, &depth);
    kit.applied(mails[..2].iter().map(|m| bury(m, lease, NOW)).collect::<Vec<_>>()).await;
    let depth = OutboxDepth { waiting: 0, dead: 3, oldest: None };
    let found = read(kit.store.outbox_depth().await);
    same("with all mail dead", &found, &depth);
}
