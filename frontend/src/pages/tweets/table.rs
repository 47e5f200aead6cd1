//! The long table: pages fetched ahead of the scroll, rows drawn for the window alone. Owns:
//! fetching, windowing, the keys. Must not know: what stands in a row (`tweets::rows` does), or
//! its elements (`js/rows.js`). Invariant: of an answer only the rows in the window are read.

use super::{Shared, pairs};
use crate::address::{self, View, with_query};
use crate::app::{App, app};
use crate::erase::{Memo, Rows as _, Show, attr, effect, flag, memo, on_click, on_key, shown};
use crate::fetching::Failure;
use crate::kept::Asked;
use crate::order::sorted;
use crate::paging::{Ask, Pages, Window, window};
use crate::parts::{Failed, Icon};
use crate::row_list::{self, Rows};
use crate::tweets::choice::Key;
use crate::tweets::metric;
use crate::tweets::rows::{self, Basis, Head};
use crate::{api, browser};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::api::TweetItem;
use shared::time::MINUTE_MS;
use std::time::Duration;
use wasm_bindgen::JsValue;

/// Rows of one page, as many as the API gives: 10,000 tweets are ten questions.
const PAGE_ROWS: u32 = 1_000;
/// The next page is asked for when so few rows are left below: a page takes longer than a flick.
const AHEAD_ROWS: usize = 300;
/// Pixels of a row; on a phone it is a card.
const ROW_PX: usize = 60;
const CARD_PX: usize = 118;
/// As far as one key moves.
const SCREEN_ROWS: isize = 10;

fn row_px() -> usize {
    if browser::is_narrow() { CARD_PX } else { ROW_PX }
}

/// What a drawn row depends on besides its tweet.
type Drawn = (Vec<String>, i64, String, String, u64);

#[derive(Clone, Copy)]
struct Loader {
    app: App,
    shared: Shared,
    /// Tweets as the browser has them.
    pages: StoredValue<Pages<JsValue>, LocalStorage>,
    /// Counts what happened to `pages`.
    beat: RwSignal<u64>,
    question: Memo<Option<Asked>>,
    /// Rows drawn of late, by their place, for as long as what they depend on is the same.
    kept: StoredValue<(Drawn, Vec<(usize, String)>), LocalStorage>,
}

impl Loader {
    fn new(shared: Shared) -> Self {
        let app = app();
        let begun = StoredValue::new(false);
        let question = memo(move || {
            let id = app.account.with(|one| one.as_ref().map(|one| one.id))?;
            // Whoever follows a link to one tweet sees it first.
            let open = app.seen(|view| view.tweets.open.is_some());
            if open && !begun.get_value() {
                return None;
            }
            begun.set_value(true);
            Some((format!("/accounts/{id}/tweets"), pairs(app), app.fresh.get()))
        });
        Self {
            app,
            shared,
            pages: app.kept.tweets,
            beat: app.kept.tweets_beat,
            question,
            kept: StoredValue::new_local(Default::default()),
        }
    }

    /// Reads the pages, now and whenever they change.
    fn with<T>(self, read: fn(&Pages<JsValue>) -> T) -> T {
        self.beat.track();
        self.pages.with_value(read)
    }

    fn count(self) -> usize {
        self.with(|pages| pages.rows.len())
    }

    /// Changes the pages; answers that come after the table has gone change nothing.
    fn update<T>(self, change: impl FnOnce(&mut Pages<JsValue>) -> T) -> Option<T> {
        let result = self.pages.try_update_value(change);
        let _ = self.beat.try_update(|beat| *beat += 1);
        result
    }

    fn fetch(self, ask: Ask) {
        let Some((path, mut pairs, _)) = self.question.get_untracked() else { return };
        pairs.push(("limit", PAGE_ROWS.to_string()));
        if let Some(cursor) = &ask.cursor {
            pairs.push(("cursor", cursor.clone()));
        }
        let path = with_query(&path, &pairs);
        spawn_local(async move {
            match api::raw(&path).await {
                Ok(answer) => {
                    let (items, next) = row_list::list(&answer);
                    self.learn(&items);
                    self.update(|pages| pages.add(ask.turn, items.to_vec(), next));
                }
                Err(failure) => {
                    self.update(|pages| pages.fail(ask, failure));
                }
            }
        });
    }

