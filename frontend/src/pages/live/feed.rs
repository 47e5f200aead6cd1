//! The list of tweets, newest first. It does not move while somebody reads: new ones wait under
//! a pill.

use super::{Shared, card};
use crate::app::app;
use crate::erase::{Show, effect, flag, memo, on_click, on_event, shown};
use crate::live::client::Phase;
use crate::live::feed::Row;
use crate::parts::Icon;
use crate::stream::Told;
use crate::words::live as words;
use leptos::html;
use leptos::prelude::*;
use shared::api::ConnectionState;

/// Scrolled so far the list is being read.
const READING_PX: i32 = 8;

/// The panel.
#[component]
pub(super) fn FeedPanel(shared: Shared) -> impl IntoView {
    let app = app();
    let stream = app.stream;
    let list = NodeRef::<html::Div>::new();
    let hovered = RwSignal::new(false);
    let scrolled = RwSignal::new(false);
    effect(move || stream.hold(hovered.get() || scrolled.get()));
    on_cleanup(move || stream.hold(false));
    let scroll = move |_: leptos::ev::Event| {
        let far = list.get_untracked().is_some_and(|list| list.scroll_top() > READING_PX);
        if scrolled.get_untracked() != far {
            scrolled.set(far);
        }
    };
    let up = move |_| {
        stream.release();
        if let Some(list) = list.get_untracked() {
            list.set_scroll_top(0);
        }
        scrolled.set(false);
    };
    let pill = move || {
        let held = stream.held.get();
        (held > 0).then(|| {
            view! {
                <button type="button" class="feed-pill" on:click=on_click(up)>
                    <Icon name="up"/>
                    {words::pill(held)}
                </button>
            }
        })
    };
    let unlisted = move || {
        let unlisted = stream.seen(|told| told.unlisted);
        (unlisted > 0).then(|| {
            let text = format!(
                "{} more in the last second: more than can be read.",
                crate::numbers::count(unlisted)
            );
            view! { <p class="feed-note">{text}</p> }
        })
    };
    view! {
        <div class="feed">
            {shown(pill)}
            <div class="feed-list" node_ref=list tabindex="0" role="region" aria-label="Tweets, newest first"
                on:scroll=on_event(scroll)
                on:pointerenter=on_event(move |event: leptos::ev::PointerEvent| hovered.set(event.pointer_type() == "mouse"))
                on:pointerleave=on_event(move |_: leptos::ev::PointerEvent| hovered.set(false))>
                {shown(unlisted)}
                <ul>
                    <For each=move || stream.rows.get() key=Row::key children=row/>
                </ul>
                <Nothing shared=shared/>
            </div>
        </div>
    }
}

fn row(row: Row) -> AnyView {
    match row {
        Row::Tweet(tweet) => view! { <li class="feed-row">{card::card(tweet)}</li> }.into_any(),
        Row::Gap { from, to, reason } => {
            view! { <li class="feed-gap">{words::gap(from, to, reason)}</li> }.into_any()
        }
        Row::Notice(notice) => {
            view! { <li class="feed-notice">{crate::words::sentence(&notice.text)}</li> }.into_any()
        }
    }
}

/// What stands where no tweet does.
#[component]
fn Nothing(shared: Shared) -> impl IntoView {
    let app = app();
    let stream = app.stream;
    // What the stream says of itself is no tweet.
    let tweet = |row: &Row| matches!(row, Row::Tweet(_));
    let empty = memo(move || stream.rows.with(|rows| !rows.iter().any(tweet)));
    let state = memo(move || {
        let told = stream.seen(Told::upstream);
        told.or_else(|| shared.stream.with(|stream| stream.map(|one| one.connection.state)))
    });
    let filtered = move || app.seen(|view| view.live.filters()) > 0;
    let text = move || match (stream.seen(|told| told.phase.clone()), state.get()) {
        (Phase::Denied(reason), _) if reason.is_empty() => {
            "Roost refused the connection.".to_owned()
        }
        (Phase::Denied(reason), _) => crate::words::sentence(&reason),
        (Phase::Live | Phase::Stale, Some(ConnectionState::Off)) => words::OFF.to_owned(),
        (
            Phase::Live | Phase::Stale,
            Some(state @ (ConnectionState::Waiting | ConnectionState::Stopped)),
        ) => words::connection(state).to_owned(),
        (Phase::Live | Phase::Stale, _) if filtered() => words::FILTERED.to_owned(),
        (Phase::Live | Phase::Stale, _) => "No tweet has come yet.".to_owned(),
        _ => "Connecting.".to_owned(),
    };
    let more = move || {
        match (stream.seen(|told| told.phase.clone()), state.get()) {
        (Phase::Denied(_), _) => Some(
            view! {
                <button type="button" class="button" on:click=on_click(move |_| stream.retry())>"Try again"</button>
            }
            .into_any(),
        ),
        (_, Some(ConnectionState::Off | ConnectionState::Stopped)) => {
            Some(view! { <super::stream::Start shared=shared/> }.into_any())
        }
        (Phase::Live | Phase::Stale, _) if filtered() => Some(
            view! {
                <button type="button" class="button" on:click=on_click(move |_| app.change(|view| view.live.unfilter()))>
                    "Show every tweet"
                </button>
            }
            .into_any(),
        ),
        _ => None,
    }
    };
    view! {
        <Show when=flag(move || empty.get())>
            <div class="empty">
                <p>{shown(text)}</p>
                {shown(more)}
            </div>
        </Show>
    }
}
