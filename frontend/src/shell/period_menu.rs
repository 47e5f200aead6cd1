//! The period picker: presets with their keys, and any dates.

use crate::app::{app, today};
use crate::browser;
use crate::calendar::Date;
use crate::erase::{Rows as _, attr, effect, flag, memo, on_click, on_submit, on_value, shown};
use crate::parts::{Icon, Menu};
use crate::period::{Period, Preset, dates_label};
use leptos::prelude::*;

/// The picker.
#[component]
pub(super) fn PeriodMenu() -> impl IntoView {
    let app = app();
    let label = move || {
        let period = app.seen(|view| view.period);
        period.label(today(app))
    };
    let dates = move || {
        let period = app.seen(|view| view.period);
        let (first, last) = app.with_frame(|frame| period.span(frame));
        dates_label(first, last, today(app))
    };
    let face = move || {
        view! {
            <Icon name="calendar"/>
            <span class="period-label">{shown(label)}</span>
            <Icon name="chevron"/>
        }
    };
    view! {
        <Menu id="period" label=move || format!("Period: {}, {}", label(), dates()) class="period-button" face=face>
            <div class="period-menu">
                <div class="presets">{presets()}</div>
                <CustomDates/>
            </div>
        </Menu>
    }
}

fn presets() -> impl IntoView {
    let app = app();
    let item = move |preset: Preset| {
        let chosen =
            move || (app.seen(|view| view.period) == Period::Preset(preset)).then_some("true");
        view! {
            <button type="button" class="menu-item" aria-current=attr(chosen)
                on:click=on_click(move |_| {
                    browser::close_popover("#period");
                    app.choose(Period::Preset(preset));
                })>
                {preset.label()}
                <kbd>{preset.key().to_ascii_uppercase().to_string()}</kbd>
            </button>
        }
    };
    let group = move |group: u8| {
        let of_group = Preset::ORDER.into_iter().filter(move |preset| preset.group() == group);
        view! { <div class="preset-group">{of_group.map(item).rows()}</div> }
    };
    (0..=4).map(group).rows()
}

/// First and last day, by the browser's own date fields: they speak every locale and need no
/// pointer.
#[component]
fn CustomDates() -> impl IntoView {
    let app = app();
    let span = memo(move || {
        let period = app.seen(|view| view.period);
        app.with_frame(|frame| period.span(frame))
    });
    let first = RwSignal::new(String::new());
    let last = RwSignal::new(String::new());
    effect(move || {
        let (from, to) = span.get();
        first.set(from.iso());
        last.set(to.iso());
    });
    let read = move || Some((Date::parse(&first.get())?, Date::parse(&last.get())?));
    let apply = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some((one, other)) = untrack(read) {
            browser::close_popover("#period");
            app.choose(Period::between(one, other, untrack(|| today(app))));
        }
    };
    let latest = move || today(app).iso();
    view! {
        <form class="custom-dates" on:submit=on_submit(apply)>
            <strong>"Any dates" <kbd>"C"</kbd></strong>
            <label>
                <span>"First day"</span>
                <input id="period-first" type="date" max=attr(latest) prop:value=first
                    on:input=on_value(move |value| first.set(value))/>
            </label>
            <label>
                <span>"Last day"</span>
                <input type="date" max=attr(latest) prop:value=last
                    on:input=on_value(move |value| last.set(value))/>
            </label>
            <button type="submit" class="button primary" disabled=flag(move || read().is_none())>
                "Show these days"
            </button>
        </form>
    }
}