    /// What there is to choose from grows with what has been seen.
    fn learn(self, items: &js_sys::Array) {
        let (metrics, languages) = row_list::names(items);
        for (known, new) in [(self.shared.metrics, metrics), (self.shared.languages, languages)] {
            let fresh = |list: &Vec<String>| new.iter().any(|name| !list.contains(name));
            if known.try_with_untracked(fresh) == Some(true) {
                let _ = known.try_update(|list| {
                    list.extend(new);
                    metric::sort(list);
                    list.dedup();
                });
            }
        }
    }

    fn retry(self) {
        if let Some(ask) = self.update(Pages::go_on).flatten() {
            self.fetch(ask);
        }
    }

    fn item(self, at: usize) -> Option<TweetItem> {
        self.pages.with_value(|pages| pages.rows.get(at).cloned()).and_then(api::read)
    }

    /// The rows of a window as a JSON list.
    fn texts(self, shown: Window) -> String {
        let app = self.app;
        let columns = app.seen(|view| view.tweets.columns());
        let minute = app.now.get().0.div_euclid(MINUTE_MS);
        let zone = app.zone.get();
        let closed = app.view.with(|view| {
            let mut view = view.clone();
            view.tweets.open = None;
            address::write(&view)
        });
        let query = closed.split_once('?').map(|(_, query)| format!("?{query}"));
        let query = query.unwrap_or_default();
        let drawn = (columns, minute, zone.name.clone(), query, self.beat.get());
        let texts = self.kept.try_update_value(|(of, kept)| {
            if *of != drawn {
                *of = drawn;
                kept.clear();
            }
            kept.retain(|(at, _)| (shown.first..shown.last).contains(at));
            let (columns, _, name, query, _) = &*of;
            let basis =
                Basis { columns, now: app.now.get_untracked(), zone: &zone, zone_name: name };
            for at in shown.first..shown.last {
                if kept.iter().any(|(one, _)| *one == at) {
                    continue;
                }
                // A row that cannot be read leaves its place empty, and the others alone.
                let text = self.item(at).and_then(|item| {
                    let href = format!("/tweets/{}{query}", item.id);
                    serde_json::to_string(&rows::row(&item, href, &basis)).ok()
                });
                kept.push((at, text.unwrap_or_default()));
            }
            *kept = sorted(std::mem::take(kept), |one, other| one.0.cmp(&other.0));
            let texts: Vec<&str> = kept
                .iter()
                .map(|(_, text)| text.as_str())
                .filter(|text| !text.is_empty())
                .collect();
            format!("[{}]", texts.join(","))
        });
        texts.unwrap_or_default()
    }
}

/// Asks when the question changes.
fn follow(loader: Loader, shown: Memo<Window>) {
    Effect::new(move |before: Option<Option<Asked>>| {
        let asked = loader.question.get();
        let Some((path, pairs, _)) = &asked else { return asked };
        // A reading that ended while one is far down would take the place away.
        let same = matches!(&before, Some(Some((one, other, _))) if one == path && other == pairs);
        if same && shown.with_untracked(|window| window.first > 0) {
            return asked;
        }
        let (kept, first) = (loader.app.kept, before.flatten().is_none());
        if let Some(asked) = &asked {
            // Back leads to the rows that were here.
            if first && kept.has_tweets(asked) {
                loader.update(|_| ());
                return Some(asked.clone());
            }
            kept.ask_tweets(asked, first);
        }
        if let Some(ask) = loader.update(Pages::restart) {
            loader.fetch(ask);
        }
        asked
    });
    effect(move || {
        let last = shown.get().last;
        // The rows that came may not fill the window yet: looked at again when they are here.
        let count = loader.count();
        let more = loader
            .pages
            .with_value(|pages| !pages.complete() && !pages.waiting() && pages.failure.is_none());
        let due = count > 0 && more && last + AHEAD_ROWS >= count;
        if due && let Some(ask) = loader.update(Pages::go_on).flatten() {
            loader.fetch(ask);
        }
    });
}

