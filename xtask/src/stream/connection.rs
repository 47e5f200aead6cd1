//! One connection to X's stream. Owns: the bytes and when they come. Must not know what is in
//! them. TLS is Node's, so that this crate carries none; the token goes to it over a pipe.
//! Invariant: the connection is closed when this value is dropped.

use crate::process;
use crate::project::Project;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

/// Reads `{"url","token"}`, writes one line about the answer's head, then the body as it comes.
const NODE: &str = r#"
let text = "";
for await (const part of process.stdin) text += part;
const { url, token } = JSON.parse(text);
const say = (value) => process.stdout.write(JSON.stringify(value) + "\n");
let answer;
try {
  answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
} catch (error) {
  say({ error: error.cause?.message || error.message });
  process.exit(0);
}
say({ status: answer.status, headers: Object.fromEntries(answer.headers) });
try {
  for await (const part of answer.body) {
    if (!process.stdout.write(part)) await new Promise((done) => process.stdout.once("drain", done));
  }
} catch (error) {
  process.stderr.write(error.cause?.message || error.message);
  process.exitCode = 1;
}
"#;

/// What X answered to the connect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// The status code.
    pub(crate) status: u16,
    headers: Value,
}

impl Head {
    /// A header's value; `name` in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.as_str()
    }
}

/// What came next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Bytes, split anywhere.
    Bytes(Vec<u8>),
    /// Nothing within the time.
    Silence,
    /// The end; the text says how, if it was not an ordinary one.
    End(Option<String>),
}

/// An open connection.
pub(crate) struct Connection {
    child: Child,
    bytes: Receiver<Vec<u8>>,
}

/// Connects; the error is a text for people.
pub(crate) fn open(
    project: &Project,
    url: &str,
    token: &str,
) -> Result<(Head, Connection), String> {
    let mut node = project.node();
    node.args(["--input-type=module", "--eval", NODE]);
    node.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child =
        node.spawn().map_err(|error| process::cannot_start("node", &error).to_string())?;
    let asked = json!({"url": url, "token": token}).to_string();
    let mut stdin = child.stdin.take().ok_or("node has no stdin")?;
    let stdout = child.stdout.take().ok_or("node has no stdout")?;
    let mut connection = Connection { child, bytes: mpsc::channel().1 };
    stdin.write_all(asked.as_bytes()).map_err(|error| error.to_string())?;
    drop(stdin);
    let mut reader = BufReader::with_capacity(1 << 16, stdout);
    let mut line = String::new();
    reader.read_line(&mut line).map_err(|error| error.to_string())?;
    let head: Value = serde_json::from_str(&line).map_err(|_| connection.last_words())?;
    if let Some(error) = head.get("error").and_then(Value::as_str) {
        return Err(error.to_owned());
    }
    connection.bytes = pump(reader);
    let status = head.get("status").and_then(Value::as_u64).unwrap_or_default();
    let headers = head.get("headers").cloned().unwrap_or_default();
    Ok((Head { status: u16::try_from(status).unwrap_or_default(), headers }, connection))
}

/// Reads on in a thread of its own, so that silence can be told from slowness.
fn pump(mut reader: BufReader<std::process::ChildStdout>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut part = vec![0; 1 << 16];
        while let Ok(length @ 1..) = reader.read(&mut part) {
            let bytes = part.get(..length).unwrap_or_default().to_vec();
            if sender.send(bytes).is_err() {
                return;
            }
        }
    });
    receiver
}

impl Connection {
    /// Waits at most so long.
    pub(crate) fn next(&mut self, most: Duration) -> Next {
        match self.bytes.recv_timeout(most) {
            Ok(bytes) => Next::Bytes(bytes),
            Err(RecvTimeoutError::Timeout) => Next::Silence,
            Err(RecvTimeoutError::Disconnected) => {
                let well = self.child.wait().is_ok_and(|status| status.success());
                Next::End((!well).then(|| self.last_words()))
            }
        }
    }

    /// The whole body of a refusal, as far as it comes within `most`.
    pub(crate) fn body(&mut self, most: Duration) -> Vec<u8> {
        let mut body = Vec::new();
        while let Next::Bytes(bytes) = self.next(most) {
            body.extend(bytes);
        }
        body
    }

    /// What Node complained about.
    fn last_words(&mut self) -> String {
        // It may run on; what it says then is not awaited.
        let _ = self.child.kill();
        let mut text = String::new();
        if let Some(stderr) = self.child.stderr.as_mut() {
            let _ = stderr.read_to_string(&mut text);
        }
        text.trim().to_owned()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that answers once with these bytes.
    fn serve(answer: &'static [u8]) -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/2/tweets/search/stream", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut seen = [0; 4096];
            let length = stream.read(&mut seen).unwrap();
            let seen = String::from_utf8_lossy(&seen[..length]).to_lowercase();
            assert!(seen.contains("authorization: bearer t\r\n"), "{seen}");
            stream.write_all(answer).unwrap();
        });
        url
    }

    fn connect(url: &str) -> Result<(Head, Connection), String> {
        open(&Project::find().unwrap(), url, "t")
    }

    const PATIENCE: Duration = Duration::from_secs(20);

    #[test]
    fn head_and_body_come_as_they_are_sent() {
        let url = serve(
            b"HTTP/1.1 429 Too Many\r\nx-rate-limit-reset: 7\r\ntransfer-encoding: chunked\r\n\r\n\
              2\r\n{}\r\n2\r\n\r\n\r\n0\r\n\r\n",
        );
        let (head, mut connection) = connect(&url).unwrap();
        assert_eq!((head.status, head.header("x-rate-limit-reset")), (429, Some("7")));
        assert_eq!(connection.body(PATIENCE), b"{}\r\n");
        assert_eq!(connection.next(PATIENCE), Next::End(None));
    }

    #[test]
    fn a_cut_is_told_from_an_end() {
        let url = serve(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab");
        let (head, mut connection) = connect(&url).unwrap();
        assert_eq!(head.status, 200);
        connection.body(PATIENCE);
        assert!(matches!(connection.next(PATIENCE), Next::End(Some(_))));
    }

    #[test]
    fn nobody_there_is_told() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        drop(listener);
        let why = connect(&url).err().unwrap();
        assert!(why.contains("ECONNREFUSED"), "{why}");
    }
}
