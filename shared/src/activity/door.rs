//! The door. Owns: the challenge's answer, the order of checks, what each refusal is called.
//! Invariant: signatures are compared in constant time, over the bytes as they came.

use super::event::Event;
use crate::time::{DAY_MS, HOUR_MS, MINUTE_MS, UnixMs};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Largest body taken, in bytes: an event with two whole profiles is under 20 kB.
pub const BODY_MAX: usize = 1_000_000;
/// X sends again what was not taken, and on request whatever it sent in the last 24 hours
/// (docs.x.com, "Webhooks", replay); older than this it is not X who sends.
const OLD_MS: i64 = 25 * HOUR_MS;
/// Clocks may differ by this much.
const EARLY_MS: i64 = 5 * MINUTE_MS;
/// Ids of events are remembered this long at the door; an account remembers those it applied for
/// ever.
pub const SEEN_MS: i64 = 90 * DAY_MS;

/// Why a call is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// More bytes than [`BODY_MAX`].
    Oversized,
    /// Without the signature of whoever holds the consumer secret.
    Forged,
    /// Signed, but no event.
    Malformed(String),
    /// Of another time than now.
    Stale(String),
    /// Taken before.
    Replayed,
}

impl Refusal {
    /// Under what it is counted.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Oversized => "oversized",
            Self::Forged => "forged",
            Self::Malformed(_) => "malformed",
            Self::Stale(_) => "stale",
            Self::Replayed => "replayed",
        }
    }

    /// The HTTP status of the answer.
    pub fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) => 400,
            Self::Forged => 401,
            Self::Replayed => 409,
            Self::Stale(_) => 410,
            Self::Oversized => 413,
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Oversized => write!(f, "at most {BODY_MAX} bytes are taken"),
            Self::Forged => f.write_str(
                "x-twitter-webhooks-signature is not `sha256=` and the HMAC-SHA256 of this body \
                 under the app's consumer secret (X_API_SECRET)",
            ),
            Self::Malformed(why) => write!(f, "no event of X's activity API: {why}"),
            Self::Stale(why) => f.write_str(why),
            Self::Replayed => f.write_str("this event was taken before: nothing is applied twice"),
        }
    }
}

/// The answer to X's challenge of a webhook: `sha256=` and the signature of its token.
pub fn challenge(consumer_secret: &str, crc_token: &str) -> String {
    let signed = mac(consumer_secret, crc_token.as_bytes());
    let bytes = signed.map(|mac| mac.finalize().into_bytes().to_vec()).unwrap_or_default();
    format!("sha256={}", STANDARD.encode(bytes))
}

/// Takes a call in, or says why not. `signature` is the header as it came. Whether the event was
/// taken before is for the caller to say, once it knows which one it is.
///
/// # Errors
/// The first check that fails: size, signature, form, time.
pub fn admit(
    consumer_secret: &str,
    signature: Option<&str>,
    body: &[u8],
    now: UnixMs,
) -> Result<Event, Refusal> {
    if body.len() > BODY_MAX {
        return Err(Refusal::Oversized);
    }
    let given = signature.and_then(|text| text.strip_prefix("sha256="));
    let given = given.and_then(|text| STANDARD.decode(text).ok()).ok_or(Refusal::Forged)?;
    let mac = mac(consumer_secret, body).ok_or(Refusal::Forged)?;
    mac.verify_slice(&given).map_err(|_| Refusal::Forged)?;
    let event = Event::read(body, now).map_err(Refusal::Malformed)?;
    let age = now.since(event.at);
    if age > OLD_MS {
        return Err(Refusal::Stale(format!(
            "the event is of {}: what is more than 25 hours old is not taken, a full check shows \
             it",
            event.at
        )));
    }
    if age < -EARLY_MS {
        return Err(Refusal::Stale(format!(
            "the event is of {}, which is yet to come: one of the two clocks is wrong",
            event.at
        )));
    }
    Ok(Event { at: event.at.min(now), ..event })
}

/// None without a secret: an empty key would let everyone in.
fn mac(secret: &str, bytes: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(bytes);
    (!secret.is_empty()).then_some(mac)
}
