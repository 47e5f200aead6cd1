//! What stands over or in place of the table of tweets: that they are not read, what reading them
//! costs, that it stopped. Invariant: nothing is switched on without its price beside the button.

use crate::app::app;
use crate::erase::{attr, on_click, shown};
use crate::pages::reading::{What, over, price, switch};
use crate::parts::Icon;
use crate::words;
use leptos::prelude::*;
use shared::api::CollectorState;

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
            <p class="price">{shown(move || price(app, What::Tweets))}</p>
            {shown(move || over(app, What::Tweets))}
            <button type="button" class="button primary large" on:click=on_click(move |_| switch(app, What::Tweets, true))>
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
                    <button type="button" class="button" title=attr(move || price(app, What::Tweets)) on:click=on_click(move |_| switch(app, What::Tweets, true))>
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
