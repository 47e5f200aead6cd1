//! A simulator in this process and a client that sees every byte, for the tests beside this.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bills in tests are small and never negative"
)]

pub(crate) mod own;
pub(crate) mod receiver;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use xsim::oauth1::{self, Secrets, Signed};
use xsim::{Config, Server};

/// A Monday afternoon, off the full minute.
pub(crate) const START_MS: i64 = 1_790_000_123_000;
pub(crate) const DAY_MS: i64 = 86_400_000;
/// An hour before the midnight (UTC) after [`START_MS`].
pub(crate) const BEFORE_MIDNIGHT_MS: i64 = (START_MS / DAY_MS + 1) * DAY_MS - 3_600_000;

pub(crate) const APP: &str = "Bearer sim-bearer";
pub(crate) const USER: &str = "Bearer sim-user";

/// A simulator that stands still at [`START_MS`].
pub(crate) fn config(followers: u32) -> Config {
    Config { followers, start_ms: Some(START_MS), speed: 0.0, ..Config::default() }
}

pub(crate) struct Client {
    host: String,
}

/// An answer, or as much of it as came.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| {
            panic!("{e} in {}", String::from_utf8_lossy(&self.body));
        })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    #[track_caller]
    pub(crate) fn number(&self, name: &str) -> i64 {
        self.header(name).unwrap_or_else(|| panic!("no {name}")).parse().unwrap()
    }
}

pub(crate) async fn start(config: Config) -> Client {
    let server = Server::bind(config, 0).await.unwrap();
    let host = server.address().to_string();
    tokio::spawn(server.run());
    Client { host }
}

impl Client {
    /// Everything the server sends until it closes; empty when it says nothing.
    pub(crate) async fn raw(&self, method: &str, target: &str, auth: &str, body: &str) -> Vec<u8> {
        let mut stream = TcpStream::connect(&self.host).await.unwrap();
        let auth =
            if auth.is_empty() { String::new() } else { format!("authorization: {auth}\r\n") };
        let request = format!(
            "{method} {target} HTTP/1.1\r\nhost: {}\r\n{auth}connection: close\r\n\
             content-length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        // A connection that breaks is what some tests are about.
        let _ = stream.read_to_end(&mut bytes).await;
        bytes
    }

    pub(crate) async fn send(&self, method: &str, target: &str, auth: &str, body: &str) -> Reply {
        let bytes = self.raw(method, target, auth, body).await;
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").expect("no end of headers");
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned()))
            .collect();
        Reply { status, headers, body: bytes[end + 4..].to_vec() }
    }

    pub(crate) async fn get(&self, target: &str, auth: &str) -> Reply {
        self.send("GET", target, auth, "").await
    }

    /// A `GET` that must succeed.
    #[track_caller]
    pub(crate) fn ok(&self, target: &str, auth: &str) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        async move {
            let reply = self.get(target, auth).await;
            assert_eq!(
                reply.status,
                200,
                "{target} at {caller}: {}",
                String::from_utf8_lossy(&reply.body)
            );
            reply.json()
        }
    }

    pub(crate) async fn post(&self, target: &str, body: &Value) -> Reply {
        self.send("POST", target, "", &body.to_string()).await
    }

    /// A form, as browsers and OAuth send it.
    pub(crate) async fn form(&self, target: &str, auth: &str, form: &[(&str, &str)]) -> Reply {
        let pairs: Vec<String> = form
            .iter()
            .map(|(name, value)| format!("{}={}", oauth1::encode(name), oauth1::encode(value)))
            .collect();
        let kind = "content-type: application/x-www-form-urlencoded";
        let auth = if auth.is_empty() { "none" } else { auth };
        self.send("POST", target, &format!("{auth}\r\n{kind}"), &pairs.join("&")).await
    }

    pub(crate) async fn fault(&self, wish: Value) {
        let reply = self.post("/sim/faults", &wish).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
    }

    pub(crate) async fn fired(&self) -> Vec<u64> {
        let faults = self.ok("/sim/faults", "").await;
        faults.as_array().unwrap().iter().map(|f| f["fired"].as_u64().unwrap()).collect()
    }

    pub(crate) async fn set_now(&self, now_ms: i64) {
        let reply = self.post("/sim/clock", &serde_json::json!({"now": now_ms})).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
    }

    pub(crate) async fn bill_micros(&self) -> u64 {
        let usd = self.ok("/sim/bill", "").await["usd"].as_f64().unwrap();
        (usd * 1e6).round() as u64
    }

    /// All followers by pages of `limit`, as the API lists them.
    pub(crate) async fn walk(&self, account: &str, limit: usize, auth: &str) -> Vec<Value> {
        let mut users = Vec::new();
        let mut token = String::new();
        loop {
            let target = format!("/2/users/{account}/followers?max_results={limit}{token}");
            let page = self.ok(&target, auth).await;
            let data = page["data"].as_array().cloned().unwrap_or_default();
            assert_eq!(page["meta"]["result_count"], data.len());
            users.extend(data);
            match page["meta"]["next_token"].as_str() {
                Some(next) => token = format!("&pagination_token={next}"),
                None => return users,
            }
        }
    }

    /// The header of a signed request, as the owner of account 12 makes it.
    pub(crate) fn signed(&self, target: &str, nonce: &str, timestamp_s: i64) -> String {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let request = Signed { method: "GET", scheme: "http", host: &self.host, path };
        let secrets = Secrets { consumer: xsim::CONSUMER_SECRET, token: xsim::ACCESS_TOKEN_SECRET };
        let (key, token) = (xsim::CONSUMER_KEY, xsim::ACCESS_TOKEN);
        oauth1::authorization(request, query, key, token, secrets, nonce, timestamp_s)
    }
}

