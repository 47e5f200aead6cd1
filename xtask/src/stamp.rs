//! Whether something is already built. Owns: the digest of its inputs and where it is noted.
//! Invariant: a stamp is written only after everything it vouches for exists, and it is read
//! as stale if any of that is gone.

use crate::failure::{Explain, Outcome};
use crate::project::Project;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// Folders inside inputs that builds write to.
const OUTPUTS: [&str; 5] = ["target", "node_modules", "pkg", "build", ".wrangler"];

/// A digest of all files under `inputs` (files or folders; absent ones count as empty) and of
/// `words`. It tells two builds apart; it is no defence against anyone.
pub(crate) fn digest(project: &Project, inputs: &[PathBuf], words: &[&str]) -> Outcome<String> {
    let mut files = Vec::new();
    for input in inputs {
        list(input, &mut files).explain(format!("reading {}", input.display()))?;
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    words.hash(&mut hasher);
    for file in files {
        let bytes = std::fs::read(&file).explain(format!("reading {}", file.display()))?;
        file.strip_prefix(project.root()).unwrap_or(&file).hash(&mut hasher);
        bytes.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn list(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if path.is_file() {
        files.push(path.to_path_buf());
    } else if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            let entry = entry?;
            if !OUTPUTS.iter().any(|output| entry.file_name() == *output) {
                list(&entry.path(), files)?;
            }
        }
    }
    Ok(())
}

/// Whether `name` was built from inputs with this digest and all of `outputs` are still there.
pub(crate) fn is_fresh(project: &Project, name: &str, digest: &str, outputs: &[PathBuf]) -> bool {
    std::fs::read_to_string(place(project, name)).is_ok_and(|found| found == digest)
        && outputs.iter().all(|output| output.exists())
}

/// Forgets what was built: called before its outputs are touched.
pub(crate) fn clear(project: &Project, name: &str) {
    // Absent is what is wanted.
    let _ = std::fs::remove_file(place(project, name));
}

/// Notes that `name` was built from inputs with this digest.
pub(crate) fn write(project: &Project, name: &str, digest: &str) -> Outcome {
    let place = place(project, name);
    if let Some(folder) = place.parent() {
        std::fs::create_dir_all(folder).explain(format!("making {}", folder.display()))?;
    }
    std::fs::write(&place, digest).explain(format!("writing {}", place.display()))
}

fn place(project: &Project, name: &str) -> PathBuf {
    project.target().join("xtask").join(format!("{name}.stamp"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_follows_names_contents_and_words_but_not_outputs() {
        let project = Project::find().unwrap();
        let folder = std::env::temp_dir().join(format!("roost-stamp-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("pkg")).unwrap();
        let now = |words: &[&str]| digest(&project, std::slice::from_ref(&folder), words).unwrap();
        std::fs::write(folder.join("a"), "1").unwrap();
        let first = now(&[]);
        std::fs::write(folder.join("pkg/out"), "built").unwrap();
        assert_eq!(now(&[]), first, "an output changed it");
        assert_ne!(now(&["--dev"]), first, "a word did not change it");
        std::fs::write(folder.join("a"), "2").unwrap();
        assert_ne!(now(&[]), first, "a content did not change it");
        std::fs::write(folder.join("a"), "1").unwrap();
        std::fs::rename(folder.join("a"), folder.join("b")).unwrap();
        assert_ne!(now(&[]), first, "a name did not change it");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
