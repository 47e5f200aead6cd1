//! News for the owner: what a new list brought, and whether collection stopped, as told to
//! Notices. Must not know: who is told of what. Invariant: what is news is noted in the write
//! that makes it so, and told until Notices has it; told twice it makes nothing.

use super::changes::{self, Wanted};
use super::settings::Settings;
use super::snapshots;
use super::tell::{NEWS_MS, settled};
use super::{Account, id_from_text, profiles};
use crate::clock;
use crate::fault::Result;
use crate::rpc::{self, ToNotices};
use crate::sql::values;
use serde::{Deserialize, Serialize};
use shared::api::{EventKind, FollowerEvent, Schedule};
use shared::id::UserId;
use shared::notify::item::{Item, Source};
use shared::notify::review::{self, ToldLoss};
use shared::notify::{missed, words};
use shared::schedule::{self, AccountClock, History};
use shared::snapshot::Name;
use shared::time::{DAY_MS, UnixMs};
use std::collections::BTreeSet;

/// Events of one call: about 200 KB.
const EVENTS_PER_CALL: usize = 500;
/// Calls of one telling. More news at once than these hold is for the page.
const CALLS_MAX: usize = 20;
/// News that could not be told for a day is history.
const UNTOLD_MS: i64 = DAY_MS;

/// The newest list, until Notices knows what it brought.
#[derive(Debug, Serialize, Deserialize)]
struct Untold {
    /// The oldest list whose losses it may settle: of the intervals before its own, news is what
    /// this list settled.
    from: UnixMs,
    at: UnixMs,
}

/// What is remembered of the schedule's turns.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Watch {
    schedule: Schedule,
    /// Since when it is in force.
    since: UnixMs,
    /// The last thing read before collection stopped, while it is.
    stopped: Option<UnixMs>,
}

impl Account {
    /// Notes that a list just accepted is news, if it is; to be called in its write.
    pub(super) fn note_news(&self, name: &Name) -> Result<()> {
        let at = name.at();
        let timeline = snapshots::timeline(&self.sql)?;
        let newest = timeline.last() == Some(at);
        // A replay says again what was said; halfway through it says what no longer holds.
        if !newest || clock::now().since(at) > NEWS_MS || self.is_replaying()? {
            return Ok(());
        }
        // What is still untold of an earlier list is told with this one.
        let earlier = self.meta::<Untold>("untold")?.map(|untold| untold.from);
        let from = timeline.settled_from(at).into_iter().chain(earlier).min();
        self.put_meta("untold", &Untold { from: from.unwrap_or(at), at })
    }

    /// Tells Notices what is noted and not told yet.
    pub(super) async fn tell_notices(&self) -> Result<()> {
        let (Some(untold), Some(settings)) = (self.meta::<Untold>("untold")?, self.settings()?)
        else {
            return Ok(());
        };
        if clock::now().since(untold.at) > UNTOLD_MS {
            return self.drop_meta("untold");
        }
        let mut wanted =
            Wanted { from: Some(untold.from), to: Some(untold.at.plus(1)), ..Wanted::default() };
        for _ in 0..CALLS_MAX {
            let page = changes::events(&self.sql, &wanted, EVENTS_PER_CALL)?;
            let of_before = |event: &FollowerEvent| event.at == untold.from;
            let news = page.items.into_iter().filter(|e| !of_before(e) || settled(e.state));
            self.tell_owner(&settings, news.collect()).await?;
            let Some(cursor) = page.next_cursor else { break };
            wanted.after = Some(cursor);
        }
        // A list that came meanwhile has news of its own.
        match self.meta::<Untold>("untold")? {
            Some(now) if now.at == untold.at => self.drop_meta("untold"),
            _ => Ok(()),
        }
    }

    /// Tells Notices of events, whichever they are: it knows what it has told.
    pub(super) async fn tell_owner(
        &self,
        settings: &Settings,
        events: Vec<FollowerEvent>,
    ) -> Result<()> {
        let (source, now) = (source(settings), clock::now());
        let newest = self.sql.first("SELECT MAX(at) FROM lists", values![])?;
        let newest = newest.map(|mut row| row.maybe_int()).transpose()?.flatten().map(UnixMs);
        let item = |mut event: FollowerEvent| {
            // What a list settled is settled, even where its name is ahead of this clock.
            event.settles = event.settles.filter(|&at| Some(at) > newest);
            Item::of_event(&source, event, now)
        };
        self.tell_items(events.into_iter().map(item).collect()).await
    }

