//! Settings: what this device shows, and the account itself.

use crate::address::{Page, View};
use crate::api;
use crate::app::app;
use crate::browser::{self, BrowserZone};
use crate::erase::{Rows as _, Show, flag, memo, on_checked, on_click, on_submit, on_value, shown};
use crate::pages::reading::{Reading, What};
use crate::parts::{Dialog, Segmented, To};
use crate::settings::Theme;
use crate::words::when;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// The page.
#[component]
pub(crate) fn SettingsPage() -> impl IntoView {
    let app = app();
    let has_account = move || app.of_account(|one| one.is_some());
    view! {
        <div class="page narrow settings">
            <h1>"Settings"</h1>
            <Device/>
            <section class="card">
                <h2>"Keys for X"</h2>
                <p>"Your app's keys, signing in with X, and the steps in X's console."</p>
                <p class="start">
                    <To class="button" change=|view: View| view.to(Page::Connect)>"Connect with X"</To>
                    <a class="link" href="/privacy.html">"Privacy: what is kept, and for how long"</a>
                </p>
            </section>
            <super::alerts::Alerts/>
            <Show when=flag(has_account)>
                <section class="card">
                    <h2>{shown(move || app.account.with(|one| one.as_ref().map(|one| format!("@{}", one.username))))}</h2>
                    <super::collection::Schedules/>
                    <Reading what=What::Tweets/>
                    <Reading what=What::Following/>
                    <super::collection::Cap/>
                    <p class="note">
                        "What was spent, and what ran: "
                        <To change=|view: View| view.to(Page::Collection)>"Collection"</To>
                    </p>
                </section>
                <Delete/>
            </Show>
        </div>
    }
}

/// Theme, zone, keys: kept in this browser.
#[component]
fn Device() -> impl IntoView {
    let app = app();
    let theme = move || app.settings.with(|settings| settings.theme.slug().to_owned());
    let themes = Theme::ORDER.map(|theme| (theme.slug(), theme.label().to_owned())).to_vec();
    let choose = move |slug: String| {
        let found = Theme::ORDER.into_iter().find(|one| one.slug() == slug);
        app.set(|settings| settings.theme = found.unwrap_or_default());
    };
    let letters = move || app.settings.with(|settings| settings.letters);
    view! {
        <section class="card">
            <h2>"This browser"</h2>
            <div class="setting">
                <span>"Theme"</span>
                <Segmented label="Theme" options=themes chosen=Signal::derive(theme) choose=choose/>
            </div>
            <ZoneSetting/>
            <label class="setting">
                <span>
                    "Single-key shortcuts"
                    <span class="note">"Ctrl K and Esc work either way."</span>
                </span>
                <input type="checkbox" role="switch" class="switch" prop:checked=flag(letters)
                    on:change=on_checked(move |on| {
                        app.set(|settings| settings.letters = on);
                    })/>
            </label>
        </section>
    }
}

#[component]
fn ZoneSetting() -> impl IntoView {
    let app = app();
    let own = BrowserZone::new(&browser::browser_zone()).name;
    let chosen = move || {
        let zone = app.settings.with(|settings| settings.zone.clone());
        zone.map(|zone| BrowserZone::new(&zone).name).unwrap_or_default()
    };
    let option = move |zone: &str| {
        let value = zone.to_owned();
        let text = zone.replace('_', " ");
        let selected = {
            let value = value.clone();
            move || chosen() == value
        };
        view! { <option value=value.clone() selected=flag(selected)>{text}</option> }
    };
    let zones = browser::zones();
    view! {
        <label class="setting">
            <span>
                "Time zone"
                <span class="note">"Days begin at its midnight."</span>
                <span class="note">{shown(move || app.zone_not_known().as_deref().map(when::no_zone))}</span>
            </span>
            <select on:change=on_value(move |value| {
                let zone = value;
                app.set(|settings| settings.zone = (!zone.is_empty()).then_some(zone));
            })>
                <option value="" selected=flag(move || chosen().is_empty())>{format!("This browser's ({})", own.replace('_', " "))}</option>
                {zones.iter().map(|zone| option(zone)).rows()}
            </select>
        </label>
    }
}

/// Deleting needs the handle to be typed: it cannot be undone.
#[component]
fn Delete() -> impl IntoView {
    let app = app();
    let open = RwSignal::new(false);
    let typed = RwSignal::new(String::new());
    let handle = memo(move || {
        app.account.with(|one| one.as_ref().map(|one| one.username.clone())).unwrap_or_default()
    });
    let right = move || {
        let typed = typed.get();
        let typed = typed.trim().trim_start_matches('@');
        handle.with(|handle| !handle.is_empty() && typed.eq_ignore_ascii_case(handle))
    };
    let delete = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let id = app.account.with_untracked(|one| one.as_ref().map(|one| one.id));
        let (true, Some(id)) = (untrack(right), id) else { return };
        spawn_local(async move {
            match api::delete(&format!("/accounts/{id}")).await {
                Ok(()) => {
                    open.set(false);
                    app.say("Deleted.");
                    app.go(View::default());
                    app.renew();
                }
                Err(failure) => app.say_failure(&failure),
            }
        });
    };
    view! {
        <section class="card danger">
            <h2>"Delete this account from Roost"</h2>
            <p>"Stops tracking and deletes everything kept of it: lists, history, notes. Nothing changes at X."</p>
            <button type="button" class="button bad" on:click=on_click(move |_| { typed.set(String::new()); open.set(true); })>
                "Delete…"
            </button>
            <Dialog title="Delete everything kept of this account" open=open closed=move |()| open.set(false)>
                <form on:submit=on_submit(delete)>
                    <p>{shown(move || format!("This cannot be undone. Type @{} to go on.", handle.get()))}</p>
                    <label for="typed-handle" class="hidden">"The account's handle"</label>
                    <input id="typed-handle" type="text" autocomplete="off" spellcheck="false" prop:value=typed
                        on:input=on_value(move |value| typed.set(value))/>
                    <div class="dialog-actions">
                        <button type="button" class="button" on:click=on_click(move |_| open.set(false))>"Keep it"</button>
                        <button type="submit" class="button bad" disabled=flag(move || !right())>"Delete"</button>
                    </div>
                </form>
            </Dialog>
        </section>
    }
}
