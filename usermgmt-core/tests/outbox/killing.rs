//! `kill -9` at every step between commit and delivery: what was committed
//! arrives, what was not is never sent, and a second copy has the same id.

use std::sync::Arc;

use usermgmt_core::Client;
use usermgmt_core::flows::Register;
use usermgmt_core::mail::MailKind;
use usermgmt_core::model::identifier::{Email, Username};
use usermgmt_core::outbox::OutboxWorker;
use usermgmt_core::secret::PlaintextPassword;

use crate::fixture::{HOUR, MINUTE, NOTICE, Running, SECOND, World, permanent, temporary};
use crate::post::{Post, Way};

/// Sends what is left, in a process that lives.
async fn deliver(world: &World) {
    let worker = world.worker();
    for _ in 0..3 {
        tokio::time::sleep(MINUTE).await;
        while worker.run_once().await.unwrap() > 0 {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_killed_at_any_step_loses_nothing() {
    let mut duplicates = 0;
    for steps in 0.. {
        let world = World::new().await;
        world.post.set("refused@example.com", Way::Refuse(permanent()));
        world.post.set("late@example.com", Way::Refuse(temporary()));
        let mut expected = vec![
            world.queue("ann@example.com", NOTICE).await,
            world.queue_link("bob@example.com", HOUR).await.0,
            world.queue("late@example.com", NOTICE).await,
        ];
        let refused = world.queue("refused@example.com", NOTICE).await;

        let (auth, cut) = world.doomed(steps).await;
        let post = Arc::new(world.post.in_process(&cut));
        let doomed = OutboxWorker::new(auth, post);
        let survived = cut.run(doomed.run_once()).await.is_some();
        drop(doomed);
        world.post.heal("late@example.com");
        deliver(&world).await;

        expected.sort();
        let copies = world.post.copies();
        assert!(copies.keys().eq(&expected), "killed after {steps} steps: {copies:?}");
        assert!(copies.values().all(|&copies| copies <= 2), "after {steps} steps: {copies:?}");
        duplicates += copies.values().filter(|&&copies| copies == 2).count();
        let dead: Vec<_> = world.dead().await.into_iter().map(|mail| mail.id).collect();
        assert_eq!(dead, [refused], "killed after {steps} steps");
        assert_eq!(world.waiting().await, 0, "killed after {steps} steps");
        if survived {
            assert!(steps > 24, "only {steps} steps were tried");
            break;
        }
    }
    assert!(duplicates > 0, "no step lay between delivery and its record");
}

#[tokio::test(start_paused = true)]
async fn a_mail_that_kills_whoever_sends_it_is_given_up_and_the_others_arrive() {
    let world = World::with(Post::with_latency(SECOND), |_| {}).await;
    let mut others = Vec::new();
    for n in 0..100 {
        others.push(world.queue(&format!("ann{n}@example.com"), NOTICE).await);
        if n == 3 {
            world.post.set("poison@example.com", Way::Kill);
            world.queue("poison@example.com", NOTICE).await;
        }
    }
    let mut lives = 0;
    while world.waiting().await > 0 {
        let (auth, cut) = world.doomed(usize::MAX >> 1).await;
        let worker = OutboxWorker::new(auth, Arc::new(world.post.in_process(&cut)));
        let life = async {
            let running = Running::start(&worker);
            cut.run(world.drained()).await;
            running.kill().await;
        };
        life.await;
        lives += 1;
    }
    let dead = world.dead().await;
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].recipient.as_str(), "poison@example.com");
    assert_eq!((dead[0].attempts, lives), (10, 10 + 1), "{dead:?}");
    assert_eq!(dead[0].last_error.as_deref(), Some("the try before was cut short"));
    others.sort();
    let copies = world.post.copies();
    assert!(copies.keys().eq(&others), "{} arrived", copies.len());
    let again = copies.values().filter(|&&copies| copies > 1).count();
    // Chance may bring one of them back beside it once more.
    assert!(again < 20 && copies.values().all(|&copies| copies <= 3), "{copies:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_killed_at_any_step_of_a_registration_mails_what_it_committed_and_only_that() {
    let (mut committed, mut not) = (0, 0);
    for steps in 0.. {
        let world = World::new().await;
        let (auth, cut) = world.doomed(steps).await;
        let registration = Register::new(
            Username::parse("ann", 64).unwrap(),
            Email::parse("ann@example.com").unwrap(),
            PlaintextPassword::new("purple otter swims".to_owned()),
        );
        let survived = cut.run(auth.register(&registration, &Client::default())).await.is_some();
        drop(auth);
        deliver(&world).await;

        let there = world.auth.find_user("ann").await.unwrap().is_some();
        let mails: Vec<MailKind> = world.post.taken().iter().map(|mail| mail.kind).collect();
        if there {
            committed += 1;
            assert_eq!(mails, [MailKind::Confirmation], "killed after {steps} steps");
        } else {
            not += 1;
            assert_eq!(mails, [], "killed after {steps} steps");
        }
        if survived {
            break;
        }
    }
    assert!(committed > 1 && not > 1, "{committed} committed, {not} not");
}
