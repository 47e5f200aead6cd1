//! The look-ups of the last days, each with how far it is. Owns: following those that run, their
//! results, deleting them.

use crate::api;
use crate::app::App;
use crate::browser;
use crate::erase::{Memo, Rows as _, Show, flag, memo, on_click, shown};
use crate::numbers;
use crate::parts::{Dialog, Icon};
use crate::remote::Remote;
use crate::words::lookups as words;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::api::{List, Lookup, RunState};
use shared::export::csv;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// How long a running one is left alone, and one that waits.
const POLL_MS: u32 = 1_500;
const POLL_WAITING_MS: u32 = 10_000;

#[wasm_bindgen(module = "/js/lookups.js")]
extern "C" {
    #[wasm_bindgen(js_name = resultTable, catch)]
    fn result_table(text: &str, cell: &dyn Fn(String) -> String) -> Result<String, JsValue>;
}

/// What the rows share.
#[derive(Clone, Copy)]
struct Shared {
    app: App,
    list: Remote<List<Lookup>>,
    /// The look-up that is about to be deleted.
    deleting: RwSignal<Option<Lookup>>,
}

/// The panel's inside.
pub(super) fn content(app: App, list: Remote<List<Lookup>>, items: Memo<List<Lookup>>) -> AnyView {
    let shared = Shared { app, list, deleting: RwSignal::new(None) };
    let rows = move || {
        items.with(|list| list.items.clone()).into_iter().map(|one| row(shared, one)).rows()
    };
    view! {
        <Show when=flag(move || items.with(|list| list.items.is_empty()))>
            <p class="empty">"Nobody was looked up in the last 7 days."</p>
        </Show>
        <ul class="key-rows">{shown(rows)}</ul>
        <Delete shared=shared/>
    }
    .into_any()
}

/// Asks after a look-up as long as it runs and is shown.
fn follow(one: RwSignal<Lookup>) {
    spawn_local(async move {
        while let Some((id, waits)) = one
            .try_with_untracked(|one| {
                (one.state == RunState::Running)
                    .then(|| (one.id.clone(), one.waits_until.is_some()))
            })
            .flatten()
        {
            browser::sleep(if waits { POLL_WAITING_MS } else { POLL_MS }).await;
            match api::get::<Lookup>(&format!("/lookups/{id}")).await {
                Ok(now) => drop(one.try_set(now)),
                // Deleted elsewhere; anything else may pass.
                Err(failure) if failure.status == Some(404) => return,
                Err(_) => {}
            }
        }
    });
}

fn row(shared: Shared, first: Lookup) -> impl IntoView {
    let Shared { app, deleting, .. } = shared;
    let id = first.id.clone();
    let title = words::title(&first);
    let one = RwSignal::new(first);
    follow(one);
    let chip = move || {
        let (word, class) = one.with(words::state);
        view! { <span class=format!("chip run {class}")>{word}</span> }
    };
    let began = move || {
        let (zone, now) = (app.zone.get(), app.now.get());
        one.with(|one| words::began(one, now, &zone))
    };
    let note = move || {
        let (zone, now) = (app.zone.get(), app.now.get());
        one.with(|one| words::note(one, now, &zone))
    };
    let running = move || one.with(|one| one.state == RunState::Running);
    let width = move || {
        let (done, people) = one.with(|one| (one.done, one.people.max(1)));
        let float = |number: u64| numbers::float(i64::try_from(number).unwrap_or(i64::MAX));
        format!("{:.1}%", float(done) / float(people) * 100.0)
    };
    // Whether there is a result stays the same while it grows.
    let some = memo(move || one.with(|one| one.done > 0));
    let files = move || some.get().then(|| files(app, &id));
    view! {
        <li class="key-row">
            <div class="key-text">
                <strong>{title}</strong>
                {shown(chip)}
                <p>{shown(move || one.with(words::found))}</p>
                <Show when=flag(running)>
                    <span class="sent-bar" aria-hidden="true"><span style:width=width></span></span>
                </Show>
                <p class="note">{shown(began)} " " {shown(note)}</p>
            </div>
            <div class="key-actions">
                {shown(files)}
                <button type="button" class="button" on:click=on_click(move |_| deleting.set(Some(one.get_untracked())))>
                    "Delete…"
                </button>
            </div>
        </li>
    }
}

/// The result, in both its forms.
fn files(app: App, id: &str) -> impl IntoView + use<> {
    let path = format!("/lookups/{id}/result");
    let href = api::below(&path);
    let file = format!("lookup-{id}");
    let download = format!("{file}.ndjson");
    let table = move |_| save_table(app, path.clone(), format!("{file}.csv"));
    view! {
        <a class="button" href=href download=download>
            <Icon name="download"/>
            "NDJSON"
        </a>
        <button type="button" class="button" on:click=on_click(table)>
            <Icon name="download"/>
            "CSV"
        </button>
    }
}

/// The result as a table.
fn save_table(app: App, path: String, name: String) {
    spawn_local(async move {
        match api::text(&path).await {
            Err(failure) => app.say_failure(&failure),
            Ok(text) => match result_table(&text, &|text| csv::cell(&text)) {
                Ok(table) => browser::save_text(&name, &table),
                Err(_) => app.say("The result could not be read: take it as NDJSON."),
            },
        }
    });
}

/// Asks before a look-up is deleted: a running one ends there.
#[component]
fn Delete(shared: Shared) -> impl IntoView {
    let Shared { app, list, deleting } = shared;
    let close = move || deleting.set(None);
    let what = move || {
        deleting.with(|one| match one {
            Some(one) if one.state == RunState::Running => {
                "It ends here, and what it found is deleted. What was spent stays spent."
            }
            _ => "Its result is deleted. What was spent stays spent.",
        })
    };
    let delete = move |_| {
        let Some(one) = deleting.get_untracked() else { return };
        close();
        spawn_local(async move {
            match api::delete(&format!("/lookups/{}", one.id)).await {
                Ok(()) => app.say("Deleted."),
                Err(failure) => app.say_failure(&failure),
            }
            list.again();
        });
    };
    view! {
        <Dialog title="Delete this look-up" open=Signal::derive(move || deleting.with(Option::is_some)) closed=move |()| close()>
            <p>{shown(what)}</p>
            <div class="dialog-actions">
                <button type="button" class="button" on:click=on_click(move |_| close())>"Keep it"</button>
                <button type="button" class="button bad" on:click=on_click(delete)>"Delete"</button>
            </div>
        </Dialog>
    }
}
