//! The sentence, the four figures, the reasons: all of one series.

use crate::address::View;
use crate::app::{app, today};
use crate::erase::{Memo, Rows as _, flag, memo, shown};
use crate::numbers::{self, Trend};
use crate::parts::{Icon, To};
use crate::words;
use crate::words::overview::{self, Share};
use leptos::prelude::*;
use shared::api::{Reason, RosterFilter, Series, Totals};
use shared::series::{held_against, known};

/// The sentence, and what X's count says beyond the names.
pub(super) fn headline(series: Memo<Series>) -> AnyView {
    let app = app();
    let said = memo(move || {
        let period = app.seen(|view| view.period);
        let (first, last) = app.with_frame(|frame| period.span(frame));
        let basis = overview::Basis { period, first, last, today: today(app) };
        let (zone, now) = (app.zone.get(), app.now.get());
        series.with(|series| {
            let late = overview::late(series, app.range.get().from, now, &zone);
            overview::sentence(&series.totals, basis, late)
        })
    });
    let difference = memo(move || {
        let account = app.account.get()?;
        let zone = app.zone.get();
        series.with(|series| overview::difference(&series.totals, &account, app.now.get(), &zone))
    });
    let change = move || {
        let said = said.get();
        let class = match said.direction {
            1 => "more",
            -1 => "fewer",
            _ => "level",
        };
        view! { {said.lead}<span class=class>{said.change}</span>{said.rest} }
    };
    view! {
        <h1>{shown(change)}</h1>
        <p class="difference">{shown(move || difference.get())}</p>
    }
    .into_any()
}

/// What a figure's going up means.
#[derive(Clone, Copy, PartialEq)]
enum Good {
    Up,
    Down,
    Neither,
}

