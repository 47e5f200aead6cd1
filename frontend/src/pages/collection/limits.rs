//! Limits: of an account by month and day, of all accounts together, and the calls left for the
//! owner's other programs. Invariant: what cannot be meant is not sent.

use super::schedules::change;
use crate::api;
use crate::app::{App, app};
use crate::erase::{Memo, attr, effect, flag, memo, on_submit, on_value, shown};
use crate::words::cost::{self, Reserve};
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::api::{AccountChange, Budget, BudgetChange};

/// A field for an amount: what it holds as text, set anew when what is kept changes.
fn kept(
    read: impl Fn() -> Option<f64> + Send + Sync + 'static,
) -> (RwSignal<String>, Memo<Option<f64>>) {
    let kept = memo(read);
    let text = RwSignal::new(String::new());
    effect(move || text.set(kept.get().map_or_else(String::new, |usd| usd.to_string())));
    (text, kept)
}

fn money(
    id: &'static str,
    label: &'static str,
    hint: &'static str,
    text: RwSignal<String>,
) -> impl IntoView {
    view! {
        <label for=id>{label}</label>
        <span class="money">
            <span aria-hidden="true">"$"</span>
            <input id=id type="number" min="0" max="1000000" step="any" inputmode="decimal" placeholder=hint prop:value=text
                aria-invalid=attr(move || text.with(|text| cost::amount(text).is_err()).to_string())
                on:input=on_value(move |value| text.set(value))/>
        </span>
        {shown(move || {
            let wrong = text.with(|text| cost::amount(text).is_err());
            wrong.then(|| view! { <span class="wrong" role="alert">{cost::NO_AMOUNT}</span> })
        })}
    }
}

/// The account's limits.
#[component]
pub(crate) fn Cap() -> impl IntoView {
    let app = app();
    let (month, kept_month) =
        kept(move || app.account.with(|one| Some(one.as_ref()?.monthly_cap_usd)));
    let (day, kept_day) = kept(move || app.account.with(|one| one.as_ref()?.daily_cap_usd));
    let wanted = move || {
        let month = month.with(|text| cost::amount(text)).ok()?;
        let day = day.with(|text| cost::amount(text)).ok()?;
        let change = AccountChange {
            // Without one an account would read nothing: that is what 0 is for.
            monthly_cap_usd: Some(month?).filter(|usd| Some(*usd) != kept_month.get()),
            daily_cap_usd: (day != kept_day.get()).then_some(day),
            ..AccountChange::default()
        };
        (change.monthly_cap_usd.is_some() || change.daily_cap_usd.is_some()).then_some(change)
    };
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(wanted) = untrack(wanted) {
            change(app, wanted, "Limit changed.");
        }
    };
    view! {
        <form class="cap" on:submit=on_submit(save)>
            {money("cap", "Monthly limit of this account", "0", month)}
            {money("day-cap", "a day", "none", day)}
            <button type="submit" class="button" disabled=flag(move || wanted().is_none())>"Change"</button>
            <span class="note">"Nothing is read from X beyond them in a UTC month or day."</span>
        </form>
    }
}

/// The limits over all accounts, and what is left for other programs.
#[component]
pub(super) fn Limits(budget: Memo<Budget>) -> impl IntoView {
    let app = app();
    let (month, kept_month) = kept(move || budget.with(|budget| budget.cap_usd));
    let (day, kept_day) = kept(move || budget.with(|budget| budget.day_cap_usd));
    let kept_reserve = memo(move || budget.with(Reserve::of));
    let reserve = RwSignal::new(String::new());
    effect(move || reserve.set(kept_reserve.with(Reserve::text)));
    let wanted = move || {
        let month = month.with(|text| cost::amount(text)).ok()?;
        let day = day.with(|text| cost::amount(text)).ok()?;
        let reserve = reserve.with(|text| Reserve::read(text))?;
        let moved = reserve != kept_reserve.get();
        let (calls, percent) = reserve.wire();
        let change = BudgetChange {
            cap_usd: (month != kept_month.get()).then_some(month),
            day_cap_usd: (day != kept_day.get()).then_some(day),
            keep_unused: calls.filter(|_| moved),
            keep_unused_percent: percent.filter(|_| moved),
            ..BudgetChange::default()
        };
        (moved || change.cap_usd.is_some() || change.day_cap_usd.is_some()).then_some(change)
    };
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(wanted) = untrack(wanted) {
            send(app, wanted);
        }
    };
    view! {
        <details class="by-resource">
            <summary>"Limits over all accounts"</summary>
            <form class="cap" on:submit=on_submit(save)>
                {money("all-cap", "All accounts, a month", "none", month)}
                {money("all-day-cap", "a day", "none", day)}
                <label for="reserve">"Calls left to your other programs"</label>
                <input id="reserve" class="reserve" type="text" inputmode="text" autocomplete="off" prop:value=reserve
                    aria-invalid=attr(move || reserve.with(|text| Reserve::read(text).is_none()).to_string())
                    on:input=on_value(move |value| reserve.set(value))/>
                <button type="submit" class="button" disabled=flag(move || wanted().is_none())>"Change"</button>
                <span class="note">"Of every rate window of X: a number of calls, or a share like 20 %."</span>
            </form>
        </details>
    }
}

fn send(app: App, change: BudgetChange) {
    spawn_local(async move {
        match api::send::<Budget>("PUT", "/budget", &change).await {
            Ok(_) => app.say("Limits changed."),
            Err(failure) => app.say_failure(&failure),
        }
        app.renew();
    });
}
