//! Leading from a page of a list to the ones beside it.

use maud::{Markup, html};
use usermgmt_core::flows::Listing;

use super::fields::query;
use super::visit::Admin;

/// How many rows a page has.
pub(super) const ROWS: usize = 50;

/// Links to the pages beside this one. `kept` are the fields that say which list it is.
pub(super) fn links<T>(
    admin: &Admin,
    path: &str,
    kept: &[(&str, &str)],
    listing: &Listing<T>,
) -> Markup {
    let texts = admin.texts();
    let to = |cursor: &str| {
        let pairs = kept.iter().copied().chain([("cursor", cursor)]);
        format!("{}{}", admin.path(path), query(pairs))
    };
    html! {
        @if listing.previous.is_some() || listing.next.is_some() {
            nav.paging aria-label=(texts.pages) {
                @if let Some(cursor) = &listing.previous {
                    a.button.quiet href=(to(cursor)) rel="prev" { "← " (texts.previous) }
                }
                @if let Some(cursor) = &listing.next {
                    a.button.quiet href=(to(cursor)) rel="next" { (texts.next) " →" }
                }
            }
        }
    }
}
