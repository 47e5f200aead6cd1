//! Keys for X: what is set, what is missing, what X said, and the steps in X's console. Owns: the
//! forms. Invariant: a key that was sent is out of the page at once; none ever comes back.

use crate::address::{Page, View};
use crate::api;
use crate::app::{App, app};
use crate::browser;
use crate::erase::{Memo, Rows as _, Show, attr, flag, on_click, on_submit, shown};
use crate::numbers::about;
use crate::parts::{CopyText, Dialog, Icon, To, panel};
use crate::remote::{Question, Remote, remote};
use crate::words::connect::{self as words, Field};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::{Serialize, Serializer};
use shared::api::{
    CheckRequest, Checked, CheckedItem, ConsoleStep, CredentialItem, CredentialSource,
    CredentialState, Credentials,
};

/// What the parts of the page share.
#[derive(Clone, Copy)]
struct Shared {
    app: App,
    keys: Memo<Credentials>,
    /// The credential whose form is open.
    setting: RwSignal<Option<String>>,
    /// The credential that is about to be removed.
    removing: RwSignal<Option<String>>,
}

/// The page.
#[component]
pub(crate) fn Connect() -> impl IntoView {
    let app = app();
    let keys: Remote<Credentials> = remote(move || {
        let edition = app.fresh.get();
        Some(Question { subject: "keys".to_owned(), path: "/credentials".to_owned(), edition })
    });
    view! {
        <div class="page narrow connect">
            <h1>"Connect with X"</h1>
            <p class="lead">"Roost reads X with your own app, your own keys and your own agreement with X. Keys are sealed before they are stored, and never shown again."</p>
            {panel(keys, "keys", inside)}
        </div>
    }
}

fn inside(keys: Memo<Credentials>) -> AnyView {
    let app = app();
    let shared = Shared { app, keys, setting: RwSignal::new(None), removing: RwSignal::new(None) };
    let outcome = move || {
        let outcome = app.seen(|view| view.sign_in)?;
        let (good, said) = keys.with(|keys| words::outcome(outcome, keys.sign_in.as_ref()));
        let class = if good { "sign-in-outcome good" } else { "sign-in-outcome bad" };
        Some(view! { <p class=class role="status">{said}</p> })
    };
    let storing = move || {
        let text = keys.with(|keys| keys.storing.clone())?;
        Some(view! { <p class="trouble">{text}</p> })
    };
    let rows = move || {
        keys.with(|keys| keys.items.clone()).into_iter().map(|item| row(shared, item)).rows()
    };
    view! {
        {shown(outcome)}
        <Show when=flag(move || app.of_account(|one| one.is_none()))>
            <p><To class="button" change=|view: View| view.to(Page::Begin)>"Go on: choose how to begin"</To></p>
        </Show>
        <section class="card">
            <h2>"Your keys"</h2>
            {shown(storing)}
            <ul class="key-rows">{shown(rows)}</ul>
            {check(shared)}
        </section>
        {steps(shared)}
        <SetKeys shared=shared/>
        <Remove shared=shared/>
    }
    .into_any()
}

/// One credential: how it stands, and what can be done with it.
fn row(shared: Shared, item: CredentialItem) -> impl IntoView {
    let Shared { app, keys, setting, removing } = shared;
    let (word, class) = words::state(item.state);
    let (zone, now) = (app.zone.get_untracked(), app.now.get_untracked());
    let stored = item.source == Some(CredentialSource::Stored) || item.overridden;
    let can_store = keys.with_untracked(|keys| keys.can_store);
    let by_hand = !words::fields(&item.name).is_empty();
    let set = by_hand.then(|| {
        let name = item.name.clone();
        let text = if item.source.is_some() { "Replace…" } else { "Set…" };
        view! {
            <button type="button" class="button" disabled=!can_store on:click=on_click(move |_| setting.set(Some(name.clone())))>{text}</button>
        }
    });
    let remove = stored.then(|| {
        let name = item.name.clone();
        let text = if by_hand { "Remove…" } else { "Sign out…" };
        view! {
            <button type="button" class="button" on:click=on_click(move |_| removing.set(Some(name.clone())))>{text}</button>
        }
    });
    // A sign-in needs the client; one that ended needs another sign-in.
    let ready = item.state == CredentialState::Ready;
    let sign_in = (item.name == "client" && ready && can_store)
        .then(|| ("/auth/x/start".to_owned(), "Sign in with X"));
    let again = (!by_hand && !ready).then(|| {
        let account = item.account.map_or_else(String::new, |id| format!("?account={id}"));
        (format!("/auth/x/start{account}"), "Sign in again")
    });
    let link = sign_in.or(again).map(|(href, text)| {
        view! { <a class="button primary" href=href>{text}</a> }
    });
    let trouble = item.problem.as_ref().map(|problem| {
        let todo = item.todo.clone().unwrap_or_default();
        view! { <p class="trouble">{format!("{problem} {todo}").trim_end().to_owned()}</p> }
    });
    let step = item.step.as_ref().map(|step| step_link(shared, step));
    let origin = words::origin(&item, now, &zone);
    view! {
        <li class="key-row">
            <div class="key-text">
                <strong>{words::title(&item)}</strong>
                <span class=format!("chip {class}")>{word}</span>
                <p class="note">{item.what.clone()}</p>
                <p class="note">{origin}</p>
                {trouble}
                {step}
            </div>
            <div class="key-actions">{link}{set}{remove}</div>
        </li>
    }
}

