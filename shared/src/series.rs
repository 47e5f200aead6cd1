//! The follower curve. Owns: what a point says and when it says nothing. Must not know: where
//! buckets begin (see [`crate::tz`]) or where observations are kept. Invariant: what was not
//! observed is `null`, never zero; the points' `net` add up to the totals', and so does their
//! `unexplained` where all of them know it.
//!
//! A point holds what lies at or after its beginning and before its end, so a check at
//! midnight belongs to the day that begins. Its values are those just before its end.

use crate::api::{Point, Series, Totals};
use crate::coverage::observed_share;
use crate::time::{HOUR_MS, UnixMs};

/// An interval between two checks is observed if it is at most this much wider than a point
/// (or an hour): checks come late now and then.
const OBSERVED_TENTHS: i64 = 15;
/// X's count is read once per UTC day, some minutes early or late: an older one is not carried.
const CARRY_MS: i64 = 26 * HOUR_MS;

/// Two ranges are compared if both were observed for this share at least, in percent, …
const COMPARABLE_MIN_PERCENT: f64 = 50.0;
/// … and one for at most so many points of a percent more than the other.
const COMPARABLE_APART_PERCENT: f64 = 10.0;

/// The size of the roster, as an accepted snapshot showed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When.
    pub at: UnixMs,
    /// How many followed: those of the list, and those whose absence was corrected or is withheld.
    pub followers: u64,
    /// How long after it the next may come without a gap between (see
    /// [`crate::coverage::limits_ms`]).
    pub limit_ms: i64,
}

/// What the ledger shows for one accepted snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// When.
    pub at: UnixMs,
    /// Who came, returned ones among them.
    pub gained: u64,
    /// Who left, retracted losses left out.
    pub lost: u64,
    /// Of those who left: suspended by X or gone from it.
    pub gone: u64,
    /// Of those who came: after a confirmed loss.
    pub returned: u64,
}

/// One reading of X's own count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// When.
    pub at: UnixMs,
    /// What X said.
    pub count: u64,
}

/// All that was observed, each list ascending by time. To be right at the edges it reaches
/// beyond the range: the nearest snapshots on both sides and a day of readings before it.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// Accepted snapshots.
    pub seen: &'a [Seen],
    /// What changed at them.
    pub tallies: &'a [Tally],
    /// X's own count.
    pub counted: &'a [Counted],
}

/// The points between `edges` (n + 1 of them make n points), cut to `range`.
pub fn points(
    edges: &[UnixMs],
    range: (UnixMs, UnixMs),
    observed: &Observed<'_>,
    now: UnixMs,
) -> Vec<Point> {
    edges
        .iter()
        .zip(edges.iter().skip(1))
        .map(|(&from, &to)| point(from, to, range, observed, now))
        .collect()
}

fn point(
    from: UnixMs,
    to: UnixMs,
    range: (UnixMs, UnixMs),
    observed: &Observed<'_>,
    now: UnixMs,
) -> Point {
    let (begin, end) = (from.max(range.0), to.min(range.1));
    // Only what has passed can have been observed; what is to come is no gap.
    let passed = end.min(now).since(begin);
    let limit_ms = to.since(from).max(HOUR_MS).saturating_mul(OBSERVED_TENTHS) / 10;
    // What is known of the point at all may still hide a gap: a week of which three days were not
    // observed has its sums, and is covered in part.
    let told_ms = observed_ms(observed.seen, begin, end.min(now), |_| limit_ms);
    let covered_ms =
        observed_ms(observed.seen, begin, end.min(now), |seen| seen.limit_ms.min(limit_ms));
    let tallies = between(observed.tallies, |tally| tally.at, begin, end);
    // What X pushed is known without a list.
    let known = told_ms > 0
        || !tallies.is_empty()
        || !between(observed.seen, |seen| seen.at, begin, end).is_empty();
    let sum = |count: fn(&Tally) -> u64| tallies.iter().map(count).sum::<u64>();
    let (gained, lost) = (sum(|tally| tally.gained), sum(|tally| tally.lost));
    let net = signed(gained).saturating_sub(signed(lost));
    let readings = between(observed.counted, |reading| reading.at, begin, end);
    let at_begin = carried(observed.counted, begin, begin);
    let at_end = carried(observed.counted, end, end.min(now));
    Point {
        at: from,
        followers: before(observed.seen, |seen| seen.at, end)
            .filter(|_| known)
            .map(|seen| seen.followers),
        gained: known.then_some(gained),
        lost: known.then_some(lost),
        gone: known.then(|| sum(|tally| tally.gone)),
        net: known.then_some(net),
        x_count: readings.last().map(|reading| reading.count),
        // Where no names are known, none of X's change is explained.
        unexplained: unexplained(at_begin, at_end, if known { net } else { 0 }),
        covered: share(covered_ms, passed),
        partial: begin > from || end < to || to > now,
    }
}

