//! Browser sockets of one object, Live or Relay. Owns: accepting, what each wants, sending, who
//! is too slow. Must not know: where events come from. Invariant: every number reaches a socket
//! in a frame that covers it or in a gap frame; a slow socket never holds up another; what must
//! outlive this memory is in the socket's attachment.

pub(crate) mod wire;

use crate::access::PROTOCOL;
use crate::clock;
use crate::fault::Result;
use shared::api::{FromClient, FromServer, LiveGap};
use shared::live::hub::{self, Decision, Socket, decide};
use shared::live::ring::Stretch;
use shared::live::view::{Frame, View};
use shared::live::views::{Reader, Views};
use shared::time::UnixMs;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::JsValue;
use wire::Wire;
use worker::{
    Delay, Request, Response, ResponseBuilder, State, WebSocket, WebSocketIncomingMessage,
    WebSocketPair, WebSocketRequestResponsePair,
};

/// Close codes (RFC 6455): all is well, policy violation, try again later.
const NORMAL: u16 = 1000;
const POLICY: u16 = 1008;
const LATER: u16 = 1013;

/// How often it is looked whether browsers have taken a frame.
const HOLD_STEP: Duration = Duration::from_millis(25);

/// See the module.
pub(crate) struct Hub {
    state: Rc<State>,
    wire: Wire,
    inner: RefCell<Inner>,
    sent: Cell<u64>,
    skipped: Cell<u64>,
}

#[derive(Default)]
struct Inner {
    entries: BTreeMap<Reader, Entry>,
    views: Views,
    next: Reader,
    /// The newest number handed to sockets by this memory.
    last: Option<u64>,
}

/// One browser.
struct Entry {
    socket: WebSocket,
    kept: Socket,
    last_ping: Option<UnixMs>,
}

impl Entry {
    /// Writes down what must outlive this memory.
    fn keep(&self) {
        if let Some(attachment) = self.kept.attachment() {
            self.socket.serialize_attachment(attachment).ok();
        }
    }
}

/// What a browser said that its object must answer.
pub(crate) enum Said {
    Nothing,
    /// Everything after a number.
    Resume {
        after: u64,
    },
}

impl Hub {
    /// Takes over the platform's state, with the sockets that an earlier memory left open.
    pub(crate) fn new(state: State) -> (Rc<State>, Self) {
        let (state, wire) = Wire::new(state);
        let state = Rc::new(state);
        if let Ok(pair) = WebSocketRequestResponsePair::new(r#"{"t":"ping"}"#, r#"{"t":"pong"}"#) {
            state.set_websocket_auto_response(&pair);
        }
        let hub = Self {
            state: state.clone(),
            wire,
            inner: RefCell::default(),
            sent: Cell::new(0),
            skipped: Cell::new(0),
        };
        hub.load();
        (state, hub)
    }

    fn load(&self) {
        let now = clock::real();
        let mut inner = self.inner.borrow_mut();
        for socket in self.state.get_websockets() {
            if !wire::is_open(&socket) {
                continue;
            }
            let attachment = socket.deserialize_attachment::<String>().ok().flatten();
            let kept = attachment.and_then(|json| Socket::of_attachment(&json).ok());
            let view = kept.as_ref().and_then(|kept| View::new(&kept.subscribe, kept.owner).ok());
            let (Some(kept), Some(view)) = (kept, view) else {
                // Of another version: it comes back and says anew what it wants.
                socket.close(Some(LATER), Some("restarted")).ok();
                continue;
            };
            let last_ping = self.wire.last_ping(&socket);
            inner.join(Entry { socket, kept, last_ping }, view, now);
        }
    }

    /// The platform's state, as JavaScript has it.
    pub(crate) fn wire(&self) -> &Wire {
        &self.wire
    }

