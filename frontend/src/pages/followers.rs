//! Followers: everyone who follows, or followed at a time, as a long table. Owns: the search,
//! the filters, the order, the pages of the table. Invariant: the address names exactly what is
//! shown, and the CSV holds exactly that.

mod as_of;
mod narrow;
mod table;

use crate::address::{Narrow, Sort, SortBy, with_query};
use crate::app::{App, app, today};
use crate::calendar::midnight;
use crate::erase::{Rows as _, attr, memo, on_click, shown};
use crate::numbers;
use crate::pages::drawer::Drawer;
use crate::pages::range_pairs;
use crate::parts::{CsvMenu, Search};
use crate::words;
use crate::{api, browser};
use leptos::prelude::*;
use shared::api::RosterFilter;

/// The filters in the order of the page.
const FILTERS: [(RosterFilter, &str); 7] = [
    (RosterFilter::New, "Came"),
    (RosterFilter::Left, "Left"),
    (RosterFilter::Returned, "Came back"),
    (RosterFilter::Mutual, "Mutual"),
    (RosterFilter::Muted, "Muted"),
    (RosterFilter::MutualLeft, "Left, you still follow"),
    (RosterFilter::NotBack, "Not following back"),
];

/// The page.
#[component]
pub(crate) fn Followers() -> impl IntoView {
    view! {
        <div class="page roster-page">
            <as_of::AsOf/>
            <div class="roster-tools">
                <Search label="Search followers" placeholder="Name, handle, profile, note"/>
                <FilterChips/>
                <Csv/>
            </div>
            <narrow::Narrowing/>
            <Told/>
            <table::Table/>
        </div>
        <Drawer/>
    }
}

/// The query of the table and its file, without the cursor.
fn pairs(app: App) -> Vec<(&'static str, String)> {
    let (query, sort, filter, as_of) =
        app.seen(|view| (view.query.clone(), view.sort, view.filter, view.as_of));
    let mut pairs = vec![("sort", sorted(sort, filter).slug())];
    if !query.trim().is_empty() {
        pairs.push(("q", query.trim().to_owned()));
    }
    if let Some(filter) = filter {
        pairs.push(("filter", filter.as_str().to_owned()));
        if in_period(filter) {
            pairs.extend(range_pairs(app));
        }
        if is_of_leavers(filter) {
            let reason = app.seen(|view| view.reason);
            pairs.extend(reason.map(|reason| ("reason", reason.as_str().to_owned())));
            pairs.extend(app.seen(|view| view.narrow).pairs());
        }
    }
    // Whom one follows is known as of now alone.
    if let Some(date) = as_of.filter(|_| filter != Some(RosterFilter::NotBack)) {
        // The list as it was when that day ended.
        let end = app.zone.with(|zone| midnight(date.plus_days(1), zone));
        pairs.push(("as_of", end.min(app.now.get_untracked()).rfc3339()));
    }
    pairs
}

/// The order of a list: who left is told by when they left, the last first, unless another
/// column is chosen.
fn sorted(sort: Sort, filter: Option<RosterFilter>) -> Sort {
    match filter {
        Some(filter) if is_of_leavers(filter) && sort == Sort::default() => {
            Sort { by: SortBy::Left, descending: true }
        }
        _ => sort,
    }
}

/// Whether a filter leaves who left.
fn is_of_leavers(filter: RosterFilter) -> bool {
    matches!(filter, RosterFilter::Left | RosterFilter::MutualLeft)
}

/// Whether a filter speaks of the shown period.
fn in_period(filter: RosterFilter) -> bool {
    use RosterFilter::{Left, MutualLeft, New, Returned};
    matches!(filter, New | Left | Returned | MutualLeft)
}

/// Whether nobody whom a filter leaves follows.
fn of_the_gone(filter: RosterFilter) -> bool {
    matches!(filter, RosterFilter::Left | RosterFilter::MutualLeft | RosterFilter::NotBack)
}

/// Whether a filter asks for whom the account follows.
fn needs_following(filter: RosterFilter) -> bool {
    matches!(filter, RosterFilter::MutualLeft | RosterFilter::NotBack)
}

