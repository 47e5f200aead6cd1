//! Time travel: a slider over a small tide of all time. Owns: which day's list is asked for.

use crate::app::{App, app, today};
use crate::calendar::{Date, date_at, midnight};
use crate::erase::{Memo, Rows as _, Show, attr, effect, flag, memo, on_click, on_value, shown};
use crate::numbers;
use crate::pages::about_account;
use crate::parts::panel;
use crate::period::Range;
use crate::remote::{Remote, remote};
use crate::tide::{self, Source};
use leptos::prelude::*;
use shared::api::{Interval, Series};
use shared::time::DAY_MS;
use std::time::Duration;

/// A hand that rests so long on a day wants to see it.
const REST: Duration = Duration::from_millis(160);

/// The slider with its curve.
#[component]
pub(super) fn AsOf() -> impl IntoView {
    let app = app();
    // From the first list to today, by whole days of the zone.
    let range = memo(move || {
        let zone = app.zone.get();
        let today = date_at(app.now.get(), &zone);
        let first = app.account.with(|one| one.as_ref().and_then(|one| one.first_snapshot))?;
        let from = midnight(date_at(first, &zone), &zone);
        Some(Range { from, to: midnight(today.plus_days(1), &zone) })
    });
    let series: Remote<Series> = remote(move || {
        let range = range.get()?;
        let interval =
            if range.length_ms() > 400 * DAY_MS { Interval::Week } else { Interval::Day };
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

/// The slider's days: which is first, how many follow it, which is chosen.
#[derive(Clone, Copy)]
struct Days {
    first: Memo<Date>,
    length: Memo<i64>,
    /// Where the hand is; the address follows when it rests.
    at: RwSignal<i64>,
}

impl Days {
    fn new(app: App, range: Memo<Option<Range>>) -> Self {
        let first = memo(move || {
            range.get().map_or_else(|| today(app), |range| date_at(range.from, &app.zone.get()))
        });
        let length = memo(move || today(app).days() - first.get().days());
        let at = RwSignal::new(length.get_untracked());
        effect(move || {
            let date = app.seen(|view| view.as_of);
            let length = length.get();
            at.set(date.map_or(length, |date| (date.days() - first.get().days()).clamp(0, length)));
        });
        Self { first, length, at }
    }

    /// The day under the hand; `None` is now.
    fn date(self) -> Option<Date> {
        let at = self.at.get();
        (at < self.length.get()).then(|| self.first.get().plus_days(at))
    }

    fn slid(self, app: App, text: &str) {
        let Ok(day) = text.parse::<i64>() else { return };
        self.at.set(day);
        let rested = move || {
            if self.at.try_get_untracked() == Some(day) {
                let date = untrack(|| self.date());
                app.replace(|view| view.as_of = date);
            }
        };
        set_timeout(rested, REST);
    }
}

fn slider(series: Memo<Series>, range: Memo<Option<Range>>) -> AnyView {
    let app = app();
    let days = Days::new(app, range);
    let label = move || {
        let today = today(app);
        days.date().map_or_else(|| "now".to_owned(), |date| date.near(today))
    };
    let then = memo(move || {
        let end =
            app.zone.with(|zone| days.date().map(|date| midnight(date.plus_days(1), zone)))?;
        let count = series.with(|series| {
            let mut before = series.points.iter().rev().filter(|point| point.at < end);
            before.find_map(|point| point.followers)
        })?;
        Some(numbers::plural(count, "follower", "followers"))
    });
    let share = move || {
        let share = numbers::float(days.at.get()) / numbers::float(days.length.get().max(1));
        format!("{share:.4}")
    };
    view! {
        <div class="as-of-head">
            <span>"As of " <strong>{shown(label)}</strong></span>
            <span class="note">{shown(move || then.get())}</span>
            <Show when=flag(move || app.seen(|view| view.as_of.is_some()))>
                <button type="button" class="quiet-button" on:click=on_click(move |_| app.change(|view| view.as_of = None))>
                    "Back to now"
                </button>
            </Show>
        </div>
        <div class="as-of-strip" style=("--at", share)>
            {curve(app, series, range)}
            <span class="as-of-line" aria-hidden="true"></span>
            <input type="range" min="0" max=attr(move || days.length.get().to_string()) step="1"
                prop:value=attr(move || days.at.get().to_string()) aria-label="The list as of this day" aria-valuetext=attr(label)
                on:input=on_value(move |value| days.slid(app, &value))/>
        </div>
    }
    .into_any()
}

/// The small tide under the slider.
fn curve(app: App, series: Memo<Series>, range: Memo<Option<Range>>) -> impl IntoView {
    let drawn = memo(move || {
        let range = range.get()?;
        let zone = app.zone.get();
        Some(series.with(|series| {
            let source = Source { series, spans: &[], range, now: app.now.get(), zone: &zone };
            tide::strip(&tide::tide(&source))
        }))
    });
    let gap = |(from, to): (f64, f64)| {
        // Of a thousand, as the path is.
        let percent = |at: f64| format!("{:.2}%", at / 10.0);
        view! { <span class="gap" style:left=percent(from) style:width=percent(to - from)></span> }
    };
    move || {
        let (path, gaps) = drawn.get()?;
        Some(view! {
            {gaps.into_iter().map(gap).rows()}
            <svg class="strip" viewBox="0 0 1000 100" preserveAspectRatio="none" aria-hidden="true">
                <path d=path vector-effect="non-scaling-stroke"></path>
            </svg>
        })
    }
}
