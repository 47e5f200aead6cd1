//! Sources of worker and page, as they were last seen. Owns: which files those are, and whether one has
//! changed. Must not know what is done about it. Invariant: a file that is being written is seen as
//! changed again until it rests.
//!
//! Times and lengths of some 700 files are read in a few milliseconds: asking four times a second is
//! cheaper than a library for each system's own notifications.

use crate::failure::{Explain, Outcome};
use crate::project::Project;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Folders and files that page and worker are built from.
const ROOTS: [&str; 8] = [
    "shared/src",
    "worker",
    "frontend",
    "shared/Cargo.toml",
    "Cargo.toml",
    "Cargo.lock",
    "vite.config.js",
    "wrangler.toml",
];
/// Folders in them that builds write to.
const OUTPUTS: [&str; 2] = ["build", "pkg"];

type Seen = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// What was seen when.
pub(crate) struct Sources {
    root: PathBuf,
    built: Seen,
    last: Seen,
}

impl Sources {
    /// The sources as they are, which is as they were built.
    pub(crate) fn now(project: &Project) -> Outcome<Self> {
        let seen = look(project.root())?;
        Ok(Self { root: project.root().to_path_buf(), built: seen.clone(), last: seen })
    }

    /// Looks again. What changed since the last build, once it has rested from one look to the next;
    /// it counts as built from here on.
    pub(crate) fn changed(&mut self) -> Outcome<Vec<PathBuf>> {
        let seen = look(&self.root)?;
        let rests = seen == self.last;
        self.last = seen;
        if !rests || self.last == self.built {
            return Ok(Vec::new());
        }
        let changed = differing(&self.built, &self.last);
        self.built.clone_from(&self.last);
        Ok(changed)
    }
}

/// Files that one of the two has and the other has not, or not alike.
fn differing(before: &Seen, after: &Seen) -> Vec<PathBuf> {
    let other = |path: &PathBuf| before.get(path) != after.get(path);
    let all: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    all.into_iter().filter(|path| other(path)).cloned().collect()
}

fn look(root: &Path) -> Outcome<Seen> {
    let mut seen = Seen::new();
    for name in ROOTS {
        list(root, &root.join(name), &mut seen).explain(format!("reading {name}"))?;
    }
    Ok(seen)
}

fn list(root: &Path, path: &Path, seen: &mut Seen) -> std::io::Result<()> {
    // Editors write a file beside the old one and rename it: for a moment there may be none.
    let Ok(about) = path.metadata() else { return Ok(()) };
    if about.is_file() {
        let name = path.strip_prefix(root).unwrap_or(path).to_path_buf();
        seen.insert(name, (about.modified().ok(), about.len()));
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // Swap files of editors, and outputs.
        if !name.starts_with('.') && !name.ends_with('~') && !OUTPUTS.contains(&name.as_ref()) {
            list(root, &entry.path(), seen)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(name: &str) -> (PathBuf, Sources) {
        let root = std::env::temp_dir().join(format!("roost-{}-{name}", std::process::id()));
        std::fs::create_dir_all(root.join("frontend/pkg")).unwrap();
        std::fs::write(root.join("frontend/a.rs"), "1").unwrap();
        let seen = look(&root).unwrap();
        (root.clone(), Sources { root, built: seen.clone(), last: seen })
    }

    #[test]
    fn a_change_is_told_once_and_only_after_it_rests() {
        let (root, mut sources) = sources("rests");
        assert!(sources.changed().unwrap().is_empty());
        std::fs::write(root.join("frontend/a.rs"), "12").unwrap();
        assert!(sources.changed().unwrap().is_empty(), "it may still be being written");
        assert_eq!(sources.changed().unwrap(), [PathBuf::from("frontend/a.rs")]);
        assert!(sources.changed().unwrap().is_empty());
        std::fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn new_and_removed_files_are_changes_and_outputs_are_none() {
        let (root, mut sources) = sources("kinds");
        std::fs::write(root.join("frontend/pkg/out.js"), "1").unwrap();
        std::fs::write(root.join("frontend/.a.rs.swp"), "1").unwrap();
        std::fs::write(root.join("frontend/b.rs"), "1").unwrap();
        std::fs::remove_file(root.join("frontend/a.rs")).unwrap();
        sources.changed().unwrap();
        let changed = sources.changed().unwrap();
        assert_eq!(changed, ["frontend/a.rs", "frontend/b.rs"].map(PathBuf::from));
        std::fs::remove_dir_all(root).unwrap();
    }
}
