//! The form that adds a place for notices.

use super::Shared;
use crate::api;
use crate::browser;
use crate::erase::{Rows as _, Show, attr, flag, on_checked, on_click, on_submit, on_value, shown};
use crate::parts::{Dialog, Segmented};
use crate::words::alerts as words;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::api::{Alert, AlertChange, AlertEvent, AlertKind, AlertPace};

/// What is typed and chosen.
#[derive(Clone, Copy)]
struct Fields {
    kind: RwSignal<AlertKind>,
    name: RwSignal<String>,
    destination: RwSignal<String>,
    token: RwSignal<String>,
    events: RwSignal<Vec<AlertEvent>>,
    suspected: RwSignal<bool>,
    digest: RwSignal<bool>,
    hour: RwSignal<u8>,
    min_followers: RwSignal<String>,
}

impl Fields {
    fn new() -> Self {
        Self {
            kind: RwSignal::new(AlertKind::Discord),
            name: RwSignal::new(String::new()),
            destination: RwSignal::new(String::new()),
            token: RwSignal::new(String::new()),
            events: RwSignal::new(vec![AlertEvent::Lost, AlertEvent::Stopped]),
            suspected: RwSignal::new(false),
            digest: RwSignal::new(false),
            hour: RwSignal::new(8),
            min_followers: RwSignal::new(String::new()),
        }
    }

    /// Secrets do not stay in a form that is closed.
    fn clear(self) {
        self.destination.set(String::new());
        self.token.set(String::new());
        self.name.set(String::new());
    }

    fn change(self, zone: String) -> AlertChange {
        let kind = self.kind.get();
        let some = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let pace = if self.digest.get() { AlertPace::Digest } else { AlertPace::AtOnce };
        AlertChange {
            kind: Some(kind),
            name: some(self.name.get()),
            destination: some(self.destination.get()).filter(|_| kind != AlertKind::Feed),
            token: some(self.token.get()).filter(|_| kind == AlertKind::Ntfy),
            events: Some(self.events.get()),
            suspected: Some(self.suspected.get()),
            min_followers: self.min_followers.get().trim().parse().ok(),
            pace: Some(pace),
            digest_hour: Some(self.hour.get()),
            tz: Some(zone),
            ..AlertChange::default()
        }
    }
}

/// The form, over the page.
#[component]
pub(super) fn Form(shared: Shared, open: RwSignal<bool>) -> impl IntoView {
    let fields = Fields::new();
    let trouble = RwSignal::new(None::<String>);
    let waiting = RwSignal::new(false);
    let close = move || {
        fields.clear();
        trouble.set(None);
        open.set(false);
    };
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let zone = shared.app.zone.with_untracked(|zone| zone.name.clone());
        let change = untrack(|| fields.change(zone));
        waiting.set(true);
        trouble.set(None);
        spawn_local(async move {
            match api::send::<Alert>("POST", "/alerts", &change).await {
                Ok(made) => {
                    let _ = shared.made.try_set(Some(made));
                    close();
                    shared.alerts.again();
                }
                Err(failure) => {
                    let _ = trouble.try_set(browser::refused(&failure));
                }
            }
            let _ = waiting.try_set(false);
        });
    };
    let nothing = move || fields.events.with(Vec::is_empty);
    view! {
        <Dialog title="Add a place for notices" open=open closed=move |()| close()>
            <form on:submit=on_submit(save)>
                {place(fields)}
                {wishes(fields)}
                {pace(fields)}
                <p class="trouble" role="alert">{trouble}</p>
                <div class="dialog-actions">
                    <button type="button" class="button" on:click=on_click(move |_| close())>"Cancel"</button>
                    <button type="submit" class="button primary" disabled=flag(move || waiting.get() || nothing())>"Add"</button>
                </div>
            </form>
        </Dialog>
    }
}

fn text(
    name: &'static str,
    label: String,
    hint: &'static str,
    hidden: bool,
    needed: bool,
    value: RwSignal<String>,
) -> impl IntoView {
    let kind = if hidden { "password" } else { "text" };
    view! {
        <label class="field">
            <span>{label}</span>
            <input type=kind name=name placeholder=hint autocomplete="off" spellcheck="false" required=needed prop:value=value
                on:input=on_value(move |typed| value.set(typed))/>
        </label>
    }
}

/// Where notices go.
fn place(fields: Fields) -> impl IntoView {
    let kinds = words::KINDS.map(|kind| (kind.as_str(), words::kind(kind).to_owned())).to_vec();
    let address = move || {
        let (label, hint) = words::address(fields.kind.get())?;
        Some(text("destination", label.to_owned(), hint, false, true, fields.destination))
    };
    let token = move || {
        (fields.kind.get() == AlertKind::Ntfy).then(|| {
            let label = "Access token, of a protected topic".to_owned();
            text("token", label, "", true, false, fields.token)
        })
    };
    view! {
        <Segmented label="Where" options=kinds chosen=Signal::derive(move || fields.kind.get().as_str().to_owned())
            choose=move |slug: String| fields.kind.set(AlertKind::from_word(&slug).unwrap_or(AlertKind::Discord))/>
        {shown(address)}
        {shown(token)}
        {text("name", "Your name for it".to_owned(), "", false, false, fields.name)}
    }
}

/// What is told.
fn wishes(fields: Fields) -> impl IntoView {
    let row = move |event: AlertEvent| {
        let on = move || fields.events.with(|events| events.contains(&event));
        view! {
            <label class="check">
                <input type="checkbox" prop:checked=flag(on) on:change=on_checked(move |on| {
                    fields.events.update(|events| {
                        events.retain(|one| *one != event);
                        if on {
                            events.push(event);
                        }
                    });
                })/>
                {words::event(event)}
            </label>
        }
    };
    let losses = move || fields.events.with(|events| events.contains(&AlertEvent::Lost));
    view! {
        <fieldset class="checks">
            <legend>"Tell of"</legend>
            {words::EVENTS.into_iter().map(row).rows()}
        </fieldset>
        <Show when=flag(losses)>
            <label class="check">
                <input type="checkbox" prop:checked=fields.suspected on:change=on_checked(move |on| fields.suspected.set(on))/>
                "also while it is still being checked why someone left"
            </label>
        </Show>
        <label class="field">
            <span>"Only people with at least so many followers"</span>
            <input type="number" name="min_followers" min="0" step="1" inputmode="numeric" placeholder="0" prop:value=fields.min_followers
                on:input=on_value(move |typed| fields.min_followers.set(typed))/>
        </label>
    }
}

/// When it is told.
fn pace(fields: Fields) -> impl IntoView {
    let options = vec![("now", "At once".to_owned()), ("digest", "Once a day".to_owned())];
    let chosen = move || if fields.digest.get() { "digest".to_owned() } else { "now".to_owned() };
    let hour = move |hour: u8| {
        let selected = flag(move || fields.hour.get() == hour);
        view! { <option value=hour.to_string() selected=selected>{format!("{hour}:00")}</option> }
    };
    view! {
        <Segmented label="When" options=options chosen=Signal::derive(chosen) choose=move |slug: String| fields.digest.set(slug == "digest")/>
        <Show when=flag(move || fields.digest.get())>
            <label class="field">
                <span>"At this hour, by your clock"</span>
                <select on:change=on_value(move |value| {
                    if let Ok(hour) = value.parse() {
                        fields.hour.set(hour);
                    }
                }) aria-label=attr(|| "Hour")>{(0..24_u8).map(hour).rows()}</select>
            </label>
        </Show>
    }
}
