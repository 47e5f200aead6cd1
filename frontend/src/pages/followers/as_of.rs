//! Time travel: a slider over a small tide of all time. Owns: which day's list is asked for.

use crate::app::{app, today};
use crate::calendar::{date_at, midnight};
use crate::pages::about_account;
use crate::parts::panel;
use crate::period::Range;
use crate::remote::{Remote, remote};
use crate::tide::{self, Source};
use leptos::prelude::*;
use shared::api::{Interval, Series};
use shared::time::DAY_MS;

/// The slider with its curve.
#[component]
pub(super) fn AsOf() -> impl IntoView {
    let app = app();
    // From the first list to today, by whole days of the zone.
    let range = Memo::new(move |_| {
        let zone = app.zone.get();
        let today = date_at(app.now.get(), &zone);
        let first = app.account.with(|one| one.as_ref().and_then(|one| one.first_snapshot))?;
        let from = midnight(date_at(first, &zone), &zone);
        Some(Range { from, to: midnight(today.plus_days(1), &zone) })
    });
    let series: Remote<Series> = remote(move || {
        let range = range.get()?;
        let interval = if range.length_ms() > 400 * DAY_MS { Interval::Week } else { Interval::Day };
        let pairs = [
            ("from", range.from.rfc3339()),
            ("to", range.to.rfc3339()),
            ("interval", interval.as_str().to_owned()),
            ("tz", app.zone.with(|zone| zone.name.clone())),
        ];
        about_account(app, "/followers/series", &pairs)
    });
    panel(series, "as-of card", move |series| slider(series, range))
}

fn slider(series: Signal<Series>, range: Memo<Option<Range>>) -> AnyView {
    let app = app();
    let days = Memo::new(move |_| {
        let zone = app.zone.get();
        let first = range.get().map_or_else(|| today(app), |range| date_at(range.from, &zone));
        (first, today(app).days() - first.days())
    });
    let curve = move || {
        let Some(range) = range.get() else { return ().into_any() };
        let zone = app.zone.get();
        let (path, gaps) = series.with(|series| {
            let source =
                Source { series, spans: &[], losses: None, range, now: app.now.get(), zone: &zone };
            tide::strip(&tide::tide(&source))
        });
        let gap = |(from, to): (f64, f64)| {
            view! { <rect class="gap" x=from.to_string() y="0" width=(to - from).to_string() height="100"></rect> }
        };
        view! {
            <svg class="strip" viewBox="0 0 1000 100" preserveAspectRatio="none" aria-hidden="true">
                {gaps.into_iter().map(gap).collect_view()}
                <path d=path vector-effect="non-scaling-stroke"></path>
            </svg>
        }
        .into_any()
    };
    let chosen = move || {
        let (first, length) = days.get();
        let date = app.view.with(|view| view.as_of);
        date.map_or(length, |date| (date.days() - first.days()).clamp(0, length))
    };
    let slid = move |text: String| {
        let (first, length) = days.get_untracked();
        let Ok(day) = text.parse::<i64>() else { return };
        app.replace(|view| view.as_of = (day < length).then(|| first.plus_days(day)));
    };
    let label = move || {
        let today = today(app);
        app.view.with(|view| view.as_of).map_or_else(|| "now".to_owned(), |date| date.near(today))
    };
    let then = Memo::new(move |_| {
        let date = app.view.with(|view| view.as_of)?;
        let end = app.zone.with(|zone| midnight(date.plus_days(1), zone));
        let points = series.with(|series| {
            series.points.iter().rev().find(|point| point.at < end && point.followers.is_some())
                .and_then(|point| point.followers)
        })?;
        Some(crate::numbers::plural(points, "follower", "followers"))
    });
    let share = move || {
        let (_, length) = days.get();
        let share = crate::numbers::float(chosen()) / crate::numbers::float(length.max(1));
        format!("{:.3}", share)
    };
    view! {
        <div class="as-of-head">
            <span>"As of " <strong>{label}</strong></span>
            <span class="note">{then}</span>
            <Show when=move || app.view.with(|view| view.as_of.is_some())>
                <button type="button" class="quiet-button" on:click=move |_| app.change(|view| view.as_of = None)>
                    "Back to now"
                </button>
            </Show>
        </div>
        <div class="as-of-strip" style=("--at", share)>
            {curve}
            <span class="as-of-line" aria-hidden="true"></span>
            <input type="range" min="0" max=move || days.get().1.to_string() step="1"
                prop:value=move || chosen().to_string() aria-label="The list as of this day" aria-valuetext=label
                on:input:target=move |event| slid(event.target().value())/>
        </div>
    }
    .into_any()
}
