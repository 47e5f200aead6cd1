//! The tide as a panel: the chart, its keys, its table, its file.

use super::Shared;
use crate::api;
use crate::app::{app, today};
use crate::charts::{Chart, Kind, Listener};
use crate::erase::{Memo, Rows as _, Show, attr, effect, flag, memo, on_click, on_key, shown};
use crate::numbers;
use crate::parts::{CsvMenu, Icon};
use crate::tide;
use crate::words::tide as words;
use leptos::html;
use leptos::prelude::*;
use shared::api::Series;

/// The panel.
pub(super) fn tide(shared: Shared, series: Memo<Series>) -> impl IntoView {
    let app = app();
    let as_table = RwSignal::new(false);
    let caption = move || {
        let period = app.seen(|view| view.period).label(today(app));
        series.with(|series| shared.tide.with(|tide| words::caption(series, tide, &period)))
    };
    // Told a moment after the pick, so that a quick row of arrows is not read out one by one.
    let spoken = move || {
        let at = shared.picked()?;
        shared.tide.with(|tide| tide.buckets.get(at).map(words::spoken))
    };
    view! {
        <figure class="tide">
            <figcaption class="hidden" id="tide-caption">{shown(caption)}</figcaption>
            <Legend series=series shared=shared/>
            {canvas(shared)}
            <div class="hidden" aria-live="polite">{shown(spoken)}</div>
            <div class="tide-foot">
                <button type="button" class="quiet-button" aria-expanded=attr(move || as_table.get().to_string())
                    on:click=on_click(move |_| as_table.update(|shown| *shown = !*shown))>
                    <Icon name="table"/>
                    {shown(move || if as_table.get() { "Hide the table" } else { "As table" })}
                </button>
                <CsvMenu id="tide-files" label="CSV" class="quiet-button"
                    tables=&[("The curve", curve_csv), ("Who came and left", events_csv)]/>
                <Show when=flag(move || app.is_zoomed())>
                    <button type="button" class="quiet-button zoom-out" on:click=on_click(move |_| {
                        app.zoom_out();
                    })>
                        <Icon name="left"/>
                        "Undo the zoom" <kbd>"Esc"</kbd>
                    </button>
                </Show>
                <Show when=flag(move || shared.tide.with(|tide| tide.buckets.iter().any(|bucket| !bucket.unseen())))>
                    <span class="note hint">"Drag to zoom, click to pin a bucket, ← → to move."</span>
                </Show>
            </div>
            <Show when=flag(move || as_table.get())>{table(shared)}</Show>
        </figure>
    }
}

/// Instead of a line, where there is nothing to compare with.
const UNLIKE: &str = "Nothing to compare with: the two periods were not observed alike";

/// Words for what is drawn, with the same marks.
#[component]
fn Legend(series: Memo<Series>, shared: Shared) -> impl IntoView {
    let app = app();
    let compared = move || {
        let word = match app.seen(|view| view.compare) {
            crate::address::Comparison::Previous => "Period before, from the same start",
            crate::address::Comparison::Year => "A year before, from the same start",
            crate::address::Comparison::Off => return None,
        };
        let any = shared.tide.with(|tide| tide.buckets.iter().any(|one| one.before.is_some()));
        if any {
            return Some(view! { <span class="mark before">{word}</span> }.into_any());
        }
        let too_little = series.with(|series| series.compare.is_some() && !series.comparable);
        too_little.then(|| view! { <span class="unlike">{UNLIKE}</span> }.into_any())
    };
    let counted = memo(move || {
        series.with(|series| series.points.iter().all(|point| point.followers.is_none()))
    });
    let gone = move || {
        shared
            .tide
            .with(|tide| tide.buckets.iter().any(|bucket| bucket.gone.is_some_and(|gone| gone > 0)))
    };
    let unexplained = move || {
        let any = series.with(|series| {
            series.points.iter().any(|point| point.unexplained.is_some_and(|count| count != 0))
        });
        any.then(|| view! { <span class="mark unexplained">"Not yet explained"</span> })
    };
    view! {
        <div class="legend" aria-hidden="true">
            <span class="mark line">{shown(move || if counted.get() { "X's count" } else { "Followers" })}</span>
            {shown(compared)}
            <Show when=flag(move || !counted.get())>
                <span class="mark came">"Came"</span>
                <span class="mark left">"Left"</span>
            </Show>
            <Show when=flag(gone)>
                <span class="mark gone">"Left, gone from X"</span>
            </Show>
            {shown(unexplained)}
            <Show when=flag(move || shared.marks.with(|marks| !marks.marks.is_empty()))>
                <span class="mark tweets">"Tweets"</span>
            </Show>
        </div>
    }
}

