//! The table itself: rows on screen and a few around them, pages fetched ahead of the scroll.
//! Owns: fetching and windowing. Must not know: what the filters mean.

use super::{pairs, row_px};
use crate::address::{Narrow, SortBy, with_query};
use crate::app::{App, app};
use crate::calendar::date_at;
use crate::erase::{Memo, Show, attr, effect, flag, memo, on_click, shown};
use crate::fetching::Failure;
use crate::kept::Asked;
use crate::numbers;
use crate::paging::{Ask, Pages, Window, window};
use crate::parts::{Ago, Avatar, Failed, Icon, Name};
use crate::words::{person, state};
use crate::{api, browser};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::api::{Departure, Follower, List};
use shared::time::UnixMs;
use std::time::Duration;

/// Rows of one page.
const PAGE_ROWS: u32 = 200;

#[derive(Clone, Copy)]
struct Loader {
    app: App,
    pages: RwSignal<Pages<Follower>>,
    /// What is asked, without its cursor.
    question: Memo<Option<Asked>>,
}

impl Loader {
    fn fetch(self, ask: Ask) {
        let Some((path, mut pairs, _)) = self.question.get_untracked() else { return };
        pairs.push(("limit", PAGE_ROWS.to_string()));
        if let Some(cursor) = &ask.cursor {
            pairs.push(("cursor", cursor.clone()));
        }
        let path = with_query(&path, &pairs);
        spawn_local(async move {
            let answer = api::get::<List<Follower>>(&path).await;
            let _ = self.pages.try_update(|pages| match answer {
                Ok(list) => pages.add(ask.turn, list.items, list.next_cursor),
                Err(failure) => pages.fail(ask, failure),
            });
        });
    }

    fn retry(self) {
        if let Some(ask) = self.pages.try_update(Pages::go_on).flatten() {
            self.fetch(ask);
        }
    }
}

fn loader() -> Loader {
    let app = app();
    let question = memo(move || {
        let id = app.account.with(|one| one.as_ref().map(|one| one.id))?;
        Some((format!("/accounts/{id}/followers"), pairs(app), app.fresh.get()))
    });
    Loader { app, pages: app.kept.followers, question }
}

/// Asks when the question changes; patches rows that the viewer changed.
fn follow(loader: Loader, shown: Memo<Window>) {
    Effect::new(move |before: Option<Option<Asked>>| {
        let asked = loader.question.get();
        let Some((path, pairs, _)) = &asked else { return asked };
        // A check that ended while one reads far down would take the place away: the rows
        // there are as good as they were.
        let same = matches!(&before, Some(Some((one, other, _))) if one == path && other == pairs);
        if same && shown.with_untracked(|window| window.first > 0) {
            return asked;
        }
        let (kept, first) = (loader.app.kept, before.flatten().is_none());
        if let Some(asked) = &asked {
            // Back leads to the rows that were here.
            if first && kept.has_followers(asked) {
                return Some(asked.clone());
            }
            kept.ask_followers(asked, first);
        }
        if let Some(ask) = loader.pages.try_update(Pages::restart) {
            loader.fetch(ask);
        }
        asked
    });
    effect(move || {
        let Some((id, change)) = loader.app.edited.get() else { return };
        loader.pages.update(|pages| {
            for row in pages.rows.iter_mut().filter(|row| row.user.id == id) {
                row.muted = change.muted.unwrap_or(row.muted);
                if let Some(note) = &change.note {
                    row.note = Some(note.clone()).filter(|note| !note.is_empty());
                }
            }
        });
    });
}

/// The table.
#[component]
pub(super) fn Table() -> impl IntoView {
    let loader = loader();
    let body = NodeRef::<html::Tbody>::new();
    let place = RwSignal::new((0_usize, 900_usize));
    let measure = move || {
        if let Some(body) = body.get_untracked() {
            let _ = place.try_set(browser::scrolled(&body));
        }
    };
    let scroll = window_event_listener_untyped("scroll", move |_| measure());
    let resize = window_event_listener_untyped("resize", move |_| measure());
    on_cleanup(move || {
        scroll.remove();
        resize.remove();
    });
    let leavers = memo(move || leavers(loader.app));
    let heads =
        shown(move || if leavers.get() { heads_of_leavers() } else { heads_of_followers() });
    let shown = memo(move || {
        let rows = loader.pages.with(|pages| pages.rows.len());
        let (scrolled, height) = place.get();
        window(rows, row_px(), scrolled, height)
    });
    follow(loader, shown);
    effect(move || {
        let last = shown.get().last;
        // The rows that came may not fill the window yet: looked at again when they are here.
        loader.pages.with(|pages| pages.rows.len());
        if let Some(ask) = loader
            .pages
            .try_maybe_update(|pages| {
                let ask = pages.due(last).filter(|ask| ask.cursor.is_some());
                (ask.is_some(), ask)
            })
            .flatten()
        {
            loader.fetch(ask);
        }
    });
    let stale = move || loader.pages.with(|pages| pages.stale && !pages.rows.is_empty());
    // Where nobody in the list follows, no row need say so.
    let all_gone = move || loader.app.seen(|view| view.filter).is_some_and(super::of_the_gone);
    let count = move || {
        let complete = loader.pages.with(Pages::complete);
        if complete {
            loader.pages.with(|pages| pages.rows.len() + 1).to_string()
        } else {
            "-1".to_owned()
        }
    };
    view! {
        <div class="roster card" class:stale=flag(stale) class:all-gone=flag(all_gone) class:leavers=flag(move || leavers.get())>
            <table aria-rowcount=attr(count)>
                <thead>
                    <tr>
                        <Head by=SortBy::Name label="Person"/>
                        <Head by=SortBy::Followers label="Followers"/>
                        {heads}
                    </tr>
                </thead>
                <tbody node_ref=body>{rows(loader, shown)}</tbody>
            </table>
            {foot(loader)}
        </div>
    }
}

