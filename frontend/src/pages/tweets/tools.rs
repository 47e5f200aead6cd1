//! What narrows the table, which columns it has, its file.

use super::{Shared, csv};
use crate::app::app;
use crate::browser;
use crate::erase::{Memo, Rows as _, attr, flag, memo, on_click, on_value, shown};
use crate::parts::{CsvMenu, MetricMenu, Search};
use crate::tweets::choice::{COLUMNS_MOST, Choice, Key, Sort};

use crate::tweets::metric;
use crate::words::tweets as words;
use leptos::prelude::*;
use shared::api::TweetKind;

/// The tools over the table.
#[component]
pub(super) fn Tools(shared: Shared) -> impl IntoView {
    let app = app();
    let open = RwSignal::new(false);
    // A phone has room for the search; the rest is a press away.
    let label = move || match app.seen(|view| view.tweets.filters()) {
        0 => "Filters".to_owned(),
        set => format!("Filters: {set}"),
    };
    view! {
        <div class="roster-tools tweet-tools" class:open=flag(move || open.get())>
            <Search label="Search tweets" placeholder="Words of the text"/>
            <button type="button" class="button filters-button" aria-expanded=attr(move || open.get().to_string())
                on:click=on_click(move |_| open.update(|open| *open = !*open))>
                {shown(label)}
            </button>
            <Chips/>
            <Selects shared=shared/>
        </div>
    }
}

/// What stands at the table's head: its order (on a phone), its columns, its file.
#[component]
pub(super) fn Ends(shared: Shared) -> impl IntoView {
    let app = app();
    let columns = memo(move || app.seen(|view| view.tweets.columns()));
    let turn = move |name: String| app.replace(|view| view.tweets.turn_column(&name));
    let partly =
        move || app.seen(|view| view.tweets.lang.is_some() || view.tweets.promoted.is_some());
    // The file knows fewer filters than the table.
    let label = move || if partly() { "CSV: every language, promoted or not" } else { "CSV" };
    view! {
        <div class="tools-end">
            {order()}
            <MetricMenu id="columns" icon="columns" label="Columns" known=shared.metrics chosen=columns
                most=COLUMNS_MOST turn=turn/>
            <CsvMenu id="tweet-files" label=Signal::derive(move || label().to_owned())
                class="quiet-button" tables=&[("These tweets", csv)]/>
        </div>
    }
}

/// Kinds, and whether only what was written in the period counts.
#[component]
fn Chips() -> impl IntoView {
    let app = app();
    let chip = move |label: &'static str,
                     on: fn(&Choice, TweetKind) -> bool,
                     kind: TweetKind,
                     act: fn(&mut Choice, TweetKind)| {
        let pressed = memo(move || app.view.with(|view| on(&view.tweets, kind)));
        view! {
            <button type="button" class="filter-chip" aria-pressed=attr(move || pressed.get().to_string())
                on:click=on_click(move |_| app.change(|view| act(&mut view.tweets, kind)))>
                {label}
            </button>
        }
    };
    let kinds = TweetKind::ALL.iter().map(|&kind| {
        chip(
            words::kind(kind).1,
            |choice, kind| choice.kinds.contains(&kind),
            kind,
            |choice, kind| {
                choice.turn_kind(kind);
            },
        )
    });
    let written = chip(
        "Written in the period",
        |choice, _| choice.written,
        TweetKind::Tweet,
        |choice, _| choice.written = !choice.written,
    );
    view! {
        <div class="filter-chips" role="group" aria-label="Filter">
            {kinds.rows()}
            {written}
        </div>
    }
}

/// A choice out of a list; `options` are values and texts.
fn select(
    label: &'static str,
    class: &'static str,
    options: impl Fn() -> Vec<(String, String)> + Send + Sync + 'static,
    chosen: Memo<String>,
    choose: impl FnMut(String) + 'static,
) -> AnyView {
    let option = move |(value, text): (String, String)| {
        let here = value.clone();
        view! { <option value=value selected=flag(move || chosen.with(|one| *one == here))>{text}</option> }
    };
    view! {
        <select class=class aria-label=label on:change=on_value(choose) prop:value=attr(move || chosen.get())>
            {shown(move || options().into_iter().map(option).rows())}
        </select>
    }
    .into_any()
}

/// Language and promotion.
#[component]
fn Selects(shared: Shared) -> impl IntoView {
    let app = app();
    let lang = memo(move || app.seen(|view| view.tweets.lang.clone()).unwrap_or_default());
    let languages = move || {
        let mut tags = shared.languages.get();
        tags.extend(Some(lang.get()).filter(|lang| !lang.is_empty() && !tags.contains(lang)));
        let named = tags.into_iter().map(|tag| (tag.clone(), browser::language_name(&tag)));
        let mut named: Vec<_> = named.collect();
        metric::sort_few(&mut named, |one, other| one.1 < other.1);
        named.insert(0, (String::new(), "Any language".to_owned()));
        named
    };
    let promoted = memo(move || {
        app.seen(|view| view.tweets.promoted).map_or_else(String::new, |on| on.to_string())
    });
    let promotions = || {
        [("", "Promoted or not"), ("true", "Promoted"), ("false", "Not promoted")]
            .map(|(value, text)| (value.to_owned(), text.to_owned()))
            .to_vec()
    };
    view! {
        {select("Language", "tweet-select", languages, lang, move |tag| {
            app.change(|view| view.tweets.lang = Some(tag).filter(|tag| !tag.is_empty()));
        })}
        {select("Promotion", "tweet-select", promotions, promoted, move |word| {
            app.change(|view| view.tweets.promoted = word.parse().ok());
        })}
    }
}

/// The order, where the table has no heads.
fn order() -> AnyView {
    let app = app();
    let sort = memo(move || app.seen(|view| view.tweets.sort.slug()));
    let sorts = move || {
        let metrics = app.seen(|view| view.tweets.columns());
        let mut keys = vec![Key::Created, Key::After];
        for name in metrics {
            keys.extend([Key::Metric(name.clone()), Key::Growth(name)]);
        }
        let named = |by: Key| (Sort { by: by.clone(), descending: true }.slug(), words::key(&by));
        let mut named: Vec<_> = keys.into_iter().map(named).collect();
        let now = sort.get();
        if !named.iter().any(|(slug, _)| *slug == now) {
            let text = Sort::of(&now).map(|sort| words::key(&sort.by)).unwrap_or_default();
            named.push((now, format!("{text}, turned round")));
        }
        named
    };
    select("Order", "tweet-select phone-only", sorts, sort, move |slug| {
        app.change(|view| view.tweets.sort = Sort::of(&slug).unwrap_or_default());
    })
}
