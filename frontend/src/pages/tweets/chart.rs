//! The curve of one tweet as a panel: what is drawn, the chart, its keys, its table, its file.

use super::Shared;
use crate::app::{App, app};
use crate::browser;
use crate::charts::{Chart, Kind, Listener};
use crate::erase::{
    Memo, Rows as _, Show, attr, effect, flag, memo, on_checked, on_click, on_key, shown,
};
use crate::numbers;
use crate::pages::about_account;
use crate::parts::{Icon, MetricMenu, Segmented, panel};
use crate::period::Range;
use crate::remote::{Remote, remote};
use crate::tweets::choice::{LINES_MOST, Life};
use crate::tweets::curve::{self, Curve, Source, readings};
use crate::tweets::{csv, metric};
use crate::words::{self, tweets as told, when};
use leptos::html;
use leptos::prelude::*;
use shared::api::{Interval, TweetDetail, TweetSeries};
use shared::time::{DAY_MS, HOUR_MS, UnixMs};

/// By the hour up to so many days: 1,080 points; by the day from there on.
const HOURLY_DAYS: i64 = 45;

/// What the parts of the panel share.
#[derive(Clone, Copy)]
struct Curved {
    /// What of the tweet's life is shown; `None` if X did not tell when it was written.
    range: Memo<Option<Range>>,
    lines: Memo<Vec<String>>,
    series: Remote<TweetSeries>,
    /// The reading under the pointer, and the one that was clicked or came to by keys.
    hovered: RwSignal<Option<usize>>,
    held: RwSignal<Option<usize>>,
}

fn curved(value: Memo<TweetDetail>) -> Curved {
    let app = app();
    let range = memo(move || {
        let (created, deleted) =
            value.with(|detail| (detail.tweet.created_at, detail.tweet.deleted_at));
        let created = created?;
        // To the hour: the question stays the same while one looks.
        let hour = UnixMs((app.now.get().0.div_euclid(HOUR_MS) + 1) * HOUR_MS);
        let life = app.seen(|view| view.tweets.life);
        let until = life.days().map(|days| created.plus(days * DAY_MS));
        let ends = [Some(hour), until, deleted.map(|at| at.plus(1))].into_iter().flatten().min();
        Some(Range { from: created, to: ends?.max(created.plus(1)) })
    });
    let lines = memo(move || {
        let chosen = app.seen(|view| view.tweets.lines.clone());
        if !chosen.is_empty() {
            return chosen;
        }
        value.with(|detail| {
            let known: Vec<String> = detail.tweet.metrics.keys().cloned().collect();
            metric::lines(detail.tweet.promoted, &known)
        })
    });
    let id = memo(move || value.with(|detail| detail.tweet.id));
    let series = remote(move || {
        let range = range.get()?;
        let hourly = range.length_ms() <= HOURLY_DAYS * DAY_MS;
        let interval = if hourly { Interval::Hour } else { Interval::Day };
        let mut pairs = vec![
            ("from", range.from.rfc3339()),
            ("to", range.to.rfc3339()),
            ("interval", interval.as_str().to_owned()),
            ("tz", app.zone.with(|zone| zone.name.clone())),
            ("metrics", lines.get().join(",")),
        ];
        if !app.seen(|view| view.tweets.alone) {
            pairs.push(("median", "true".to_owned()));
        }
        let id = id.get();
        let mut question = about_account(app, &format!("/tweets/{id}/series"), &pairs)?;
        question.subject = format!("{} {id}", question.subject);
        Some(question)
    });
    let (hovered, held) = (RwSignal::new(None), RwSignal::new(None));
    effect(move || {
        id.track();
        hovered.set(None);
        held.set(None);
    });
    Curved { range, lines, series, hovered, held }
}