/// Whether the list is of who left.
fn leavers(app: App) -> bool {
    app.seen(|view| view.filter.is_some_and(super::is_of_leavers))
}

fn heads_of_followers() -> AnyView {
    view! {
        <Head by=SortBy::Since label="Since"/>
        <Head by=SortBy::Changed label="Last change"/>
    }
    .into_any()
}

fn heads_of_leavers() -> AnyView {
    view! {
        <th scope="col" class="why"><span>"Why"</span></th>
        <th scope="col" class="stayed"><span>"Followed for"</span></th>
        <Head by=SortBy::Left label="Left"/>
    }
    .into_any()
}

/// A column's head: a button that sorts.
#[component]
fn Head(by: SortBy, label: &'static str) -> impl IntoView {
    let app = app();
    let sort = memo(move || app.seen(|view| super::sorted(view.sort, view.filter)));
    let state = move || match sort.get() {
        sort if sort.by != by => "none",
        sort if sort.descending => "descending",
        _ => "ascending",
    };
    let icon = move || match state() {
        "descending" => Some(view! { <Icon name="down"/> }),
        "ascending" => Some(view! { <Icon name="up"/> }),
        _ => None,
    };
    view! {
        <th scope="col" aria-sort=attr(state) class=by.slug()>
            <button type="button" on:click=on_click(move |_| app.change(|view| view.sort = sort.get_untracked().clicked(by)))>
                {label}
                {shown(icon)}
            </button>
        </th>
    }
}

/// The rows of the window between two rows that are as high as all the others.
fn rows(loader: Loader, shown: Memo<Window>) -> impl IntoView {
    let items = move || {
        let Window { first, last, .. } = shown.get();
        loader.pages.with(|pages| {
            let rows = pages.rows.get(first..last.min(pages.rows.len())).unwrap_or_default();
            rows.iter().cloned().enumerate().map(|(at, row)| (first + at, row)).collect::<Vec<_>>()
        })
    };
    let spacer = move |px: fn(Window) -> usize| {
        move || {
            let px = px(shown.get());
            (px > 0).then(|| {
                view! { <tr aria-hidden="true" class="spacer"><td colspan="5" style:height=format!("{px}px")></td></tr> }
            })
        }
    };
    // A changed row (muted, noted) is another row: the key holds what is drawn of it.
    let key = |(at, row): &(usize, Follower)| {
        let left = row.left.map(|left| (left.at, left.state, left.reason));
        let shown = (row.muted, row.note.is_some(), row.following, row.last_change);
        (*at, row.user.id, shown, left)
    };
    view! {
        {spacer(|window| window.above_px)}
        <For each=items key=key let:item>{row(item.0, item.1)}</For>
        {spacer(|window| window.below_px)}
    }
}