fn canvas(shared: Shared) -> impl IntoView {
    let app = app();
    let host = NodeRef::<html::Div>::new();
    let chart = Chart::empty();
    let pin = move |at: usize| {
        let key = shared.tide.with_untracked(|tide| {
            tide.buckets.get(at).filter(|bucket| !bucket.ahead).map(|bucket| bucket.key.clone())
        });
        let same = app.view.with_untracked(|view| view.day == key);
        app.change(|view| view.day = if same { None } else { key });
    };
    let zoom = move |(one, other): (usize, usize)| {
        let zone = app.zone.get_untracked();
        let today = untrack(|| today(app));
        let period = shared
            .tide
            .with_untracked(|tide| tide::zoomed(&tide.buckets, one, other, today, &zone));
        if let Some(period) = period {
            shared.hovered.set(None);
            app.zoom(period);
        }
    };
    let listener = Listener {
        picked: Callback::new(move |at| shared.hovered.set(at)),
        pinned: Callback::new(pin),
        zoomed: Callback::new(zoom),
        opened: Callback::new(move |(first, last): (usize, usize)| {
            shared.marks.with_untracked(|marks| super::tweets::open(app, marks, first, last));
        }),
    };
    effect(move || {
        let Some(host) = host.get() else { return };
        let zone = app.zone.get();
        let interval = app.interval.get_untracked();
        let mut drawing = shared.tide.with(|tide| tide::drawing(tide, interval, &zone));
        drawing.tweets = shared.marks.with(|marks| marks.marks.clone());
        let text = serde_json::to_string(&drawing).unwrap_or_default();
        chart.draw(Kind::Tide, &host, &text, listener);
        chart.hold(shared.pinned.get_untracked());
    });
    effect(move || chart.hold(shared.pinned.get()));
    effect(move || {
        app.recoloured.track();
        chart.recolour();
    });
    let keydown = move |event: leptos::ev::KeyboardEvent| {
        if event.alt_key() || event.ctrl_key() || event.meta_key() {
            return;
        }
        let key = event.key();
        let picked = untrack(|| shared.pinned.get());
        if let Some(to) =
            shared.tide.with_untracked(|tide| tide::moved(picked, &key, &tide.buckets))
        {
            event.prevent_default();
            if Some(to) != picked {
                let name = shared
                    .tide
                    .with_untracked(|tide| tide.buckets.get(to).map(|bucket| bucket.key.clone()));
                app.replace(|view| view.day = name);
            }
        }
    };
    view! {
        <div class="tide-canvas" tabindex="0" role="application" data-arrows
            aria-roledescription="chart" aria-labelledby="tide-caption" on:keydown=on_key(keydown) node_ref=host>
        </div>
    }
}

/// The file of everyone who came or left in the period.
fn events_csv(app: crate::app::App) -> String {
    let [from, to] = super::range_pairs(app);
    csv(app, "events.csv", vec![from, to])
}

/// The file of the chart's numbers.
fn curve_csv(app: crate::app::App) -> String {
    let [from, to] = super::range_pairs(app);
    let interval = ("interval", app.interval.get().as_str().to_owned());
    csv(app, "series.csv", vec![from, to, interval])
}

fn csv(app: crate::app::App, file: &str, mut pairs: Vec<(&'static str, String)>) -> String {
    let id = app.account.with(|account| account.as_ref().map(|account| account.id.to_string()));
    pairs.push(("tz", app.zone.with(|zone| zone.name.clone())));
    let path = format!("/accounts/{}/export/{file}", id.unwrap_or_default());
    api::below(&crate::address::with_query(&path, &pairs))
}

/// The chart as a table: the same numbers for whoever reads better than they look.
fn table(shared: Shared) -> impl IntoView {
    let cell = |number: Option<u64>| number.map_or_else(|| "–".to_owned(), numbers::count);
    let row = move |bucket: tide::Bucket| {
        let unexplained = bucket.unexplained.map_or_else(|| "–".to_owned(), numbers::signed);
        view! {
            <tr>
                <th scope="row">{crate::words::capital(&bucket.label)}</th>
                <td>{cell(bucket.followers)}</td>
                <td>{cell(bucket.came)}</td>
                <td>{cell(bucket.left)}</td>
                <td>{unexplained}</td>
                <td class="note">{words::note(&bucket)}</td>
            </tr>
        }
    };
    let rows = move || {
        shared.tide.with(|tide| {
            let there = tide.buckets.iter().rev().filter(|bucket| !bucket.ahead);
            there.cloned().map(row).rows()
        })
    };
    view! {
        <div class="tide-table" tabindex="0" role="region" aria-label="The chart as a table">
            <table class="numbers">
                <thead>
                    <tr>
                        <th scope="col">"When"</th>
                        <th scope="col">"Followers"</th>
                        <th scope="col">"Came"</th>
                        <th scope="col">"Left"</th>
                        <th scope="col">"Not yet explained"</th>
                        <th scope="col"><span class="hidden">"Note"</span></th>
                    </tr>
                </thead>
                <tbody>{shown(rows)}</tbody>
            </table>
        </div>
    }
}
