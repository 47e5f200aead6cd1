//! The live stream as signals. Owns: the one socket of the page, the engine behind it, when
//! either gets the time of day. Must not know: how anything looks. Invariant: signals change at
//! most once per painted frame, and only those whose value is another one.

use crate::browser;
use crate::live::client::{Effect, Input, Phase};
use crate::live::counts::{Code, Country};
use crate::live::engine::Engine;
use crate::live::feed::Row;
use crate::live::filter::Choice;
use crate::live::frames::{Envelope, Standing};
use crate::live::player::Mode;
use crate::socket::Socket;
use leptos::prelude::*;
use shared::api::ConnectionState;
use shared::routes::BASE;
use std::time::Duration;
use wasm_bindgen::JsValue;

/// How often the connection is looked after.
const BEAT: Duration = Duration::from_millis(250);

/// How the stream stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Told {
    pub(crate) phase: Phase,
    pub(crate) standing: Option<Standing>,
    pub(crate) mode: Mode,
    /// Tweets with a place, and all.
    pub(crate) placed: [u64; 2],
    /// The oldest and the newest number there is.
    pub(crate) window: (u64, u64),
    /// Tweets of the last second that were too many to list.
    pub(crate) unlisted: u64,
}

impl Told {
    /// How the connection to X stands, where that was told.
    pub(crate) fn upstream(&self) -> Option<ConnectionState> {
        self.standing.as_ref().map(|standing| standing.stream)
    }
}

/// The stream, from anywhere.
#[derive(Clone, Copy)]
pub(crate) struct Stream {
    engine: StoredValue<Engine, LocalStorage>,
    socket: StoredValue<Option<Socket>, LocalStorage>,
    pub(crate) rows: RwSignal<Vec<Row>>,
    /// New tweets under the pill.
    pub(crate) held: RwSignal<u64>,
    told: RwSignal<Told>,
    pub(crate) countries: RwSignal<Vec<Country>>,
    /// Every country seen so far.
    pub(crate) known_countries: RwSignal<Vec<Code>>,
    /// Counts seconds, while the stream is wanted.
    pub(crate) second: RwSignal<i64>,
}

impl Stream {
    /// Makes it, at the root.
    pub(crate) fn provide() -> Self {
        let stream = Self {
            engine: StoredValue::new_local(Engine::new(browser::clock_ms())),
            socket: StoredValue::new_local(None),
            rows: RwSignal::new(Vec::new()),
            held: RwSignal::new(0),
            told: RwSignal::new(Told {
                phase: Phase::Idle,
                standing: None,
                mode: Mode::Live,
                placed: [0, 0],
                window: (0, 0),
                unlisted: 0,
            }),
            countries: RwSignal::new(Vec::new()),
            known_countries: RwSignal::new(Vec::new()),
            second: RwSignal::new(0),
        };
        set_interval(move || stream.beat(), BEAT);
        let seen = move |_| {
            stream.tell(if browser::is_hidden() { Input::Hidden } else { Input::Visible });
        };
        let _ = window_event_listener_untyped("visibilitychange", seen);
        let _ = window_event_listener_untyped("online", move |_| stream.tell(Input::Online));
        stream
    }

    /// Something of how it stands.
    pub(crate) fn seen<T>(self, read: fn(&Told) -> T) -> T {
        self.told.with(read)
    }

    /// Reads or changes the engine.
    pub(crate) fn with<T>(self, act: impl FnOnce(&mut Engine, i64) -> T) -> Option<T> {
        let now = browser::clock_ms();
        self.engine.try_update_value(|engine| act(engine, now))
    }

    fn act(self, act: impl FnOnce(&mut Engine, i64) -> Vec<Effect>) {
        let effects = self.with(act).unwrap_or_default();
        self.carry_out(effects);
    }

    fn carry_out(self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Open => {
                    let heard = move |said: JsValue| {
                        if let Ok(frame) = serde_wasm_bindgen::from_value::<Envelope>(said) {
                            self.act(|engine, now| engine.hear(now, browser::random(), frame));
                        }
                    };
                    let closed = move |code: u16| self.tell(Input::Closed(code));
                    let socket = Socket::open(&format!("{BASE}/live"), heard, closed);
                    // One at a time: what was there before is closed by being dropped.
                    self.socket.set_value(Some(socket));
                }
                Effect::Close => self.socket.set_value(None),
                Effect::Send(text) => self.socket.with_value(|socket| {
                    if let Some(socket) = socket {
                        socket.say(&text);
                    }
                }),
            }
        }
    }

    fn tell(self, input: Input) {
        self.act(|engine, now| engine.input(now, browser::random(), input));
    }

    fn beat(self) {
        let idle = self.engine.with_value(|engine| *engine.phase() == Phase::Idle);
        if idle && self.told.with_untracked(|told| told.phase == Phase::Idle) {
            return;
        }
        self.tell(Input::Tick);
        self.publish();
    }

    /// A page shows the stream, or no longer.
    pub(crate) fn want(self, wanted: bool) {
        self.act(|engine, now| engine.want(now, wanted));
        self.publish();
    }

    /// Other events are wanted.
    pub(crate) fn filter(self, choice: &Choice) {
        let wanted = choice.subscribe();
        self.act(|engine, now| engine.filter(now, wanted));
    }

    /// Tries again what was refused.
    pub(crate) fn retry(self) {
        self.want(false);
        self.want(true);
    }

    /// Stops and goes on.
    pub(crate) fn toggle(self) {
        let _ = self.with(|engine, now| {
            let paused = engine.player.is_paused();
            engine.pause(now, !paused);
        });
        self.publish();
    }

    /// Shows everything after a number again.
    pub(crate) fn rewind(self, after: u64, speed: i64) {
        self.act(|engine, now| engine.rewind(now, after, speed));
        self.publish();
    }

    /// Back to what happens now.
    pub(crate) fn go_live(self) {
        self.act(Engine::go_live);
        self.publish();
    }

    /// Shows what is due; once per painted frame.
    pub(crate) fn frame(self) {
        self.act(Engine::frame);
        let changed = self.with(|engine, _| {
            let rows = engine.take_rows_changed().then(|| engine.feed.rows());
            (rows, engine.feed.held())
        });
        let Some((rows, held)) = changed else { return };
        if let Some(rows) = rows {
            self.rows.set(rows);
        }
        update(self.held, held);
    }

    /// Holds the list still while somebody reads.
    pub(crate) fn hold(self, holding: bool) {
        let _ = self.with(|engine, _| engine.hold(holding));
    }

    /// Shows what waits under the pill.
    pub(crate) fn release(self) {
        let _ = self.with(|engine, _| engine.release());
    }

    fn publish(self) {
        let _ = self.with(|engine, now| {
            let told = Told {
                phase: engine.phase().clone(),
                standing: engine.standing().cloned(),
                mode: engine.player.mode(),
                placed: engine.placed(),
                window: engine.window(),
                unlisted: engine.feed.unlisted(engine.server_now(now)),
            };
            update(self.told, told);
            let second = engine.server_now(now).div_euclid(1_000);
            if self.second.get_untracked() != second {
                self.second.set(second);
                engine.pass(now);
                let table = engine.counts.table();
                let known = self.known_countries;
                for code in table.iter().map(|line| line.code) {
                    if known.with_untracked(|known| !known.contains(&code)) {
                        known.update(|known| known.push(code));
                    }
                }
                update(self.countries, table);
            }
        });
    }
}

/// Sets a signal if its value is another one.
fn update<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.with_untracked(|old| *old != value) {
        signal.set(value);
    }
}
