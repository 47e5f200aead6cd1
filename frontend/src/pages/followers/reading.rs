//! Whether it is read whom one follows and blocks, and for how much. Owns: the switch, "Read now".
//! Invariant: nothing is switched on without its price beside the switch.

use crate::api;
use crate::app::{App, app};
use crate::erase::{Show, flag, memo, on_checked, on_click, shown};
use crate::parts::Icon;
use crate::words::{self, following as told};
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::api::{Account, AccountChange, CollectorState};

fn switch(app: App, on: bool) {
    let Some(id) = app.of_account(|one| one.map(|one| one.id)) else { return };
    let change = AccountChange { following: Some(on), ..AccountChange::default() };
    spawn_local(async move {
        match api::send::<Account>("PATCH", &format!("/accounts/{id}"), &change).await {
            Ok(_) if on => app.say("Whom you follow and block is read weekly from now on."),
            Ok(_) => app.say("It is not read any more. What is known stays."),
            Err(failure) => app.say_failure(&failure),
        }
        app.renew();
    });
}

fn read_now(app: App) {
    let Some(id) = app.of_account(|one| one.map(|one| one.id)) else { return };
    spawn_local(async move {
        match api::start(&format!("/accounts/{id}/following/check")).await {
            Ok(_) => app.say("Reading whom you follow and block."),
            Err(failure) => app.say_failure(&failure),
        }
        app.renew();
    });
}

/// The switch with its price, how the reading stands, "Read now".
#[component]
pub(crate) fn Reading() -> impl IntoView {
    let app = app();
    let on = memo(move || app.of_account(|one| one.is_some_and(|one| one.following.on)));
    let busy = move || {
        app.of_account(|one| one.is_some_and(|one| one.following.state == CollectorState::Checking))
    };
    let stand = move || {
        let (zone, now) = (app.zone.get(), app.now.get());
        app.account.with(|one| one.as_ref().map(|one| told::stand(&one.following, now, &zone)))
    };
    let reason = move || {
        app.of_account(|one| one.and_then(|one| one.following.reason.clone()))
            .map(|reason| words::capital(&words::sentence(&reason)))
    };
    let over = move || {
        let text =
            app.of_account(|one| one.filter(|one| !one.following.on).and_then(told::over_cap))?;
        Some(view! { <span class="over"><Icon name="alert"/>{text}</span> })
    };
    view! {
        <div class="reading">
            <label class="setting">
                <span>
                    "Read whom you follow and block"
                    <span class="note">{shown(move || app.of_account(|one| one.map(told::price)))}</span>
                    {shown(over)}
                </span>
                <input type="checkbox" role="switch" class="switch" prop:checked=flag(move || on.get())
                    on:change=on_checked(move |on| switch(app, on))/>
            </label>
            <div class="reading-now">
                <p>{shown(stand)}</p>
                <Show when=flag(move || on.get())>
                    <button type="button" class="button" disabled=flag(busy) on:click=on_click(move |_| read_now(app))>
                        "Read now"
                    </button>
                </Show>
            </div>
            <p class="trouble">{shown(reason)}</p>
        </div>
    }
}
