//! What the whole page shares. Owns: the address, the server's clock, the chosen account, what
//! lies over the page, and asking again when something new is known. Must not know: how any
//! panel looks. Invariant: everything here lives as long as the page does, so timers and
//! listeners may hold it.

mod amends;

use crate::address::{self, Page, View};
use crate::browser::{self, BrowserZone};
use crate::calendar::date_at;
use crate::erase::{Held, Memo, effect, memo};
use crate::fetching::Failure;
use crate::kept::Kept;
use crate::period::{self, Frame, Period, Range};
use crate::remote::{Question, Remote, remote};
use crate::settings::{Settings, Theme};
use crate::stream::Stream;
use crate::words;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::api::{Account, CollectorState, FollowerChange, FollowerEvent, Interval, List, Status};
use shared::id::UserId;
use shared::time::UnixMs;
use std::time::Duration;
use wasm_bindgen::prelude::Closure;

/// What lies over the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Layer {
    #[default]
    None,
    Keys,
    Palette,
    OwnAccount,
}

/// The shared state; a handful of signals, copied wherever they are needed.
#[derive(Clone, Copy)]
pub(crate) struct App {
    pub(crate) view: Held<View>,
    /// The page, apart from the rest of the address.
    pub(crate) page: Memo<Page>,
    /// The server's time; moves on every 5 s.
    pub(crate) now: RwSignal<UnixMs>,
    clock_ahead_ms: RwSignal<i64>,
    pub(crate) settings: RwSignal<Settings>,
    pub(crate) layer: RwSignal<Layer>,
    /// One line said at the bottom for a few seconds.
    pub(crate) said: RwSignal<Option<String>>,
    /// Whose "How we know" is open.
    pub(crate) how: RwSignal<Option<FollowerEvent>>,
    pub(crate) status: Remote<Status>,
    pub(crate) accounts: Remote<List<Account>>,
    pub(crate) account: Memo<Option<Account>>,
    /// The last change the viewer made to a person: who, and what.
    pub(crate) edited: RwSignal<Option<(UserId, FollowerChange)>>,
    /// Counts those changes: lists that leave muted people out ask again.
    pub(crate) edits: RwSignal<u64>,
    /// Counts what happened to the account's data: panels ask again when it changes.
    pub(crate) fresh: RwSignal<u64>,
    pub(crate) zone: Memo<BrowserZone>,
    pub(crate) range: Memo<Range>,
    pub(crate) interval: Memo<Interval>,
    /// The row of the page's long table that the keys have come to, from 1; 0 is none.
    pub(crate) row: RwSignal<usize>,
    /// Periods that were zoomed into, the last on top: from which, to which.
    zooms: RwSignal<Vec<(Period, Period)>>,
    /// X's archive, chosen where an account is begun, for the import to take.
    pub(crate) handed: StoredValue<Option<web_sys::File>, LocalStorage>,
    /// The rows of the long tables.
    pub(crate) kept: Kept,
    /// Counts changes of colours: canvases draw anew.
    pub(crate) recoloured: RwSignal<u64>,
    /// The live stream: one connection for the whole page.
    pub(crate) stream: Stream,
    /// The browser has a network.
    pub(crate) online: RwSignal<bool>,
}

/// The shared state, from anywhere below the root.
pub(crate) fn app() -> App {
    expect_context::<App>()
}

fn question(subject: &str, path: &str) -> Question {
    Question { subject: subject.to_owned(), path: path.to_owned(), edition: 0 }
}

fn of_address(text: &str) -> View {
    let (path, search) = text.split_once('?').unwrap_or((text, ""));
    address::read(path, search)
}