#[component]
fn FilterChips() -> impl IntoView {
    let app = app();
    let chosen = move || app.seen(|view| view.filter);
    let chip = move |(filter, label): (RosterFilter, &'static str)| {
        let turn = move |_| {
            app.change(|view| {
                view.filter = if view.filter == Some(filter) { None } else { Some(filter) };
                // Of another list they would be chosen out of sight.
                view.reason = None;
                view.narrow = Narrow::default();
                view.sort = Sort::default();
            });
        };
        view! {
            <button type="button" class="filter-chip" aria-pressed=attr(move || (chosen() == Some(filter)).to_string())
                on:click=on_click(turn)>
                {label}
            </button>
        }
    };
    // What needs the list of whom one follows is offered once that was read.
    let read = memo(move || {
        app.of_account(|one| one.is_some_and(|one| one.following.last_read.is_some()))
    });
    let chips = move || {
        let read = read.get();
        let offered = move |(filter, _): &(RosterFilter, _)| read || !needs_following(*filter);
        FILTERS.into_iter().filter(offered).map(chip).rows()
    };
    view! {
        <div class="filter-chips" role="group" aria-label="Filter">{shown(chips)}</div>
    }
}

fn filter_word(filter: RosterFilter) -> &'static str {
    FILTERS.iter().find(|(one, _)| *one == filter).map_or("", |(_, word)| word)
}

/// What the table shows, in a sentence.
#[component]
fn Told() -> impl IntoView {
    let app = app();
    let text = move || {
        let (filter, as_of, query) =
            app.seen(|view| (view.filter, view.as_of, view.query.trim().to_owned()));
        let period = app.seen(|view| view.period).within(today(app));
        let mut parts = vec![match filter {
            Some(RosterFilter::New) => format!("Came, {period}"),
            Some(RosterFilter::Left) => format!("Left, {period}"),
            Some(RosterFilter::Returned) => format!("Came back, {period}"),
            Some(RosterFilter::Mutual) => "You follow each other".to_owned(),
            Some(RosterFilter::MutualLeft) => format!("Left though you follow them, {period}"),
            Some(RosterFilter::NotBack) => "You follow them, they do not follow you".to_owned(),
            Some(RosterFilter::Muted) => "Muted by you".to_owned(),
            None => {
                let followers = app.account.with(|one| one.as_ref().and_then(|one| one.followers));
                match (followers, as_of) {
                    // How many of them a search leaves is not known before all are read.
                    (Some(count), None) if query.is_empty() => {
                        numbers::plural(count, "follower", "followers")
                    }
                    _ => "Followers".to_owned(),
                }
            }
        }];
        if let Some(date) = as_of.filter(|_| filter != Some(RosterFilter::NotBack)) {
            parts.push(format!("as of {}", date.near(today(app))));
        }
        if filter.is_some_and(is_of_leavers) {
            let (reason, narrow) = app.seen(|view| (view.reason, view.narrow));
            parts.extend(words::person::narrowed(reason, narrow));
        }
        if !query.is_empty() {
            parts.push(format!("matching “{query}”"));
        }
        parts.join(", ")
    };
    view! { <h1 class="told" aria-live="polite">{shown(text)}</h1> }
}

/// The same list as a file; its label says which list and which zone.
#[component]
fn Csv() -> impl IntoView {
    let app = app();
    let label = Signal::derive(move || {
        let filter = app.seen(|view| view.filter).map_or("All", filter_word);
        let zone = app.zone.with(|zone| zone.name.replace('_', " "));
        format!("CSV: {}, {zone}", words::capital(filter))
    });
    view! {
        <CsvMenu id="list-files" label=label class="quiet-button csv" tables=&[("This list", csv)]/>
    }
}

/// The address of the list's file.
fn csv(app: App) -> String {
    let id = app.account.with(|one| one.as_ref().map(|one| one.id.to_string()));
    let mut pairs = pairs(app);
    pairs.push(("tz", app.zone.with(|zone| zone.name.clone())));
    let path = format!("/accounts/{}/export/followers.csv", id.unwrap_or_default());
    api::below(&with_query(&path, &pairs))
}

/// Pixels of a row: touch needs more.
fn row_px() -> usize {
    if browser::is_narrow() { 60 } else { 40 }
}
