//! Exports: the seed's four files in its shapes, and tables. Invariant: equal data is equal
//! bytes; a body is made piece by piece while it is sent, never whole.

use super::changes;
use super::roster::{Walk, Wanted as RosterWanted};
use super::{Account, id_from_text, profiles, tweets};
use crate::clock;
use crate::fault::{Fault, Result};
use crate::http;
use crate::query::Query;
use crate::sql::{Sql, values};
use crate::zone;
use futures_util::stream;
use shared::api::{FollowerEvent, TweetItem};
use shared::export::{self, Gz, StampedIds, UserInfo};
use shared::id::AccountId;
use shared::listing::Collector;
use shared::roster::Roster;
use shared::time::UnixMs;
use shared::tweets::StatsTweets;
use std::collections::VecDeque;
use worker::Response;

/// Followers up to here are exported in the order asked for; beyond it by id, since sorting
/// needs them all in memory (about 400 bytes each).
const SORTED_MAX: usize = 50_000;
/// Events read at a time.
const EVENTS_PAGE: usize = 1_000;
/// Tweets read at a time.
const TWEETS_PAGE: usize = 1_000;

/// Pieces of a body; a failed piece ends the body, which the client sees as a cut download.
type Pieces = Box<dyn Iterator<Item = Result<Vec<u8>>>>;

impl Account {
    /// `GET …/export/{file}`.
    pub(super) async fn export(&self, file: &str, query: &Query) -> Result<Response> {
        let account = self.tracked()?.account;
        let (content_type, pieces): (&str, Pieces) = match file {
            "NEW_FOLLOWERS.json.gz" => ("application/gzip", self.stamped(1).await?),
            "LOST_FOLLOWERS.json.gz" => ("application/gzip", self.stamped(-1).await?),
            "USER_INFO.json.gz" => ("application/gzip", self.user_info()?),
            "STATS_TWEETS.json.gz" => ("application/gzip", self.stats_tweets()?),
            "followers.csv" => {
                ("text/csv; charset=utf-8", self.followers(account, query, true).await?)
            }
            "followers.ndjson" => {
                ("application/x-ndjson", self.followers(account, query, false).await?)
            }
            "tweets.csv" => ("text/csv; charset=utf-8", self.tweet_pieces(account, query, true)?),
            "tweets.ndjson" => ("application/x-ndjson", self.tweet_pieces(account, query, false)?),
            "events.csv" => ("text/csv; charset=utf-8", self.event_pieces(query, true)?),
            "events.ndjson" => ("application/x-ndjson", self.event_pieces(query, false)?),
            _ => {
                return Err(Fault::missing(format!(
                    "no export `{file}`: NEW_FOLLOWERS.json.gz, LOST_FOLLOWERS.json.gz, \
                     USER_INFO.json.gz, STATS_TWEETS.json.gz, followers.csv, followers.ndjson, \
                     events.csv, events.ndjson, tweets.csv or tweets.ndjson"
                )));
            }
        };
        let pieces = pieces.map(|piece| {
            piece.map_err(|fault| {
                worker::console_error!("export: {}", fault.log());
                worker::Error::RustError("the export failed; see the log".to_owned())
            })
        });
        let builder = http::attachment(content_type, file)?;
        Ok(builder.from_stream(stream::iter(pieces))?)
    }

    /// `NEW_FOLLOWERS` (1) and `LOST_FOLLOWERS` (-1): raw set differences by timestamp; the first
    /// snapshot's list is all new, as in the seed.
    async fn stamped(&self, dir: i64) -> Result<Pieces> {
        let accepted = self.accepted()?;
        let first = match accepted.first() {
            Some(known) if dir == 1 => self.load_roster(known).await?,
            _ => Roster::new(Vec::new()),
        };
        let stamps: VecDeque<(UnixMs, String)> =
            accepted.iter().map(|known| (known.name.at(), known.name.stamp().to_owned())).collect();
        let mut pieces = Stamped { sql: self.sql.clone(), dir, first: Some(first), stamps };
        let mut json = StampedIds::new();
        Ok(gzipped(move || pieces.next(&mut json)))
    }

    /// `USER_INFO`: every user ever seen, as last seen.
    fn user_info(&self) -> Result<Pieces> {
        let sql = self.sql.clone();
        let mut starts: VecDeque<String> = profiles::pack_starts(&sql)?.into();
        let mut json = Some(UserInfo::new());
        Ok(gzipped(move || {
            let Some(info) = json.as_mut() else { return Ok(None) };
            let Some(lo) = starts.pop_front() else { return Ok(json.take().map(UserInfo::finish)) };
            for entry in profiles::pack(&sql, &lo)? {
                info.user(entry.id, &entry.raw);
            }
            Ok(Some(info.take()))
        }))
    }

    /// `STATS_TWEETS`: every tweet ever listed, with its metrics by timestamp.
    fn stats_tweets(&self) -> Result<Pieces> {
        let sql = self.sql.clone();
        let mut chunks = tweets::chunks(&sql)?;
        let mut json = Some(StatsTweets::new());
        Ok(gzipped(move || {
            let Some(stats) = json.as_mut() else { return Ok(None) };
            let Some(chunk) = chunks.pop_front() else {
                return Ok(json.take().map(StatsTweets::finish));
            };
            tweets::fold(&sql, &chunk, stats)?;
            Ok(Some(stats.take()))
        }))
    }

