//! What became of an alert's messages.

use super::Shared;
use crate::api;
use crate::erase::{Memo, Rows as _, flag, on_click, shown};
use crate::parts::{Dialog, panel};
use crate::remote::{Question, Remote, remote};
use crate::words::alerts as words;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::api::{AlertMessage, List, MessageState, Retried, RetryMessages};

/// The log, over the page.
#[component]
pub(super) fn Log(shared: Shared) -> impl IntoView {
    let open = shared.log;
    let turn = RwSignal::new(0_u64);
    let log: Remote<List<AlertMessage>> = remote(move || {
        let id = open.with(|alert| alert.as_ref().map(|alert| alert.id.clone()))?;
        let path = format!("/alerts/{id}/log?limit=50");
        Some(Question { subject: id, path, edition: turn.get() })
    });
    let again = move |message: Option<String>| {
        let Some(alert) = open.get_untracked() else { return };
        spawn_local(async move {
            let path = format!("/alerts/{}/retry", alert.id);
            match api::send::<Retried>("POST", &path, &RetryMessages { message }).await {
                Ok(_) => turn.update(|turn| *turn += 1),
                Err(failure) => shared.app.say_failure(&failure),
            }
            shared.alerts.again();
        });
    };
    view! {
        <Dialog title="What was sent" open=Signal::derive(move || open.with(Option::is_some)) closed=move |()| open.set(None) class="wide">
            {panel(log, "alert-log", move |list| lines(shared, list, again))}
        </Dialog>
    }
}

fn lines(
    shared: Shared,
    list: Memo<List<AlertMessage>>,
    again: impl Fn(Option<String>) + Copy + Send + Sync + 'static,
) -> AnyView {
    let line = move |message: AlertMessage| {
        let (zone, now) = (shared.app.zone.get_untracked(), shared.app.now.get_untracked());
        let (word, class, text) = words::message(&message, now, &zone);
        let id = message.id.clone();
        let failed = matches!(message.state, MessageState::Dead | MessageState::Unknown);
        let retry = failed.then(|| {
            view! { <button type="button" class="button" on:click=on_click(move |_| again(Some(id.clone())))>"Send again"</button> }
        });
        view! {
            <li class="key-row">
                <div class="key-text">
                    <strong>{message.title}</strong>
                    <span class=format!("state {class}")>{word}</span>
                    <p class="note">{text}</p>
                </div>
                <div class="key-actions">{retry}</div>
            </li>
        }
    };
    let rows = move || list.with(|list| list.items.clone()).into_iter().map(line).rows();
    let empty = move || list.with(|list| list.items.is_empty());
    view! {
        <ul class="key-rows">{shown(rows)}</ul>
        <p class="note" hidden=flag(move || !empty())>"Nothing was sent yet."</p>
    }
    .into_any()
}
