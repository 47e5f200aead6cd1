//! Dialogs of the whole page: keys, the palette, "Use my account".

use crate::address::{Page, View};
use crate::app::{Layer, app};
use crate::erase::{
    Memo, Rows as _, Show, attr, effect, flag, memo, on_click, on_key, on_value, shown,
};
use crate::keys::{self, Entry};
use crate::pages::about_account;
use crate::parts::{Avatar, Dialog};
use crate::remote::{Remote, remote};
use crate::shell::command;
use crate::words::begin;
use crate::words::person::names;
use leptos::html;
use leptos::prelude::*;
use shared::api::{Follower, List, Person};
use std::time::Duration;

/// All of them; one is open at a time.
#[component]
pub(super) fn Overlays() -> impl IntoView {
    let app = app();
    let open = move |layer: Layer| move || app.layer.get() == layer;
    let closed = move |layer: Layer| {
        move |()| {
            if app.layer.get_untracked() == layer {
                app.layer.set(Layer::None);
            }
        }
    };
    view! {
        <Dialog title="Keys" open=Signal::derive(open(Layer::Keys)) closed=closed(Layer::Keys) class="keys">
            {keys_list}
        </Dialog>
        <Dialog title="Find a command or a person" open=Signal::derive(open(Layer::Palette)) closed=closed(Layer::Palette) class="palette">
            <Palette/>
        </Dialog>
        <Dialog title="Use my account" open=Signal::derive(open(Layer::OwnAccount)) closed=closed(Layer::OwnAccount) class="own-account">
            {own_account}
        </Dialog>
    }
}

fn key_caps(entry: &Entry) -> impl IntoView + use<> {
    entry.keys.iter().map(|key| view! { <kbd>{*key}</kbd> }).rows()
}

fn keys_list() -> impl IntoView {
    let row = |entry: Entry| {
        view! {
            <div>
                <dt>{entry.label.clone()}</dt>
                <dd>{key_caps(&entry)}</dd>
            </div>
        }
    };
    let entries = keys::entries().into_iter().filter(|entry| !entry.keys.is_empty());
    view! {
        <dl class="key-list">{entries.map(row).rows()}</dl>
        <p class="note">
            "On the tide: ← and → pick, Enter pins, Esc lets go, dragging zooms. Single keys can be \
             switched off in Settings."
        </p>
    }
}

/// One line of the palette.
#[derive(Clone, PartialEq)]
enum Line {
    /// By its label, which is its own.
    Command(String),
    Person(Person),
}

/// People are searched for from so many letters on.
const LETTERS_MIN: usize = 2;
/// Typing that rests so long is a search.
const REST: Duration = Duration::from_millis(150);
/// So many people stand under the commands.
const PEOPLE_MOST: usize = 6;

/// The people of the account whom the words typed find, a moment after they were.
fn people(typed: RwSignal<String>) -> Remote<List<Follower>> {
    let app = app();
    let rested = RwSignal::new(String::new());
    effect(move || {
        let now = typed.get();
        set_timeout(
            move || {
                if typed.try_with_untracked(|later| *later == now) == Some(true) {
                    let _ = rested.try_set(now);
                }
            },
            REST,
        );
    });
    remote(move || {
        let words = rested.with(|words| words.trim().to_owned());
        let enough = words.chars().count() >= LETTERS_MIN;
        let pairs =
            [("q", words), ("sort", "-followers".to_owned()), ("limit", PEOPLE_MOST.to_string())];
        let mut question = about_account(app, "/followers", &pairs).filter(|_| enough)?;
        // Whoever was found by other words is not shown for these.
        question.subject = format!("{} {}", question.subject, question.path);
        Some(question)
    })
}

fn entry_of(entries: StoredValue<Vec<Entry>>, label: &str) -> Option<Entry> {
    entries.with_value(|all| all.iter().find(|entry| entry.label == label).cloned())
}

fn inside(entries: StoredValue<Vec<Entry>>, line: &Line) -> AnyView {
    match line {
        Line::Command(label) => {
            let entry = entry_of(entries, label);
            view! {
                <span>{label.clone()}</span>
                <span>{entry.as_ref().map(key_caps)}</span>
            }
            .into_any()
        }
        Line::Person(person) => {
            let (name, handle) = names(person);
            view! {
                <Avatar person=person.clone()/>
                <span class="who">
                    <span class="name">{name}</span>
                    <span class="handle">{handle}</span>
                </span>
            }
            .into_any()
        }
    }
}

