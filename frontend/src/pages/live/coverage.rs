//! What was and was not observed, minute by minute.

use super::Shared;
use crate::app::app;
use crate::erase::{Memo, Rows as _, Show, flag, memo, shown};
use crate::numbers;
use crate::parts::panel;
use crate::words::{live as words, when};
use leptos::prelude::*;
use shared::api::{CoverageGap, CoverageMinute, StreamCoverage};
use shared::time::SECOND_MS;

/// The panel.
#[component]
pub(super) fn Coverage(shared: Shared) -> impl IntoView {
    view! {
        <div class="side-scroll" tabindex="0" role="region" aria-label="Coverage of the last hour">
            {panel(shared.coverage, "coverage", content)}
        </div>
    }
}

fn content(coverage: Memo<StreamCoverage>) -> AnyView {
    let told = move || coverage.with(|coverage| words::coverage(&coverage.totals));
    let most = memo(move || {
        coverage.with(|coverage| {
            let sum = |one: &CoverageMinute| one.received.saturating_add(one.missed);
            coverage.minutes.iter().map(sum).max().unwrap_or(1).max(1)
        })
    });
    let rows = move || {
        let minutes = coverage.with(|coverage| coverage.minutes.clone());
        minutes.into_iter().rev().map(|minute| row(minute, most.get())).rows()
    };
    let gaps = move || {
        let gaps = coverage.with(|coverage| coverage.gaps.clone());
        (!gaps.is_empty()).then(|| {
            let (long, short): (Vec<_>, Vec<_>) = gaps.into_iter().partition(is_long);
            let short = words::short_gaps(short.len());
            view! {
                <h2 class="side-head">"Not connected"</h2>
                <ul class="gap-list">{long.into_iter().rev().map(gap).rows()}</ul>
                {short.map(|text| view! { <p class="side-note">{text}</p> })}
            }
        })
    };
    let empty = move || coverage.with(|coverage| coverage.minutes.is_empty());
    view! {
        <p class="side-note">{shown(told)}</p>
        {shown(gaps)}
        <Show when=flag(move || !empty())>
            <h2 class="side-head">"Minute by minute"</h2>
            <table class="numbers coverage-table">
                <thead>
                    <tr>
                        <th scope="col">"Minute"</th>
                        <th scope="col">"Received"</th>
                        <th scope="col">"Not observed"</th>
                    </tr>
                </thead>
                <tbody>{shown(rows)}</tbody>
            </table>
        </Show>
    }
    .into_any()
}

fn row(minute: CoverageMinute, most: u32) -> AnyView {
    let app = app();
    let clock = move || app.zone.with(|zone| crate::calendar::clock_text(minute.at, zone));
    let share = |count: u32| format!("{}%", u64::from(count) * 100 / u64::from(most));
    let out = format!("{}%", minute.disconnected_s.min(60) * 100 / 60);
    view! {
        <tr>
            <th scope="row">{shown(clock)}</th>
            <td>
                <div class="bar-cell">
                    <span class="bar-received" style:width=share(minute.received)></span>
                    <span class="bar-missed" style:width=share(minute.missed)></span>
                    <span class="bar-out" style:width=out></span>
                    <span class="bar-number">{numbers::count(u64::from(minute.received))}</span>
                </div>
            </td>
            <td class="note">{words::minute(&minute)}</td>
        </tr>
    }
    .into_any()
}

/// What is over and took no second is only counted.
fn is_long(gap: &CoverageGap) -> bool {
    gap.to.is_none_or(|to| to.since(gap.from) >= SECOND_MS)
}

fn gap(gap: CoverageGap) -> AnyView {
    let app = app();
    let text = move || {
        let zone = app.zone.get();
        let from = crate::calendar::clock_text(gap.from, &zone);
        let until = gap.to.map(|to| crate::calendar::clock_text(to, &zone));
        match until {
            Some(until) => {
                let long = gap.to.map_or(0, |to| to.since(gap.from));
                format!("{from} to {until} ({})", when::duration(long))
            }
            None => format!("since {from}"),
        }
    };
    view! {
        <li>
            <strong>{shown(text)}</strong>
            <span>{crate::words::sentence(&crate::words::capital(&gap.why))}</span>
        </li>
    }
    .into_any()
}