/// The `id` of each user.
pub(crate) fn ids(users: &[Value]) -> Vec<String> {
    users.iter().map(|u| u["id"].as_str().unwrap().to_owned()).collect()
}

/// A simulator whose time passes, at a rate of tweets a second.
pub(crate) fn streaming(rate: f64) -> Config {
    Config { speed: 1.0, stream_rate: rate, ..config(10) }
}

pub(crate) const STREAM: &str = "/2/tweets/search/stream";
pub(crate) const RULES: &str = "/2/tweets/search/stream/rules";
/// No test waits longer for bytes that must come.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

/// How a stream came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// As a response should.
    Whole,
    /// The connection broke.
    Broken,
}

/// An open stream, read as it comes.
pub(crate) struct Reader {
    socket: TcpStream,
    raw: Vec<u8>,
    decoded: Vec<u8>,
    /// Every chunk's length, as it was framed.
    pub(crate) chunks: Vec<usize>,
    end: Option<End>,
    pub(crate) head: String,
}

impl Reader {
    /// Takes the chunks that are complete out of the raw bytes.
    fn decode(&mut self) {
        while let Some(at) = self.raw.windows(2).position(|w| w == b"\r\n") {
            let text = std::str::from_utf8(&self.raw[..at]).unwrap();
            let length = usize::from_str_radix(text, 16).unwrap();
            if self.raw.len() < at + 2 + length + 2 {
                return;
            }
            if length == 0 {
                self.end = Some(End::Whole);
                return;
            }
            self.decoded.extend_from_slice(&self.raw[at + 2..at + 2 + length]);
            self.raw.drain(..at + 2 + length + 2);
            self.chunks.push(length);
        }
    }

    async fn more(&mut self) {
        let read = tokio::time::timeout(PATIENCE, self.socket.read_buf(&mut self.raw)).await;
        match read.expect("nothing came for too long") {
            Ok(0) | Err(_) => self.end = self.end.or(Some(End::Broken)),
            Ok(_) => self.decode(),
        }
    }

    /// The next line without its end, or how the stream ended.
    pub(crate) async fn line(&mut self) -> Result<String, End> {
        loop {
            if let Some(at) = self.decoded.windows(2).position(|w| w == b"\r\n") {
                let line = String::from_utf8(self.decoded[..at].to_vec()).unwrap();
                self.decoded.drain(..at + 2);
                return Ok(line);
            }
            if let Some(end) = self.end {
                return Err(end);
            }
            self.more().await;
        }
    }