/// Came, Left, Came back, Not yet explained.
pub(super) fn figures(series: Memo<Series>) -> AnyView {
    let app = app();
    let sum = move |read: fn(&Totals) -> u64| {
        series.with(|series| {
            let now = known(series).then(|| whole(read(&series.totals)));
            (now, held_against(series).map(|totals| whole(read(totals))))
        })
    };
    let unexplained = move || {
        series.with(|series| {
            // Since X's first count is no part of the period that another could be held against.
            let whole = |totals: &Totals| totals.unexplained_since == totals.since;
            let before = held_against(series).filter(|then| whole(then) && whole(&series.totals));
            (series.totals.unexplained, before.and_then(|totals| totals.unexplained))
        })
    };
    let filter = |filter| Some(filter);
    let none = Signal::derive(|| None);
    let since = move || {
        let (zone, now) = (app.zone.get(), app.now.get());
        series.with(|series| overview::unexplained_since(series, app.range.get().from, now, &zone))
    };
    view! {
        <dl class="figures">
            {figure("Came", "came", Signal::derive(move || sum(|totals| totals.gained)), Good::Up, filter(RosterFilter::New), none)}
            {figure("Left", "left", Signal::derive(move || sum(|totals| totals.lost)), Good::Down, filter(RosterFilter::Left), none)}
            {figure("of them came back", "back", Signal::derive(move || sum(|totals| totals.returned)), Good::Up, filter(RosterFilter::Returned), none)}
            {figure("Not yet explained", "unexplained", Signal::derive(unexplained), Good::Neither, None, Signal::derive(since))}
        </dl>
    }
    .into_any()
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn figure(
    label: &'static str,
    class: &'static str,
    values: Signal<(Option<i64>, Option<i64>)>,
    good: Good,
    filter: Option<RosterFilter>,
    note: Signal<Option<String>>,
) -> impl IntoView {
    let app = app();
    let number = move || {
        let (now, _) = values.get();
        match (now, good) {
            (None, _) => "–".to_owned(),
            (Some(now), Good::Neither) => numbers::signed(now),
            (Some(now), _) => numbers::grouped(now),
        }
    };
    let change = move || {
        let (Some(now), Some(before)) = values.get() else { return None };
        Some(delta(now, before, good, app.seen(|view| view.compare)))
    };
    let name = match filter {
        Some(filter) => view! {
            <To change=move |view: crate::address::View| {
                let filter = Some(filter);
                crate::address::View { filter, ..view.to(crate::address::Page::Followers) }
            }>{label}</To>
        }
        .into_any(),
        None => view! { <span title=UNEXPLAINED>{label}</span> }.into_any(),
    };
    // A dash alone would say nothing to whoever has no pointer to rest on it.
    let unknown = move || {
        let unknown = values.get().0.is_none();
        unknown.then(|| view! { <span class="delta even">"not known"</span> })
    };
    view! {
        <div class=format!("figure {class}")>
            <dt>{name}</dt>
            <dd>
                <span class="number">{shown(number)}</span>
                {shown(unknown)}
                {shown(change)}
                {shown(move || note.get().map(|text| view! { <span class="delta even">{text}</span> }))}
            </dd>
        </div>
    }
}

const UNEXPLAINED: &str = "What X's count did beyond the people we can name";

fn delta(now: i64, before: i64, good: Good, compare: crate::address::Comparison) -> impl IntoView {
    // "Not yet explained" may be negative: its size is what is compared.
    let (now, before) = match good {
        Good::Neither => (now.abs(), before.abs()),
        Good::Up | Good::Down => (now, before),
    };
    let delta = numbers::delta(now, before);
    let (icon, word) = match delta.trend {
        Trend::Up => (Some("up"), "more"),
        Trend::Down => (Some("down"), "fewer"),
        Trend::Level => (None, ""),
    };
    let tone = match (delta.trend, good) {
        (Trend::Level, _) | (_, Good::Neither) => "even",
        (Trend::Up, Good::Up) | (Trend::Down, Good::Down) => "well",
        _ => "badly",
    };
    let against = match compare {
        crate::address::Comparison::Year => "a year before",
        _ => "the period before",
    };
    let title = format!("{} in {against}", numbers::grouped(before));
    view! {
        <span class=format!("delta {tone}") title=title>
            {icon.map(|name| view! { <Icon name=name/> })}
            {delta.text}
            <span class="hidden">{format!(" {word} than in {against}")}</span>
        </span>
    }
}

/// Lists those alone who left for a reason; the same again lists all.
fn only(mut view: View, reason: Reason) -> View {
    view.reason = Some(reason).filter(|reason| view.reason != Some(*reason));
    view
}

/// Why people left: one stacked bar with words.
pub(super) fn reasons(series: Memo<Series>) -> AnyView {
    let app = app();
    let reasons = memo(move || series.with(overview::reasons));
    let total = move || reasons.with(|all| all.iter().map(|one| one.count).sum::<u64>());
    let share =
        move |one: &Share| numbers::float(whole(one.count)) / numbers::float(whole(total().max(1)));
    let part = move |one: Share| {
        let width = format!("{:.2}%", share(&one) * 100.0);
        let (word, class) = one.chip;
        view! { <span class=format!("part {class}") style:width=width title=word></span> }
    };
    let row = move |one: Share| {
        let (word, class) = one.chip;
        view! {
            <li>
                <span class=format!("swatch {class}") aria-hidden="true"></span>
                <To change=move |view: View| only(view, one.reason)>{words::capital(word)}</To>
                <span class="number">{numbers::count(one.count)}</span>
                <span class="share">{numbers::percent(share(&one))}</span>
            </li>
        }
    };
    let notes = move || {
        series.with(|series| {
            let corrected = (series.retracted > 0).then(|| {
                format!(
                    "Corrected: {} of {} leave notices.",
                    numbers::count(series.retracted),
                    numbers::count(series.retracted + series.totals.lost)
                )
            });
            let checking = (series.suspected > 0)
                .then(|| format!("Still checking: {}.", numbers::count(series.suspected)));
            let measured = app.account.with(|one| overview::false_losses(one.as_ref()?));
            [corrected, checking, measured].into_iter().flatten().collect::<Vec<_>>().join(" ")
        })
    };
    view! {
        <h2>"Why they left"</h2>
        <Show
            when=flag(move || total() != 0)
            fallback=move || view! {
                <p class="empty">{shown(move || if series.with(known) { "No one left in this period." } else { overview::UNSEEN })}</p>
            }
        >
            <div class="stack" aria-hidden="true">{shown(move || reasons.get().into_iter().map(part).rows())}</div>
            <ul class="reasons">{shown(move || reasons.get().into_iter().map(row).rows())}</ul>
        </Show>
        <p class="note">{shown(notes)}</p>
    }
    .into_any()
}
