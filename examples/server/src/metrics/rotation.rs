//! Settings that are read again while the server runs.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// What came of reading the root secrets again.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ReadOutcome {
    /// They are as they were.
    Unchanged,
    /// Others are in use now.
    TakenOver,
    /// They cannot be read or used, and those in use stay.
    Failed,
}

impl ReadOutcome {
    const ALL: [Self; 3] = [Self::Unchanged, Self::TakenOver, Self::Failed];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::TakenOver => "taken_over",
            Self::Failed => "failed",
        }
    }
}

#[derive(Debug)]
pub(crate) struct RotationMetrics {
    reads: Family<Outcome, Counter>,
}

impl RotationMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self { reads: Family::default() };
        registry.register(
            "root_secret_reads",
            "Root secrets read again while the server runs, by outcome",
            metrics.reads.clone(),
        );
        // Shown from the start, so that a rate over the first one is right.
        for outcome in ReadOutcome::ALL.map(ReadOutcome::as_str) {
            drop(metrics.reads.get_or_create(&Outcome { outcome }));
        }
        metrics
    }

    pub(crate) fn read(&self, outcome: ReadOutcome) {
        self.reads.get_or_create(&Outcome { outcome: outcome.as_str() }).inc();
    }
}