    /// Opens a browser's socket; `hello` greets it. Answers the server's end as well.
    pub(crate) fn accept(
        &self,
        request: &Request,
        hello: &str,
        cursor: u64,
    ) -> Result<(WebSocket, Response)> {
        let now = clock::real();
        let pair = WebSocketPair::new()?;
        self.state.accept_web_socket(&pair.server);
        let kept = Socket::new(true, cursor, now);
        let view = View::new(&kept.subscribe, true).map_err(crate::fault::Fault::internal)?;
        let entry = Entry { socket: pair.server.clone(), kept, last_ping: None };
        entry.keep();
        self.send_text(&pair.server, hello);
        let mut inner = self.inner.borrow_mut();
        if inner.entries.is_empty() {
            // What follows for the first is all that follows.
            inner.last = Some(inner.last.map_or(cursor, |last| last.max(cursor)));
        }
        inner.join(entry, view, now);
        drop(inner);
        let mut answer = ResponseBuilder::new().with_status(101).with_websocket(pair.client);
        let offered = request.headers().get("sec-websocket-protocol")?.unwrap_or_default();
        if offered.split(',').any(|one| one.trim() == PROTOCOL) {
            // A browser drops a socket whose server takes none of the protocols it offered.
            answer = answer.with_header("sec-websocket-protocol", PROTOCOL)?;
        }
        Ok((pair.server, answer.empty()))
    }

    /// Browsers that watch: one whose connection takes nothing does not, long before it is closed.
    pub(crate) fn viewers(&self) -> u32 {
        let now = clock::real();
        let inner = self.inner.borrow();
        let watching = inner.entries.values().filter(|entry| entry.kept.watches(now));
        u32::try_from(watching.count()).unwrap_or(u32::MAX)
    }

    /// Sockets that take up room here.
    pub(crate) fn sockets(&self) -> u32 {
        u32::try_from(self.inner.borrow().entries.len()).unwrap_or(u32::MAX)
    }

    /// The newest number that was handed out here.
    pub(crate) fn last(&self) -> Option<u64> {
        self.inner.borrow().last
    }

    /// Messages sent, and numbers not sent to slow browsers, since this memory began.
    pub(crate) fn counters(&self) -> (u64, u64) {
        (self.sent.get(), self.skipped.get())
    }

    /// Takes what a browser said.
    pub(crate) fn message(&self, socket: &WebSocket, message: WebSocketIncomingMessage) -> Said {
        let now = clock::real();
        let mut inner = self.inner.borrow_mut();
        let Some(reader) = inner.reader(socket) else { return Said::Nothing };
        match inner.heard(reader, message, now) {
            Ok(FromClient::Resume { after }) => return Said::Resume { after },
            Ok(FromClient::Ping) => self.send_text(socket, &hub::text_of(&FromServer::Pong)),
            Ok(FromClient::Subscribe(_)) => {}
            Err((why, retry_ms)) => {
                inner.drop(reader);
                self.send_text(socket, &hub::bye(&why, retry_ms));
                close(socket, POLICY, &why);
            }
        }
        Said::Nothing
    }

    /// A browser went away.
    pub(crate) fn closed(&self, socket: &WebSocket) {
        let mut inner = self.inner.borrow_mut();
        if let Some(reader) = inner.reader(socket) {
            inner.drop(reader);
        }
        // The platform never answers a close by itself.
        close(socket, NORMAL, "");
    }

    /// What a browser sees.
    pub(crate) fn view_of(&self, socket: &WebSocket) -> Option<Rc<View>> {
        let inner = self.inner.borrow();
        inner.views.view(inner.reader(socket)?).cloned()
    }

    /// What a browser asked for.
    pub(crate) fn subscription_of(&self, socket: &WebSocket) -> Option<shared::api::Subscribe> {
        let inner = self.inner.borrow();
        let entry = inner.entries.get(&inner.reader(socket)?)?;
        Some(entry.kept.subscribe.clone())
    }