fn row(at: usize, row: Follower) -> impl IntoView {
    let app = app();
    let id = row.user.id.to_string();
    let open = {
        let id = id.clone();
        move |click: leptos::ev::MouseEvent| {
            // With a key held the link opens elsewhere, and not here too.
            if !(click.ctrl_key() || click.meta_key() || click.shift_key()) {
                app.change(|view| view.person = Some(id.clone()));
            }
        }
    };
    let chosen = move || app.view.with(|view| view.person.as_deref() == Some(id.as_str()));
    let verified = row.verified.map(|mark| {
        view! { <span class="verified" title=person::verified(mark)><Icon name="check"/></span> }
    });
    let note = row.note.clone().map(|note| {
        view! { <span class="has-note" title=note><Icon name="note"/><span class="hidden">"Has a note"</span></span> }
    });
    let muted = row.muted.then(|| view! { <span class="chip quiet">"muted"</span> });
    let mutual = (row.following && row.mutual == Some(true))
        .then(|| view! { <span class="chip quiet" title="You follow each other">"mutual"</span> });
    let gone = (!row.following)
        .then(|| view! { <span class="chip quiet gone-chip">"does not follow"</span> });
    let cells = match row.left.filter(|_| untrack(|| leavers(app))) {
        Some(left) => of_leaver(app, row.since, left),
        None => of_follower(row.since, row.last_change),
    };
    let theirs = row
        .followers
        .map(|count| view! { <span title=numbers::count(count)>{numbers::compact(count)}</span> });
    view! {
        <tr aria-rowindex=(at + 2).to_string() class:chosen=flag(chosen) on:click=on_click(open)>
            <th scope="row">
                <div class="cell-person">
                    <Avatar person=row.user.clone()/>
                    <Name person=row.user/>
                    {verified}
                    {note}
                    {mutual}
                    {muted}
                    {gone}
                </div>
            </th>
            <td class="number followers">{theirs}</td>
            {cells}
        </tr>
    }
}

fn of_follower(since: Option<UnixMs>, changed: Option<UnixMs>) -> AnyView {
    let since = match since {
        Some(at) => view! { <Ago at=at/> }.into_any(),
        None => view! { <span class="note" title="Followed when tracking began">"before tracking"</span> }.into_any(),
    };
    let changed = changed.map(|at| view! { <Ago at=at/> });
    view! {
        <td class="since">{since}</td>
        <td class="changed">{changed}</td>
    }
    .into_any()
}

/// Why, for how long they had followed, and when they left.
fn of_leaver(app: App, since: Option<UnixMs>, left: Departure) -> AnyView {
    let (word, class) = person::left_chip(&left);
    let began = app.account.with_untracked(|one| one.as_ref().and_then(|one| one.first_snapshot));
    let stayed = person::stayed(since, left.at, began);
    view! {
        <td class="why"><span class=format!("chip {class}") title=person::how_sure(&left)>{word}</span></td>
        <td class="stayed">{stayed}</td>
        <td class="left-at"><Ago at=left.at/></td>
    }
    .into_any()
}

/// Under the rows: waiting, failed, empty, or the end.
fn foot(loader: Loader) -> impl IntoView {
    let slow = RwSignal::new(false);
    let waiting = memo(move || loader.pages.with(Pages::waiting));
    effect(move || {
        slow.set(false);
        if waiting.get() {
            let late = move || {
                let _ = slow.try_set(untrack(|| waiting.try_get()).unwrap_or(false));
            };
            set_timeout(late, Duration::from_millis(crate::fetching::SLOW_MS));
        }
    });
    let failure =
        memo(move || -> Option<Failure> { loader.pages.with(|pages| pages.failure.clone()) });
    let empty = move || {
        loader.pages.with(|pages| pages.rows.is_empty() && pages.complete() && !pages.stale)
    };
    view! {
        <Show when=flag(move || slow.get() && !loader.pages.with(|pages| pages.stale && !pages.rows.is_empty()))>
            <div class="skeleton rows"></div>
        </Show>
        <Show when=flag(move || failure.with(Option::is_some))>
            <Failed failure=move || failure.get() retry=move |()| loader.retry()/>
        </Show>
        <Show when=flag(empty)>{empty_words(loader.app)}</Show>
    }
}

fn empty_words(app: App) -> impl IntoView {
    let text = move || {
        let (zone, now) = (app.zone.get(), app.now.get());
        let view = app.view.get();
        let narrowed = view.filter.is_some() || !view.query.trim().is_empty();
        app.account.with(|account| {
            let Some(account) = account else { return String::new() };
            let before = view.as_of.is_some_and(|date| {
                account.first_snapshot.is_some_and(|first| date < date_at(first, &zone))
            });
            if account.first_snapshot.is_none() {
                crate::words::overview::first_day(account)
            } else if before {
                state::before_tracking(account, now, &zone)
            } else if narrowed {
                format!("No one like that. {}", state::last_check(account, now, &zone))
            } else {
                state::last_check(account, now, &zone)
            }
        })
    };
    let clear = move |_| {
        app.change(|view| {
            view.filter = None;
            view.reason = None;
            view.narrow = Narrow::default();
            view.query = String::new();
            view.as_of = None;
        });
    };
    let narrowed = move || {
        app.seen(|view| {
            view.filter.is_some() || view.as_of.is_some() || !view.query.trim().is_empty()
        })
    };
    view! {
        <div class="empty">
            <p>{shown(text)}</p>
            <Show when=flag(narrowed)>
                <button type="button" class="button" on:click=on_click(clear)>"Show everyone"</button>
            </Show>
        </div>
    }
}
