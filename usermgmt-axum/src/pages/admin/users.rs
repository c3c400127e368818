//! GET /users: everybody, searched, filtered, sorted, a page at a time.

use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use usermgmt_core::flows::{Listing, ListingError, MOST_SORTED};
use usermgmt_core::store::directory::{ListedUser, SortOrder, UserSort};

use super::actions::Action;
use super::controls::{badges, day, full_name, select, time, time_or_never};
use super::filter::Asked;
use super::frame::{Frame, Section, refuse};
use super::paging::{self, ROWS};
use super::visit::Admin;
use crate::pages::account::form::Problems;

pub(super) async fn show(admin: Admin) -> Response {
    let asked = Asked::of(&admin);
    let mut problems = Problems::default();
    let filter = asked.filter(&admin, &mut problems);
    if !problems.is_empty() {
        let body = html! { (search(&admin, &asked, &problems)) };
        return Frame::of(&admin, Section::Users, body).problems(problems).invalid();
    }
    match admin.auth().admin_users(&filter, ROWS, admin.fields.given("cursor")).await {
        Ok(listing) => {
            let body = html! {
                p.tools { a.button href=(admin.path("/users/new")) { (admin.texts().invite) } }
                (search(&admin, &asked, &problems))
                (list(&admin, &asked, &listing))
            };
            Frame::of(&admin, Section::Users, body).notice(admin.notice()).into_response()
        }
        Err(error @ ListingError::Cursor) => {
            let problems = Problems::of_form(admin.texts().bad_cursor);
            let body = search(&admin, &asked, &problems);
            Frame::of(&admin, Section::Users, body).problems(problems).answer(error.into())
        }
        Err(error) => refuse(&admin, Section::Users, error.into()),
    }
}

fn search(admin: &Admin, asked: &Asked<'_>, problems: &Problems) -> Markup {
    let texts = admin.texts();
    let either = |yes, no| [("", texts.all), ("true", yes), ("false", no)];
    html! {
        form.search method="get" action=(admin.path("/users")) role="search" {
            div.bar {
                div.field {
                    label for="search" { (texts.search) }
                    input #search type="search" name="search" value=(asked.text("search"))
                        placeholder=(texts.search_hint) maxlength="320" autocomplete="off"
                        autocapitalize="none" spellcheck="false" data-live;
                }
                button type="submit" { (texts.find) }
            }
            details open[asked.is_filtered() || !problems.is_empty()] {
                summary { (texts.filters) }
                div.filters {
                    (select("confirmed", texts.email, &either(texts.confirmed, texts.unconfirmed), asked.text("confirmed")))
                    (select("disabled", texts.account, &[("", texts.all), ("false", texts.enabled), ("true", texts.disabled)], asked.text("disabled")))
                    (select("mfa", texts.mfa, &either(texts.on, texts.off), asked.text("mfa")))
                    (select("role", texts.role, &[("", texts.all), ("user", texts.role_user), ("admin", texts.role_admin)], asked.text("role")))
                    (day("created_from", texts.created_from, asked.text("created_from"), problems))
                    (day("created_to", texts.created_to, asked.text("created_to"), problems))
                    (select("sort", texts.sort, &[("", texts.registration), ("username", texts.user), ("email", texts.email)], asked.text("sort")))
                    (select("order", texts.order, &[("", texts.usual), ("asc", texts.ascending), ("desc", texts.descending)], asked.text("order")))
                }
                div.row {
                    button type="submit" { (texts.find) }
                    a.button.quiet href=(admin.path("/users")) { (texts.clear) }
                }
            }
        }
    }
}

fn list(admin: &Admin, asked: &Asked<'_>, listing: &Listing<ListedUser>) -> Markup {
    let texts = admin.texts();
    let action = admin.path("/users/bulk");
    let sorted = listing.sorted.then(|| asked.sort());
    let heading = |name, label, sort| heading(admin, asked, name, label, sort, sorted);
    html! {
        @if listing.rows.is_empty() {
            p.empty { (texts.no_users) }
        } @else {
            (admin.form(&action, &html! {
                input type="hidden" name="back" value=(asked.query());
                @if !listing.sorted { p.hint { (texts.not_sorted(MOST_SORTED)) } }
                table.cards {
                    caption.hidden { (texts.users) }
                    thead {
                        tr {
                            th.box scope="col" {
                                label hidden {
                                    input type="checkbox" data-all="ids";
                                    span { (texts.choose_all) }
                                }
                            }
                            (heading("username", texts.user, UserSort::Username))
                            (heading("email", texts.email, UserSort::Email))
                            th scope="col" { (texts.status) }
                            (heading("created", texts.created, UserSort::Created))
                            th scope="col" { (texts.last_sign_in) }
                        }
                    }
                    tbody { @for row in &listing.rows { (line(admin, row)) } }
                }
                (paging::links(admin, "/users", &asked.kept(), listing))
                fieldset.bulk {
                    legend { (texts.with_chosen) }
                    select name="action" aria-label=(texts.action) {
                        @for action in Action::BULK {
                            option value=(action.name()) { (texts.action(action.name()).label) }
                        }
                    }
                    button.quiet type="submit" { (admin.common().go_on) }
                }
            }))
        }
        @if listing.rows.is_empty() { (paging::links(admin, "/users", &asked.kept(), listing)) }
    }
}

/// Sorts by this column, or turns its order. `sorted` is what the rows are sorted by.
fn heading(
    admin: &Admin,
    asked: &Asked<'_>,
    name: &str,
    label: &str,
    sort: UserSort,
    sorted: Option<(UserSort, SortOrder)>,
) -> Markup {
    let order = sorted.filter(|(by, _)| *by == sort).map(|(_, order)| order);
    let (state, arrow, turned) = match order {
        Some(SortOrder::Asc) => (Some("ascending"), " ↑", "desc"),
        Some(SortOrder::Desc) => (Some("descending"), " ↓", "asc"),
        None if sort == UserSort::Created => (None, "", "desc"),
        None => (None, "", "asc"),
    };
    html! {
        th scope="col" aria-sort=[state] {
            a href={ (admin.path("/users")) (asked.sorted(name, turned)) } {
                (label) span aria-hidden="true" { (arrow) }
            }
        }
    }
}

fn line(admin: &Admin, row: &ListedUser) -> Markup {
    let (texts, user) = (admin.texts(), &row.user);
    let name = full_name(user);
    html! {
        tr {
            td.box {
                input type="checkbox" name="ids" value=(user.id)
                    aria-label={ (texts.choose) " " (user.username.as_str()) };
            }
            th scope="row" {
                a href=(admin.user_path(&user.id)) { (user.username.as_str()) }
                @if !name.is_empty() { span.soft.name { (name) } }
            }
            td data-label=(texts.email) { (user.email.as_str()) }
            td data-label=(texts.status) { (badges(user, row.mfa_enabled, admin)) }
            td.when data-label=(texts.created) { (time(user.created_at)) }
            td.when data-label=(texts.last_sign_in) { (time_or_never(row.last_sign_in_at, admin)) }
        }
    }
}
