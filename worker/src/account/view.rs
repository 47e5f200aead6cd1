//! What the account looks like from outside: its own record, series and coverage. Invariant:
//! reading changes nothing; what was not observed comes out as null, never as zero.

use super::lease::{follower_resource, unsigned};
use super::outlook::Outlook;
use super::{Account, replay, settings::Settings};
use crate::clock;
use crate::config::Config;
use crate::fault::{Fault, Result};
use crate::http;
use crate::query::{self, Query};
use crate::rpc::{self, ControlClient, ToControl, ToNotices};
use crate::sql::{Row, values};
use crate::x::X;
use crate::zone;
use shared::api::{
    self, Collector, CollectorState, Compare, Interval, Origin, PushState, Reason, Schedule, Work,
};
use shared::budget::{Resource, price, usd};
use shared::coverage::{coverage, limits_ms};
use shared::routes::{self, Op};
use shared::schedule;
use shared::series::{Counted, Observed, Seen, Tally, comparable, points, totals};
use shared::time::{DAY_MS, UnixMs};
use shared::tz;
use worker::{Request, Response};

/// Default width of a range.
const RANGE_MS: i64 = 30 * DAY_MS;

/// Kinds of events, as SQL writes a list: who came, …
pub(super) const CAME: &str = "'followed', 'returned'";
/// … and who left.
pub(super) const LEFT: &str = "'lost'";

/// Everything observed of an account, as the series sees it.
pub(super) struct History {
    pub(super) seen: Vec<Seen>,
    pub(super) tallies: Vec<Tally>,
    counted: Vec<Counted>,
}

impl Account {
    /// Answers an API route of this account.
    pub(super) async fn serve(&self, mut request: Request) -> Result<Response> {
        let url = request.inner().url();
        let (path, query) = crate::control::split_url(&url);
        let found = routes::find(request.inner().method().as_str(), path)
            .map_err(|_| Fault::missing(format!("no route {path}")))?;
        let query = routes::query(found.route, query).map_err(Fault::bad)?;
        let named = |name: &str| found.path.get(name).map(String::as_str).unwrap_or_default();
        match found.route.op {
            Op::Account => {
                self.tracked()?;
                http::json(200, &self.view().await?)
            }
            Op::ChangeAccount => {
                self.change(&http::body(&mut request).await?)?;
                self.arm_look().await?;
                let mended = ToControl::Mended { account: self.tracked()?.account };
                ControlClient::new(&self.env)?.tell::<Option<()>>(mended).await?;
                http::json(200, &self.view().await?)
            }
            Op::DeleteAccount => self.delete().await,
            Op::Push => http::json(200, &self.push_view(&url).await?),
            Op::ChangePush => {
                let change: api::PushChange = http::body(&mut request).await?;
                self.change_push(change.on, &url).await?;
                http::json(200, &self.push_view(&url).await?)
            }
            Op::Followers => self.list_followers(&query).await,
            Op::Follower => self.show_follower(named("user")).await,
            Op::ChangeFollower => {
                let change = http::body(&mut request).await?;
                self.change_follower(named("user"), change).await
            }
            Op::Following => self.list_following(&query).await,
            Op::CheckFollowing => started(self.start_following(api::Trigger::Fetch).await?),
            Op::Tweets => self.list_tweets(&query),
            Op::TweetTotals => self.tweet_totals(&query),
            Op::TweetHours => self.tweet_hours(&query),
            Op::CheckTweets => started(self.start_tweets(api::Trigger::Fetch).await?),
            Op::Tweet => self.show_tweet(named("tweet")),
            Op::TweetSeries => self.tweet_series(named("tweet"), &query),
            Op::Events => self.list_events(&query),
            Op::Series => self.series(&query),
            Op::Snapshots => {
                self.tracked()?;
                self.list_snapshots(&query)
            }
            Op::Snapshot => self.download(named("name")).await,
            Op::DeleteSnapshot => started(self.delete_snapshot(named("name")).await?),
            Op::Crawl => started(self.start_crawl(api::Trigger::Fetch).await?),
            Op::Replay => started(self.start_replay("replay").await?),
            Op::Resume => {
                let wanted: api::Resume = http::body(&mut request).await?;
                started(self.resume_work(wanted.work).await?)
            }
            Op::Coverage => self.coverage(&query).await,
            Op::Export => self.export(named("file"), &query).await,
            _ => Err(Fault::internal(format!("{path} is not an account's"))),
        }
    }

