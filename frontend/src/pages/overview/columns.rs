//! Came and Left: the top of each list, or the people of the bucket that is picked.

use super::Shared;
use crate::address::{Page, View};
use crate::app::{App, app, today};
use crate::erase::{Memo, Show, effect, flag, memo, on_click, shown};
use crate::numbers;
use crate::pages::{about_account, range_pairs};
use crate::parts::{Icon, PersonRow, Segmented, To, panel};
use crate::remote::{Remote, remote};
use crate::words::{self, overview, state};
use leptos::prelude::*;
use shared::api::{EventKind, FollowerEvent, List, LossState, Reason, RosterFilter};
use shared::series::known;
use std::time::Duration;

/// Rows at the top of a column.
const ROWS: usize = 8;
/// Rows of a pinned bucket; one under the pointer keeps to [`ROWS`], so that nothing jumps.
const ROWS_PINNED: usize = 200;
/// A pointer that rests so long on a bucket asks for its people, where they are not here yet.
const REST: Duration = Duration::from_millis(180);

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Came,
    Left,
}

impl Side {
    fn word(self) -> &'static str {
        match self {
            Self::Came => "came",
            Self::Left => "left",
        }
    }

    fn of(self, event: &FollowerEvent) -> bool {
        match event.kind {
            EventKind::Followed | EventKind::Returned => self == Self::Came,
            EventKind::Lost => self == Self::Left,
            EventKind::Renamed => false,
        }
    }
}

/// Both columns; on a phone one of them at a time.
pub(super) fn columns(shared: Shared) -> impl IntoView {
    let side = RwSignal::new("came".to_owned());
    let picked = picked_people(shared);
    let reasoned = reasoned_people(shared);
    let app = app();
    let label = move || {
        let picked = shared.picked().and_then(|at| {
            shared.tide.with(|tide| {
                let bucket = tide.buckets.get(at)?;
                Some(format!("{}: {}", words::capital(&bucket.label), words::tide::moves(bucket)))
            })
        });
        picked.unwrap_or_else(|| {
            format!("Newest, {}", app.seen(|view| view.period).within(today(app)))
        })
    };
    let let_go = move || {
        shared.pinned.get().map(|_| {
            view! {
                <button type="button" class="quiet-button" on:click=on_click(move |_| app.change(|view| view.day = None))>
                    "Show the whole period" <kbd>"Esc"</kbd>
                </button>
            }
        })
    };
    view! {
        <section class="columns" class:picked=flag(move || shared.picked().is_some()) aria-label="Who came and who left">
            <div class="columns-head">
                <h2 class="columns-label">{shown(label)}</h2>
                {shown(let_go)}
            </div>
            <div class="columns-switch">
                <Segmented label="Which" options=vec![("came", "Came".to_owned()), ("left", "Left".to_owned())]
                    chosen=side choose=move |chosen| side.set(chosen)/>
            </div>
            <div class="two" data-side=side>
                {column(shared, Side::Came, shared.came, picked, reasoned)}
                {column(shared, Side::Left, shared.left, picked, reasoned)}
            </div>
        </section>
    }
}

/// The people of the picked bucket, where the lists of the whole period do not hold them all.
fn picked_people(shared: Shared) -> Remote<List<FollowerEvent>> {
    let app = app();
    let rested = RwSignal::new(None::<usize>);
    effect(move || {
        let at = shared.picked();
        if at.is_none() {
            rested.set(None);
            return;
        }
        set_timeout(
            move || {
                if shared.hovered.try_get_untracked().is_some() && untrack(|| shared.picked()) == at
                {
                    let _ = rested.try_set(at);
                }
            },
            REST,
        );
    });
    remote(move || {
        let at = rested.get()?;
        let whole = |list: Remote<List<FollowerEvent>>| {
            list.with(|list| list.is_some_and(|list| list.next_cursor.is_none()))
        };
        if whole(shared.came) && whole(shared.left) {
            return None;
        }
        let range = shared.tide.with(|tide| tide.buckets.get(at).map(|bucket| bucket.range))?;
        let pairs = [
            ("kind", "followed,returned,lost".to_owned()),
            ("from", range.from.rfc3339()),
            ("to", range.to.rfc3339()),
            ("muted", "false".to_owned()),
            ("limit", "200".to_owned()),
        ];
        let mut question = about_account(app, "/followers/events", &pairs)?;
        question.subject = format!("{} {at}", question.subject);
        Some(question)
    })
}

