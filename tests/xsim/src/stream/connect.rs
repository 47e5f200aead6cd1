//! Who may connect to a stream, and what a connection is opened with.
//!
//! Knows X's conditions in X's order; what is sent is `pump`'s. Invariant: a stream that is
//! answered with 200 holds its one place until its body is dropped.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::body::{Seat, StreamBody};
use super::pump::{Order, Pump};
use super::registry::{Busy, Handle, Stream};
use super::settings::Wire;
use crate::auth::Caller;
use crate::clock::real_now_ms;
use crate::faults::{Fired, Kind};
use crate::oauth1;
use crate::params;
use crate::problem::{self, Problem};
use crate::profile::Dialect;
use crate::state::Sim;
use crate::tweets::fields::{self, Wish};
use crate::tweets::query::{Query, Term, keywords};

/// A reader that reconnects at once may come before the news of its leaving: so long a
/// newcomer waits for the place before it is refused.
const GRACE: Duration = Duration::from_millis(100);
const GRACE_STEP: Duration = Duration::from_millis(2);
/// Pieces under way to the socket.
const QUEUE: usize = 16;

/// The addresses of the streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    Filtered,
    Sample,
    OldFilter,
    OldSample,
}

impl Door {
    pub(crate) fn from_path(path: &str) -> Option<Self> {
        Some(match path {
            "/2/tweets/search/stream" => Self::Filtered,
            "/2/tweets/sample/stream" => Self::Sample,
            "/1.1/statuses/filter.json" => Self::OldFilter,
            "/1.1/statuses/sample.json" => Self::OldSample,
            _ => return None,
        })
    }

    /// What its rate limit goes by.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Filtered | Self::OldFilter => "stream",
            Self::Sample | Self::OldSample => "sample",
        }
    }

    pub(crate) const fn method(self) -> &'static str {
        if matches!(self, Self::OldFilter) { "POST" } else { "GET" }
    }

    const fn stream(self) -> Stream {
        match self {
            Self::Filtered | Self::OldFilter => Stream::Filtered,
            Self::Sample | Self::OldSample => Stream::Sample,
        }
    }

    const fn is_old(self) -> bool {
        matches!(self, Self::OldFilter | Self::OldSample)
    }
}

/// A request for a stream, its credential and its rate checked.
pub(crate) struct Asking<'a> {
    pub(crate) sim: &'a Arc<Sim>,
    pub(crate) door: Door,
    pub(crate) caller: Caller,
    pub(crate) pairs: &'a [(String, String)],
    pub(crate) body: &'a [u8],
    pub(crate) dialect: Dialect,
    pub(crate) fault: Option<Fired>,
}

impl Asking<'_> {
    /// Opens the stream; it has the tweets from the returned time on, in virtual milliseconds.
    ///
    /// # Errors
    /// X's refusal: 400, 403, 406, 409 or 429.
    pub(crate) async fn connect(self) -> Result<(StreamBody, i64), Problem> {
        if !self.caller.is_app() && !self.door.is_old() {
            return Err(problem::app_only(self.dialect));
        }
        let (settings, rules) = {
            let live = self.sim.live.lock();
            (live.settings, live.rules.rules().len())
        };
        if self.door == Door::Sample && !settings.sample {
            return Err(problem::client_forbidden(self.dialect));
        }
        let wire = if self.door.is_old() { Wire::V11 } else { settings.wire };
        let (wish, own) = if self.door.is_old() {
            (Wish::new(wire.dialect()), self.old_filter()?)
        } else {
            (self.wish(wire.dialect())?, None)
        };
        if self.door == Door::Filtered && rules == 0 {
            return Err(problem::no_rules(self.dialect));
        }
        let handle = self.place().await?;
        let (from_ms, jumps) = {
            let state = self.sim.state();
            (state.clock.now_ms(real_now_ms()), state.clock.jumps())
        };
        let (id, stream, fault) = (handle.id, self.door.stream(), self.fault);
        let order = Order { stream, wire, wish, own, fault, from_ms, jumps };
        let (out, pieces) = mpsc::channel(QUEUE);
        let seat = Seat::new(Arc::clone(self.sim), id);
        let pump = Pump::new(Arc::clone(self.sim), order, handle, out);
        tokio::spawn(pump.run());
        Ok((StreamBody::new(pieces, settings.split, seat), from_ms))
    }

    /// Takes the stream's one place.
    async fn place(&self) -> Result<Handle, Problem> {
        let haunts = self.fault.as_ref().is_some_and(|fault| fault.kind == Kind::Ghost);
        let mut waited = Duration::ZERO;
        while waited < GRACE && self.sim.live.lock().connections.other_open(self.door.stream()) {
            tokio::time::sleep(GRACE_STEP).await;
            waited += GRACE_STEP;
        }
        waited = Duration::ZERO;
        loop {
            let now_ms = self.sim.now_ms();
            let taken = {
                let mut live = self.sim.live.lock();
                live.connections.connect(self.door.stream(), haunts, now_ms).inspect_err(|busy| {
                    if *busy == Busy::Open && waited == Duration::ZERO {
                        live.connections.wait();
                    }
                    if *busy == Busy::Ghost || waited >= GRACE {
                        live.connections.refuse(*busy);
                    }
                })
            };
            match taken {
                Ok(handle) => return Ok(handle),
                Err(Busy::Open) if waited < GRACE => {
                    tokio::time::sleep(GRACE_STEP).await;
                    waited += GRACE_STEP;
                }
                Err(_) => return Err(problem::too_many_connections(self.dialect)),
            }
        }
    }

    /// The fields and expansions of a version 2 stream.
    fn wish(&self, dialect: Dialect) -> Result<Wish, Problem> {
        let mut wish = Wish::new(dialect);
        let own = ["backfill_minutes", "start_time", "end_time"];
        for (name, value) in params::distinct(self.pairs, &own, &fields::PARAMS, self.dialect)? {
            let refuse = |what: &str| {
                let message = format!("The `{name}` query parameter value [{value}] {what}");
                problem::invalid(self.dialect, name, value, &message)
            };
            if !wish.set(name, value).map_err(|what| refuse(&what))? && value != "0" {
                return Err(refuse("is not available to this app"));
            }
        }
        Ok(wish)
    }

    /// What `track`, `follow` and `locations` of version 1.1 ask for, any of them.
    fn old_filter(&self) -> Result<Option<Query>, Problem> {
        if self.door == Door::OldSample {
            return Ok(None);
        }
        let form = std::str::from_utf8(self.body).ok().and_then(oauth1::query_pairs);
        let pairs: Vec<&(String, String)> =
            self.pairs.iter().chain(form.iter().flatten()).collect();
        let of = |wanted: &str| {
            let value = pairs.iter().find(|(name, _)| name == wanted).map_or("", |(_, v)| v);
            value.split(',').map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>()
        };
        let mut any: Vec<Query> = of("track").into_iter().map(keywords).collect();
        any.extend(of("follow").iter().map(|id| Query::Term(Term::From((*id).to_owned()))));
        let numbers: Vec<f64> = of("locations").iter().filter_map(|n| n.parse().ok()).collect();
        let boxes = numbers.as_chunks::<4>().0.iter().copied();
        any.extend(boxes.map(|area| Query::Term(Term::Box(area))));
        if any.is_empty() {
            let title = "No filter parameters found. Expect at least one parameter: \
                follow track locations";
            return Err(problem::plain(406, title));
        }
        Ok(Some(Query::Any(any)))
    }
}
