//! Rate limits: windows of 15 minutes of virtual time, per endpoint and kind of credential.
//!
//! Knows no routes but their names. Invariant: with limits on, no window lets through more than
//! its limit; a window begins with its first request.

use std::collections::HashMap;

use crate::auth::Caller;
use crate::world::Account;

const WINDOW_MS: i64 = 15 * 60 * 1_000;

/// What the `x-rate-limit-*` headers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    /// When the window ends, in seconds since 1970.
    pub(crate) reset_s: i64,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    start_ms: i64,
    used: u32,
}

/// The windows under way.
#[derive(Debug)]
pub(crate) struct Limits {
    enforced: bool,
    /// By endpoint and, unless the app asks, the user.
    windows: HashMap<(&'static str, Option<Account>), Window>,
}

/// Requests per window: X's published limits of pay-per-use.
fn limit_of(endpoint: &str, caller: Caller) -> u32 {
    match (endpoint, caller) {
        ("me", _) => 75,
        ("blocking", _) => 15,
        ("stream" | "sample" | "usage", _) => 50,
        ("subscriptions", _) => 500,
        ("rules_get" | "rules_counts" | "connections" | "webhooks", _)
        | ("search" | "tweet", Caller::App) => 450,
        ("rules_post", _) => 100,
        ("connections_delete", _) => 25,
        ("timeline", Caller::App) => 10_000,
        ("tweets", Caller::App) => 3_500,
        ("tweets", Caller::User(..)) => 5_000,
        ("followers" | "following" | "analytics", _)
        | ("search" | "counts", Caller::User(..))
        | (_, Caller::App) => 300,
        (_, Caller::User(..)) => 900,
    }
}

impl Limits {
    pub(crate) fn new(enforced: bool) -> Self {
        Self { enforced, windows: HashMap::new() }
    }

    /// What the headers say without counting a request.
    pub(crate) fn peek(&self, endpoint: &'static str, caller: Caller, now_ms: i64) -> Rate {
        let limit = limit_of(endpoint, caller);
        let window = self.window(endpoint, caller, now_ms);
        let remaining = if self.enforced { limit.saturating_sub(window.used) } else { limit };
        Rate { limit, remaining, reset_s: (window.start_ms + WINDOW_MS).div_euclid(1_000) }
    }

    /// Counts a request: `Err` holds the headers of the refusal.
    pub(crate) fn take(
        &mut self,
        endpoint: &'static str,
        caller: Caller,
        now_ms: i64,
    ) -> Result<Rate, Rate> {
        let before = self.peek(endpoint, caller, now_ms);
        if before.remaining == 0 {
            return Err(before);
        }
        let mut window = self.window(endpoint, caller, now_ms);
        window.used = window.used.saturating_add(1);
        self.windows.insert((endpoint, caller.account()), window);
        Ok(self.peek(endpoint, caller, now_ms))
    }

    pub(crate) fn reset(&mut self) {
        self.windows.clear();
    }

    fn window(&self, endpoint: &'static str, caller: Caller, now_ms: i64) -> Window {
        self.windows
            .get(&(endpoint, caller.account()))
            .copied()
            .filter(|w| (w.start_ms..w.start_ms + WINDOW_MS).contains(&now_ms))
            .unwrap_or(Window { start_ms: now_ms, used: 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(endpoint: &'static str, caller: Caller, limit: u32) {
        let mut limits = Limits::new(true);
        for used in 1..=limit {
            let rate = limits.take(endpoint, caller, 1_000).unwrap();
            assert_eq!(rate, Rate { limit, remaining: limit - used, reset_s: 901 });
        }
        let refused = limits.take(endpoint, caller, 900_999).unwrap_err();
        assert_eq!(refused, Rate { limit, remaining: 0, reset_s: 901 });
        let rate = limits.take(endpoint, caller, 901_000).unwrap();
        assert_eq!(rate, Rate { limit, remaining: limit - 1, reset_s: 1_801 });
    }

    #[test]
    fn each_endpoint_lets_through_its_limit_and_no_more() {
        check("me", Caller::OWNER, 75);
        check("users", Caller::App, 300);
        check("users", Caller::OWNER, 900);
        check("followers", Caller::App, 300);
        check("stream", Caller::App, 50);
        check("rules_post", Caller::App, 100);
        check("search", Caller::App, 450);
        check("tweets", Caller::App, 3_500);
        check("tweet", Caller::OWNER, 900);
        check("timeline", Caller::App, 10_000);
        check("timeline", Caller::OWNER, 900);
        check("analytics", Caller::OWNER, 300);
        check("followers", Caller::OWNER, 300);
        check("following", Caller::OWNER, 300);
        check("blocking", Caller::OWNER, 15);
    }

    #[test]
    fn credentials_and_endpoints_have_windows_of_their_own() {
        let mut limits = Limits::new(true);
        limits.take("users", Caller::App, 0).unwrap();
        assert_eq!(limits.peek("users", Caller::OWNER, 0).remaining, 900);
        assert_eq!(limits.peek("followers", Caller::App, 0).remaining, 300);
        assert_eq!(limits.peek("users", Caller::App, 0).remaining, 299);
    }

    #[test]
    fn switched_off_nothing_runs_out() {
        let mut limits = Limits::new(false);
        for _ in 0..400 {
            assert_eq!(limits.take("followers", Caller::App, 0).unwrap().remaining, 300);
        }
    }
}