/// The sums over the points of a range, and what they count from. X's count at the end is the last
/// one read, if not much else was observed after it. `people` are the different people who came
/// and who left.
pub fn totals(
    points: &[Point],
    observed: &Observed<'_>,
    range: (UnixMs, UnixMs),
    now: UnixMs,
    people: (u64, u64),
) -> Totals {
    let gained: u64 = points.iter().filter_map(|point| point.gained).sum();
    let lost: u64 = points.iter().filter_map(|point| point.lost).sum();
    let net = signed(gained).saturating_sub(signed(lost));
    let unexplained = beyond(observed, range);
    let headline = headline(points, observed, range, net);
    let accepted: Vec<UnixMs> = observed.seen.iter().map(|seen| seen.at).collect();
    let limits_ms: Vec<i64> = observed.seen.iter().map(|seen| seen.limit_ms).collect();
    Totals {
        gained,
        lost,
        returned: between(observed.tallies, |tally| tally.at, range.0, range.1)
            .iter()
            .map(|tally| tally.returned)
            .sum(),
        net,
        unexplained: unexplained.map(|(_, count)| count),
        unexplained_since: unexplained.map(|(since, _)| since),
        followers: headline.map(|headline| headline.followers),
        change: headline.map(|headline| headline.change),
        since: headline.map(|headline| headline.since),
        observed: observed_share(range.0, range.1, &accepted, &limits_ms, now),
        people_came: people.0,
        people_left: people.1,
    }
}

/// Whether the sums of two ranges may be compared: both were observed for half of their time or
/// more, one hardly more than the other. A range observed for a day of 91 says nothing of 91 days.
pub fn comparable(one: &Totals, other: &Totals) -> bool {
    let (one, other) = (one.observed * 100.0, other.observed * 100.0);
    one.min(other) >= COMPARABLE_MIN_PERCENT && (one - other).abs() <= COMPARABLE_APART_PERCENT
}

/// Whether anything of who came and left is known of a series: its sums are no zero otherwise.
pub fn known(series: &Series) -> bool {
    series.points.iter().any(|point| point.gained.is_some())
}

/// The sums that a series is held against: those of the compared range, if the two were observed
/// alike.
pub fn held_against(series: &Series) -> Option<&Totals> {
    series.compare_totals.as_ref().filter(|_| series.comparable)
}

/// How many there are at the end of a range, and how many more that is than when.
#[derive(Clone, Copy)]
struct Headline {
    followers: u64,
    change: i64,
    since: UnixMs,
}

fn headline(
    points: &[Point],
    observed: &Observed<'_>,
    range: (UnixMs, UnixMs),
    net: i64,
) -> Option<Headline> {
    let named = points.iter().rev().find_map(|point| point.followers);
    if let Some(followers) = named {
        let first = observed.seen.first().map_or(range.0, |seen| seen.at);
        return Some(Headline { followers, change: net, since: range.0.max(first) });
    }
    let readings = between(observed.counted, |reading| reading.at, range.0, range.1);
    let (first, last) = (readings.first()?, readings.last()?);
    let begin = carried(observed.counted, range.0, range.0);
    Some(Headline {
        followers: last.count,
        change: signed(last.count).saturating_sub(signed(begin.unwrap_or(first.count))),
        since: if begin.is_some() { range.0 } else { first.at },
    })
}

