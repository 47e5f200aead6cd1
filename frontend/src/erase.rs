//! Closures for views, without their types. Leptos compiles a page of code for every closure
//! that it is given; given a box, it does so once for all boxes of a kind. Everything that
//! follows signals in a `view!` goes through here: it halves the wasm.

use leptos::ev::{Event, KeyboardEvent, MouseEvent, SubmitEvent};
use leptos::prelude::*;

/// Something shown, made anew when what it reads changes.
pub(crate) type Shown = Box<dyn Fn() -> AnyView + Send + Sync>;
/// A yes or no that follows what it reads.
pub(crate) type Flag = Box<dyn Fn() -> bool + Send + Sync>;
/// An attribute's text, or none, that follows what it reads.
pub(crate) type Text = Box<dyn Fn() -> Option<String> + Send + Sync>;

/// For the inside of an element.
pub(crate) fn shown<V: IntoAny>(make: impl Fn() -> V + Send + Sync + 'static) -> Shown {
    Box::new(move || make().into_any())
}

/// For `class:`, `disabled`, `hidden`, `Show`.
pub(crate) fn flag(ask: impl Fn() -> bool + Send + Sync + 'static) -> Flag {
    Box::new(ask)
}

/// For attributes.
pub(crate) fn attr<T: IntoText>(read: impl Fn() -> T + Send + Sync + 'static) -> Text {
    Box::new(move || read().into_text())
}

/// What an attribute may be.
pub(crate) trait IntoText {
    fn into_text(self) -> Option<String>;
}

impl IntoText for String {
    fn into_text(self) -> Option<String> {
        Some(self)
    }
}

impl IntoText for &'static str {
    fn into_text(self) -> Option<String> {
        Some(self.to_owned())
    }
}

impl<T: IntoText> IntoText for Option<T> {
    fn into_text(self) -> Option<String> {
        self.and_then(IntoText::into_text)
    }
}

/// Runs now, and again when what it reads changes.
pub(crate) fn effect(act: impl Fn() + 'static) {
    boxed_effect(Box::new(act));
}

// A closure made inside a generic function is generic with it, whatever it holds: so not there.
fn boxed_effect(act: Box<dyn Fn()>) {
    Effect::new(move |_| act());
}

/// Computed once for all who read it.
pub(crate) fn memo<T: PartialEq + Send + Sync + 'static>(
    compute: impl Fn() -> T + Send + Sync + 'static,
) -> Memo<T> {
    boxed_memo(Box::new(compute))
}

fn boxed_memo<T: PartialEq + Send + Sync + 'static>(
    compute: Box<dyn Fn() -> T + Send + Sync>,
) -> Memo<T> {
    Memo::new(move |_| compute())
}

/// Its inside while a condition holds.
#[component]
pub(crate) fn Show(when: Flag, children: ChildrenFn) -> impl IntoView {
    let on = boxed_memo(when);
    shown(move || if on.get() { children() } else { ().into_any() })
}

/// Views of many things.
pub(crate) trait Rows: Iterator {
    /// All of them, in order.
    fn rows(self) -> Vec<AnyView>;
}

impl<V: IntoAny, I: Iterator<Item = V>> Rows for I {
    fn rows(self) -> Vec<AnyView> {
        // By hand: `collect` and its kin are compiled in several shapes for every iterator.
        let mut rows = Vec::new();
        for one in self {
            rows.push(one.into_any());
        }
        rows
    }
}

/// For `on:click`.
pub(crate) fn on_click(act: impl FnMut(MouseEvent) + 'static) -> Box<dyn FnMut(MouseEvent)> {
    Box::new(act)
}

/// For `on:submit`.
pub(crate) fn on_submit(act: impl FnMut(SubmitEvent) + 'static) -> Box<dyn FnMut(SubmitEvent)> {
    Box::new(act)
}

/// For `on:keydown`.
pub(crate) fn on_key(act: impl FnMut(KeyboardEvent) + 'static) -> Box<dyn FnMut(KeyboardEvent)> {
    Box::new(act)
}

/// For `on:input` and `on:change`: the new value of what was typed or chosen.
pub(crate) fn on_value(mut act: impl FnMut(String) + 'static) -> Box<dyn FnMut(Event)> {
    Box::new(move |event| act(event_target_value(&event)))
}

/// For `on:change` of a switch: whether it is on.
pub(crate) fn on_checked(mut act: impl FnMut(bool) + 'static) -> Box<dyn FnMut(Event)> {
    Box::new(move |event| act(event_target_checked(&event)))
}
