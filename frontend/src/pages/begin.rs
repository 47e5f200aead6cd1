//! The first-run page: three ways to begin, each with its price. Owns: the choice and its form.
//! Invariant: nothing is sent that makes Roost read from X before Start is pressed.

use crate::address::View;
use crate::api;
use crate::app::{App, app};
use crate::erase::{Memo, Rows as _, Show, attr, flag, on_submit, on_value, shown};
use crate::parts::{Icon, panel};
use crate::remote::{Question, Remote, remote};
use crate::words::begin::{self, Way};
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::api::{Account, NewAccount, Setup};
use shared::id::AccountId;

/// What a price is counted with until the account's size is known.
const FOLLOWERS: u64 = 10_000;

/// The page.
#[component]
pub(crate) fn Begin() -> impl IntoView {
    let setup: Remote<Setup> = remote(|| {
        Some(Question { subject: "setup".to_owned(), path: "/setup".to_owned(), edition: 0 })
    });
    view! {
        <div class="page narrow begin">
            <h1>"Who follows, who left, and why"</h1>
            <p class="lead">"Roost watches one X account's followers. Choose how to begin; nothing is read from X, and nothing is billed, before you press Start."</p>
            {panel(setup, "begin-panel", form)}
        </div>
    }
}

/// What the form holds.
#[derive(Clone, Copy)]
struct Form {
    way: RwSignal<Way>,
    followers: RwSignal<u64>,
    handle: RwSignal<String>,
    id: RwSignal<String>,
    trouble: RwSignal<Option<String>>,
    waiting: RwSignal<bool>,
}

fn form(setup: Memo<Setup>) -> AnyView {
    let app = app();
    let first = setup.with_untracked(|setup| {
        if !setup.owner && setup.bearer { Way::Bearer } else { Way::OwnerKeys }
    });
    let owner = setup.with_untracked(|setup| setup.owner_id.map(|id| id.to_string()));
    let form = Form {
        way: RwSignal::new(first),
        followers: RwSignal::new(FOLLOWERS),
        handle: RwSignal::new(String::new()),
        id: RwSignal::new(owner.unwrap_or_default()),
        trouble: RwSignal::new(None),
        waiting: RwSignal::new(false),
    };
    view! {
        <form class="ways" on:submit=on_submit(move |event: leptos::ev::SubmitEvent| {
            event.prevent_default();
            start(app, form, setup);
        })>
            <label class="size">
                <span>"Prices for about"</span>
                <input type="number" min="1" step="1" inputmode="numeric" prop:value=attr(move || form.followers.get().to_string())
                    on:input=on_value(move |value| {
                        if let Ok(count) = value.trim().parse() {
                            form.followers.set(count);
                        }
                    })/>
                <span>"followers"</span>
            </label>
            <fieldset>
                <legend class="hidden">"How to begin"</legend>
                {Way::ORDER.into_iter().enumerate().map(|(at, way)| way_row(at, way, form, setup)).rows()}
            </fieldset>
            <p class="trouble" role="alert">{form.trouble}</p>
            <div class="start">
                <button type="submit" class="button primary large" disabled=flag(move || !can_start(form, setup))>
                    {shown(move || if form.waiting.get() { "Starting…" } else { "Start" })}
                </button>
                <p class="note">{shown(move || setup.with(|setup| begin::start(form.way.get(), setup)))}</p>
            </div>
        </form>
    }
    .into_any()
}

fn way_row(at: usize, way: Way, form: Form, setup: Memo<Setup>) -> impl IntoView {
    let chosen = move || form.way.get() == way;
    let price = move || setup.with(|setup| begin::price(way, setup, form.followers.get()));
    view! {
        <div class="way card" class:chosen=flag(chosen)>
            <label class="way-head">
                <input type="radio" name="way" value=way.slug() prop:checked=flag(chosen) on:change=move |_| form.way.set(way)/>
                <span class="way-number" aria-hidden="true">{(at + 1).to_string()}</span>
                <span class="way-text">
                    <strong>{way.title()}</strong>
                    <span class="note">{way.what()}</span>
                </span>
                <span class="way-price">
                    <strong>{shown(price)}</strong>
                    <span class="note">{begin::price_note(way)}</span>
                </span>
            </label>
            <Show when=flag(chosen)>
                <div class="way-inside">{inside(way, form, setup)}</div>
            </Show>
        </div>
    }
}

