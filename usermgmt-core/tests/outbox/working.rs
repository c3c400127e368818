//! How workers go about it: leases, company, stopping.

use std::sync::Arc;
use std::time::Duration;

use usermgmt_core::config::Config;
use usermgmt_core::outbox::OutboxWorker;
use usermgmt_core::store::OutboxStore as _;

use crate::cut::Cut;
use crate::fixture::{MINUTE, NOTICE, Running, SECOND, World, counts, permanent, temporary};
use crate::logged::Logged;
use crate::post::{Post, Way};

#[tokio::test(start_paused = true)]
async fn a_mail_queued_in_this_process_is_sent_at_once_and_one_of_another_within_5_seconds() {
    let world = World::new().await;
    let running = Running::start(&world.worker());
    tokio::time::sleep(MINUTE).await;
    world.queue("ann@example.com", NOTICE).await;
    tokio::time::sleep(5 * SECOND).await;
    assert_eq!(world.post.count(), 1);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_retry_is_made_soon_after_it_is_due() {
    let world = World::new().await;
    world.post.set("ann@example.com", Way::Refuse(temporary()));
    world.queue("ann@example.com", NOTICE).await;
    let running = Running::start(&world.worker());
    tokio::time::sleep(SECOND).await;
    let due = world.store.next_mail_at().await.unwrap().unwrap();
    world.post.heal("ann@example.com");
    tokio::time::sleep(due.since(world.auth.now()) + Duration::from_millis(1500)).await;
    assert_eq!(world.post.count(), 1);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn stopping_finishes_what_is_in_flight_and_begins_nothing() {
    let world = World::with(Post::with_latency(3 * SECOND), |_| {}).await;
    for n in 0..40 {
        world.queue(&format!("ann{n}@example.com"), NOTICE).await;
    }
    let running = Running::start(&world.worker());
    tokio::time::sleep(SECOND).await;
    let in_flight = world.post.in_flight();
    assert_eq!(in_flight, 16);
    running.stop().await;
    assert_eq!(world.post.count(), in_flight);
    assert_eq!(world.waiting().await, 40 - 16);
    let next = world.store.next_mail_at().await.unwrap().unwrap();
    assert!(next <= world.auth.now(), "what was not begun can be claimed at once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_workers_in_several_processes_send_every_mail_once() {
    let world = World::with(Post::with_latency(Duration::from_millis(1)), |_| {}).await;
    let mails: Vec<_> =
        (0..400).map(|n| world.mail(&format!("ann{n}@example.com"), NOTICE)).collect();
    world.insert(mails.clone()).await;
    world.post.set("ann7@example.com", Way::Refuse(permanent()));
    let mut running = Vec::new();
    for _ in 0..3 {
        let auth = world.replica().await;
        for _ in 0..2 {
            let worker = OutboxWorker::new(auth.clone(), Arc::new(world.post.clone()));
            running.push((Running::start(&worker), worker));
        }
    }
    while world.waiting().await > 0 {
        tokio::task::yield_now().await;
    }
    let mut total = [0; 5];
    for (running, worker) in running {
        running.stop().await;
        for (sum, count) in total.iter_mut().zip(counts(&worker)) {
            *sum += count;
        }
    }
    assert_eq!(total, [399, 0, 0, 1, 0]);
    let copies = world.post.copies();
    assert_eq!(copies.len(), 399);
    assert!(copies.values().all(|&copies| copies == 1), "{copies:?}");
}

#[tokio::test(start_paused = true)]
async fn what_another_worker_has_is_left_alone_until_its_lease_is_over() {
    let world = World::with(Post::with_latency(10 * SECOND), |_| {}).await;
    let id = world.queue("ann@example.com", NOTICE).await;
    let gone = Running::start(&world.worker());
    tokio::time::sleep(SECOND).await;
    gone.kill().await;
    assert_eq!(world.post.count(), 0);

    let running = Running::start(&world.worker());
    tokio::time::sleep(58 * SECOND).await;
    assert_eq!(world.post.tries(), 1, "tried under another's lease");
    tokio::time::sleep(15 * SECOND).await;
    running.stop().await;
    assert_eq!(world.post.taken()[0].id, id);
    assert_eq!(world.post.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_only_process_takes_over_at_once_what_the_one_before_had_begun() {
    let world = World::new().await;
    for n in 0..3 {
        let recipient = format!("ann{n}@example.com");
        world.post.set(&recipient, Way::Hang);
        world.queue(&recipient, NOTICE).await;
    }
    // Killed while it takes over, it leaves no more than the first did; and every
    // other one finds a try that was cut short, which it records.
    for sends in [true, false, true, false, true] {
        let gone = world.worker();
        let killed = tokio::time::timeout(SECOND, gone.take_over()).await.is_err();
        assert_eq!(killed, sends);
        tokio::time::sleep(SECOND).await;
        assert_eq!(world.post.in_flight(), 0);
    }
    for n in 0..3 {
        world.post.heal(&format!("ann{n}@example.com"));
    }
    let worker = world.worker();
    worker.take_over().await.unwrap();
    let running = Running::start(&worker);
    tokio::time::sleep(30 * SECOND).await;
    running.stop().await;
    assert_eq!((world.post.count(), world.waiting().await), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_that_might_outlast_its_lease() {
    // A store that takes most of the lease for its answers leaves no time to send.
    let patient = |config: &mut Config| config.store_timeout = MINUTE;
    let world = World::with(Post::default(), patient).await;
    let slow = world.behind(&Cut::slow(11 * SECOND)).await;
    let late = OutboxWorker::new(slow, Arc::new(world.post.clone()));
    world.queue("ann@example.com", NOTICE).await;
    let worker = world.worker();
    late.run_once().await.unwrap();
    assert_eq!((world.post.tries(), counts(&late)), (0, [0; 5]));
    for pause in [MINUTE, 7 * SECOND] {
        tokio::time::sleep(pause).await;
        worker.run_once().await.unwrap();
    }
    assert_eq!((world.post.count(), world.waiting().await), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_for_an_hour_only_delays_and_the_log_says_why() {
    let logged = Logged::default();
    let _logging = tracing::subscriber::set_default(logged.clone());
    let world = World::new().await;
    let running = Running::start(&world.worker());
    world.queue("ann@example.com", NOTICE).await;
    world.store.fail_next(u64::MAX);
    tokio::time::sleep(60 * MINUTE).await;
    assert!(logged.has("the store is not available: told to fail"));
    world.store.heal();
    tokio::time::sleep(MINUTE + 10 * SECOND).await;
    running.stop().await;
    assert_eq!((world.post.count(), world.waiting().await), (1, 0));
}
