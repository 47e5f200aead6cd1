//! Wire types of what happened: follower events, series, coverage, snapshots.

use super::{Person, wire, words};
use crate::time::UnixMs;

words! {
    /// What X said of one person at one instant.
    Said {
        /// Looked up: shown, and following.
        Following = "following",
        /// Looked up: shown, and not following.
        NotFollowing = "not_following",
        /// Looked up: shown; an app is not told who follows.
        Found = "found",
        /// Looked up: suspended.
        Suspended = "suspended",
        /// Looked up: X knows nobody of that id.
        Missing = "missing",
        /// The owner's own block list has them.
        Blocked = "blocked",
        /// Pushed: began to follow.
        Followed = "followed",
        /// Pushed: stopped following.
        Unfollowed = "unfollowed",
    }

    /// What happened to a follower.
    EventKind {
        /// Seen following for the first time.
        Followed = "followed",
        /// No longer seen following.
        Lost = "lost",
        /// Follows again after a confirmed loss.
        Returned = "returned",
        /// Has another handle.
        Renamed = "renamed",
    }

    /// How sure a loss is.
    LossState {
        /// Missing from one accepted check.
        Suspected = "suspected",
        /// Missing from two accepted checks, or looked up.
        Confirmed = "confirmed",
        /// Seen again in the very next accepted check: still follows.
        Retracted = "retracted",
    }

    /// Why someone left.
    Reason {
        /// They stopped following.
        Unfollowed = "unfollowed",
        /// X suspended them.
        Suspended = "suspended",
        /// Deleted or deactivated.
        Gone = "gone",
        /// The owner blocked them (from the owner's own block list or events only).
        YouBlocked = "you_blocked",
        /// Not known.
        Unknown = "unknown",
    }

    /// How certain the reason is.
    Confidence {
        /// X said so.
        Certain = "certain",
        /// It follows from what X said.
        Likely = "likely",
        /// Nothing said so.
        Unknown = "unknown",
    }

    /// How an event was found.
    How {
        /// By a full check.
        Crawl = "crawl",
        /// By looking the person up.
        Lookup = "lookup",
        /// X pushed it.
        Push = "push",
        /// By comparing saved lists.
        Import = "import",
    }

    /// Width of a series' points.
    Interval {
        /// An hour.
        Hour = "hour",
        /// A day in the asked-for zone.
        Day = "day",
        /// A week beginning on Monday in that zone.
        Week = "week",
        /// A calendar month in that zone.
        Month = "month",
    }

    /// What a series is compared with.
    Compare {
        /// The same length of time just before.
        Previous = "previous",
        /// The same dates a year before.
        Year = "year",
    }

    /// What became of a snapshot.
    SnapshotState {
        /// In the ledger.
        Accepted = "accepted",
        /// Set aside: see `reason`; nobody was counted as left.
        Quarantined = "quarantined",
        /// Waiting to be read.
        Pending = "pending",
    }

    /// What a snapshot lists.
    SnapshotKind {
        /// `FOLLOWERS_…`
        Followers = "followers",
        /// `TWEETS_…`
        Tweets = "tweets",
    }

    /// Where a saved list came from.
    Origin {
        /// A full check of this account.
        Check = "check",
        /// A list saved elsewhere.
        Import = "import",
        /// X's own archive of the account.
        Archive = "archive",
    }

    /// Whether a stretch of time was observed.
    SpanState {
        /// Between two accepted checks close enough for the schedule.
        Observed = "observed",
        /// Nothing was seen: this is not zero.
        Gap = "gap",
    }
}