    /// The next message that is no keep-alive.
    pub(crate) async fn message(&mut self) -> Value {
        loop {
            let line = self.line().await.expect("the stream ended");
            if !line.is_empty() {
                return serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e} in {line}"));
            }
        }
    }

    /// The next messages.
    pub(crate) async fn messages(&mut self, count: usize) -> Vec<Value> {
        let mut messages = Vec::new();
        for _ in 0..count {
            messages.push(self.message().await);
        }
        messages
    }

    /// How the stream ended, and what came of an unfinished line.
    pub(crate) async fn finish(&mut self) -> (End, String) {
        loop {
            match self.line().await {
                Ok(_) => {}
                Err(end) => return (end, String::from_utf8_lossy(&self.decoded).into_owned()),
            }
        }
    }

    /// The virtual time from which the stream has the tweets.
    pub(crate) fn begins_ms(&self) -> i64 {
        let line = self.head.lines().find_map(|line| line.strip_prefix("x-sim-now: ")).unwrap();
        line.parse().unwrap()
    }
}

impl Client {
    /// Opens a stream.
    pub(crate) async fn open(&self, target: &str, auth: &str) -> Result<Reader, Reply> {
        self.open_by("GET", target, auth, "").await
    }

    /// Opens a stream by a method and a body.
    pub(crate) async fn open_by(
        &self,
        method: &str,
        target: &str,
        auth: &str,
        body: &str,
    ) -> Result<Reader, Reply> {
        let mut socket = TcpStream::connect(&self.host).await.unwrap();
        let request = format!(
            "{method} {target} HTTP/1.1\r\nhost: {}\r\nauthorization: {auth}\r\n\
             content-length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        );
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut raw = Vec::new();
        let end = loop {
            if let Some(end) = raw.windows(4).position(|w| w == b"\r\n\r\n") {
                break end;
            }
            assert_ne!(socket.read_buf(&mut raw).await.unwrap(), 0, "no answer");
        };
        let head = String::from_utf8(raw[..end].to_vec()).unwrap();
        raw.drain(..end + 4);
        let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
        if status != 200 {
            return Err(self.refusal(head, raw, socket, status).await);
        }
        let (decoded, chunks) = (Vec::new(), Vec::new());
        let mut reader = Reader { socket, raw, decoded, chunks, end: None, head };
        reader.decode();
        Ok(reader)
    }

    async fn refusal(
        &self,
        head: String,
        mut body: Vec<u8>,
        mut socket: TcpStream,
        status: u16,
    ) -> Reply {
        let headers: Vec<(String, String)> = head
            .lines()
            .skip(1)
            .map(|line| line.split_once(": ").unwrap())
            .map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned()))
            .collect();
        let reply = Reply { status, headers, body: Vec::new() };
        let length = usize::try_from(reply.number("content-length")).unwrap();
        while body.len() < length {
            assert_ne!(socket.read_buf(&mut body).await.unwrap(), 0, "half an answer");
        }
        Reply { body, ..reply }
    }

    /// Opens a stream that must open.
    pub(crate) async fn stream(&self, query: &str) -> Reader {
        match self.open(&format!("{STREAM}{query}"), APP).await {
            Ok(reader) => reader,
            Err(reply) => panic!("{}: {}", reply.status, String::from_utf8_lossy(&reply.body)),
        }
    }

    /// Adds rules that must be valid.
    pub(crate) async fn add_rules(&self, rules: &[&str]) -> Value {
        let add: Vec<Value> =
            rules.iter().map(|rule| serde_json::json!({"value": rule, "tag": rule})).collect();
        let body = serde_json::json!({"add": add}).to_string();
        let reply = self.send("POST", RULES, APP, &body).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        reply.json()
    }

    pub(crate) async fn set_stream(&self, change: Value) {
        let reply = self.post("/sim/stream", &change).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
    }

    /// What the world wrote in `from_ms..to_ms` that matches the rules.
    pub(crate) async fn written(&self, from_ms: i64, to_ms: i64) -> Vec<String> {
        let truth = self.ok(&format!("/sim/tweets?from={from_ms}&to={to_ms}&rules=1"), "").await;
        truth["ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
    }

    /// A number of `/sim/connections`.
    pub(crate) async fn connections(&self, name: &str) -> u64 {
        self.ok("/sim/connections", "").await[name].as_u64().unwrap()
    }
}

/// The id of a message's tweet.
pub(crate) fn id_of(message: &Value) -> String {
    message["data"]["id"].as_str().unwrap_or_else(|| panic!("{message}")).to_owned()
}

/// When the tweet of an id was written, in milliseconds since 1970.
pub(crate) fn written_ms(id: &str) -> i64 {
    let id: u64 = id.parse().unwrap();
    i64::try_from(id >> 22).unwrap() + 1_288_834_974_657
}
