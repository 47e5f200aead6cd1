//! A panel and its states: nothing yet, skeleton, value (perhaps stale), failure.

use crate::erase::{Memo, attr, flag, memo, on_click, shown};
use crate::fetching::{Failure, Shown};
use crate::parts::Icon;
use crate::remote::{Kept, Remote};
use leptos::prelude::*;

/// Shows what a question answered. `class` gives the panel its final size, for the skeleton
/// too; `content` is made once per subject and reads its value as it changes.
pub(crate) fn panel<T: Kept>(
    remote: Remote<T>,
    class: &'static str,
    content: impl Fn(Memo<T>) -> AnyView + Send + Sync + 'static,
) -> AnyView {
    untyped(states(remote, content), class, false)
}

/// A panel of a question that another panel is of too: that one says what failed.
pub(crate) fn quiet_panel<T: Kept>(
    remote: Remote<T>,
    class: &'static str,
    content: impl Fn(Memo<T>) -> AnyView + Send + Sync + 'static,
) -> AnyView {
    untyped(states(remote, content), class, true)
}

fn states<T: Kept>(
    remote: Remote<T>,
    content: impl Fn(Memo<T>) -> AnyView + Send + Sync + 'static,
) -> States {
    States {
        shown: Box::new(move || remote.shown()),
        failure: Signal::derive(move || remote.failure()),
        again: Callback::new(move |()| remote.again()),
        content: Box::new(move || remote.lasting().map(&content)),
    }
}

/// What a panel needs of its question, whatever that is of.
struct States {
    shown: Box<dyn Fn() -> Shown + Send + Sync>,
    failure: Signal<Option<Failure>>,
    again: Callback<()>,
    content: Box<dyn Fn() -> Option<AnyView> + Send + Sync>,
}

fn untyped(states: States, class: &'static str, quiet: bool) -> AnyView {
    let States { shown: ask, failure, again, content } = states;
    let now = memo(ask);
    // Only the kind of state rebuilds the panel; stale or not is a class.
    let kind = memo(move || match now.get() {
        Shown::Value { .. } => Shown::Value { stale: false },
        other => other,
    });
    let stale = move || now.get() == Shown::Value { stale: true };
    let inner = move || match kind.get() {
        Shown::Nothing => ().into_any(),
        Shown::Skeleton => view! { <div class="skeleton"></div> }.into_any(),
        Shown::Failure if quiet => ().into_any(),
        Shown::Failure => view! { <Failed failure=failure retry=again/> }.into_any(),
        // Untracked: the content follows its memo and is not to be made anew.
        Shown::Value { .. } => untrack(&content).unwrap_or_else(|| ().into_any()),
    };
    view! {
        <div class=format!("panel {class}") class:stale=flag(stale) aria-busy=attr(move || stale().to_string())>
            {shown(inner)}
        </div>
    }
    .into_any()
}

/// What went wrong, with a way to try again and the id that names the request in the logs.
#[component]
pub(crate) fn Failed(
    #[prop(into)] failure: Signal<Option<Failure>>,
    #[prop(into)] retry: Callback<()>,
) -> impl IntoView {
    let text = move |read: fn(&Failure) -> Option<String>| {
        move || failure.with(|failure| failure.as_ref().and_then(read))
    };
    let id = text(|failure| failure.request_id.as_ref().map(|id| format!("Request {id}")));
    view! {
        <div class="failed" role="alert">
            <Icon name="alert"/>
            <div>
                <strong>{text(|failure| Some(failure.title.clone()))}</strong>
                <p>{text(|failure| Some(failure.detail.clone()))}</p>
                <p class="note">{id}</p>
            </div>
            <button type="button" class="button" on:click=on_click(move |_| retry.run(()))>
                "Retry"
            </button>
        </div>
    }
}