/// A link to the step that cures something.
fn step_link(shared: Shared, id: &str) -> impl IntoView + use<> {
    let title = shared.keys.with_untracked(|keys| {
        keys.steps.iter().find(|step| step.id == id).map(|step| step.title.clone())
    });
    let href = format!("#step-{id}");
    title.map(|title| view! { <a class="link" href=href>{format!("Step: {title}")}</a> })
}

/// What X says of each key, for its price.
fn check(shared: Shared) -> impl IntoView {
    let Shared { app, keys, .. } = shared;
    let told = RwSignal::new(None::<Checked>);
    let waiting = RwSignal::new(false);
    let price = move || keys.with(|keys| keys.check_usd);
    let any = move || keys.with(|keys| keys.items.iter().any(|item| item.source.is_some()));
    let ask = move |_| {
        let body = CheckRequest { accept_usd: untrack(price) };
        waiting.set(true);
        spawn_local(async move {
            match api::send::<Checked>("POST", "/credentials/check", &body).await {
                Ok(checked) => {
                    let _ = told.try_set(Some(checked));
                }
                Err(failure) => app.say_failure(&failure),
            }
            let _ = waiting.try_set(false);
            app.renew();
        });
    };
    let label = move || {
        if waiting.get() {
            return "Asking X…".to_owned();
        }
        let price = price();
        let price = if price > 0.0 { about(price) } else { "free now".to_owned() };
        format!("Ask X about each key ({price})")
    };
    let line = |item: CheckedItem| {
        let (name, class) = match item.ok {
            Some(true) => ("check", "good"),
            Some(false) => ("alert", "bad"),
            None => ("minus", "quiet"),
        };
        let step = item.step.map(|step: ConsoleStep| {
            view! { <a class="link" href=format!("#step-{}", step.id)>{format!("Step: {}", step.title)}</a> }
        });
        view! {
            <li class=class>
                <Icon name=name/>
                <span>{format!("{}: {}. {}", item.name, item.asked, item.detail)}" "{step}</span>
            </li>
        }
    };
    let lines = move || told.get().map(|told| told.items.into_iter().map(line).rows());
    view! {
        <Show when=flag(any)>
            <div class="key-check">
                <button type="button" class="button" disabled=waiting on:click=on_click(ask)>{shown(label)}</button>
                <div role="status"><ul>{shown(lines)}</ul></div>
            </div>
        </Show>
    }
}

/// The steps in X's console, in order.
fn steps(shared: Shared) -> impl IntoView {
    let keys = shared.keys;
    let callback = move || keys.with(|keys| keys.callback.clone());
    let step = move |step: ConsoleStep| {
        let callback = (step.id == "sign-in").then(|| {
            view! { <p class="callback"><code>{callback()}</code><CopyText text=callback()/></p> }
        });
        view! {
            <li id=format!("step-{}", step.id)>
                <strong>{step.title}</strong>
                <p>{step.text}</p>
                {callback}
                <a href=step.url target="_blank" rel="noopener noreferrer">"Open X's console " <Icon name="out"/></a>
            </li>
        }
    };
    let rows = move || keys.with(|keys| keys.steps.clone()).into_iter().map(step).rows();
    view! {
        <section class="card">
            <h2>"In X's developer console"</h2>
            <ol class="console-steps">{shown(rows)}</ol>
            <p class="note">
                "X's own spending limit is the only hard stop: Roost's limits hold for what Roost reads. What Roost keeps, and for how long: "
                <a href="/privacy.html">"Privacy"</a> "."
            </p>
        </section>
    }
}

