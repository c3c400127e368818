//! The outbox: no mail to two workers at once, none lost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::fixture::{DAY, Fixture, HOUR, MS, NOW, SECOND, read, readable};
use super::show::same;
use crate::clock::Timestamp;
use crate::model::identifier::Email;
use crate::model::ids::{LeaseId, MailId, TokenId};
use crate::model::mail::{MailKind, MailToken, OutboxMail};
use crate::model::token::Purpose;
use crate::store::{Change, Guard, OutboxDepth, SET_UP_FAULT, Store};

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

async fn dead(fixture: &Fixture) -> Vec<OutboxMail> {
    readable(fixture.store.dead_mail(None, 100).await)
}

/// A mail with something in every field.
fn full(fixture: &Fixture) -> OutboxMail {
    let token = |purpose, code_issue| MailToken {
        purpose,
        id: TokenId::generate(&fixture.rng),
        code_issue,
    };
    OutboxMail {
        user_id: Some(fixture.user("ann").id),
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
        ..fixture.mail(None)
    }
}

pub async fn every_field_of_a_mail_round_trips(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let waiting: Vec<OutboxMail> = std::iter::once(full(&fixture))
        .chain(MailKind::ALL.map(|kind| OutboxMail { kind, ..fixture.mail(None) }))
        .collect();
    fixture.applied(waiting.iter().map(insert).collect::<Vec<_>>()).await;
    let (_, mut claimed) = fixture.claim(NOW, 100).await;
    claimed.sort_by(|a, b| a.id.cmp(&b.id));
    let mut expected = waiting;
    expected.sort_by(|a, b| a.id.cmp(&b.id));
    same("claimed mails", &claimed, &expected);

    let gone = OutboxMail { dead_at: Some(NOW - MS), ..full(&fixture) };
    let plain = OutboxMail { dead_at: Some(NOW), params: BTreeMap::new(), ..fixture.mail(None) };
    fixture.applied([&gone, &plain].map(insert)).await;
    let mut expected = vec![gone, plain];
    expected.sort_by(|a, b| a.id.cmp(&b.id));
    same("dead mails", &dead(&fixture).await, &expected);
}

pub async fn a_mail_id_is_taken_once(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let mail = fixture.mail(None);
    fixture.applied([insert(&mail)]).await;
    let other = OutboxMail { id: mail.id, ..full(&fixture) };
    fixture.refused(Guard::Exists, [insert(&other)]).await;
}

pub async fn mail_is_claimed_when_due_the_longest_due_first(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let due = |next_attempt_at| OutboxMail { next_attempt_at, ..fixture.mail(None) };
    let now = due(NOW);
    let oldest = due(NOW - DAY);
    let later = due(NOW + MS);
    let old = due(NOW - HOUR);
    fixture.applied([&now, &oldest, &later, &old].map(insert)).await;

    let (_, first) = fixture.claim(NOW, 2).await;
    assert_eq!(ids(&first), [&oldest.id, &old.id], "two at most");
    let (_, second) = fixture.claim(NOW, 2).await;
    assert_eq!(ids(&second), [&now.id], "due at this very time");
    let (_, third) = fixture.claim(NOW, 2).await;
    assert!(third.is_empty(), "{third:#?}");
    let (_, fourth) = fixture.claim(NOW + MS, 2).await;
    assert_eq!(ids(&fourth), [&later.id]);
}

pub async fn a_claimed_mail_is_free_again_when_its_lease_is_over(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let mail = fixture.mail(None);
    fixture.applied([insert(&mail)]).await;
    let (first, claimed) = fixture.claim(NOW, 9).await;
    same("claimed", &claimed, &vec![mail.clone()]);
    let until = NOW + MINUTE;
    for now in [NOW, until - MS] {
        let (_, claimed) = fixture.claim(now, 9).await;
        assert!(claimed.is_empty(), "leased at {now}: {claimed:#?}");
    }
    let (second, claimed) = fixture.claim(until, 9).await;
    let cut_short = OutboxMail { lease: Some(first), leased_until: Some(until), ..mail.clone() };
    same("claimed again, with the lease that ran out", &claimed, &vec![cut_short]);

    // The first worker comes back too late.
    for late in [complete(&mail, first), retry(&mail, first, NOW), bury(&mail, first, NOW)] {
        fixture.refused(Guard::Lease, [late]).await;
    }
    fixture.applied([complete(&mail, second)]).await;
}

