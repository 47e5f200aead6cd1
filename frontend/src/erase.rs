//! Closures for views, without their types. Leptos compiles a page of code for every closure
//! that it is given; given a box, it does so once for all boxes of a kind. Everything that
//! follows signals in a `view!` goes through here: it halves the wasm.

use leptos::ev::{Event, KeyboardEvent, MouseEvent, SubmitEvent};
use leptos::prelude::{
    AnyView, ChildrenFn, Effect, Get as _, GetUntracked as _, IntoAny, IntoView, IsDisposed as _,
    RwSignal, Set as _, StoredValue, Track as _, component, event_target_checked,
    event_target_value,
};
use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

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

/// A value without its type, that still knows its equals.
#[derive(Clone)]
pub(crate) struct Value {
    any: Arc<dyn Any + Send + Sync>,
    same: fn(&(dyn Any + Send + Sync), &(dyn Any + Send + Sync)) -> bool,
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.any, &other.any) || (self.same)(&*self.any, &*other.any)
    }
}

impl Value {
    /// Takes the type away.
    pub(crate) fn new<T: PartialEq + Send + Sync + 'static>(value: T) -> Self {
        Self {
            any: Arc::new(value),
            same: |one, other| one.downcast_ref::<T>() == other.downcast_ref::<T>(),
        }
    }

    /// Gives it back.
    pub(crate) fn of<T: 'static>(&self) -> Option<&T> {
        self.any.downcast_ref()
    }
}

/// A value that is set, read by many: as [`Memo`], and for the same reason.
pub(crate) struct Held<T> {
    inner: RwSignal<Value>,
    kind: PhantomData<fn() -> T>,
}

impl<T> Copy for Held<T> {}

#[allow(clippy::expl_impl_clone_on_copy, reason = "as of Memo")]
impl<T> Clone for Held<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: PartialEq + Send + Sync + 'static> Held<T> {
    /// Holds a value.
    pub(crate) fn new(value: T) -> Self {
        Self { inner: RwSignal::new(Value::new(value)), kind: PhantomData }
    }

    /// Holds another.
    pub(crate) fn set(self, value: T) {
        self.inner.set(Value::new(value));
    }

    /// Reads it, and follows it.
    pub(crate) fn with<O>(self, read: impl FnOnce(&T) -> O) -> O {
        read_as(&held(self.inner), read)
    }

    /// Reads it as it is now.
    pub(crate) fn with_untracked<O>(self, read: impl FnOnce(&T) -> O) -> O {
        read_as(&held_now(self.inner), read)
    }
}

impl<T: Clone + PartialEq + Send + Sync + 'static> Held<T> {
    /// Its value, followed.
    pub(crate) fn get(self) -> T {
        self.with(T::clone)
    }

    /// Its value now.
    pub(crate) fn get_untracked(self) -> T {
        self.with_untracked(T::clone)
    }
}

fn held(signal: RwSignal<Value>) -> Value {
    signal.get()
}

fn held_now(signal: RwSignal<Value>) -> Value {
    signal.get_untracked()
}

fn read_as<T: 'static, O>(value: &Value, read: impl FnOnce(&T) -> O) -> O {
    match value.of() {
        Some(value) => read(value),
        None => unreachable!("what is kept has the type it was kept with"),
    }
}

/// Something computed, once for all who read it. One kind of memo for all that is computed: one
/// for each type, and one way of reading for each reader, would be a quarter of the wasm.
pub(crate) struct Memo<T> {
    inner: leptos::prelude::Memo<Value>,
    kind: PhantomData<fn() -> T>,
}

// By hand: a handle is copied whatever it leads to, which a derive would ask to be Copy.
impl<T> Copy for Memo<T> {}