impl App {
    /// Makes it, at the root.
    pub(crate) fn provide() -> Self {
        let view = Held::new(of_address(&browser::address()));
        let page = memo(move || view.with(|view| view.page));
        let signed_in = memo(move || page.get() != Page::SignIn);
        let settings = RwSignal::new(Settings::load());
        let status = remote(|| Some(question("status", "/status")));
        let accounts: Remote<List<Account>> =
            remote(move || signed_in.get().then(|| question("accounts", "/accounts?limit=1000")));
        let account = memo(move || chosen(accounts, view));
        let now = RwSignal::new(UnixMs(browser::clock_ms()));
        let zone = memo(move || BrowserZone::new(&zone_name(view, settings)));
        let range = memo(move || {
            let zone = zone.get();
            let began = account.with(|account| began(account.as_ref(), now.get()));
            let frame = Frame { now: now.get(), zone: &zone, began };
            view.with(|view| view.period).range(&frame)
        });
        let interval = memo(move || period::interval(view.with(|view| view.interval), range.get()));
        let app = Self {
            view,
            page,
            now,
            clock_ahead_ms: RwSignal::new(0),
            settings,
            layer: RwSignal::new(Layer::None),
            said: RwSignal::new(None),
            how: RwSignal::new(None),
            status,
            accounts,
            account,
            edited: RwSignal::new(None),
            edits: RwSignal::new(0),
            fresh: RwSignal::new(0),
            zone,
            range,
            interval,
            row: RwSignal::new(0),
            zooms: RwSignal::new(Vec::new()),
            handed: StoredValue::new_local(None),
            kept: Kept::new(),
            recoloured: RwSignal::new(0),
            stream: Stream::provide(),
            online: RwSignal::new(browser::is_online()),
        };
        provide_context(app);
        app.keep_time();
        app.watch_account();
        app.watch_network();
        app.follow_address();
        app
    }

    /// Something of the address. A plain function, and not a closure each time: it is asked from
    /// everywhere.
    pub(crate) fn seen<T>(self, read: fn(&View) -> T) -> T {
        self.view.with(read)
    }

    /// Something of the chosen account.
    pub(crate) fn of_account<T>(self, read: fn(Option<&Account>) -> T) -> T {
        self.account.with(|account| read(account.as_ref()))
    }

    /// Whether the clock is the server's and the accounts are known: before that no question
    /// about a period could be right.
    pub(crate) fn ready(self) -> bool {
        self.status.settled() && self.accounts.settled()
    }

    /// Whether data comes from the simulator.
    pub(crate) fn simulated(self) -> bool {
        let account = self.account.with(|account| account.as_ref().map(|one| one.simulated));
        account.unwrap_or_else(|| {
            self.status.with(|status| status.is_some_and(|status| status.simulated))
        })
    }

    /// The zone that was asked for, if there is none of that name: times are in UTC then.
    pub(crate) fn zone_not_known(self) -> Option<String> {
        let name = zone_name(self.view, self.settings);
        BrowserZone::find(&name).is_none().then_some(name)
    }

    /// Why nothing can be shown of the chosen period, if so.
    pub(crate) fn period_trouble(self) -> Option<String> {
        let period = self.seen(|view| view.period);
        let zone = self.zone.with(|zone| zone.name.clone());
        let today = today(self);
        self.with_frame(|frame| period.trouble(frame))
            .map(|trouble| words::when::period_trouble(trouble, &period.label(today), &zone))
    }

    /// Runs with what periods are counted in.
    pub(crate) fn with_frame<T>(self, run: impl FnOnce(&Frame) -> T) -> T {
        let zone = self.zone.get();
        let now = self.now.get();
        let began = self.account.with(|account| began(account.as_ref(), now));
        run(&Frame { now, zone: &zone, began })
    }

    /// Goes to a view; Back leads here again.
    pub(crate) fn go(self, view: View) {
        self.visit(view, false);
    }

    /// Changes the view in place; Back leads to where one was before (for typing and sliding).
    pub(crate) fn replace(self, change: impl FnOnce(&mut View)) {
        let mut view = self.view.get_untracked();
        change(&mut view);
        self.visit(view, true);
    }

    /// Changes the view; Back undoes it.
    pub(crate) fn change(self, change: impl FnOnce(&mut View)) {
        let mut view = self.view.get_untracked();
        change(&mut view);
        self.visit(view, false);
    }

    /// Shows another period; its buckets are others, so none stays pinned.
    pub(crate) fn choose(self, period: Period) {
        if self.page.get_untracked().has_period() {
            self.change(|view| {
                view.period = period;
                view.day = None;
            });
        }
    }

    /// Shows a part of the period; [`Self::zoom_out`] leads back.
    pub(crate) fn zoom(self, period: Period) {
        let before = self.view.with_untracked(|view| view.period);
        let span = |period: Period| untrack(|| self.with_frame(|frame| period.span(frame)));
        // The whole of it is no part.
        if span(period) != span(before) {
            self.zooms.update(|zooms| {
                if zoomed_to(zooms, before).is_none() {
                    zooms.clear();
                }
                zooms.push((before, period));
            });
            self.choose(period);
        }
    }

