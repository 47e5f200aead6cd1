//! The first-run page: the ways to begin, each with its price. Owns: the choice and its form.
//! Invariant: nothing is sent that makes Roost read from X before Start is pressed.

use crate::address::{Page, View};
use crate::api;
use crate::app::{App, app};
use crate::archive;
use crate::browser;
use crate::erase::{Memo, Rows as _, Show, attr, flag, on_event, on_submit, on_value, shown};
use crate::parts::{Icon, To, panel};
use crate::remote::{Question, Remote, remote};
use crate::words::begin::{self, Way};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::api::{Account, CredentialState, Credentials, NewAccount, Setup};
use shared::id::AccountId;
use shared::x::archive::Manifest;
use web_sys::File;

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
    /// The id of the account that saved lists are about.
    lists_of: RwSignal<String>,
    /// Keys for X, as far as that is known.
    keys: Remote<Credentials>,
    /// The archive that was chosen: whose it is, or why it is none.
    zip: RwSignal<Zip>,
    trouble: RwSignal<Option<String>>,
    waiting: RwSignal<bool>,
}

/// How far the chosen archive is.
#[derive(Clone, PartialEq)]
enum Zip {
    None,
    Opening,
    Bad(String),
    Of(Manifest),
}

/// A way that could be started at once, else the first.
fn first(setup: &Setup) -> Way {
    match (setup.owner, setup.bearer) {
        (true, _) => Way::OwnerKeys,
        (false, true) => Way::Bearer,
        (false, false) => Way::SignIn,
    }
}