/// The panel.
pub(super) fn curve(shared: Shared, value: Memo<TweetDetail>) -> AnyView {
    let app = app();
    let curved = curved(value);
    let known = move || {
        let mut known = shared.metrics.get();
        value.with(|detail| known.extend(detail.tweet.metrics.keys().cloned()));
        known
    };
    let turn = move |name: String| {
        let shown = curved.lines.get_untracked();
        app.change(|view| view.tweets.turn_line(shown, &name));
    };
    let life = move || app.seen(|view| view.tweets.life).slug().to_owned();
    let lives = Life::ORDER.map(|life| (life.slug(), life.label().to_owned())).to_vec();
    let log = move || app.seen(|view| view.tweets.log);
    let band = move || !app.seen(|view| view.tweets.alone);
    view! {
        <section class="card curve-card">
            <header class="curve-tools">
                <Segmented label="Of its life" options=lives chosen=Signal::derive(life)
                    choose=move |slug: String| app.change(|view| view.tweets.life = Life::of(&slug))/>
                <div class="curve-choices">
                    <label class="check">
                        <input type="checkbox" prop:checked=flag(band)
                            on:change=on_checked(move |on| app.change(|view| view.tweets.alone = !on))/>
                        "Your usual tweet"
                    </label>
                    <label class="check">
                        <input type="checkbox" prop:checked=flag(log)
                            on:change=on_checked(move |on| app.change(|view| view.tweets.log = on))/>
                        "Log scale"
                    </label>
                    <MetricMenu id="lines" icon="wave" label="Metrics" known=Signal::derive(known) chosen=curved.lines
                        most=LINES_MOST turn=turn/>
                </div>
            </header>
            {shown(move || match curved.range.get() {
                None => view! { <p class="empty">"X did not tell when it was written: there is no curve."</p> }.into_any(),
                Some(_) => untrack(|| {
                    panel(curved.series, "curve-panel", move |series| drawn(curved, series, value)).into_any()
                }),
            })}
        </section>
    }
    .into_any()
}

fn drawn(curved: Curved, series: Memo<TweetSeries>, value: Memo<TweetDetail>) -> AnyView {
    let app = app();
    let as_table = RwSignal::new(false);
    let made = memo(move || {
        let zone = app.zone.get();
        let (log, band) = app.seen(|view| (view.tweets.log, !view.tweets.alone));
        // The range as it was asked for: to the hour.
        let range = curved.range.get().unwrap_or(Range { from: UnixMs(0), to: UnixMs(1) });
        let now = app.now.get_untracked();
        let ends = range.to.min(now);
        series.with(|series| {
            let created = range.from;
            curve::curve(&Source { series, created, ends, log, band, now, zone: &zone })
        })
    });
    let caption = move || {
        made.with(|curve| {
            let last = curve.tips.last().map(|tip| {
                let values = tip.rows.iter().map(|(_, label, value)| format!("{label} {value}"));
                format!("{}: {}", tip.title, values.collect::<Vec<_>>().join(", "))
            });
            let gaps = numbers::plural(curve.gaps.len() as u64, "stretch", "stretches");
            format!(
                "{}. {gaps} not observed.",
                last.unwrap_or_else(|| "Nothing observed".to_owned())
            )
        })
    };
    let spoken = move || {
        let at = curved.hovered.get().or_else(|| curved.held.get())?;
        made.with(|curve| {
            let tip = curve.tips.get(at)?;
            let values = tip.rows.iter().map(|(_, label, value)| format!("{label} {value}"));
            Some(format!("{}: {}", tip.title, values.collect::<Vec<_>>().join(", ")))
        })
    };
    let save = move |_| {
        let (id, created) =
            value.with_untracked(|detail| (detail.tweet.id, detail.tweet.created_at));
        let text = series.with_untracked(|series| csv::csv(series, created));
        browser::save_text(&format!("tweet-{id}.csv"), &text);
    };
    view! {
        <figure class="curve">
            <figcaption class="hidden" id="curve-caption">{shown(caption)}</figcaption>
            {legend(made)}
            {canvas(curved, made)}
            <div class="hidden" aria-live="polite">{shown(spoken)}</div>
            <div class="tide-foot">
                <button type="button" class="quiet-button" aria-expanded=attr(move || as_table.get().to_string())
                    on:click=on_click(move |_| as_table.update(|shown| *shown = !*shown))>
                    <Icon name="table"/>
                    {shown(move || if as_table.get() { "Hide the table" } else { "As table" })}
                </button>
                <button type="button" class="quiet-button" on:click=on_click(save)>
                    <Icon name="download"/>
                    "CSV"
                </button>
                <span class="note hint">"Click to pin a reading, ← → to move."</span>
            </div>
            <Show when=flag(move || as_table.get())>{points(app, series)}</Show>
        </figure>
    }
    .into_any()
}

