//! A long queue drains as fast as the mail server takes it, with no more in
//! memory than is being sent.

use std::time::Duration;

use crate::fixture::{NOTICE, Running, SECOND, World, counts, permanent};
use crate::post::{Post, Way};

const LATENCY: Duration = Duration::from_millis(50);

async fn queue(world: &World, count: usize) {
    for chunk in 0..count / 500 {
        let mails =
            (0..500).map(|n| world.mail(&format!("ann{}@example.com", chunk * 500 + n), NOTICE));
        world.insert(mails).await;
    }
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_mails_drain_at_the_servers_speed_behind_one_that_is_refused() {
    let world = World::with(Post::with_latency(LATENCY), |_| {}).await;
    world.post.set("ann0@example.com", Way::Refuse(permanent()));
    queue(&world, 10_000).await;
    let worker = world.worker();
    let began = world.auth.now();
    let running = Running::start(&worker);
    while world.post.tries() < 10_000 || world.post.in_flight() > 0 {
        tokio::time::sleep(LATENCY).await;
    }
    let took = world.auth.now().since(began);
    running.stop().await;
    assert_eq!(counts(&worker), [9_999, 0, 0, 1, 0]);
    assert_eq!(world.dead().await.len(), 1);
    assert_eq!(world.post.most_in_flight(), 16);
    // Sixteen at a time, each as long as the server takes for it.
    let ideal = LATENCY * 10_000 / 16;
    assert!(took < ideal * 11 / 10, "{took:?} instead of {ideal:?}");
}

#[tokio::test(start_paused = true)]
async fn slow_mails_hold_nobody_up() {
    let world = World::with(Post::with_latency(LATENCY), |_| {}).await;
    for n in 0..15 {
        world.post.set(&format!("ann{n}@example.com"), Way::Hang);
    }
    queue(&world, 500).await;
    let running = Running::start(&world.worker());
    // All but one of the places are taken for forty seconds.
    tokio::time::sleep(15 * SECOND).await;
    assert!(world.post.count() > 100, "{} sent beside 15 that hang", world.post.count());
    // They come back one by one, and the others go on.
    tokio::time::sleep(25 * SECOND).await;
    assert_eq!(world.post.count(), 485);
    running.stop().await;
}