    /// Whether the period was zoomed into.
    pub(crate) fn is_zoomed(self) -> bool {
        let period = self.seen(|view| view.period);
        self.zooms.with(|zooms| zoomed_to(zooms, period).is_some())
    }

    /// Back to the period before the zoom; `false` if none was zoomed into.
    pub(crate) fn zoom_out(self) -> bool {
        let period = self.view.with_untracked(|view| view.period);
        let Some(before) = self.zooms.with_untracked(|zooms| zoomed_to(zooms, period)) else {
            return false;
        };
        self.zooms.update(|zooms| {
            zooms.pop();
        });
        self.choose(before);
        true
    }

    /// Shows another account; what belongs to the one before stays behind.
    pub(crate) fn choose_account(self, id: String) {
        self.change(|view| {
            let page = view.page;
            *view = View { account: Some(id), ..view.to(page) };
        });
    }

    fn visit(self, mut view: View, replace: bool) {
        // Whoever goes on knows by now what could not be read.
        view.unread.clear();
        let before = self.view.get_untracked();
        if view == before {
            return;
        }
        browser::navigate(&address::write(&view), replace);
        let turned = view.page != before.page;
        self.view.set(view);
        if turned {
            self.row.set(0);
            browser::scroll_to_top();
        }
    }

    /// Says one line at the bottom of the page.
    pub(crate) fn say(self, text: impl Into<String>) {
        let text = text.into();
        self.said.set(Some(text.clone()));
        set_timeout(
            move || {
                // Only the line it was set for: a later one has its own time.
                self.said.update(|said| {
                    if said.as_ref() == Some(&text) {
                        *said = None;
                    }
                });
            },
            Duration::from_secs(5),
        );
    }

    /// Says why something failed.
    pub(crate) fn say_failure(self, failure: &Failure) {
        self.say(failure.said());
    }

    /// The viewer muted or noted someone: rows that show them follow at once.
    pub(crate) fn edit(self, id: UserId, change: FollowerChange) {
        self.edited.set(Some((id, change)));
        self.edits.update(|count| *count += 1);
    }

    /// Something of the account has changed: everything shown of it is asked again.
    pub(crate) fn renew(self) {
        self.accounts.again();
        self.fresh.update(|count| *count += 1);
    }

    /// Changes and remembers settings.
    pub(crate) fn set(self, change: impl FnOnce(&mut Settings)) {
        self.settings.update(change);
        self.settings.with_untracked(Settings::save);
        self.recoloured.update(|count| *count += 1);
    }

    /// Turns dark to light and back.
    pub(crate) fn turn_theme(self) {
        let theme = if browser::is_dark() { Theme::Light } else { Theme::Dark };
        self.set(|settings| settings.theme = theme);
    }

    /// The page's clock is the server's: browsers' clocks are wrong, and a simulated server
    /// lives in its own time.
    fn keep_time(self) {
        effect(move || {
            let Some(now) = self.status.with(|status| status.map(|status| status.now)) else {
                return;
            };
            self.clock_ahead_ms.set(now.0 - browser::clock_ms());
            self.now.set(now);
        });
        let tick = move || {
            let ahead = self.clock_ahead_ms.get_untracked();
            self.now.set(UnixMs(browser::clock_ms() + ahead));
        };
        set_interval(tick, Duration::from_secs(5));
        let recoloured = Closure::<dyn Fn()>::new(move || {
            self.recoloured.update(|count| *count += 1);
        });
        browser::on_system_theme(&recoloured);
        // The page's own: it lives until the tab closes.
        recoloured.forget();
    }

