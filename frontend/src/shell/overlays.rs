//! Dialogs of the whole page: keys, the palette, "Use my account".

use crate::app::{Layer, app};
use crate::erase::{Rows as _, Show, attr, effect, flag, memo, on_click, on_key, on_value, shown};
use crate::keys::{self, Entry};
use crate::parts::Dialog;
use crate::shell::command;
use crate::words::begin;
use leptos::html;
use leptos::prelude::*;

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
        <Dialog title="Find a command" open=Signal::derive(open(Layer::Palette)) closed=closed(Layer::Palette) class="palette">
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

/// A list of every command, narrowed by typing.
#[component]
fn Palette() -> impl IntoView {
    let app = app();
    let entries = StoredValue::new(keys::entries());
    let typed = RwSignal::new(String::new());
    let at = RwSignal::new(0_usize);
    let found = memo(move || {
        let found = entries.with_value(|entries| keys::matching(entries, &typed.get()));
        found.into_iter().map(|entry| entry.label).collect::<Vec<_>>()
    });
    let run = move |label: String| {
        let command = entries.with_value(|entries| {
            entries.iter().find(|entry| entry.label == label).map(|entry| entry.command)
        });
        app.layer.set(Layer::None);
        if let Some(command) = command {
            command::run(app, command);
        }
    };
    let keydown = move |event: leptos::ev::KeyboardEvent| {
        let last = found.with_untracked(Vec::len).saturating_sub(1);
        match event.key().as_str() {
            "ArrowDown" => at.update(|at| *at = (*at + 1).min(last)),
            "ArrowUp" => at.update(|at| *at = at.saturating_sub(1)),
            "Enter" => {
                if let Some(label) =
                    found.with_untracked(|found| found.get(at.get_untracked()).cloned())
                {
                    run(label);
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
    let option = move |(index, label): (usize, String)| {
        let chosen = move || (at.get() == index).to_string();
        let entry = entries.with_value(|all| all.iter().find(|one| one.label == label).cloned());
        let name = label.clone();
        view! {
            <li role="option" id=format!("command-{index}") aria-selected=attr(chosen) on:click=on_click(move |_| run(name.clone()))>
                <span>{label}</span>
                <span>{entry.as_ref().map(key_caps)}</span>
            </li>
        }
    };
    view! {
        <input node_ref=input type="text" class="palette-input" placeholder="Type a command" role="combobox"
            aria-expanded="true" aria-controls="commands" aria-label="Command" autocomplete="off"
            aria-activedescendant=attr(move || format!("command-{}", at.get()))
            on:keydown=on_key(keydown)
            on:input=on_value(move |value| {
                typed.set(value);
                at.set(0);
            })/>
        <ul id="commands" role="listbox" aria-label="Commands">
            {shown(move || found.get().into_iter().enumerate().map(option).rows())}
        </ul>
        <Show when=flag(move || found.with(Vec::is_empty))>
            <p class="note">"No such command."</p>
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
