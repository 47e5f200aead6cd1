//! Carries commands out. Owns: the one key listener. Must not know: which key means what
//! ([`crate::keys`] does).

use crate::address::Page;
use crate::app::{App, Layer};
use crate::browser;
use crate::keys::{self, Command, Press};
use crate::period::{self, Period};
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen::JsCast as _;
use web_sys::KeyboardEvent;

/// How long `g` waits for its second key.
const WAIT: Duration = Duration::from_millis(1_500);

/// Listens for keys as long as the page lives.
pub(super) fn listen(app: App) {
    let waits = StoredValue::new(0_u32);
    let _ = window_event_listener_untyped("keydown", move |event| {
        let event: KeyboardEvent = event.unchecked_into();
        if event.is_composing()
            || event.default_prevented()
            || app.page.get_untracked() == Page::SignIn
        {
            return;
        }
        let waited = waits.get_value() > 0;
        waits.set_value(0);
        let letters = app.settings.with_untracked(|settings| settings.letters);
        let over = app.layer.get_untracked() != Layer::None;
        let press = press(&event, app.page.get_untracked());
        let meaning = keys::read(&press, waited, letters && !over);
        if meaning.waits {
            waits.set_value(1);
            set_timeout(move || waits.set_value(0), WAIT);
        }
        let Some(command) = meaning.command else { return };
        if command != Command::Escape {
            event.prevent_default();
        }
        run(app, command);
    });
}

fn press(event: &KeyboardEvent, page: Page) -> Press {
    let target = event.target().map(wasm_bindgen::JsValue::from).unwrap_or_default();
    Press {
        key: event.key(),
        chord: event.alt_key() || event.ctrl_key() || event.meta_key(),
        control: (event.ctrl_key() || event.meta_key()) && !event.alt_key(),
        shift: event.shift_key(),
        typing: browser::is_typing(&target),
        arrows_taken: browser::takes_arrows(&target),
        space_taken: browser::takes_space(&target),
        live: page == Page::Live,
        rows: page == Page::Tweets,
    }
}

/// Carries a command out.
pub(super) fn run(app: App, command: Command) {
    match command {
        Command::Period(preset) => {
            browser::close_popover("#period");
            app.choose(Period::Preset(preset));
        }
        Command::Custom => open_dates(app),
        Command::Earlier => step(app, -1),
        Command::Later => step(app, 1),
        Command::Interval => {
            let next =
                period::next_interval(app.interval.get_untracked(), app.range.get_untracked());
            with_tide(app, |view| {
                view.interval = Some(next);
                view.day = None;
            });
        }
        Command::Comparison => with_tide(app, |view| view.compare = view.compare.next()),
        Command::Search => search(app),
        Command::Row(by) => {
            app.row.update(|row| *row = row.saturating_add_signed(by).max(1));
        }
        Command::Go(page) => app.go(app.view.get_untracked().to(page)),
        Command::Account(at) => {
            let id =
                untrack(|| app.accounts.with(|list| Some(list?.items.get(at)?.id.to_string())));
            if let Some(id) = id {
                app.choose_account(id);
            }
        }
        Command::Help => app.layer.set(Layer::Keys),
        Command::Palette => app.layer.set(Layer::Palette),
        Command::Theme => app.turn_theme(),
        Command::Pause => {
            if app.page.get_untracked() == Page::Live {
                app.stream.toggle();
            }
        }
        Command::Escape => escape(app),
    }
}

/// Changes what only the page with the tide has.
fn with_tide(app: App, change: impl FnOnce(&mut crate::address::View)) {
    if app.page.get_untracked() == Page::Overview {
        app.change(change);
    }
}

/// To the period before or after.
pub(super) fn step(app: App, by: i64) {
    let period = app.view.with_untracked(|view| view.period);
    if let Some(next) = untrack(|| app.with_frame(|frame| period.step(by, frame))) {
        app.choose(next);
    }
}

/// Opens the picker at its dates.
fn open_dates(app: App) {
    if app.page.get_untracked().has_period() {
        browser::toggle_popover("#period");
        set_timeout(
            || {
                browser::focus_on("#period-first");
            },
            Duration::from_millis(30),
        );
    }
}

fn search(app: App) {
    if matches!(app.page.get_untracked(), Page::Followers | Page::Tweets) {
        browser::focus_on("#search");
        return;
    }
    app.go(app.view.get_untracked().to(Page::Followers));
    set_timeout(
        || {
            browser::focus_on("#search");
        },
        Duration::from_millis(60),
    );
}

/// Lets go of the innermost thing: a drawer, then a pinned day, then a zoom. Dialogs and menus
/// close by themselves.
fn escape(app: App) {
    if app.layer.get_untracked() != Layer::None || browser::popover_is_open() {
        return;
    }
    let (person, day) = app.view.with_untracked(|view| (view.person.is_some(), view.day.is_some()));
    if app.view.with_untracked(|view| view.tweets.open.is_some()) {
        app.change(|view| view.tweets.open = None);
    } else if person {
        app.change(|view| view.person = None);
    } else if day {
        app.change(|view| view.day = None);
    } else if app.page.get_untracked() == Page::Overview {
        app.zoom_out();
    }
}
