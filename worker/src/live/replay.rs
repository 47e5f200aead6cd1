//! What came before: for whoever returns with a cursor, by socket or by long poll. Owns: reading
//! rows of the window. Invariant: whatever X had deleted since is taken out as it is read, also
//! where a row still holds it.

use super::{Core, corrupt};
use crate::clock;
use crate::fault::{Fault, Result};
use crate::query::{self, Query};
use crate::rpc::Replayed;
use crate::sql::values;
use shared::api::{FromServer, LiveKind, Subscribe};
use shared::live::hub;
use shared::live::ring::{Purge, RowInfo, Stretch};
use shared::live::slot;
use shared::live::view::{Frame, View};
use std::time::Duration;
use worker::{Delay, Response, WebSocket};

/// Longest wait of a long poll, in seconds (contracts).
const WAIT_MAX_S: u64 = 25;
/// How often a waiting long poll looks.
const LOOK_MS: u64 = 200;

impl Core {
    /// Sends a browser everything after a number, then lets it go on with the others.
    pub(super) fn resume(&self, socket: &WebSocket, after: u64) -> Result<()> {
        let Some(view) = self.hub.view_of(socket) else { return Ok(()) };
        let (frames, to) = self.frames_after(after, &view)?;
        for frame in &frames {
            self.hub.send_frame(socket, frame);
        }
        self.hub.covered(socket, to);
        Ok(())
    }

    /// The frames of everything after a number, and the number they end with.
    pub(super) fn frames_after(&self, after: u64, view: &View) -> Result<(Vec<Frame>, u64)> {
        let rows = self.rows_after(after)?;
        let memory = self.memory.borrow();
        let to = memory.ring.tail().to;
        Ok((memory.ring.replay_all(after, rows, view), to))
    }

    /// For a relay's browser.
    pub(super) fn since(&self, after: u64, subscribe: &Subscribe) -> Result<Replayed> {
        let view = View::new(subscribe, true).map_err(Fault::bad)?;
        let (frames, to) = self.frames_after(after, &view)?;
        Ok(Replayed::new(&frames, to))
    }

    /// The stored stretches that reach behind a number, oldest first.
    fn rows_after(&self, after: u64) -> Result<Vec<Stretch>> {
        let purges = self.purges()?;
        let infos: Vec<RowInfo> =
            self.memory.borrow().ring.infos().filter(|row| row.to > after).copied().collect();
        infos.into_iter().map(|info| self.row(&info, &purges)).collect()
    }

    fn row(&self, info: &RowInfo, purges: &[Purge]) -> Result<Stretch> {
        let slot = super::flush::int(info.slot());
        let row = self.sql.first("SELECT bytes FROM slots WHERE slot = ?", values![slot])?;
        let mut row = row.ok_or_else(|| corrupt("the replay window", &"a row is missing"))?;
        let mut events = slot::decode(&row.blob()?).map_err(|e| corrupt("a replay row", &e))?;
        for purge in purges.iter().filter(|purge| purge.may_touch(info)) {
            purge.apply(&mut events);
        }
        Ok(Stretch { from: info.from, to: info.to, events })
    }

    /// `GET /live/events`.
    pub(super) async fn poll(&self, query: &Query) -> Result<Response> {
        let number = |name: &str| match query.get(name) {
            None => Ok(None),
            Some(text) => text
                .parse::<u64>()
                .map(Some)
                .map_err(|_| Fault::bad(format!("`{name}={text}`: a whole number is expected"))),
        };
        let limit = query::limit(query)?;
        let wait = number("wait")?.unwrap_or(0);
        if wait > WAIT_MAX_S {
            return Err(Fault::bad(format!("`wait={wait}`: 0 to {WAIT_MAX_S} seconds")));
        }
        let subscribe = Subscribe { kinds: kinds(query)?, ..Subscribe::default() };
        let view = View::new(&subscribe, true).map_err(Fault::bad)?;
        // Of what is handed out, not of what is numbered: an answer that ended behind what is still
        // to be handed out would have whoever asks again skip it.
        let after = number("after")?.unwrap_or_else(|| self.memory.borrow().ring.tail().to);
        let mut looks = wait * 1_000 / LOOK_MS;
        loop {
            let rows = self.rows_after(after)?;
            let answer = {
                let memory = self.memory.borrow();
                let answer = memory.ring.poll(after, &rows, &view, limit);
                answer.or_else(|| (looks == 0).then(|| memory.ring.poll_nothing(after)))
            };
            if let Some(body) = answer {
                return crate::http::bytes(200, "application/json", body.into_bytes());
            }
            looks -= 1;
            Delay::from(Duration::from_millis(LOOK_MS)).await;
        }
    }

    /// The greeting of a new browser, as it is sent.
    pub(super) fn hello(&self) -> String {
        let memory = self.memory.borrow();
        hub::text_of(&FromServer::Hello {
            protocol: 1,
            cursor: memory.ring.tail().to,
            floor: memory.ring.floor(),
            server_time: clock::now().0,
        })
    }
}

fn kinds(query: &Query) -> Result<Vec<LiveKind>> {
    let words = query.get("kinds").into_iter().flat_map(|words| words.split(','));
    words
        .filter(|word| !word.is_empty())
        .map(|word| {
            LiveKind::from_word(word).ok_or_else(|| {
                let known: Vec<&str> = LiveKind::ALL.iter().map(|kind| kind.as_str()).collect();
                Fault::bad(format!("`kinds={word}`: one of {} is expected", known.join(", ")))
            })
        })
        .collect()
}
