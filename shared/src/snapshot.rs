//! Snapshots: an account's followers at one instant, as a file in the bucket. Owns: names and
//! keys ([`Name`], [`key`]), the writing of a file page by page ([`member`]) and its reading
//! user by user ([`Reader`]). Must not know: where the bucket is. Invariant: a file that is cut,
//! altered or not a list is [`Damage`], never a shorter list.
//!
//! # Format
//! `FOLLOWERS_<RFC 3339>.json.gz`: a JSON array of X user objects, as gzip of one or more
//! members (Roost writes one per page). Beside it lie `….roster` and `….handles`, which can be
//! made again from it.

mod array;
mod dated;
mod gunzip;
mod name;
mod reader;
mod saved;
mod writer;

pub use array::ENTRIES_MAX;
pub use dated::{AHEAD_MS, EARLIEST, Misdated, dated};
pub use name::{BadName, Name, handles_key, key, parse_key, roster_key};
pub use reader::{Damage, Reader, Seen, Summary};
pub use writer::{Place, member};

#[cfg(test)]
mod tests;
