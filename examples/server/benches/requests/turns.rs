//! Baseline and candidate by turns: whatever else the machine does meets both.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use divan::Bencher;
use divan::counter::ItemsCount;

use crate::common::now;

const ROUNDS: u32 = 9;

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    /// The least that the work could cost.
    Baseline,
    /// The work as it is done here.
    Usermgmt,
}

/// One side's turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    round: u32,
    pub(crate) side: Side,
}

/// divan runs them in the order of their names.
impl fmt::Display for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = match self.side {
            Side::Baseline => "baseline",
            Side::Usermgmt => "usermgmt",
        };
        write!(f, "{} {side}", self.round)
    }
}

pub(crate) fn turns() -> impl Iterator<Item = Turn> {
    (1..=ROUNDS).flat_map(|round| [Side::Baseline, Side::Usermgmt].map(|side| Turn { round, side }))
}

/// What is compared, and the least ratio that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Comparison {
    pub(crate) name: &'static str,
    pub(crate) wanted_percent: Option<u32>,
}

type Rates = BTreeMap<(Comparison, u32, Side), Vec<f64>>;

static RATES: Mutex<Rates> = Mutex::new(BTreeMap::new());

/// Measures batches of `items`.
pub(crate) fn measure(
    bencher: Bencher<'_, '_>,
    comparison: Comparison,
    turn: &Turn,
    items: usize,
    mut batch: impl FnMut(),
) {
    let mut rates = Vec::new();
    bencher.counter(ItemsCount::new(items)).bench_local(|| {
        let began = now();
        batch();
        rates.push(items as f64 / began.elapsed().as_secs_f64());
    });
    let mut all = RATES.lock().unwrap_or_else(PoisonError::into_inner);
    all.insert((comparison, turn.round, turn.side), rates);
}

/// Tells the medians, and the ratio of the two sides in each round.
#[expect(clippy::print_stdout, reason = "the result of a benchmark is what it prints")]
pub(crate) fn tell() {
    let all = RATES.lock().unwrap_or_else(PoisonError::into_inner);
    let mut comparisons: Vec<Comparison> = all.keys().map(|(comparison, ..)| *comparison).collect();
    comparisons.dedup();
    println!("\n{:<16}{:>12}{:>12}  ratio: median (range)", "", "baseline/s", "usermgmt/s");
    for comparison in comparisons {
        let rate = |round, side| all.get(&(comparison, round, side)).map(|rates| median(rates));
        let rates = |side| -> Vec<f64> { (1..=ROUNDS).filter_map(|n| rate(n, side)).collect() };
        let (baseline, usermgmt) = (rates(Side::Baseline), rates(Side::Usermgmt));
        let mut ratios: Vec<f64> = usermgmt.iter().zip(&baseline).map(|(a, b)| a / b).collect();
        ratios.sort_by(f64::total_cmp);
        let (Some(least), Some(most)) = (ratios.first(), ratios.last()) else { continue };
        let wanted = match comparison.wanted_percent {
            Some(percent) => format!(", at least 0.{percent} wanted"),
            None => String::new(),
        };
        println!(
            "{:<16}{:>12.0}{:>12.0}  {:.2} ({least:.2} to {most:.2}){wanted}",
            comparison.name,
            median(&baseline),
            median(&usermgmt),
            median(&ratios),
        );
    }
}

fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
