//! One tweet by X's display rules: picture, name and handle that lead to the author, the text
//! as it is with its links, the time that leads to the tweet, "View on X".

use crate::app::app;
use crate::browser;
use crate::erase::{Rows as _, on_click, shown};
use crate::live::text;
use crate::parts::{Ago, Avatar, Icon};
use crate::words::live as words;
use crate::words::person::names;
use leptos::prelude::*;
use shared::api::{Person, SimpleTweet};
use std::sync::Arc;

/// The card; `place` says where the tweet was, where that is known and asked for.
pub(crate) fn card(tweet: Arc<SimpleTweet>) -> AnyView {
    let person = Person {
        id: tweet.author_id,
        username: tweet.username.clone(),
        name: tweet.name.clone(),
        avatar: tweet.avatar.clone(),
    };
    let (name, handle) = names(&person);
    let (word, kind) = words::kind(tweet.refers.as_ref());
    let chip =
        (kind != "tweet").then(|| view! { <span class=format!("kind {kind}")>{word}</span> });
    let late = tweet.late.then(|| view! { <span title="It came late, from recent search after a gap">"fetched later"</span> });
    let place = tweet.country.as_deref().map(browser::region_name);
    let lang = tweet.lang.as_deref().filter(|lang| *lang != "und").map(browser::language_name);
    view! {
        <article class="tweet-card">
            <a class="tweet-face" href=text::profile(&tweet) target="_blank" rel="noopener" tabindex="-1" aria-hidden="true">
                <Avatar person=person/>
            </a>
            <header>
                <a class="who" href=text::profile(&tweet) target="_blank" rel="noopener">
                    <span class="name" dir="auto">{name}</span>
                    <span class="handle">{handle}</span>
                </a>
                <a class="when" href=text::permalink(&tweet) target="_blank" rel="noopener">
                    <Ago at=text::posted(&tweet)/>
                </a>
            </header>
            {body(&tweet)}
            <footer>
                {chip}
                <span>{place}</span>
                <span>{lang}</span>
                {late}
                <a class="on-x" href=text::permalink(&tweet) target="_blank" rel="noopener">
                    "View on X"
                    <Icon name="out"/>
                </a>
            </footer>
        </article>
    }
    .into_any()
}

/// The text; what X marks as sensitive waits for a click.
fn body(tweet: &Arc<SimpleTweet>) -> AnyView {
    let text = {
        let tweet = Arc::clone(tweet);
        move || {
            let piece = |piece: text::Piece| match piece.url {
                Some(url) => {
                    view! { <a href=url target="_blank" rel="noopener nofollow">{piece.text}</a> }
                        .into_any()
                }
                None => piece.text.into_any(),
            };
            let pieces = text::pieces(&tweet.body, &tweet.entities);
            let lang = tweet.lang.clone().filter(|lang| lang != "und");
            view! { <p class="tweet-text" dir="auto" lang=lang>{pieces.into_iter().map(piece).rows()}</p> }
        }
    };
    if !tweet.sensitive {
        return text().into_any();
    }
    let open = RwSignal::new(false);
    let inside = move || {
        if open.get() {
            return text().into_any();
        }
        view! {
            <p class="tweet-text sensitive">
                "X marks this as possibly sensitive. "
                <button type="button" class="link" on:click=on_click(move |_| open.set(true))>"Show it"</button>
            </p>
        }
        .into_any()
    };
    inside.into_any()
}

/// What stands where a blip's tweet is no longer known.
pub(super) fn unknown() -> AnyView {
    let app = app();
    let paused = move || app.stream.seen(|told| told.mode == crate::live::player::Mode::Paused);
    view! { <p class="note">{shown(move || if paused() { "Go on to read it." } else { "This tweet is not among those kept here." })}</p> }.into_any()
}
