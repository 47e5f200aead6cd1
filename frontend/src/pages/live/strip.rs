//! The strip under map and feed: how the connection stands, pause, rewind, the last 15 minutes,
//! who watches, what it costs.

use super::Shared;
use crate::app::app;
use crate::browser;
use crate::erase::{Rows as _, Show, attr, effect, flag, memo, on_click, on_value, shown};
use crate::live::client::Phase;
use crate::live::player::Mode;
use crate::live::rate;
use crate::parts::Icon;
use crate::stream::Told;
use crate::words::live as words;
use leptos::prelude::*;
use shared::api::ConnectionState;

/// How many times faster a replay runs, in the order of the button.
const SPEEDS: [i64; 3] = [1, 4, 16];

/// The strip.
#[component]
pub(super) fn Strip(shared: Shared) -> impl IntoView {
    view! {
        <section class="live-strip" aria-label="The stream">
            <State/>
            <Play/>
            <Graph/>
            <Figures shared=shared/>
        </section>
    }
}

/// The dot and the word.
#[component]
fn State() -> impl IntoView {
    let stream = app().stream;
    let said = memo(move || {
        // The countdown moves with the seconds.
        stream.second.track();
        stream.seen(|told| {
            let (online, now) = (browser::is_online(), browser::clock_ms());
            words::state(&told.phase, told.mode, told.upstream(), online, now)
        })
    });
    let class = move || format!("strip-state {}", said.with(|(tone, _)| tone.class()));
    view! {
        <p class=attr(class) role="status">
            <span class="dot" aria-hidden="true"></span>
            {shown(move || said.with(|(_, text)| text.clone()))}
        </p>
    }
}

/// Pause, the slider, the speed, the way back.
#[component]
fn Play() -> impl IntoView {
    let stream = app().stream;
    let paused = memo(move || stream.seen(|told| told.mode == Mode::Paused));
    let speed = RwSignal::new(1_i64);
    let back = memo(move || stream.seen(|told| matches!(told.mode, Mode::Replay { .. })));
    // Where the slider is being dragged to; it stays there while the past is shown.
    let at = RwSignal::new(None::<u64>);
    effect(move || {
        if stream.seen(|told| told.mode == Mode::Live) {
            at.set(None);
        }
    });
    let value = move || at.get().unwrap_or_else(|| stream.seen(|told| told.window.1)).to_string();
    let told = move || {
        let age =
            at.get().and_then(|at| stream.with(|engine, now| engine.age_of(now, at)).flatten());
        match at.get() {
            None => "Live".to_owned(),
            Some(_) => words::back(age),
        }
    };
    let dragged = move |text: String| at.set(text.parse().ok());
    let dropped = move |text: String| {
        let Ok(after) = text.parse::<u64>() else { return };
        let newest = untrack(|| stream.seen(|told| told.window.1));
        if after >= newest {
            at.set(None);
            stream.go_live();
        } else {
            stream.rewind(after, speed.get_untracked());
        }
    };
    let faster = move |_| {
        let next = SPEEDS.iter().copied().find(|&one| one > speed.get_untracked()).unwrap_or(1);
        speed.set(next);
        let _ = stream.with(|engine, _| engine.player.set_speed(next));
    };
    view! {
        <div class="strip-play">
            <button type="button" class="icon-button" title="Pause (P)"
                aria-label=attr(move || if paused.get() { "Go on" } else { "Pause" })
                on:click=on_click(move |_| stream.toggle())>
                {shown(move || if paused.get() { view! { <Icon name="play"/> } } else { view! { <Icon name="pause"/> } })}
            </button>
            <label class="scrub">
                <span class="hidden">"Rewind"</span>
                <input type="range" data-arrows
                    prop:min=attr(move || stream.seen(|told| told.window.0.to_string()))
                    prop:max=attr(move || stream.seen(|told| told.window.1.to_string()))
                    prop:value=attr(value)
                    aria-valuetext=attr(told)
                    on:input=on_value(dragged)
                    on:change=on_value(dropped)/>
                <output>{shown(told)}</output>
            </label>
            <Show when=flag(move || back.get() || at.get().is_some())>
                <button type="button" class="quiet-button speed" title="How fast the past goes by" on:click=on_click(faster)>
                    {shown(move || format!("{}\u{d7}", speed.get()))}
                </button>
                <button type="button" class="quiet-button" on:click=on_click(move |_| { at.set(None); stream.go_live(); })>
                    "Back to live"
                </button>
            </Show>
        </div>
    }
}

/// Tweets a second over 15 minutes; what was not observed is hatched.
#[component]
fn Graph() -> impl IntoView {
    let stream = app().stream;
    let bars = memo(move || {
        let now = stream.second.get() * 1_000;
        stream.with(|engine, _| engine.rate.bars(now)).unwrap_or_default()
    });
    let told = move || {
        let gaps: usize = bars.with(|bars| rate::unseen(bars).iter().map(|gap| gap.1).sum());
        let top = bars.with(|bars| rate::top(bars));
        let seconds = i64::try_from(gaps).unwrap_or(0) * rate::BAR_MS / 1_000;
        let gaps = if gaps == 0 {
            "nothing is missing".to_owned()
        } else {
            format!("{seconds} s of it not observed")
        };
        format!("Tweets a second over 15 minutes, up to {}; {gaps}", crate::numbers::whole(top))
    };
    let hatched = move || {
        let stretches = bars.with(|bars| rate::unseen(bars));
        let stretch = |(first, count): (usize, usize)| {
            view! { <rect x=first.to_string() y="0" width=count.to_string() height="1000" class="unseen"></rect> }
        };
        stretches.into_iter().map(stretch).rows()
    };
    view! {
        <div class="strip-graph" title=attr(told)>
            <svg viewBox="0 0 90 1000" preserveAspectRatio="none" role="img" aria-label=attr(told)>
                {shown(hatched)}
                <path d=attr(move || bars.with(|bars| rate::outline(bars)))></path>
            </svg>
            <span class="strip-graph-label" aria-hidden="true">"15 min"</span>
        </div>
    }
}

/// Whether tweets come: of a stream that is off or waits a rate would be an old one.
fn streams(told: &Told) -> bool {
    told.upstream() == Some(ConnectionState::Live)
}

/// Rate, viewers, lag, cost.
#[component]
fn Figures(shared: Shared) -> impl IntoView {
    let app = app();
    let stream = app.stream;
    // What was told last says nothing of now once nobody tells it, or nothing streams.
    let live = memo(move || stream.seen(|told| told.phase == Phase::Live));
    let figure = move |read: fn(&Told) -> Option<String>| {
        shown(move || live.get().then(|| stream.seen(read)).flatten())
    };
    let cost = memo(move || {
        let told = stream.seen(|told| told.standing.as_ref().and_then(|one| one.session_usd));
        shared.stream.with(|stream| {
            let usd = told.or_else(|| stream.map(|one| one.meter.session_usd))?;
            let cap = stream.and_then(|one| one.settings.session_cap_usd);
            Some(words::session(usd, cap, app.simulated()))
        })
    });
    view! {
        <div class="strip-figures">
            <span class="figure-rate">{figure(|told| Some(words::rate(told.standing.as_ref().filter(|_| streams(told))?.rate)))}</span>
            <span class="figure-lag">{figure(|told| told.standing.as_ref().filter(|_| streams(told))?.lag_ms.map(words::lag))}</span>
            <span class="figure-viewers">{figure(|told| Some(words::viewers(told.standing.as_ref()?.viewers)))}</span>
            <span class="figure-cost">{shown(move || cost.get())}</span>
        </div>
    }
}
