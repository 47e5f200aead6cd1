//! The button that copies where one is.

use crate::address::{self, View};
use crate::app::app;
use crate::browser;
use crate::erase::on_click;
use crate::parts::Icon;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// The address of exactly this view: with its zone and account, which others may not share.
#[component]
pub(crate) fn CopyLink() -> impl IntoView {
    let app = app();
    let copy = move |_| {
        let view = app.view.get_untracked();
        let account = app.account.with_untracked(|one| one.as_ref().map(|one| one.id.to_string()));
        let zone = app.zone.with_untracked(|zone| zone.name.clone());
        let whole = View { account, zone: Some(zone), ..view };
        let link = format!("{}{}", browser::origin(), address::write(&whole));
        spawn_local(async move {
            let done = browser::copy_text(&link).await.as_bool() == Some(true);
            app.say(if done { "Link copied." } else { "The browser does not let the page copy." });
        });
    };
    view! {
        <button type="button" class="quiet-button copy-link" on:click=on_click(copy)>
            <Icon name="link"/>
            <span>"Copy link"</span>
        </button>
    }
}