pub async fn a_sent_mail_is_erased_by_the_worker_that_has_it(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let mail = fixture.mail(None);
    fixture.applied([insert(&mail)]).await;
    let stranger = LeaseId::generate(&fixture.rng);
    fixture.refused(Guard::Lease, [complete(&mail, stranger)]).await;
    let (lease, _) = fixture.claim(NOW, 9).await;
    fixture.refused(Guard::Lease, [complete(&mail, stranger)]).await;
    fixture.applied([complete(&mail, lease)]).await;
    fixture.refused(Guard::Lease, [complete(&mail, lease)]).await;
    let depth = read(fixture.store.outbox_depth().await);
    same("the outbox", &depth, &OutboxDepth::default());
    let (_, claimed) = fixture.claim(NOW + DAY, 9).await;
    assert!(claimed.is_empty(), "{claimed:#?}");
}

pub async fn a_failed_mail_is_put_back_and_counted(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let mail = fixture.mail(None);
    fixture.applied([insert(&mail)]).await;
    let stranger = LeaseId::generate(&fixture.rng);
    fixture.refused(Guard::Lease, [retry(&mail, stranger, NOW)]).await;
    let mut now = NOW;
    for attempts in 0..3 {
        let (lease, claimed) = fixture.claim(now, 9).await;
        let expected = OutboxMail {
            attempts,
            last_error: (attempts > 0).then(|| "busy 😀".to_owned()),
            next_attempt_at: now,
            ..mail.clone()
        };
        same("the claimed mail", &claimed, &vec![expected]);
        fixture.refused(Guard::Lease, [retry(&mail, stranger, NOW)]).await;
        fixture.applied([retry(&mail, lease, now + HOUR)]).await;
        fixture.refused(Guard::Lease, [retry(&mail, lease, NOW)]).await;
        now = now + HOUR;
        let (_, early) = fixture.claim(now - MS, 9).await;
        assert!(early.is_empty(), "not before its time: {early:#?}");
    }
}

pub async fn a_mail_that_was_given_up_is_kept_but_not_tried(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let mail = fixture.mail(None);
    fixture.applied([insert(&mail)]).await;
    let stranger = LeaseId::generate(&fixture.rng);
    fixture.refused(Guard::Lease, [bury(&mail, stranger, NOW)]).await;
    let (lease, _) = fixture.claim(NOW, 9).await;
    fixture.refused(Guard::Lease, [bury(&mail, stranger, NOW)]).await;
    fixture.applied([bury(&mail, lease, NOW + SECOND)]).await;
    fixture.refused(Guard::Lease, [bury(&mail, lease, NOW)]).await;
    let expected = OutboxMail {
        attempts: 1,
        last_error: Some("refused".to_owned()),
        dead_at: Some(NOW + SECOND),
        ..mail
    };
    same("dead mail", &dead(&fixture).await, &vec![expected]);
    let (_, claimed) = fixture.claim(NOW + DAY, 9).await;
    assert!(claimed.is_empty(), "{claimed:#?}");
    let next = read(fixture.store.next_mail_at().await);
    same("when the next is due", &next, &None);
}

pub async fn a_mail_that_was_given_up_can_be_tried_again(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let gone = OutboxMail { dead_at: Some(NOW), ..full(&fixture) };
    let waiting = fixture.mail(None);
    fixture.applied([&gone, &waiting].map(insert)).await;
    fixture.refused(Guard::Lease, [revive(&waiting, NOW)]).await;
    fixture.refused(Guard::Lease, [revive(&fixture.mail(None), NOW)]).await;
    fixture.applied([revive(&gone, NOW - DAY)]).await;
    fixture.refused(Guard::Lease, [revive(&gone, NOW)]).await;
    same("dead mail", &dead(&fixture).await, &vec![]);
    let (_, claimed) = fixture.claim(NOW, 1).await;
    let expected = OutboxMail { dead_at: None, attempts: 0, next_attempt_at: NOW - DAY, ..gone };
    same("the revived mail", &claimed, &vec![expected]);
}

