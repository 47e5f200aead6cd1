//! The routes of the stream. Owns: reading and changing settings, what is shown of the stream.
//! Invariant: a change that is answered with 200 is stored, and the stream follows it.

use super::{Core, corrupt};
use crate::clock;
use crate::control::split_url;
use crate::fault::{Fault, Result};
use crate::http;
use crate::query::{self, Query};
use crate::rpc::LivePulse;
use crate::sql::values;
use shared::api::{
    ConnectionState, CoverageGap, FromServer, StatusLive, StatusStream, Stream, StreamChange,
    StreamMode, StreamPrice, Switch,
};
use shared::budget::{Resource, price, usd};
use shared::live::hub;
use shared::routes::{self, Op};
use shared::stream::coverage::{self, Counts};
use shared::stream::machine::Input;
use shared::stream::{meter, settings};
use shared::time::{DAY_MS, UnixMs};
use std::rc::Rc;
use worker::{Request, Response};

/// What is drawn without `from`.
const COVERAGE_MS: i64 = DAY_MS;

impl Core {
    pub(super) async fn serve(self: &Rc<Self>, mut request: Request) -> Result<Response> {
        let url = request.inner().url();
        let (path, query) = split_url(&url);
        let found = routes::find(request.inner().method().as_str(), path)
            .map_err(|_| Fault::missing(format!("no route {path}")))?;
        let query = routes::query(found.route, query).map_err(Fault::bad)?;
        match found.route.op {
            Op::Live => self.greet(&request, &query),
            Op::LiveEvents => self.poll(&query).await,
            Op::Stream => http::json(200, &self.stream()),
            Op::ChangeStream => {
                let change: StreamChange = http::body(&mut request).await?;
                self.change(change).await?;
                http::json(200, &self.stream())
            }
            Op::StreamRules => self.list_rules(),
            Op::AddStreamRule => self.add_rule(&mut request).await,
            Op::DeleteStreamRules => self.delete_rules(&query).await,
            Op::StreamCoverage => self.coverage(&query),
            Op::StreamArchive => self.list_archive(&query),
            Op::StreamArchivePart => {
                let part = found.path.get("part").cloned().unwrap_or_default();
                self.download_part(&part).await
            }
            _ => Err(Fault::internal(format!("{path} is not the Live object's"))),
        }
    }

    /// `GET /live`: a browser's socket.
    fn greet(self: &Rc<Self>, request: &Request, query: &Query) -> Result<Response> {
        let after = query.get("after").map(|text| {
            text.parse::<u64>()
                .map_err(|_| Fault::bad(format!("`after={text}`: a whole number is expected")))
        });
        let after = after.transpose()?;
        let (hello, cursor) = (self.hello(), self.memory.borrow().ring.tail().to);
        let (socket, answer) = self.hub.accept(request, &hello, cursor)?;
        if let Some(after) = after {
            self.resume(&socket, after)?;
        }
        self.watched.set(clock::real());
        Ok(answer)
    }

    async fn change(self: &Rc<Self>, change: StreamChange) -> Result<()> {
        let old = self.settings.borrow().clone();
        let new = settings::change(&old, change).map_err(Fault::bad)?;
        if new == old && new.state == Switch::Off {
            return Ok(());
        }
        self.put_meta("settings", &new)?;
        self.settings.replace(new.clone());
        if old.state == Switch::Off && new.state == Switch::On {
            let mut memory = self.memory.borrow_mut();
            memory.books.posts.begin_session();
            memory.books.placed = [0, 0];
            drop(memory);
            self.watched.set(clock::real());
        }
        let stopped = self.connection_state() == ConnectionState::Stopped;
        let reconnect = settings::needs_reconnect(&old, &new);
        let other_mode = new.mode != old.mode;
        if new.state != old.state || new.tries != old.tries || other_mode || stopped {
            self.want();
        }
        if reconnect && !other_mode && new.state == Switch::On {
            self.advance(Input::Reconnect);
        }
        if settings::needs_rules(&old, &new) && new.state == Switch::On && !reconnect {
            self.sync_rules().await.map_err(|trouble| {
                Fault::new(502, "X did not take the rules", trouble.to_string())
            })?;
        }
        self.save_books()?;
        if new.state == Switch::Off {
            self.settle().await?;
        }
        self.mind_lease_caps();
        Ok(())
    }

    /// Tells the machine what the settings want.
    pub(super) fn want(self: &Rc<Self>) {
        let (on, tries, rules) = {
            let settings = self.settings.borrow();
            let rules = settings.mode == StreamMode::Filtered;
            (settings.state == Switch::On, settings.tries, rules)
        };
        self.advance(Input::Want { on, tries, rules });
    }

