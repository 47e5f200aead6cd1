//! Faults on request: which request goes wrong, how, and how often that has happened.
//!
//! Knows paths and kinds, not how a fault is carried out. Invariant: `fired` counts exactly the
//! requests that a fault was applied to, and never exceeds `count`.

use serde_json::{Map, Value, json};

/// How a request can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// This status with X's own body for it.
    Status(u16),
    /// The right answer, `ms` late.
    Slow,
    /// Headers and half of the body, then the connection breaks.
    Cut,
    /// 200 with JSON that ends too early.
    BadJson,
    /// 200 without users and without a next page.
    Empty,
    /// 200 with errors and no data.
    Errors200,
    /// Of a lookup, each key number `every` (2) is left out: told in `errors`, or with `silent` 1
    /// nowhere.
    Partial,
    /// The page begins `by` users too late, or too early when negative.
    ShiftPage,
    /// The users of the page before, with a next token that goes on.
    RepeatPage,
    /// The credential, or the pagination token, is no longer good.
    TokenExpired,
    /// The token of the request is revoked, and its family with it; 401.
    TokenRevoked,
    /// 402: there is no money left.
    CreditsDepleted,
    /// 429: as many posts as may be were read, of a `period` in a `scope`.
    UsageCap,
    /// Never answers.
    Stall,
    /// Closes the connection without an answer.
    Disconnect,
    /// Does what is asked, then closes the connection without an answer.
    Lost,
    /// As [`Kind::Stall`] on plain routes; a stream lives on without its reader.
    Ghost,
    /// The tweet `at` (from 0, the last if there are fewer) has no text.
    NoText,
    /// Every metric of the tweet `at` is null.
    NullMetrics,
    /// The tweet `at` comes without metrics, though they were asked for.
    NoMetrics,
    /// A tweet of another account stands before the tweet `at`.
    ForeignTweet,
    /// A tweet `ahead_s` seconds after the clock stands before the tweet `at`.
    FutureTweet,
    /// A `field` of the tweet `at` is refused; with `drop` 1 the tweet is left out with it.
    RefuseField,
}

/// Faults held at once: each request looks at all of them.
const FAULTS_MAX: usize = 1_000;

/// Every kind, by the name it goes by in `/sim/faults`.
const KINDS: [(&str, Kind); 35] = [
    ("status_401", Kind::Status(401)),
    ("status_402", Kind::Status(402)),
    ("status_403", Kind::Status(403)),
    ("status_408", Kind::Status(408)),
    ("status_409", Kind::Status(409)),
    ("status_420", Kind::Status(420)),
    ("status_425", Kind::Status(425)),
    ("status_429", Kind::Status(429)),
    ("status_500", Kind::Status(500)),
    ("status_502", Kind::Status(502)),
    ("status_503", Kind::Status(503)),
    ("status_504", Kind::Status(504)),
    ("status_520", Kind::Status(520)),
    ("credits_depleted", Kind::CreditsDepleted),
    ("usage_cap", Kind::UsageCap),
    ("slow", Kind::Slow),
    ("cut", Kind::Cut),
    ("bad_json", Kind::BadJson),
    ("empty", Kind::Empty),
    ("errors_200", Kind::Errors200),
    ("partial", Kind::Partial),
    ("shift_page", Kind::ShiftPage),
    ("repeat_page", Kind::RepeatPage),
    ("token_expired", Kind::TokenExpired),
    ("token_revoked", Kind::TokenRevoked),
    ("stall", Kind::Stall),
    ("disconnect", Kind::Disconnect),
    ("lost", Kind::Lost),
    ("ghost", Kind::Ghost),
    ("no_text", Kind::NoText),
    ("null_metrics", Kind::NullMetrics),
    ("no_metrics", Kind::NoMetrics),
    ("foreign_tweet", Kind::ForeignTweet),
    ("future_tweet", Kind::FutureTweet),
    ("refuse_field", Kind::RefuseField),
];

/// Those of single tweets, which stand at a place of the answer.
const OF_TWEETS: &[&str] =
    &["no_text", "null_metrics", "no_metrics", "foreign_tweet", "future_tweet", "refuse_field"];

impl Kind {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        KINDS.iter().find(|(n, _)| *n == name).map(|(_, kind)| *kind)
    }

    fn name(self) -> &'static str {
        KINDS.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    /// A page can only repeat one before it: such a fault waits for a later page.
    fn fits(self, has_token: bool) -> bool {
        self != Self::RepeatPage || has_token
    }
}

/// The numbers and words that go with a kind.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Args(Map<String, Value>);