/// What X's count did beyond those who came and left, and since when.
fn beyond(observed: &Observed<'_>, range: (UnixMs, UnixMs)) -> Option<(UnixMs, i64)> {
    let last_seen = before(observed.seen, |seen| seen.at, range.1).map(|seen| seen.at);
    let last_read = before(observed.counted, |reading| reading.at, range.1)?;
    // A range may reach into the future: its end is then the last that was observed.
    let end = last_seen.max(Some(last_read.at)).unwrap_or(range.0).max(range.0);
    let at_end = carried(observed.counted, range.1, end)?;
    let begin = carried(observed.counted, range.0, range.0);
    let (since, begin, from) = if let Some(begin) = begin {
        (range.0, begin, range.0)
    } else {
        let first = between(observed.counted, |reading| reading.at, range.0, range.1).first()?;
        // One reading alone has nothing to be compared with.
        let first = Some(first).filter(|first| first.at < last_read.at)?;
        (first.at, first.count, first.at.plus(1))
    };
    let tallies = between(observed.tallies, |tally| tally.at, from, range.1);
    let net = tallies.iter().fold(0_i64, |net, tally| {
        net.saturating_add(signed(tally.gained)).saturating_sub(signed(tally.lost))
    });
    Some((since, unexplained(Some(begin), Some(at_end), net)?))
}

fn unexplained(begin: Option<u64>, end: Option<u64>, net: i64) -> Option<i64> {
    let change = signed(end?).saturating_sub(signed(begin?));
    Some(change.saturating_sub(net))
}

/// X's count as it stood just before `at`, if it was read at most [`CARRY_MS`] before `known`.
fn carried(counted: &[Counted], at: UnixMs, known: UnixMs) -> Option<u64> {
    before(counted, |reading| reading.at, at)
        .filter(|reading| known.since(reading.at) <= CARRY_MS)
        .map(|reading| reading.count)
}

/// How much of a stretch lies in intervals between two snapshots that are at most as long as the
/// limit of the first of the two, in milliseconds.
fn observed_ms(seen: &[Seen], from: UnixMs, to: UnixMs, limit_ms: impl Fn(&Seen) -> i64) -> i64 {
    // From the last snapshot at or before the stretch to the first at or after it.
    let first = seen.partition_point(|seen| seen.at <= from).saturating_sub(1);
    let end = seen.partition_point(|seen| seen.at < to).saturating_add(1).min(seen.len());
    let near = seen.get(first..end).unwrap_or_default();
    near.iter()
        .zip(near.iter().skip(1))
        .filter(|(a, b)| b.at.since(a.at) <= limit_ms(a))
        .map(|(a, b)| b.at.min(to).since(a.at.max(from)).max(0))
        .sum()
}

/// Those at or after `from` and before `to`.
fn between<T>(items: &[T], at: impl Fn(&T) -> UnixMs, from: UnixMs, to: UnixMs) -> &[T] {
    let first = items.partition_point(|item| at(item) < from);
    let end = items.partition_point(|item| at(item) < to);
    items.get(first..end).unwrap_or_default()
}

/// The last one before an instant.
fn before<T>(items: &[T], at: impl Fn(&T) -> UnixMs, end: UnixMs) -> Option<&T> {
    items.get(..items.partition_point(|item| at(item) < end))?.last()
}

