//! The routes of alerts and feeds. Owns: what is answered of each. Must not know: how messages
//! are sent. Invariant: a secret is in the answer that makes it and in no other.

use super::Notices;
use super::keys::SECRET_DIGITS;
use crate::clock;
use crate::config::Config;
use crate::control::split_url;
use crate::fault::{Fault, Result};
use crate::http::{self, random_hex};
use crate::query::{self, Query};
use crate::sql::values;
use crate::zone;
use shared::api::{self, AlertKind, AlertState, List, MessageState, Retried};
use shared::notify::alert::{Alert, Fresh};
use shared::notify::atom;
use shared::notify::message::Message;
use shared::routes::{self, Op};
use std::borrow::Cow;
use worker::{Request, Response};

/// More than anyone has places to be told in.
const ALERTS_MAX: usize = 20;

impl Notices {
    pub(super) async fn serve(&self, mut request: Request) -> Result<Response> {
        let url = request.inner().url();
        let (path, query) = split_url(&url);
        let path = if path.starts_with("/feeds/") {
            Cow::Owned(format!("{}{path}", routes::BASE))
        } else {
            Cow::Borrowed(path)
        };
        let found = routes::find(request.inner().method().as_str(), &path)
            .map_err(|_| Fault::missing(format!("no route {path}")))?;
        let query = routes::query(found.route, query).map_err(Fault::bad)?;
        if found.route.op == Op::Feed {
            let name = found.path.get("feed").map_or("", String::as_str);
            return self.feed(&request, name, url.split('?').next().unwrap_or_default());
        }
        if let Op::Alerts | Op::AddAlert = found.route.op {
            return self.collection(&mut request, found.route.op, &url).await;
        }
        let id = found.path.get("alert").map_or("", String::as_str);
        let alert = self.known(id)?;
        match found.route.op {
            Op::Alert => http::json(200, &self.shown(alert)?),
            Op::ChangeAlert => self.change(id, &mut request).await,
            Op::DeleteAlert => {
                self.delete_alert(id)?;
                Ok(http::builder(204, "application/json")?.empty())
            }
            Op::TestAlert => self.test(alert).await,
            Op::AlertLog => self.log(&alert, &query),
            Op::RetryAlert => self.retry(id, &mut request).await,
            _ => Err(Fault::internal(format!("{path} is none of Notices'"))),
        }
    }

    fn known(&self, id: &str) -> Result<Alert> {
        self.alert(id)?.ok_or_else(|| Fault::missing(format!("no alert `{id}`")))
    }

    /// `GET` and `POST /alerts`.
    async fn collection(&self, request: &mut Request, op: Op, url: &str) -> Result<Response> {
        if op == Op::Alerts {
            let alerts = self.alerts()?.into_iter().map(|alert| self.shown(alert));
            let items = alerts.collect::<Result<Vec<_>>>()?;
            return http::json(200, &List { items, next_cursor: None });
        }
        let change: api::AlertChange = http::body(request).await?;
        if self.alerts()?.len() >= ALERTS_MAX {
            return Err(Fault::new(409, "Too many", format!("at most {ALERTS_MAX} alerts")));
        }
        let now = clock::now();
        let fresh = Fresh {
            id: &self.next_id(now),
            secret: &random_hex(SECRET_DIGITS),
            site: &url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/"),
            now,
            local: Config::read(&self.env).simulated,
        };
        let mut alert = Alert::new(&change, fresh).map_err(Fault::bad)?;
        zone::named(&alert.tz)?;
        let secret = if let Some(mut sealed) = self.seal(&mut alert).await? {
            let secret = sealed.secret.take();
            self.put_sealed(&alert, sealed)?;
            secret
        } else {
            self.put_alert(&alert)?;
            Some(self.make_feed(&alert)?)
        };
        self.arm().await?;
        http::json(201, &self.with_secret(alert, secret)?)
    }

    /// `PATCH /alerts/{alert}`.
    async fn change(&self, id: &str, request: &mut Request) -> Result<Response> {
        let change: api::AlertChange = http::body(request).await?;
        let local = Config::read(&self.env).simulated;
        let sealed = self.rekeyed(&self.known(id)?, &change, local).await?;
        // From here on nothing awaits: what is changed is what is stored.
        let mut outbox = self.outbox(self.known(id)?, &[])?;
        outbox.alert.change(&change, local).map_err(Fault::bad)?;
        zone::named(&outbox.alert.tz)?;
        if outbox.alert.state == AlertState::Off {
            outbox.drop_waiting();
        }
        let rotate = change.rotate == Some(true);
        let secret = if let Some(mut sealed) = sealed {
            outbox.alert.part();
            let secret = sealed.secret.take().filter(|_| rotate);
            self.put_sealed(&outbox.alert, sealed)?;
            secret
        } else {
            self.put_alert(&outbox.alert)?;
            let feed = rotate && !outbox.alert.has_keys();
            feed.then(|| self.make_feed(&outbox.alert)).transpose()?
        };
        self.save(&mut outbox)?;
        self.arm().await?;
        http::json(200, &self.with_secret(outbox.alert, secret)?)
    }

