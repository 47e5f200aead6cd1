//! What passes: words, language, country, rule, area. All of it is in the address.

use super::Shared;
use crate::app::{App, app};
use crate::browser;
use crate::erase::{Rows as _, Show, attr, flag, on_click, on_value, shown};
use crate::live::counts::code_text;
use crate::live::filter::Choice as Chosen;
use crate::order::sorted;
use crate::parts::Icon;
use crate::words::live as words;
use leptos::prelude::*;
use shared::text::shorten;
use std::time::Duration;

/// Letters of a rule that are shown.
const RULE_LETTERS: usize = 32;

/// Languages most tweets are in; others can be asked for by the address.
const LANGUAGES: [&str; 20] = [
    "ar", "de", "en", "es", "fa", "fr", "hi", "in", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th",
    "tr", "uk", "vi", "zh",
];
/// Typing pauses so long before it is asked for.
const TYPED: Duration = Duration::from_millis(350);

/// The bar on the map.
#[component]
pub(super) fn Filters(shared: Shared) -> impl IntoView {
    let app = app();
    let open = RwSignal::new(false);
    let count = move || app.seen(|view| view.live.filters());
    let face = move || match count() {
        0 => "Filter".to_owned(),
        count => format!("Filter ({count})"),
    };
    let clear = move |_| app.change(|view| view.live.unfilter());
    view! {
        <div class="map-filters" class:open=flag(move || open.get())>
            <button type="button" class="button filters-button" aria-expanded=attr(move || open.get().to_string())
                on:click=on_click(move |_| open.update(|open| *open = !*open))>
                <Icon name="filter"/>
                {shown(face)}
            </button>
            <div class="filters-fields" role="search" aria-label="Filter the stream">
                <Words/>
                {choice(&LANGUAGE, shared)}
                {choice(&COUNTRY, shared)}
                <Rules shared=shared/>
                <Area/>
                <Show when=flag(move || { count() > 0 })>
                    <button type="button" class="quiet-button" on:click=on_click(clear)>"Clear"</button>
                </Show>
            </div>
        </div>
    }
}

/// Words that all must be in the text.
#[component]
fn Words() -> impl IntoView {
    let app = app();
    let turn = StoredValue::new(0_u32);
    let typed = move |text: String| {
        turn.update_value(|turn| *turn = turn.wrapping_add(1));
        let mine = turn.get_value();
        set_timeout(
            move || {
                if turn.try_get_value() == Some(mine) {
                    app.replace(|view| view.live.words = text);
                }
            },
            TYPED,
        );
    };
    view! {
        <label class="words-field">
            <span class="hidden">"Words"</span>
            <Icon name="search"/>
            <input type="search" placeholder="Words in the text" autocomplete="off" maxlength="200"
                prop:value=attr(move || app.seen(|view| view.live.words.clone()))
                on:input=on_value(typed)/>
        </label>
    }
}

/// Value and text of what can be chosen.
type Options = Vec<(String, String)>;

/// One of many, or any. Plain functions: one list is like the other.
struct Choice {
    label: &'static str,
    every: &'static str,
    read: fn(&Chosen) -> String,
    write: fn(&mut Chosen, Option<String>),
    options: fn(App, Shared) -> Options,
}

const LANGUAGE: Choice = Choice {
    label: "Language",
    every: "Any language",
    read: |chosen| chosen.lang.join(","),
    write: |chosen, tag| chosen.lang = tag.into_iter().collect(),
    options: |_, _| languages(),
};

const COUNTRY: Choice = Choice {
    label: "Country",
    every: "Any country",
    read: |chosen| chosen.country.join(","),
    write: |chosen, code| chosen.country = code.into_iter().collect(),
    options: |app, _| countries(app),
};

const RULE: Choice = Choice {
    label: "Rule",
    every: "Any rule",
    read: |chosen| chosen.rule.clone().unwrap_or_default(),
    write: |chosen, tag| chosen.rule = tag,
    options: |_, shared| rules(shared),
};

fn choice(choice: &'static Choice, shared: Shared) -> AnyView {
    let app = app();
    let value = move || app.view.with(|view| (choice.read)(&view.live));
    let rows = move || {
        let mut options = (choice.options)(app, shared);
        let now = value();
        if !now.is_empty() && !options.iter().any(|(value, _)| *value == now) {
            options.push((now.clone(), now.replace(',', ", ")));
        }
        let row = |(option, text): (String, String)| {
            let selected = option == now;
            view! { <option value=option selected=selected>{text}</option> }
        };
        options.into_iter().map(row).rows()
    };
    let choose = move |value: String| {
        let value = Some(value).filter(|value| !value.is_empty());
        app.change(|view| (choice.write)(&mut view.live, value));
    };
    view! {
        <label class="choice">
            <span class="hidden">{choice.label}</span>
            <select on:change=on_value(choose) prop:value=attr(value) class:set=flag(move || !value().is_empty())>
                <option value="">{choice.every}</option>
                {shown(rows)}
            </select>
        </label>
    }
    .into_any()
}

fn languages() -> Options {
    let name =
        |tag: &str| (tag.to_owned(), browser::language_name(if tag == "in" { "id" } else { tag }));
    sorted(LANGUAGES.into_iter().map(name).collect(), |one, other| one.1.cmp(&other.1))
}

/// Countries that tweets came from so far.
fn countries(app: App) -> Options {
    // Their set alone: a list that is made anew each second cannot be chosen from.
    let codes = app.stream.known_countries.get();
    let all: Vec<_> = codes
        .into_iter()
        .map(|code| {
            let code = code_text(code);
            let name = browser::region_name(&code);
            (code, name)
        })
        .collect();
    sorted(all, |one, other| one.1.cmp(&other.1))
}

/// Rules by their tags.
fn rules(shared: Shared) -> Options {
    shared.rules.with(|rules| {
        let tags = rules.into_iter().flat_map(|rules| &rules.items).filter_map(|rule| {
            let tag = rule.tag.clone().or_else(|| rule.id.clone())?;
            let text = rule.tag.clone().unwrap_or_else(|| rule.value.clone());
            Some((tag, shorten(&text, RULE_LETTERS)))
        });
        tags.collect()
    })
}

/// By rule, where there are any.
#[component]
fn Rules(shared: Shared) -> impl IntoView {
    let app = app();
    let any = move || !rules(shared).is_empty() || app.seen(|view| view.live.rule.is_some());
    view! {
        <Show when=flag(any)>{choice(&RULE, shared)}</Show>
    }
}

/// The area that was drawn.
#[component]
fn Area() -> impl IntoView {
    let app = app();
    move || {
        app.seen(|view| view.live.area).map(|area| {
            view! {
                <button type="button" class="chip area-chip" title="Take the area away"
                    on:click=on_click(move |_| app.change(|view| view.live.area = None))>
                    {words::area(area)}
                    <Icon name="close"/>
                </button>
            }
        })
    }
}
