//! The worker that sends what flows have queued.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use usermgmt_core::clock::Timestamp;
use usermgmt_core::flows::{
    CreateUser, CreateUserError, ProfileError, RegisterError, UpdateProfile,
};
use usermgmt_core::mail::{MailError, MailKind, Mailer, Message};
use usermgmt_core::model::ids::LeaseId;
use usermgmt_core::outbox::OutboxWorker;
use usermgmt_core::store::{Change, OutboxDepth, OutboxStore as _};
use usermgmt_core::testkit::{CapturingMailer, FaultyStore};

use crate::fixture::*;

fn temporary() -> MailError {
    MailError::Temporary("451 later".to_owned())
}

async fn depth(world: &World) -> OutboxDepth {
    world.store.outbox_depth().await.unwrap()
}

async fn due(world: &World) -> Timestamp {
    world.store.next_mail_at().await.unwrap().unwrap()
}

/// Tries what is due once. How many mails were tried.
async fn work(world: &World) -> usize {
    world.worker.run_once().await.unwrap()
}

#[tokio::test]
async fn a_failed_mail_is_tried_again_after_about_five_seconds_doubling_to_an_hour() {
    let world = World::new().await;
    world.register("ann").await;
    world.mailer.fail_always(Some(temporary()));
    let mut base = 5.0;
    for tries in 1..=14 {
        assert_eq!(work(&world).await, 1);
        let waits = due(&world).await.since(world.now()).as_secs_f64();
        assert!((base * 0.749..=base * 1.251).contains(&waits), "{tries}: {waits}");
        // Not before.
        world.clock.set(due(&world).await - MILLISECOND);
        assert_eq!(work(&world).await, 0);
        world.later(MILLISECOND);
        base = (base * 2.0_f64).min(3600.0);
    }
    world.mailer.fail_always(None);
    let mail = world.mailed(MailKind::Confirmation).await;
    world.auth.confirm(&link_token(&mail), &home()).await.unwrap();
    assert_eq!(depth(&world).await.waiting, 0);
    let counts = world.worker.counts();
    assert_eq!(counts.retried.load(Ordering::Relaxed), 14);
    assert_eq!(counts.sent.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn what_failed_together_does_not_come_back_together() {
    let world = World::new().await;
    for n in 0..8 {
        world.register(&format!("name{n}")).await;
    }
    world.mailer.fail_next((0..8).map(|_| temporary()));
    assert_eq!(work(&world).await, 8);
    let mut tried = Vec::new();
    for _ in 0..63 {
        world.later(Duration::from_millis(100));
        tried.push(work(&world).await);
    }
    assert!(tried.iter().filter(|n| **n > 0).count() > 2, "{tried:?}");
    assert_eq!(tried.iter().sum::<usize>(), 8);
}

#[tokio::test]
async fn a_mail_that_cannot_succeed_is_given_up_and_kept_with_its_reason() {
    let world = World::new().await;
    world.register("ann").await;
    world.mailer.fail_next([MailError::Permanent("550 no such user".to_owned())]);
    work(&world).await;
    world.later(DAY / 2);
    assert_eq!(work(&world).await, 0);
    assert_eq!((depth(&world).await.waiting, depth(&world).await.dead), (0, 1));
    let dead = world.store.dead_mail(None, 10).await.unwrap();
    let dead = dead[0].as_ref().unwrap();
    assert_eq!(dead.last_error.as_deref(), Some("550 no such user"));
    assert_eq!(world.worker.counts().dead.load(Ordering::Relaxed), 1);
    // An operator may have it tried again.
    world.apply(vec![Change::ReviveMail { id: dead.id.clone(), at: world.now() }]).await;
    world.mailed(MailKind::Confirmation).await;
}

#[tokio::test]
async fn a_mail_is_given_up_after_three_days() {
    let world = World::with(|config| config.confirmation_ttl = 7 * DAY).await;
    world.register("ann").await;
    world.mailer.fail_always(Some(temporary()));
    let began = world.now();
    while depth(&world).await.waiting > 0 {
        world.clock.set(due(&world).await.max(world.now()));
        work(&world).await;
    }
    let lasted = world.now().since(began);
    let tries = world.mailer.tries();
    assert!((3 * DAY..3 * DAY + 2 * HOUR).contains(&lasted), "{lasted:?} after {tries} tries");
    assert_eq!(depth(&world).await.dead, 1);
}

#[tokio::test]
async fn one_poisonous_mail_does_not_hold_up_others() {
    let world = World::new().await;
    world.register("ann").await;
    work(&world).await;
    world.auth.resend_confirmation("ann@example.com", &home()).await.unwrap();
    for n in 0..40 {
        world.register(&format!("name{n}")).await;
    }
    world.mailer.take();
    world.mailer.fail_next([MailError::Permanent("554".to_owned())]);
    assert_eq!(world.mail().await.len(), 40);
    assert_eq!(depth(&world).await.dead, 1);
}

#[tokio::test]
async fn what_somebody_waits_for_goes_before_what_many_were_sent() {
    let world = World::unlimited().await;
    world.member("ann").await;
    for n in 0..100 {
        let name = format!("user{n}");
        let command = CreateUser::new(username(&name), email(&address(&name)), typed(PASSWORD));
        world.auth.create_user(&command).await.unwrap();
        world.later(SECOND);
    }
    world.auth.forgot_password("ann", &home()).await.unwrap();
    work(&world).await;
    let first = world.mailer.take();
    assert!(first.len() < 100);
    assert!(first.iter().any(|mail| mail.kind == MailKind::PasswordReset));
}

#[tokio::test]
async fn a_mail_whose_link_would_do_nothing_is_not_sent() {
    for how in ["used", "expired", "void", "deleted"] {
        let world = World::unlimited().await;
        let (_, current) = world.signed_in_member("ann").await;
        world.auth.forgot_password("ann", &home()).await.unwrap();
        let link = link_token(&world.mailed(MailKind::PasswordReset).await);
        world.auth.forgot_password("ann", &home()).await.unwrap();
        match how {
            "used" => {
                world.auth.reset_password(&link, &typed(OTHER), &home()).await.unwrap();
            }
            "expired" => world.later(15 * MINUTE),
            "void" => {
                let (old, new) = (typed(PASSWORD), typed(OTHER));
                world.auth.change_password(&current, &old, &new).await.unwrap();
            }
            _ => world.auth.delete_user(&current.user.id).await.unwrap(),
        }
        let mails = world.mail().await;
        assert!(mails.iter().all(|mail| mail.kind != MailKind::PasswordReset), "{how}");
        assert_eq!(depth(&world).await.waiting, 0);
        let dropped = world.worker.counts().dropped.load(Ordering::Relaxed);
        assert_eq!(dropped, u64::from(how != "deleted"), "{how}");
    }
}

#[tokio::test]
async fn a_mail_whose_code_was_replaced_is_not_sent() {
    let world = World::unlimited().await;
    world.register("ann").await;
    world.auth.resend_confirmation("ann@example.com", &home()).await.unwrap();
    world.auth.resend_confirmation("ann@example.com", &home()).await.unwrap();
    let mail = world.mailed(MailKind::Confirmation).await;
    world.auth.confirm_by_code("ann@example.com", &code(&mail), &home()).await.unwrap();
}

#[tokio::test]
async fn a_mail_that_comes_late_carries_no_dead_code() {
    let world = World::new().await;
    world.register("ann").await;
    world.later(10 * MINUTE);
    let mail = world.mailed(MailKind::Confirmation).await;
    assert!(mail.code.is_none());
    assert!(mail.not_me_link.is_some());
    world.auth.confirm(&link_token(&mail), &home()).await.unwrap();
}

#[tokio::test]
async fn a_retried_mail_is_the_same_mail() {
    let world = World::new().await;
    world.register("ann").await;
    let recorder = Recorder::default();
    let worker = OutboxWorker::new(world.auth.clone(), Arc::new(recorder.clone()));
    worker.run_once().await.unwrap();
    world.later(7 * SECOND);
    worker.run_once().await.unwrap();
    let seen = recorder.0.lock().unwrap().clone();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].id, seen[1].id);
    assert_eq!(seen[0].created_at, seen[1].created_at);
    assert_eq!(link_token(&seen[0]), link_token(&seen[1]));
    assert_eq!(code(&seen[0]), code(&seen[1]));
}

