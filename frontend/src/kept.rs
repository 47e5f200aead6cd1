//! The rows of the long tables, beyond the life of their page: whoever comes back by Back finds
//! the table as long as it was, and so the place in it. Owns: the rows and what was asked for
//! them. Must not know: what a row is, or where one was (`js/page.js` does). Invariant: rows are
//! shown again for the very question that they answered, and for no other.

use crate::browser;
use crate::paging::Pages;
use leptos::prelude::*;
use shared::api::Follower;
use wasm_bindgen::JsValue;

/// A question without its cursor: path, parameters, edition.
pub(crate) type Asked = (String, Vec<(&'static str, String)>, u64);

/// A question without its edition.
type Of = (String, Vec<(&'static str, String)>);

/// What a table was asked last.
type Last = StoredValue<Option<Of>>;

/// The rows of both long tables.
#[derive(Clone, Copy)]
pub(crate) struct Kept {
    pub(crate) followers: RwSignal<Pages<Follower>>,
    followers_of: Last,
    /// Tweets as the browser has them.
    pub(crate) tweets: StoredValue<Pages<JsValue>, LocalStorage>,
    /// Counts what happened to `tweets`.
    pub(crate) tweets_beat: RwSignal<u64>,
    tweets_of: Last,
}

impl Kept {
    /// No rows yet; made at the root, it lives as long as the page.
    pub(crate) fn new() -> Self {
        Self {
            followers: RwSignal::new(Pages::default()),
            followers_of: StoredValue::new(None),
            tweets: StoredValue::new_local(Pages::default()),
            tweets_beat: RwSignal::new(0),
            tweets_of: StoredValue::new(None),
        }
    }

    /// Whether the followers' rows answer a question that their table begins with.
    pub(crate) fn has_followers(self, asked: &Asked) -> bool {
        let there = self.followers.with_untracked(Pages::is_begun);
        there && returned_to(self.followers_of, asked)
    }

    /// The table of followers asks something else.
    pub(crate) fn ask_followers(self, asked: &Asked, first: bool) {
        keep(self.followers_of, asked);
        if first {
            self.followers.update(Pages::forget);
        }
    }

    /// Whether the tweets' rows answer a question that their table begins with.
    pub(crate) fn has_tweets(self, asked: &Asked) -> bool {
        self.tweets.with_value(Pages::is_begun) && returned_to(self.tweets_of, asked)
    }

    /// The table of tweets asks something else.
    pub(crate) fn ask_tweets(self, asked: &Asked, first: bool) {
        keep(self.tweets_of, asked);
        if first {
            self.tweets.update_value(Pages::forget);
        }
    }

    /// Nothing is kept for whoever signs in next.
    pub(crate) fn clear(self) {
        for last in [self.followers_of, self.tweets_of] {
            last.set_value(None);
        }
        self.followers.update(Pages::forget);
        self.tweets.update_value(Pages::forget);
    }
}

fn returned_to(last: Last, (path, pairs, _): &Asked) -> bool {
    let same =
        |last: &Option<Of>| last.as_ref().is_some_and(|(one, other)| one == path && other == pairs);
    browser::is_returning() && last.with_value(same)
}

fn keep(last: Last, (path, pairs, _): &Asked) {
    last.set_value(Some((path.clone(), pairs.clone())));
}
