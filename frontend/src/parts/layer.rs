//! What lies over the page: menus by a button, and dialogs. Both are the browser's own
//! (`popover`, `dialog`): it keeps the focus and closes them on Escape.

use crate::browser;
use crate::erase::{Show, attr, effect, flag, on_click, on_event};
use crate::parts::Icon;
use leptos::html;
use leptos::prelude::*;

/// A button with a menu under it.
#[component]
pub(crate) fn Menu(
    /// Unique in the page.
    id: &'static str,
    /// What the button does, for those who do not see it; empty if its face says it.
    #[prop(into)]
    label: Signal<String>,
    #[prop(optional)] class: &'static str,
    /// `end` puts the menu's right edge under the button's.
    #[prop(optional)]
    align: &'static str,
    /// Inside the button.
    #[prop(into)]
    face: ViewFn,
    children: Children,
) -> impl IntoView {
    view! {
        <button type="button" class=format!("menu-button {class}") popovertarget=id
            aria-label=attr(move || Some(label.get()).filter(|label| !label.is_empty()))>
            {face.run()}
        </button>
        <div class="menu" id=id popover="auto" data-align=align>
            {children()}
        </div>
    }
}

/// A dialog over the page, open while `open` says so.
#[component]
pub(crate) fn Dialog(
    #[prop(into)] title: Signal<String>,
    #[prop(into)] open: Signal<bool>,
    /// It was closed: by its button, Escape, or a click outside.
    #[prop(into)]
    closed: Callback<()>,
    #[prop(optional)] class: &'static str,
    children: ChildrenFn,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    effect(move || {
        let Some(dialog) = node.get() else { return };
        if open.get() {
            browser::open_dialog(&dialog);
        } else {
            browser::close_dialog(&dialog);
        }
    });
    // Its owner may be gone by the time the browser tells.
    let close = move || {
        let _ = closed.try_run(());
    };
    let outside = move |event: leptos::ev::MouseEvent| {
        // The dialog's own box is filled by its inside: what is hit directly is the backdrop.
        let target = event.target().map(wasm_bindgen::JsValue::from);
        let dialog = node.get_untracked().map(wasm_bindgen::JsValue::from);
        // The second press of a double one, whose first opened the dialog, was meant for a button.
        if target == dialog && event.detail() < 2 {
            close();
        }
    };
    view! {
        <dialog
            node_ref=node
            class=class
            aria-label=title
            on:close=on_event(move |_: leptos::ev::Event| close())
            on:click=on_click(outside)
        >
            <div class="dialog-inside">
                <header>
                    <h2>{title}</h2>
                    <button
                        type="button"
                        class="icon-button"
                        aria-label="Close"
                        on:click=on_click(move |_| close())
                    >
                        <Icon name="close"/>
                    </button>
                </header>
                // What a closed dialog holds is made anew when it opens.
                <Show when=flag(move || open.get())>{children()}</Show>
            </div>
        </dialog>
    }
}
