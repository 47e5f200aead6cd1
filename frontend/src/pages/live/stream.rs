//! The stream itself: whether it runs, which one, what it brings and costs, where it stops.

use super::{Shared, rules};
use crate::address::{Page, View};
use crate::api;
use crate::app::{App, app};
use crate::erase::{Rows as _, Show, flag, memo, on_checked, on_click, on_submit, on_value, shown};
use crate::numbers;
use crate::parts::{Dialog, Failed, Segmented, To};
use crate::words::live as words;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::api::{
    BoundingBox, ConnectionState, FilterLevel, Locations, Stream, StreamChange, StreamMode,
    StreamSettings, Switch,
};
use shared::id::UserId;

/// Sends a change; what the server makes of it is asked anew.
fn change(app: App, shared: Shared, change: StreamChange, done: &'static str) {
    spawn_local(async move {
        match api::send::<Stream>("PUT", "/stream", &change).await {
            Ok(_) => {
                app.say(done);
                shared.stream.again();
                shared.rules.again();
            }
            Err(failure) => app.say_failure(&failure),
        }
    });
}

fn switch(app: App, shared: Shared, on: bool) {
    let state = Some(if on { Switch::On } else { Switch::Off });
    let done = if on { "The stream begins." } else { "The stream has stopped." };
    change(app, shared, StreamChange { state, ..StreamChange::default() }, done);
}

/// The switch with its price; what costs money asks once more.
#[component]
pub(super) fn Start(shared: Shared) -> impl IntoView {
    let app = app();
    let asked = RwSignal::new(false);
    let price =
        move || shared.stream.with(|stream| stream.map(|one| words::price(one, app.simulated())));
    let caps = move || shared.stream.with(|stream| stream.map(words::caps));
    let press = move |_| {
        if app.simulated() {
            switch(app, shared, true);
        } else {
            asked.set(true);
        }
    };
    view! {
        <Show when=flag(move || shared.stream.with(|stream| stream.is_some()))>
            <button type="button" class="button primary" on:click=on_click(press)>"Start streaming"</button>
            <p class="note">{shown(price)} " " {shown(caps)}</p>
        </Show>
        <Dialog title="Start streaming" open=asked closed=move |()| asked.set(false)>
            <p>{shown(price)}</p>
            <p>{shown(caps)} " You can stop it at any time; a limit is set under Stream."</p>
            <div class="dialog-actions">
                <button type="button" class="button" on:click=on_click(move |_| asked.set(false))>"Not now"</button>
                <button type="button" class="button primary" on:click=on_click(move |_| {
                    asked.set(false);
                    switch(app, shared, true);
                })>"Start"</button>
            </div>
        </Dialog>
    }
}

/// The panel.
#[component]
pub(super) fn Settings(shared: Shared) -> impl IntoView {
    let remote = shared.stream;
    // Made once there is something; the parts follow what is known of it.
    let known = memo(move || remote.with(|stream| stream.is_some()));
    let failed = move || !known.get() && remote.failure().is_some();
    let inside = move || {
        let first = known.get().then(|| untrack(|| remote.value())).flatten()?;
        Some(view! {
            <Standing shared=shared/>
            <Form shared=shared settings=first.settings.clone() sample=first.sample_granted == Some(true)/>
            <rules::Rules shared=shared/>
        })
    };
    view! {
        <div class="side-scroll stream-panel" tabindex="0" role="region" aria-label="The stream's settings">
            <Show when=flag(failed)>
                <Failed failure=move || remote.failure() retry=move |()| remote.again()/>
            </Show>
            {shown(inside)}
        </div>
    }
}

