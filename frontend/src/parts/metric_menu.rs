//! A menu of metrics, by family: which of them are shown.

use crate::erase::{Memo, Rows as _, attr, flag, memo, on_checked, shown};
use crate::parts::{Icon, Menu};
use crate::tweets::metric;
use crate::words::tweets as words;
use leptos::prelude::*;

/// The menu under a button.
#[component]
pub(crate) fn MetricMenu(
    /// Unique in the page.
    id: &'static str,
    icon: &'static str,
    label: &'static str,
    /// Everything there is to choose from.
    #[prop(into)]
    known: Signal<Vec<String>>,
    chosen: Memo<Vec<String>>,
    /// More than so many cannot be chosen.
    most: usize,
    /// Adds one, or takes it away.
    #[prop(into)]
    turn: Callback<String>,
) -> impl IntoView {
    // What is chosen is listed too, where nothing has shown it yet.
    let all = memo(move || {
        let mut all = known.get();
        chosen.with(|chosen| all.extend(chosen.iter().cloned()));
        metric::sort(&mut all);
        all.dedup();
        all
    });
    let full = memo(move || chosen.with(Vec::len) >= most);
    let row = move |name: String| {
        let on = {
            let name = name.clone();
            memo(move || chosen.with(|chosen| chosen.contains(&name)))
        };
        let text = words::metric(&name);
        view! {
            <label class="menu-item metric-item">
                <input type="checkbox" prop:checked=flag(move || on.get()) disabled=flag(move || full.get() && !on.get())
                    on:change=on_checked(move |_| turn.run(name.clone()))/>
                {text}
            </label>
        }
    };
    let groups = move || {
        let all = all.get();
        let group = |family: &&'static str| {
            let (title, meaning) = words::family(family);
            let rows: Vec<_> =
                all.iter().filter(|name| metric::split(name).0 == *family).cloned().collect();
            (!rows.is_empty()).then(|| {
                view! {
                    <fieldset>
                        <legend>{title}<span class="note">{meaning}</span></legend>
                        {rows.into_iter().map(row).rows()}
                    </fieldset>
                }
            })
        };
        metric::FAMILIES.iter().filter_map(group).rows()
    };
    let most_told = move || full.get().then(|| format!("{most} at most."));
    view! {
        <Menu id=id label="" class="quiet-button" align="end"
            face=move || view! { <Icon name=icon/><span class="face-text">{label}</span> }>
            <div class="metric-menu" role="group" aria-label=attr(move || label)>
                {shown(groups)}
                <p class="note">{shown(most_told)}</p>
            </div>
        </Menu>
    }
}
