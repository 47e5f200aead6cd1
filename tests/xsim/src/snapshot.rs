//! A follower list as a snapshot file: gzip of a JSON array, one member per thousand users.
//!
//! Knows the world, no HTTP. Invariant: the members, decompressed one after the other, are one
//! valid JSON array of the followers present at the time, newest follow first; equal worlds
//! give equal bytes.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};

use crate::identity::Subject;
use crate::profile::{self, Dialect, Fields, View};
use crate::state::Sim;
use crate::world::Account;

const MEMBER_USERS: usize = 1_000;

/// The file of one account's followers at `at_s`, seconds since 1970.
///
/// # Errors
/// Only when compressing into memory fails.
pub(crate) fn write(sim: &Sim, account: Account, at_s: i64) -> io::Result<Vec<u8>> {
    let roster = sim.world.roster(account);
    let mut present = Vec::new();
    roster.scan(0..roster.arrived_by(at_s), |index, timeline| {
        if timeline.present(at_s) {
            present.push(index);
        }
    });
    present.reverse();
    let view = View {
        world: &sim.world,
        at_s,
        fields: Fields::crawl_set(),
        dialect: Dialect::Tweet,
        asker: None,
        owner_followers: (0, 0),
    };
    if present.is_empty() {
        return member(b"[]");
    }

    let groups: Vec<&[u32]> = present.chunks(MEMBER_USERS).collect();
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, io::Result<Vec<u8>>)>> = Mutex::default();
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(groups.len());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let Some(group) = groups.get(n) else { return };
                    let last = n + 1 == groups.len();
                    let json = json(&view, account, group, n == 0, last);
                    let packed = member(&json);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((n, packed));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(n, _)| *n);
    let mut file = Vec::new();
    for (_, packed) in done {
        file.extend(packed?);
    }
    Ok(file)
}

fn json(view: &View<'_>, account: Account, users: &[u32], first: bool, last: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(users.len() * 640);
    for (n, &index) in users.iter().enumerate() {
        out.push(if first && n == 0 { b'[' } else { b',' });
        profile::write_user(&mut out, view, Subject::Follower(account, index));
    }
    if last {
        out.push(b']');
    }
    out
}

/// One gzip member of some JSON.
///
/// # Errors
/// Only when compressing into memory fails.
pub(crate) fn member(json: &[u8]) -> io::Result<Vec<u8>> {
    let buffer = Vec::with_capacity(json.len() / 3);
    let mut gzip: GzEncoder<Vec<u8>> =
        GzBuilder::new().mtime(0).operating_system(255).write(buffer, Compression::fast());
    gzip.write_all(json)?;
    gzip.finish()
}