/// Sees every mail and sends none.
#[derive(Clone, Debug, Default)]
struct Recorder(Arc<std::sync::Mutex<Vec<Message>>>);

#[async_trait::async_trait]
impl Mailer for Recorder {
    async fn send(&self, message: &Message) -> Result<(), MailError> {
        self.0.lock().unwrap().push(message.clone());
        Err(temporary())
    }
}

#[tokio::test]
async fn a_mail_that_another_worker_has_is_left_alone_until_its_lease_is_over() {
    let world = World::new().await;
    world.register("ann").await;
    // A worker that was killed with the mail in its hands.
    let (lease, now) = (LeaseId::generate(&world.rng), world.now());
    world.store.claim_mail(lease, now, now + MINUTE, 16).await.unwrap();
    world.later(MINUTE - MILLISECOND);
    assert_eq!(work(&world).await, 0);
    world.later(MILLISECOND);
    // What it did with the mail is not known: that counts as a try that failed.
    assert!(world.mail().await.is_empty());
    world.later(7 * SECOND);
    world.mailed(MailKind::Confirmation).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_workers_send_each_mail_once() {
    let world = World::unlimited().await;
    for n in 0..100 {
        world.register(&format!("name{n}")).await;
    }
    let mailer = CapturingMailer::default();
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let worker = OutboxWorker::new(world.auth.clone(), Arc::new(mailer.clone()));
        racing.spawn(async move { while worker.run_once().await.unwrap() > 0 {} });
    }
    racing.join_all().await;
    let mut recipients: Vec<_> =
        mailer.sent().iter().map(|mail| mail.recipient.to_string()).collect();
    recipients.sort();
    recipients.dedup();
    assert_eq!((mailer.tries(), recipients.len()), (100, 100));
    assert_eq!(depth(&world).await.waiting, 0);
}

