//! Servers that we started. Owns: their process groups and their end. Must not know what they
//! serve. Invariant: when this value is dropped none of them runs any more, nor anything that
//! they started.

use crate::clock::Stopwatch;
use crate::failure::{Explain, Outcome};
use crate::process;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Between asking and making.
const GRACE: Duration = Duration::from_secs(5);

struct Server {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

/// The servers of one `dev`.
#[derive(Default)]
pub(crate) struct Children {
    servers: Vec<Server>,
}

impl Children {
    /// Starts one in a group of its own (so that Ctrl-C reaches us alone), its output in `log`.
    pub(crate) fn start(
        &mut self,
        name: &'static str,
        command: &mut Command,
        log: &Path,
    ) -> Outcome {
        if let Some(folder) = log.parent() {
            std::fs::create_dir_all(folder).explain(format!("making {}", folder.display()))?;
        }
        let file = File::create(log).explain(format!("writing {}", log.display()))?;
        let both = file.try_clone().explain(format!("writing {}", log.display()))?;
        command.process_group(0).stdin(Stdio::null()).stdout(file).stderr(both);
        let child = command.spawn().map_err(|error| process::cannot_start(name, &error))?;
        self.servers.push(Server { name, child, log: log.to_path_buf() });
        Ok(())
    }

    /// Fails with the end of its log if any of them has ended.
    pub(crate) fn check(&mut self) -> Outcome {
        for server in &mut self.servers {
            let status = server.child.try_wait().explain(format!("watching {}", server.name))?;
            if let Some(status) = status {
                let text = std::fs::read_to_string(&server.log).unwrap_or_default();
                return Err(process::failed(server.name, status.code(), &tail(&text), &server.log));
            }
        }
        Ok(())
    }

    /// Their process groups, for a later run to find what a killed one left behind.
    pub(crate) fn groups(&self) -> Vec<(&'static str, u32)> {
        self.servers.iter().map(|server| (server.name, server.child.id())).collect()
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        for server in &self.servers {
            signal_group("TERM", server.child.id());
        }
        let watch = Stopwatch::start();
        for server in &mut self.servers {
            while matches!(server.child.try_wait(), Ok(None)) && watch.elapsed() < GRACE {
                std::thread::sleep(Duration::from_millis(20));
            }
            // The leader's end is not the end of its group: workerd may outlive wrangler.
            signal_group("KILL", server.child.id());
            let _ = server.child.wait();
        }
    }
}

/// Sends a signal to a whole process group. The shell's own `kill` is there everywhere, and it
/// needs no `unsafe` of ours. Whether there was such a group.
pub(crate) fn signal_group(signal: &str, group: u32) -> bool {
    let line = format!("kill -{signal} -{group}");
    let mut shell = Command::new("sh");
    let status = shell.args(["-c", &line]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

fn tail(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines.get(lines.len().saturating_sub(25)..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("roost-children-{}-{name}.log", std::process::id()))
    }

    fn alive(pid: &str) -> bool {
        Command::new("sh").args(["-c", &format!("kill -0 {pid} 2>&-")]).status().unwrap().success()
    }

    #[test]
    fn dropping_ends_the_whole_group() {
        let path = log("group");
        let mut children = Children::default();
        let mut shell = Command::new("sh");
        shell.args(["-c", "sleep 300 & echo $!; wait"]);
        children.start("sleeper", &mut shell, &path).unwrap();
        let grandchild = loop {
            let text = std::fs::read_to_string(&path).unwrap();
            if text.ends_with('\n') {
                break text.trim().to_owned();
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        assert!(children.check().is_ok() && alive(&grandchild));
        drop(children);
        // Reaped by init, whenever it gets to it: a zombie still has its number.
        let state = Command::new("ps").args(["-o", "stat=", "-p", &grandchild]).output().unwrap();
        let state = String::from_utf8_lossy(&state.stdout).trim().to_owned();
        assert!(state.is_empty() || state.starts_with('Z'), "{state}");
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_server_that_ended_is_told_with_its_log() {
        let path = log("ended");
        let mut children = Children::default();
        let mut shell = Command::new("sh");
        shell.args(["-c", "echo cannot go on; exit 4"]);
        children.start("server", &mut shell, &path).unwrap();
        let failure = loop {
            if let Err(failure) = children.check() {
                break failure.to_string();
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        assert!(failure.contains("server ended with 4"), "{failure}");
        assert!(failure.contains("cannot go on"), "{failure}");
        std::fs::remove_file(path).unwrap();
    }
}