    /// The account as shown; `None` if it is not tracked.
    pub(super) async fn view(&self) -> Result<Option<api::Account>> {
        let Some(settings) = self.settings()? else { return Ok(None) };
        let config = self.config().await?;
        let outlook = self.outlook(&settings, &config).await?;
        let newest = self.accepted_at(None)?;
        let baseline = self.baseline()?;
        let counted = self.counted()?;
        let withheld = self.withheld(None)?.len() as u64;
        let followers = newest.as_ref().and_then(|known| Some(known.count? + withheld));
        let x_count = counted.map(|(_, count)| count);
        let owned = config.owner_id() == Some(settings.account);
        Ok(Some(api::Account {
            id: settings.account,
            username: settings.person.username.clone(),
            name: settings.person.name.clone(),
            avatar: settings.person.avatar.clone(),
            upstream: settings.upstream.clone(),
            simulated: settings.simulated,
            owned: config.owner_id().map(|_| owned),
            schedule: settings.schedule,
            monthly_cap_usd: usd(settings.cap_micro),
            spent_month_usd: usd(outlook.money.spent),
            followers,
            x_count,
            x_count_at: counted.map(|(at, _)| at),
            created_at: settings.created,
            first_snapshot: baseline.as_ref().map(|baseline| baseline.at),
            baseline,
            prices: prices(&config, &settings, followers.or(x_count)),
            tweets: self.tweet_collection(&settings, &config)?,
            following: self.following_collection(&settings, &config)?,
            verify: self.verification(followers.or(x_count), outlook.pace.month.map(|m| m.1))?,
            daily_cap_usd: settings.day_cap_micro.map(usd),
            schedule_prices: (&outlook).into(),
            push: self.push_summary()?,
            collector: self.collector(&settings, &config, &outlook)?,
            failed: self.failed_work()?,
        }))
    }

    /// The first accepted list; of an archive also what came after it.
    fn baseline(&self) -> Result<Option<api::Baseline>> {
        let Some(first) = self.accepted_first()? else { return Ok(None) };
        let mut since = None;
        if first.origin == Origin::Archive {
            let history = self.history()?;
            let sum = |count: fn(&Tally) -> u64| history.tallies.iter().map(count).sum();
            since = (history.seen.len() > 1).then(|| api::SinceBaseline {
                came: sum(|tally| tally.gained),
                left: sum(|tally| tally.lost),
            });
        }
        Ok(Some(api::Baseline { at: first.name.at(), origin: first.origin, since }))
    }

    fn collector(
        &self,
        settings: &Settings,
        config: &Config,
        outlook: &Outlook,
    ) -> Result<Collector> {
        let now = clock::now();
        let crawl = self.crawl()?;
        let paused = self.paused(Work::Followers, now).filter(|_| crawl.is_some());
        let waiting = crawl.as_ref().and_then(|crawl| crawl.waiting());
        let waiting = waiting.or(paused.as_ref().map(|(until, why)| (*until, why.as_str())));
        // A sign-in that X ended stops everything, whether or not something has met it yet.
        let ended = config.user.as_ref().filter(|user| user.ended.is_some());
        let keyless = ended.and_then(|_| X::new(config).reader(settings).err());
        let keyless = keyless.map(|stop| format!("{}: {}", stop.title, stop.detail));
        let (state, reason) = match (&crawl, waiting, &settings.stopped) {
            (Some(_), Some((_, why)), _) => (CollectorState::Waiting, Some(why.to_owned())),
            (Some(_), None, _) => (CollectorState::Checking, None),
            (None, ..) if keyless.is_some() => (CollectorState::Stopped, keyless),
            (None, _, Some(stopped)) => (CollectorState::Stopped, Some(stopped.reason.clone())),
            (None, _, None) => (CollectorState::Idle, None),
        };
        let clock = settings.clock(crawl.is_some(), outlook.history, now);
        let stopped = settings.stopped.as_ref().filter(|stopped| stopped.holds(now));
        let next_check = match (waiting, stopped) {
            (Some((until, _)), _) => Some(until),
            (None, Some(stopped)) if settings.schedule != Schedule::Manual => Some(stopped.ends()),
            (None, _) => schedule::next(&clock, now),
        };
        Ok(Collector {
            state,
            reason,
            run: crawl.as_ref().map(|crawl| crawl.run().to_owned()),
            read: crawl.as_ref().map(shared::crawl::Crawl::read),
            expected: crawl.as_ref().and_then(shared::crawl::Crawl::expected),
            last_check: outlook.history.listed,
            last_read: settings.last_read,
            next_check,
            offer: outlook.offer(&clock, now),
        })
    }