/// Sends, and then the store is gone.
#[derive(Debug)]
struct LastWords(FaultyStore, CapturingMailer);

#[async_trait::async_trait]
impl Mailer for LastWords {
    async fn send(&self, message: &Message) -> Result<(), MailError> {
        self.0.fail_next(u64::MAX);
        self.1.send(message).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_mail_whose_outcome_was_not_recorded_comes_again_with_its_id() {
    let world = World::new().await;
    world.register("ann").await;
    let mailer = LastWords(world.store.clone(), world.mailer.clone());
    let worker = OutboxWorker::new(world.auth.clone(), Arc::new(mailer));
    worker.run_once().await.unwrap();
    world.store.heal();
    let first = world.mailer.take();
    assert_eq!(first.len(), 1);
    assert_eq!(work(&world).await, 0);
    world.later(MINUTE);
    assert!(world.mail().await.is_empty());
    world.later(7 * SECOND);
    let second = world.mail().await;
    assert_eq!(second.len(), 1);
    assert_eq!(first[0].id, second[0].id);
}

#[tokio::test]
async fn a_recorded_outcome_whose_answer_was_lost_is_recorded() {
    let world = World::new().await;
    world.register("ann").await;
    world.store.lose_next_replies(1);
    work(&world).await;
    world.later(DAY / 2);
    assert_eq!(work(&world).await, 0);
    assert_eq!(world.mailer.take().len(), 1);
}

/// Takes a mail and says nothing more.
#[derive(Debug)]
struct Tarpit;

#[async_trait::async_trait]
impl Mailer for Tarpit {
    async fn send(&self, _: &Message) -> Result<(), MailError> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_mail_server_that_does_not_answer_is_left_after_forty_seconds() {
    let world = World::new().await;
    world.register("ann").await;
    world.register("bob").await;
    let worker = OutboxWorker::new(world.auth.clone(), Arc::new(Tarpit));
    // Both at once: one does not wait for the other.
    let tried = tokio::time::timeout(41 * SECOND, worker.run_once()).await.unwrap();
    assert_eq!(tried.unwrap(), 2);
    assert_eq!(worker.counts().retried.load(Ordering::Relaxed), 2);
    world.later(13 * 60 * SECOND);
    assert_eq!(world.mail().await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_running_worker_sends_what_is_committed_at_once_and_stops_when_told() {
    let world = World::new().await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let worker = world.worker.clone();
    let running = tokio::spawn(async move {
        worker
            .run(async {
                let _ = stopped.await;
            })
            .await;
    });
    tokio::task::yield_now().await;
    world.register("ann").await;
    // Sooner than the worker looks by itself.
    tokio::time::sleep(SECOND).await;
    assert_eq!(world.mailer.take().len(), 1);
    stop.send(()).unwrap();
    tokio::time::timeout(SECOND, running).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_running_worker_finds_what_another_process_queued() {
    let world = World::new().await;
    let other = World::over(world.store.clone(), world.clock.clone(), config(), SECRET).await;
    let worker = world.worker.clone();
    let running = tokio::spawn(async move { worker.run(std::future::pending()).await });
    tokio::task::yield_now().await;
    other.register("ann").await;
    tokio::time::sleep(6 * SECOND).await;
    assert_eq!(world.mailer.take().len(), 1);
    running.abort();
}

#[tokio::test]
async fn what_waits_in_the_outbox_holds_no_secret() {
    let world = World::unlimited().await;
    let (_, current) = world.signed_in_member("ann").await;
    world.register("bob").await;
    world.auth.forgot_password("ann", &home()).await.unwrap();
    let update = usermgmt_core::flows::UpdateProfile {
        email: Some(email("ann@new.example")),
        ..Default::default()
    };
    world.auth.update_profile(&current, &update).await.unwrap();
    let lists = format!("{:?}", world.store.take_applied());
    for mail in world.mail().await {
        for secret in [mail.link, mail.not_me_link, mail.code].into_iter().flatten() {
            let secret = secret.expose();
            let token = secret.find("umt_").map_or(secret.as_str(), |at| &secret[at..]);
            assert!(!lists.contains(token));
        }
    }
}

/// Whoever typed it would wait for a mail that never leaves.
#[tokio::test]
async fn an_address_that_no_mail_can_reach_is_refused_where_it_is_typed() {
    let world = World::unlimited().await;
    let (_, current) = world.signed_in_member("ann").await;
    world.mailer.reach_ascii_only();
    world.store.take_applied();

    let register = registration("bob", "bøb@example.com", PASSWORD);
    let refused = world.auth.register(&register, &home()).await.unwrap_err();
    assert!(matches!(refused, RegisterError::Unreachable(_)), "{refused}");
    let create = CreateUser::new(username("bob"), email("bøb@example.com"), typed(PASSWORD));
    let refused = world.auth.create_user(&create).await.unwrap_err();
    assert!(matches!(refused, CreateUserError::Unreachable(_)), "{refused}");
    let update =
        UpdateProfile { email: Some(email("änn@example.com")), ..UpdateProfile::default() };
    let refused = world.auth.update_profile(&current, &update).await.unwrap_err();
    assert!(matches!(refused, ProfileError::Unreachable(_)), "{refused}");
    assert!(world.store.take_applied().is_empty(), "something was written");

    world.auth.register(&registration("bob", "bob@example.com", PASSWORD), &home()).await.unwrap();
    world.auth.forgot_password("bøb@example.com", &home()).await.unwrap();
}