/// The commands that the words typed find, then the people.
fn found(
    entries: StoredValue<Vec<Entry>>,
    typed: RwSignal<String>,
    people: Remote<List<Follower>>,
) -> Memo<Vec<Line>> {
    memo(move || {
        let found = entries.with_value(|entries| keys::matching(entries, &typed.get()));
        let commands = found.into_iter().map(|entry| Line::Command(entry.label));
        let short = typed.with(|typed| typed.trim().chars().count() < LETTERS_MIN);
        let people = people.with(|list| list.map(|list| list.items.clone()).unwrap_or_default());
        let people = people.into_iter().filter(|_| !short).map(|one| Line::Person(one.user));
        commands.chain(people).collect::<Vec<_>>()
    })
}

/// A list of every command, narrowed by typing, and the people whom it finds.
#[component]
fn Palette() -> impl IntoView {
    let app = app();
    let entries = StoredValue::new(keys::entries());
    let typed = RwSignal::new(String::new());
    let at = RwSignal::new(0_usize);
    let people = people(typed);
    let found = found(entries, typed, people);
    let run = move |line: Line| {
        app.layer.set(Layer::None);
        match line {
            Line::Command(label) => {
                if let Some(entry) = entry_of(entries, &label) {
                    command::run(app, entry.command);
                }
            }
            Line::Person(person) => {
                let view = app.view.get_untracked().to(Page::Followers);
                app.go(View { person: Some(person.id.to_string()), ..view });
            }
        }
    };
    let keydown = move |event: leptos::ev::KeyboardEvent| {
        let last = found.with_untracked(Vec::len).saturating_sub(1);
        match event.key().as_str() {
            "ArrowDown" => at.update(|at| *at = (*at + 1).min(last)),
            "ArrowUp" => at.update(|at| *at = at.saturating_sub(1)),
            "Enter" => {
                if let Some(line) =
                    found.with_untracked(|found| found.get(at.get_untracked()).cloned())
                {
                    run(line);
                }
            }
            _ => return,
        }
        event.prevent_default();
    };
    let input = NodeRef::<html::Input>::new();
    effect(move || {
        if let Some(input) = input.get() {
            let _ = input.focus();
        }
    });
    let option = move |(index, line): (usize, Line)| {
        let chosen = move || (at.get() == index).to_string();
        let inside = inside(entries, &line);
        view! {
            <li role="option" id=format!("command-{index}") aria-selected=attr(chosen) on:click=on_click(move |_| run(line.clone()))>
                {inside}
            </li>
        }
    };
    let nothing = move || found.with(Vec::is_empty) && people.settled();
    view! {
        <input node_ref=input type="text" class="palette-input" placeholder="Type a command, or a name" role="combobox"
            aria-expanded="true" aria-controls="commands" aria-label="Command or name" autocomplete="off"
            aria-activedescendant=attr(move || format!("command-{}", at.get()))
            on:keydown=on_key(keydown)
            on:input=on_value(move |value| {
                typed.set(value);
                at.set(0);
            })/>
        <ul id="commands" role="listbox" aria-label="Commands and people">
            {shown(move || found.get().into_iter().enumerate().map(option).rows())}
        </ul>
        <Show when=flag(nothing)>
            <p class="note">"No such command, and nobody of that name."</p>
        </Show>
    }
}

fn own_account() -> impl IntoView {
    let step = |(title, text): (&'static str, &'static str)| {
        // Commands between backticks are set as code.
        let parts = text.split('`').enumerate().map(|(index, part)| {
            if index % 2 == 1 { view! { <code>{part}</code> }.into_any() } else { part.into_any() }
        });
        view! {
            <li>
                <strong>{title}</strong>
                <p>{parts.rows()}</p>
            </li>
        }
    };
    view! {
        <p>"What you see is made up by a simulator on this machine. Your own account takes three steps:"</p>
        <ol class="steps">{begin::OWN_ACCOUNT.into_iter().map(step).rows()}</ol>
        <p class="note">"The README tells the same at length, under “Deploy”."</p>
    }
}