    async fn followers(&self, account: AccountId, query: &Query, csv: bool) -> Result<Pieces> {
        let wanted = RosterWanted::read(query)?;
        let sort = wanted.sort;
        let zone = zone::asked(query)?.0.into_owned();
        let mut walk = self.walk(wanted).await?;
        let line = move |row: &shared::api::Follower| -> Result<String> {
            if csv {
                return Ok(export::follower_csv(row, account, &zone));
            }
            Ok(serde_json::to_string(row)? + "\n")
        };
        let header = if csv { export::followers_csv_header() } else { "" };
        let header = std::iter::once(Ok(header.as_bytes().to_vec()));
        if walk.followers() > SORTED_MAX {
            let rows = std::iter::from_fn(move || pack_lines(&mut walk, &line).transpose());
            return Ok(Box::new(header.chain(rows)));
        }
        let mut collector = Collector::new(sort, None, usize::MAX - 1)
            .map_err(|error| Fault::internal(error.to_string()))?;
        while let Some(rows) = walk.next_pack()? {
            for row in rows {
                collector.push(row);
            }
        }
        let rows = collector.finish().items.into_iter();
        Ok(Box::new(header.chain(rows.map(move |row| line(&row).map(String::into_bytes)))))
    }

    /// Tweets of the list's filters, newest first.
    fn tweet_pieces(&self, account: AccountId, query: &Query, csv: bool) -> Result<Pieces> {
        // `sort` is of followers here.
        let mut query = query.clone();
        query.remove("sort");
        let mut walk = self.walk_tweets(tweets::Wanted::read(&query, clock::now())?)?;
        let header = if csv { export::tweets_csv_header() } else { String::new() };
        let (mut more, mut cursor) = (true, None::<String>);
        let pages = std::iter::from_fn(move || {
            if !more {
                return None;
            }
            more = false;
            Some(walk.page(cursor.as_deref(), TWEETS_PAGE).map(|page| {
                more = page.next_cursor.is_some();
                cursor = page.next_cursor;
                let line = |tweet: &TweetItem| {
                    if csv { export::tweet_csv(tweet, account) } else { export::ndjson(tweet) }
                };
                page.items.iter().map(line).collect::<String>().into_bytes()
            }))
        });
        Ok(Box::new(std::iter::once(Ok(header.into_bytes())).chain(pages)))
    }

    fn event_pieces(&self, query: &Query, csv: bool) -> Result<Pieces> {
        let mut wanted = self.wanted_events(query)?;
        let sql = self.sql.clone();
        let header = if csv { export::events_csv_header() } else { "" };
        let mut more = true;
        let pages = std::iter::from_fn(move || {
            if !more {
                return None;
            }
            let page = changes::events(&sql, &wanted, EVENTS_PAGE);
            more = false;
            Some(page.and_then(|page| {
                more = page.next_cursor.is_some();
                wanted.after = page.next_cursor;
                event_lines(&page.items, csv)
            }))
        });
        Ok(Box::new(std::iter::once(Ok(header.as_bytes().to_vec())).chain(pages)))
    }
}

fn event_lines(events: &[FollowerEvent], csv: bool) -> Result<Vec<u8>> {
    let mut text = String::new();
    for event in events {
        if csv {
            text.push_str(&export::event_csv(event));
        } else {
            text.push_str(&serde_json::to_string(event)?);
            text.push('\n');
        }
    }
    Ok(text.into_bytes())
}

fn pack_lines(
    walk: &mut Walk,
    line: &impl Fn(&shared::api::Follower) -> Result<String>,
) -> Result<Option<Vec<u8>>> {
    let Some(rows) = walk.next_pack()? else { return Ok(None) };
    let lines: String = rows.iter().map(line).collect::<Result<_>>()?;
    Ok(Some(lines.into_bytes()))
}

/// One timestamp's ids at a time.
struct Stamped {
    sql: Sql,
    dir: i64,
    first: Option<Roster>,
    stamps: VecDeque<(UnixMs, String)>,
}

impl Stamped {
    fn next(&mut self, json: &mut StampedIds) -> Result<Option<Vec<u8>>> {
        let Some((at, stamp)) = self.stamps.pop_front() else { return Ok(json.finish()) };
        json.begin(&stamp);
        if let Some(first) = self.first.take() {
            first.ids().iter().for_each(|id| json.id(shared::id::UserId(*id)));
        } else {
            let ids = "SELECT user FROM changes WHERE at = ? AND dir = ? ORDER BY user";
            for mut row in self.sql.rows(ids, values![at.0, self.dir])? {
                json.id(id_from_text(&row.text()?)?);
            }
        }
        json.end();
        Ok(Some(json.take()))
    }
}

/// Compresses pieces as they come; the same pieces make the same bytes.
fn gzipped(mut next: impl FnMut() -> Result<Option<Vec<u8>>> + 'static) -> Pieces {
    let mut gz = Some(Gz::new());
    Box::new(std::iter::from_fn(move || {
        let open = gz.as_mut()?;
        match next() {
            Ok(Some(piece)) => {
                open.write(&piece);
                Some(Ok(open.take()))
            }
            Ok(None) => gz.take().map(|gz| Ok(gz.finish())),
            Err(fault) => {
                gz = None;
                Some(Err(fault))
            }
        }
    }))
}
