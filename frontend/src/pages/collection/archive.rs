//! X's own export of an account, chosen among the files to import. Invariant: nothing is sent
//! before the page has said whose archive it is, what it holds and what leaves the browser.

use super::upload::{self, Sent};
use crate::api;
use crate::app::{App, app};
use crate::archive::{self, Archive};
use crate::erase::{on_click, shown};
use crate::words::archive as words;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::api::{Account, NewAccount, Origin};
use shared::x::archive::{Found, Manifest};
use web_sys::File;

/// How far an archive is.
#[derive(Clone, PartialEq)]
pub(super) enum Stage {
    /// None was chosen.
    None,
    /// It is being read; its file's name.
    Opening(String),
    /// It cannot be imported.
    Bad(String),
    /// It is read and waits for the owner.
    Found(Found),
    /// It was handed to the import, with a list of followers or without.
    Sent(bool),
}

/// The archive chosen last.
#[derive(Clone, Copy)]
pub(super) struct Chosen {
    stage: RwSignal<Stage>,
    /// What a [`Stage::Found`] is about.
    read: StoredValue<Option<Archive>>,
}

impl Chosen {
    pub(super) fn new() -> Self {
        Self { stage: RwSignal::new(Stage::None), read: StoredValue::new(None) }
    }
}

/// Reads a zip; the page then asks whether to import it.
pub(super) fn open(app: App, chosen: Chosen, file: File) {
    chosen.stage.set(Stage::Opening(file.name()));
    spawn_local(async move {
        let stage = match archive::read(&file).await {
            Err(why) => Stage::Bad(format!("{}: {why}.", file.name())),
            Ok(read) => {
                let found = read.found.clone();
                let now = app.now.get_untracked();
                let refused = app.account.with_untracked(|account| {
                    account.as_ref().and_then(|account| words::refused(&found, account, now))
                });
                chosen.read.try_set_value(Some(read));
                refused.map_or(Stage::Found(found), Stage::Bad)
            }
        };
        let _ = chosen.stage.try_set(stage);
    });
}

/// What is said of the chosen archive, with the button that imports it.
pub(super) fn view(chosen: Chosen, sent: RwSignal<Vec<Sent>>) -> impl IntoView {
    let app = app();
    shown(move || match chosen.stage.get() {
        Stage::None | Stage::Sent(false) => ().into_any(),
        Stage::Opening(name) => {
            view! { <p class="note" role="status">{format!("Reading {name} …")}</p> }.into_any()
        }
        Stage::Bad(why) => view! { <p class="trouble" role="alert">{why}</p> }.into_any(),
        Stage::Found(found) => {
            let (zone, now) = (app.zone.get(), app.now.get_untracked());
            let unnamed = app.account.with_untracked(|account| unnamed(account.as_ref()));
            let import = move |_: leptos::ev::MouseEvent| send(app, chosen, sent);
            let doubts = words::doubts(&found).into_iter();
            view! {
                <div class="archive" role="status">
                    <p><strong>{words::found(&found, now, &zone)}</strong></p>
                    {doubts.map(|text| view! { <p class="doubt">{text}</p> }).collect_view()}
                    <p class="note">{words::note(&found, unnamed)}</p>
                    <button type="button" class="button primary" on:click=on_click(import)>{words::button(&found)}</button>
                </div>
            }
            .into_any()
        }
        Stage::Sent(true) => {
            let next = app.account.with(|account| account.as_ref().map(words::next));
            view! { <p class="note" role="status">{next}</p> }.into_any()
        }
    })
}

fn send(app: App, chosen: Chosen, sent: RwSignal<Vec<Sent>>) {
    let Some(read) = chosen.read.try_update_value(Option::take).flatten() else { return };
    chosen.stage.set(Stage::Sent(read.found.followers.importable()));
    spawn_local(async move {
        if app.account.with_untracked(|account| unnamed(account.as_ref())) {
            name(&read.found.manifest).await;
        }
        match read.files().await {
            Ok(files) => upload::take(app, sent, files, Origin::Archive),
            Err(why) => {
                let _ = chosen.stage.try_set(Stage::Bad(why));
            }
        }
    });
}

/// Whether the account's handle is not known here: it was begun by its id, and X was not asked.
fn unnamed(account: Option<&Account>) -> bool {
    account.is_some_and(|account| account.username.is_empty())
}

/// Tells the handle that the archive has. Should it fail, the next check names the account.
async fn name(manifest: &Manifest) {
    if manifest.username.is_empty() {
        return;
    }
    let account = NewAccount {
        id: Some(manifest.account),
        username: Some(manifest.username.clone()),
        schedule: None,
        monthly_cap_usd: None,
        verify: None,
        read: Some(false),
    };
    let _ = api::send::<Account>("POST", "/accounts", &account).await;
}
