//! A webhook of a test's own: it answers challenges and keeps what it is told.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Looks, 10 ms apart, before a test gives up: two minutes, of a debug build on a busy machine.
pub(crate) const WAITS_MAX: u32 = 12_000;

/// What `x-twitter-webhooks-signature` must be of a body.
pub(crate) fn signature(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(xsim::CONSUMER_SECRET.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// An event as it came.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Told {
    pub(crate) fn data(&self) -> Value {
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        body["data"].clone()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")))
    }
}

#[derive(Debug, Default)]
struct Shared {
    told: Mutex<Vec<Told>>,
    /// Events still to be refused with 503.
    refuse: AtomicU32,
    /// Challenges still to be answered wrongly.
    lie: AtomicU32,
}

pub(crate) struct Receiver {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks/x", listener.local_addr().unwrap());
        let shared = Arc::new(Shared::default());
        let of_task = Arc::clone(&shared);
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                tokio::spawn(answer(socket, Arc::clone(&of_task)));
            }
        });
        Self { url, shared }
    }

    pub(crate) fn refuse(&self, events: u32) {
        self.shared.refuse.store(events, Ordering::SeqCst);
    }

    pub(crate) fn lie(&self, challenges: u32) {
        self.shared.lie.store(challenges, Ordering::SeqCst);
    }

    /// Everything told so far, once there are so many.
    pub(crate) async fn told(&self, count: usize) -> Vec<Told> {
        for _ in 0..WAITS_MAX {
            let told = self.shared.told.lock().unwrap().clone();
            if told.len() >= count {
                return told;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("only {} of {count} came", self.shared.told.lock().unwrap().len());
    }
}

async fn answer(mut socket: TcpStream, shared: Arc<Shared>) {
    let mut bytes = Vec::new();
    let (head, body) = loop {
        if socket.read_buf(&mut bytes).await.unwrap() == 0 {
            return;
        }
        let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let length: usize = length.parse().unwrap();
        if bytes.len() >= end + 4 + length {
            break (head, bytes[end + 4..].to_vec());
        }
    };
    let one_less = |n: u32| n.checked_sub(1);
    let (status, text) = if let Some((_, rest)) = head.split_once("crc_token=") {
        let token = rest.split([' ', '&']).next().unwrap();
        let lies = shared.lie.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok();
        let token = if lies { signature(b"other") } else { signature(token.as_bytes()) };
        (200, serde_json::json!({"response_token": token}).to_string())
    } else if shared.refuse.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok() {
        (503, String::new())
    } else {
        shared.told.lock().unwrap().push(Told { head, body });
        (200, String::new())
    };
    let answer = format!("HTTP/1.1 {status} Told\r\ncontent-length: {}\r\n\r\n{text}", text.len());
    socket.write_all(answer.as_bytes()).await.unwrap();
}
