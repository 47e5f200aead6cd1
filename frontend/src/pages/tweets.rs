//! Tweets: every tweet with its metrics as a long table, and one of them with its curve. Owns:
//! the filters, the columns, the order. Invariant: the address names exactly what is shown.

mod chart;
mod reading;
mod summary;
mod table;
mod tools;
mod view;

use crate::address::with_query;
use crate::api;
use crate::app::{App, app, today};
use crate::erase::{Show, flag, memo, shown};
use crate::pages::range_pairs;
use crate::words::tweets as words;
use leptos::prelude::*;

/// What the parts of the page share.
#[derive(Clone, Copy)]
struct Shared {
    /// Every metric that any tweet seen so far has, in the order of the page.
    metrics: RwSignal<Vec<String>>,
    /// Every language that any tweet seen so far is in.
    languages: RwSignal<Vec<String>>,
}

/// The page.
#[component]
pub(crate) fn Tweets() -> impl IntoView {
    let app = app();
    let shared =
        Shared { metrics: RwSignal::new(Vec::new()), languages: RwSignal::new(Vec::new()) };
    // Nothing read and nothing to be read: what it costs comes before anything else.
    let off = memo(move || {
        app.of_account(|one| one.is_some_and(|one| !one.tweets.on && one.tweets.known == 0))
    });
    let open = memo(move || app.seen(|view| view.tweets.open.clone()));
    let list = move || {
        if off.get() {
            return view! { <reading::Off/> }.into_any();
        }
        view! {
            <reading::Notice/>
            <summary::Totals/>
            <tools::Tools shared=shared/>
            <header class="tweets-head">
                <div>
                    <h1 class="told" aria-live="polite">{shown(move || told(app))}</h1>
                    <p class="note">{shown(move || of_period(app))}</p>
                </div>
                <tools::Ends shared=shared/>
            </header>
            <table::Table shared=shared/>
        }
        .into_any()
    };
    view! {
        <div class="page tweets-page" inert=flag(move || open.with(Option::is_some))>{shown(list)}</div>
        <Show when=flag(move || open.with(Option::is_some))>
            <view::Sheet shared=shared/>
        </Show>
    }
}

fn told(app: App) -> String {
    let known =
        app.of_account(|one| one.map_or((0, 0), |one| (one.tweets.known, one.tweets.deleted)));
    let period = app.seen(|view| view.period).within(today(app));
    app.view.with(|view| words::told(&view.tweets, view.query.trim(), known, &period))
}

/// What the period has to do with the list.
fn of_period(app: App) -> String {
    let period = app.seen(|view| view.period).within(today(app));
    words::of_period(app.seen(|view| view.tweets.written), &period)
}

/// What the list is asked, without its cursor.
fn pairs(app: App) -> Vec<(&'static str, String)> {
    let (mut pairs, query, written) =
        app.seen(|view| (view.tweets.asked(), view.query.trim().to_owned(), view.tweets.written));
    if !query.is_empty() {
        pairs.push(("q", query));
    }
    let [(_, from), (_, to)] = range_pairs(app);
    if written {
        pairs.extend([("from", from.clone()), ("to", to.clone())]);
    }
    pairs.extend([("growth_from", from), ("growth_to", to)]);
    pairs
}

/// The list as a file: the search, the kinds and the dates, as far as files can be narrowed.
fn csv(app: App) -> String {
    let id = app.of_account(|one| one.map(|one| one.id.to_string())).unwrap_or_default();
    let narrows = ["q", "kind", "from", "to"];
    let mut pairs = pairs(app);
    pairs.retain(|(name, _)| narrows.contains(name));
    pairs.push(("tz", app.zone.with(|zone| zone.name.clone())));
    api::below(&with_query(&format!("/accounts/{id}/export/tweets.csv"), &pairs))
}
