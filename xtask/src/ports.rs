//! Ports on loopback. Owns: whether one is free and who has it. Invariant: asking leaves the
//! port as it was.

use crate::process;
use std::net::TcpListener;
use std::process::Command;

/// Whether a server could listen there.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

/// The first free port from `first` on, of twenty.
pub(crate) fn next_free(first: u16) -> Option<u16> {
    (first..=first.saturating_add(20)).find(|port| is_free(*port))
}

/// Who listens there, such as `node (pid 123)`, where the system says so.
pub(crate) fn holder(port: u16) -> Option<String> {
    from_proc(port).or_else(|| {
        let filter = format!("-iTCP:{port}");
        let mut lsof = Command::new("lsof");
        let text = process::output(lsof.args(["-nP", &filter, "-sTCP:LISTEN", "-Fpc"]))?;
        let field = |kind: char| text.lines().find_map(|line| line.strip_prefix(kind));
        Some(format!("{} (pid {})", field('c')?, field('p')?))
    })
}

/// Linux: the listening socket's inode, then the process that holds it open.
fn from_proc(port: u16) -> Option<String> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let texts = tables.iter().filter_map(|table| std::fs::read_to_string(table).ok());
    let inode = texts.into_iter().find_map(|text| listening_inode(&text, port))?;
    let wanted = format!("socket:[{inode}]");
    for process in std::fs::read_dir("/proc").ok()?.flatten() {
        let Ok(open) = std::fs::read_dir(process.path().join("fd")) else { continue };
        let holds = |entry: std::fs::DirEntry| {
            std::fs::read_link(entry.path()).is_ok_and(|link| link.to_string_lossy() == wanted)
        };
        if open.flatten().any(holds) {
            let name = std::fs::read_to_string(process.path().join("comm")).ok()?;
            return Some(format!(
                "{} (pid {})",
                name.trim(),
                process.file_name().to_string_lossy()
            ));
        }
    }
    None
}

/// The inode of the socket that listens on `port`, from a table of /proc/net.
fn listening_inode(table: &str, port: u16) -> Option<String> {
    const LISTEN: &str = "0A";
    table.lines().skip(1).find_map(|line| {
        let mut words = line.split_whitespace();
        let local = words.nth(1)?;
        let state = words.nth(1)?;
        let inode = words.nth(5)?;
        let found = u16::from_str_radix(local.rsplit(':').next()?, 16).ok()?;
        (found == port && state == LISTEN).then(|| inode.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_listened_on_is_not_free() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(!is_free(port));
        assert_ne!(next_free(port), Some(port));
    }

    #[test]
    fn the_table_of_sockets_gives_the_listeners_inode() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            0: 0100007F:2253 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 111 1\n\
            1: 0100007F:2253 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 222 1\n";
        assert_eq!(listening_inode(table, 8787), Some("222".to_owned()));
        assert_eq!(listening_inode(table, 8788), None);
    }
}