wire! {
    /// A follower event. `at` is the check that first showed it, `not_before` the accepted
    /// check before that: it happened in between.
    pub struct FollowerEvent {
        /// `<snapshot timestamp>:<kind>:<user id>`, of a push with its own instant; stays the same
        /// through every state.
        pub id: String,
        /// What happened.
        pub kind: EventKind,
        /// To whom, as last seen.
        pub user: Person,
        /// First observed.
        pub at: UnixMs,
        /// The accepted check before `at`; `null`: X pushed it as it happened.
        pub not_before: Option<UnixMs>,
        /// Name of the snapshot that showed it; empty: X pushed it before any did.
        pub snapshot: String,
        /// Of a loss: how sure.
        pub state: Option<LossState>,
        /// Of a loss: why.
        pub reason: Option<Reason>,
        /// Of a loss: how certain the reason is.
        pub confidence: Option<Confidence>,
        /// How it was found; of a loss with a reason, how that is known.
        pub how: How,
        /// Of a loss: when its reason is final; gone by: it is. `null`: not known yet, the next
        /// check or look tells.
        #[serde(default)]
        pub settles: Option<UnixMs>,
        /// Of a loss of unknown reason: why nobody was asked, in words for the owner.
        #[serde(default)]
        pub note: Option<String>,
        /// Of a loss: what X said of them when they were looked up, oldest first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub looks: Vec<Look>,
        /// Of a loss: when they are looked up next; `null`: not any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub next_look: Option<UnixMs>,
        /// Of a rename: the old handle.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub from: Option<String>,
        /// Of a rename: the new handle.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub to: Option<String>,
        /// The person is muted by the owner of this site.
        #[serde(default)]
        pub muted: bool,
        /// Their own followers, as last seen.
        #[serde(default)]
        pub followers: Option<u64>,
    }

    /// What X said of someone who left.
    #[derive(Copy)]
    pub struct Look {
        /// When.
        pub at: UnixMs,
        /// What.
        pub said: Said,
    }

    /// One point of a series. `null` means not observed, which is not zero.
    pub struct Point {
        /// Where the point begins.
        pub at: UnixMs,
        /// Followers at its end, by name.
        pub followers: Option<u64>,
        /// Who came (returned ones among them).
        pub gained: Option<u64>,
        /// Who left, retracted losses left out.
        pub lost: Option<u64>,
        /// Of those who left: suspended by X or gone from it.
        #[serde(default)]
        pub gone: Option<u64>,
        /// `gained` less `lost`.
        pub net: Option<i64>,
        /// X's own count at its end.
        pub x_count: Option<u64>,
        /// What X's count did beyond `net`.
        pub unexplained: Option<i64>,
        /// Share of the point's time that was observed, 0 to 1.
        pub covered: f64,
        /// The point is not over yet, or cut by the range.
        pub partial: bool,
    }

    /// Sums over a series, and what its headline says.
    #[derive(Default)]
    pub struct Totals {
        /// Who came (returned ones among them).
        pub gained: u64,
        /// Who left, retracted losses left out.
        pub lost: u64,
        /// Of those who came: after a confirmed loss.
        pub returned: u64,
        /// `gained` less `lost`.
        pub net: i64,
        /// What X's count did beyond those who came and left since `unexplained_since`; `null` if
        /// X's count was not read at the end, or only once.
        pub unexplained: Option<i64>,
        /// What `unexplained` counts from: the range's beginning, or X's first count in it if there
        /// is none at its beginning.
        #[serde(default)]
        pub unexplained_since: Option<UnixMs>,
        /// Followers at the end of the range, or now: by name, or X's count where no point has
        /// names. `null`: not observed.
        #[serde(default)]
        pub followers: Option<u64>,
        /// How many more `followers` are than at `since`: `net`, or what X's count did. `null` with
        /// `followers`.
        #[serde(default)]
        pub change: Option<i64>,
        /// What `change` counts from: the range's beginning, or the first observation of all if
        /// that is later. `null` with `followers`.
        #[serde(default)]
        pub since: Option<UnixMs>,
        /// Share of the range up to now that was observed, 0 to 1, as its coverage says.
        #[serde(default)]
        pub observed: f64,
        /// Different people who came: what the list of those who came holds.
        #[serde(default)]
        pub people_came: u64,
        /// Different people who left, whether or not they came back: what the list of those who
        /// left holds.
        #[serde(default)]
        pub people_left: u64,
    }

    /// A follower series.
    pub struct Series {
        /// The zone whose midnights bound the points.
        pub tz: String,
        /// Width of the points.
        pub interval: Interval,
        /// The points, oldest first.
        pub points: Vec<Point>,
        /// The compared-with series, point by point, when asked for. Of a range that is not over it
        /// is cut at the same part: its last point is then partial.
        pub compare: Option<Vec<Point>>,
        /// Sums over `points`.
        pub totals: Totals,
        /// Sums over `compare`.
        #[serde(default)]
        pub compare_totals: Option<Totals>,
        /// The end of the range of `compare`; its first point says its beginning.
        #[serde(default)]
        pub compare_to: Option<UnixMs>,
        /// Whether the two were observed so alike that their sums may be compared.
        #[serde(default)]
        pub comparable: bool,
        /// Of the losses in range that are not retracted: how many for which reason.
        #[serde(default)]
        pub reasons: Vec<ReasonCount>,
        /// Of the losses of unknown reason: those before Roost watched the account, which no
        /// look-up could explain. They are known from imported lists.
        #[serde(default)]
        pub before_watch: u64,
        /// Losses of the range that were corrected: still follows.
        #[serde(default)]
        pub retracted: u64,
        /// Losses of the range that one more check will settle.
        #[serde(default)]
        pub suspected: u64,
    }

    /// Losses by reason.
    pub struct ReasonCount {
        /// Why.
        pub reason: Reason,
        /// How many.
        pub count: u64,
    }

    /// One stretch of time, observed or not.
    pub struct Span {
        /// Its beginning.
        pub from: UnixMs,
        /// Its end.
        pub to: UnixMs,
        /// Observed or gap.
        pub state: SpanState,
        /// Of a gap: why, in words for the owner.
        pub reason: Option<String>,
    }

    /// What was observed of an account's followers in a range.
    pub struct Coverage {
        /// Its beginning.
        pub from: UnixMs,
        /// Its end.
        pub to: UnixMs,
        /// Observed share of the range, 0 to 1.
        pub observed: f64,
        /// Every stretch, oldest first, without holes between them.
        pub spans: Vec<Span>,
    }

    /// A stored snapshot.
    pub struct Snapshot {
        /// Its file name.
        pub name: String,
        /// What it lists.
        pub kind: SnapshotKind,
        /// The instant its name says.
        pub at: UnixMs,
        /// Size of the file as stored.
        pub bytes: u64,
        /// How many it lists, once read.
        pub count: Option<u64>,
        /// How many entries it has, once read: those of `count`, `repeated` and `unreadable`.
        #[serde(default)]
        pub entries: Option<u64>,
        /// Entries without an id that can be trusted. A list that has any makes nobody lost and
        /// confirms nothing.
        #[serde(default)]
        pub unreadable: Option<u64>,
        /// Entries that name again who was named before.
        #[serde(default)]
        pub repeated: Option<u64>,
        /// Where it came from.
        #[serde(default)]
        pub origin: Origin,
        /// What became of it.
        pub state: SnapshotState,
        /// Why it was set aside.
        pub reason: Option<String>,
        /// The stored file's etag.
        pub etag: String,
        /// The run that read it.
        pub run: Option<String>,
    }
}

// Of a list that nothing is said of.
#[allow(clippy::derivable_impls, reason = "the words' macro derives what all of them have")]
impl Default for Origin {
    fn default() -> Self {
        Self::Import
    }
}
