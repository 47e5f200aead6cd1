//! Where things are. Owns: the folders of this checkout and of the tool cache. Invariant: all
//! paths are absolute, so that a command works from any folder.

use crate::failure::{Failure, Outcome};
use std::path::{Path, PathBuf};
use std::process::Command;

/// This checkout, and the cache of tools beside it.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    root: PathBuf,
    cache: PathBuf,
    yielding: bool,
}

impl Project {
    /// Finds the checkout that this xtask was built from.
    pub(crate) fn find() -> Outcome<Self> {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest.parent().map(Path::to_path_buf).filter(|root| {
            root.join("wrangler.toml").is_file() && root.join("Cargo.toml").is_file()
        });
        let root = root.ok_or_else(|| {
            Failure::new(
                "finding the project",
                format!("no wrangler.toml beside {}", manifest.display()),
                "run `cargo xtask` inside a checkout of Roost",
            )
        })?;
        Ok(Self { root, cache: cache_folder()?, yielding: false })
    }

    /// The same checkout, whose programs give way to all others: compilers that run beside specs must
    /// not make those wait, since each waits no longer than it was told to.
    pub(crate) fn yielding(&self) -> Self {
        Self { yielding: true, ..self.clone() }
    }

    /// The folder of this checkout.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path inside the checkout.
    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// Where a pinned command-line tool lives: outside the checkout, one folder per version, so
    /// that clones share it and two versions never meet.
    pub(crate) fn tool_folder(&self, name: &str, version: &str) -> PathBuf {
        self.cache.join("tools").join(format!("{name}-{version}"))
    }

    /// A binary of an npm package.
    pub(crate) fn npm_bin(&self, name: &str) -> PathBuf {
        self.at("node_modules/.bin").join(name)
    }

    /// A log file of this run.
    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.target().join("xtask/logs").join(format!("{name}.log"))
    }

    /// `cargo`, as the one that runs us.
    pub(crate) fn cargo(&self) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = self.command(cargo);
        // Set by `cargo run` about this crate; some build scripts would take them for theirs.
        for (name, _) in std::env::vars_os() {
            let named = name.to_string_lossy();
            if named.starts_with("CARGO_PKG_") || named.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&name);
            }
        }
        command
    }

    /// Node 22, from the npm package `node`; the machine's own where that one is missing.
    pub(crate) fn node(&self) -> Command {
        let ours = self.npm_bin("node");
        if ours.is_file() { self.command(ours) } else { self.command("node") }
    }

    /// cargo's target folder.
    pub(crate) fn target(&self) -> PathBuf {
        std::env::var_os("CARGO_TARGET_DIR")
            .filter(|folder| !folder.is_empty())
            .map_or_else(|| self.at("target"), |folder| self.root.join(folder))
    }

    /// wrangler, on our Node, and not calling home.
    pub(crate) fn wrangler(&self) -> Command {
        let mut command = self.node();
        command
            .arg(self.at("node_modules/wrangler/bin/wrangler.js"))
            .env("WRANGLER_SEND_METRICS", "false")
            .env("WRANGLER_HIDE_BANNER", "true");
        command
    }

    /// Any program, run in the checkout with our npm binaries first in PATH.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command =
            Command::new(if self.yielding { "nice".as_ref() } else { program.as_ref() });
        if self.yielding {
            command.args(["-n", "10"]).arg(program);
        }
        let mut path = vec![self.at("node_modules/.bin")];
        path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
        command.current_dir(&self.root);
        if let Ok(path) = std::env::join_paths(path) {
            command.env("PATH", path);
        }
        command
    }
}

fn cache_folder() -> Outcome<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    set("ROOST_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|base| base.join("roost")))
        .or_else(|| set("HOME").map(|home| home.join(".cache/roost")))
        .ok_or_else(|| {
            Failure::new(
                "finding a folder for tools",
                "none of ROOST_CACHE, XDG_CACHE_HOME and HOME is set",
                "set ROOST_CACHE to a folder that may hold about 60 MB",
            )
        })
}
