//! "Tell me": where notices go, which, when, and what became of them. Owns: the list, the form,
//! the log. Invariant: a secret is shown once, when it was made.

mod form;
mod log;

use crate::app::{App, app};
use crate::erase::{Memo, Rows as _, on_click, shown};
use crate::parts::{CopyText, Dialog, panel};
use crate::remote::{Question, Remote, remote};
use crate::words::alerts as words;
use crate::{api, browser};
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::api::{Alert, AlertChange, AlertMessage, AlertState, List};

/// What the parts share.
#[derive(Clone, Copy)]
struct Shared {
    app: App,
    alerts: Remote<List<Alert>>,
    /// What was made last, with its secret.
    made: RwSignal<Option<Alert>>,
    /// The alert whose log is open.
    log: RwSignal<Option<Alert>>,
    /// The alert that is about to be deleted.
    deleting: RwSignal<Option<Alert>>,
}

/// The part of the Settings page.
#[component]
pub(crate) fn Alerts() -> impl IntoView {
    let app = app();
    let alerts: Remote<List<Alert>> = remote(move || {
        let edition = app.fresh.get();
        Some(Question { subject: "alerts".to_owned(), path: "/alerts".to_owned(), edition })
    });
    let none = RwSignal::new(None);
    let shared =
        Shared { app, alerts, made: none, log: RwSignal::new(None), deleting: RwSignal::new(None) };
    let adding = RwSignal::new(false);
    view! {
        <section class="card alerts">
            <h2>"Tell me"</h2>
            <p>"Who came and who left, sent to you: once it is settled, with a correction should it turn out otherwise."</p>
            {panel(alerts, "alert-list", move |list| rows(shared, list))}
            {made(shared)}
            <button type="button" class="button" on:click=on_click(move |_| adding.set(true))>"Add a place…"</button>
            <form::Form shared=shared open=adding/>
            <log::Log shared=shared/>
            <Delete shared=shared/>
        </section>
    }
}

fn rows(shared: Shared, list: Memo<List<Alert>>) -> AnyView {
    let rows =
        move || list.with(|list| list.items.clone()).into_iter().map(|one| row(shared, one)).rows();
    view! { <ul class="key-rows">{shown(rows)}</ul> }.into_any()
}

fn row(shared: Shared, alert: Alert) -> impl IntoView {
    let Shared { app, log, deleting, .. } = shared;
    let (word, class) = words::state(alert.state);
    let (zone, now) = (app.zone.get_untracked(), app.now.get_untracked());
    let title = match alert.name.as_str() {
        "" => words::kind(alert.kind).to_owned(),
        name => format!("{name} ({})", words::kind(alert.kind)),
    };
    let on = alert.state == AlertState::On;
    let turn = {
        let id = alert.id.clone();
        move |_| {
            let state = Some(if on { AlertState::Off } else { AlertState::On });
            change(shared, &id, AlertChange { state, ..AlertChange::default() });
        }
    };
    let test = {
        let id = alert.id.clone();
        move |_| send_test(shared, id.clone())
    };
    let (logged, doomed) = (alert.clone(), alert.clone());
    view! {
        <li class="key-row">
            <div class="key-text">
                <strong>{title}</strong>
                <span class=format!("chip {class}")>{word}</span>
                <p class="note">{alert.destination.clone()}</p>
                <p>{words::tells(&alert)}</p>
                <p class="note">{words::stand(&alert, now, &zone)}</p>
            </div>
            <div class="key-actions">
                <button type="button" class="button" on:click=on_click(test)>"Test"</button>
                <button type="button" class="button" on:click=on_click(move |_| log.set(Some(logged.clone())))>"Log"</button>
                <button type="button" class="button" on:click=on_click(turn)>{if on { "Switch off" } else { "Switch on" }}</button>
                <button type="button" class="button" on:click=on_click(move |_| deleting.set(Some(doomed.clone())))>"Delete…"</button>
            </div>
        </li>
    }
}

fn change(shared: Shared, id: &str, change: AlertChange) {
    let path = format!("/alerts/{id}");
    spawn_local(async move {
        if let Err(failure) = api::send::<Alert>("PATCH", &path, &change).await {
            shared.app.say_failure(&failure);
        }
        shared.alerts.again();
    });
}

fn send_test(shared: Shared, id: String) {
    spawn_local(async move {
        let sent = api::send::<AlertMessage>("POST", &format!("/alerts/{id}/test"), &()).await;
        match sent {
            Ok(_) => shared.app.say("A test is on its way: see the log."),
            Err(failure) => shared.app.say_failure(&failure),
        }
        shared.alerts.again();
    });
}

/// The secret of what was just made: shown once.
fn made(shared: Shared) -> impl IntoView {
    let inside = move || {
        let alert = shared.made.get()?;
        let (what, secret) = match (alert.secret, alert.feed) {
            (Some(secret), _) => ("The key of its signatures, shown once:", secret),
            (None, Some(feed)) => (
                "The feed's address, shown once; whoever has it can read it:",
                format!("{}{feed}", browser::origin()),
            ),
            (None, None) => return None,
        };
        Some(view! {
            <div class="archive" role="status">
                <p>{what}</p>
                <p class="callback"><code>{secret.clone()}</code><CopyText text=secret/></p>
            </div>
        })
    };
    shown(inside)
}

/// Asks before an alert is deleted.
#[component]
fn Delete(shared: Shared) -> impl IntoView {
    let Shared { app, alerts, deleting, .. } = shared;
    let close = move || deleting.set(None);
    let delete = move |_| {
        let Some(alert) = deleting.get_untracked() else { return };
        close();
        spawn_local(async move {
            match api::delete(&format!("/alerts/{}", alert.id)).await {
                Ok(()) => app.say("Deleted."),
                Err(failure) => app.say_failure(&failure),
            }
            alerts.again();
        });
    };
    view! {
        <Dialog title="Delete this place" open=Signal::derive(move || deleting.with(Option::is_some)) closed=move |()| close()>
            <p>"Nothing is sent there any more, and its log is deleted. A feed's address ends."</p>
            <div class="dialog-actions">
                <button type="button" class="button" on:click=on_click(move |_| close())>"Keep it"</button>
                <button type="button" class="button bad" on:click=on_click(delete)>"Delete"</button>
            </div>
        </Dialog>
    }
}
