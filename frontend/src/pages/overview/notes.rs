//! What one should know about what one sees: the first day, a stopped collector, a check under
//! way, gaps, spending.

use crate::address::{Page, View};
use crate::app::app;
use crate::erase::{Memo, Rows as _, memo, shown};
use crate::numbers;
use crate::pages::about_account;
use crate::pages::collection::CheckNow;
use crate::parts::{Icon, To};
use crate::period::{Period, Preset, Range};
use crate::remote::{Remote, remote};
use crate::words::{self, cost, overview, state};
use leptos::prelude::*;
use shared::api::{CollectorState, Coverage, Follower, List, RosterFilter, Span, SpanState};
use shared::news::{self, Week};

/// Gaps named one by one; the rest are counted.
const GAPS_NAMED: usize = 3;

/// As many of the week's leavers as the sentence is made of.
const LEAVERS: u32 = 200;

/// The week's news, as a link to the list behind it.
#[component]
pub(super) fn News() -> impl IntoView {
    let app = app();
    let week = memo(move || {
        let week = Period::Preset(Preset::Days7);
        app.with_frame(|frame| week.range(frame))
    });
    let leavers: Remote<List<Follower>> = remote(move || {
        app.of_account(|one| one.and_then(|one| one.first_snapshot))?;
        let range = week.get();
        let pairs = [
            ("filter", RosterFilter::Left.as_str().to_owned()),
            ("from", range.from.rfc3339()),
            ("to", range.to.rfc3339()),
            ("sort", "-followers".to_owned()),
            ("limit", LEAVERS.to_string()),
        ];
        about_account(app, "/followers", &pairs)
    });
    let text = memo(move || {
        let (began, last) = app.account.with(|one| {
            let one = one.as_ref()?;
            Some((one.first_snapshot, one.collector.last_check))
        })?;
        let observed = last.is_some_and(|last| last >= week.get().from);
        leavers.with(|list| {
            let List { items, next_cursor } = list?;
            let more = next_cursor.is_some();
            Some(news::sentence(&Week { leavers: items, more, observed, began }))
        })
    });
    let list = |view: View| View {
        period: Period::Preset(Preset::Days7),
        filter: Some(RosterFilter::Left),
        ..view.to(Page::Followers)
    };
    view! {
        <p class="news">
            {shown(move || text.get().map(|text| view! { <To change=list>{text}</To> }))}
        </p>
    }
}

/// What there is to say, if anything.
#[derive(Clone, PartialEq)]
enum Note {
    Stopped(String),
    FirstDay(String),
    FirstCheck(String),
    None,
}

/// Notes above the figures.
#[component]
pub(super) fn Notes() -> impl IntoView {
    let app = app();
    let note = memo(move || {
        app.account.with(|account| {
            let Some(account) = account else { return Note::None };
            let collector = &account.collector;
            match collector.state {
                CollectorState::Stopped => Note::Stopped(words::sentence(
                    collector.reason.as_deref().unwrap_or("No reason was given"),
                )),
                CollectorState::Checking if account.first_snapshot.is_none() => {
                    Note::FirstCheck(state::checking(account))
                }
                CollectorState::Idle if account.first_snapshot.is_none() => {
                    Note::FirstDay(overview::first_day(account))
                }
                _ => Note::None,
            }
        })
    });
    let since = move || {
        let (zone, now) = (app.zone.get(), app.now.get());
        let text = app.account.with(|one| overview::since_archive(one.as_ref()?, now, &zone))?;
        Some(view! { <p class="since-archive">{text}</p> })
    };
    let note = move || {
        match note.get() {
        Note::Stopped(reason) => view! {
            <div class="notice bad" role="alert">
                <Icon name="alert"/>
                <p><strong>"Collection has stopped. "</strong>{words::capital(&reason)}" What is shown ends there."</p>
                <To class="button" change=|view: View| view.to(Page::Collection)>"See what ran"</To>
            </div>
        }
        .into_any(),
        Note::FirstDay(text) => view! {
            <div class="notice">
                <Icon name="people"/>
                <p>{text}</p>
                <CheckNow/>
                <To class="button" change=|view: View| view.to(Page::Collection)>"Import lists"</To>
            </div>
        }
        .into_any(),
        Note::FirstCheck(text) => view! {
            <div class="notice">
                <Icon name="people"/>
                <p><strong>"The first full check runs. "</strong>{text}" Names appear when it has ended."</p>
            </div>
        }
        .into_any(),
        Note::None => ().into_any(),
    }
    };
    view! {
        {shown(since)}
        {note}
    }
}

/// What was and was not observed in the period, and what it cost.
pub(super) fn seen(coverage: Memo<Coverage>) -> AnyView {
    let app = app();
    let gaps = move || {
        let gaps: Vec<Span> = coverage.with(|coverage| {
            coverage.spans.iter().filter(|span| span.state == SpanState::Gap).cloned().collect()
        });
        let zone = app.zone.get();
        let now = app.now.get();
        let more = gaps.len().saturating_sub(GAPS_NAMED);
        let line = |span: &Span| {
            let range = Range { from: span.from, to: span.to };
            let text = state::gap(range, span.reason.as_deref(), now, &zone);
            view! { <li>{text}</li> }
        };
        let lines = gaps.iter().rev().take(GAPS_NAMED).map(line).rows();
        let more = (more > 0).then(|| {
            let text = format!("and {} more", numbers::plural(more as u64, "gap", "gaps"));
            view! { <li><To change=|view: View| view.to(Page::Collection)>{text}</To></li> }
        });
        view! { <ul class="gaps">{lines}{more}</ul> }
    };
    let observed = move || {
        let share = coverage.with(|coverage| coverage.observed);
        if share >= 1.0 {
            "All of this period was observed.".to_owned()
        } else {
            format!("{} of this period was observed.", numbers::percent(share))
        }
    };
    let account = move |write: fn(&shared::api::Account) -> String| {
        move || app.account.with(|account| account.as_ref().map(write))
    };
    let last = move || {
        let (zone, now) = (app.zone.get(), app.now.get());
        app.account.with(|account| {
            let account = account.as_ref()?;
            let (last, next) =
                (state::last_check(account, now, &zone), state::next(account, now, &zone));
            Some(format!("{last} {next}"))
        })
    };
    view! {
        <h2>"What we saw"</h2>
        <p>{shown(observed)}</p>
        {shown(gaps)}
        <p class="note">{shown(last)}</p>
        <p class="note">
            {account(cost::line)}
            " "
            <To change=|view: View| view.to(Page::Collection)>"Spending"</To>
        </p>
    }
    .into_any()
}
