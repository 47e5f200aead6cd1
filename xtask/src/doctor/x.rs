//! `cargo xtask doctor --x`: what X says to each key of a Roost. Owns: asking before money is
//! spent, the words for each answer. Must not know any key: the Roost that holds them asks X.
//! Invariant: nothing is spent unasked, and every refusal comes with the step that cures it.

use crate::api::Api;
use crate::args::Args;
use crate::dev_file;
use crate::failure::{Explain, Failure, Outcome};
use crate::project::Project;
use serde_json::{Value, json};
use std::io::{IsTerminal, Write as _};

/// Where the Roost is.
pub(super) struct Options {
    pub(super) url: Option<String>,
    pub(super) yes: bool,
}

pub(super) fn run(args: &Args, options: &Options) -> Outcome {
    let api = api(args, options)?;
    let credentials = api.get("/credentials")?;
    for line in overview(&credentials) {
        println!("{line}");
    }
    let usd = credentials.get("check_usd").and_then(Value::as_f64).unwrap_or_default();
    if !agreed(usd, options.yes)? {
        println!("  nothing was asked, nothing was spent");
        return Ok(());
    }
    let checked = api.post("/credentials/check", &json!({ "accept_usd": usd }), false)?;
    let (lines, refused) = verdict(&checked);
    for line in lines {
        println!("{line}");
    }
    if refused.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        "the keys for X",
        format!("refused: {}", refused.join(", ")),
        "the steps above; then `cargo xtask doctor --x` again",
    ))
}

fn api(args: &Args, options: &Options) -> Outcome<Api> {
    let token = std::env::var("ROOST_TOKEN").ok();
    if let Some(url) = &options.url {
        let token = token.ok_or_else(|| {
            args.wrong("ROOST_TOKEN (the deployment's ADMIN_TOKEN) is needed with --url")
        })?;
        return Ok(Api::new(format!("{}/api/v1", url.trim_end_matches('/')), token));
    }
    let running = dev_file::running(&Project::find()?).ok_or_else(|| {
        Failure::new(
            "cargo xtask doctor --x",
            "no dev is running here: the Roost that holds the keys asks X",
            "cargo xtask dev --upstream https://api.x.com, or --url https://…",
        )
    })?;
    Ok(Api::new(running.api, token.unwrap_or(running.token)))
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn items(value: &Value) -> &[Value] {
    value.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// What is set, and what is known to be wrong before X is asked.
fn overview(credentials: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for item in items(credentials) {
        let (name, state, source) = (text(item, "name"), text(item, "state"), text(item, "source"));
        lines.push(format!("  {name:<26} {state:<10} {source:<8} {}", text(item, "what")));
        if let Some(problem) = item.get("problem").and_then(Value::as_str) {
            lines.push(format!("  {:<26} {problem}. {}", "", text(item, "todo")));
        }
    }
    lines
}

fn agreed(usd: f64, yes: bool) -> Outcome<bool> {
    println!("  Asking X about them costs ${usd:.3} by its price list, and counts in the budget.");
    if yes || usd == 0.0 {
        return Ok(true);
    }
    if !std::io::stdin().is_terminal() {
        println!("  add --yes to agree");
        return Ok(false);
    }
    print!("  Ask? [y/N] ");
    std::io::stdout().flush().explain("asking")?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).explain("reading the answer")?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

/// A line for each answer, with its step; and the names of what X refused.
fn verdict(checked: &Value) -> (Vec<String>, Vec<String>) {
    let (mut lines, mut refused) = (Vec::new(), Vec::new());
    for item in items(checked) {
        let (word, bad) = match item.get("ok").and_then(Value::as_bool) {
            Some(true) => ("ok", false),
            Some(false) => ("REFUSED", true),
            None => ("not asked", false),
        };
        let (name, asked, detail) = (text(item, "name"), text(item, "asked"), text(item, "detail"));
        lines.push(format!("  {name:<26} {word:<10} {asked}: {detail}"));
        if bad && !refused.iter().any(|known| known == name) {
            refused.push(name.to_owned());
        }
        if let Some(step) = item.get("step").filter(|step| step.is_object()) {
            let (title, url, todo) = (text(step, "title"), text(step, "url"), text(step, "text"));
            lines.push(format!("  {:<26} -> {title}: {url}", ""));
            lines.push(format!("  {:<26}    {todo}", ""));
        }
    }
    let usd = checked.get("usd").and_then(Value::as_f64).unwrap_or_default();
    lines.push(format!("  spent ${usd:.3}"));
    (lines, refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_comes_with_its_step() {
        let checked = json!({"usd": 0.01, "items": [
            {"name": "bearer", "asked": "GET /a (free)", "ok": false, "detail": "X said no",
             "step": {"id": "keys", "title": "Copy the keys", "text": "There.", "url": "https://x"}},
            {"name": "bearer", "asked": "GET /b", "ok": false, "detail": "no", "step": null},
            {"name": "owner", "asked": "GET /c", "ok": true, "detail": "X answered", "step": null},
            {"name": "user-12", "asked": "GET /d", "ok": null, "detail": "cap", "step": null},
        ]});
        let (lines, refused) = verdict(&checked);
        assert_eq!(refused, ["bearer"]);
        let text = lines.join("\n");
        for part in ["REFUSED", "-> Copy the keys: https://x", "not asked", "spent $0.010"] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn what_is_wrong_already_is_said_before_anything_is_spent() {
        let credentials = json!({"items": [
            {"name": "user-12", "state": "ended", "source": "stored", "what": "An account",
             "problem": "X ended it", "todo": "sign in again"},
        ]});
        let lines = overview(&credentials).join("\n");
        assert!(lines.contains("ended") && lines.contains("X ended it. sign in again"), "{lines}");
    }
}