    /// `GET …/followers/series`.
    fn series(&self, query: &Query) -> Result<Response> {
        http::json(200, &self.series_of(query)?)
    }

    /// The series that a query asks for.
    pub(super) fn series_of(&self, query: &Query) -> Result<api::Series> {
        self.tracked()?;
        let now = clock::now();
        let (from, to) = query::range(query)?;
        let to = to.unwrap_or(now);
        let from = from.unwrap_or_else(|| to.plus(-RANGE_MS));
        if from >= to {
            return Err(Fault::bad(format!("`from` ({from}) must be before `to` ({to})")));
        }
        let known = "hour, day, week, month";
        let interval =
            query::word(query, "interval", Interval::from_word, known)?.unwrap_or(Interval::Day);
        let compare = query::word(query, "compare", Compare::from_word, "previous, year")?;
        let (zone_name, zone) = zone::asked(query)?;
        let history = self.history()?;
        let observed = history.observed();
        let between = |from, to| -> Result<(Vec<api::Point>, api::Totals)> {
            let edges = tz::edges(from, to, interval, &zone).map_err(Fault::bad)?;
            let points = points(&edges, (from, to), &observed, now);
            let people = (self.people_in(CAME, from, to)?, self.people_in(LEFT, from, to)?);
            let totals = totals(&points, &observed, (from, to), now, people);
            Ok((points, totals))
        };
        let (points, totals) = between(from, to)?;
        let (compare, compare_totals, compare_to) = match compare {
            None => (None, None, None),
            Some(compare) => {
                let (from, to) = tz::compared((from, to), now, compare, &zone);
                let (points, totals) = between(from, to)?;
                (Some(points), Some(totals), Some(to))
            }
        };
        let comparable = compare_totals.as_ref().is_some_and(|before| comparable(&totals, before));
        let (retracted, suspected) = self.unsettled(from, to)?;
        let reasons = self.reason_counts(from, to)?;
        let before_watch = self.before_watch(from, to)?;
        Ok(api::Series {
            tz: zone_name.into_owned(),
            interval,
            points,
            compare,
            totals,
            compare_totals,
            compare_to,
            comparable,
            reasons: reasons.into_iter().collect(),
            before_watch,
            retracted,
            suspected,
        })
    }

    /// Different people of whom a range has an event of these kinds, losses that were retracted left
    /// out.
    fn people_in(&self, kinds: &str, from: UnixMs, to: UnixMs) -> Result<u64> {
        let statement = format!(
            "SELECT COUNT(DISTINCT user) FROM shown WHERE kind IN ({kinds}) AND at >= ? AND at < ?
             AND (state IS NULL OR state <> 'retracted')"
        );
        let row = self.sql.first(&statement, values![from.0, to.0])?;
        row.map_or(Ok(0), |mut row| Ok(unsigned(row.int()?)))
    }

    /// Losses of a range that were retracted, and that one more check will settle.
    fn unsettled(&self, from: UnixMs, to: UnixMs) -> Result<(u64, u64)> {
        let row = self.sql.first(
            "SELECT COALESCE(SUM(state = 'retracted'), 0), COALESCE(SUM(state = 'suspected'), 0)
             FROM shown WHERE kind = 'lost' AND at >= ? AND at < ?",
            values![from.0, to.0],
        )?;
        row.map_or(Ok((0, 0)), |mut row| Ok((unsigned(row.int()?), unsigned(row.int()?))))
    }

    /// Losses of a range that are not retracted, by reason.
    fn reason_counts(&self, from: UnixMs, to: UnixMs) -> Result<Vec<api::ReasonCount>> {
        let rows = self.sql.rows(
            "SELECT COALESCE(reason, 'unknown') AS why, COUNT(*) FROM shown
             WHERE kind = 'lost' AND state <> 'retracted' AND at >= ? AND at < ?
             GROUP BY why ORDER BY COUNT(*) DESC, why",
            values![from.0, to.0],
        )?;
        let mut counts = Vec::with_capacity(rows.len());
        for mut row in rows {
            let reason = Reason::from_word(&row.text()?).unwrap_or(Reason::Unknown);
            counts.push(api::ReasonCount { reason, count: unsigned(row.int()?) });
        }
        Ok(counts)
    }

