//! One viewer: a websocket that reads. Owns: the handshake, the subscription, the ping. Must not
//! know: what a frame means, who else is watching. Invariant: it reads as fast as it can and
//! never answers more than its dialect asks.

use crate::dialect::{Dialect, Seen};
use crate::stats::Stats;
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

/// As browsers do; Roost drops who is silent for 45 s.
const PING_EVERY: Duration = Duration::from_secs(25);
/// Thousands of viewers share this process: the library's 128 KiB each would be its memory.
const READ_BUFFER: usize = 32 * 1024;

/// What to watch; the first line that is read.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Config {
    /// `ws://127.0.0.1:…`.
    pub(crate) url: String,
    /// How it speaks.
    pub(crate) dialect: Dialect,
    /// Roost: the bearer token, sent as a subprotocol like a browser does.
    #[serde(default)]
    pub(crate) token: Option<String>,
    /// Roost: the kinds of events that are asked for.
    #[serde(default)]
    pub(crate) kinds: Vec<String>,
    /// What the clock that stamps posts is ahead of this machine's, in milliseconds.
    #[serde(default)]
    pub(crate) ahead_ms: i64,
}

type Socket = WebSocketStream<TcpStream>;

/// Watches until the connection ends or the task is aborted; `joined` is told once the server
/// has let it in, or why not.
pub(crate) async fn watch(
    config: Rc<Config>,
    stats: Rc<RefCell<Stats>>,
    joined: oneshot::Sender<Result<(), String>>,
) {
    let mut joined = Some(joined);
    let ended = match connect(&config).await {
        Ok(socket) => read(socket, &config, &stats, &mut joined).await,
        Err(why) => why,
    };
    match joined.take() {
        // Whoever asked may have given up waiting.
        Some(joined) => drop(joined.send(Err(ended))),
        None => stats.borrow_mut().closed += 1,
    }
}

async fn connect(config: &Config) -> Result<Socket, String> {
    let mut request = config.url.as_str().into_client_request().map_err(|e| e.to_string())?;
    if let Some(token) = &config.token {
        let protocols = format!("roost.v1, bearer.{token}");
        let protocols = HeaderValue::from_str(&protocols).map_err(|e| e.to_string())?;
        request.headers_mut().insert("sec-websocket-protocol", protocols);
    }
    let host = request.uri().authority().map(ToString::to_string).unwrap_or_default();
    let stream = TcpStream::connect(&host).await.map_err(|e| format!("{host}: {e}"))?;
    let limits = WebSocketConfig::default().read_buffer_size(READ_BUFFER);
    let answer = tokio_tungstenite::client_async_with_config(request, stream, Some(limits)).await;
    let (mut socket, _) = answer.map_err(|e| e.to_string())?;
    if config.dialect == Dialect::Roost {
        let subscribe = serde_json::json!({"t": "subscribe", "kinds": config.kinds}).to_string();
        socket.send(Message::text(subscribe)).await.map_err(|e| e.to_string())?;
    }
    Ok(socket)
}

/// Why it ended.
async fn read(
    mut socket: Socket,
    config: &Config,
    stats: &RefCell<Stats>,
    joined: &mut Option<oneshot::Sender<Result<(), String>>>,
) -> String {
    let mut seen = Seen::new(config.dialect);
    let mut ping = tokio::time::interval(PING_EVERY);
    ping.reset();
    loop {
        if seen.joined
            && let Some(joined) = joined.take()
        {
            let _ = joined.send(Ok(()));
        }
        let answer = tokio::select! {
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    let now = now_ms() + config.ahead_ms;
                    let stats = &mut stats.borrow_mut();
                    config.dialect.read(text.as_bytes(), now, &mut seen, stats)
                }
                Some(Ok(Message::Close(frame))) => {
                    return frame.map_or("closed".to_owned(), |frame| frame.to_string());
                }
                Some(Ok(_)) => None,
                Some(Err(error)) => return error.to_string(),
                None => return "closed".to_owned(),
            },
            _ = ping.tick() => (config.dialect == Dialect::Roost).then_some("{\"t\":\"ping\"}"),
        };
        if let Some(answer) = answer
            && let Err(error) = socket.send(Message::Text(Utf8Bytes::from_static(answer))).await
        {
            return error.to_string();
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "a native program's own clock; the rule is for wasm")]
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
