//! Taking up work and looking after it. Owns: what is loaded, the alarm, what is saved when.
//! Invariant: the alarm is set whenever something must go on without a visitor, at most 60 s
//! ahead while the stream is wanted; a memory that was lost declares what it had given out.

use super::money::NoRoom;
use super::relays::{Relays, Roll};
use super::{Core, corrupt};
use crate::clock;
use crate::config::Config;
use crate::fault::Result;
use crate::sql::values;
use crate::x::X;
use shared::api::{ConnectionState, StreamSettings, Switch};
use shared::live::country::Countries;
use shared::live::ring::{Ring, RowInfo};
use shared::live::sequence::Sequence;
use shared::live::slot;
use shared::stream::books::Books;
use shared::stream::coverage::{Counts, Row};
use shared::stream::machine::{Input, Machine};
use shared::stream::meter::{Caps, Room};
use shared::time::{DAY_MS, MINUTE_MS, UnixMs};
use std::rc::Rc;
use worker::Request;

/// The watchdog: an idle object is evicted after 70 s at the earliest (platform lifecycle).
const WATCH_MS: i64 = MINUTE_MS;
/// Nobody watched for so long: a stream that is to stop unwatched stops.
const UNWATCHED_MS: i64 = 10 * MINUTE_MS;
/// Rows whose tweets are remembered after a loss of memory, so that X's repeats are known.
const REMEMBERED_ROWS: usize = 15;
/// Coverage is kept for so long.
const COVERAGE_KEPT_MS: i64 = 90 * DAY_MS;
/// Where the page's build puts the countries of the world.
const COUNTRIES: &str = "http://assets/geo/countries.bin";

impl Core {
    /// Reads what an earlier memory left.
    pub(super) fn load(&self) -> Result<()> {
        if let Some(settings) = self.meta::<StreamSettings>("settings")? {
            self.settings.replace(settings);
        }
        if let Some(said) = self.meta("sample_granted")? {
            self.sample_granted.set(said);
        }
        let mut memory = self.memory.borrow_mut();
        if let Some(machine) = self.meta::<Machine>("machine")? {
            memory.machine = machine;
        }
        let mut infos = Vec::new();
        let mut books = None;
        for mut row in self.sql.rows("SELECT info, books FROM slots ORDER BY number", values![])? {
            infos.push(serde_json::from_str::<RowInfo>(&row.text()?)?);
            books = Some(row.text()?);
        }
        let saved = self.meta::<Books>("books")?;
        memory.books = match books {
            Some(text) => Books::newer(saved, serde_json::from_str(&text)?),
            None => saved.unwrap_or_default(),
        };
        let connected = [ConnectionState::Live, ConnectionState::Connecting];
        if connected.contains(&memory.machine.connection().state) {
            memory.books.lost(clock::now());
            memory.books.writing();
            self.put_meta("books", &memory.books)?;
        }
        let ceiling: u64 = self.meta("ceiling")?.unwrap_or(0);
        let (sequence, gap) = Sequence::restart(ceiling, Ring::last_saved(&infos));
        memory.ring = Ring::restore(infos.iter().copied(), sequence.last() + 1);
        memory.sequence = sequence;
        for info in infos.iter().rev().take(REMEMBERED_ROWS).rev() {
            let slot = super::flush::int(info.slot());
            let row = self.sql.first("SELECT bytes FROM slots WHERE slot = ?", values![slot])?;
            let Some(mut row) = row else { continue };
            let events = slot::decode(&row.blob()?).map_err(|e| corrupt("a replay row", &e))?;
            memory.remember(events.iter().filter_map(|event| event.meta.tweet), clock::now());
        }
        self.lost.replace(gap);
        self.relays.replace(Relays::restore(self.meta::<Roll>("relays")?.unwrap_or_default()));
        self.watched.set(clock::real());
        Ok(())
    }

    /// Takes up the work of an earlier memory, once.
    pub(super) async fn wake(self: &Rc<Self>) {
        if self.awake.replace(true) {
            return;
        }
        let config = Config::read(&self.env);
        if config.simulated && !clock::observed() {
            X::new(&config).sync_clock().await;
        }
        if let Some(gap) = self.lost.take() {
            self.declare(gap);
        }
        self.load_countries().await;
        self.advance(Input::Restarted);
        let wanted = self.settings.borrow().state == Switch::On;
        if wanted && self.connection_state() == ConnectionState::Off {
            self.want();
        }
        self.arm().await;
    }

    /// The alarm: whatever died in the meantime is found, and what is due is done.
    pub(super) async fn watch(self: &Rc<Self>) {
        self.advance(Input::Tick);
        self.note_viewers();
        self.stop_unwatched();
        let outcome = self.save_minutes(false).and_then(|()| self.save_rows(true));
        Self::log_fault(outcome);
        // So that the books of the deployment lag by a minute at most.
        let outcome = self.settle().await;
        Self::log_fault(outcome);
        self.mind_lease();
        let outcome = self.archive().await;
        Self::log_fault(outcome);
        self.retire_relays().await;
        self.arm().await;
    }

