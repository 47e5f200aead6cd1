//! What ran: the newest invocations and what came of them.

use crate::app::app;
use crate::erase::{Memo, Rows as _, flag, shown};
use crate::numbers::count;
use crate::parts::{Moment, panel};
use crate::remote::{Question, Remote, remote};
use crate::words::{runs, when};
use leptos::prelude::*;
use shared::api::{List, Run};

/// Runs asked for, …
const RUNS: u32 = 100;
/// … and rows shown of them: a deletion may bring a dozen small ones.
const ROWS: usize = 20;

/// The part of the page.
#[component]
pub(super) fn Runs() -> impl IntoView {
    let app = app();
    let remote: Remote<List<Run>> = remote(move || {
        let id = app.account.with(|one| one.as_ref().map(|one| one.id))?;
        let path = format!("/runs?account={id}&limit={RUNS}");
        Some(Question { subject: format!("runs {id}"), path, edition: app.fresh.get() })
    });
    panel(remote, "card runs", content)
}

fn content(list: Memo<List<Run>>) -> AnyView {
    let row = |(run, times): (Run, u64)| {
        let (word, class) = runs::state(run.state);
        let took = run.duration_ms.map(when::duration);
        let often = (times > 1).then(|| format!(", {} times", count(times)));
        view! {
            <tr>
                <th scope="row">
                    {runs::what(&run).to_owned()}
                    <span class="note">{runs::trigger(run.trigger)}{often}</span>
                </th>
                <td><span class=format!("chip run {class}")>{word}</span></td>
                <td class="outcome">{runs::outcome(&run)}</td>
                <td class="when"><Moment at=run.started/></td>
                <td class="number">{took}</td>
            </tr>
        }
    };
    let rows = move || {
        let runs = runs::together(list.with(|list| list.items.clone()));
        runs.into_iter().take(ROWS).map(row).rows()
    };
    view! {
        <h2>"What ran"</h2>
        <Show
            when=flag(move || list.with(|list| !list.items.is_empty()))
            fallback=|| view! { <p class="empty">"Nothing has run for this account yet."</p> }
        >
            <div class="scroller" tabindex="0" role="region" aria-label="What ran">
                <table class="plain">
                    <thead class="hidden">
                        <tr>
                            <th scope="col">"What"</th>
                            <th scope="col">"State"</th>
                            <th scope="col">"Outcome"</th>
                            <th scope="col">"Began"</th>
                            <th scope="col">"Took"</th>
                        </tr>
                    </thead>
                    <tbody>{shown(rows)}</tbody>
                </table>
            </div>
        </Show>
    }
    .into_any()
}