#[allow(clippy::expl_impl_clone_on_copy, reason = "as above")]
impl<T> Clone for Memo<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: 'static> Memo<T> {
    /// A memo whose values are of this type.
    pub(crate) fn typed(inner: leptos::prelude::Memo<Value>) -> Self {
        Self { inner, kind: PhantomData }
    }

    /// Reads it, and follows it.
    pub(crate) fn with<O>(self, read: impl FnOnce(&T) -> O) -> O {
        read_as(&followed(self.inner), read)
    }

    /// Reads it as it is now.
    pub(crate) fn with_untracked<O>(self, read: impl FnOnce(&T) -> O) -> O {
        read_as(&unfollowed(self.inner), read)
    }

    /// Follows it.
    pub(crate) fn track(self) {
        self.inner.track();
    }
}

impl<T: Clone + 'static> Memo<T> {
    /// Its value, followed.
    pub(crate) fn get(self) -> T {
        self.with(T::clone)
    }

    /// Its value now.
    pub(crate) fn get_untracked(self) -> T {
        self.with_untracked(T::clone)
    }

    /// Its value, unless its owner has gone.
    pub(crate) fn try_get(self) -> Option<T> {
        self.inner.try_get().and_then(|value| value.of().cloned())
    }
}

fn followed(memo: leptos::prelude::Memo<Value>) -> Value {
    memo.get()
}

fn unfollowed(memo: leptos::prelude::Memo<Value>) -> Value {
    memo.get_untracked()
}

/// Computed once for all who read it.
pub(crate) fn memo<T: PartialEq + Send + Sync + 'static>(
    compute: impl Fn() -> T + Send + Sync + 'static,
) -> Memo<T> {
    Memo::typed(boxed_memo(Box::new(move |_| Value::new(compute()))))
}

/// Computes a value from the one before it.
type Compute = Box<dyn Fn(Option<&Value>) -> Value + Send + Sync>;

/// A memo of values without their types.
pub(crate) fn boxed_memo(compute: Compute) -> leptos::prelude::Memo<Value> {
    leptos::prelude::Memo::new(move |before: Option<&Value>| compute(before))
}

/// Its inside while a condition holds.
#[component]
pub(crate) fn Show(when: Flag, children: ChildrenFn) -> impl IntoView {
    let on = memo(when);
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
    while_here(Box::new(act))
}

/// For `on:submit`.
pub(crate) fn on_submit(act: impl FnMut(SubmitEvent) + 'static) -> Box<dyn FnMut(SubmitEvent)> {
    while_here(Box::new(act))
}

/// For `on:keydown`.
pub(crate) fn on_key(act: impl FnMut(KeyboardEvent) + 'static) -> Box<dyn FnMut(KeyboardEvent)> {
    while_here(Box::new(act))
}

/// For every other event: `on_event(move |event: PointerEvent| ...)`.
pub(crate) fn on_event<E: 'static>(act: impl FnMut(E) + 'static) -> Box<dyn FnMut(E)> {
    while_here(Box::new(act))
}

/// For `on:input` and `on:change`: the new value of what was typed or chosen.
pub(crate) fn on_value(mut act: impl FnMut(String) + 'static) -> Box<dyn FnMut(Event)> {
    while_here(Box::new(move |event| act(event_target_value(&event))))
}

/// For `on:change` of a switch: whether it is on.
pub(crate) fn on_checked(mut act: impl FnMut(bool) + 'static) -> Box<dyn FnMut(Event)> {
    while_here(Box::new(move |event| act(event_target_checked(&event))))
}

/// Something that goes when the current owner does.
fn here() -> StoredValue<()> {
    StoredValue::new(())
}

/// The handler for as long as the view that it was made for. An element that is taken away still
/// tells things (a field that had the focus `change` and `blur`, a dialog `close`), after the
/// signals of its view are gone; reading one then ends the page.
fn while_here<E: 'static>(mut act: Box<dyn FnMut(E)>) -> Box<dyn FnMut(E)> {
    let owner = here();
    Box::new(move |event| {
        if !owner.is_disposed() {
            act(event);
        }
    })
}
