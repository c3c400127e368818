//! What is done when nobody is asking.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::oneshot;
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber, span};

use crate::fixture::*;

/// Counts warnings about missing upkeep.
#[derive(Clone, Default)]
struct Warnings(Arc<AtomicUsize>);

impl Warnings {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Visit for Warnings {
    fn record_debug(&mut self, _: &Field, value: &dyn std::fmt::Debug) {
        if format!("{value:?}").contains("without upkeep") {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == tracing::Level::WARN
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[tokio::test]
async fn whoever_serves_ten_minutes_without_upkeep_is_warned_once() {
    let warnings = Warnings::default();
    let _logged = tracing::subscriber::set_default(warnings.clone());
    let world = World::unlimited().await;
    world.signs_in("nobody", PASSWORD).await;
    world.later(10 * MINUTE - MILLISECOND);
    world.signs_in("nobody", PASSWORD).await;
    assert_eq!(warnings.count(), 0);
    world.later(MILLISECOND);
    world.signs_in("nobody", PASSWORD).await;
    world.later(HOUR);
    world.signs_in("nobody", PASSWORD).await;
    assert_eq!(warnings.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn one_call_sends_mail_purges_and_stops() {
    let warnings = Warnings::default();
    let _logged = tracing::subscriber::set_default(warnings.clone());
    let world = World::unlimited().await;
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn({
        let (auth, mailer) = (world.auth.clone(), Arc::new(world.mailer.clone()));
        async move { auth.run(mailer, async { drop(stopped.await) }).await }
    });
    world.register("ann").await;
    // An hour goes by, then the time in which an account may stay unconfirmed.
    for wait in [HOUR, 30 * DAY] {
        world.later(wait);
        tokio::time::sleep(6 * MINUTE).await;
        world.signs_in("nobody", PASSWORD).await;
    }
    assert_eq!(world.mailer.sent().len(), 1, "the confirmation was sent");
    assert_eq!(world.users().await, 0, "the account is gone");
    assert_eq!(warnings.count(), 0);
    drop(stop);
    running.await.unwrap();
}
