//! Nobody is flooded through us, and no notice is lost to that.

use usermgmt_core::config::Rate;
use usermgmt_core::mail::{MailError, MailKind};

use crate::fixture::{HOUR, MINUTE, NOTICE, Running, STRANGERS, World, counts, temporary};
use crate::post::{Post, Way};

async fn drained_once(world: &World) -> [u64; 5] {
    let worker = world.worker();
    while worker.run_once().await.unwrap() > 0 {}
    counts(&worker)
}

#[tokio::test(start_paused = true)]
async fn one_address_gets_10_mails_of_a_kind_an_hour_and_the_rest_later() {
    let world = World::new().await;
    for _ in 0..25 {
        // One mailbox, however it is written.
        world.queue("ann@example.com", NOTICE).await;
        world.queue("ANN@EXAMPLE.COM", NOTICE).await;
    }
    let running = Running::start(&world.worker());
    for hour in 1..=5 {
        tokio::time::sleep(MINUTE).await;
        assert_eq!(world.post.count(), hour * 10);
        tokio::time::sleep(HOUR - MINUTE).await;
    }
    running.stop().await;
    assert_eq!((world.waiting().await, world.dead().await.len()), (0, 0));
    assert!(world.post.copies().values().all(|&copies| copies == 1));
}

#[tokio::test(start_paused = true)]
async fn strangers_have_20_mails_an_hour_between_them_and_notices_arrive_all_the_same() {
    let world = World::new().await;
    for kind in [STRANGERS, MailKind::RegisteredAgain, MailKind::EmailTaken] {
        for _ in 0..10 {
            world.queue("ann@example.com", kind).await;
        }
    }
    for kind in [NOTICE, MailKind::NewDevice, MailKind::EmailChanged, MailKind::MfaDisabled] {
        world.queue("ann@example.com", kind).await;
    }
    // Nor does whoever waits for a link wait longer.
    for kind in [MailKind::Confirmation, MailKind::Activation, MailKind::ChoosePassword] {
        world.queue("ann@example.com", kind).await;
    }
    world.queue("bob@example.com", STRANGERS).await;
    assert_eq!(drained_once(&world).await, [20 + 4 + 3 + 1, 0, 10, 0, 0]);
    tokio::time::sleep(HOUR).await;
    assert_eq!(drained_once(&world).await, [10, 0, 0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn strangers_have_as_many_mails_between_them_as_the_policy_says() {
    let world = World::with(Post::default(), |config| {
        config.limits.mail_recipient = Rate::per_minutes(3, 7);
    })
    .await;
    for kind in [STRANGERS, MailKind::RegisteredAgain] {
        for _ in 0..2 {
            world.queue("ann@example.com", kind).await;
        }
    }
    assert_eq!(drained_once(&world).await, [3, 0, 1, 0, 0]);
    tokio::time::sleep(7 * MINUTE).await;
    assert_eq!(drained_once(&world).await, [1, 0, 0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_mail_that_is_put_off_says_why_and_what_expires_meanwhile_is_dropped() {
    let world = World::with(Post::default(), |config| {
        config.limits.mail_recipient_kind = Rate::per_minutes(1, 60);
    })
    .await;
    for _ in 0..2 {
        world.queue("ann@example.com", STRANGERS).await;
        world.queue_link("bob@example.com", 15 * MINUTE).await;
    }
    assert_eq!(drained_once(&world).await, [2, 0, 2, 0, 0]);
    assert_eq!(world.waiting().await, 2);
    tokio::time::sleep(HOUR).await;
    assert_eq!(drained_once(&world).await, [1, 0, 0, 0, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_flood_ends_as_dead_letters_that_say_why() {
    let world = World::with(Post::default(), |config| {
        config.limits.mail_recipient_kind = Rate::per_minutes(1, 60);
    })
    .await;
    for _ in 0..80 {
        world.queue("ann@example.com", STRANGERS).await;
    }
    let running = Running::start(&world.worker());
    world.drained().await;
    running.stop().await;
    let dead = world.dead().await;
    assert_eq!(world.post.count() + dead.len(), 80);
    assert!((70..=74).contains(&world.post.count()), "{} in three days", world.post.count());
    assert_eq!(
        dead[0].last_error.as_deref(),
        Some("more than 1 mails of kind already_registered to this address in 60 minutes")
    );
}

#[tokio::test(start_paused = true)]
async fn tries_that_fail_do_not_count() {
    let world = World::new().await;
    world.post.set("ann@example.com", Way::Refuse(temporary()));
    for _ in 0..10 {
        world.queue("ann@example.com", STRANGERS).await;
    }
    assert_eq!(drained_once(&world).await, [0, 10, 0, 0, 0]);
    tokio::time::sleep(MINUTE).await;
    assert_eq!(drained_once(&world).await, [0, 10, 0, 0, 0]);
    world.post.heal("ann@example.com");
    tokio::time::sleep(MINUTE).await;
    assert_eq!(drained_once(&world).await, [10, 0, 0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn tries_that_may_have_sent_the_mail_count() {
    let world = World::new().await;
    let taken = Way::TakeAndSay(MailError::Unconfirmed("no receipt".to_owned()));
    world.post.set("ann@example.com", taken);
    for _ in 0..10 {
        world.queue("ann@example.com", STRANGERS).await;
    }
    assert_eq!(drained_once(&world).await, [0, 10, 0, 0, 0]);
    world.queue("ann@example.com", STRANGERS).await;
    assert_eq!(drained_once(&world).await, [0, 0, 1, 0, 0]);
    // The repetitions come when the address has had enough as well.
    tokio::time::sleep(30 * MINUTE).await;
    assert_eq!(drained_once(&world).await, [0, 0, 10, 0, 0]);
    assert_eq!(world.post.count(), 10);
}

#[tokio::test(start_paused = true)]
async fn without_limits_everything_is_sent() {
    let world = World::with(Post::default(), |config| config.limits.enabled = false).await;
    for _ in 0..50 {
        world.queue("ann@example.com", STRANGERS).await;
    }
    assert_eq!(drained_once(&world).await, [50, 0, 0, 0, 0]);
}