/// The table.
#[component]
pub(super) fn Table(shared: Shared) -> impl IntoView {
    let loader = Loader::new(shared);
    let app = loader.app;
    let host = NodeRef::<html::Div>::new();
    let rows = Rows::empty();
    let place = RwSignal::new((0_usize, 900_usize, row_px()));
    let measure = move || {
        if let Some(host) = host.get_untracked() {
            let (scrolled, height) = browser::scrolled(&host);
            let _ = place.try_set((scrolled, height, row_px()));
        }
    };
    let scroll = window_event_listener_untyped("scroll", move |_| measure());
    let resize = window_event_listener_untyped("resize", move |_| measure());
    on_cleanup(move || {
        scroll.remove();
        resize.remove();
    });
    let shown = memo(move || {
        let (scrolled, height, row_px) = place.get();
        window(loader.count(), row_px, scrolled, height)
    });
    follow(loader, shown);
    effect(move || {
        let Some(host) = host.get() else { return };
        let window = shown.get();
        let texts = loader.texts(window);
        rows.show(&host, window.first, place.with(|place| place.2), &texts);
    });
    keep_row(loader, host, rows);
    let stale = move || loader.with(|pages| pages.stale && !pages.rows.is_empty());
    let height = move || format!("{}px", loader.count() * place.with(|place| place.2));
    let total = move || {
        let (complete, rows) = loader.with(|pages| (pages.complete(), pages.rows.len()));
        if complete { (rows + 1).to_string() } else { "-1".to_owned() }
    };
    let current = move || {
        app.row.get().checked_sub(1).filter(|at| *at < loader.count()).map(|at| format!("row-{at}"))
    };
    let columns = memo(move || app.seen(|view| view.tweets.columns()));
    let heads = move || rows::heads(&columns.get()).into_iter().map(head).rows();
    let template = move || format!("repeat({}, minmax(80px, 96px))", columns.with(Vec::len));
    let wide = move || columns.with(Vec::len) > 5;
    let empty = move || loader.count() == 0;
    view! {
        <div class="tweet-table card" class:stale=flag(stale) class:wide=flag(wide) style:--metrics=template>
            <div id="rows" role="grid" aria-label="Tweets" tabindex="0" data-arrows aria-rowcount=attr(total)
                aria-activedescendant=attr(current) on:keydown=on_key(move |event| keydown(loader, &event))>
                <div role="rowgroup" class="tweet-head" hidden=flag(empty)>
                    <div role="row" class="tweet-row">{shown_heads(heads)}</div>
                </div>
                <div role="rowgroup" class="tweet-rows" style:height=height node_ref=host></div>
            </div>
            {foot(loader)}
        </div>
    }
}

fn shown_heads(heads: impl Fn() -> Vec<AnyView> + Send + Sync + 'static) -> AnyView {
    shown(heads).into_any()
}

/// A column's head: a button for its number, and one for the number under it.
fn head(head: Head) -> AnyView {
    let app = app();
    let button = move |key: Key, label: String, title: String| {
        let by = key.clone();
        let state = memo(move || app.view.with(|view| view.tweets.sort.state(&by)));
        let icon = move || match state.get() {
            "descending" => Some(view! { <Icon name="down"/> }),
            "ascending" => Some(view! { <Icon name="up"/> }),
            _ => None,
        };
        let turn =
            move |_| app.change(|view| view.tweets.sort = view.tweets.sort.clicked(key.clone()));
        view! {
            <button type="button" title=title class:sorted=flag(move || state.get() != "none") on:click=on_click(turn)>
                {label}
                {shown(icon)}
            </button>
        }
        .into_any()
    };
    let of = [head.key.clone(), head.under.clone()];
    let sorted = move || {
        app.view.with(|view| {
            let states = of.iter().flatten().map(|key| view.tweets.sort.state(key));
            states.into_iter().find(|state| *state != "none").unwrap_or("none")
        })
    };
    let sortable = head.key.is_some();
    let under = head.under.map(|key| {
        button(key, "in period".to_owned(), format!("{}: growth in the period", head.label))
    });
    let inside = match head.key {
        Some(key) => button(key, head.label, head.title),
        None => view! { <span>{head.label}</span> }.into_any(),
    };
    view! {
        <div role="columnheader" class=head.class aria-sort=attr(move || sortable.then(&sorted))>
            {head.family.map(|family| view! { <span class="family">{family}</span> })}
            {inside}
            {under}
        </div>
    }
    .into_any()
}