/// Those of the period who left for the chosen reason, where the list of all does not hold them.
fn reasoned_people(shared: Shared) -> Remote<List<FollowerEvent>> {
    let app = app();
    remote(move || {
        let reason = app.seen(|view| view.reason)?;
        if shared.left.with(|list| list.is_none_or(|list| list.next_cursor.is_none())) {
            return None;
        }
        let [from, to] = range_pairs(app);
        let pairs = [
            ("kind", "lost".to_owned()),
            ("reason", reason.as_str().to_owned()),
            from,
            to,
            ("muted", "false".to_owned()),
            ("limit", ROWS_PINNED.to_string()),
        ];
        let mut question = about_account(app, "/followers/events", &pairs)?;
        question.subject = format!("{} {reason}", question.subject);
        Some(question)
    })
}

/// The chosen reason, at the head of those who left; a press lists everyone again.
fn only(app: App) -> impl IntoView {
    shown(move || {
        let (word, class) = words::person::reason(app.seen(|view| view.reason)?);
        let all = move |_: leptos::ev::MouseEvent| app.change(|view| view.reason = None);
        Some(view! {
            <button type="button" class=format!("chip {class}") aria-label=format!("Only {word}: show everyone") on:click=on_click(all)>
                {word}<Icon name="close"/>
            </button>
        })
    })
}

fn column(
    shared: Shared,
    side: Side,
    list: Remote<List<FollowerEvent>>,
    picked: Remote<List<FollowerEvent>>,
    reasoned: Remote<List<FollowerEvent>>,
) -> impl IntoView {
    let app = app();
    let class = match side {
        Side::Came => "column came card",
        Side::Left => "column left card",
    };
    panel(list, class, move |list| {
        let reason = move || app.seen(|view| view.reason).filter(|_| side == Side::Left);
        let rows =
            memo(move || rows(shared, side, list, Others { picked, reasoned, reason: reason() }));
        let count = move || count(shared, side);
        let filter = match side {
            Side::Came => RosterFilter::New,
            Side::Left => RosterFilter::Left,
        };
        let all = move |view: View| View { filter: Some(filter), ..view.to(Page::Followers) };
        let heading = words::capital(side.word());
        view! {
            <header>
                <h3>{heading} <span class="number">{shown(count)}</span></h3>
                {(side == Side::Left).then(|| only(app))}
                <Show when=flag(move || shared.picked().is_none() && list.with(|list| list.items.len() > ROWS))>
                    <To change=all>{shown(move || people(shared, side))}</To>
                </Show>
            </header>
            <ul class="people">
                <For each=move || rows.get() key=|event| (event.id.clone(), event.state) let:event>
                    <PersonRow event=event/>
                </For>
            </ul>
            <Show when=flag(move || { more(shared, side, rows) > 0 })>
                <p class="note more">
                    {shown(move || format!("and {} more: click the bucket to see them", more(shared, side, rows)))}
                </p>
            </Show>
            <Show when=flag(move || rows.with(Vec::is_empty))>
                <Empty shared=shared side=side/>
            </Show>
        }
        .into_any()
    })
}

/// How many of a bucket under the pointer are not shown.
fn more(shared: Shared, side: Side, rows: Memo<Vec<FollowerEvent>>) -> u64 {
    let Some(at) = shared.hovered.get() else { return 0 };
    let all = shared.tide.with(|tide| {
        let bucket = tide.buckets.get(at)?;
        match side {
            Side::Came => bucket.came,
            Side::Left => bucket.left,
        }
    });
    let shown = rows.with(Vec::len);
    if shown < ROWS { 0 } else { all.unwrap_or(0).saturating_sub(shown as u64) }
}

