//! What a server costs. Owns: reading /proc. Must not know what the processes do. Invariant: a
//! process is counted with everything it started, and where there is no /proc nothing is made up.

use std::collections::HashMap;
use std::path::Path;

/// The kernel's unit of CPU times in /proc: `USER_HZ`, 100 on every Linux that Rust runs on.
const TICKS_A_SECOND: f64 = 100.0;

/// CPU and memory of a process and its descendants.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Usage {
    /// Seconds on a CPU since they began, in user and kernel mode.
    pub(super) cpu_s: f64,
    /// Resident memory, in KiB.
    pub(super) rss_kib: u64,
}

/// One line of the process table.
#[derive(Debug, PartialEq)]
struct Process {
    parent: u32,
    cpu_s: f64,
}

/// Of `root` and all it started; `None` if it is gone or there is no /proc.
pub(super) fn of(root: u32) -> Option<Usage> {
    let mut table = HashMap::new();
    for entry in std::fs::read_dir("/proc").ok()?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // A process may end while it is being looked at.
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        table.extend(parse(&stat).map(|process| (pid, process)));
    }
    table.get(&root)?;
    let mut sum = Usage::default();
    for (pid, process) in table.iter().filter(|(pid, _)| descends(**pid, root, &table)) {
        sum.cpu_s += process.cpu_s;
        sum.rss_kib += resident(*pid).unwrap_or_default();
    }
    Some(sum)
}

/// CPU seconds that all cores together have worked since the machine began.
pub(super) fn machine_cpu_s() -> Option<f64> {
    busy(&std::fs::read_to_string("/proc/stat").ok()?)
}

/// `cpu user nice system idle iowait irq softirq steal guest guest_nice`: proc(5). Guests are
/// counted in user already.
fn busy(stat: &str) -> Option<f64> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Vec<f64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let of = |at: &[usize]| at.iter().filter_map(|at| ticks.get(*at)).sum::<f64>();
    Some(of(&[0, 1, 2, 5, 6, 7]) / TICKS_A_SECOND)
}

fn descends(mut pid: u32, root: u32, table: &HashMap<u32, Process>) -> bool {
    while pid != root {
        match table.get(&pid) {
            Some(process) if process.parent != pid => pid = process.parent,
            _ => return false,
        }
    }
    true
}

/// `pid (name) state ppid … utime stime …`: proc(5). The name may hold anything.
fn parse(stat: &str) -> Option<Process> {
    let (_, rest) = stat.rsplit_once(')')?;
    let words: Vec<_> = rest.split_whitespace().collect();
    let ticks = |at: usize| words.get(at)?.parse::<f64>().ok();
    let cpu_s = (ticks(11)? + ticks(12)?) / TICKS_A_SECOND;
    Some(Process { parent: words.get(1)?.parse().ok()?, cpu_s })
}

fn resident(pid: u32) -> Option<u64> {
    let path = Path::new("/proc").join(pid.to_string()).join("status");
    let status = std::fs::read_to_string(path).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_table_is_read_behind_its_name() {
        let stat = "77 (a) b (c) S 5 77 77 0 -1 4194304 9 0 0 0 150 50 0 0 20 0 1 0 1 1 1";
        assert_eq!(parse(stat), Some(Process { parent: 5, cpu_s: 2.0 }));
        assert_eq!(parse("77 (a"), None);
    }

    #[test]
    fn waiting_is_no_work() {
        assert_eq!(busy("cpu  100 0 200 9999 500 0 50 50 7 7\ncpu0 1 1 1 1"), Some(4.0));
    }

    #[test]
    fn descendants_are_found_and_strangers_are_not() {
        let process = |parent| Process { parent, cpu_s: 0.0 };
        let table = HashMap::from([(1, process(0)), (5, process(1)), (7, process(5))]);
        assert!(descends(7, 5, &table) && descends(5, 5, &table));
        assert!(!descends(1, 5, &table) && !descends(5, 7, &table));
    }
}
