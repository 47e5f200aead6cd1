//! Roost as built, in workerd, with the simulator behind it. Owns: how both are started for a
//! benchmark. Must not know what is measured. Invariant: workerd is reached on its own port, as
//! in production, without the proxy of `wrangler dev`.

use super::load::Target;
use super::rivals::{self, Server};
use crate::api::Api;
use crate::children::Children;
use crate::failure::{Explain, Failure, Outcome};
use crate::http::{self, Request};
use crate::project::Project;
use crate::vars;
use crate::{clock, ports, stack};
use serde_json::{Value, json};

/// Where its simulator listens, or the next free after it.
const XSIM_PORT: u16 = 8880;
/// Far more than a benchmark reads: nothing is billed here.
const CAP_USD: u32 = 1_000_000;
/// Nobody of the outside can use it: everything listens on loopback and ends with the benchmark.
const TOKEN: &str = "bench-admin-token";

/// A running Roost.
pub(super) struct Roost {
    /// Its API.
    pub(super) api: Api,
    /// `http://127.0.0.1:…`, without a slash at its end.
    pub(super) url: String,
    /// The simulator's address.
    pub(super) xsim: String,
    /// workerd.
    pid: u32,
    children: Children,
}

/// Roost, reading so many posts a second, each with a place, for viewers of these kinds.
pub(super) fn streaming(
    project: &Project,
    rate: u32,
    kinds: &'static [&'static str],
) -> Outcome<Server> {
    let mut roost = start(project)?;
    // The sample stream needs no rules, so that no post is left out.
    roost.sim("/sim/stream", &json!({"rate": rate, "share_placed": 1, "sample": true}))?;
    // Off first: what it does by itself at its first start must not meet what is wanted here.
    let wanted = json!({
        "state": "off", "mode": "sample", "stop_without_viewers": false,
        "session_cap_usd": CAP_USD, "month_cap_usd": CAP_USD,
    });
    roost.api.put("/stream", &wanted)?;
    roost.api.put("/stream", &json!({"state": "on"}))?;
    let Roost { api, children, .. } = &mut roost;
    rivals::until(children, "the stream", || {
        let stream = api.get("/stream").ok()?;
        (stream.pointer("/connection/state")?.as_str()? == "live").then_some(())
    })?;
    let target = Target {
        url: format!("{}/api/v1/live", roost.url.replacen("http", "ws", 1)),
        dialect: "roost",
        kinds,
        token: Some(TOKEN.to_owned()),
        ahead_ms: roost.ahead()?,
    };
    Ok(Server { target, pid: roost.pid, children: roost.children })
}

/// Roost as it was built last and its simulator, doing nothing yet.
pub(super) fn start(project: &Project) -> Outcome<Roost> {
    let mut children = Children::default();
    let xsim = start_xsim(project, &mut children)?;
    let vars = settings(&xsim);
    let mut node = super::node(project);
    node.arg(project.at("tests/bench/roost.ts"));
    node.env("ROOST_VARS", vars.to_string());
    let log = project.log("bench-roost");
    rivals::start(&mut children, "workerd", &mut node, &log)?;
    let line = rivals::until(&mut children, "workerd", || {
        let text = std::fs::read_to_string(&log).ok()?;
        text.lines().find_map(|line| serde_json::from_str::<Value>(line).ok())
    })?;
    let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default();
    let url = text("url").trim_end_matches('/').to_owned();
    let pid = line.get("pid").and_then(Value::as_u64).and_then(|pid| u32::try_from(pid).ok());
    let pid = pid.ok_or_else(|| {
        Failure::new("starting workerd", line.to_string(), format!("see {}", log.display()))
    })?;
    let api = Api::new(format!("{url}/api/v1"), TOKEN);
    rivals::until(&mut children, "the worker", || api.is_up().then_some(()))?;
    Ok(Roost { api, url, xsim, pid, children })
}

/// Its settings: the simulator's keys, and the flush of the paid plan.
fn settings(xsim: &str) -> Value {
    let mut vars: serde_json::Map<String, Value> =
        vars::SIMULATOR.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    for (name, value) in [("X_API_URL", xsim), ("ADMIN_TOKEN", TOKEN), ("LIVE_FLUSH_MS", "250")] {
        vars.insert(name.to_owned(), json!(value));
    }
    Value::Object(vars)
}

/// The simulator alone, as it was built last, at the present; its address.
pub(super) fn start_xsim(project: &Project, children: &mut Children) -> Outcome<String> {
    let port = ports::next_free(XSIM_PORT).ok_or_else(|| stack::port_taken(XSIM_PORT))?;
    let (at, now) = (port.to_string(), clock::now().0.to_string());
    let mut command = project.command(project.target().join("sim/xsim"));
    command.args(["--port", &at, "--followers", "10", "--rate-limits", "off", "--now", &now]);
    rivals::start(children, "xsim", &mut command, &project.log("bench-xsim"))?;
    let url = format!("http://127.0.0.1:{port}");
    let health = format!("{url}/sim/health");
    rivals::until(children, "the simulator", || {
        http::send(&Request::get(&health)).ok().filter(|answer| answer.status == 200)
    })?;
    Ok(url)
}

/// A wish to the simulator.
pub(super) fn sim(xsim: &str, path: &str, body: &Value) -> Outcome {
    let url = format!("{xsim}{path}");
    let body = body.to_string().into_bytes();
    let content_type = Some("application/json");
    let asked = Request { method: "POST", url: &url, token: None, content_type, body: &body };
    answered(&asked).map(drop)
}

/// The body of an answer that is well.
fn answered(asked: &Request) -> Outcome<Vec<u8>> {
    let what = format!("{} {}", asked.method, asked.url);
    let answer = http::send(asked).explain(&what)?;
    if answer.status == 200 {
        return Ok(answer.body);
    }
    let said = String::from_utf8_lossy(&answer.body).into_owned();
    let todo = "see target/xtask/logs/bench-roost.log and bench-xsim.log";
    Err(Failure::new(what, format!("{}: {said}", answer.status), todo))
}

impl Roost {
    fn sim(&self, path: &str, body: &Value) -> Outcome {
        sim(&self.xsim, path, body)
    }

    /// Sends bytes to a route that only a simulated Roost has.
    pub(super) fn post_bytes(&self, path: &str, body: &[u8]) -> Outcome<Value> {
        let url = format!("{}{path}", self.url);
        let content_type = Some("application/x-ndjson");
        let asked = Request { method: "POST", url: &url, token: Some(TOKEN), content_type, body };
        serde_json::from_slice(&answered(&asked)?).explain(format!("reading the answer of {path}"))
    }

    /// What the simulator's clock is ahead of this machine's.
    fn ahead(&self) -> Outcome<i64> {
        let url = format!("{}/sim/clock", self.xsim);
        let before = clock::now().0;
        let body = answered(&Request::get(&url))?;
        let here = before.midpoint(clock::now().0);
        let value: Value =
            serde_json::from_slice(&body).explain("reading the simulator's clock")?;
        let now = value.get("now").and_then(Value::as_i64);
        now.map(|now| now - here).ok_or_else(|| {
            Failure::new("reading the simulator's clock", value.to_string(), "see tests/xsim")
        })
    }
}
