//! Counts of days as bars. The picture is drawn in the page itself; a table beside
//! it has the same numbers.

use maud::{Markup, html};
use usermgmt_core::store::directory::DayCount;

use crate::page_texts::admin::AdminTexts;

/// The height of the highest bar, and where all of them stand.
const HEIGHT: u64 = 100;
const GROUND: u64 = 118;
/// The width of a day, and of its bar.
const STEP: usize = 30;
const BAR: usize = 20;

pub(super) fn chart(title: &str, texts: &AdminTexts, days: &[DayCount]) -> Markup {
    let most = days.iter().map(|day| day.count).max().unwrap_or(0);
    let total: u64 = days.iter().map(|day| day.count).sum();
    let summary = format!("{title}: {}", texts.total_and_most(total, most));
    let width = days.len() * STEP;
    html! {
        figure.card {
            figcaption { strong { (title) } " " span.soft { (texts.total_and_most(total, most)) } }
            svg.chart role="img" aria-label=(summary) viewBox={ "0 0 " (width) " 140" } {
                line x1="0" x2=(width) y1=(GROUND) y2=(GROUND) {}
                @for (number, counted) in days.iter().enumerate() {
                    // Something is seen of whatever is more than nothing.
                    @let height = (counted.count * HEIGHT).checked_div(most).unwrap_or(0)
                        .max(u64::from(counted.count > 0) * 2);
                    rect x=(number * STEP + (STEP - BAR) / 2) y=(GROUND - height) width=(BAR) height=(height) rx="2" {
                        title { (day(counted)) ": " (counted.count) }
                    }
                    @if number % 2 == 1 {
                        text x=(number * STEP + STEP / 2) y="135" text-anchor="middle" {
                            (day(counted).get(8..).unwrap_or_default())
                        }
                    }
                }
            }
        }
    }
}

/// The day, in UTC.
pub(super) fn day(counted: &DayCount) -> String {
    let full = counted.day.to_string();
    full.split('T').next().unwrap_or_default().to_owned()
}
