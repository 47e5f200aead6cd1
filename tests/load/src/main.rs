//! Many websocket viewers in one process, driven line by line.
//!
//! Owns: how many watch, and what they saw. Must not know: who serves them, or whether that was
//! enough. Invariant: every line that is read is answered by exactly one line of JSON.
//!
//! The first line says what to watch (see [`viewer::Config`]) and is not answered. Then:
//! - `viewers N`: as many as that watch -> `{"viewers","refused","why"}`
//! - `measure S`: counts for S seconds -> see [`stats::Stats::report`]
//!
//! One thread: on a small machine the other cores belong to the server.

mod dialect;
mod histogram;
mod stats;
mod viewer;

use serde_json::{Value, json};
use stats::Stats;
use std::cell::RefCell;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader, Lines, Stdin};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, LocalSet};

/// Handshakes under way at once: a server that broadcasts takes its time over each.
const CONNECTING: usize = 50;
/// A server that has not let all of them in after this, and after so much more for each, refuses.
const PATIENCE: Duration = Duration::from_secs(8);
const PATIENCE_EACH: Duration = Duration::from_millis(5);

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ended = match runtime {
        Ok(runtime) => LocalSet::new().block_on(&runtime, drive()),
        Err(error) => Err(error.to_string()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("load: {why}");
            ExitCode::FAILURE
        }
    }
}

async fn drive() -> Result<(), String> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let first = next(&mut lines).await?.ok_or("no line that says what to watch")?;
    let config = serde_json::from_str(&first).map_err(|error| error.to_string())?;
    let mut crowd = Crowd::new(config);
    while let Some(line) = next(&mut lines).await? {
        let answer = match line.split_once(' ') {
            Some(("viewers", count)) => crowd.resize(number(count)?).await,
            Some(("measure", seconds)) => crowd.measure(number(seconds)?).await,
            _ => return Err(format!("`{line}` is no command: viewers N, measure S")),
        };
        println!("{answer}");
    }
    Ok(())
}

async fn next(lines: &mut Lines<BufReader<Stdin>>) -> Result<Option<String>, String> {
    lines.next_line().await.map_err(|error| error.to_string())
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.trim().parse().map_err(|_| format!("`{text}` is no number"))
}

/// Everyone who watches.
struct Crowd {
    config: Rc<viewer::Config>,
    stats: Rc<RefCell<Stats>>,
    viewers: Vec<JoinHandle<()>>,
}

impl Crowd {
    fn new(config: viewer::Config) -> Self {
        Self { config: Rc::new(config), stats: Rc::default(), viewers: Vec::new() }
    }

    /// Lets viewers come or go until `count` watch, or the server refuses.
    async fn resize(&mut self, count: usize) -> Value {
        self.viewers.retain(|viewer| !viewer.is_finished());
        for viewer in self.viewers.drain(count.min(self.viewers.len())..) {
            viewer.abort();
        }
        let mut refused = 0;
        let mut why = None;
        let coming = u32::try_from(count - self.viewers.len()).unwrap_or(u32::MAX);
        let patience = PATIENCE + PATIENCE_EACH.saturating_mul(coming);
        let deadline = tokio::time::Instant::now() + patience;
        while self.viewers.len() < count && refused == 0 {
            let batch = CONNECTING.min(count - self.viewers.len());
            let waiting: Vec<_> = (0..batch).map(|_| self.start()).collect();
            for (viewer, joined) in waiting {
                match tokio::time::timeout_at(deadline, joined).await {
                    Ok(Ok(Ok(()))) => self.viewers.push(viewer),
                    other => {
                        viewer.abort();
                        refused += 1;
                        why = Some(match other {
                            Ok(Ok(Err(why))) => why,
                            _ => format!("not within {} s", patience.as_secs()),
                        });
                    }
                }
            }
        }
        json!({"viewers": self.viewers.len(), "refused": refused, "why": why})
    }

    fn start(&self) -> (JoinHandle<()>, oneshot::Receiver<Result<(), String>>) {
        let (sender, joined) = oneshot::channel();
        let watch = viewer::watch(Rc::clone(&self.config), Rc::clone(&self.stats), sender);
        (tokio::task::spawn_local(watch), joined)
    }

    /// Forgets what was seen so far and counts anew for so long.
    async fn measure(&mut self, seconds: f64) -> Value {
        // What viewers remember of their numbers stays: a hole across the boundary is a hole.
        *self.stats.borrow_mut() = Stats::default();
        let begun = tokio::time::Instant::now();
        tokio::time::sleep(Duration::from_secs_f64(seconds.clamp(0.0, 3_600.0))).await;
        let stats = self.stats.borrow();
        stats.report(self.viewers.len(), begun.elapsed().as_secs_f64())
    }
}
