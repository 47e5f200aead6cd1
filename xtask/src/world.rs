//! The state that `dev` keeps, one folder per upstream. Owns: the folder's name and the
//! simulated world's constants. Invariant: a kept state meets the world it was made from again,
//! because the simulator is a pure function of what is noted here.

use crate::failure::{Explain, Outcome};
use crate::project::Project;
use serde_json::{Value, json};
use shared::time::UnixMs;
use std::path::{Path, PathBuf};

/// What the simulator was started with, and how much of it was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct World {
    /// The simulator's seed.
    pub(crate) seed: u64,
    /// Followers at the start clock.
    pub(crate) followers: u64,
    /// The simulator's clock when this state was begun.
    pub(crate) start: UnixMs,
    /// Its port: part of the upstream's address, which accounts remember.
    pub(crate) port: u16,
    /// Up to when saved lists were imported.
    pub(crate) loaded_until: Option<UnixMs>,
}

impl World {
    /// The world of a new state.
    pub(crate) fn new(now: UnixMs, port: u16) -> Self {
        Self { seed: 1, followers: 10_000, start: now.floor_second(), port, loaded_until: None }
    }

    /// The world of a kept state, if there is one that can be read.
    pub(crate) fn load(folder: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(folder.join("world.json")).ok()?;
        Self::parse(&serde_json::from_str(&text).ok()?)
    }

    fn parse(value: &Value) -> Option<Self> {
        let time = |name: &str| value.get(name)?.as_i64().map(UnixMs);
        Some(Self {
            seed: value.get("seed")?.as_u64()?,
            followers: value.get("followers")?.as_u64()?,
            start: time("start")?,
            port: u16::try_from(value.get("port")?.as_u64()?).ok()?,
            loaded_until: time("loaded_until"),
        })
    }

    /// Notes it in the folder.
    pub(crate) fn save(&self, folder: &Path) -> Outcome {
        let value = json!({
            "seed": self.seed,
            "followers": self.followers,
            "start": self.start.0,
            "port": self.port,
            "loaded_until": self.loaded_until.map(|at| at.0),
        });
        write_whole(&folder.join("world.json"), &format!("{value:#}\n"))
    }
}

/// The folder for the state of an upstream; `None` is the simulator.
pub(crate) fn folder(project: &Project, upstream: Option<&str>) -> PathBuf {
    project.at(".roost/state").join(upstream.map_or_else(|| "sim".to_owned(), slug))
}

/// An address as a folder name: `https://api.x.com` is `api.x.com`.
fn slug(url: &str) -> String {
    let bare = url.split_once("://").map_or(url, |(_, rest)| rest);
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    let name: String = bare.trim_matches('/').chars().map(safe).collect();
    name.trim_start_matches('.').to_owned()
}

/// Writes a file so that a reader sees all of it or the one before.
pub(crate) fn write_whole(path: &Path, text: &str) -> Outcome {
    let partial = path.with_extension("partial");
    crate::vars::save(&partial, text)?;
    std::fs::rename(&partial, path).explain(format!("writing {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upstreams_get_folders_of_their_own() {
        for (url, name) in [
            ("https://api.x.com", "api.x.com"),
            ("https://api.x.com/", "api.x.com"),
            ("http://127.0.0.1:9801", "127.0.0.1-9801"),
            ("https://../..", "-.."),
        ] {
            assert_eq!(slug(url), name);
        }
    }

    #[test]
    fn a_world_is_read_back_as_it_was_saved() {
        let folder = std::env::temp_dir().join(format!("roost-world-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        assert_eq!(World::load(&folder), None);
        let mut world = World::new(UnixMs(1_700_000_000_123), 9801);
        assert_eq!(world.start, UnixMs(1_700_000_000_000));
        for loaded_until in [None, Some(UnixMs(5))] {
            world.loaded_until = loaded_until;
            world.save(&folder).unwrap();
            assert_eq!(World::load(&folder).as_ref(), Some(&world));
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
