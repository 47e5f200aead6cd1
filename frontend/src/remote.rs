//! Something fetched, as a signal. Owns: when a question is asked, and handing its answer to
//! the reducer in [`crate::fetching`]. Must not know: what is asked. Invariant: a question is
//! asked anew when it changes, when someone asks again, and never because of anything else.

use crate::api;
use crate::erase::{Memo, Value, boxed_memo, memo};
use crate::fetching::{Failure, Fetched, SLOW_MS, Shown, Step};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::de::DeserializeOwned;
use std::marker::PhantomData;
use std::time::Duration;

/// A question to the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    /// What it is about: data of the same subject stays, dimmed, while it is asked again.
    pub(crate) subject: String,
    /// The path below `/api/v1`.
    pub(crate) path: String,
    /// Another number asks the same thing anew.
    pub(crate) edition: u64,
}

/// What can be kept: plain data.
pub(crate) trait Kept: Clone + PartialEq + Send + Sync + 'static {}

impl<T: Clone + PartialEq + Send + Sync + 'static> Kept for T {}

/// What can be fetched.
pub(crate) trait Wire: DeserializeOwned + Kept {}

impl<T: DeserializeOwned + Kept> Wire for T {}

/// Something fetched.
pub(crate) struct Remote<T: Kept> {
    state: RwSignal<Fetched<Value>>,
    again: RwSignal<u64>,
    kind: PhantomData<fn() -> T>,
}

// By hand: a signal is copied whatever it holds, which a derive would ask to be Copy.
impl<T: Kept> Copy for Remote<T> {}

#[allow(clippy::expl_impl_clone_on_copy, reason = "as above")]
impl<T: Kept> Clone for Remote<T> {
    fn clone(&self) -> Self {
        *self
    }
}

/// Asks whenever `ask` gives another question; `None` asks nothing.
pub(crate) fn remote<T: Wire>(
    ask: impl Fn() -> Option<Question> + Send + Sync + 'static,
) -> Remote<T> {
    let (state, again) = (RwSignal::new(Fetched::default()), RwSignal::new(0));
    begin(state, again, memo(ask), |answer| api::parse::<T>(answer).map(Value::new));
    Remote { state, again, kind: PhantomData }
}

/// What reads an answer.
pub(crate) trait Reader<T> {
    /// Reads it.
    fn read(answer: &str) -> Result<T, Failure>;
}

/// As [`remote`], of an answer that is put together from parts: the wire's flattened types are
/// read so, because serde's own way of reading those is heavy.
pub(crate) fn remote_by<T: Kept, R: Reader<T>>(
    ask: impl Fn() -> Option<Question> + Send + Sync + 'static,
) -> Remote<T> {
    let (state, again) = (RwSignal::new(Fetched::default()), RwSignal::new(0));
    begin(state, again, memo(ask), |answer| R::read(answer).map(Value::new));
    Remote { state, again, kind: PhantomData }
}

fn begin(
    state: RwSignal<Fetched<Value>>,
    again: RwSignal<u64>,
    question: Memo<Option<Question>>,
    read: fn(&str) -> Result<Value, Failure>,
) {
    Effect::new(move |before: Option<(u64, Option<String>)>| {
        again.track();
        let (turn, subject) = before.unwrap_or_default();
        let Some(question) = question.get() else { return (turn, subject) };
        let turn = turn + 1;
        let same_subject = subject.as_ref() == Some(&question.subject);
        apply(state, Step::Asked { turn, same_subject });
        let slow = move || apply(state, Step::Slow { turn });
        set_timeout(slow, Duration::from_millis(SLOW_MS));
        let Question { subject, path, .. } = question;
        spawn_local(async move {
            let answer = api::text(&path).await;
            apply(
                state,
                match answer.and_then(|answer| read(&answer)) {
                    Ok(value) => Step::Answered { turn, value },
                    Err(failure) => Step::Failed { turn, failure },
                },
            );
        });
        (turn, Some(subject))
    });
}

/// Answers come after a panel has gone: then there is nothing to update.
fn apply(state: RwSignal<Fetched<Value>>, step: Step<Value>) {
    let _ = state.try_update(|state| state.apply(step));
}

impl<T: Kept> Remote<T> {
    /// Asks again.
    pub(crate) fn again(self) {
        let _ = self.again.try_update(|turns| *turns += 1);
    }

    /// The value, if there is one.
    #[allow(
        clippy::redundant_closure_for_method_calls,
        reason = "the method itself is not general enough over lifetimes"
    )]
    pub(crate) fn value(self) -> Option<T> {
        self.with(|value| value.cloned())
    }

    /// Reads the value in place.
    pub(crate) fn with<O>(self, read: impl FnOnce(Option<&T>) -> O) -> O {
        read(kept(self.state).as_ref().and_then(Value::of))
    }

    /// A memo of the value for as long as the panel of it is there: the value itself may be
    /// dropped a moment before the panel is. `None` while there is none.
    pub(crate) fn lasting(self) -> Option<Memo<T>> {
        lasting(self.state).map(Memo::typed)
    }

    /// Why there is no (new) value.
    pub(crate) fn failure(self) -> Option<Failure> {
        self.state.with(|state| state.failure.clone())
    }

    /// What a panel shows.
    pub(crate) fn shown(self) -> Shown {
        self.state.with(Fetched::shown)
    }

    /// Whether the question has been answered, well or badly.
    pub(crate) fn settled(self) -> bool {
        self.state.with(|state| state.value.is_some() || state.failure.is_some())
    }
}

fn kept(state: RwSignal<Fetched<Value>>) -> Option<Value> {
    state.with(|state| state.value.clone())
}

fn lasting(state: RwSignal<Fetched<Value>>) -> Option<leptos::prelude::Memo<Value>> {
    let first = untrack(|| kept(state))?;
    Some(boxed_memo(Box::new(move |before| {
        kept(state).or_else(|| before.cloned()).unwrap_or_else(|| first.clone())
    })))
}
