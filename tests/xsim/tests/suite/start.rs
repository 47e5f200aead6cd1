//! The program from the outside: the line it prints and how it ends.
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};

fn xsim(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xsim"));
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn it_says_where_it_listens() {
    let mut child = xsim(&["--port", "0", "--seed", "5", "--followers", "20"]).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(line.starts_with("xsim listening on http://127.0.0.1:"), "{line}");
    assert!(line.ends_with(" (seed 5, 20 followers)\n"), "{line}");
}

#[track_caller]
fn check_refused(args: &[&str], code: i32, part: &str) {
    let output = xsim(args).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(text.contains(part), "{text}");
}

#[test]
fn a_taken_port_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    check_refused(&["--port", &port], 1, &format!("port {port} is taken"));
}

#[test]
fn wrong_flags_are_named() {
    check_refused(&["--prot", "1"], 2, "--prot");
    check_refused(&["--now", "1999-01-01T00:00:00Z", "--port", "0"], 2, "the years 2018");
    check_refused(&["--followers", "5000001", "--port", "0"], 2, "5000000");
    check_refused(&["--speed", "-1", "--port", "0"], 2, "speed");
}
