//! Looking people up: many ids or handles at once, whoever they are. Owns: the form with its price,
//! the list of look-ups. Invariant: X is asked for nobody before the price was shown and Start was
//! pressed.

mod list;

use crate::address::{Page, View};
use crate::api;
use crate::app::{App, app};
use crate::erase::{Memo, Show, flag, memo, on_click, on_event, on_submit, on_value, shown};
use crate::fetching::Failure;
use crate::lookups::{Asked, read};
use crate::parts::{Failed, Icon, To, panel};
use crate::remote::{Question, Remote, remote};
use crate::words::lookups as words;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::api::{List, Lookup, LookupStarted};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{DragEvent, File, FileList};

/// A list of ten thousand handles is a tenth of this.
const BYTES_MAX: f64 = 2_000_000.0;

#[wasm_bindgen(module = "/js/lookups.js")]
extern "C" {
    #[wasm_bindgen(js_name = readText, catch)]
    async fn read_text(file: &File) -> Result<JsValue, JsValue>;
}

/// How far a list is.
#[derive(Clone, PartialEq)]
enum Stage {
    /// It is being written, or its price is being asked for.
    Open { asking: bool },
    /// What it costs, a part for each kind of name.
    Priced { parts: Vec<LookupStarted>, starting: bool },
    /// The API refused it.
    Failed(Failure),
}

/// What the parts of the form share.
#[derive(Clone, Copy)]
struct Form {
    app: App,
    text: RwSignal<String>,
    asked: Memo<Asked>,
    stage: RwSignal<Stage>,
    list: Remote<List<Lookup>>,
}

/// The page.
#[component]
pub(crate) fn Lookups() -> impl IntoView {
    let app = app();
    let list: Remote<List<Lookup>> = remote(move || {
        let edition = app.fresh.get();
        Some(Question { subject: "lookups".to_owned(), path: "/lookups".to_owned(), edition })
    });
    let text = RwSignal::new(String::new());
    let form = Form {
        app,
        text,
        asked: memo(move || text.with(|text| read(text))),
        stage: RwSignal::new(Stage::Open { asking: false }),
        list,
    };
    view! {
        <div class="page narrow settings lookups">
            <header>
                <To class="up" change=|view: View| view.to(Page::Collection)>
                    <Icon name="left"/>
                    "Collection"
                </To>
                <h1>"Look people up"</h1>
                <p class="stand">"Ids or handles in, what X says of each of them out: a profile, suspended, not on X. Whoever they are, up to 10,000 at once."</p>
            </header>
            {names(form)}
            <section class="card">
                <h2>"Look-ups"</h2>
                {panel(list, "lookup-list", move |items| list::content(app, list, items))}
            </section>
        </div>
    }
}

/// Where names are pasted or dropped; then the price, then Start.
fn names(form: Form) -> impl IntoView {
    let Form { text, asked, stage, .. } = form;
    let over = RwSignal::new(false);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        go_on(form);
    };
    let drop = move |event: leptos::ev::DragEvent| {
        event.prevent_default();
        over.set(false);
        let event: DragEvent = event.unchecked_into();
        take(form, event.data_transfer().and_then(|data| data.files()));
    };
    let trouble = move || asked.with(words::trouble);
    let stage_view = move || match stage.get() {
        Stage::Open { asking } => {
            let off = move || asking || !asked.with(Asked::fits);
            view! {
                <button type="submit" class="button primary" disabled=flag(off)>"What does it cost?"</button>
            }
            .into_any()
        }
        Stage::Priced { parts, starting } => priced(form, &parts, starting),
        Stage::Failed(failure) => failed(form, failure),
    };
    view! {
        <form class="card look-up" class:over=over on:submit=on_submit(submit)
            on:dragover=on_event(move |event: DragEvent| { event.prevent_default(); over.set(true); })
            on:dragleave=on_event(move |_: DragEvent| over.set(false))
            on:drop=on_event(drop)>
            <label for="names"><strong>"Ids or handles"</strong></label>
            <textarea id="names" rows="6" spellcheck="false" autocomplete="off" autocapitalize="none"
                placeholder="@handle, 2244994945, https://x.com/handle" aria-describedby="names-told"
                prop:value=text on:input=on_value(move |value| write(form, value))></textarea>
            <p class="note">
                "Apart by spaces, commas or lines. "
                <Choose form=form/>
                " or drop one here. Digits alone are an id; a handle of digits alone needs its @."
            </p>
            <div id="names-told" aria-live="polite">
                <p>{shown(move || asked.with(words::named))}</p>
                <p class="over">{shown(trouble)}</p>
            </div>
            <div class="look-up-end" aria-live="polite">{shown(stage_view)}</div>
        </form>
    }
}