fn form(setup: Memo<Setup>) -> AnyView {
    let app = app();
    let first = setup.with_untracked(first);
    let keys = remote(|| {
        Some(Question { subject: "keys".to_owned(), path: "/credentials".to_owned(), edition: 0 })
    });
    let owner = setup.with_untracked(|setup| setup.owner_id.map(|id| id.to_string()));
    let form = Form {
        way: RwSignal::new(first),
        followers: RwSignal::new(FOLLOWERS),
        handle: RwSignal::new(String::new()),
        id: RwSignal::new(owner.unwrap_or_default()),
        lists_of: RwSignal::new(String::new()),
        keys,
        zip: RwSignal::new(Zip::None),
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
                <input type="radio" name="way" value=way.slug() prop:checked=flag(chosen) on:change=on_event(move |_: leptos::ev::Event| form.way.set(way))/>
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
    if let Some(text) = setup.with_untracked(|setup| begin::missing(way, setup)) {
        return paste(text);
    }
    match way {
        Way::SignIn => view! { <div>{shown(move || sign_in(form))}</div> }.into_any(),
        Way::Archive => zip_field(form),
        Way::OwnerKeys => view! {
            <p class="ready"><Icon name="check"/>"The four keys are set."</p>
            {id_field(form.id, "The keys belong to this X user id")}
        }
        .into_any(),
        Way::Bearer => view! {
            <p class="ready"><Icon name="check"/>"The bearer token is set."</p>
            <label class="field">
                <span>"Handle"</span>
                <input type="text" name="username" placeholder="@handle" autocomplete="off" spellcheck="false" prop:value=form.handle
                    on:input=on_value(move |value| form.handle.set(value))/>
            </label>
        }
        .into_any(),
    }
}

/// Leads to where keys are pasted.
fn paste(text: &'static str) -> AnyView {
    view! {
        <p>{text}</p>
        <p><To class="button" change=|view: View| view.to(Page::Connect)>"Paste keys, with each step"</To></p>
    }
    .into_any()
}

/// Who has signed in at X, if anyone has.
fn signed_in(form: Form) -> Option<(AccountId, Option<String>)> {
    form.keys.with(|keys| {
        let of = keys?.items.iter().filter(|item| item.name.starts_with("user-"));
        let mut ready = of.filter(|item| item.state == CredentialState::Ready);
        ready.find_map(|item| Some((item.account?, item.username.clone())))
    })
}

fn sign_in(form: Form) -> AnyView {
    if !form.keys.settled() {
        return ().into_any();
    }
    if let Some((id, handle)) = signed_in(form) {
        let who = handle.map_or_else(|| format!("account {id}"), |handle| format!("@{handle}"));
        return view! { <p class="ready"><Icon name="check"/>{format!("Signed in as {who}.")}</p> }
            .into_any();
    }
    let client = form.keys.with(|keys| {
        let client = keys?.items.iter().find(|item| item.name == "client")?;
        Some(client.state == CredentialState::Ready)
    });
    if client == Some(true) {
        let start = "/auth/x/start";
        return view! { <p><a class="button primary" href=start>"Sign in with X"</a></p> }
            .into_any();
    }
    paste(begin::NO_CLIENT)
}

/// X's archive says whose it is; lists of another tool do not.
fn zip_field(form: Form) -> AnyView {
    let app = app();
    let input = NodeRef::<html::Input>::new();
    let chosen = move |_| {
        let file = input.get_untracked().and_then(|input| input.files()).and_then(|all| all.get(0));
        if let Some(file) = file {
            open(app, form, file);
        }
    };
    let told = move || match form.zip.get() {
        Zip::None => ().into_any(),
        Zip::Opening => view! { <p class="note" role="status">"Reading …"</p> }.into_any(),
        Zip::Bad(why) => view! { <p class="trouble" role="alert">{why}</p> }.into_any(),
        Zip::Of(manifest) => {
            let text = format!("X's archive of {}.", crate::words::archive::owner(&manifest));
            view! { <p class="ready" role="status"><Icon name="check"/>{text}</p> }.into_any()
        }
    };
    view! {
        <label class="field">
            <span>"The zip (“Download an archive of your data” in X's settings)"</span>
            <input type="file" accept=".zip,application/zip" node_ref=input on:change=chosen/>
        </label>
        {shown(told)}
        <details>
            <summary>"I have saved lists of another tool instead"</summary>
            {id_field(form.lists_of, "X user id of the account the lists are about")}
        </details>
    }
    .into_any()
}

/// Looks whose archive it is; the import reads it again.
fn open(app: App, form: Form, file: File) {
    form.zip.set(Zip::Opening);
    spawn_local(async move {
        let zip = match archive::read(&file).await {
            Err(why) => Zip::Bad(format!("{}: {why}.", file.name())),
            Ok(read) => Zip::Of(read.found.manifest),
        };
        app.handed.set_value(matches!(zip, Zip::Of(_)).then_some(file));
        let _ = form.zip.try_set(zip);
    });
}

fn id_field(id: RwSignal<String>, label: &'static str) -> impl IntoView {
    view! {
        <label class="field">
            <span>{label}</span>
            <input type="text" name="id" inputmode="numeric" placeholder="digits only" autocomplete="off" prop:value=id
                on:input=on_value(move |value| id.set(value))/>
        </label>
    }
}

/// The account that Start would add, if the form says one.
fn wanted(form: Form) -> Option<NewAccount> {
    let read = |id: RwSignal<String>| id.get().trim().parse::<AccountId>().ok();
    let plain = NewAccount::default();
    match form.way.get() {
        Way::OwnerKeys => read(form.id).map(|id| NewAccount { id: Some(id), ..plain }),
        Way::SignIn => signed_in(form).map(|(id, _)| NewAccount { id: Some(id), ..plain }),
        Way::Archive => match form.zip.get() {
            Zip::Of(Manifest { account, username, .. }) => {
                let username = Some(username).filter(|name| !name.is_empty());
                Some(NewAccount { id: Some(account), username, read: Some(false), ..plain })
            }
            _ => read(form.lists_of).map(|id| NewAccount {
                id: Some(id),
                read: Some(false),
                ..plain
            }),
        },
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
    let lists = form.way.get_untracked() == Way::Archive;
    form.waiting.set(true);
    form.trouble.set(None);
    spawn_local(async move {
        let answer = api::send::<Account>("POST", "/accounts", &wanted).await;
        let _ = form.waiting.try_set(false);
        match answer {
            Ok(account) => {
                app.renew();
                let page = if lists { Page::Collection } else { Page::Overview };
                app.go(View { page, account: Some(account.id.to_string()), ..View::default() });
            }
            Err(failure) => {
                let _ = form.trouble.try_set(browser::refused(&failure));
            }
        }
    });
}
