//! What it costs: the month so far, its limit, and each schedule with its price.

use crate::app::app;
use crate::erase::{Memo, Rows as _, effect, flag, memo, on_submit, on_value, shown};
use crate::numbers::{self, dollars};
use crate::parts::panel;
use crate::remote::{Question, Remote, remote};
use crate::words::cost;
use crate::{api, parts::Icon};
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::api::{Account, AccountChange, Budget, Schedule, Spend};

/// In the order of the page: from free to dear.
const SCHEDULES: [Schedule; 4] =
    [Schedule::Manual, Schedule::CountOnly, Schedule::Daily, Schedule::Hourly];

/// The part of the page.
#[component]
pub(super) fn Cost() -> impl IntoView {
    let app = app();
    let budget: Remote<Budget> = remote(move || {
        let edition = app.fresh.get();
        Some(Question { subject: "budget".to_owned(), path: "/budget".to_owned(), edition })
    });
    view! {
        <section class="card cost">
            <h2>"What it costs"</h2>
            {panel(budget, "month", month)}
            <Schedules/>
            <Cap/>
        </section>
    }
}

/// The month as a bar: spent, forecast, limit.
fn month(budget: Memo<Budget>) -> AnyView {
    let app = app();
    let cap = move || {
        let of_account =
            app.account.with(|one| one.as_ref().map_or(0.0, |one| one.monthly_cap_usd));
        budget.with(|budget| {
            let all: f64 = budget.accounts.iter().map(|one| one.cap_usd).sum();
            budget.cap_usd.unwrap_or(if all > 0.0 { all } else { of_account })
        })
    };
    let width = move |read: fn(&Budget) -> f64| {
        move || {
            let scale = budget.with(|budget| cap().max(budget.forecast_usd).max(0.01));
            format!("{:.2}%", budget.with(read) / scale * 100.0)
        }
    };
    let limit = move || {
        let scale = budget.with(|budget| cap().max(budget.forecast_usd).max(0.01));
        format!("{:.2}%", cap() / scale * 100.0)
    };
    let text = move || {
        budget.with(|budget| {
            let paid = if app.simulated() { " Sample data: nothing is paid." } else { "" };
            format!(
                "{} spent in {}, {} expected by its end, limit {}. By X's published prices.{paid}",
                dollars(budget.spent_usd),
                cost::month(&budget.month),
                dollars(budget.forecast_usd),
                dollars(cap()),
            )
        })
    };
    let row = |spend: Spend| {
        let repeats = (spend.repeats > 0)
            .then(|| format!("{} again on the same day, free", numbers::count(spend.repeats)));
        view! {
            <tr>
                <th scope="row">{cost::resource(&spend.resource).to_owned()}</th>
                <td>{numbers::count(spend.count)}</td>
                <td class="note">{repeats}</td>
                <td>{dollars(spend.usd)}</td>
            </tr>
        }
    };
    let rows = move || budget.with(|budget| budget.by_resource.clone()).into_iter().map(row).rows();
    view! {
        <div class="month-bar" aria-hidden="true">
            <span class="forecast" style:width=width(|budget| budget.forecast_usd)></span>
            <span class="spent" style:width=width(|budget| budget.spent_usd)></span>
            <span class="limit" style:left=limit></span>
        </div>
        <p>{text}</p>
        <table class="numbers spend">
            <tbody>{shown(rows)}</tbody>
        </table>
    }
    .into_any()
}

fn change(app: crate::app::App, id: String, change: AccountChange, said: &'static str) {
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
        let choose = move |_| {
            let id = app.account.with_untracked(|one| one.as_ref().map(|one| one.id.to_string()));
            if let Some(id) = id {
                let wanted = AccountChange { schedule: Some(schedule), ..AccountChange::default() };
                change(app, id, wanted, "Schedule changed.");
            }
        };
        view! {
            <label class="radio-row">
                <input type="radio" name="schedule" value=schedule.as_str()
                    prop:checked=flag(move || chosen.get() == Some(schedule)) on:change=choose/>
                <span class="radio-text">
                    <strong>{name}</strong>
                    <span class="note">{what}</span>
                    {shown(over)}
                </span>
                <span class="radio-price">{shown(price)}</span>
            </label>
        }
    };
    view! {
        <fieldset class="radio-rows">
            <legend>"Schedule"</legend>
            {SCHEDULES.into_iter().map(row).rows()}
        </fieldset>
    }
}

/// The account's monthly limit.
#[component]
pub(crate) fn Cap() -> impl IntoView {
    let app = app();
    let kept =
        memo(move || app.account.with(|one| one.as_ref().map_or(0.0, |one| one.monthly_cap_usd)));
    let text = RwSignal::new(String::new());
    effect(move || text.set(kept.get().to_string()));
    let read = move || {
        text.with(|text| {
            text.trim().parse::<f64>().ok().filter(|usd| (0.0..=100_000.0).contains(usd))
        })
    };
    let changed = move || read().is_some_and(|usd| (usd - kept.get()).abs() > 0.001);
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let id = app.account.with_untracked(|one| one.as_ref().map(|one| one.id.to_string()));
        if let (Some(id), Some(usd)) = (id, untrack(read)) {
            let wanted = AccountChange { monthly_cap_usd: Some(usd), ..AccountChange::default() };
            change(app, id, wanted, "Limit changed.");
        }
    };
    view! {
        <form class="cap" on:submit=on_submit(save)>
            <label for="cap">"Monthly limit of this account"</label>
            <span class="money">
                <span aria-hidden="true">"$"</span>
                <input id="cap" type="number" min="0" max="100000" step="any" inputmode="decimal" prop:value=text
                    on:input=on_value(move |value| text.set(value))/>
            </span>
            <button type="submit" class="button" disabled=flag(move || !changed())>"Change"</button>
            <span class="note">"Nothing is read from X beyond it in a UTC month."</span>
        </form>
    }
}
