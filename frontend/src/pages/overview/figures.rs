//! The sentence, the four figures, the reasons: all of one series.

use crate::address::View;
use crate::app::{app, today};
use crate::erase::{Memo, Rows as _, flag, memo, shown};
use crate::numbers::{self, Trend};
use crate::parts::{Icon, To};
use crate::words::{self, overview, person};
use leptos::prelude::*;
use shared::api::{Reason, ReasonCount, RosterFilter, Series};

/// The sentence, and what X's count says beyond the names.
pub(super) fn headline(series: Memo<Series>) -> AnyView {
    let app = app();
    let said = memo(move || {
        let period = app.seen(|view| view.period);
        let (first, last) = app.with_frame(|frame| period.span(frame));
        let basis = overview::Basis { period, first, last, today: today(app) };
        series.with(|series| overview::sentence(&series.points, &series.totals, basis))
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
    let known =
        move || series.with(|series| series.points.iter().any(|point| point.gained.is_some()));
    let sum = move |read: fn(&shared::api::Totals) -> u64| {
        let now = known().then(|| series.with(|series| whole(read(&series.totals))));
        let before =
            series.with(|series| series.compare_totals.as_ref().map(|totals| whole(read(totals))));
        (now, before.filter(|_| compared(series)))
    };
    let unexplained = move || {
        let read = |totals: &shared::api::Totals| totals.unexplained;
        let now = series.with(|series| read(&series.totals));
        let before = series.with(|series| series.compare_totals.as_ref().and_then(read));
        (now, before.filter(|_| compared(series)))
    };
    let filter = |filter| Some(filter);
    view! {
        <dl class="figures">
            {figure("Came", "came", Signal::derive(move || sum(|totals| totals.gained)), Good::Up, filter(RosterFilter::New))}
            {figure("Left", "left", Signal::derive(move || sum(|totals| totals.lost)), Good::Down, filter(RosterFilter::Left))}
            {figure("Came back", "back", Signal::derive(move || sum(|totals| totals.returned)), Good::Up, filter(RosterFilter::Returned))}
            {figure("Not yet explained", "unexplained", Signal::derive(unexplained), Good::Neither, None)}
        </dl>
    }
    .into_any()
}

/// Whether the compared period was observed at all: against nothing there is no change.
fn compared(series: Memo<Series>) -> bool {
    series.with(|series| {
        let points = series.compare.as_deref().unwrap_or_default();
        points.iter().any(|point| point.gained.is_some())
    })
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
    let reasons = memo(move || {
        let mut reasons = series.with(|series| series.reasons.clone());
        reasons.retain(|one| one.count > 0);
        crate::order::sorted(reasons, |one, other| other.count.cmp(&one.count))
    });
    let total = move || reasons.with(|all| all.iter().map(|one| one.count).sum::<u64>());
    let share = move |one: &ReasonCount| {
        numbers::float(whole(one.count)) / numbers::float(whole(total().max(1)))
    };
    let part = move |one: ReasonCount| {
        let width = format!("{:.2}%", share(&one) * 100.0);
        let (word, class) = person::reason(one.reason);
        view! { <span class=format!("part {class}") style:width=width title=word></span> }
    };
    let row = move |one: ReasonCount| {
        let (word, class) = person::reason(one.reason);
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
            fallback=|| view! { <p class="empty">"No one left in this period."</p> }
        >
            <div class="stack" aria-hidden="true">{shown(move || reasons.get().into_iter().map(part).rows())}</div>
            <ul class="reasons">{shown(move || reasons.get().into_iter().map(row).rows())}</ul>
        </Show>
        <p class="note">{shown(notes)}</p>
    }
    .into_any()
}
