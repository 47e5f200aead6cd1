//! A menu of tables to save: each plain, and as Excel reads it.

use crate::app::{App, app};
use crate::browser;
use crate::erase::{Rows as _, attr, on_click, shown};
use crate::parts::{Icon, Menu};
use leptos::prelude::*;

/// What a table holds, and its address, which ends in a query.
pub(crate) type Table = (&'static str, fn(App) -> String);

/// The menu under a button.
#[component]
pub(crate) fn CsvMenu(
    /// Unique in the page.
    id: &'static str,
    /// On the button: what the files are narrowed to.
    #[prop(into)]
    label: Signal<String>,
    #[prop(optional)] class: &'static str,
    tables: &'static [Table],
) -> impl IntoView {
    let app = app();
    let close = move |_| browser::close_popover(&format!("#{id}"));
    let link = move |face: String, href: Signal<String>| {
        view! {
            <a class="menu-item" href=attr(move || href.get()) download on:click=on_click(close)>
                <Icon name="download"/>
                {face}
            </a>
        }
    };
    let row = move |(what, address): Table| {
        let plain = Signal::derive(move || address(app));
        let excel = Signal::derive(move || format!("{}&excel=1", address(app)));
        view! {
            {link(what.to_owned(), plain)}
            {link(format!("{what}, for Excel"), excel)}
        }
    };
    let face = move || {
        view! {
            <Icon name="download"/>
            <span class="face-text">{shown(move || label.get())}</span>
        }
    };
    view! {
        <Menu id=id label="" class=class align="end" face=face>
            {tables.iter().copied().map(row).rows()}
            <p class="note menu-note">
                "Excel reads names and ids rightly from its own form alone."
            </p>
        </Menu>
    }
}
