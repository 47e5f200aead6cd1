//! Something fetched, as a signal. Owns: when a question is asked, and handing its answer to
//! the reducer in [`crate::fetching`]. Must not know: what is asked. Invariant: a question is
//! asked anew when it changes, when someone asks again, and never because of anything else.

use crate::api;
use crate::erase::memo;
use crate::fetching::{Failure, Fetched, SLOW_MS, Shown, Step};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::de::DeserializeOwned;
use std::any::Any;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
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

/// What can be fetched: plain data.
pub(crate) trait Wire: DeserializeOwned + Clone + PartialEq + Send + Sync + 'static {}

impl<T: DeserializeOwned + Clone + PartialEq + Send + Sync + 'static> Wire for T {}

/// A value without its type: one kind of signal for all that is fetched, where one for each
/// would cost 3 kB of code apiece.
type Kept = Arc<dyn Any + Send + Sync>;

/// Something fetched.
pub(crate) struct Remote<T: Wire> {
    state: RwSignal<Fetched<Kept>>,
    again: RwSignal<u64>,
    kind: PhantomData<fn() -> T>,
}

// By hand: a signal is copied whatever it holds, which a derive would ask to be Copy.
impl<T: Wire> Copy for Remote<T> {}

#[allow(clippy::expl_impl_clone_on_copy, reason = "as above")]
impl<T: Wire> Clone for Remote<T> {
    fn clone(&self) -> Self {
        *self
    }
}

/// Asks whenever `ask` gives another question; `None` asks nothing.
pub(crate) fn remote<T: Wire>(
    ask: impl Fn() -> Option<Question> + Send + Sync + 'static,
) -> Remote<T> {
    let (state, again) = (RwSignal::new(Fetched::default()), RwSignal::new(0));
    begin(state, again, memo(ask), |path| {
        Box::pin(async move { api::get::<T>(&path).await.map(|value| Arc::new(value) as Kept) })
    });
    Remote { state, again, kind: PhantomData }
}

type Answer = Pin<Box<dyn Future<Output = Result<Kept, Failure>>>>;

fn begin(
    state: RwSignal<Fetched<Kept>>,
    again: RwSignal<u64>,
    question: Memo<Option<Question>>,
    get: fn(String) -> Answer,
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
        let answer = get(question.path);
        spawn_local(async move {
            apply(
                state,
                match answer.await {
                    Ok(value) => Step::Answered { turn, value },
                    Err(failure) => Step::Failed { turn, failure },
                },
            );
        });
        (turn, Some(question.subject))
    });
}

/// Answers come after a panel has gone: then there is nothing to update.
fn apply(state: RwSignal<Fetched<Kept>>, step: Step<Kept>) {
    let _ = state.try_update(|state| state.apply(step));
}

impl<T: Wire> Remote<T> {
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
        self.state.with(|state| read(state.value.as_ref().and_then(|kept| kept.downcast_ref())))
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
