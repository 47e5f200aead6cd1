//! What is read beside the followers, and for how much: tweets, whom one follows. Owns: the
//! switch, "Read now". Invariant: nothing is switched on without its price beside the button.

use crate::api;
use crate::app::{App, app};
use crate::browser;
use crate::calendar::Zone;
use crate::erase::{Show, flag, memo, on_checked, on_click, shown};
use crate::parts::Icon;
use crate::words::{self, following, runs, tweets};
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::api::{Account, AccountChange, CollectorState, Run, RunState};
use shared::time::UnixMs;

/// A reading is asked after for so many seconds; it goes on without being watched.
const POLLS_MOST: u32 = 120;

/// What is read.
#[derive(Clone, Copy)]
pub(crate) enum What {
    Tweets,
    /// Whom the account follows and blocks.
    Following,
}

impl What {
    fn title(self) -> &'static str {
        match self {
            Self::Tweets => "Read tweets and their metrics",
            Self::Following => "Read whom you follow and block",
        }
    }

    fn turned(self, on: bool) -> &'static str {
        match (self, on) {
            (Self::Tweets, true) => "Tweets are read from now on.",
            (Self::Tweets, false) => "Tweets are not read any more. What is known stays.",
            (Self::Following, true) => "Whom you follow and block is read weekly from now on.",
            (Self::Following, false) => "It is not read any more. What is known stays.",
        }
    }

    /// What "Read now" says, and what its outcome begins with.
    fn begun(self) -> (&'static str, &'static str) {
        match self {
            Self::Tweets => ("Reading the tweets that are due.", "Tweets"),
            Self::Following => ("Reading whom you follow and block.", "Whom you follow"),
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Tweets => "tweets",
            Self::Following => "following",
        }
    }

    fn change(self, on: bool) -> AccountChange {
        match self {
            Self::Tweets => AccountChange { tweets: Some(on), ..AccountChange::default() },
            Self::Following => AccountChange { following: Some(on), ..AccountChange::default() },
        }
    }

    fn is_on(self, account: &Account) -> bool {
        match self {
            Self::Tweets => account.tweets.on,
            Self::Following => account.following.on,
        }
    }

    fn state(self, account: &Account) -> CollectorState {
        match self {
            Self::Tweets => account.tweets.state,
            Self::Following => account.following.state,
        }
    }

    fn reason(self, account: &Account) -> Option<String> {
        let reason = match self {
            Self::Tweets => &account.tweets.reason,
            Self::Following => &account.following.reason,
        };
        reason.as_ref().map(|reason| words::capital(&words::sentence(reason)))
    }

    fn stand(self, account: &Account, now: UnixMs, zone: &dyn Zone) -> String {
        match self {
            Self::Tweets => tweets::stand(&account.tweets, now, zone),
            Self::Following => following::stand(&account.following, now, zone),
        }
    }

    fn price(self, account: &Account) -> String {
        match self {
            Self::Tweets => tweets::price(account),
            Self::Following => following::price(account),
        }
    }

    fn over(self, account: &Account) -> Option<String> {
        match self {
            _ if self.is_on(account) => None,
            Self::Tweets => tweets::over_cap(account),
            Self::Following => following::over_cap(account),
        }
    }

    /// Something of the chosen account, in this respect.
    fn of<T>(self, app: App, read: impl FnOnce(Self, &Account) -> T) -> Option<T> {
        app.account.with(|account| account.as_ref().map(|account| read(self, account)))
    }
}

/// Switches it.
pub(super) fn switch(app: App, what: What, on: bool) {
    let Some(id) = app.of_account(|one| one.map(|one| one.id)) else { return };
    spawn_local(async move {
        let path = format!("/accounts/{id}");
        match api::send::<Account>("PATCH", &path, &what.change(on)).await {
            Ok(_) => app.say(what.turned(on)),
            Err(failure) => app.say_failure(&failure),
        }
        app.renew();
    });
}

/// Reads what is due, and says what came of it.
fn read_now(app: App, what: What) {
    let Some(id) = app.of_account(|one| one.map(|one| one.id)) else { return };
    spawn_local(async move {
        let path = format!("/accounts/{id}/{}/check", what.path());
        let started = match api::start(&path).await {
            Ok(started) => started,
            Err(failure) => return app.say_failure(&failure),
        };
        let (begun, name) = what.begun();
        app.say(begun);
        app.renew();
        for _ in 0..POLLS_MOST {
            browser::sleep(1_000).await;
            match api::get::<Run>(&format!("/runs/{}", started.run)).await {
                Ok(run) if run.state == RunState::Running => {}
                Ok(run) => {
                    app.say(format!("{name}: {}", runs::outcome(&run)));
                    return app.renew();
                }
                Err(failure) => return app.say_failure(&failure),
            }
        }
    });
}

/// What it costs, in words.
pub(super) fn price(app: App, what: What) -> Option<String> {
    what.of(app, What::price)
}

/// That it costs more than the account may, where it is still off.
pub(super) fn over(app: App, what: What) -> Option<AnyView> {
    let text = what.of(app, What::over)??;
    Some(view! { <span class="over"><Icon name="alert"/>{text}</span> }.into_any())
}

/// The switch with its price, how the reading stands, "Read now".
#[component]
pub(crate) fn Reading(what: What) -> impl IntoView {
    let app = app();
    let on = memo(move || what.of(app, What::is_on).unwrap_or(false));
    let busy = move || what.of(app, What::state) == Some(CollectorState::Checking);
    let stand = move || {
        let (zone, now) = (app.zone.get(), app.now.get());
        what.of(app, |what, account| what.stand(account, now, &zone))
    };
    view! {
        <div class="reading">
            <label class="setting">
                <span>
                    {what.title()}
                    <span class="note">{shown(move || price(app, what))}</span>
                    {shown(move || over(app, what))}
                </span>
                <input type="checkbox" role="switch" class="switch" prop:checked=flag(move || on.get())
                    on:change=on_checked(move |on| switch(app, what, on))/>
            </label>
            <div class="reading-now">
                <p>{shown(stand)}</p>
                <Show when=flag(move || on.get())>
                    <button type="button" class="button" disabled=flag(busy) on:click=on_click(move |_| read_now(app, what))>
                        "Read now"
                    </button>
                </Show>
            </div>
            <p class="trouble">{shown(move || what.of(app, What::reason).flatten())}</p>
        </div>
    }
}