    /// Losses of a range that imported lists showed of a time when nobody could be looked up, and
    /// whose reason is not known.
    fn before_watch(&self, from: UnixMs, to: UnixMs) -> Result<u64> {
        let to = to.min(self.tracked()?.created);
        let row = self.sql.first(
            "SELECT COUNT(*) FROM shown WHERE kind = 'lost' AND state <> 'retracted'
             AND COALESCE(reason, 'unknown') = 'unknown' AND at >= ? AND at < ?",
            values![from.0, to.0],
        )?;
        row.map_or(Ok(0), |mut row| Ok(unsigned(row.int()?)))
    }

    pub(super) fn history(&self) -> Result<History> {
        // A loss that was retracted, or is withheld while its list is in doubt, never was one: who
        // is missing from such a list, and from those after it until one without doubt, is counted
        // as following. What a push told before is no event of its list's.
        let rows = self.sql.rows(
            "SELECT s.at, s.count,
                COALESCE(SUM(c.kind IN ('followed', 'returned')), 0),
                COALESCE(SUM(c.kind = 'lost' AND c.state <> 'retracted'), 0),
                COALESCE(SUM(c.kind = 'lost' AND c.state <> 'retracted'
                    AND c.reason IN ('suspended', 'gone')), 0),
                COALESCE(SUM(c.kind = 'returned'), 0)
             FROM lists s LEFT JOIN changes c ON c.at = s.at GROUP BY s.at ORDER BY s.at",
            values![],
        )?;
        let mut away = Vec::new();
        let absent = "SELECT at, COALESCE(settled, at + 1) FROM shown WHERE state = 'retracted'
            UNION ALL SELECT at, COALESCE(settled, 9007199254740991) FROM changes
                WHERE kind IS NULL AND state IS NOT NULL";
        for mut row in self.sql.rows(absent, values![])? {
            away.push(row.int()?..row.int()?);
        }
        let mut history = History { seen: vec![], tallies: vec![], counted: vec![] };
        for mut row in rows {
            let at = UnixMs(row.int()?);
            let count = unsigned(row.int()?);
            let here = away.iter().filter(|away| away.contains(&at.0)).count() as u64;
            history.seen.push(Seen { at, followers: count + here, limit_ms: 0 });
            history.tallies.push(tally(at, &mut row)?);
        }
        let accepted: Vec<UnixMs> = history.seen.iter().map(|seen| seen.at).collect();
        let limits_ms = limits_ms(&accepted, self.expected_ms()?);
        for (seen, limit_ms) in history.seen.iter_mut().zip(limits_ms) {
            seen.limit_ms = limit_ms;
        }
        let pushed = self.sql.rows(
            "SELECT at, SUM(kind <> 'lost'), SUM(kind = 'lost' AND state <> 'retracted'),
                SUM(kind = 'lost' AND state <> 'retracted'
                    AND COALESCE(reason, '') IN ('suspended', 'gone')),
                SUM(kind = 'returned') FROM verdicts WHERE kind IS NOT NULL GROUP BY at",
            values![],
        )?;
        for mut row in pushed {
            let at = UnixMs(row.int()?);
            history.tallies.push(tally(at, &mut row)?);
        }
        history.tallies.sort_by_key(|tally| tally.at);
        let counts = "SELECT at, MIN(count, 9007199254740991) FROM counts ORDER BY at";
        for mut row in self.sql.rows(counts, values![])? {
            history.counted.push(Counted { at: UnixMs(row.int()?), count: unsigned(row.int()?) });
        }
        Ok(history)
    }

    /// `GET …/coverage`.
    async fn coverage(&self, query: &Query) -> Result<Response> {
        let settings = self.tracked()?;
        let now = clock::now();
        let (from, to) = query::range(query)?;
        let to = to.unwrap_or(now);
        let from = from.unwrap_or_else(|| to.plus(-RANGE_MS));
        let accepted: Vec<UnixMs> = self.accepted()?.iter().map(|known| known.name.at()).collect();
        let began =
            accepted.first().copied().map_or(settings.created, |at| at.min(settings.created));
        let reasons = self.reasons(&settings).await?;
        let limits_ms = limits_ms(&accepted, self.expected_ms()?);
        let shown = coverage(from, to, &accepted, &limits_ms, Some(began), &reasons, now);
        http::json(200, &shown)
    }

