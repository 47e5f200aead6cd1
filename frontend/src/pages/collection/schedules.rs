//! How often an account is checked, each way with its price, and whether X pushes.

use crate::api;
use crate::app::{App, app};
use crate::erase::{Memo, Rows as _, Show, flag, memo, on_checked, on_click, on_event, shown};
use crate::pages::about_account;
use crate::parts::{Icon, panel};
use crate::remote::{Remote, remote};
use crate::words::cost;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::api::{Account, AccountChange, Push, PushChange, PushState, Schedule};

/// In the order of the page: from free to dear.
const SCHEDULES: [Schedule; 6] = [
    Schedule::Manual,
    Schedule::CountOnly,
    Schedule::CountAudit,
    Schedule::Push,
    Schedule::Daily,
    Schedule::Hourly,
];

/// Changes the chosen account and says so.
pub(super) fn change(app: App, change: AccountChange, said: &'static str) {
    let id = app.account.with_untracked(|one| one.as_ref().map(|one| one.id));
    let Some(id) = id else { return };
    spawn_local(async move {
        match api::send::<Account>("PATCH", &format!("/accounts/{id}"), &change).await {
            Ok(_) => app.say(said),
            Err(failure) => app.say_failure(&failure),
        }
        app.renew();
    });
}

/// One row per schedule, with its price.
#[component]
pub(crate) fn Schedules() -> impl IntoView {
    let app = app();
    let chosen = memo(move || app.account.with(|one| one.as_ref().map(|one| one.schedule)));
    let row = move |schedule: Schedule| {
        let (name, what) = cost::schedule(schedule);
        let price = move || {
            app.account.with(|one| one.as_ref().map(|one| cost::schedule_price(one, schedule)))
        };
        let over = move || {
            app.account
                .with(|one| one.as_ref().and_then(|one| cost::over_cap(one, schedule)))
                .map(|text| view! { <span class="over"><Icon name="alert"/>{text}</span> })
        };
        let choose = move |_: leptos::ev::Event| {
            let wanted = AccountChange { schedule: Some(schedule), ..AccountChange::default() };
            change(app, wanted, "Schedule changed.");
        };
        view! {
            <label class="radio-row">
                <input type="radio" name="schedule" value=schedule.as_str()
                    prop:checked=flag(move || chosen.get() == Some(schedule)) on:change=on_event(choose)/>
                <span class="radio-text">
                    <strong>{name}</strong>
                    <span class="note">{what}</span>
                    {shown(over)}
                </span>
                <span class="radio-price">{shown(price)}</span>
            </label>
        }
    };
    let pushes = move || {
        let asked = app.of_account(|one| one.is_some_and(|one| one.push.state != PushState::Off));
        asked || chosen.get() == Some(Schedule::Push)
    };
    view! {
        <fieldset class="radio-rows">
            <legend>"Schedule"</legend>
            {SCHEDULES.into_iter().map(row).rows()}
        </fieldset>
        <Show when=flag(pushes)><Pushes/></Show>
        <Looks/>
    }
}

/// Whether those who left are looked up, with the price.
#[component]
fn Looks() -> impl IntoView {
    let app = app();
    let on = move || app.of_account(|one| one.is_some_and(|one| one.verify.on));
    let stand = move || {
        let (zone, now) = (app.zone.get(), app.now.get());
        app.account.with(|one| one.as_ref().map(|one| cost::looks(&one.verify, now, &zone)))
    };
    let turn = move |on: bool| {
        let wanted = AccountChange { verify: Some(on), ..AccountChange::default() };
        change(app, wanted, if on { "Who leaves is looked up." } else { "Nobody is looked up." });
    };
    view! {
        <label class="setting">
            <span>
                "Look up why people left"
                <span class="note">{shown(stand)}</span>
            </span>
            <input type="checkbox" role="switch" class="switch" prop:checked=flag(on) on:change=on_checked(turn)/>
        </label>
    }
}

/// Whether X tells who comes and goes, what that costs, and how it stood up to the last check.
#[component]
fn Pushes() -> impl IntoView {
    let app = app();
    let push: Remote<Push> = remote(move || about_account(app, "/push", &[]));
    panel(push, "push", pushed)
}

fn pushed(push: Memo<Push>) -> AnyView {
    let app = app();
    let on = move || push.with(|push| push.state != PushState::Off);
    let turn = move |_| {
        let wanted = PushChange { on: !untrack(on) };
        let id = app.account.with_untracked(|one| one.as_ref().map(|one| one.id));
        let Some(id) = id else { return };
        spawn_local(async move {
            match api::send::<Push>("PUT", &format!("/accounts/{id}/push"), &wanted).await {
                Ok(push) => app.say(cost::push_said(push.state)),
                Err(failure) => app.say_failure(&failure),
            }
            app.renew();
        });
    };
    let state = move || {
        let (zone, now) = (app.zone.get(), app.now.get());
        push.with(|push| cost::push(push, now, &zone))
    };
    let audit = move || {
        let (zone, now) = (app.zone.get(), app.now.get());
        push.with(|push| push.audit.as_ref().map(|audit| cost::audit(audit, now, &zone)))
    };
    view! {
        <div class="setting">
            <span>
                "Instant updates from X"
                <span class="note">{shown(state)}</span>
                <span class="note">{shown(audit)}</span>
            </span>
            <button type="button" class="button" on:click=on_click(turn)>
                {shown(move || if on() { "Switch off" } else { "Switch on" })}
            </button>
        </div>
    }
    .into_any()
}