/// Follows the row that the keys have come to: it is marked and in sight, and while a tweet is
/// open it is the one that opens.
fn keep_row(loader: Loader, host: NodeRef<html::Div>, rows: Rows) {
    let app = loader.app;
    effect(move || {
        let row = app.row.get();
        // Only keys move the window: rows that come meanwhile must not.
        let count = loader.pages.with_value(|pages| pages.rows.len());
        if count > 0 && row > count {
            app.row.set(count);
            return;
        }
        let at = row.checked_sub(1).filter(|_| count > 0);
        rows.choose(at);
        let (Some(at), Some(host)) = (at, host.get_untracked()) else { return };
        let px = row_px();
        row_list::bring_into_view(&host, at * px, px);
        if app.view.with_untracked(|view| view.tweets.open.is_some())
            && let Some(item) = loader.item(at)
        {
            app.replace(|view| view.tweets.open = Some(item.id.to_string()));
        }
    });
    // A tweet opened by its link is where the keys go on from.
    let open = memo(move || app.seen(|view| view.tweets.open.clone()));
    effect(move || {
        let Some(id) = open.get() else { return };
        let here = |row: &JsValue| {
            js_sys::Reflect::get(row, &"id".into()).ok().and_then(|id| id.as_string())
        };
        let at = loader.pages.with_value(|pages| {
            pages.rows.iter().position(|row| here(row).as_deref() == Some(id.as_str()))
        });
        let row = at.map_or(0, |at| at + 1);
        if row != app.row.get_untracked() {
            app.row.set(row);
        }
    });
}

fn keydown(loader: Loader, event: &leptos::ev::KeyboardEvent) {
    let app = loader.app;
    if event.alt_key() || event.ctrl_key() || event.meta_key() {
        return;
    }
    let count = loader.pages.with_value(|pages| pages.rows.len());
    let by = match event.key().as_str() {
        "ArrowDown" => 1,
        "ArrowUp" => -1,
        "PageDown" => SCREEN_ROWS,
        "PageUp" => -SCREEN_ROWS,
        "Home" => isize::MIN / 2,
        "End" => isize::try_from(count).unwrap_or(0),
        "Enter" => {
            let row = app.row.get_untracked();
            // Enter on a head sorts.
            let on_grid = event.target() == event.current_target();
            if let Some(item) =
                row.checked_sub(1).filter(|_| on_grid).and_then(|at| loader.item(at))
            {
                event.prevent_default();
                app.change(|view| view.tweets.open = Some(item.id.to_string()));
            }
            return;
        }
        _ => return,
    };
    event.prevent_default();
    app.row.update(|row| *row = row.saturating_add_signed(by).clamp(1, count.max(1)));
}

/// Under the rows: waiting, failed, empty, or the end.
fn foot(loader: Loader) -> impl IntoView {
    let slow = RwSignal::new(false);
    let waiting = memo(move || loader.with(Pages::waiting));
    effect(move || {
        slow.set(false);
        if waiting.get() {
            let late = move || {
                let _ = slow.try_set(untrack(|| waiting.try_get()).unwrap_or(false));
            };
            set_timeout(late, Duration::from_millis(crate::fetching::SLOW_MS));
        }
    });
    let failure = memo(move || -> Option<Failure> { loader.with(|pages| pages.failure.clone()) });
    let empty =
        move || loader.with(|pages| pages.rows.is_empty() && pages.complete() && !pages.stale);
    view! {
        <Show when=flag(move || slow.get() && !loader.with(|pages| pages.stale && !pages.rows.is_empty()))>
            <div class="skeleton rows"></div>
        </Show>
        <Show when=flag(move || failure.with(Option::is_some))>
            <Failed failure=move || failure.get() retry=move |()| loader.retry()/>
        </Show>
        <Show when=flag(empty)>{nothing(loader.app)}</Show>
    }
}

fn nothing(app: App) -> impl IntoView {
    let narrowed = |view: &View| view.tweets.narrows() || !view.query.trim().is_empty();
    let text = move || {
        if app.view.with(narrowed) {
            return "No tweet like that.".to_owned();
        }
        let (zone, now) = (app.zone.get(), app.now.get());
        app.of_account(|one| one.map(|one| one.tweets.clone())).map_or_else(String::new, |tweets| {
            format!("No tweets yet. {}", crate::words::tweets::stand(&tweets, now, &zone))
        })
    };
    let clear = move |_| {
        app.change(|view| {
            view.tweets.widen();
            view.query = String::new();
        });
    };
    view! {
        <div class="empty">
            <p>{shown(text)}</p>
            <Show when=flag(move || app.view.with(narrowed))>
                <button type="button" class="button" on:click=on_click(clear)>"Show every tweet"</button>
            </Show>
        </div>
    }
}
