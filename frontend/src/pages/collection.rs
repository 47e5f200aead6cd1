//! Collection: what ran, what was not seen, what it costs, saved lists, files. Owns: the parts
//! of that page. Invariant: nothing that costs money happens without its price beside it.

mod archive;
mod check;
mod cost;
mod limits;
mod lists;
mod runs;
mod schedules;
mod upload;

pub(crate) use check::CheckNow;
pub(crate) use limits::Cap;
pub(crate) use schedules::Schedules;

use crate::address::{Page, View, with_query};
use crate::api;
use crate::app::app;
use crate::erase::{Memo, Rows as _, flag, memo, shown};
use crate::pages::about_account;
use crate::parts::{Icon, To, panel};
use crate::period::Range;
use crate::remote::{Remote, remote};
use crate::words::state;
use crate::{numbers, words};
use leptos::prelude::*;
use shared::api::{Coverage, Span, SpanState};
use shared::time::DAY_MS;

/// The page.
#[component]
pub(crate) fn Collection() -> impl IntoView {
    let app = app();
    let stand = move || {
        let (zone, now) = (app.zone.get(), app.now.get());
        app.account.with(|account| {
            let account = account.as_ref()?;
            let (_, pill) = state::pill(account, now, &zone);
            let last = state::last_check(account, now, &zone);
            Some(format!("{pill}. {last} {}", state::next(account, now, &zone)))
        })
    };
    let reason = move || {
        app.account.with(|account| {
            let reason = account.as_ref()?.collector.reason.clone()?;
            Some(view! { <p class="trouble">{words::capital(&words::sentence(&reason))}</p> })
        })
    };
    let offer = move || {
        app.account.with(|account| {
            let offer = account.as_ref()?.collector.offer.as_ref()?;
            Some(view! { <p class="stand">{words::cost::offer(offer)}</p> })
        })
    };
    // Without any list, importing is what one came for.
    let empty_handed = move || {
        app.account.with(|one| one.as_ref().is_some_and(|one| one.first_snapshot.is_none()))
    };
    view! {
        <div class="page collection" class:empty-handed=flag(empty_handed)>
            <header class="page-head">
                <div>
                    <h1>"Collection"</h1>
                    <p class="stand">{shown(stand)}</p>
                    {shown(reason)}
                    {shown(offer)}
                </div>
                <CheckNow/>
            </header>
            <check::GoOn/>
            <runs::Runs/>
            <Unseen/>
            <cost::Cost/>
            <section class="card">
                <h2>"Tweets"</h2>
                <super::reading::Reading what=super::reading::What::Tweets/>
            </section>
            <upload::Import/>
            <lists::Lists/>
            <Files/>
            <section class="card">
                <h2>"Look people up"</h2>
                <p class="stand">"Many ids or handles at once, whoever they are: what X says of each, as a file."</p>
                <To class="button" change=|view: View| view.to(Page::Lookups)>"Look people up"</To>
            </section>
        </div>
    }
}

/// What was not observed in the last 90 days.
#[component]
fn Unseen() -> impl IntoView {
    let app = app();
    // To the hour: the question stays the same while one looks.
    let hour = memo(move || {
        let now = app.now.get();
        now.0 - now.0.rem_euclid(shared::time::HOUR_MS)
    });
    let coverage: Remote<Coverage> = remote(move || {
        let to = shared::time::UnixMs(hour.get());
        let pairs = [("from", to.plus(-90 * DAY_MS).rfc3339()), ("to", to.rfc3339())];
        about_account(app, "/coverage", &pairs)
    });
    panel(coverage, "card unseen", unseen)
}

fn unseen(coverage: Memo<Coverage>) -> AnyView {
    let app = app();
    let gaps = memo(move || {
        coverage.with(|coverage| {
            let gaps = coverage.spans.iter().filter(|span| span.state == SpanState::Gap);
            gaps.rev().cloned().collect::<Vec<Span>>()
        })
    });
    let bar = move || {
        let (from, to) = coverage.with(|coverage| (coverage.from, coverage.to));
        let all = numbers::float(to.since(from).max(1));
        let part = move |span: Span| {
            let width = numbers::float(span.to.since(span.from)) / all * 100.0;
            let class = if span.state == SpanState::Gap { "gap" } else { "seen" };
            view! { <span class=class style:width=format!("{width:.3}%")></span> }
        };
        coverage.with(|coverage| coverage.spans.clone()).into_iter().map(part).rows()
    };
    let rows = move || {
        let (zone, now) = (app.zone.get(), app.now.get());
        let line = move |span: Span| {
            let range = Range { from: span.from, to: span.to };
            view! {
                <li>
                    <strong>{words::when::stretch(range, now, &zone)}</strong>
                    <span>{words::sentence(&span.reason.unwrap_or_default())}</span>
                </li>
            }
        };
        gaps.get().into_iter().take(20).map(line).rows()
    };
    let observed = move || {
        let share = coverage.with(|coverage| coverage.observed);
        format!(
            "{} of the last 90 days was observed. What was not is a gap, never zero.",
            numbers::percent(share)
        )
    };
    view! {
        <h2>"What we did not see"</h2>
        <div class="coverage-bar" aria-hidden="true">{shown(bar)}</div>
        <p>{shown(observed)}</p>
        <ul class="unseen-list">{shown(rows)}</ul>
    }
    .into_any()
}

/// Whether a file is a table for people, whose times stand in a zone.
fn what_is_text(file: &str) -> bool {
    file.rsplit_once('.').is_some_and(|(_, kind)| kind == "csv")
}

/// Files that other programs read.
const FILES: [(&str, &str); 14] = [
    ("followers.csv", "Everyone who follows now"),
    ("followers.ndjson", "The same, one object per line"),
    ("events.csv", "Who came, left, came back"),
    ("events.ndjson", "The same, one object per line"),
    ("series.csv", "The curve, day by day, of the last 30 days"),
    ("series.ndjson", "The same, one object per line"),
    ("following.csv", "Everyone the account follows, as last read"),
    ("following.ndjson", "The same, one object per line"),
    ("NEW_FOLLOWERS.json.gz", "Ids that each saved list added"),
    ("LOST_FOLLOWERS.json.gz", "Ids that each saved list missed"),
    ("USER_INFO.json.gz", "Profiles as last read"),
    ("tweets.csv", "Every tweet with its metrics"),
    ("tweets.ndjson", "The same, one object per line"),
    ("STATS_TWEETS.json.gz", "Every reading of every tweet"),
];

#[component]
fn Files() -> impl IntoView {
    let app = app();
    let id = move || {
        app.account.with(|one| one.as_ref().map(|one| one.id.to_string())).unwrap_or_default()
    };
    let row = move |(file, what): (&'static str, &'static str)| {
        let address = move |excel: bool| {
            let path = format!("/accounts/{}/export/{file}", id());
            // Only tables of text have times that a zone could change.
            let zone = what_is_text(file).then(|| ("tz", app.zone.with(|zone| zone.name.clone())));
            let excel = excel.then(|| ("excel", "1".to_owned()));
            api::below(&with_query(&path, &zone.into_iter().chain(excel).collect::<Vec<_>>()))
        };
        let excel = what_is_text(file).then(|| {
            view! { " (" <a href=move || address(true) download>"for Excel"</a> ")" }
        });
        view! {
            <li>
                <a href=move || address(false) download><Icon name="download"/>{file}</a>
                <span class="note">{what}{excel}</span>
            </li>
        }
    };
    view! {
        <section class="card">
            <h2>"Export"</h2>
            <ul class="files">{FILES.into_iter().map(row).rows()}</ul>
        </section>
    }
}