#[allow(clippy::cast_precision_loss, reason = "a share needs no more than 52 bits")]
fn share(part_ms: i64, whole_ms: i64) -> f64 {
    if whole_ms > 0 { part_ms as f64 / whole_ms as f64 } else { 0.0 }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times in these tests are hours; days begin at 0, 24, 48, ….
    fn h(hours: i64) -> UnixMs {
        UnixMs(hours * HOUR_MS)
    }

    #[derive(Default)]
    struct World {
        seen: Vec<Seen>,
        tallies: Vec<Tally>,
        counted: Vec<Counted>,
    }

    impl World {
        /// An accepted check, what it showed, and what X's count was then.
        fn check(mut self, at: i64, followers: u64, gained: u64, lost: u64) -> Self {
            self.seen.push(Seen { at: h(at), followers, limit_ms: 26 * HOUR_MS });
            let gone = lost / 2;
            self.tallies.push(Tally { at: h(at), gained, lost, gone, returned: gained / 2 });
            self
        }

        fn count(mut self, at: i64, count: u64) -> Self {
            self.counted.push(Counted { at: h(at), count });
            self
        }

        fn observed(&self) -> Observed<'_> {
            Observed { seen: &self.seen, tallies: &self.tallies, counted: &self.counted }
        }

        fn points(&self, edges: &[i64], range: (i64, i64), now: i64) -> Vec<Point> {
            let edges: Vec<_> = edges.iter().map(|&edge| h(edge)).collect();
            points(&edges, (h(range.0), h(range.1)), &self.observed(), h(now))
        }

        fn totals(&self, edges: &[i64], range: (i64, i64), now: i64) -> Totals {
            let points = self.points(edges, range, now);
            totals(&points, &self.observed(), (h(range.0), h(range.1)), h(now), (0, 0))
        }
    }

    /// A point in short: followers, net, `x_count`, unexplained, covered, partial.
    type Short = (Option<u64>, Option<i64>, Option<u64>, Option<i64>, f64, bool);

    fn short(point: &Point) -> Short {
        let Point { followers, net, x_count, unexplained, covered, partial, .. } = *point;
        (followers, net, x_count, unexplained, covered, partial)
    }

    #[track_caller]
    fn check(world: &World, edges: &[i64], range: (i64, i64), now: i64, expected: &[Short]) {
        let points = world.points(edges, range, now);
        assert_eq!(points.iter().map(short).collect::<Vec<_>>(), expected);
    }

    const DAYS: &[i64] = &[0, 24, 48, 72];

    fn daily() -> World {
        World::default()
            .check(-12, 100, 0, 0)
            .check(12, 103, 4, 1)
            .check(36, 101, 0, 2)
            .check(60, 101, 0, 0)
            .check(84, 102, 1, 0)
    }

    #[test]
    fn daily_checks_make_a_whole_curve() {
        check(
            &daily(),
            DAYS,
            (0, 72),
            100,
            &[
                (Some(103), Some(3), None, None, 1.0, false),
                (Some(101), Some(-2), None, None, 1.0, false),
                (Some(101), Some(0), None, None, 1.0, false),
            ],
        );
    }

    #[test]
    fn gained_and_lost_are_told_apart() {
        let first = daily().points(DAYS, (0, 72), 100).remove(0);
        assert_eq!((first.at, first.gained, first.lost), (h(0), Some(4), Some(1)));
    }

    #[test]
    fn a_day_without_checks_is_not_zero() {
        let world =
            World::default().check(-12, 100, 0, 0).check(12, 103, 3, 0).check(60, 90, 0, 13);
        check(
            &world,
            DAYS,
            (0, 72),
            72,
            &[
                (Some(103), Some(3), None, None, 0.5, false),
                (None, None, None, None, 0.0, false),
                // What the gap hid shows at its end.
                (Some(90), Some(-13), None, None, 0.0, false),
            ],
        );
    }

    #[test]
    fn a_check_somewhat_late_tells_the_sums_though_its_time_is_a_gap() {
        let world = World::default().check(0, 5, 0, 0).check(36, 6, 1, 0);
        check(
            &world,
            &[0, 24, 48],
            (0, 48),
            48,
            &[
                (Some(5), Some(0), None, None, 0.0, false),
                (Some(6), Some(1), None, None, 0.0, false),
            ],
        );
    }

    #[test]
    fn hours_between_close_checks_are_observed_without_one_of_their_own() {
        let half = |at: i64| UnixMs(at * HOUR_MS / 2);
        let of = |at, followers| Seen { at: half(at), followers, limit_ms: 2 * HOUR_MS };
        let seen = [of(1, 7), of(4, 8)];
        let observed = Observed { seen: &seen, tallies: &[], counted: &[] };
        let points = points(&[h(0), h(1), h(2), h(3)], (h(0), h(3)), &observed, h(3));
        let followers: Vec<_> =
            points.iter().map(|point| (point.followers, point.covered)).collect();
        assert_eq!(followers, [(Some(7), 0.5), (Some(7), 1.0), (Some(8), 0.0)]);
    }

    #[test]
    fn a_check_at_midnight_belongs_to_the_day_that_begins() {
        let world = World::default().check(0, 5, 0, 0).check(24, 7, 2, 0).check(48, 7, 0, 0);
        check(
            &world,
            &[0, 24, 48],
            (0, 48),
            48,
            &[
                (Some(5), Some(0), None, None, 1.0, false),
                (Some(7), Some(2), None, None, 1.0, false),
            ],
        );
    }

    #[test]
    fn a_range_cuts_what_is_counted() {
        let points = daily().points(&[0, 24, 48], (18, 40), 100);
        let net: Vec<_> = points.iter().map(|point| (point.net, point.partial)).collect();
        assert_eq!(net, [(Some(0), true), (Some(-2), true)]);
    }

    #[test]
    fn what_is_to_come_is_neither_a_gap_nor_zero() {
        let world = World::default().check(0, 5, 0, 0).check(12, 6, 1, 0);
        check(
            &world,
            &[0, 24, 48],
            (0, 48),
            12,
            &[(Some(6), Some(1), None, None, 1.0, true), (None, None, None, None, 0.0, true)],
        );
    }

    #[test]
    fn a_check_at_this_very_moment_counts() {
        let world = World::default().check(12, 6, 0, 0);
        check(&world, &[0, 24], (0, 24), 12, &[(Some(6), Some(0), None, None, 0.0, true)]);
    }

    #[test]
    fn xs_count_beyond_the_names_is_unexplained() {
        let world = daily().count(-12, 100).count(12, 103).count(36, 98).count(60, 98);
        let points = world.points(DAYS, (0, 72), 100);
        let x: Vec<_> = points.iter().map(|point| (point.x_count, point.unexplained)).collect();
        assert_eq!(x, [(Some(103), Some(0)), (Some(98), Some(-3)), (Some(98), Some(0))]);
    }

    #[test]
    fn without_names_all_of_xs_change_is_unexplained() {
        let world = World::default().count(-1, 100).count(23, 90).count(47, 95);
        check(
            &world,
            &[0, 24, 48],
            (0, 48),
            48,
            &[
                (None, None, Some(90), Some(-10), 0.0, false),
                (None, None, Some(95), Some(5), 0.0, false),
            ],
        );
    }

    #[test]
    fn a_reading_is_carried_for_a_day_and_no_further() {
        let world = World::default().count(-1, 100).count(20, 90).count(71, 95);
        let points = world.points(DAYS, (0, 72), 72);
        let x: Vec<_> = points.iter().map(|point| (point.x_count, point.unexplained)).collect();
        assert_eq!(x, [(Some(90), Some(-10)), (None, None), (Some(95), None)]);
    }

    #[test]
    fn a_point_says_how_many_left_with_their_account() {
        let gone = |day: usize| daily().points(DAYS, (0, 72), 72)[day].gone;
        assert_eq!([gone(0), gone(1), gone(2)], [Some(0), Some(1), Some(0)]);
        let unseen = World::default().points(DAYS, (0, 72), 72);
        assert_eq!(unseen[0].gone, None);
    }

    #[test]
    fn totals_are_the_sums_of_the_points() {
        let world = daily().count(-12, 100).count(12, 103).count(36, 98).count(60, 98);
        let expected = Totals {
            gained: 4,
            lost: 3,
            returned: 2,
            net: 1,
            unexplained: Some(-2 - 1),
            unexplained_since: Some(h(0)),
            followers: Some(101),
            change: Some(1),
            since: Some(h(0)),
            observed: 1.0,
            people_came: 0,
            people_left: 0,
        };
        assert_eq!(world.totals(DAYS, (0, 72), 72), expected);
        let points = world.points(DAYS, (0, 72), 72);
        let unexplained: i64 = points.iter().filter_map(|point| point.unexplained).sum();
        assert_eq!(expected.unexplained, Some(unexplained));
    }

    #[test]
    fn totals_of_a_range_that_is_not_over_reach_to_the_last_reading() {
        let world = daily().count(-12, 100).count(60, 98).count(84, 98);
        let total = world.totals(&[0, 24, 48, 72, 96, 720], (0, 720), 90);
        assert_eq!(total.unexplained, Some(-2 - 2));
    }

    #[test]
    fn totals_leave_open_what_x_was_not_asked() {
        let at_end_only = daily().count(60, 98);
        assert_eq!(at_end_only.totals(DAYS, (0, 72), 72).unexplained, None);
        let at_begin_only = daily().count(-12, 100);
        assert_eq!(at_begin_only.totals(DAYS, (0, 72), 72).unexplained, None);
    }

    /// Followers, change and since, in hours.
    type Said = Option<(u64, i64, i64)>;

    #[track_caller]
    fn check_headline(world: &World, range: (i64, i64), now: i64, expected: Said) {
        let total = world.totals(DAYS, range, now);
        let parts = (total.followers, total.change, total.since);
        let found = match parts {
            (Some(followers), Some(change), Some(since)) => {
                Some((followers, change, since.0 / HOUR_MS))
            }
            _ => None,
        };
        assert_eq!(found, expected, "{parts:?}");
        if let Some((followers, change, since)) = found.filter(|_| !world.seen.is_empty()) {
            let since = world.seen.iter().rev().find(|seen| seen.at <= h(since));
            let then = since.map_or(followers, |seen| seen.followers);
            assert_eq!(signed(followers) - change, signed(then), "as many as there were then");
        }
    }

    #[test]
    fn a_change_counts_from_the_first_observation_if_that_is_later() {
        check_headline(&daily(), (0, 72), 100, Some((101, 1, 0)));
        let late = World::default().check(30, 90, 0, 0).check(60, 93, 4, 1);
        check_headline(&late, (0, 72), 100, Some((93, 3, 30)));
        check_headline(&World::default(), (0, 72), 100, None);
        check_headline(&World::default().check(80, 5, 0, 0), (0, 72), 100, None);
    }

    #[test]
    fn xs_count_stands_in_where_there_are_no_names() {
        let counted = World::default().count(-2, 90).count(20, 95).count(40, 92);
        check_headline(&counted, (0, 72), 72, Some((92, 2, 0)));
        let late = World::default().count(20, 95).count(40, 92);
        check_headline(&late, (0, 72), 72, Some((92, -3, 20)));
    }

    #[test]
    fn what_is_unexplained_counts_from_xs_first_count() {
        let world = daily().count(12, 103).count(36, 99).count(60, 98);
        let total = world.totals(DAYS, (0, 72), 72);
        // From 103 to 98, two of whom are named.
        assert_eq!((total.unexplained, total.unexplained_since), (Some(-3), Some(h(12))));
    }

    #[test]
    fn ranges_are_compared_if_both_were_observed_alike() {
        let of = |observed| Totals { observed, ..daily().totals(DAYS, (0, 72), 72) };
        for (one, other, expected) in [
            (1.0, 1.0, true),
            (1.0, 0.95, true),
            (0.6, 0.6, true),
            (1.0, 0.85, false),
            (0.85, 1.0, false),
            (0.3, 0.3, false),
            (1.0, 2.0 / 91.0, false),
            (0.0, 0.0, false),
        ] {
            assert_eq!(comparable(&of(one), &of(other)), expected, "{one} {other}");
        }
    }

    #[test]
    fn a_week_that_hides_a_gap_is_covered_in_part() {
        let world = World::default().check(0, 9, 0, 0).check(24, 9, 0, 0).check(96, 8, 0, 1);
        let world = world.check(120, 8, 0, 0).check(144, 8, 0, 0).check(168, 8, 0, 0);
        let week = world.points(&[0, 168], (0, 168), 168).remove(0);
        assert_eq!((week.lost, week.covered), (Some(1), 4.0 / 7.0));
    }

    #[test]
    fn what_x_pushed_is_known_without_a_list() {
        let mut world = World::default().check(0, 9, 0, 0);
        let pushed = Tally { at: h(30), gained: 1, lost: 2, gone: 0, returned: 0 };
        world.tallies.push(pushed);
        let points = world.points(DAYS, (0, 72), 72);
        let moves: Vec<_> = points.iter().map(|point| (point.gained, point.lost)).collect();
        assert_eq!(moves, [(Some(0), Some(0)), (Some(1), Some(2)), (None, None)]);
    }
}