/// Whether it runs, since when, what it brought.
#[component]
fn Standing(shared: Shared) -> impl IntoView {
    let app = app();
    let stream = shared.stream;
    let on =
        move || stream.with(|stream| stream.is_some_and(|one| one.settings.state == Switch::On));
    let state = move || {
        stream.with(|stream| {
            let told = app.stream.seen(crate::stream::Told::upstream);
            let state = told.or(stream.map(|one| one.connection.state));
            state.unwrap_or(ConnectionState::Off)
        })
    };
    let why = move || {
        stream
            .with(|stream| stream.and_then(|one| one.connection.why.clone()))
            .map(|why| crate::words::sentence(&why))
    };
    let meter = move || {
        stream.with(|stream| {
            let meter = &stream?.meter;
            Some(format!(
                "This session {}, {}; this month {}, {}.",
                numbers::plural(meter.session_posts, "tweet", "tweets"),
                words::cents(meter.session_usd),
                numbers::plural(meter.month_posts, "tweet", "tweets"),
                words::cents(meter.month_usd),
            ))
        })
    };
    view! {
        <div class="side-block">
            <p>{shown(move || words::connection(state()))}</p>
            <p class="note">{shown(why)}</p>
            <p class="note">{shown(meter)}</p>
            <Show when=flag(move || !on())>
                <Start shared=shared/>
            </Show>
            <Show when=flag(on)>
                <button type="button" class="button" on:click=on_click(move |_| switch(app, shared, false))>"Stop streaming"</button>
            </Show>
        </div>
    }
}

/// What one types, as text until it is saved.
#[derive(Clone, Copy)]
struct Draft {
    mode: RwSignal<String>,
    track: RwSignal<String>,
    follow: RwSignal<String>,
    areas: RwSignal<String>,
    session_cap: RwSignal<String>,
    month_cap: RwSignal<String>,
    without_viewers: RwSignal<bool>,
    fill: RwSignal<bool>,
    archive: RwSignal<bool>,
    hours: RwSignal<String>,
    tries: RwSignal<String>,
    level: RwSignal<String>,
    warnings: RwSignal<bool>,
}

impl Draft {
    fn of(settings: &StreamSettings) -> Self {
        let follow: Vec<String> = settings.follow.iter().map(ToString::to_string).collect();
        let areas: Vec<String> = settings.locations.iter().map(area_text).collect();
        let number = |number: Option<f64>| number.map(|usd| usd.to_string()).unwrap_or_default();
        Self {
            mode: RwSignal::new(settings.mode.to_string()),
            track: RwSignal::new(settings.track.join("\n")),
            follow: RwSignal::new(follow.join("\n")),
            areas: RwSignal::new(areas.join("\n")),
            session_cap: RwSignal::new(number(settings.session_cap_usd)),
            month_cap: RwSignal::new(number(settings.month_cap_usd)),
            without_viewers: RwSignal::new(settings.stop_without_viewers),
            fill: RwSignal::new(settings.fill_gaps),
            archive: RwSignal::new(settings.archive),
            hours: RwSignal::new(settings.archive_hours.to_string()),
            tries: RwSignal::new(settings.tries.map(|tries| tries.to_string()).unwrap_or_default()),
            level: RwSignal::new(settings.filter_level.to_string()),
            warnings: RwSignal::new(settings.stall_warnings),
        }
    }

    /// The change it asks for, or what cannot be read.
    fn change(self) -> Result<StreamChange, String> {
        Ok(StreamChange {
            state: None,
            mode: StreamMode::from_word(&self.mode.get_untracked()),
            track: Some(entries(&self.track.get_untracked())),
            follow: Some(ids(&self.follow.get_untracked())?),
            locations: Some(Locations::Boxes(areas(&self.areas.get_untracked())?)),
            session_cap_usd: Some(dollars(
                "The limit a session",
                &self.session_cap.get_untracked(),
            )?),
            month_cap_usd: Some(dollars("The limit a month", &self.month_cap.get_untracked())?),
            stop_without_viewers: Some(self.without_viewers.get_untracked()),
            fill_gaps: Some(self.fill.get_untracked()),
            archive: Some(self.archive.get_untracked()),
            archive_hours: Some(hours(&self.hours.get_untracked())?),
            tries: Some(tries(&self.tries.get_untracked())?),
            filter_level: FilterLevel::from_word(&self.level.get_untracked()),
            stall_warnings: Some(self.warnings.get_untracked()),
        })
    }
}

