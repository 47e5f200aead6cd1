//! What the list of who left is narrowed to: why they left, whom one follows, how large they are,
//! whether they write at all. Invariant: every choice is in the address, and in the file.

use crate::address::{Narrow, View};
use crate::app::app;
use crate::erase::{Rows as _, Show, attr, flag, on_click, on_value, shown};
use crate::numbers;
use crate::words::{capital, person};
use leptos::prelude::*;
use shared::api::Reason;

/// Reasons in the order of the choice.
const REASONS: [Reason; 5] =
    [Reason::Unfollowed, Reason::Suspended, Reason::Gone, Reason::YouBlocked, Reason::Unknown];

/// Sizes to choose from, in followers.
const SIZES: [u64; 4] = [100, 1_000, 10_000, 100_000];

/// The choices, where the list is of who left.
#[component]
pub(super) fn Narrowing() -> impl IntoView {
    let app = app();
    let here = move || app.seen(|view| view.filter.is_some_and(super::is_of_leavers));
    let open = RwSignal::new(false);
    // A phone shows the list first; what narrows it is a press away.
    let label = move || {
        let set = app.seen(|view| usize::from(view.reason.is_some()) + view.narrow.pairs().len());
        if set == 0 { "Narrow the list".to_owned() } else { format!("Narrowed by {set}") }
    };
    view! {
        <Show when=flag(here)>
            <div class="narrowing" role="group" aria-label="Who left, narrowed" class:open=flag(move || open.get())>
                <button type="button" class="button filters-button" aria-expanded=attr(move || open.get().to_string())
                    on:click=on_click(move |_| open.update(|open| *open = !*open))>
                    {shown(label)}
                </button>
                <Reasons/>
                <Sizes/>
                {turn(
                    "You follow them",
                    "Only whom you follow",
                    |narrow| narrow.mutual,
                    |narrow| narrow.mutual = !narrow.mutual,
                )}
                {turn(
                    "Hardly write",
                    "Fewer posts than months since they joined X",
                    |narrow| narrow.inactive,
                    |narrow| narrow.inactive = !narrow.inactive,
                )}
            </div>
        </Show>
    }
}

fn turn(
    label: &'static str,
    title: &'static str,
    read: fn(&Narrow) -> bool,
    change: fn(&mut Narrow),
) -> impl IntoView {
    let app = app();
    let on = move || app.view.with(|view| read(&view.narrow)).to_string();
    let turn = move |_| app.change(|view| change(&mut view.narrow));
    view! {
        <button type="button" class="filter-chip" title=title aria-pressed=attr(on) on:click=on_click(turn)>
            {label}
        </button>
    }
}

/// Why they left: each reason is a chip, as in the list.
#[component]
fn Reasons() -> impl IntoView {
    let app = app();
    let chip = move |reason: Reason| {
        let (word, class) = person::reason(reason);
        let chosen = move || (app.seen(|view| view.reason) == Some(reason)).to_string();
        let turn = move |_| {
            app.change(|view: &mut View| {
                view.reason = Some(reason).filter(|reason| view.reason != Some(*reason));
            });
        };
        view! {
            <button type="button" class=format!("chip {class} choose") aria-pressed=attr(chosen) on:click=on_click(turn)>
                {capital(word)}
            </button>
        }
    };
    view! {
        <div class="reason-chips" role="group" aria-label="Why they left">
            {REASONS.into_iter().map(chip).rows()}
        </div>
    }
}

#[component]
fn Sizes() -> impl IntoView {
    let app = app();
    let chosen = move || app.seen(|view| view.narrow.least).map(|least| least.to_string());
    let option = |least: u64| {
        view! { <option value=least.to_string()>{format!("{} or more", numbers::compact(least))}</option> }
    };
    let choose = move |text: String| app.change(|view| view.narrow.least = text.parse().ok());
    view! {
        <label class="choice">
            <span>"Followers"</span>
            <select on:change=on_value(choose) prop:value=attr(move || chosen().unwrap_or_default())>
                <option value="">"any"</option>
                {SIZES.into_iter().map(option).rows()}
            </select>
        </label>
    }
}