/// The arguments there are and the kinds they belong to.
const ARGS: [(&str, &[&str]); 19] = [
    ("ms", &["slow"]),
    ("reset_s", &["status_429"]),
    ("by", &["shift_page"]),
    ("what", &["token_expired"]),
    ("variant", &["status_402", "credits_depleted"]),
    ("every", &["partial"]),
    ("silent", &["partial"]),
    ("period", &["usage_cap"]),
    ("scope", &["usage_cap"]),
    // Of routes that answer tweets.
    ("at", OF_TWEETS),
    ("ahead_s", &["future_tweet"]),
    ("field", &["refuse_field"]),
    ("drop", &["refuse_field"]),
    // Of streams alone.
    ("after_ms", &["cut", "bad_json", "stall", "disconnect"]),
    ("after_posts", &["cut", "bad_json", "stall", "disconnect"]),
    ("bytes_per_s", &["slow"]),
    ("code", &["disconnect"]),
    ("disconnect_type", &["disconnect"]),
    ("issue", &["status_429"]),
];

impl Args {
    /// # Errors
    /// When an argument does not belong to the kind or has the wrong type.
    fn checked(kind: Kind, args: Map<String, Value>) -> Result<Self, String> {
        for (name, value) in &args {
            let belongs = ARGS.iter().any(|(n, kinds)| n == name && kinds.contains(&kind.name()));
            if !belongs {
                return Err(format!("{} takes no argument {name}", kind.name()));
            }
            let fits = match name.as_str() {
                "what" => matches!(value.as_str(), Some("auth" | "page")),
                "period" => matches!(value.as_str(), Some("Daily" | "Monthly")),
                "scope" => matches!(value.as_str(), Some("Account" | "Product")),
                "every" => value.as_u64().is_some_and(|every| every > 0),
                "issue" => value.as_str() == Some("connections"),
                "disconnect_type" | "field" => value.is_string(),
                "by" => value.as_i64().is_some(),
                _ => value.as_u64().is_some(),
            };
            if !fits {
                return Err(format!("the argument {name} cannot be {value}"));
            }
        }
        Ok(Self(args))
    }

    pub(crate) fn number(&self, name: &str, default: i64) -> i64 {
        self.0.get(name).and_then(Value::as_i64).unwrap_or(default)
    }

    pub(crate) fn word(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }
}

#[derive(Debug, Clone)]
struct Fault {
    id: u64,
    route: String,
    kind: Kind,
    args: Args,
    count: u64,
    after: u64,
    matched: u64,
    fired: u64,
}

/// A fault to apply to one request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fired {
    pub(crate) kind: Kind,
    pub(crate) args: Args,
    /// Which time this fault fires, from 1.
    pub(crate) time: u64,
}

impl Fired {
    /// Of the keys of a lookup, whether the one at a place (from 0) is left out: `Some(true)` when
    /// the answer does not even say so.
    pub(crate) fn leaves_out(&self, at: usize) -> Option<bool> {
        let every = usize::try_from(self.args.number("every", 2)).unwrap_or(2).max(1);
        let out = self.kind == Kind::Partial && (at + 1).is_multiple_of(every);
        out.then(|| self.args.number("silent", 0) != 0)
    }
}

/// All faults since they were last cleared, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    faults: Vec<Fault>,
    last_id: u64,
}

/// What a client asks for.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    route: String,
    kind: String,
    #[serde(default = "once")]
    count: u64,
    #[serde(default)]
    after: u64,
    #[serde(default)]
    args: Map<String, Value>,
}

fn once() -> u64 {
    1
}

impl Faults {
    /// Adds a fault and gives its id.
    ///
    /// # Errors
    /// When the kind is unknown, the route is no path, or an argument does not fit.
    pub(crate) fn add(&mut self, wish: Wish) -> Result<u64, String> {
        let Some(kind) = Kind::from_name(&wish.kind) else {
            let names: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
            return Err(format!("no kind {}; there are {}", wish.kind, names.join(", ")));
        };
        if !wish.route.starts_with('/') {
            return Err(format!("the route {} is no path", wish.route));
        }
        if self.faults.len() >= FAULTS_MAX {
            return Err(format!("{FAULTS_MAX} faults are enough; DELETE them first"));
        }
        let args = Args::checked(kind, wish.args)?;
        self.last_id += 1;
        self.faults.push(Fault {
            id: self.last_id,
            route: wish.route,
            kind,
            args,
            count: wish.count,
            after: wish.after,
            matched: 0,
            fired: 0,
        });
        Ok(self.last_id)
    }

