//! A panel and its states: nothing yet, skeleton, value (perhaps stale), failure.

use crate::parts::erase::{attr, flag, on_click, shown};
use crate::fetching::{Failure, Shown};
use crate::parts::Icon;
use crate::remote::{Remote, Wire};
use leptos::prelude::*;

/// Shows what a question answered. `class` gives the panel its final size, for the skeleton
/// too; `content` is made once per subject and reads its value as it changes.
pub(crate) fn panel<T: Wire>(
    remote: Remote<T>,
    class: &'static str,
    content: impl Fn(Signal<T>) -> AnyView + Send + Sync + 'static,
) -> impl IntoView {
    // Only the kind of state rebuilds the panel; stale or not is a class.
    let kind = Memo::new(move |_| match remote.shown() {
        Shown::Value { .. } => Shown::Value { stale: false },
        other => other,
    });
    let stale = move || remote.shown() == Shown::Value { stale: true };
    let inner = move || match kind.get() {
        Shown::Nothing => ().into_any(),
        Shown::Skeleton => view! { <div class="skeleton"></div> }.into_any(),
        Shown::Failure => {
            let failure = move || remote.failure();
            view! { <Failed failure=failure retry=move |()| remote.again()/> }.into_any()
        }
        // Untracked: the content follows its signal and is not to be made anew.
        Shown::Value { .. } => untrack(|| match remote.value() {
            Some(first) => {
                // The value may be dropped a moment before the content is.
                let last = Memo::new(move |before: Option<&T>| {
                    let value = remote.value();
                    value.or_else(|| before.cloned()).unwrap_or_else(|| first.clone())
                });
                content(last.into())
            }
            None => ().into_any(),
        }),
    };
    view! {
        <div class=format!("panel {class}") class:stale=flag(stale) aria-busy=attr(move || stale().to_string())>
            {shown(inner)}
        </div>
    }
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
