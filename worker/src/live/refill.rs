//! Filling a gap from recent search. Owns: when a gap is searched, how far. Invariant: a gap is
//! searched once, within the caps, and only if it is short; what was filled is counted as such,
//! and the gap stays in the record.

use super::Core;
use super::calls::SEARCH;
use crate::clock;
use crate::fault::Result;
use crate::x::Call;
use shared::api::{StreamMode, Switch};
use shared::stream::search::{self, PAGE_POSTS, Span};
use shared::time::{HOUR_MS, SECOND_MS, UnixMs};
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen_futures::spawn_local;
use worker::{Delay, Method};

/// A longer gap is history: what is live is not found in it.
const GAP_MAX_MS: i64 = HOUR_MS;
/// A shorter one is what a reconnect takes; X's own delay covers it as a rule.
const GAP_MIN_MS: i64 = 2 * SECOND_MS;
/// Pages of one gap: at most $2.50 at X's price.
const PAGES_MAX: u32 = 5;
/// Search knows a tweet some 10 s after it was written.
const WAIT_MS: u64 = 12_000;

impl Core {
    /// Has a gap filled, as it stands in the record, if it is of a kind that is.
    pub(super) fn refill(self: &Rc<Self>, from: UnixMs, to: UnixMs) {
        let wanted = {
            let settings = self.settings.borrow();
            settings.fill_gaps
                && settings.state == Switch::On
                && settings.mode == StreamMode::Filtered
        };
        if !wanted || !(GAP_MIN_MS..=GAP_MAX_MS).contains(&to.since(from)) {
            return;
        }
        let core = self.clone();
        spawn_local(async move {
            Delay::from(Duration::from_millis(WAIT_MS)).await;
            let outcome = core.search(from, to).await;
            Self::log_fault(outcome);
        });
    }

    async fn search(self: &Rc<Self>, from: UnixMs, to: UnixMs) -> Result<()> {
        let Some(span) = Span::of_gap(from, to, clock::now()) else { return Ok(()) };
        let values = self.rule_values()?;
        let queries = search::queries(values.iter().map(String::as_str)).queries;
        let mut pages = 0;
        for query in &queries {
            let mut token: Option<String> = None;
            loop {
                if pages == PAGES_MAX || !self.may_read(PAGE_POSTS).await? {
                    return Ok(());
                }
                pages += 1;
                let params = search::search_params(query, span, token.as_deref());
                let path = search::SEARCH_PATH;
                let call = Call { method: Method::Get, path, query: &params, body: None };
                let Ok(answer) = self.call(SEARCH, &call).await else { return Ok(()) };
                let Ok(mut page) = search::read_page(&answer.body) else { return Ok(()) };
                // Oldest first, as the stream would have brought them.
                page.posts.reverse();
                let messages: Vec<String> = page.posts.into_iter().map(|(_, json)| json).collect();
                self.take_late(&messages, from);
                match page.next_token {
                    Some(next) => token = Some(next),
                    None => break,
                }
            }
        }
        Ok(())
    }

    /// Whether so many more tweets are within the lease, or a new one.
    async fn may_read(&self, posts: u64) -> Result<bool> {
        if self.memory.borrow().books.has_left(posts) {
            return Ok(true);
        }
        let secured = self.secure().await?;
        Ok(secured.is_ok() && self.memory.borrow().books.has_left(posts))
    }
}
