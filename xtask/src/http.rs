//! Requests to the stack that runs here. Owns: HTTP/1.1 on loopback, one connection per request;
//! https (a deployed Roost) goes through Node's own client, so that this crate carries no TLS.
//! Must not know any route. Invariant: a token is never on a command line.

use crate::project::Project;
use serde_json::json;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::Duration;

/// No answer here takes longer; a worker that panicked never answers at all.
const TIMEOUT: Duration = Duration::from_mins(1);

/// One request.
pub(crate) struct Request<'a> {
    /// `GET`, `POST`, ….
    pub(crate) method: &'static str,
    /// The whole address.
    pub(crate) url: &'a str,
    /// Sent as the bearer token.
    pub(crate) token: Option<&'a str>,
    /// The body's type, if there is a body.
    pub(crate) content_type: Option<&'static str>,
    /// The body.
    pub(crate) body: &'a [u8],
}

impl<'a> Request<'a> {
    /// A plain `GET`.
    pub(crate) fn get(url: &'a str) -> Self {
        Self { method: "GET", url, token: None, content_type: None, body: &[] }
    }
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    /// The whole body.
    pub(crate) body: Vec<u8>,
}

/// Sends it and waits for the whole answer; the error is a text for people.
pub(crate) fn send(request: &Request) -> Result<Answer, String> {
    if request.url.starts_with("https://") {
        return by_node(request);
    }
    let (host, path) = split(request.url)?;
    let said = |error: std::io::Error| format!("{} {}: {error}", request.method, request.url);
    let mut stream = TcpStream::connect(&host).map_err(said)?;
    stream.set_read_timeout(Some(TIMEOUT)).map_err(said)?;
    stream.set_write_timeout(Some(TIMEOUT)).map_err(said)?;
    stream.write_all(head(request, &host, path).as_bytes()).map_err(said)?;
    stream.write_all(request.body).map_err(said)?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).map_err(said)?;
    parse(&bytes).ok_or_else(|| format!("{}: the answer was cut off", request.url))
}

fn split(url: &str) -> Result<(String, &str), String> {
    let rest = url.strip_prefix("http://").ok_or_else(|| format!("{url}: not an http address"))?;
    let (host, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let host = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
    Ok((host, path))
}

fn head(request: &Request, host: &str, path: &str) -> String {
    let mut head = format!(
        "{} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n",
        request.method,
        request.body.len()
    );
    // Writing to a string cannot fail.
    if let Some(token) = request.token {
        let _ = write!(head, "authorization: Bearer {token}\r\n");
    }
    if let Some(kind) = request.content_type {
        let _ = write!(head, "content-type: {kind}\r\n");
    }
    head.push_str("\r\n");
    head
}

/// Reads a whole answer; `None` if it is not all there.
fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(bytes.get(..end)?).ok()?;
    let body = bytes.get(end + 4..)?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let header = |name: &str| {
        head.lines().filter_map(|line| line.split_once(':')).find_map(|(key, value)| {
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_ascii_lowercase())
        })
    };
    if header("transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
        return Some(Answer { status, body: unchunk(body)? });
    }
    if let Some(length) = header("content-length") {
        return Some(Answer { status, body: body.get(..length.parse().ok()?)?.to_vec() });
    }
    Some(Answer { status, body: body.to_vec() })
}

fn unchunk(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = bytes.windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(bytes.get(..end)?).ok()?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(bytes.get(end + 2..end + 2 + size)?);
        bytes = bytes.get(end + 2 + size + 2..)?;
    }
}

/// Reads a request from its stdin and writes `{"status","body"}`; bodies are text here.
const NODE: &str = r#"
let text = "";
for await (const part of process.stdin) text += part;
const { method, url, headers, body } = JSON.parse(text);
const answer = await fetch(url, { method, headers, body: body || undefined });
process.stdout.write(JSON.stringify({ status: answer.status, body: await answer.text() }));
"#;

fn by_node(request: &Request) -> Result<Answer, String> {
    let said =
        |error: &dyn std::fmt::Display| format!("{} {}: {error}", request.method, request.url);
    let project = Project::find().map_err(|failure| failure.to_string())?;
    let mut headers = serde_json::Map::new();
    if let Some(token) = request.token {
        headers.insert("authorization".into(), format!("Bearer {token}").into());
    }
    if let Some(kind) = request.content_type {
        headers.insert("content-type".into(), kind.into());
    }
    let body = String::from_utf8_lossy(request.body);
    let asked =
        json!({"method": request.method, "url": request.url, "headers": headers, "body": body});
    let mut node = project.node();
    node.args(["--input-type=module", "--eval", NODE]);
    node.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = node.spawn().map_err(|error| said(&error))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(asked.to_string().as_bytes()).map_err(|error| said(&error))?;
    }
    let output = child.wait_with_output().map_err(|error| said(&error))?;
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout)
        .map_err(|_| said(&String::from_utf8_lossy(&output.stderr)))?;
    let status = answer.get("status").and_then(serde_json::Value::as_u64).unwrap_or_default();
    let body = answer.get("body").and_then(serde_json::Value::as_str).unwrap_or_default();
    Ok(Answer { status: u16::try_from(status).unwrap_or_default(), body: body.as_bytes().to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &str, wanted: Option<(u16, &str)>) {
        let found = parse(bytes.as_bytes());
        let wanted = wanted.map(|(status, body)| Answer { status, body: body.into() });
        assert_eq!(found, wanted);
    }

    #[test]
    fn answers_are_read_by_length_by_chunks_or_to_the_end() {
        check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", Some((200, "hi")));
        let chunked = "HTTP/1.1 202 Accepted\r\ntransfer-encoding: chunked\r\n\r\n";
        check(&format!("{chunked}2\r\nhi\r\n3;x=y\r\n yo\r\n0\r\n\r\n"), Some((202, "hi yo")));
        check("HTTP/1.1 500 Oh\r\n\r\nall of it", Some((500, "all of it")));
    }

    #[test]
    fn what_is_cut_off_is_no_answer() {
        check("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", None);
        check("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhi", None);
        check("HTTP/1.1 200 OK\r\nContent-Le", None);
    }

    #[test]
    fn a_request_reaches_a_server_and_its_answer_comes_back() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/a?b=c", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut seen = [0; 1024];
            let mut length = 0;
            while !seen[..length].ends_with(b"body") {
                length += stream.read(&mut seen[length..]).unwrap();
            }
            stream.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok").unwrap();
            String::from_utf8_lossy(&seen[..length]).into_owned()
        });
        let request = Request {
            method: "POST",
            url: &url,
            token: Some("t"),
            content_type: Some("text/plain"),
            body: b"body",
        };
        assert_eq!(send(&request), Ok(Answer { status: 201, body: b"ok".to_vec() }));
        let seen = server.join().unwrap();
        assert!(seen.starts_with("POST /a?b=c HTTP/1.1\r\n"), "{seen}");
        assert!(seen.contains("authorization: Bearer t\r\n"), "{seen}");
    }
}
