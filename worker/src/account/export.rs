//! Exports: the seed's four files in its shapes, and tables. Invariant: equal data is equal
//! bytes; a body is made piece by piece while it is sent, never whole.

use super::changes;
use super::roster::{Walk, Wanted as RosterWanted};
use super::{Account, id_from_text, profiles, tweets};
use crate::clock;
use crate::fault::{Fault, Result};
use crate::http;
use crate::query::{self, Query};
use crate::sql::{Sql, values};
use crate::zone;
use futures_util::stream;
use serde::Serialize;
use shared::api::{Follower, FollowerEvent, TweetItem};
use shared::export::csv::Table;
use shared::export::name::{self, Scope};
use shared::export::{self, Gz, StampedIds, UserInfo};
use shared::listing::Collector;
use shared::roster::Roster;
use shared::time::UnixMs;
use shared::tweets::StatsTweets;
use std::collections::VecDeque;
use worker::Response;

/// People up to here are exported in the order asked for; beyond it by id, since sorting needs them
/// all in memory (about 400 bytes each).
const SORTED_MAX: usize = 50_000;
/// Events read at a time.
const EVENTS_PAGE: usize = 1_000;
/// Tweets read at a time.
const TWEETS_PAGE: usize = 1_000;

/// Pieces of a body; a failed piece ends the body, which the client sees as a cut download.
type Pieces = Box<dyn Iterator<Item = Result<Vec<u8>>>>;

/// What a table is written as.
#[derive(Clone)]
enum Form {
    Csv(Table),
    Ndjson,
}

impl Form {
    fn head(&self, head: impl Fn(&Table) -> String) -> String {
        match self {
            Self::Csv(table) => head(table),
            Self::Ndjson => String::new(),
        }
    }

    fn line<T: Serialize>(&self, row: &T, line: impl Fn(&Table, &T) -> String) -> String {
        match self {
            Self::Csv(table) => line(table, row),
            Self::Ndjson => export::ndjson(row),
        }
    }
}