/// The way to the list of all: it holds people, some of whom came or left more than once.
fn people(shared: Shared, side: Side) -> Option<String> {
    shared.series.with(|series| {
        let totals = &series?.totals;
        let people = match side {
            Side::Came => totals.people_came,
            Side::Left => totals.people_left,
        };
        Some(format!("All {}", numbers::plural(people, "person", "people")))
    })
}

/// The number at a column's head: the bucket's, else the period's.
fn count(shared: Shared, side: Side) -> Option<String> {
    let read = |came: Option<u64>, left: Option<u64>| match side {
        Side::Came => came,
        Side::Left => left,
    };
    if let Some(at) = shared.picked() {
        let number = shared
            .tide
            .with(|tide| tide.buckets.get(at).and_then(|bucket| read(bucket.came, bucket.left)));
        return number.map(numbers::count);
    }
    shared.series.with(|series| {
        let totals = &series.filter(|series| known(series))?.totals;
        read(Some(totals.gained), Some(totals.lost)).map(numbers::count)
    })
}

/// What is shown instead of the list of the whole period.
struct Others {
    /// The people of the picked bucket.
    picked: Remote<List<FollowerEvent>>,
    /// Those who left for the chosen reason.
    reasoned: Remote<List<FollowerEvent>>,
    reason: Option<Reason>,
}

fn rows(
    shared: Shared,
    side: Side,
    list: Memo<List<FollowerEvent>>,
    others: Others,
) -> Vec<FollowerEvent> {
    let Others { picked, reasoned, reason } = others;
    let wanted = |event: &&FollowerEvent| {
        let corrected = event.state == Some(LossState::Retracted);
        reason.is_none() || (event.reason == reason && !corrected)
    };
    let Some(at) = shared.picked() else {
        let most = if reason.is_some() { ROWS_PINNED } else { ROWS };
        let top =
            |items: &[FollowerEvent]| items.iter().filter(wanted).take(most).cloned().collect();
        let whole = list.with(|list| list.next_cursor.is_none());
        if reason.is_none() || whole {
            return list.with(|list| top(&list.items));
        }
        return reasoned.with(|list| list.map(|list| top(&list.items))).unwrap_or_default();
    };
    let Some(range) = shared.tide.with(|tide| tide.buckets.get(at).map(|bucket| bucket.range))
    else {
        return Vec::new();
    };
    let of_bucket = |events: &[FollowerEvent]| -> Vec<FollowerEvent> {
        let there = events.iter().filter(|event| side.of(event) && range.holds(event.at));
        let there = there.filter(wanted);
        there
            .take(if shared.hovered.get().is_some() { ROWS } else { ROWS_PINNED })
            .cloned()
            .collect()
    };
    if list.with(|list| list.next_cursor.is_none()) {
        return list.with(|list| of_bucket(&list.items));
    }
    picked.with(|picked| picked.map(|list| of_bucket(&list.items))).unwrap_or_default()
}

#[component]
fn Empty(shared: Shared, side: Side) -> impl IntoView {
    let app = app();
    let text = move || {
        let picked = shared.picked();
        let unseen = match picked {
            Some(at) => shared
                .tide
                .with(|tide| tide.buckets.get(at).is_some_and(crate::tide::Bucket::unseen)),
            None => shared.series.with(|series| series.is_some_and(|series| !known(series))),
        };
        if unseen {
            return overview::UNSEEN.to_owned();
        }
        let (zone, now) = (app.zone.get(), app.now.get());
        let last = app
            .account
            .with(|account| account.as_ref().map(|account| state::last_check(account, now, &zone)));
        overview::empty(side.word(), picked.is_some(), &last.unwrap_or_default())
    };
    view! { <p class="empty">{shown(text)}</p> }
}