/// Words for what is drawn, with the same marks.
fn legend(made: Memo<Curve>) -> AnyView {
    let inside = move || {
        made.with(|curve| {
            let lines = curve.lines.iter().enumerate().map(|(at, line)| {
                view! { <span class=format!("mark l{at}")>{line.label.clone()}</span> }
            });
            let lines = lines.rows();
            let band = (!curve.band.at.is_empty()).then(|| {
                view! { <span class="mark band">"Your usual tweet at the same age"</span> }
            });
            let falls = (!curve.falls.is_empty())
                .then(|| view! { <span class="mark fall">"X corrected itself"</span> });
            view! { {lines}{band}{falls} }.into_any()
        })
    };
    view! { <div class="legend" aria-hidden="true">{shown(inside)}</div> }.into_any()
}

fn canvas(curved: Curved, made: Memo<Curve>) -> AnyView {
    let app = app();
    let host = NodeRef::<html::Div>::new();
    let chart = Chart::empty();
    let pin = move |at: usize| {
        curved.held.update(|held| *held = if *held == Some(at) { None } else { Some(at) });
    };
    let listener = Listener {
        picked: Callback::new(move |at| curved.hovered.set(at)),
        pinned: Callback::new(pin),
        zoomed: Callback::new(|_| ()),
        opened: Callback::new(|_| ()),
    };
    effect(move || {
        let Some(host) = host.get() else { return };
        let text = made.with(|curve| serde_json::to_string(curve).unwrap_or_default());
        chart.draw(Kind::Tweet, &host, &text, listener);
        chart.hold(curved.held.get_untracked());
    });
    effect(move || chart.hold(curved.held.get()));
    effect(move || {
        app.recoloured.track();
        chart.recolour();
    });
    let keydown = move |event: leptos::ev::KeyboardEvent| {
        if event.alt_key() || event.ctrl_key() || event.meta_key() {
            return;
        }
        let count = made.with_untracked(|curve| curve.at.len());
        if event.key() == "Escape" && curved.held.get_untracked().is_some() {
            // Lets go of the reading first, then of the tweet.
            event.prevent_default();
            curved.held.set(None);
        } else if let Some(to) = curve::moved(curved.held.get_untracked(), &event.key(), count) {
            event.prevent_default();
            curved.held.set(Some(to));
        }
    };
    view! {
        <div class="tide-canvas curve-canvas" tabindex="0" role="application" data-arrows
            aria-roledescription="chart" aria-labelledby="curve-caption" on:keydown=on_key(keydown) node_ref=host>
        </div>
    }
    .into_any()
}

/// The readings as a table, newest first.
fn points(app: App, series: Memo<TweetSeries>) -> AnyView {
    let head = move || {
        let metrics = series.with(|series| series.metrics.clone());
        let cell = |name: String| view! { <th scope="col">{told::full(&name)}</th> };
        metrics.into_iter().map(cell).rows()
    };
    let rows = move || {
        let (zone, now) = (app.zone.get(), app.now.get_untracked());
        series.with(|series| {
            let mut points: Vec<_> = readings(series).collect();
            points.reverse();
            let row = |point: &shared::api::TweetPoint| {
                let cell = |value: &Option<u64>| {
                    view! { <td>{value.map_or_else(|| "–".to_owned(), numbers::count)}</td> }
                };
                let fell = point.fell.iter().filter_map(|&at| series.metrics.get(at));
                let fell: Vec<_> = fell.map(|name| format!("{} fell", told::full(name))).collect();
                let note = if point.partial { "so far".to_owned() } else { words::listed(&fell) };
                view! {
                    <tr>
                        <th scope="row">{words::capital(&when::moment(point.at, now, &zone))}</th>
                        {point.values.iter().map(cell).rows()}
                        <td class="note">{note}</td>
                    </tr>
                }
            };
            points.into_iter().map(row).rows()
        })
    };
    view! {
        <div class="tide-table" tabindex="0" role="region" aria-label="The curve as a table">
            <table class="numbers">
                <thead>
                    <tr>
                        <th scope="col">"When"</th>
                        {shown(head)}
                        <th scope="col"><span class="hidden">"Note"</span></th>
                    </tr>
                </thead>
                <tbody>{shown(rows)}</tbody>
            </table>
        </div>
    }
    .into_any()
}
