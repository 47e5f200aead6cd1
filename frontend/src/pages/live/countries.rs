//! Countries by their tweets: the map as a table, for whoever reads better than they look.

use crate::app::app;
use crate::browser;
use crate::erase::{Rows as _, Show, flag, memo, on_click, shown};
use crate::live::counts::{Country, code_text};
use crate::numbers;
use leptos::prelude::*;

/// The panel.
#[component]
pub(super) fn Countries() -> impl IntoView {
    let app = app();
    let lines = app.stream.countries;
    let total = memo(move || lines.with(|lines| lines.iter().map(|line| line.tweets).sum::<u64>()));
    let most = memo(move || lines.with(|lines| lines.first().map_or(1, |line| line.tweets.max(1))));
    let caption = move || {
        format!(
            "{} that carry a place, by country: those that this page received, of the last 15 \
             minutes at most.",
            numbers::plural(total.get(), "tweet", "tweets")
        )
    };
    // Rows are made once a second, of which few are: no need to keep each apart.
    let rows = move || {
        let all = lines.get();
        all.into_iter().enumerate().map(|(at, line)| row(at, line, most.get())).rows()
    };
    view! {
        <div class="side-scroll" tabindex="0" role="region" aria-label="Countries by tweets">
            <p class="note side-note">{shown(caption)}</p>
            <table class="numbers country-table">
                <thead>
                    <tr>
                        <th scope="col" class="rank">"#"</th>
                        <th scope="col">"Country"</th>
                        <th scope="col">"Tweets"</th>
                        <th scope="col" title="Known to the point, and to a place such as a city">"Exact · place"</th>
                    </tr>
                </thead>
                <tbody>{shown(rows)}</tbody>
            </table>
            <Show when=flag(move || lines.with(Vec::is_empty))>
                <p class="empty">"No tweet with a place has come to this page in the last 15 minutes."</p>
            </Show>
        </div>
    }
}

fn row(at: usize, line: Country, most: u64) -> AnyView {
    let app = app();
    let code = code_text(line.code);
    let name = browser::region_name(&code);
    let share = format!("{}%", line.tweets * 100 / most);
    let choose = move |_| {
        let code = code.clone();
        app.change(|view| {
            let chosen = vec![code];
            view.live.country = if view.live.country == chosen { Vec::new() } else { chosen };
        });
    };
    view! {
        <tr>
            <td class="rank">{at + 1}</td>
            <th scope="row">
                <span class="share" style:width=share></span>
                <button type="button" class="country-name" title="Show only this country" on:click=on_click(choose)>{name}</button>
            </th>
            <td>{numbers::count(line.tweets)}</td>
            <td class="note">{format!("{} · {}", numbers::count(line.exact), numbers::count(line.place))}</td>
        </tr>
    }
    .into_any()
}
