//! From numbered events to browsers and into the window. Owns: the rhythm: how often browsers get
//! a frame, when a stretch becomes a row. Invariant: a stretch is handed to sockets and relays at
//! once and written within seconds; what was handed out and not written lies, after a loss of
//! memory, in the gap that the next memory declares.

use super::Core;
use super::relays::Item;
use crate::clock;
use crate::config::Config;
use crate::fault::Result;
use crate::sql::values;
use shared::api::LiveGap;
use shared::live::ring::Row;
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen_futures::spawn_local;
use worker::Delay;

/// How often browsers are told how the stream stands.
const STATUS_MS: i64 = 5_000;
/// Rounds without anything new after which the rhythm ends: an object without timers may rest.
const QUIET_ROUNDS: u32 = 40;

impl Core {
    /// Starts the rhythm, if it does not run.
    pub(super) fn begin_flushing(self: &Rc<Self>) {
        if self.flushing.replace(true) {
            return;
        }
        let core = self.clone();
        spawn_local(async move {
            let rhythm = Duration::from_millis(Config::read(&core.env).live_flush_ms);
            let mut quiet = 0;
            while quiet < QUIET_ROUNDS {
                Delay::from(rhythm).await;
                core.hub.taken().await;
                quiet = if core.flush() { 0 } else { quiet + 1 };
            }
            core.flushing.set(false);
            // Something may have come between the last round and the flag.
            if !core.memory.borrow().pending.is_empty() {
                core.begin_flushing();
            }
        });
    }

    /// Hands out what is new; whether anything is left to be done.
    pub(super) fn flush(self: &Rc<Self>) -> bool {
        let now = clock::now();
        let stretch = self.memory.borrow_mut().hand_over(now);
        let some = stretch.is_some();
        if let Some(stretch) = stretch {
            let stretch = Rc::new(stretch);
            self.hub.deliver(&stretch);
            self.relay(&stretch);
        }
        Self::log_fault(self.save_rows(false));
        self.tell_status();
        let due = self.memory.borrow().ring.due_at().is_some();
        some || due
    }

    /// Writes what is due into the window, with the books as of now; all there is with `all`.
    pub(super) fn save_rows(&self, all: bool) -> Result<()> {
        let now = clock::now();
        let rows = {
            let memory = self.memory.borrow();
            if all { memory.ring.rows_now() } else { memory.ring.rows_due(now) }
        };
        let Some(last) = rows.last().map(|row| row.info.number) else { return Ok(()) };
        let mut raw = self.memory.borrow_mut().take_raw();
        self.memory.borrow_mut().books.writing();
        let books = serde_json::to_string(&self.memory.borrow().books)?;
        let mut bound = Vec::with_capacity(rows.len());
        for Row { info, bytes } in &rows {
            // The raw stretch stands with the last of its rows.
            let raw = if info.number == last { raw.take() } else { None };
            let count = raw.as_ref().map_or(0, |raw| raw.count);
            bound.push(values![
                int(info.slot()),
                int(info.number),
                serde_json::to_string(info)?,
                now.0,
                bytes.clone(),
                books.as_str(),
                raw.map(|raw| raw.bytes),
                int(count),
            ]);
        }
        let sql = self.sql.clone();
        self.sql.atomically(move || {
            for values in bound {
                sql.run(
                    "INSERT OR REPLACE INTO slots
                        (slot, number, info, at, bytes, books, raw, raw_count)
                     VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    values,
                )?;
            }
            Ok(())
        })?;
        self.memory.borrow_mut().ring.saved(&rows, now);
        Ok(())
    }

    /// Tells everyone of numbers that nobody will get.
    pub(super) fn declare(self: &Rc<Self>, gap: LiveGap) {
        self.hub.declare(gap);
        self.hand_to_relays(&Item::Gap(gap));
    }

    fn tell_status(self: &Rc<Self>) {
        let now = self.real();
        if now.since(self.told_status.get()) < STATUS_MS || self.viewers() == 0 {
            return;
        }
        self.told_status.set(now);
        let status = self.status();
        self.hub.tell_all(&status);
        self.hand_to_relays(&Item::Text(status.into()));
    }
}

pub(super) fn int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
