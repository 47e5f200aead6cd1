//! The bar under the bar: period, comparison, interval, zone, the link to all that.

use crate::address::{Comparison, Page};
use crate::app::app;
use crate::browser::{self, BrowserZone};
use crate::erase::{Rows as _, Show, attr, flag, on_click, on_value, shown};
use crate::parts::{CopyLink, Icon};
use crate::period;
use crate::shell::command;
use crate::shell::period_menu::PeriodMenu;
use crate::words::when;
use leptos::prelude::*;
use shared::api::Interval;

/// The filter bar.
#[component]
pub(super) fn Filters() -> impl IntoView {
    let app = app();
    let can = move |by: i64| {
        let period = app.seen(|view| view.period);
        app.with_frame(|frame| period.step(by, frame).is_some())
    };
    view! {
        <div class="filters" role="region" aria-label="Period and zone">
            <div class="filters-inside">
                <div class="filters-first">
                <div class="stepper">
                    <button type="button" class="icon-button" aria-label="Previous period" title="Previous period (←)"
                        disabled=flag(move || !can(-1)) on:click=on_click(move |_| command::step(app, -1))>
                        <Icon name="left"/>
                    </button>
                    <PeriodMenu/>
                    <button type="button" class="icon-button" aria-label="Next period" title="Next period (→)"
                        disabled=flag(move || !can(1)) on:click=on_click(move |_| command::step(app, 1))>
                        <Icon name="right"/>
                    </button>
                </div>
                <CopyLink/>
                </div>
                <div class="filters-choices">
                    // A list has no other period beside it and no buckets.
                    <Show when=flag(move || app.page.get() == Page::Overview)>
                        <ComparisonChoice/>
                        <IntervalChoice/>
                    </Show>
                    <ZoneChoice/>
                </div>
            </div>
            <p class="filters-told" role="status">
                {shown(move || app.zone_not_known().as_deref().map(when::no_zone))}
            </p>
        </div>
    }
}

fn comparison_label(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Previous => "period before",
        Comparison::Year => "year before",
        Comparison::Off => "nothing",
    }
}

#[component]
fn ComparisonChoice() -> impl IntoView {
    let app = app();
    let chosen = move || app.seen(|view| view.compare);
    let option = move |one: Comparison| {
        view! {
            <option value=one.slug() selected=flag(move || chosen() == one)>
                {comparison_label(one)}
            </option>
        }
    };
    let choose = move |slug: String| {
        let found = Comparison::ORDER.into_iter().find(|one| one.slug() == slug);
        app.change(|view| view.compare = found.unwrap_or_default());
    };
    view! {
        <label class="choice compare">
            <span>"Compare with"</span>
            <select title="Comparison (X)" on:change=on_value(choose)
                prop:value=attr(move || chosen().slug())>
                {Comparison::ORDER.into_iter().map(option).rows()}
            </select>
        </label>
    }
}

fn interval_label(interval: Interval) -> &'static str {
    match interval {
        Interval::Hour => "hour",
        Interval::Day => "day",
        Interval::Week => "week",
        Interval::Month => "month",
    }
}

#[component]
fn IntervalChoice() -> impl IntoView {
    let app = app();
    let options = move || {
        let option = |one: Interval| {
            let chosen = move || app.interval.get() == one;
            view! { <option value=one.as_str() selected=flag(chosen)>{interval_label(one)}</option> }
        };
        period::intervals(app.range.get()).into_iter().map(option).rows()
    };
    let choose = move |word: String| {
        app.change(|view| {
            view.interval = Interval::from_word(&word);
            view.day = None;
        });
    };
    view! {
        <label class="choice">
            <span>"By"</span>
            <select title="Interval (I)" on:change=on_value(choose)
                prop:value=attr(move || app.interval.get().as_str())>
                {shown(options)}
            </select>
        </label>
    }
}

/// The zone in which days are counted: the viewer's own and UTC first, then every other.
#[component]
fn ZoneChoice() -> impl IntoView {
    let app = app();
    let every = browser::zones();
    let options = move || {
        let own = app.settings.with(|settings| settings.zone.clone());
        // The last of them is UTC, whatever else there is.
        let mut names = vec![BrowserZone::new(&own.unwrap_or_else(browser::browser_zone)).name];
        names.push(app.zone.with(|zone| zone.name.clone()));
        names.retain(|name| name != "UTC");
        names.push("UTC".to_owned());
        names.dedup();
        let chosen = app.zone.with(|zone| zone.name.clone());
        let option = |name: String| {
            let text = name.replace('_', " ");
            let here = name == chosen;
            view! { <option value=name selected=here>{text}</option> }
        };
        let others: Vec<String> =
            every.iter().filter(|zone| !names.contains(zone)).cloned().collect();
        view! {
            <optgroup label="Yours">{names.into_iter().map(option).rows()}</optgroup>
            <optgroup label="Every other">{others.into_iter().map(option).rows()}</optgroup>
        }
    };
    let choose = move |name: String| {
        let own = app.settings.with_untracked(|settings| settings.zone.clone());
        let default = BrowserZone::new(&own.unwrap_or_else(browser::browser_zone)).name;
        app.change(|view| {
            view.zone = (name != default).then_some(name);
            view.day = None;
        });
    };
    view! {
        <label class="choice zone">
            <span>"Zone"</span>
            <select title="Days are counted in this zone"
                on:change=on_value(choose)
                prop:value=attr(move || app.zone.with(|zone| zone.name.clone()))>
                {shown(options)}
            </select>
        </label>
    }
}