    /// Hourly: what must not be stored any longer goes.
    pub(super) async fn sweep(self: &Rc<Self>) -> Result<()> {
        self.save_minutes(false)?;
        self.sweep_window()?;
        self.forget_archived()?;
        let old = clock::now().plus(-COVERAGE_KEPT_MS);
        self.sql.run("DELETE FROM minutes WHERE at < ?", values![old.0])?;
        self.sql.run("DELETE FROM gaps WHERE ended < ?", values![old.0])?;
        self.sweep_archive().await
    }

    async fn arm(&self) {
        let wanted = self.settings.borrow().state == Switch::On;
        if !wanted && self.viewers() == 0 {
            return;
        }
        if let Err(error) = self.state.storage().set_alarm(WATCH_MS).await {
            worker::console_error!("alarm: {error}");
        }
    }

    fn stop_unwatched(self: &Rc<Self>) {
        let stop = {
            let settings = self.settings.borrow();
            settings.state == Switch::On && settings.stop_without_viewers
        };
        let unwatched = clock::real().since(self.watched.get());
        if stop && unwatched > UNWATCHED_MS {
            self.settings.borrow_mut().state = Switch::Off;
            let settings = self.settings.borrow().clone();
            Self::log_fault(self.put_meta("settings", &settings));
            self.want();
            self.tell_notice("stopped", "Nobody watched for 10 minutes: the stream is off.".into());
        }
    }

    /// Writes the minutes that are over.
    pub(super) fn save_minutes(&self, all: bool) -> Result<()> {
        let rows = {
            let mut memory = self.memory.borrow_mut();
            if all { memory.minutes.take_all() } else { memory.minutes.take_over(clock::now()) }
        };
        for Row { at, counts } in rows {
            let found = self.sql.first("SELECT counts FROM minutes WHERE at = ?", values![at.0])?;
            let before = found.map(|mut row| row.blob()).transpose()?;
            let before = before.and_then(|bytes| Counts::decode(&bytes)).unwrap_or_default();
            self.sql.run(
                "INSERT INTO minutes (at, counts) VALUES (?, ?)
                 ON CONFLICT (at) DO UPDATE SET counts = excluded.counts",
                values![at.0, before.plus(counts).encode().to_vec()],
            )?;
        }
        Ok(())
    }

    pub(super) fn save_machine(&self) -> Result<()> {
        self.put_meta("machine", &self.memory.borrow().machine)
    }

    pub(super) fn save_books(&self) -> Result<()> {
        self.memory.borrow_mut().books.writing();
        self.put_meta("books", &self.memory.borrow().books)
    }

    /// The machine's clock is real time; the record's is the deployment's.
    fn recorded(&self, at: UnixMs) -> UnixMs {
        at.plus(clock::now().since(self.real()))
    }

    pub(super) fn gap_began(&self, from: UnixMs, why: &str) -> Result<()> {
        self.sql.run(
            "INSERT INTO gaps (began, why) VALUES (?, ?) ON CONFLICT (began) DO NOTHING",
            values![self.recorded(from).0, why],
        )
    }

    pub(super) fn gap_ended(self: &Rc<Self>, to: UnixMs) {
        let to = self.recorded(to);
        let outcome = (|| {
            // The clock may have been set in between: the gap that is open is the one that ends.
            let open =
                self.sql.first("SELECT MAX(began) FROM gaps WHERE ended IS NULL", values![])?;
            let began = open.map(|mut row| row.maybe_int()).transpose()?.flatten();
            self.sql.run(
                "UPDATE gaps SET ended = MAX(?, began + 1) WHERE ended IS NULL",
                values![to.0],
            )?;
            Ok(began.map(UnixMs))
        })();
        match outcome {
            Ok(Some(from)) => self.refill(from, to),
            Ok(None) => {}
            Err(fault) => Self::log_fault(Err(fault)),
        }
    }

    /// Loads the countries' boundaries, which are a file beside the page.
    async fn load_countries(&self) {
        let load = async {
            let assets = self.env.service("ASSETS")?;
            let request = Request::new(COUNTRIES, worker::Method::Get)?;
            let mut answer = assets.fetch_request(request).await?;
            if answer.status_code() != 200 {
                return Err(corrupt(COUNTRIES, &answer.status_code()));
            }
            Countries::new(&answer.bytes().await?).map_err(|error| corrupt(COUNTRIES, &error))
        };
        match load.await {
            Ok(countries) => {
                self.memory.borrow_mut().pipeline.set_countries(Rc::new(countries));
            }
            // Tweets whose place names its country need no boundaries.
            Err(fault) => worker::console_error!("countries: {}", fault.log()),
        }
    }

    /// Notes the cap that a changed setting may have set below what is spent.
    pub(super) fn mind_lease_caps(self: &Rc<Self>) {
        let caps = Caps::of(&self.settings.borrow());
        let room = self.memory.borrow().books.posts.room(caps, clock::now());
        let wanted = self.settings.borrow().state == Switch::On;
        match room {
            Room::Full { why, until } if wanted => {
                let no = self.capped(NoRoom { why, until });
                self.advance(no);
            }
            Room::Posts(room) => {
                self.memory.borrow_mut().books.shorten(room);
            }
            Room::Full { .. } => {}
        }
    }
}