    /// Everything up to a number was sent to a browser by other means.
    pub(crate) fn covered(&self, socket: &WebSocket, to: u64) {
        let mut inner = self.inner.borrow_mut();
        let Some(reader) = inner.reader(socket) else { return };
        inner.views.covered(reader, to);
        if let Some(entry) = inner.entries.get_mut(&reader) {
            entry.kept.cursor = entry.kept.cursor.max(to);
            entry.keep();
        }
    }

    /// Hands a stretch to every browser that keeps up.
    pub(crate) fn deliver(&self, stretch: &Stretch) {
        let now = clock::real();
        if let Some(gap) = self.last().and_then(|last| hub::missed(last, stretch.from)) {
            self.declare(gap);
        }
        let mut inner = self.inner.borrow_mut();
        if inner.last.is_none() {
            // What lies before was sent by an earlier memory, or declared.
            inner.cover_all(stretch.from.saturating_sub(1));
        }
        let skipped = self.look_after(&mut inner, now);
        let Inner { entries, views, last, .. } = &mut *inner;
        let mut skip = |reader| skipped.contains(&reader);
        for delivery in views.flush(stretch.to, &stretch.events, now, &mut skip) {
            let data = value(&delivery.frame);
            for reader in delivery.readers {
                let Some(entry) = entries.get_mut(&reader) else { continue };
                entry.kept.cursor = stretch.to;
                self.send(&entry.socket, &data);
            }
        }
        let missed = stretch.events.len() as u64 * skipped.len() as u64;
        self.skipped.set(self.skipped.get() + missed);
        *last = Some(stretch.to);
    }

    /// Waits until most browsers have taken what they were sent, a second at most.
    pub(crate) async fn taken(&self) {
        let began = clock::real();
        while self.is_held(clock::real().since(began)) {
            Delay::from(HOLD_STEP).await;
        }
    }

    fn is_held(&self, since_ms: i64) -> bool {
        let inner = self.inner.borrow();
        let taking = inner.entries.values().filter(|entry| wire::buffered(&entry.socket) > 0);
        hub::holds(inner.entries.len(), taking.count(), since_ms)
    }

    /// Tells every browser of numbers that will not come.
    pub(crate) fn declare(&self, gap: LiveGap) {
        let mut inner = self.inner.borrow_mut();
        for entry in inner.entries.values_mut() {
            let skipped = entry.kept.skipped_from.take();
            let from = skipped.map_or(gap.from, |from| from.min(gap.from));
            self.send(&entry.socket, &value(&Frame::gap(LiveGap { from, ..gap })));
            entry.kept.cursor = gap.to;
        }
        inner.cover_all(gap.to);
        inner.last = Some(gap.to);
    }

    /// Sends a frame without numbers to every browser that keeps up.
    pub(crate) fn tell_all(&self, text: &str) {
        let now = clock::real();
        let mut inner = self.inner.borrow_mut();
        for entry in inner.entries.values_mut() {
            entry.last_ping = self.wire.last_ping(&entry.socket);
        }
        let skipped = self.look_after(&mut inner, now);
        let text = JsValue::from_str(text);
        for (reader, entry) in &inner.entries {
            if !skipped.contains(reader) {
                self.send(&entry.socket, &text);
            }
        }
    }

    /// Sends one frame to one browser.
    pub(crate) fn send_frame(&self, socket: &WebSocket, frame: &Frame) {
        self.send(socket, &value(frame));
    }

    /// Sends everyone away; they come back elsewhere.
    pub(crate) fn retire(&self, why: &str) {
        let entries = std::mem::take(&mut *self.inner.borrow_mut()).entries;
        for entry in entries.into_values() {
            self.send_text(&entry.socket, &hub::bye(why, Some(hub::RETRY_MS)));
            close(&entry.socket, LATER, why);
        }
    }