impl Account {
    /// `GET …/export/{file}`.
    pub(super) async fn export(&self, file: &str, query: &Query) -> Result<Response> {
        let account = self.tracked()?.account;
        let (zone_name, zone) = zone::asked(query)?;
        let excel = query::word(query, "excel", excel, "0 and 1")?.unwrap_or_default();
        let (table, ending) = file.split_once('.').unwrap_or((file, ""));
        let form = match ending {
            "csv" => {
                Some(Form::Csv(Table { account, zone: zone_name.clone().into_owned(), excel }))
            }
            "ndjson" => Some(Form::Ndjson),
            _ => None,
        };
        if excel && !matches!(form, Some(Form::Csv(_))) {
            return Err(Fault::bad(format!("`excel=1`: `{file}` is no CSV, leave it out")));
        }
        let pieces: Pieces = match (table, form.clone()) {
            ("followers", Some(form)) => self.people(RosterWanted::read(query)?, form).await?,
            ("following", Some(form)) => {
                self.people(RosterWanted::read_followed(query)?, form).await?
            }
            ("series", Some(form)) => self.series_pieces(query, &form)?,
            ("tweets", Some(form)) => self.tweet_pieces(query, form)?,
            ("events", Some(form)) => self.event_pieces(query, form)?,
            _ => match file {
                "NEW_FOLLOWERS.json.gz" => self.stamped(1).await?,
                "LOST_FOLLOWERS.json.gz" => self.stamped(-1).await?,
                "USER_INFO.json.gz" => self.user_info()?,
                "STATS_TWEETS.json.gz" => self.stats_tweets()?,
                _ => return Err(no_export(file)),
            },
        };
        let pieces = pieces.map(|piece| {
            piece.map_err(|fault| {
                worker::console_error!("export: {}", fault.log());
                worker::Error::RustError("the export failed; see the log".to_owned())
            })
        });
        let content_type = match form {
            Some(Form::Csv(_)) => "text/csv; charset=utf-8",
            Some(Form::Ndjson) => "application/x-ndjson",
            None => "application/gzip",
        };
        let named = if form.is_some() {
            name::exported(file, &scope(query, &zone_name)?, &zone)
        } else {
            file.to_owned()
        };
        let builder = http::attachment(content_type, &named)?;
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

    /// The rows of a list of people, by the list's own filters and in its order.
    async fn people(&self, wanted: RosterWanted, form: Form) -> Result<Pieces> {
        let sort = wanted.sort;
        let mut walk = self.walk(wanted).await?;
        let head = form.head(Table::followers_head);
        let line = move |row: &Follower| form.line(row, Table::follower);
        let head = std::iter::once(Ok(head.into_bytes()));
        if walk.most() > SORTED_MAX {
            let rows = std::iter::from_fn(move || pack_lines(&mut walk, &line).transpose());
            return Ok(Box::new(head.chain(rows)));
        }
        let mut collector = Collector::new(sort, None, usize::MAX - 1)
            .map_err(|error| Fault::internal(error.to_string()))?;
        while let Some(rows) = walk.next_pack()? {
            for row in rows {
                collector.push(row);
            }
        }
        let rows = collector.finish().items.into_iter();
        Ok(Box::new(head.chain(rows.map(move |row| Ok(line(&row).into_bytes())))))
    }

    /// The follower curve, oldest first.
    fn series_pieces(&self, query: &Query, form: &Form) -> Result<Pieces> {
        let series = self.series_of(query)?;
        let mut text = form.head(Table::series_head);
        for point in &series.points {
            text.push_str(&form.line(point, |table, point| table.point(&series, point)));
        }
        Ok(Box::new(std::iter::once(Ok(text.into_bytes()))))
    }

    /// Tweets of the list's filters, newest first.
    fn tweet_pieces(&self, query: &Query, form: Form) -> Result<Pieces> {
        // `sort` is of people here.
        let mut query = query.clone();
        query.remove("sort");
        let mut walk = self.walk_tweets(tweets::Wanted::read(&query, clock::now())?)?;
        let head = form.head(Table::tweets_head);
        let (mut more, mut cursor) = (true, None::<String>);
        let pages = std::iter::from_fn(move || {
            if !more {
                return None;
            }
            more = false;
            Some(walk.page(cursor.as_deref(), TWEETS_PAGE).map(|page| {
                more = page.next_cursor.is_some();
                cursor = page.next_cursor;
                let line = |tweet: &TweetItem| form.line(tweet, Table::tweet);
                page.items.iter().map(line).collect::<String>().into_bytes()
            }))
        });
        Ok(Box::new(std::iter::once(Ok(head.into_bytes())).chain(pages)))
    }

    fn event_pieces(&self, query: &Query, form: Form) -> Result<Pieces> {
        let mut wanted = self.wanted_events(query)?;
        let sql = self.sql.clone();
        let head = form.head(Table::events_head);
        let mut more = true;
        let pages = std::iter::from_fn(move || {
            if !more {
                return None;
            }
            let page = changes::events(&sql, &wanted, EVENTS_PAGE);
            more = false;
            Some(page.map(|page| {
                more = page.next_cursor.is_some();
                wanted.after = page.next_cursor;
                let line = |event: &FollowerEvent| form.line(event, Table::event);
                page.items.iter().map(line).collect::<String>().into_bytes()
            }))
        });
        Ok(Box::new(std::iter::once(Ok(head.into_bytes())).chain(pages)))
    }
}

fn excel(word: &str) -> Option<bool> {
    match word {
        "1" => Some(true),
        "0" => Some(false),
        _ => None,
    }
}

/// What a file is narrowed to, for its name.
fn scope<'q>(query: &'q Query, zone: &'q str) -> Result<Scope<'q>> {
    let words = [
        "filter",
        "kind",
        "state",
        "reason",
        "lang",
        "interval",
        "followers_min",
        "followers_max",
        "q",
        "as_of",
    ];
    let words = words.iter().filter_map(|name| query.get(name).map(String::as_str));
    let flags = [
        ("mutual", ["mutual", "not-mutual"]),
        ("promoted", ["promoted", "not-promoted"]),
        ("inactive", ["inactive", "active"]),
    ];
    let flags = flags.iter().filter_map(|(name, [on, off])| {
        let word = query.get(name)?;
        Some(if word == "true" { *on } else { *off })
    });
    let (from, to) = query::range(query)?;
    Ok(Scope { words: words.chain(flags).collect(), from, to, zone })
}

fn no_export(file: &str) -> Fault {
    Fault::missing(format!(
        "no export `{file}`: NEW_FOLLOWERS.json.gz, LOST_FOLLOWERS.json.gz, USER_INFO.json.gz, \
         STATS_TWEETS.json.gz, or followers, following, series, events or tweets with .csv or \
         .ndjson"
    ))
}

fn pack_lines(walk: &mut Walk, line: &impl Fn(&Follower) -> String) -> Result<Option<Vec<u8>>> {
    let rows = walk.next_pack()?;
    Ok(rows.map(|rows| rows.iter().map(line).collect::<String>().into_bytes()))
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
