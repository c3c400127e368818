//! Times, told.

use std::time::Duration;

/// Median, 99th percentile and the longest.
pub(crate) fn percentiles(times: &[Duration]) -> String {
    let mut sorted = times.to_vec();
    sorted.sort();
    let Some(longest) = sorted.last() else { return "none".to_owned() };
    let at = |percent: usize| millis(sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]);
    format!("p50 {}, p99 {}, longest {} ({})", at(50), at(99), millis(*longest), sorted.len())
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
