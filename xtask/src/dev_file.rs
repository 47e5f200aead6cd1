//! What a running `dev` leaves for others: where it is (`.roost/dev.json`, once it is ready) and
//! which processes are its own (`.roost/dev.pids`, from the start). Invariant: both are gone when
//! it ends well, and whoever finds them checks that their writer is alive.

use crate::children;
use crate::failure::{Failure, Outcome};
use crate::process;
use crate::project::Project;
use crate::world::write_whole;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// A running stack, as others read it.
pub(crate) struct Running {
    /// The API's base address.
    pub(crate) api: String,
    /// The page's address.
    pub(crate) page: String,
    /// Signs in.
    pub(crate) token: String,
    /// The simulated account, if it is simulated.
    pub(crate) account: Option<String>,
    /// The simulator's address, if it is simulated.
    pub(crate) xsim: Option<String>,
}

/// The stack of this checkout, if one is running.
pub(crate) fn running(project: &Project) -> Option<Running> {
    let text = std::fs::read_to_string(project.at(".roost/dev.json")).ok()?;
    let value: Value = serde_json::from_str(&text).ok()?;
    let field = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let pid = value.get("pid")?.as_u64()?;
    is_xtask(pid).then_some(())?;
    Some(Running {
        api: field("api")?,
        page: field("page")?,
        token: field("admin_token")?,
        account: field("account"),
        xsim: field("xsim"),
    })
}

/// The files of this process; removed when it is dropped.
pub(crate) struct DevFile {
    ready: PathBuf,
    pids: PathBuf,
}

impl DevFile {
    /// Makes sure that no other `dev` runs in this checkout, and ends what a killed one left.
    pub(crate) fn claim(project: &Project) -> Outcome<Self> {
        let pids = project.at(".roost/dev.pids");
        if let Some(found) = read(&pids) {
            if let Some(owner) =
                found.get("pid").and_then(Value::as_u64).filter(|pid| is_xtask(*pid))
            {
                return Err(Failure::new(
                    "cargo xtask dev",
                    format!("one is already running in this checkout (pid {owner})"),
                    format!("use that one, or stop it: kill {owner}"),
                ));
            }
            end_leftovers(&found);
        }
        let file = Self { ready: project.at(".roost/dev.json"), pids };
        file.note_groups(&[])?;
        Ok(file)
    }

    /// Notes which process groups are ours.
    pub(crate) fn note_groups(&self, groups: &[(&'static str, u32)]) -> Outcome {
        let value = json!({"pid": std::process::id(), "groups": groups});
        write_whole(&self.pids, &format!("{value}\n"))
    }

    /// Says that the stack is ready.
    pub(crate) fn write(&self, mut value: Value) -> Outcome {
        if let Some(fields) = value.as_object_mut() {
            fields.insert("pid".to_owned(), std::process::id().into());
        }
        write_whole(&self.ready, &format!("{value}\n"))
    }
}

impl Drop for DevFile {
    fn drop(&mut self) {
        // Absent is what is wanted.
        let _ = std::fs::remove_file(&self.ready);
        let _ = std::fs::remove_file(&self.pids);
    }
}

fn read(path: &std::path::Path) -> Option<Value> {
    serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()
}

/// Whether a process with this number runs and is one of ours: numbers are used again.
fn is_xtask(pid: u64) -> bool {
    let mut ps = Command::new("ps");
    let text = process::output(ps.args(["-o", "args=", "-p", &pid.to_string()]));
    text.is_some_and(|text| text.contains("xtask") && !text.contains("<defunct>"))
}

/// Ends process groups that still hold what `dev` started.
fn end_leftovers(found: &Value) {
    let groups = found.get("groups").and_then(Value::as_array).map(Vec::as_slice);
    let mut ps = Command::new("ps");
    let table = process::output(ps.args(["-A", "-o", "pgid=,args="])).unwrap_or_default();
    for group in groups.unwrap_or_default() {
        let number = group.get(1).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
        if let Some(number) = number.filter(|number| is_ours(&table, *number)) {
            println!("  ending what an earlier dev left behind (process group {number})");
            children::signal_group("KILL", number);
            wait_for_end(number);
        }
    }
}

/// Its ports are free only once it is gone.
fn wait_for_end(group: u32) {
    for _ in 0..60 {
        if !children::signal_group("0", group) {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Whether a line of `ps` shows one of our servers in that group.
fn is_ours(table: &str, group: u32) -> bool {
    table.lines().filter_map(|line| line.trim().split_once(' ')).any(|(number, line)| {
        number.parse() == Ok(group) && (line.contains("xsim") || line.contains("wrangler"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_servers_are_ended() {
        let table = "  101 /home/me/roost/target/sim/xsim --port 9801\n  102 vim notes\n";
        assert!(is_ours(table, 101));
        assert!(!is_ours(table, 102) && !is_ours(table, 10));
    }

    #[test]
    fn a_process_that_is_not_ours_does_not_count_as_running() {
        assert!(!is_xtask(1));
        assert!(!is_xtask(u64::from(u32::MAX)));
    }
}