    pub(super) fn connection_state(&self) -> ConnectionState {
        self.memory.borrow().machine.connection().state
    }

    /// `GET /stream`.
    fn stream(&self) -> Stream {
        let posts_7d = self.posts_7d();
        let memory = self.memory.borrow();
        let mut connection = memory.machine.connection();
        let offset = clock::now().since(self.real());
        for at in [&mut connection.since, &mut connection.last_byte, &mut connection.retry_at] {
            *at = at.map(|at| at.plus(offset));
        }
        let mut meter = memory.books.posts.view(&memory.rate, clock::now());
        meter.rate = memory.rate.per_second(clock::real());
        Stream {
            settings: self.settings.borrow().clone(),
            connection,
            meter,
            sample_granted: self.sample_granted.get(),
            price: StreamPrice {
                post_usd: meter::post_usd(),
                count_usd: usd(price(Resource::Count)),
                posts_7d,
                usd_per_day: posts_7d
                    .map(|posts| usd(posts.saturating_mul(price(Resource::Post)) / 7)),
            },
        }
    }

    /// For `GET /status`.
    pub(super) fn pulse(&self) -> LivePulse {
        let memory = self.memory.borrow();
        let connection = memory.machine.connection();
        let offset = clock::now().since(self.real());
        let (sent_messages, skipped) = self.hub.counters();
        let failures = &memory.pipeline.failures;
        LivePulse {
            stream: StatusStream {
                state: connection.state.as_str().to_owned(),
                since: connection.since.map(|at| at.plus(offset)),
                last_byte: connection.last_byte.map(|at| at.plus(offset)),
            },
            live: StatusLive {
                viewers: self.viewers(),
                events_by_kind: memory
                    .pipeline
                    .events_by_kind()
                    .map(|(kind, count)| (kind.as_str().to_owned(), count))
                    .collect(),
                sent_messages,
                malformed: failures.malformed,
                hydrator_failures: failures
                    .iter()
                    .map(|(name, count)| (name.to_owned(), count))
                    .collect(),
                skipped,
            },
        }
    }

    /// What browsers are told every few seconds.
    pub(super) fn status(&self) -> String {
        let (delivered, _) = self.hub.counters();
        let viewers = self.viewers();
        let mut memory = self.memory.borrow_mut();
        let lag_ms = memory.lags.median_ms(clock::now());
        let meter = memory.books.posts.view(&memory.rate, clock::now());
        hub::text_of(&FromServer::Status {
            received: memory.received,
            delivered,
            viewers,
            rate: memory.rate.per_second(clock::real()),
            lag_ms,
            stream: memory.machine.connection().state,
            placed: Some(memory.books.placed),
            session_usd: Some(meter.session_usd),
        })
    }

    /// `GET /stream/coverage`.
    fn coverage(&self, query: &Query) -> Result<Response> {
        let now = clock::now();
        let (from, to) = query::range(query)?;
        let to = to.unwrap_or(now.plus(1));
        let from = from.unwrap_or_else(|| to.plus(-COVERAGE_MS));
        if from >= to {
            return Err(Fault::bad(format!("`from` ({from}) must be before `to` ({to})")));
        }
        let minute = from.plus(-shared::time::MINUTE_MS);
        let mut rows = Vec::new();
        let found = self.sql.rows(
            "SELECT at, counts FROM minutes WHERE at >= ? AND at < ? ORDER BY at",
            values![minute.0, to.0],
        )?;
        for mut row in found {
            let at = UnixMs(row.int()?);
            let counts =
                Counts::decode(&row.blob()?).ok_or_else(|| corrupt("a minute of coverage", &at))?;
            rows.push(coverage::Row { at, counts });
        }
        rows.extend(self.memory.borrow().minutes.unsaved());
        let gaps = self.sql.rows(
            "SELECT began, ended, why FROM gaps WHERE began < ? AND (ended IS NULL OR ended > ?)
             ORDER BY began",
            values![to.0, from.0],
        )?;
        let gaps = gaps.into_iter().map(|mut row| {
            Ok(CoverageGap {
                from: UnixMs(row.int()?),
                to: row.maybe_int()?.map(UnixMs),
                why: row.text()?,
            })
        });
        let gaps = gaps.collect::<Result<Vec<_>>>()?;
        http::json(200, &coverage::view(&rows, &gaps, from, to, now))
    }
}
