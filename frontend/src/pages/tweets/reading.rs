//! Whether tweets are read, and for how much. Owns: the switch, "Read now". Invariant: nothing is
//! switched on without its price beside the button.

use crate::api;
use crate::app::{App, app};
use crate::browser;
use crate::erase::{Show, attr, flag, memo, on_checked, on_click, shown};
use crate::parts::Icon;
use crate::words::{self, runs, tweets as told};
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::api::{Account, AccountChange, CollectorState, Run, RunState};

/// A reading is asked after for so many seconds; it goes on without being watched.
const POLLS_MOST: u32 = 120;

fn switch(app: App, on: bool) {
    let Some(id) = app.of_account(|one| one.map(|one| one.id)) else { return };
    let change = AccountChange { tweets: Some(on), ..AccountChange::default() };
    spawn_local(async move {
        let path = format!("/accounts/{id}");
        match api::send::<Account>("PATCH", &path, &change).await {
            Ok(_) if on => app.say("Tweets are read from now on."),
            Ok(_) => app.say("Tweets are not read any more. What is known stays."),
            Err(failure) => app.say_failure(&failure),
        }
        app.renew();
    });
}

/// Reads what is due, and says what came of it.
fn read_now(app: App) {
    let Some(id) = app.of_account(|one| one.map(|one| one.id)) else { return };
    spawn_local(async move {
        let started = match api::start(&format!("/accounts/{id}/tweets/check")).await {
            Ok(started) => started,
            Err(failure) => return app.say_failure(&failure),
        };
        app.say("Reading the tweets that are due.");
        app.renew();
        for _ in 0..POLLS_MOST {
            browser::sleep(1_000).await;
            match api::get::<Run>(&format!("/runs/{}", started.run)).await {
                Ok(run) if run.state == RunState::Running => {}
                Ok(run) => {
                    app.say(format!("Tweets: {}", runs::outcome(&run)));
                    return app.renew();
                }
                Err(failure) => return app.say_failure(&failure),
            }
        }
    });
}

fn price(app: App) -> impl Fn() -> Option<String> + Copy {
    move || app.of_account(|one| one.map(told::price))
}

fn over(app: App) -> impl Fn() -> Option<AnyView> + Copy {
    move || {
        let text =
            app.of_account(|one| one.filter(|one| !one.tweets.on).and_then(told::over_cap))?;
        Some(view! { <span class="over"><Icon name="alert"/>{text}</span> }.into_any())
    }
}

/// The switch with its price, how the reading stands, "Read now".
#[component]
pub(crate) fn Reading() -> impl IntoView {
    let app = app();
    let on = memo(move || app.of_account(|one| one.is_some_and(|one| one.tweets.on)));
    let busy = move || {
        app.of_account(|one| one.is_some_and(|one| one.tweets.state == CollectorState::Checking))
    };
    let stand = move || {
        let (zone, now) = (app.zone.get(), app.now.get());
        app.of_account(|one| one.map(|one| one.tweets.clone()))
            .map(|tweets| told::stand(&tweets, now, &zone))
    };
    let reason = move || {
        app.of_account(|one| one.and_then(|one| one.tweets.reason.clone()))
            .map(|reason| words::capital(&words::sentence(&reason)))
    };
    view! {
        <div class="reading">
            <label class="setting">
                <span>
                    "Read tweets and their metrics"
                    <span class="note">{shown(price(app))}</span>
                    {shown(over(app))}
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

/// In place of the table while nothing was ever read.
#[component]
pub(super) fn Off() -> impl IntoView {
    let app = app();
    view! {
        <section class="card tweets-off">
            <Icon name="tweet"/>
            <h1>"Tweets are not read yet"</h1>
            <p>
                "Switched on, every metric of every tweet is read as often as it changes: hourly on its first \
                 day, daily up to 30 days, then weekly. You see each one grow, and how many followers came in \
                 the 24 hours after it."
            </p>
            <p class="price">{shown(price(app))}</p>
            {shown(over(app))}
            <button type="button" class="button primary large" on:click=on_click(move |_| switch(app, true))>
                {shown(move || app.of_account(|one| one.map(|one| {
                    format!("Read tweets, {} a month", crate::numbers::about(one.tweets.month_usd))
                })))}
            </button>
        </section>
    }
}

/// What one should know over the table: it is switched off, it stopped.
#[component]
pub(super) fn Notice() -> impl IntoView {
    let app = app();
    let stopped = move || {
        app.of_account(|one| {
            let tweets = &one?.tweets;
            (tweets.on && tweets.state == CollectorState::Stopped)
                .then(|| tweets.reason.clone().unwrap_or_else(|| "No reason was given".to_owned()))
        })
    };
    let off = move || app.of_account(|one| one.is_some_and(|one| !one.tweets.on));
    let first =
        move || app.of_account(|one| one.is_some_and(|one| one.tweets.on && !one.tweets.complete));
    let notice = move || {
        if let Some(reason) = stopped() {
            let reason = words::capital(&words::sentence(&reason));
            return Some(view! {
                <div class="notice bad" role="alert">
                    <Icon name="alert"/>
                    <p><strong>"Reading tweets has stopped. "</strong>{reason}" What is shown ends there."</p>
                </div>
            }
            .into_any());
        }
        if off() {
            return Some(view! {
                <div class="notice">
                    <Icon name="pause"/>
                    <p><strong>"Tweets are not read any more. "</strong>"What is shown ends where it was switched off."</p>
                    <button type="button" class="button" title=attr(price(app)) on:click=on_click(move |_| switch(app, true))>
                        {shown(move || app.of_account(|one| one.map(|one| {
                            format!("Read them, {} a month", crate::numbers::about(one.tweets.month_usd))
                        })))}
                    </button>
                </div>
            }
            .into_any());
        }
        first().then(|| {
            view! {
                <div class="notice">
                    <Icon name="tweet"/>
                    <p><strong>"The first reading is under way. "</strong>"Older tweets follow; what is here is already counted."</p>
                </div>
            }
            .into_any()
        })
    };
    shown(notice)
}
