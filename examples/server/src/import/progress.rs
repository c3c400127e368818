//! How far it is: a bar on a terminal, a line every ten seconds elsewhere.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

const INTERVAL: Duration = Duration::from_secs(10);

/// Of one pass over the rows.
pub(crate) struct Progress {
    what: &'static str,
    total: Option<u64>,
    done: u64,
    bar: Option<ProgressBar>,
    said_at: Instant,
}

impl Progress {
    /// `total`: how many there are, where that is known.
    pub(crate) fn new(what: &'static str, total: Option<u64>) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let (bar, template) = match total {
                Some(total) => (
                    ProgressBar::new(total),
                    "{msg} {wide_bar} {human_pos}/{human_len} {per_sec}, {eta} left",
                ),
                None => (ProgressBar::no_length(), "{msg} {spinner} {human_pos} {per_sec}"),
            };
            bar.set_message(what);
            match ProgressStyle::with_template(template) {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            }
        });
        Self { what, total, done: 0, bar, said_at: now() }
    }

    pub(crate) fn add(&mut self, rows: u64) {
        self.done += rows;
        if let Some(bar) = &self.bar {
            bar.inc(rows);
        } else if self.said_at.elapsed() >= INTERVAL {
            self.said_at = now();
            let of = self.total.map_or_else(String::new, |total| format!(" of {total}"));
            // Nobody is left to tell where standard error cannot be written.
            let _ = writeln!(std::io::stderr(), "{}: {}{of}", self.what, self.done);
        }
    }

    pub(crate) fn end(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a person has waited is no business of the core's clock"
)]
pub(super) fn now() -> Instant {
    Instant::now()
}