    /// Decides who gets something now, tells who can again what it missed, and closes those who
    /// are gone or too slow. Answers who gets nothing.
    fn look_after(&self, inner: &mut Inner, now: UnixMs) -> BTreeSet<Reader> {
        let last = inner.last.unwrap_or_default();
        let (mut skipped, mut gone) = (BTreeSet::new(), Vec::new());
        for (&reader, entry) in &mut inner.entries {
            if !wire::is_open(&entry.socket) {
                gone.push((reader, ""));
                continue;
            }
            let was = entry.kept.skipped_from;
            let buffered = wire::buffered(&entry.socket);
            match decide(&mut entry.kept, now, buffered, entry.last_ping, last) {
                Decision::Send(None) => {}
                Decision::Send(Some(gap)) => {
                    self.send(&entry.socket, &value(&Frame::gap(gap)));
                    inner.views.covered(reader, gap.to);
                }
                Decision::Skip => drop(skipped.insert(reader)),
                Decision::Close { reason } => gone.push((reader, reason)),
            }
            if entry.kept.skipped_from != was {
                entry.keep();
            }
        }
        for (reader, reason) in gone {
            if let Some(entry) = inner.drop(reader) {
                close(&entry.socket, POLICY, reason);
            }
        }
        skipped
    }

    fn send_text(&self, socket: &WebSocket, text: &str) {
        self.send(socket, &JsValue::from_str(text));
    }

    fn send(&self, socket: &WebSocket, data: &JsValue) {
        // A socket that closed in between says so by an event of its own.
        if wire::send(socket, data) {
            self.sent.set(self.sent.get() + 1);
        }
    }
}

impl Inner {
    fn join(&mut self, entry: Entry, view: View, now: UnixMs) {
        let reader = self.next;
        self.next += 1;
        self.views.join(reader, view, entry.kept.cursor, now);
        self.entries.insert(reader, entry);
    }

    fn drop(&mut self, reader: Reader) -> Option<Entry> {
        self.views.leave(reader);
        self.entries.remove(&reader)
    }

    fn reader(&self, socket: &WebSocket) -> Option<Reader> {
        let found = self.entries.iter().find(|(_, entry)| entry.socket == *socket);
        found.map(|(&reader, _)| reader)
    }

    /// Everyone who was not skipped has all up to a number.
    fn cover_all(&mut self, to: u64) {
        for (&reader, entry) in &self.entries {
            if entry.kept.skipped_from.is_none() {
                self.views.covered(reader, to);
            }
        }
    }

    fn heard(
        &mut self,
        reader: Reader,
        message: WebSocketIncomingMessage,
        now: UnixMs,
    ) -> std::result::Result<FromClient, (String, Option<u64>)> {
        let Some(entry) = self.entries.get_mut(&reader) else { return Ok(FromClient::Ping) };
        if !entry.kept.messages.take(now) {
            return Err((hub::too_many(), Some(hub::TOO_MANY_RETRY_MS)));
        }
        let WebSocketIncomingMessage::String(text) = message else {
            return Err(("text frames of JSON are expected".to_owned(), None));
        };
        // What was wrong once is wrong again.
        let for_good = |why| (why, None);
        let said = hub::read_client(&text).map_err(for_good)?;
        if let FromClient::Subscribe(subscribe) = &said {
            let view = View::new(subscribe, entry.kept.owner).map_err(for_good)?;
            entry.kept.subscribe = subscribe.clone();
            let cursor = self.views.cursor(reader).unwrap_or(entry.kept.cursor);
            self.views.join(reader, view, cursor, now);
        }
        entry.keep();
        Ok(said)
    }
}

fn close(socket: &WebSocket, code: u16, why: &str) {
    // A close frame takes at most 123 bytes of reason.
    let why = shared::text::cut(why, 40);
    socket.close(Some(code), Some(why)).ok();
}

/// A frame as JavaScript sends it: made once for all who get it.
fn value(frame: &Frame) -> JsValue {
    match frame {
        Frame::Text(text) => JsValue::from_str(text),
        Frame::Packed(bytes) => js_sys::Uint8Array::from(&bytes[..]).buffer().into(),
    }
}
