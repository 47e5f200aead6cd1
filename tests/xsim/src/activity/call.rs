//! A webhook is called: the challenge it must answer, events it must take.
//!
//! Knows HTTP/1.1 without TLS, which is all that this machine's addresses need, and the app's
//! secret. Invariant: no call takes longer than [`PATIENCE`].

use std::io;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::auth::CONSUMER_SECRET;
use crate::oauth1;

/// A webhook must answer within ten seconds (docs.x.com, "V2 Webhooks API").
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of an answer that are read.
const ANSWER_MAX: usize = 1 << 20;

/// An address that this simulator can call.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Address<'a> {
    host: &'a str,
    target: String,
}

impl<'a> Address<'a> {
    fn parse(url: &'a str) -> Option<Self> {
        let rest = url.strip_prefix("http://")?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (host, target) = rest.split_at(end);
        let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        Some(Self { host, target })
    }

    fn socket(&self) -> String {
        if self.host.contains(':') { self.host.to_owned() } else { format!("{}:80", self.host) }
    }
}

/// How a challenge ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Challenged {
    Right,
    Wrong,
    /// No answer of the webhook's own: it may be there later.
    Silent,
}

impl Challenged {
    /// Whether it was answered rightly, if it was answered at all.
    pub(super) fn right(self) -> Option<bool> {
        match self {
            Self::Right => Some(true),
            Self::Wrong => Some(false),
            Self::Silent => None,
        }
    }
}

/// What X signs with and webhooks answer with: `sha256=` and a HMAC in base 64.
pub(super) fn signature(text: &[u8]) -> String {
    // HMAC takes a key of any length.
    let signed = Hmac::<Sha256>::new_from_slice(CONSUMER_SECRET.as_bytes()).map(|mut mac| {
        mac.update(text);
        STANDARD.encode(mac.finalize().into_bytes())
    });
    format!("sha256={}", signed.unwrap_or_default())
}

/// Whether the webhook answers a challenge as only the app's own server can.
pub(super) async fn challenge(url: &str, token: &str, now_ms: i64) -> Challenged {
    let joint = if url.contains('?') { '&' } else { '?' };
    let asked = format!("{url}{joint}crc_token={}", oauth1::encode(token));
    let Ok((status, body)) = send("GET", &asked, &[], "", now_ms).await else {
        return Challenged::Silent;
    };
    let expected = signature(token.as_bytes());
    let answer: Option<Value> = serde_json::from_slice(&body).ok();
    let given = answer.as_ref().and_then(|answer| answer.get("response_token")?.as_str());
    match status {
        200..300 if given == Some(&*expected) => Challenged::Right,
        200..400 => Challenged::Wrong,
        _ => Challenged::Silent,
    }
}

/// Whether the webhook took an event.
pub(super) async fn deliver(url: &str, body: &str, now_ms: i64) -> bool {
    let signature = signature(body.as_bytes());
    let headers = [
        ("content-type", "application/json"),
        ("x-twitter-webhooks-signature", signature.as_str()),
    ];
    matches!(send("POST", url, &headers, body, now_ms).await, Ok((200..300, _)))
}

/// Status and body of an answer. The call says what time it is here, as every answer does.
async fn send(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &str,
    now_ms: i64,
) -> io::Result<(u16, Vec<u8>)> {
    let address = Address::parse(url).ok_or_else(|| io::Error::other("not plain HTTP"))?;
    let headers: String =
        headers.iter().map(|(name, value)| [*name, ": ", *value, "\r\n"].concat()).collect();
    let Address { host, target } = &address;
    let length = body.len();
    let request = format!(
        "{method} {target} HTTP/1.1\r\nhost: {host}\r\n{headers}user-agent: xsim\r\n\
         x-sim-now: {now_ms}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    let exchange = async {
        let mut socket = TcpStream::connect(address.socket()).await?;
        socket.write_all(request.as_bytes()).await?;
        read(&mut socket).await
    };
    tokio::time::timeout(PATIENCE, exchange)
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

async fn read(socket: &mut TcpStream) -> io::Result<(u16, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(answer) = parse(&bytes, false) {
            return Ok(answer);
        }
        if bytes.len() > ANSWER_MAX {
            return Err(io::Error::other("too long an answer"));
        }
        if socket.read_buf(&mut bytes).await? == 0 {
            return parse(&bytes, true).ok_or_else(|| io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// The answer, once all of it is there; `ended` when no more will come.
fn parse(bytes: &[u8], ended: bool) -> Option<(u16, Vec<u8>)> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (head, body) = (std::str::from_utf8(bytes.get(..end)?).ok()?, bytes.get(end + 4..)?);
    let mut lines = head.split("\r\n");
    let status: u16 = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let header = |name: &str| {
        head.split("\r\n").skip(1).find_map(|line| {
            let (given, value) = line.split_once(':')?;
            given.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    };
    if header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        return Some((status, unchunk(body)?));
    }
    let length = header("content-length").and_then(|value| value.parse::<usize>().ok());
    match length {
        Some(length) => Some((status, body.get(..length)?.to_vec())),
        None => (ended || status == 204).then(|| (status, body.to_vec())),
    }
}

/// The pieces of a chunked body put together, once the last is there.
fn unchunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n")?;
        let line = std::str::from_utf8(rest.get(..end)?).ok()?;
        let length = usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()?;
        if length == 0 {
            return Some(whole);
        }
        let begin = end + 2;
        whole.extend_from_slice(rest.get(begin..begin.checked_add(length)?)?);
        rest = rest.get(begin + length + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_of_plain_http() {
        for (url, found) in [
            ("http://127.0.0.1:8787/hooks/x", Some(("127.0.0.1:8787", "/hooks/x"))),
            ("http://localhost", Some(("localhost:80", "/"))),
            ("http://localhost?a=b", Some(("localhost:80", "/?a=b"))),
            ("https://example.org/", None),
        ] {
            let address = Address::parse(url);
            let read = address.as_ref().map(|a| (a.socket(), a.target.clone()));
            assert_eq!(read, found.map(|(s, t)| (s.to_owned(), t.to_owned())), "{url}");
        }
    }

    #[test]
    fn an_answer_is_whole_when_it_says_so() {
        for (text, ended, body) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", false, Some("ab")),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", false, None),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n",
                false,
                Some("ab"),
            ),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", false, None),
            ("HTTP/1.1 200 OK\r\n\r\nab", false, None),
            ("HTTP/1.1 200 OK\r\n\r\nab", true, Some("ab")),
            ("HTTP/1.1 204 No Content\r\n\r\n", false, Some("")),
            ("HTTP/1.1 200 OK\r\nCon", true, None),
        ] {
            let read = parse(text.as_bytes(), ended).map(|(_, body)| body);
            assert_eq!(read, body.map(|body| body.as_bytes().to_vec()), "{text}");
        }
    }

    #[test]
    fn a_signature_is_that_of_the_consumer_secret() {
        // Computed by Python's hmac and hashlib.
        assert_eq!(signature(b"token"), SIGNED_TOKEN);
    }

    const SIGNED_TOKEN: &str = "sha256=DUqadGF+PaqRUImKWBzHwZZFAi0MySJncMMRIgPApLY=";
}
