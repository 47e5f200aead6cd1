//! "Full check now": its price first, then a second press; and going on with work that failed.

use crate::api;
use crate::app::app;
use crate::erase::{flag, on_click, shown};
use crate::parts::{Dialog, Icon};
use crate::words::cost;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::api::{CollectorState, FailedWork, Resume, Started, Work};

/// The button and its dialog.
#[component]
pub(crate) fn CheckNow() -> impl IntoView {
    let app = app();
    let open = RwSignal::new(false);
    let busy = move || {
        app.account.with(|account| {
            account.as_ref().is_none_or(|account| {
                matches!(
                    account.collector.state,
                    CollectorState::Checking | CollectorState::Waiting
                )
            })
        })
    };
    let price = move || {
        app.account.with(|account| account.as_ref().map(cost::full_check)).unwrap_or_default()
    };
    let text = move || match price() {
        price if price.is_empty() => "Run a full check".to_owned(),
        price => format!("Run a full check, {price}"),
    };
    let go = move |_| {
        open.set(false);
        let Some(id) = app.account.with_untracked(|one| one.as_ref().map(|one| one.id)) else {
            return;
        };
        spawn_local(async move {
            match api::start(&format!("/accounts/{id}/crawl")).await {
                Ok(_) => {
                    app.say("The full check has begun.");
                    app.renew();
                }
                Err(failure) => app.say_failure(&failure),
            }
        });
    };
    let told = move || {
        app.account.with(|account| {
            let account = account.as_ref()?;
            let simulated = if account.simulated { " In sample data nothing is paid." } else { "" };
            let price = match cost::full_check(account) {
                price if price.is_empty() => "Its price is known after the first count".to_owned(),
                price => format!("It costs {price}, by X's published prices"),
            };
            Some(format!("A full check reads every follower once. {price}; followers already read this UTC day are free.{simulated} {}", cost::line(account)))
        })
    };
    view! {
        <button type="button" class="button primary" disabled=flag(busy) on:click=on_click(move |_| open.set(true))>
            {shown(text)}
        </button>
        <Dialog title="Run a full check" open=open closed=move |()| open.set(false)>
            <p>{shown(told)}</p>
            <div class="dialog-actions">
                <button type="button" class="button" on:click=on_click(move |_| open.set(false))>"Not now"</button>
                <button type="button" class="button primary" on:click=on_click(go)>
                    <Icon name="check"/>
                    {shown(text)}
                </button>
            </div>
        </Dialog>
    }
}

/// What failed, for people.
fn name(work: Work) -> &'static str {
    match work {
        Work::Followers => "The full check",
        Work::Tweets => "The reading of tweets",
        Work::Following => "The reading of whom you follow",
        Work::Verification => "The looking up of who left",
        Work::Replay => "The replay",
    }
}

/// Work that Roost failed on, each with a button that goes on from where it stood.
#[component]
pub(crate) fn GoOn() -> impl IntoView {
    let app = app();
    let go = move |work: Work| {
        let Some(id) = app.account.with_untracked(|one| one.as_ref().map(|one| one.id)) else {
            return;
        };
        spawn_local(async move {
            let path = format!("/accounts/{id}/resume");
            match api::send::<Started>("POST", &path, &Resume { work }).await {
                Ok(_) => {
                    app.say("It goes on from where it stood.");
                    app.renew();
                }
                Err(failure) => app.say_failure(&failure),
            }
        });
    };
    let failed = move || {
        let failed = app.account.with(|one| one.as_ref().map(|one| one.failed.clone()));
        let row = |FailedWork { work, reason, .. }| {
            let text = format!(
                "{} failed three times and was ended. What was read is kept. {reason}",
                name(work)
            );
            view! {
                <section class="card">
                    <p>{text}</p>
                    <button type="button" class="button" on:click=on_click(move |_| go(work))>"Go on"</button>
                </section>
            }
        };
        failed.unwrap_or_default().into_iter().map(row).collect::<Vec<_>>()
    };
    view! { {shown(failed)} }
}