    /// Asks how the account stands: every 5 s while a check runs, every 60 s otherwise, not at
    /// all while nobody looks, at once when somebody looks again.
    fn watch_account(self) {
        let ticks = StoredValue::new(0_u32);
        let poll = move || {
            if browser::is_hidden() || self.page.get_untracked() == Page::SignIn {
                return;
            }
            ticks.update_value(|ticks| *ticks += 1);
            let busy = self.account.with_untracked(|account| account.as_ref().is_some_and(busy));
            let minute = ticks.get_value().is_multiple_of(12);
            if busy || minute {
                self.accounts.again();
            }
            if minute {
                // Clocks drift, and a simulated one is set now and then.
                self.status.again();
            }
        };
        set_interval(poll, Duration::from_secs(5));
        let _ = window_event_listener_untyped("visibilitychange", move |_| {
            if !browser::is_hidden() {
                self.accounts.again();
                // A laptop that slept, or a simulated clock that was set: ask for the time.
                self.status.again();
            }
        });
        Effect::new(move |before: Option<Option<Key>>| {
            let key = self.account.with(|account| account.as_ref().map(key));
            let same_account =
                matches!((&before, &key), (Some(Some(one)), Some(other)) if one.0 == other.0);
            if same_account && before != Some(key.clone()) {
                self.fresh.update(|count| *count += 1);
            }
            key
        });
    }

    fn follow_address(self) {
        browser::keep_places();
        let _ = window_event_listener_untyped("popstate", move |_| {
            self.view.set(of_address(&browser::address()));
        });
        let follow = Closure::<dyn Fn(String)>::new(move |path: String| self.go(of_address(&path)));
        browser::on_links(&follow);
        follow.forget();
        effect(move || {
            let name = match self.page.get() {
                Page::Overview => "Overview",
                Page::Followers => "Followers",
                Page::Tweets => "Tweets",
                Page::Live => "Live",
                Page::Collection => "Collection",
                Page::Lookups => "Look people up",
                Page::Settings => "Settings",
                Page::Connect => "Connect with X",
                Page::Begin => "Add an account",
                Page::SignIn => "Sign in",
                Page::NotFound => "Not found",
            };
            // An account begun by its id alone has no handle until X or an archive tells it.
            let out = self.page.get() == Page::SignIn;
            let handle = self.account.with(|one| {
                let named = one.as_ref().filter(|one| !out && !one.username.is_empty())?;
                Some(format!(" · @{}", named.username))
            });
            browser::set_title(&format!("{name}{} · Roost", handle.unwrap_or_default()));
        });
    }

    /// Trades the token of the address for a cookie, then leads the signed-out to sign-in.
    pub(crate) fn open_session() {
        let token = browser::take_token();
        if !token.is_empty() {
            browser::keep_token(&token);
            spawn_local(async move {
                // A token that is refused shows as a 401 of the next question.
                let _ = crate::api::sign_in(&token).await;
            });
        }
    }
}

/// From where a period was zoomed into, if the last zoom led to it: by another way there is no
/// way back.
fn zoomed_to(zooms: &[(Period, Period)], period: Period) -> Option<Period> {
    zooms.last().filter(|(_, to)| *to == period).map(|(from, _)| *from)
}

/// What of an account tells that its data has changed.
type Key = (String, [Option<UnixMs>; 3], Option<u64>);

fn key(account: &Account) -> Key {
    let collector = &account.collector;
    let times = [collector.last_check, account.x_count_at, account.tweets.last_read];
    (account.id.to_string(), times, account.followers)
}

fn busy(account: &Account) -> bool {
    matches!(account.collector.state, CollectorState::Checking | CollectorState::Waiting)
        || account.tweets.state == CollectorState::Checking
}

fn chosen(accounts: Remote<List<Account>>, view: Held<View>) -> Option<Account> {
    let wanted = view.with(|view| view.account.clone());
    accounts.with(|list| {
        let items = &list?.items;
        let named = wanted.and_then(|id| items.iter().find(|one| one.id.to_string() == id));
        named.or_else(|| items.first()).cloned()
    })
}

/// The oldest data of an account.
fn began(account: Option<&Account>, now: UnixMs) -> UnixMs {
    account.map_or(now, |one| one.first_snapshot.unwrap_or(one.created_at).min(one.created_at))
}

/// The name of the zone that was asked for: by the address, in the settings, by the browser.
fn zone_name(view: Held<View>, settings: RwSignal<Settings>) -> String {
    let name = view.with(|view| view.zone.clone());
    let name = name.or_else(|| settings.with(|settings| settings.zone.clone()));
    name.unwrap_or_else(browser::browser_zone)
}

/// Today in the viewer's zone.
pub(crate) fn today(app: App) -> crate::calendar::Date {
    date_at(app.now.get(), &app.zone.get())
}
