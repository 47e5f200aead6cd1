//! A simulator in this process and a client that sees every byte, for the tests beside this.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bills in tests are small and never negative"
)]

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
