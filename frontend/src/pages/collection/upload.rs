//! Importing saved lists: several files, one by one, each with its progress and its outcome; a zip
//! among them is X's own archive, which is looked at first.
//! Invariant: files go in the order of their names, oldest first, so that the history grows
//! forward; one that fails does not stop the rest.

use super::archive;
use crate::address::with_query;
use crate::api;
use crate::app::{App, app};
use crate::erase::{attr, on_event, shown};
use crate::fetching::Failure;
use crate::numbers;
use crate::parts::Icon;
use crate::words::runs;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::api::{Origin, Run, RunState};
use shared::snapshot::Name;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::Closure;
use web_sys::{DragEvent, File, FileList};

/// Larger bodies are refused by the API: they belong into the bucket.
const BYTES_MAX: f64 = 95_000_000.0;
/// A run is asked after once a second, for ten minutes at most.
const POLLS_MAX: u32 = 600;

/// One file on its way.
#[derive(Clone, PartialEq)]
pub(super) struct Sent {
    id: usize,
    name: String,
    state: RwSignal<Stage>,
}

#[derive(Clone, Debug, PartialEq)]
enum Stage {
    Waiting,
    /// Share sent, 0 to 1.
    Sending(f64),
    Reading,
    Done(String),
    Bad(String),
}

/// The part of the page; the first-run page uses it too.
#[component]
pub(crate) fn Import() -> impl IntoView {
    let app = app();
    let sent = RwSignal::new(Vec::<Sent>::new());
    let over = RwSignal::new(false);
    let zip = archive::Chosen::new();
    if let Some(file) = app.handed.try_update_value(Option::take).flatten() {
        archive::open(app, zip, file);
    }
    let input = NodeRef::<html::Input>::new();
    let chosen = move |_: leptos::ev::Event| {
        if let Some(input) = input.get_untracked() {
            sort(app, sent, zip, input.files());
            input.set_value("");
        }
    };
    let drop = move |event: leptos::ev::DragEvent| {
        event.prevent_default();
        over.set(false);
        let event: DragEvent = event.unchecked_into();
        sort(app, sent, zip, event.data_transfer().and_then(|data| data.files()));
    };
    view! {
        <section class="card import">
            <h2>"Import"</h2>
            <div class="drop" class:over=over
                on:dragover=on_event(move |event: DragEvent| { event.prevent_default(); over.set(true); })
                on:dragleave=on_event(move |_: DragEvent| over.set(false))
                on:drop=on_event(drop)>
                <Icon name="upload"/>
                <p>
                    <label class="link">
                        "Choose saved lists or X's archive"
                        <input type="file" class="hidden" multiple accept=".gz,.zip,application/gzip,application/zip" node_ref=input on:change=on_event(chosen)/>
                    </label>
                    " or drop them here"
                </p>
                <p class="note">"Files named FOLLOWERS_<time>.json.gz or TWEETS_<time>.json.gz, up to 95 MB each, or the zip that X makes of an account (“Download an archive of your data”). X is asked nothing."</p>
            </div>
            {archive::view(zip, sent)}
            <ul class="sent" aria-live="polite">
                <For each=move || sent.get() key=|one| one.id let:one>{row(one)}</For>
            </ul>
        </section>
    }
}

fn row(sent: Sent) -> impl IntoView {
    let state = sent.state;
    let text = move || match state.get() {
        Stage::Waiting => "waits for its turn".to_owned(),
        Stage::Sending(share) => format!("sending, {}", numbers::percent(share.min(0.99))),
        Stage::Reading => "being read".to_owned(),
        Stage::Done(text) | Stage::Bad(text) => text,
    };
    let class = move || match state.get() {
        Stage::Done(_) => "sent-row good",
        Stage::Bad(_) => "sent-row bad",
        _ => "sent-row",
    };
    let width = move || match state.get() {
        Stage::Waiting => "0%".to_owned(),
        Stage::Sending(share) => format!("{:.0}%", share * 80.0),
        Stage::Reading => "90%".to_owned(),
        Stage::Done(_) | Stage::Bad(_) => "100%".to_owned(),
    };
    view! {
        <li class=attr(class)>
            <span class="file-name">{sent.name}</span>
            <span class="note">{shown(text)}</span>
            <span class="sent-bar" aria-hidden="true"><span style:width=width></span></span>
        </li>
    }
}