    /// Takes back those of these losses that no list and no push bears out any more. Answers whether
    /// some are in doubt: missing from lists that cannot say who left.
    pub(super) async fn correct(
        &self,
        settings: &Settings,
        mut told: Vec<ToldLoss>,
    ) -> Result<bool> {
        let all = told.len();
        let doubted = self.doubted()?;
        told.retain(|one| !doubted.contains(&one.user));
        let in_doubt = told.len() < all;
        let users: BTreeSet<UserId> = told.iter().map(|one| one.user).collect();
        let mut wanted = Wanted {
            kinds: vec![EventKind::Lost],
            users: Some(users.clone()),
            ..Wanted::default()
        };
        let mut shown = Vec::new();
        loop {
            let page = changes::events(&self.sql, &wanted, EVENTS_PER_CALL)?;
            shown.extend(page.items);
            let Some(cursor) = page.next_cursor else { break };
            wanted.after = Some(cursor);
        }
        let mut items = review::never_left(&source(settings), told, &shown, clock::now());
        let people = profiles::find(&self.sql, users.into_iter())?;
        for event in items.iter_mut().filter_map(|item| item.event.as_mut()) {
            let profile = people.get(&event.user.id);
            event.user = profiles::person(event.user.id, profile);
            event.followers = profile.and_then(|profile| profile.followers);
        }
        self.tell_items(items).await?;
        Ok(in_doubt)
    }

    /// Whose absence is withheld, and was not settled by a later list.
    fn doubted(&self) -> Result<BTreeSet<UserId>> {
        let withheld = "SELECT DISTINCT user FROM changes
            WHERE kind IS NULL AND state IS NOT NULL AND settled IS NULL";
        let rows = self.sql.rows(withheld, values![])?;
        rows.into_iter().map(|mut row| id_from_text(&row.text()?)).collect()
    }

    async fn tell_items(&self, items: Vec<Item>) -> Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        let tell = ToNotices::Tell { items };
        rpc::call::<_, Option<()>>(&rpc::notices(&self.env)?, &tell).await.map(drop)
    }

    /// Tells the owner that two turns of the schedule in a row came to nothing; and once, that
    /// something was read again.
    pub(super) async fn mind_schedule(&self) -> Result<()> {
        let Some(settings) = self.settings()? else { return Ok(()) };
        let now = clock::now();
        let known = self.meta::<Watch>("turns")?;
        let schedule = settings.schedule;
        let mut watch = match known {
            Some(Watch { schedule: was, since, stopped }) if was == schedule => {
                // A clock may be put back.
                Watch { schedule, since: since.min(now), stopped }
            }
            known => Watch { schedule, since: now, stopped: known.and_then(|known| known.stopped) },
        };
        let clock = settings.clock(false, History::default(), now);
        let read = self.last_good(&settings, clock, now)?;
        let good = read.unwrap_or(settings.created).max(watch.since);
        let missed = missed::missed(clock, good, now);
        let source = source(&settings);
        let item = match watch.stopped {
            None if missed >= missed::STOPPED => {
                watch.stopped = Some(good);
                let why = settings.stopped.as_ref().map(|stopped| stopped.reason.as_str());
                Some(Item::stopped(&source, good, Some(words::nothing_since(good, why)), now))
            }
            Some(since) if missed == 0 && read.is_some_and(|read| read > since) => {
                watch.stopped = None;
                Some(Item::goes_on(&source, since, now))
            }
            // Nobody expects anything any more.
            Some(_) if schedule::next(&unread(clock), now).is_none() => {
                watch.stopped = None;
                None
            }
            _ => None,
        };
        // Told first, then remembered: told twice it makes nothing.
        self.tell_items(item.into_iter().collect()).await?;
        if known == Some(watch) { Ok(()) } else { self.put_meta("turns", &watch) }
    }

    /// When the schedule last came to something: a list, or X's count where that is all it reads.
    fn last_good(
        &self,
        settings: &Settings,
        clock: AccountClock,
        now: UnixMs,
    ) -> Result<Option<UnixMs>> {
        if schedule::due(&unread(clock), now).count {
            return Ok(settings.last_count);
        }
        let row = self.sql.first("SELECT MAX(at) FROM lists", values![])?;
        Ok(row.map(|mut row| row.maybe_int()).transpose()?.flatten().map(UnixMs))
    }
}

/// As if nothing had ever been read.
fn unread(clock: AccountClock) -> AccountClock {
    AccountClock { last_count: None, last_crawl: None, crawling: false, stopped: false, ..clock }
}

fn source(settings: &Settings) -> Source {
    Source {
        account: settings.account,
        username: settings.person.username.clone(),
        simulated: settings.simulated,
    }
}
