//! Saved lists: each full check as a file.

use crate::api;
use crate::app::app;
use crate::erase::{Memo, Rows as _, Show, flag, on_click, shown};
use crate::numbers;
use crate::pages::about_account;
use crate::parts::{Dialog, Icon, Moment, panel};
use crate::remote::{Remote, remote};
use crate::words::{self, runs};
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::api::{List, Snapshot, SnapshotState};

/// Lists shown at first; more by button.
const LISTS: u32 = 10;

/// The part of the page.
#[component]
pub(super) fn Lists() -> impl IntoView {
    let app = app();
    let limit = RwSignal::new(LISTS);
    let remote: Remote<List<Snapshot>> =
        remote(move || about_account(app, "/snapshots", &[("limit", limit.get().to_string())]));
    panel(remote, "card lists", move |list| content(list, limit))
}

fn content(list: Memo<List<Snapshot>>, limit: RwSignal<u32>) -> AnyView {
    let app = app();
    let deleting = RwSignal::new(None::<String>);
    let row = move |item: Snapshot| {
        let id = app.account.with_untracked(|one| one.as_ref().map(|one| one.id.to_string()));
        let name = crate::address::encode(&item.name);
        let href = api::below(&format!("/accounts/{}/snapshots/{name}", id.unwrap_or_default()));
        let (word, class) = runs::saved(item.state);
        let why = (item.state == SnapshotState::Quarantined).then(|| {
            runs::set_aside(&words::capital(
                item.reason.as_deref().unwrap_or("The list was incomplete"),
            ))
        });
        let doomed = item.name.clone();
        let people = runs::named(&item);
        view! {
            <tr>
                <th scope="row"><Moment at=item.at/></th>
                <td><span class=format!("chip run {class}")>{word}</span></td>
                <td class="outcome">{people} {why.map(|why| view! { <span class="note">{why}</span> })}</td>
                <td class="number">{numbers::bytes(item.bytes)}</td>
                <td class="end">
                    <a href=href download=item.name.clone() title=item.name>
                        <Icon name="download"/>
                        <span>"Download"</span>
                    </a>
                    " "
                    <button type="button" class="quiet-button" on:click=on_click(move |_| deleting.set(Some(doomed.clone())))>"Delete…"</button>
                </td>
            </tr>
        }
    };
    let rows = move || list.with(|list| list.items.clone()).into_iter().map(row).rows();
    let more = move || list.with(|list| list.next_cursor.is_some()) && limit.get() < 1_000;
    view! {
        <h2>"Saved lists"</h2>
        <Delete deleting=deleting/>
        <Show when=flag(move || list.with(|list| list.items.is_empty()))>
            <p class="empty">"None yet. Every full check leaves one."</p>
        </Show>
        <Show when=flag(move || list.with(|list| !list.items.is_empty()))>
            <div class="scroller" tabindex="0" role="region" aria-label="Saved lists">
                <table class="plain"><tbody>{shown(rows)}</tbody></table>
            </div>
        </Show>
        <Show when=flag(more)>
            <button type="button" class="quiet-button" on:click=on_click(move |_| limit.update(|limit| *limit = (*limit * 5).min(1_000)))>
                "Show more"
            </button>
        </Show>
    }
    .into_any()
}

/// Asks before a saved list is deleted.
#[component]
fn Delete(deleting: RwSignal<Option<String>>) -> impl IntoView {
    let app = app();
    let close = move || deleting.set(None);
    let what = move || {
        let name = deleting.get().unwrap_or_default();
        format!(
            "{name} is gone for good then, and who came and left is worked out again from the \
             lists that stay."
        )
    };
    let delete = move |_| {
        let Some(name) = deleting.get_untracked() else { return };
        let account = app.account.with_untracked(|one| one.as_ref().map(|one| one.id.to_string()));
        close();
        spawn_local(async move {
            let account = account.unwrap_or_default();
            let name = crate::address::encode(&name);
            match api::delete(&format!("/accounts/{account}/snapshots/{name}")).await {
                Ok(()) => app.say("Deleted. The history is being worked out again."),
                Err(failure) => app.say_failure(&failure),
            }
            app.renew();
        });
    };
    view! {
        <Dialog title="Delete this saved list" open=Signal::derive(move || deleting.with(Option::is_some)) closed=move |()| close()>
            <p>{shown(what)}</p>
            <div class="dialog-actions">
                <button type="button" class="button" on:click=on_click(move |_| close())>"Keep it"</button>
                <button type="button" class="button bad" on:click=on_click(delete)>"Delete"</button>
            </div>
        </Dialog>
    }
}