/// One entry a line.
fn entries(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn ids(text: &str) -> Result<Vec<UserId>, String> {
    let id = |word: &str| {
        word.parse().map_err(|_| format!("`{word}` is no account id: ids are numbers."))
    };
    text.split([',', '\n', ' ']).map(str::trim).filter(|word| !word.is_empty()).map(id).collect()
}

fn area_text(area: &BoundingBox) -> String {
    let texts: Vec<String> = area.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

fn areas(text: &str) -> Result<Vec<BoundingBox>, String> {
    let area = |line: String| {
        let numbers: Option<Vec<f64>> =
            line.split(',').map(|number| number.trim().parse().ok()).collect();
        let area: Option<BoundingBox> = numbers.and_then(|numbers| numbers.try_into().ok());
        area.ok_or_else(|| format!("`{line}` is no area: west, south, east, north in degrees."))
    };
    entries(text).into_iter().map(area).collect()
}

fn dollars(name: &str, text: &str) -> Result<Option<f64>, String> {
    let text = text.trim().trim_start_matches('$');
    if text.is_empty() {
        return Ok(None);
    }
    let usd = text.parse().ok().filter(|usd: &f64| usd.is_finite() && *usd >= 0.0);
    usd.map(Some).ok_or_else(|| format!("{name} is a number of dollars, or empty for none."))
}

fn hours(text: &str) -> Result<u32, String> {
    let hours = text.trim().parse().ok().filter(|hours| (1..=168).contains(hours));
    hours.ok_or_else(|| "Texts are kept 1 to 168 hours.".to_owned())
}

fn tries(text: &str) -> Result<Option<u32>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| "Tries are a number, or empty for no end.".to_owned())
}

/// The form.
#[component]
fn Form(shared: Shared, settings: StreamSettings, sample: bool) -> impl IntoView {
    let app = app();
    let draft = Draft::of(&settings);
    let wrong = RwSignal::new(None::<String>);
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        match draft.change() {
            Ok(wanted) => {
                wrong.set(None);
                change(app, shared, wanted, "Saved.");
            }
            Err(why) => wrong.set(Some(why)),
        }
    };
    let modes = [StreamMode::Filtered, StreamMode::Sample];
    let options = modes.map(|mode| (mode.as_str(), words::mode(mode).to_owned())).to_vec();
    // What X does not grant is not offered.
    let mode = sample.then(|| {
        view! {
            <div class="side-field">
                <span>"Which tweets"</span>
                <Segmented label="Which tweets" options=options
                    chosen=draft.mode choose=move |word: String| draft.mode.set(word)/>
            </div>
        }
    });
    view! {
        <form class="side-block" on:submit=on_submit(save)>
            <h2>"What is streamed"</h2>
            {mode}
            {area_field("Words or phrases, one a line", "Each becomes part of a rule at X.", draft.track)}
            {area_field("Accounts, by id, one a line", "Their own tweets.", draft.follow)}
            {area_field("Areas, one a line: west, south, east, north", "Only tweets that carry a place are found by area, and few do.", draft.areas)}
            <TakeArea draft=draft/>
            <h2>"Where it stops"</h2>
            <div class="side-pair">
                {text_field("Dollars a session", draft.session_cap)}
                {text_field("Dollars a month", draft.month_cap)}
            </div>
            {toggle("Stop when nobody watched for 10 minutes", draft.without_viewers)}
            <details>
                <summary>"More"</summary>
                {toggle("Fill short gaps from recent search", draft.fill)}
                {toggle("Keep the raw tweets", draft.archive)}
                <div class="side-pair">
                    {text_field("Hours texts are kept", draft.hours)}
                    {text_field("Tries before giving up", draft.tries)}
                </div>
                <Level level=draft.level/>
                {toggle("Ask X to warn when this reader falls behind", draft.warnings)}
            </details>
            <p class="wrong" role="alert">{wrong}</p>
            <div class="side-actions">
                <button type="submit" class="button primary">"Save"</button>
                <To class="quiet-button" change=|view: View| view.to(Page::Collection)>"Spending"</To>
            </div>
        </form>
    }
}

