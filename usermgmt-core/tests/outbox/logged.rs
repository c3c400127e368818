//! What the outbox logs, on this thread, for an operator to see.

use std::sync::{Arc, Mutex};

use tracing::{Event, Level, Metadata, Subscriber, span};

/// The levels of what was logged at [`Level::WARN`] or worse, in order.
#[derive(Clone, Default)]
pub(crate) struct Logged(Arc<Mutex<Vec<Level>>>);

impl Logged {
    pub(crate) fn levels(&self) -> Vec<Level> {
        self.0.lock().unwrap().clone()
    }
}

impl Subscriber for Logged {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN && metadata.target().starts_with("usermgmt_core::outbox")
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push(*event.metadata().level());
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}
