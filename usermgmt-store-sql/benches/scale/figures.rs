//! Times, told side by side.

use std::time::Duration;

/// What became of one operation with one number of people, in milliseconds.
pub(crate) struct Figures {
    p50: f64,
    p99: f64,
}

impl Figures {
    pub(crate) fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        let at = |percent: usize| times[times.len() * percent / 100].as_secs_f64() * 1000.0;
        Self { p50: at(50), p99: at(99) }
    }
}

/// A line for each operation: the medians and 99th percentiles of both numbers
/// of people, and how many times the second is the first.
pub(crate) fn tell<const N: usize>(sizes: [u64; 2], rows: [(&str, [Figures; 2]); N]) {
    let [few, many] = sizes.map(|size| format!("{size} users"));
    println!("{:<26}{few:>18}{many:>18}{:>14}", "milliseconds", "ratio");
    println!("{:<26}{:>9}{:>9}{:>9}{:>9}{:>7}{:>7}", "", "p50", "p99", "p50", "p99", "p50", "p99");
    for (name, [few, many]) in rows {
        println!(
            "{name:<26}{:>9.3}{:>9.3}{:>9.3}{:>9.3}{:>7.2}{:>7.2}",
            few.p50,
            few.p99,
            many.p50,
            many.p99,
            many.p50 / few.p50,
            many.p99 / few.p99,
        );
    }
}