/// What was typed, by the names of the wire.
#[derive(Clone, Default)]
struct Fields(Vec<(&'static str, String)>);

impl Fields {
    fn get(&self, name: &str) -> String {
        let found = self.0.iter().find(|(one, _)| *one == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    fn set(&mut self, name: &'static str, value: String) {
        self.0.retain(|(one, _)| *one != name);
        self.0.push((name, value));
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// The form of one credential.
#[component]
fn SetKeys(shared: Shared) -> impl IntoView {
    let Shared { app, keys, setting, .. } = shared;
    let values = RwSignal::new(Fields::default());
    let trouble = RwSignal::new(None::<String>);
    let waiting = RwSignal::new(false);
    let close = move || {
        values.set(Fields::default());
        trouble.set(None);
        setting.set(None);
    };
    let title = move || {
        let name = setting.get().unwrap_or_default();
        let found =
            keys.with(|keys| keys.items.iter().find(|item| item.name == name).map(words::title));
        found.unwrap_or_default()
    };
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(name) = setting.get_untracked() else { return };
        let mut body = values.get_untracked();
        body.0.retain(|(_, value)| !value.trim().is_empty());
        waiting.set(true);
        trouble.set(None);
        spawn_local(async move {
            let path = format!("/credentials/{name}");
            match api::send::<Credentials>("PUT", &path, &body).await {
                Ok(_) => {
                    close();
                    app.say("Stored, sealed.");
                    app.renew();
                }
                Err(failure) => {
                    let _ = trouble.try_set(browser::refused(&failure));
                }
            }
            let _ = waiting.try_set(false);
        });
    };
    let field = move |&(name, label, hidden, needed): &'static Field| {
        let kind = if hidden { "password" } else { "text" };
        let value = move || values.with(|values| values.get(name));
        view! {
            <label class="field">
                <span>{label}</span>
                <input type=kind name=name autocomplete="off" spellcheck="false" required=needed prop:value=attr(value)
                    on:input=crate::erase::on_value(move |value| {
                        values.update(|values| values.set(name, value));
                    })/>
            </label>
        }
    };
    let fields = move || {
        let name = setting.get().unwrap_or_default();
        words::fields(&name).iter().map(field).rows()
    };
    view! {
        <Dialog title=Signal::derive(title) open=Signal::derive(move || setting.with(Option::is_some)) closed=move |()| close()>
            <form on:submit=on_submit(save)>
                {shown(fields)}
                <p class="trouble" role="alert">{trouble}</p>
                <div class="dialog-actions">
                    <button type="button" class="button" on:click=on_click(move |_| close())>"Cancel"</button>
                    <button type="submit" class="button primary" disabled=waiting>"Store, sealed"</button>
                </div>
            </form>
        </Dialog>
    }
}

/// Asks before something is removed.
#[component]
fn Remove(shared: Shared) -> impl IntoView {
    let Shared { app, removing, .. } = shared;
    let close = move || removing.set(None);
    let user =
        move || removing.with(|name| name.as_ref().is_some_and(|name| name.starts_with("user-")));
    let text = move || {
        if user() {
            "X is told to end this sign-in, and its tokens are deleted here. What was collected stays."
        } else {
            "The key is deleted here. At X it stays valid until you revoke it there."
        }
    };
    let remove = move |_| {
        let Some(name) = removing.get_untracked() else { return };
        close();
        spawn_local(async move {
            match api::delete(&format!("/credentials/{name}")).await {
                Ok(()) => app.say("Removed."),
                Err(failure) => app.say_failure(&failure),
            }
            app.renew();
        });
    };
    view! {
        <Dialog title="Remove from Roost" open=Signal::derive(move || removing.with(Option::is_some)) closed=move |()| close()>
            <p>{shown(text)}</p>
            <div class="dialog-actions">
                <button type="button" class="button" on:click=on_click(move |_| close())>"Keep it"</button>
                <button type="button" class="button bad" on:click=on_click(remove)>{shown(move || if user() { "Sign out" } else { "Remove" })}</button>
            </div>
        </Dialog>
    }
}
