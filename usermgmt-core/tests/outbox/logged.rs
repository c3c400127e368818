//! What the outbox logs, on this thread, for an operator to see.

use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, span};

/// What was logged at [`Level::WARN`] or worse, in order.
#[derive(Clone, Default)]
pub(crate) struct Logged(Arc<Mutex<Vec<(Level, Fields)>>>);

/// The values of one event's fields.
#[derive(Clone, Default)]
struct Fields(Vec<String>);

impl Visit for Fields {
    fn record_debug(&mut self, _: &Field, value: &dyn std::fmt::Debug) {
        self.0.push(format!("{value:?}"));
    }
}

impl Logged {
    pub(crate) fn levels(&self) -> Vec<Level> {
        self.0.lock().unwrap().iter().map(|(level, _)| *level).collect()
    }

    /// Whether a field of something has this value.
    pub(crate) fn has(&self, value: &str) -> bool {
        let logged = self.0.lock().unwrap();
        logged.iter().any(|(_, Fields(values))| values.iter().any(|had| had == value))
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
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.0.lock().unwrap().push((*event.metadata().level(), fields));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}