pub async fn a_mail_that_was_given_up_can_be_erased(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let dead_at = Some(NOW);
    let gone = OutboxMail { dead_at, ..fixture.mail(None) };
    let kept = OutboxMail { dead_at, ..fixture.mail(None) };
    let waiting = fixture.mail(None);
    fixture.applied([&gone, &kept, &waiting].map(insert)).await;
    fixture.refused(Guard::Lease, [drop_dead(&waiting)]).await;
    fixture.refused(Guard::Lease, [drop_dead(&fixture.mail(None))]).await;
    fixture.applied([drop_dead(&gone)]).await;
    fixture.refused(Guard::Lease, [drop_dead(&gone)]).await;
    same("dead mail", &dead(&fixture).await, &vec![kept]);
}

pub async fn dead_mail_is_paged_by_id(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let mut mails: Vec<OutboxMail> = (0..7u32)
        .map(|n| OutboxMail {
            // Made in another order than their ids'.
            id: MailId::generate(NOW + (n * 5 % 7) * SECOND, &fixture.rng),
            dead_at: Some(NOW),
            ..fixture.mail(None)
        })
        .collect();
    fixture.applied(mails.iter().map(insert).collect::<Vec<_>>()).await;
    fixture.applied([insert(&fixture.mail(None))]).await;
    mails.sort_by(|a, b| a.id.cmp(&b.id));
    let mut seen = Vec::new();
    let mut after: Option<MailId> = None;
    loop {
        let page = readable(fixture.store.dead_mail(after.as_ref(), 3).await);
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 3, "a page of {}", page.len());
        after = Some(last.id.clone());
        seen.extend(page);
        assert!(seen.len() <= mails.len(), "the pages never end");
    }
    same("all pages", &seen, &mails);
}

pub async fn a_users_queued_mail_is_erased_with_whatever_became_of_it(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await.id, fixture.add_user("bob").await.id);
    let taken = OutboxMail { next_attempt_at: NOW - DAY, ..fixture.mail(Some(&ann)) };
    let gone = OutboxMail { dead_at: Some(NOW), ..fixture.mail(Some(&ann)) };
    let waiting = fixture.mail(Some(&ann));
    let bobs = fixture.mail(Some(&bob));
    let nobodys = fixture.mail(None);
    fixture.applied([&taken, &gone, &waiting, &bobs, &nobodys].map(insert)).await;
    let of = async |user| readable(fixture.store.mail_of(user).await);
    let mut anns = vec![taken.clone(), gone.clone(), waiting.clone()];
    anns.sort_by(|a, b| a.id.cmp(&b.id));
    same("Ann's", &of(&ann).await, &anns);
    same("Bob's", &of(&bob).await, &vec![bobs.clone()]);
    let (lease, claimed) = fixture.claim(NOW - DAY, 1).await;
    assert_eq!(ids(&claimed), [&taken.id]);

    let drop_all = Change::DropMail { user_id: ann };
    fixture.applied([drop_all.clone()]).await;
    fixture.refused(Guard::Lease, [complete(&taken, lease)]).await;
    same("dead mail", &dead(&fixture).await, &vec![]);
    let (_, left) = fixture.claim(NOW + DAY, 9).await;
    let mut left = ids(&left);
    left.sort();
    let mut expected = [&bobs.id, &nobodys.id];
    expected.sort();
    assert_eq!(left, expected, "others' mail");
    fixture.applied([drop_all]).await;
}

