//! The Live page: map and feed of the stream. Owns: how they share the window, and what the
//! address chooses of the stream. Must not know: sockets or canvases.

mod card;
mod countries;
mod coverage;
mod feed;
mod filters;
mod ground;
mod rules;
mod stream;
mod strip;

pub(crate) use card::card;

use crate::app::app;
use crate::erase::{attr, effect, flag, memo, on_click, shown};
use crate::live::filter::Tab;
use crate::map::Frames;
use crate::parts::Icon;
use crate::remote::{Question, Remote, remote};
use leptos::prelude::*;
use shared::api::{List, Rule, Stream, StreamCoverage};
use shared::time::{HOUR_MS, MINUTE_MS};

/// What the parts of the page share.
#[derive(Clone, Copy)]
struct Shared {
    /// The stream's settings and standing, as the server keeps them.
    stream: Remote<Stream>,
    rules: Remote<List<Rule>>,
    coverage: Remote<StreamCoverage>,
}

fn question(path: &str, edition: u64) -> Question {
    Question { subject: path.to_owned(), path: path.to_owned(), edition }
}

/// The page.
#[component]
pub(crate) fn Live() -> impl IntoView {
    let app = app();
    let stream = app.stream;
    stream.want(true);
    on_cleanup(move || stream.want(false));
    let loop_ = StoredValue::new_local(Some(Frames::run(move || stream.frame())));
    on_cleanup(move || {
        let _ = loop_.try_update_value(Option::take);
    });
    let asked = memo(move || {
        app.seen(|view| {
            let chosen = &view.live;
            crate::live::filter::Choice {
                tab: Tab::Feed,
                clusters: false,
                camera: None,
                ..chosen.clone()
            }
        })
    });
    effect(move || asked.with(|choice| stream.filter(choice)));
    let shared = Shared {
        stream: remote(move || {
            Some(question("/stream", app.now.get().0.div_euclid(10_000).unsigned_abs()))
        }),
        rules: remote(|| Some(question("/stream/rules", 0))),
        coverage: remote(move || {
            let minute = app.now.get().0.div_euclid(MINUTE_MS) * MINUTE_MS;
            let from = shared::time::UnixMs(minute - HOUR_MS).rfc3339();
            let path = crate::address::with_query("/stream/coverage", &[("from", from)]);
            Some(Question { subject: "coverage".to_owned(), path, edition: 0 })
        }),
    };
    effect(move || {
        shared.coverage.with(|coverage| {
            if let Some(coverage) = coverage {
                let _ = stream.with(|engine, now| {
                    let now = engine.server_now(now);
                    engine.rate.learn(now, coverage);
                });
            }
        });
    });
    view! {
        <div class="live">
            <h1 class="hidden">"Live"</h1>
            <ground::Ground shared=shared/>
            <Side shared=shared/>
            <strip::Strip shared=shared/>
        </div>
    }
}

/// What stands beside the map.
#[component]
fn Side(shared: Shared) -> impl IntoView {
    let app = app();
    let tab = memo(move || app.seen(|view| view.live.tab));
    let button = move |one: Tab| {
        let chosen = move || (tab.get() == one).to_string();
        let href = move || {
            let mut view = app.view.get();
            view.live.tab = one;
            crate::address::write(&view)
        };
        view! { <a class="tab" href=attr(href) aria-current=attr(chosen)>{one.label()}</a> }
    };
    let inside = move || match tab.get() {
        Tab::Feed => view! { <feed::FeedPanel shared=shared/> }.into_any(),
        Tab::Countries => view! { <countries::Countries/> }.into_any(),
        Tab::Coverage => view! { <coverage::Coverage shared=shared/> }.into_any(),
        Tab::Stream => view! { <stream::Settings shared=shared/> }.into_any(),
    };
    let tall = RwSignal::new(false);
    let resize = move || if tall.get() { "Make the list smaller" } else { "Make the list larger" };
    view! {
        <section class="live-side" class:tall=flag(move || tall.get()) aria-label="Beside the map">
            <nav class="live-tabs" aria-label="What is shown beside the map">
                {Tab::ORDER.map(button)}
                <button type="button" class="icon-button sheet-handle" aria-label=attr(resize)
                    on:click=on_click(move |_| tall.update(|tall| *tall = !*tall))>
                    <Icon name="up"/>
                </button>
            </nav>
            {shown(inside)}
        </section>
    }
}
