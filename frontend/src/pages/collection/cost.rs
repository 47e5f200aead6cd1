//! What it costs: the month and the day so far, their limits, where it went, and what stopped.

use crate::app::app;
use crate::erase::{Memo, Rows as _, flag, memo, on_click, shown};
use crate::numbers::{self, dollars};
use crate::parts::{Icon, panel};
use crate::remote::{Question, Remote, remote};
use crate::words::cost;
use crate::{api, words};
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::api::{Budget, BudgetChange, FeatureSpend, Spend};

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
            {panel(budget, "month", inside)}
            <super::Schedules/>
            <super::Cap/>
        </section>
    }
}

fn inside(budget: Memo<Budget>) -> AnyView {
    view! {
        {stopped(budget)}
        {month(budget)}
        {purposes(budget)}
        {resources(budget)}
        <super::limits::Limits budget=budget/>
    }
    .into_any()
}

/// What is not read now, why, and when it goes on.
fn stopped(budget: Memo<Budget>) -> impl IntoView {
    let app = app();
    let again = move |_| {
        let change = BudgetChange { paused: Some(false), ..BudgetChange::default() };
        spawn_local(async move {
            match api::send::<Budget>("PUT", "/budget", &change).await {
                Ok(_) => app.say("The next read asks X again."),
                Err(failure) => app.say_failure(&failure),
            }
            app.renew();
        });
    };
    let paused = move || {
        let (zone, now) = (app.zone.get(), app.now.get());
        let pause = budget.with(|budget| budget.paused.clone())?;
        let text = cost::paused(&pause, now, &zone);
        Some(view! {
            <div class="halted">
                <Icon name="alert"/>
                <p>{text}</p>
                <button type="button" class="button" on:click=on_click(again)>"Ask X again now"</button>
            </div>
        })
    };
    let halted = move || {
        let (zone, now) = (app.zone.get(), app.now.get());
        let id = app.account.with(|one| one.as_ref().map(|one| one.id))?;
        let halt = budget
            .with(|budget| budget.accounts.iter().find(|one| one.account == id)?.halted.clone())?;
        let text = cost::halted(&halt, now, &zone);
        Some(view! { <div class="halted"><Icon name="alert"/><p>{text}</p></div> })
    };
    view! {
        {shown(paused)}
        {shown(halted)}
    }
}

/// The month as a bar: spent, forecast, limit.
fn month(budget: Memo<Budget>) -> impl IntoView {
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
            let day = budget.day_cap_usd.map_or_else(String::new, |cap| {
                format!(" of {} a day", dollars(cap))
            });
            format!(
                "{} spent on everything in {}, {} expected by its end, limit {}; {} today{day}. By X's published prices.{paid}",
                dollars(budget.spent_usd),
                cost::month(&budget.month),
                dollars(budget.forecast_usd),
                dollars(cap()),
                dollars(budget.spent_today_usd),
            )
        })
    };
    view! {
        <div class="month-bar" aria-hidden="true">
            <span class="forecast" style:width=width(|budget| budget.forecast_usd)></span>
            <span class="spent" style:width=width(|budget| budget.spent_usd)></span>
            <span class="limit" style:left=limit></span>
        </div>
        <p>{text}</p>
    }
}

/// Where it went, by purpose.
fn purposes(budget: Memo<Budget>) -> impl IntoView {
    let spent = memo(move || budget.with(|budget| budget.by_feature.clone()));
    let row = |spend: FeatureSpend| {
        view! {
            <tr>
                <th scope="row">{cost::feature(spend.feature)}</th>
                <td>{dollars(spend.today_usd)}</td>
                <td>{dollars(spend.usd)}</td>
            </tr>
        }
    };
    let rows = move || spent.get().into_iter().map(row).rows();
    view! {
        <table class="numbers spend" hidden=flag(move || spent.with(Vec::is_empty))>
            <thead><tr><th scope="col">"For"</th><th scope="col">"Today"</th><th scope="col">"This month"</th></tr></thead>
            <tbody>{shown(rows)}</tbody>
        </table>
    }
}

/// Where it went, by what X bills.
fn resources(budget: Memo<Budget>) -> impl IntoView {
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
        <details class="by-resource">
            <summary>"What X bills"</summary>
            <table class="numbers spend"><tbody>{shown(rows)}</tbody></table>
            <p class="note">{words::cost::DAY_NOTE}</p>
        </details>
    }
}