    /// Counts a request and gives the fault to apply to it: the oldest that is due. At most one
    /// fires; the others have still seen the request.
    pub(crate) fn take(&mut self, path: &str, has_token: bool) -> Option<Fired> {
        let mut due = None;
        for fault in self.faults.iter_mut().filter(|f| glob(&f.route, path)) {
            fault.matched += 1;
            let ready = fault.matched > fault.after && fault.fired < fault.count;
            if due.is_none() && ready && fault.kind.fits(has_token) {
                fault.fired += 1;
                due = Some(Fired { kind: fault.kind, args: fault.args.clone(), time: fault.fired });
            }
        }
        due
    }

    pub(crate) fn clear(&mut self) {
        self.faults.clear();
    }

    /// The answer of `GET /sim/faults`.
    pub(crate) fn to_json(&self) -> Value {
        let entry = |f: &Fault| {
            json!({"id": f.id, "route": f.route, "kind": f.kind.name(), "count": f.count,
                "fired": f.fired})
        };
        self.faults.iter().map(entry).collect()
    }
}

/// Whether a path matches: `*` stands for one segment, or at the end for any that are left.
fn glob(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('/').peekable(), path.split('/'));
    while let Some(part) = pattern.next() {
        let Some(segment) = path.next() else { return false };
        let last = pattern.peek().is_none();
        if part == "*" && last {
            return true;
        }
        if part != "*" && part != segment {
            return false;
        }
    }
    path.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(value: Value) -> Wish {
        serde_json::from_value(value).unwrap()
    }

    #[track_caller]
    fn check_glob(pattern: &str, path: &str, matches: bool) {
        assert_eq!(glob(pattern, path), matches, "{pattern} on {path}");
    }

    #[test]
    fn a_star_is_one_segment_or_any_tail() {
        check_glob("/2/users/*/followers", "/2/users/12/followers", true);
        check_glob("/2/users/*/followers", "/2/users/12/tweets", false);
        check_glob("/2/users/*/followers", "/2/users/by/username/followers", false);
        check_glob("/2/*", "/2/users/12/followers", true);
        check_glob("/2/users/*", "/2/users", false);
        check_glob("/2/users", "/2/users", true);
        check_glob("/2/users", "/2/users/12", false);
        check_glob("/*", "/2/users/12", true);
    }

    #[test]
    fn a_fault_skips_then_fires_then_rests() {
        let mut faults = Faults::default();
        let fault = json!({"route": "/2/*", "kind": "slow", "count": 2, "after": 1});
        faults.add(wish(fault)).unwrap();
        let fired: Vec<bool> = (0..5).map(|_| faults.take("/2/users", false).is_some()).collect();
        assert_eq!(fired, [false, true, true, false, false]);
        assert_eq!(faults.to_json()[0]["fired"], 2);
        assert_eq!(faults.take("/sim/health", false), None);
    }

    #[test]
    fn one_request_meets_one_fault() {
        let mut faults = Faults::default();
        for kind in ["status_503", "cut"] {
            faults.add(wish(json!({"route": "/2/*", "kind": kind}))).unwrap();
        }
        let kinds: Vec<_> =
            (0..3).map(|_| faults.take("/2/users", false).map(|f| f.kind)).collect();
        assert_eq!(kinds, [Some(Kind::Status(503)), Some(Kind::Cut), None]);
    }

    #[test]
    fn a_repeated_page_waits_for_a_second_page() {
        let mut faults = Faults::default();
        faults.add(wish(json!({"route": "/2/*", "kind": "repeat_page"}))).unwrap();
        assert_eq!(faults.take("/2/users/12/followers", false), None);
        assert!(faults.take("/2/users/12/followers", true).is_some());
    }

    #[test]
    fn wishes_that_mean_nothing_are_refused() {
        for value in [
            json!({"route": "/2/*", "kind": "count_off"}),
            json!({"route": "2/users", "kind": "slow"}),
            json!({"route": "/2/*", "kind": "slow", "args": {"by": 1}}),
            json!({"route": "/2/*", "kind": "slow", "args": {"ms": "long"}}),
            json!({"route": "/2/*", "kind": "token_expired", "args": {"what": "all"}}),
            json!({"route": "/2/*", "kind": "partial", "args": {"every": 0}}),
            json!({"route": "/2/*", "kind": "usage_cap", "args": {"period": "Weekly"}}),
            json!({"route": "/2/*", "kind": "no_text", "args": {"ahead_s": 1}}),
            json!({"route": "/2/*", "kind": "refuse_field", "args": {"field": 7}}),
        ] {
            let wish: Wish = serde_json::from_value(value.clone()).unwrap();
            assert!(Faults::default().add(wish).is_err(), "{value}");
        }
    }

    #[test]
    fn every_kind_has_a_name_that_leads_back() {
        for (name, kind) in KINDS {
            assert_eq!((Kind::from_name(name), kind.name()), (Some(kind), name));
        }
    }
}
