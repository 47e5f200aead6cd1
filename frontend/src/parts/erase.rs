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
