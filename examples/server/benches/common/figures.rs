//! Times, told.

use std::time::Duration;

/// Median, 99th percentile and the longest.
pub(crate) fn percentiles(times: &[Duration]) -> String {
    let mut sorted = times.to_vec();
    sorted.sort();
    let Some(longest) = sorted.last() else { return "none".to_owned() };
    let at = |percent| percentile(times, percent).map_or_else(String::new, millis);
    format!("p50 {}, p99 {}, longest {} ({})", at(50), at(99), millis(*longest), sorted.len())
}

/// So many of a hundred took this long at most.
pub(crate) fn percentile(times: &[Duration], percent: usize) -> Option<Duration> {
    let mut sorted = times.to_vec();
    sorted.sort();
    sorted.get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1))).copied()
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