/// What a chosen way needs: its keys, or which account.
fn inside(way: Way, form: Form, setup: Memo<Setup>) -> AnyView {
    if let Some(names) = setup.with_untracked(|setup| begin::missing(way, setup)) {
        let commands = names.iter().map(|name| format!("npx wrangler secret put {name}\n"));
        return view! {
            <p>
                "Make an app at "
                <a href="https://console.x.com" target="_blank" rel="noopener noreferrer">"X's developer console" <Icon name="out"/></a>
                ", open “Keys and tokens”, and give Roost what it says. On a laptop the same names go into "
                <code>".dev.vars"</code> "."
            </p>
            <pre tabindex="0">{commands.collect::<String>()}</pre>
            <p class="note">"Then reload this page."</p>
        }
        .into_any();
    }
    match way {
        Way::OwnerKeys => view! {
            <p class="ready"><Icon name="check"/>"The four keys are set."</p>
            {id_field(form, "The keys belong to this X user id")}
        }
        .into_any(),
        Way::SavedLists => id_field(form, "X user id of the account the lists are about").into_any(),
        Way::Bearer => view! {
            <p class="ready"><Icon name="check"/>"The bearer token is set."</p>
            <label class="field">
                <span>"Handle"</span>
                <input type="text" placeholder="@handle" autocomplete="off" spellcheck="false" prop:value=form.handle
                    on:input=on_value(move |value| form.handle.set(value))/>
            </label>
        }
        .into_any(),
    }
}

fn id_field(form: Form, label: &'static str) -> impl IntoView {
    view! {
        <label class="field">
            <span>{label}</span>
            <input type="text" inputmode="numeric" placeholder="digits only" autocomplete="off" prop:value=form.id
                on:input=on_value(move |value| form.id.set(value))/>
        </label>
    }
}

/// The account that Start would add, if the form says one.
fn wanted(form: Form) -> Option<NewAccount> {
    let id = || form.id.get().trim().parse::<AccountId>().ok();
    let plain = NewAccount::default();
    match form.way.get() {
        Way::OwnerKeys => id().map(|id| NewAccount { id: Some(id), ..plain }),
        Way::SavedLists => id().map(|id| NewAccount { id: Some(id), read: Some(false), ..plain }),
        Way::Bearer => {
            let handle = form.handle.get().trim().trim_start_matches('@').to_owned();
            let named = !handle.is_empty();
            named.then_some(NewAccount { username: Some(handle), ..plain })
        }
    }
}

fn can_start(form: Form, setup: Memo<Setup>) -> bool {
    let ready = setup.with(|setup| begin::missing(form.way.get(), setup).is_none());
    ready && wanted(form).is_some() && !form.waiting.get()
}

fn start(app: App, form: Form, setup: Memo<Setup>) {
    if !untrack(|| can_start(form, setup)) {
        return;
    }
    let Some(wanted) = untrack(|| wanted(form)) else { return };
    let lists = form.way.get_untracked() == Way::SavedLists;
    form.waiting.set(true);
    form.trouble.set(None);
    spawn_local(async move {
        let answer = api::send::<Account>("POST", "/accounts", &wanted).await;
        let _ = form.waiting.try_set(false);
        match answer {
            Ok(account) => {
                app.renew();
                let page = if lists {
                    crate::address::Page::Collection
                } else {
                    crate::address::Page::Overview
                };
                app.go(View { page, account: Some(account.id.to_string()), ..View::default() });
            }
            Err(failure) => {
                let said = format!("{}. {}", failure.title, failure.detail);
                let _ = form.trouble.try_set(Some(said));
            }
        }
    });
}