/// Chooses a file of names.
#[component]
fn Choose(form: Form) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let chosen = move |_: leptos::ev::Event| {
        if let Some(input) = input.get_untracked() {
            take(form, input.files());
            input.set_value("");
        }
    };
    view! {
        <label class="link">
            "Choose a file"
            <input type="file" class="hidden" accept=".txt,.csv,text/plain,text/csv" node_ref=input on:change=on_event(chosen)/>
        </label>
    }
}

/// Another text has no price yet.
fn write(form: Form, text: String) {
    form.text.set(text);
    form.stage.set(Stage::Open { asking: false });
}

/// Puts a file's text where one types.
fn take(form: Form, files: Option<FileList>) {
    let Some(file) = files.and_then(|files| files.get(0)) else { return };
    if file.size() > BYTES_MAX {
        return form.app.say(format!("{} is over 2 MB: no list of 10,000 names is.", file.name()));
    }
    spawn_local(async move {
        match read_text(&file).await {
            Ok(text) => write(form, text.as_string().unwrap_or_default()),
            Err(_) => form.app.say(format!("{} could not be read.", file.name())),
        }
    });
}

/// The next step: its price, or its start.
fn go_on(form: Form) {
    match form.stage.get_untracked() {
        Stage::Open { asking: false } | Stage::Failed(_) => {
            form.stage.set(Stage::Open { asking: true });
            ask(form, false);
        }
        Stage::Priced { parts, starting: false } => {
            form.stage.set(Stage::Priced { parts, starting: true });
            ask(form, true);
        }
        _ => {}
    }
}

/// Asks for what stands there, one kind of name after the other.
fn ask(form: Form, start: bool) {
    let asked = form.asked.get_untracked();
    if !asked.fits() {
        return form.stage.set(Stage::Open { asking: false });
    }
    let text = form.text.get_untracked();
    spawn_local(async move {
        let mut parts = Vec::new();
        let mut outcome = Ok(());
        let mut left = asked.wire(start);
        left.reverse();
        while let Some(new) = left.last() {
            match api::send::<LookupStarted>("POST", "/lookups", new).await {
                Ok(part) => parts.push(part),
                Err(failure) => {
                    outcome = Err(failure);
                    break;
                }
            }
            left.pop();
        }
        if start && !parts.is_empty() {
            form.list.again();
        }
        // Whoever went on typing meanwhile has another list, and none of this is about it.
        if form.text.try_get_untracked().is_none_or(|now| now != text) {
            return;
        }
        match outcome {
            Ok(()) if start => {
                write(form, String::new());
                form.app.say("X is being asked.");
            }
            Ok(()) => form.stage.set(Stage::Priced { parts, starting: false }),
            Err(failure) => {
                // What has begun is not asked for again.
                if start && !parts.is_empty() {
                    let names = left.iter().flat_map(|new| &new.usernames);
                    let names: Vec<String> = names.map(|name| format!("@{name}")).collect();
                    form.text.set(names.join("\n"));
                }
                form.stage.set(Stage::Failed(failure));
            }
        }
    });
}

fn priced(form: Form, parts: &[LookupStarted], starting: bool) -> AnyView {
    let back = move |_| form.stage.set(Stage::Open { asking: false });
    let price = words::price(parts, form.app.simulated());
    let start = words::start(parts);
    view! {
        <p>{price}</p>
        <div class="dialog-actions">
            <button type="button" class="button" on:click=on_click(back)>"Not now"</button>
            <button type="submit" class="button primary" disabled=starting>
                <Icon name="check"/>
                {start}
            </button>
        </div>
    }
    .into_any()
}

fn failed(form: Form, failure: Failure) -> AnyView {
    // Without keys nobody can be asked for: they are set elsewhere.
    let keys = failure.status == Some(409);
    view! {
        <Failed failure=move || Some(failure.clone()) retry=move |()| go_on(form)/>
        <Show when=flag(move || keys)>
            <To class="button" change=|view: View| view.to(Page::Connect)>"Connect with X"</To>
        </Show>
    }
    .into_any()
}
