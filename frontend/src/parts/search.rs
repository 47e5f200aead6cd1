//! The search over a long table; the address holds what is searched for.

use crate::app::app;
use crate::erase::{attr, memo, on_value};
use crate::parts::Icon;
use leptos::prelude::*;
use std::time::Duration;

/// A pause in typing as long as this is the end of a word.
const TYPED: Duration = Duration::from_millis(250);

/// The field.
#[component]
pub(crate) fn Search(label: &'static str, placeholder: &'static str) -> impl IntoView {
    let app = app();
    let query = memo(move || app.seen(|view| view.query.clone()));
    let turn = StoredValue::new(0_u32);
    let typed = move |text: String| {
        turn.update_value(|turn| *turn = turn.wrapping_add(1));
        let mine = turn.get_value();
        set_timeout(
            move || {
                if turn.try_get_value() == Some(mine) {
                    app.replace(|view| view.query = text);
                }
            },
            TYPED,
        );
    };
    view! {
        <div class="search">
            <Icon name="search"/>
            <input id="search" type="search" placeholder=placeholder aria-label=label
                autocomplete="off" spellcheck="false" prop:value=attr(move || query.get()) on:input=on_value(typed)/>
            <kbd aria-hidden="true">"/"</kbd>
        </div>
    }
}