fn area_field(label: &'static str, note: &'static str, text: RwSignal<String>) -> AnyView {
    view! {
        <label class="side-field">
            <span>{label}</span>
            <textarea rows="2" spellcheck="false" prop:value=text on:input=on_value(move |value| text.set(value))></textarea>
            <span class="note">{note}</span>
        </label>
    }
    .into_any()
}

fn text_field(label: &'static str, text: RwSignal<String>) -> AnyView {
    view! {
        <label class="side-field">
            <span>{label}</span>
            <input type="text" inputmode="decimal" autocomplete="off" placeholder="none" prop:value=text
                on:input=on_value(move |value| text.set(value))/>
        </label>
    }
    .into_any()
}

fn toggle(label: &'static str, on: RwSignal<bool>) -> AnyView {
    view! {
        <label class="side-toggle">
            <span>{label}</span>
            <input type="checkbox" role="switch" class="switch" prop:checked=on
                on:change=on_checked(move |now| on.set(now))/>
        </label>
    }
    .into_any()
}

/// Takes the area drawn on the map over.
#[component]
fn TakeArea(draft: Draft) -> impl IntoView {
    let app = app();
    let area = move || app.seen(|view| view.live.area);
    let take = move |_| {
        let Some(area) = area() else { return };
        draft.areas.update(|text| {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(&area_text(&area.degrees()));
        });
    };
    view! {
        <Show when=flag(move || area().is_some())>
            <button type="button" class="button" on:click=on_click(take)>"Add the area drawn on the map"</button>
        </Show>
    }
}

#[component]
fn Level(level: RwSignal<String>) -> impl IntoView {
    let option = move |one: &FilterLevel| {
        let one = *one;
        let selected = move || level.with(|level| level == one.as_str());
        view! { <option value=one.as_str() selected=flag(selected)>{words::level(one)}</option> }
    };
    view! {
        <label class="side-toggle">
            <span>"Filter level"</span>
            <select on:change=on_value(move |value| level.set(value))>
                {FilterLevel::ALL.iter().map(option).rows()}
            </select>
        </label>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_line_by_line() {
        assert_eq!(entries(" green tea \n\n café"), ["green tea", "café"]);
        assert_eq!(ids("12, 13\n14"), Ok(vec![UserId(12), UserId(13), UserId(14)]));
        assert!(ids("@ada").is_err());
    }

    #[test]
    fn areas_are_four_numbers() {
        assert_eq!(areas("-10.5, 35, 30,60"), Ok(vec![[-10.5, 35.0, 30.0, 60.0]]));
        assert_eq!(areas(&area_text(&[1.0, 2.0, 3.5, 4.0])), Ok(vec![[1.0, 2.0, 3.5, 4.0]]));
        assert!(areas("1, 2, 3").is_err());
        assert_eq!(areas(""), Ok(vec![]));
    }

    #[test]
    fn an_empty_limit_is_none_and_a_wrong_one_is_told() {
        assert_eq!(dollars("x", " "), Ok(None));
        assert_eq!(dollars("x", "$1.50"), Ok(Some(1.5)));
        for text in ["-1", "NaN", "inf", "a lot"] {
            assert!(dollars("x", text).is_err(), "{text}");
        }
        assert_eq!((tries(""), tries("5")), (Ok(None), Ok(Some(5))));
        assert_eq!((hours("24"), hours("169").is_err()), (Ok(24), true));
    }
}