/// Takes files on: a zip is opened, lists go at once. Archives are looked at one at a time.
fn sort(app: App, sent: RwSignal<Vec<Sent>>, zip: archive::Chosen, files: Option<FileList>) {
    let Some(files) = files else { return };
    let chosen = (0..files.length()).filter_map(|at| files.get(at));
    let (zips, lists): (Vec<File>, Vec<File>) =
        chosen.partition(|file| file.name().to_lowercase().ends_with(".zip"));
    let mut zips = zips.into_iter();
    if let Some(file) = zips.next() {
        archive::open(app, zip, file);
    }
    for file in zips {
        let why = "not opened: choose one archive at a time".to_owned();
        let (id, state) = (sent.with_untracked(Vec::len), RwSignal::new(Stage::Bad(why)));
        sent.update(|sent| sent.push(Sent { id, name: file.name(), state }));
    }
    take(app, sent, lists, Origin::Import);
}

/// Takes lists on; they go one after the other.
pub(super) fn take(app: App, sent: RwSignal<Vec<Sent>>, chosen: Vec<File>, origin: Origin) {
    let chosen = crate::order::sorted(chosen, |one, other| {
        // By their instants, however they were saved.
        let plain = |file: &File| (Name::parse(&file.name()).ok(), file.name());
        plain(one).cmp(&plain(other))
    });
    let first = sent.with_untracked(Vec::len);
    let queue: Vec<(Sent, File)> = chosen
        .into_iter()
        .enumerate()
        .map(|(at, file)| {
            let state = RwSignal::new(Stage::Waiting);
            (Sent { id: first + at, name: file.name(), state }, file)
        })
        .collect();
    sent.update(|sent| sent.extend(queue.iter().map(|(one, _)| one.clone())));
    spawn_local(async move {
        let mut imported = 0;
        for (one, file) in queue {
            let outcome = import(app, &one, &file, origin).await;
            imported += u32::from(matches!(outcome, Stage::Done(_)));
            let _ = one.state.try_set(outcome);
        }
        if imported > 0 {
            app.renew();
        }
    });
}

/// Asks whether a file may take the place of the saved list of its name.
fn may_replace(chosen: &str, plain: &Name) -> bool {
    let question = format!(
        "{} is saved already, with other content. Put {chosen} in its place? The saved file is \
         gone then; it stays if yours cannot be read.",
        plain.as_str()
    );
    let asked = web_sys::window().map(|window| window.confirm_with_message(&question));
    matches!(asked, Some(Ok(true)))
}

async fn import(app: App, one: &Sent, file: &File, origin: Origin) -> Stage {
    let Ok(plain) = Name::parse(&one.name) else {
        let why = "not taken: its name must be FOLLOWERS_<time>.json.gz or TWEETS_<time>.json.gz";
        return Stage::Bad(why.to_owned());
    };
    if file.size() > BYTES_MAX {
        return Stage::Bad("not taken: over 95 MB, put it into the bucket instead".to_owned());
    }
    let Some(id) = app.account.with_untracked(|one| one.as_ref().map(|one| one.id)) else {
        return Stage::Bad("not taken: there is no account".to_owned());
    };
    let path = |replace: bool| {
        let pairs = [
            ("name", plain.as_str().to_owned()),
            ("origin", origin.as_str().to_owned()),
            ("replace", replace.to_string()),
        ];
        with_query(&format!("/accounts/{id}/snapshots"), &pairs)
    };
    let state = one.state;
    let progress = Closure::<dyn Fn(f64)>::new(move |share| {
        let _ = state.try_set(Stage::Sending(share));
    });
    let mut sent = api::import(&path(false), file, &progress).await;
    let taken = |sent: &Result<_, Failure>| sent.as_ref().is_err_and(|f| f.status == Some(409));
    if taken(&sent) && may_replace(&one.name, &plain) {
        sent = api::import(&path(true), file, &progress).await;
    }
    let started = match sent {
        Ok(started) => started,
        Err(failure) => return Stage::Bad(failure.said()),
    };
    let _ = state.try_set(Stage::Reading);
    for _ in 0..POLLS_MAX {
        match api::get::<Run>(&format!("/runs/{}", started.run)).await {
            Ok(run) if run.state == RunState::Running => {}
            Ok(run) if run.state == RunState::Done => return Stage::Done(runs::outcome(&run)),
            Ok(run) => return Stage::Bad(runs::outcome(&run)),
            Err(failure) => return Stage::Bad(failure.title),
        }
        crate::browser::sleep(1_000).await;
    }
    Stage::Bad("still being read; see “What ran”".to_owned())
}