pub async fn a_list_erases_the_old_mail_and_keeps_the_one_it_adds(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await.id;
    let [old, new] = [0; 2].map(|_| fixture.mail(Some(&ann)));
    fixture.applied([insert(&old)]).await;
    fixture.applied([insert(&new), Change::DropMail { user_id: ann }]).await;
    let (_, left) = fixture.claim(NOW, 9).await;
    assert_eq!(ids(&left), [&new.id]);
}

pub async fn the_next_mail_is_due_at_its_time_or_the_end_of_its_lease(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let next = || {
        let store = Arc::clone(&fixture.store);
        async move { read(store.next_mail_at().await) }
    };
    same("an empty outbox", &next().await, &None);
    let later = OutboxMail { next_attempt_at: NOW + HOUR, ..fixture.mail(None) };
    fixture.applied([insert(&later)]).await;
    same("one mail", &next().await, &Some(NOW + HOUR));
    let overdue = OutboxMail { next_attempt_at: NOW - HOUR, ..fixture.mail(None) };
    let gone = OutboxMail { next_attempt_at: NOW - DAY, dead_at: Some(NOW), ..fixture.mail(None) };
    fixture.applied([&overdue, &gone].map(insert)).await;
    same("the overdue one", &next().await, &Some(NOW - HOUR));
    let (lease, _) = fixture.claim(NOW, 9).await;
    // Where the worker died, somebody has to wake up for the mail it had.
    same("a leased one", &next().await, &Some(NOW + MINUTE));
    fixture.applied([retry(&overdue, lease, NOW + SECOND)]).await;
    same("put back", &next().await, &Some(NOW + SECOND));
    let (lease, _) = fixture.claim(NOW + SECOND, 9).await;
    fixture.applied([complete(&overdue, lease)]).await;
    same("sent", &next().await, &Some(NOW + HOUR));
}

pub async fn the_depth_counts_waiting_and_dead_mail(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let queued = |created_at, dead_at| OutboxMail { created_at, dead_at, ..fixture.mail(None) };
    let mails = [queued(NOW, None), queued(NOW - HOUR, None), queued(NOW - DAY, Some(NOW))];
    fixture.applied(mails.iter().map(insert).collect::<Vec<_>>()).await;
    let depth =
        OutboxDepth { waiting: 2, dead: 1, oldest: Some(NOW - HOUR), ..OutboxDepth::default() };
    same("the depth", &read(fixture.store.outbox_depth().await), &depth);
    let (lease, _) = fixture.claim(NOW, 9).await;
    let found = read(fixture.store.outbox_depth().await);
    same("with leased mail", &found, &depth);
    fixture.applied(mails[..2].iter().map(|m| bury(m, lease, NOW)).collect::<Vec<_>>()).await;
    let depth = OutboxDepth { dead: 3, ..OutboxDepth::default() };
    let found = read(fixture.store.outbox_depth().await);
    same("with all mail dead", &found, &depth);
}

pub async fn the_depth_says_how_many_wait_for_the_set_up_and_why(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let failed = |error: &str, dead_at| OutboxMail {
        last_error: Some(error.to_owned()),
        dead_at,
        ..fixture.mail(None)
    };
    let fault = "535 \"it's %_ refused\" 😀";
    let set_up = format!("{SET_UP_FAULT}{fault}");
    let mails = [
        fixture.mail(None),
        failed("451 busy", None),
        failed("is not set-up: 1", None),
        failed("set-up", None),
        failed(&set_up, Some(NOW)),
    ];
    fixture.applied(mails.iter().map(insert).collect::<Vec<_>>()).await;
    let depth = OutboxDepth { waiting: 4, dead: 1, oldest: Some(NOW), ..OutboxDepth::default() };
    same("without a fault", &read(fixture.store.outbox_depth().await), &depth);
    let mails = [failed(&set_up, None), failed(&set_up, None)];
    fixture.applied(mails.iter().map(insert).collect::<Vec<_>>()).await;
    let depth =
        OutboxDepth { waiting: 6, set_up: 2, set_up_fault: Some(fault.to_owned()), ..depth };
    same("with one", &read(fixture.store.outbox_depth().await), &depth);
}
