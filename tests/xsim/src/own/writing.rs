//! `POST /2/tweets` and `DELETE /2/tweets/{id}`: a user writes a tweet or takes one back.
//!
//! Knows bodies and prices. Invariants: what is written is what `/sim/tweets/own` would write; nobody
//! deletes the tweet of another; what the simulator cannot do is refused by name, never left out.

use serde_json::{Map, Value, json};

use super::control::{self, Deletion, Writing};
use super::lookup::Found;
use super::routes::{Asking, Given};
use crate::problem::{self, Problem};

/// $0.015 a tweet, $0.200 one with a link.
const WRITTEN_MICROS: u64 = 15_000;
const LINKED_MICROS: u64 = 200_000;

/// What X takes beside the text, and the simulator does not do.
const NOT_SIMULATED: [&str; 15] = [
    "card_uri",
    "community_id",
    "direct_message_deep_link",
    "edit_options",
    "for_super_followers_only",
    "geo",
    "made_with_ai",
    "media",
    "nullcast",
    "paid_partnership",
    "poll",
    "quote_tweet_id",
    "reply",
    "reply_settings",
    "share_with_followers",
];

impl Asking {
    /// # Errors
    /// 400 for the body or a parameter, 403 for an app alone.
    pub(super) fn write(&self) -> Result<Given, Problem> {
        let account = self.asker()?;
        self.wish(&[], &[])?;
        let text = self.draft()?;
        let linked = text.contains("https://") || text.contains("http://");
        let writing = Writing::plain(account, text.clone());
        let written = control::write(&self.sim, writing)
            .map_err(|why| problem::invalid(self.dialect, "text", &text, &why))?;
        let (resource, micros) = if linked {
            ("post_written_with_link", LINKED_MICROS)
        } else {
            ("post_written", WRITTEN_MICROS)
        };
        self.sim.state().bill.charge_event(resource, micros);
        let body = json!({"data": {"id": written.get("id"), "text": text}});
        Ok(Given { status: 201, body: body.to_string().into_bytes() })
    }

    /// The text that a body asks to write.
    fn draft(&self) -> Result<String, Problem> {
        let refuse = |name: &str, what: &str| problem::invalid(self.dialect, name, "", what);
        let draft: Map<String, Value> = serde_json::from_slice(&self.body)
            .map_err(|error| refuse("body", &format!("The body is no JSON object: {error}")))?;
        if let Some(name) = draft.keys().find(|name| *name != "text") {
            let what = if NOT_SIMULATED.contains(&name.as_str()) {
                "xsim writes plain texts alone"
            } else {
                "There is no such field"
            };
            return Err(refuse(name, what));
        }
        let text = draft.get("text").and_then(Value::as_str);
        text.map(str::to_owned).ok_or_else(|| refuse("text", "There is no text"))
    }

    /// # Errors
    /// 400 for the id, 403 for the tweet of another, 404 for one that is not there.
    pub(super) fn delete(&self, id: &str) -> Result<Given, Problem> {
        let account = self.asker()?;
        self.wish(&[], &[])?;
        self.check_id("id", id)?;
        let (feed, marks) = (self.feed(), self.sim.state().marks.clone());
        match self.find(&feed, id, &marks) {
            Err(_) => return Err(self.gone(id)),
            Ok(Found::Own(tweet, _)) if tweet.account == account => {}
            Ok(_) => return Err(problem::plain(403, "Forbidden")),
        }
        control::delete(&self.sim, &Deletion::of(id)).map_err(|_| self.gone(id))?;
        Ok(Given::ok(br#"{"data":{"deleted":true}}"#.to_vec()))
    }
}
