//! Small parts that many panels share. Owns: pictures, times, links, icons, panels with their
//! states, menus, dialogs. Must not know: any page. Invariant: every state of a panel has the
//! size of its content, so that nothing jumps.

mod copy_link;
mod csv_menu;
mod icon;
mod layer;
mod metric_menu;
mod panel;
mod person;
mod search;

pub(crate) use copy_link::{CopyLink, CopyText};
pub(crate) use csv_menu::CsvMenu;
pub(crate) use icon::{Icon, Mark};
pub(crate) use layer::{Dialog, Menu};
pub(crate) use metric_menu::MetricMenu;
pub(crate) use panel::{Failed, panel, quiet_panel};
pub(crate) use person::{Avatar, EventChip, HowWeKnow, Known, Name, PersonRow};
pub(crate) use search::Search;

use crate::address::{self, View};
use crate::app::app;
use crate::erase::{Rows as _, attr, on_click};
use crate::words::when;
use leptos::prelude::*;
use shared::time::UnixMs;

/// A link to a view made from the current one.
#[component]
pub(crate) fn To(
    /// What is different there.
    #[prop(into)]
    change: Callback<View, View>,
    #[prop(into, optional)] class: String,
    children: Children,
) -> impl IntoView {
    let app = app();
    let href = move || address::write(&change.run(app.view.get()));
    view! { <a class=class href=attr(href)>{children()}</a> }
}

/// A time in a list: how long ago, the exact time on hover.
#[component]
pub(crate) fn Ago(at: UnixMs) -> impl IntoView {
    let app = app();
    let text = move || app.zone.with(|zone| when::ago(at, app.now.get(), zone));
    view! { <Timed at=at text=text/> }
}

/// A time as day and clock, the exact time on hover.
#[component]
pub(crate) fn Moment(at: UnixMs) -> impl IntoView {
    let app = app();
    let text = move || app.zone.with(|zone| when::moment(at, app.now.get(), zone));
    view! { <Timed at=at text=text/> }
}

#[component]
fn Timed(at: UnixMs, #[prop(into)] text: Signal<String>) -> impl IntoView {
    let app = app();
    let exact = move || app.zone.with(|zone| when::exact(at, zone, &zone.name));
    view! { <time datetime=at.rfc3339() title=attr(exact)>{text}</time> }
}

/// One of a few choices that are all in sight.
#[component]
pub(crate) fn Segmented(
    /// Names the group.
    label: &'static str,
    /// Value and text of each.
    options: Vec<(&'static str, String)>,
    #[prop(into)] chosen: Signal<String>,
    #[prop(into)] choose: Callback<String>,
) -> impl IntoView {
    let button = move |(value, text): (&'static str, String)| {
        let pressed = move || chosen.with(|chosen| chosen == value).to_string();
        view! {
            <button type="button" aria-pressed=attr(pressed) on:click=on_click(move |_| choose.run(value.to_owned()))>
                {text}
            </button>
        }
    };
    view! {
        <div class="segmented" role="group" aria-label=label>
            {options.into_iter().map(button).rows()}
        </div>
    }
}