    /// A feed's secret, of which only a digest is kept.
    fn make_feed(&self, alert: &Alert) -> Result<String> {
        let secret = random_hex(SECRET_DIGITS);
        self.put_feed(&alert.id, &atom::digest(&secret))?;
        Ok(secret)
    }

    fn with_secret(&self, alert: Alert, secret: Option<String>) -> Result<api::Alert> {
        let feed = alert.kind == AlertKind::Feed;
        let mut shown = self.shown(alert)?;
        if feed {
            shown.feed = secret.map(|secret| format!("/feeds/{secret}.atom"));
        } else {
            shown.secret = secret;
        }
        Ok(shown)
    }

    fn shown(&self, alert: Alert) -> Result<api::Alert> {
        let mut shown = alert.shown();
        shown.reason = self.why_locked(&alert)?.or(shown.reason);
        for mut row in self.sql.rows(
            "SELECT state, COUNT(*) FROM messages WHERE alert = ? GROUP BY state",
            values![alert.id.as_str()],
        )? {
            let state = MessageState::from_word(&row.text()?);
            let count = u32::try_from(row.int()?).unwrap_or(u32::MAX);
            match state {
                Some(MessageState::Waiting | MessageState::Sending) => shown.waiting += count,
                Some(MessageState::Dead) => shown.dead = count,
                Some(MessageState::Unknown) => shown.unknown = count,
                _ => {}
            }
        }
        shown.next_due = self.outbox(alert, &[])?.next().map(|(due, _)| due);
        Ok(shown)
    }

    /// `POST /alerts/{alert}/test`: the outcome is the answer.
    async fn test(&self, alert: Alert) -> Result<Response> {
        let job = self.test_job(alert, clock::now())?;
        let id = job.message().to_owned();
        self.hand(Some(job)).await?;
        let statement = "SELECT message FROM messages WHERE id = ?";
        let message = self.messages(statement, values![id])?.into_iter().next();
        let message = message.ok_or_else(|| Fault::missing("the alert was deleted meanwhile"))?;
        http::json(200, &message.shown())
    }

    /// `GET /alerts/{alert}/log`.
    fn log(&self, alert: &Alert, query: &Query) -> Result<Response> {
        let limit = query::limit(query)?;
        let known = "waiting, sending, sent, dead, unknown, dropped";
        let state = query::word(query, "state", MessageState::from_word, known)?;
        let after = query::id_cursor(query)?.unwrap_or("~");
        let messages = self.messages(
            "SELECT message FROM messages WHERE alert = ? AND id < ? AND COALESCE(?, state) = state
             ORDER BY id DESC LIMIT ?",
            values![
                alert.id.as_str(),
                after,
                state.map(MessageState::as_str),
                i64::try_from(limit + 1).unwrap_or(i64::MAX),
            ],
        )?;
        let shown: Vec<_> = messages.iter().map(Message::shown).collect();
        http::json(200, &query::page(shown, limit, |message| message.id.clone()))
    }

    /// `POST /alerts/{alert}/retry`.
    async fn retry(&self, id: &str, request: &mut Request) -> Result<Response> {
        let only: api::RetryMessages = http::optional_body(request).await?;
        let alert = self.known(id)?;
        if alert.state != AlertState::On {
            let detail = "this alert is not on: set its `state` to on first";
            return Err(Fault::new(409, "Not on", detail));
        }
        let mut outbox = self.outbox_where(alert, "state IN ('dead', 'unknown')")?;
        let messages = outbox.retry(only.message.as_deref(), clock::now());
        if let (0, Some(id)) = (messages, &only.message) {
            return Err(Fault::missing(format!("no message `{id}` that died or is in doubt")));
        }
        self.save(&mut outbox)?;
        self.arm().await?;
        http::json(200, &Retried { messages })
    }

    /// `GET /feeds/{feed}`: whoever knows the secret may read.
    fn feed(&self, request: &Request, name: &str, address: &str) -> Result<Response> {
        let missing = || Fault::missing("no such feed: its address may have been made anew");
        let secret = name.strip_suffix(".atom").ok_or_else(missing)?;
        let alert = self.alert_of_feed(&atom::digest(secret))?.ok_or_else(missing)?;
        let entries = i64::try_from(atom::ENTRIES_MAX).unwrap_or(i64::MAX);
        let messages = self.messages(
            "SELECT message FROM messages WHERE alert = ? AND state = 'sent'
             ORDER BY id DESC LIMIT ?",
            values![alert.id.as_str(), entries],
        )?;
        let feed = atom::feed(&alert, &messages, address);
        let etag = format!("\"{}\"", atom::digest(&feed).get(..32).unwrap_or_default());
        let known = request.headers().get("if-none-match")?.unwrap_or_default();
        let same = known.split(',').any(|known| known.trim().trim_start_matches("W/") == etag);
        let builder = http::builder(if same { 304 } else { 200 }, atom::TYPE)?;
        let response = if same { builder.empty() } else { builder.fixed(feed.into_bytes()) };
        response.headers().set("etag", &etag)?;
        // Readers ask again each time, and keep what has not changed.
        response.headers().set("cache-control", "private, no-cache")?;
        Ok(response)
    }
}
