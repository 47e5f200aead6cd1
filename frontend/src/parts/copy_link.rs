//! Buttons that copy: where one is, or a text.

use crate::address::{self, View};
use crate::app::{App, app};
use crate::browser;
use crate::erase::on_click;
use crate::parts::Icon;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// The address of exactly this view: with its zone and account, which others may not share.
#[component]
pub(crate) fn CopyLink() -> impl IntoView {
    let app = app();
    let copy_here = move |_| {
        let view = app.view.get_untracked();
        let account = app.account.with_untracked(|one| one.as_ref().map(|one| one.id.to_string()));
        let zone = app.zone.with_untracked(|zone| zone.name.clone());
        let whole = View { account, zone: Some(zone), ..view };
        let link = format!("{}{}", browser::origin(), address::write(&whole));
        copy(app, link, "Link copied.");
    };
    view! {
        <button type="button" class="quiet-button copy-link" on:click=on_click(copy_here)>
            <Icon name="link"/>
            <span>"Copy link"</span>
        </button>
    }
}

/// Copies a text that stands beside it.
#[component]
pub(crate) fn CopyText(text: String) -> impl IntoView {
    let app = app();
    view! {
        <button type="button" class="icon-button" aria-label="Copy" on:click=on_click(move |_| copy(app, text.clone(), "Copied."))>
            <Icon name="link"/>
        </button>
    }
}

fn copy(app: App, text: String, said: &'static str) {
    spawn_local(async move {
        let done = browser::copy_text(&text).await.as_bool() == Some(true);
        app.say(if done { said } else { "The browser does not let the page copy." });
    });
}