    /// How far apart the schedule lets two full checks be, in milliseconds.
    fn expected_ms(&self) -> Result<i64> {
        Ok(match self.tracked()?.schedule {
            // As with counts alone: what X pushes it does not push now.
            Schedule::Push if self.push_summary()?.state != PushState::On => {
                shared::coverage::expected_ms(Schedule::CountAudit)
            }
            schedule => shared::coverage::expected_ms(schedule),
        })
    }

    /// Why checks failed or were set aside, newest last.
    async fn reasons(&self, settings: &Settings) -> Result<Vec<(UnixMs, String)>> {
        let mut reasons = Vec::new();
        let rows = self.sql.rows(
            "SELECT at, reason FROM snapshots
             WHERE state = 'quarantined' AND kind = 'followers' ORDER BY at",
            values![],
        )?;
        for mut row in rows {
            reasons.push((UnixMs(row.int()?), row.maybe_text()?.unwrap_or_default()));
        }
        let url = format!(
            "http://object{}/runs?account={}&state=failed&limit=200",
            routes::BASE,
            settings.account
        );
        let mut answer = crate::rpc::control(&self.env)?.fetch_with_str(&url).await?;
        let failed: api::List<api::Run> = serde_json::from_str(&answer.text().await?)?;
        reasons.extend(failed.items.into_iter().filter_map(|run| {
            let error = run.error?;
            Some((run.started, format!("{}: {}", error.title, error.detail)))
        }));
        reasons.sort();
        Ok(reasons)
    }

    /// `DELETE /accounts/{account}`: stops tracking and deletes everything kept, files included.
    async fn delete(&self) -> Result<Response> {
        let settings = self.tracked()?;
        self.end_push(&settings).await;
        // Not while a file is read: what its reading wrote afterwards would stay.
        self.take_turn().await?;
        let outcome = self.delete_all(&settings).await;
        self.memory.ingesting.set(false);
        outcome
    }

    async fn delete_all(&self, settings: &Settings) -> Result<Response> {
        self.abandon_upload(settings.account).await?;
        let dismiss = ToControl::Dismiss { account: settings.account };
        ControlClient::new(&self.env)?.tell::<Option<()>>(dismiss).await?;
        let forget = ToNotices::Forget { account: settings.account };
        rpc::call::<_, Option<()>>(&rpc::notices(&self.env)?, &forget).await?;
        replay::delete_files(&self.env, settings.account).await?;
        self.state.storage().delete_alarm().await?;
        let sql = self.sql.clone();
        self.sql.atomically(move || {
            for table in super::schema::TABLES {
                sql.run(&format!("DELETE FROM {table}"), values![])?;
            }
            Ok(())
        })?;
        self.memory.gathered.replace(None);
        self.memory.billed.replace(None);
        Ok(http::builder(204, "application/json")?.empty())
    }
}

impl History {
    fn observed(&self) -> Observed<'_> {
        Observed { seen: &self.seen, tallies: &self.tallies, counted: &self.counted }
    }
}

/// What a row says of a list, or of a push: who came, who left, who of them is gone, who came back.
fn tally(at: UnixMs, row: &mut Row) -> Result<Tally> {
    Ok(Tally {
        at,
        gained: unsigned(row.int()?),
        lost: unsigned(row.int()?),
        gone: unsigned(row.int()?),
        returned: unsigned(row.int()?),
    })
}

fn prices(config: &Config, settings: &Settings, followers: Option<u64>) -> api::AccountPrices {
    let owned = config.owner_id() == Some(settings.account);
    let credential = X::new(config).credential(settings.account);
    let resource = credential.map_or(Resource::Follower, |c| follower_resource(owned, c));
    let follower = price(resource);
    api::AccountPrices {
        follower_usd: usd(follower),
        profile_usd: usd(price(Resource::User)),
        full_check_usd: followers.map(|count| usd(count.saturating_mul(follower))),
        // X bills without saying what it billed: the own-account price stays an expectation.
        certain: resource != Resource::OwnedFollower,
    }
}

fn started((run, fresh): (String, bool)) -> Result<Response> {
    http::json(if fresh { 202 } else { 200 }, &api::Started { run })
}
