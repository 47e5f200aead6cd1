//! `cargo xtask deploy`. Owns: what a Cloudflare account must have before `wrangler deploy` can
//! work. Invariant: it can be repeated, nothing is deleted, no secret that is there is replaced,
//! and none is printed but the `ADMIN_TOKEN` it just made.

use crate::args::Args;
use crate::failure::{Explain, Failure, Outcome};
use crate::project::Project;
use crate::steps::Step;
use crate::{build, process, vars};
use serde_json::{Map, Value};
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

pub(crate) const HELP: &str = "\
cargo xtask deploy [--dry-run]

  Builds, creates the bucket and the queues in your Cloudflare account where they are missing,
  asks for the secrets that are missing, and publishes. Can be repeated.

  --dry-run   build and check, publish nothing, create nothing

  Needs `npx wrangler login` once (or CLOUDFLARE_API_TOKEN).";

/// Keys from the X developer console, all optional: without them Roost imports saved lists.
const X_SECRETS: [(&str, &str); 7] = [
    ("X_API_KEY", "API key"),
    ("X_API_SECRET", "API key secret"),
    ("X_ACCESS_TOKEN", "access token"),
    ("X_ACCESS_SECRET", "access token secret"),
    ("X_BEARER_TOKEN", "bearer token (about ten times dearer for followers)"),
    ("X_CLIENT_ID", "OAuth 2.0 client id (accounts sign in with it)"),
    ("X_CLIENT_SECRET", "OAuth 2.0 client secret"),
];

pub(crate) fn run(mut args: Args) -> Outcome {
    let dry = args.flag("--dry-run");
    args.done()?;
    let project = Project::find()?;
    build::everything(&project, build::Build::Shipped)?;
    if dry {
        return publish(&project, &["--dry-run"], None);
    }
    need_login(&project)?;
    let config =
        std::fs::read_to_string(project.at("wrangler.toml")).explain("reading wrangler.toml")?;
    for bucket in values(&config, "bucket_name") {
        create(&project, &["r2", "bucket", "create", &bucket])?;
    }
    for queue in queues(&config) {
        create(&project, &["queues", "create", &queue])?;
    }
    let there = secrets_there(&project);
    let (secrets, made) = ask_for_secrets(&there)?;
    let file = (!secrets.is_empty()).then(|| SecretsFile::write(&project, secrets)).transpose()?;
    publish(&project, &[], file.as_ref())?;
    if let Some(token) = made {
        println!(
            "\n  ADMIN_TOKEN, made now and shown once: {token}\n  Keep a copy: it signs you in."
        );
    }
    Ok(())
}

fn need_login(project: &Project) -> Outcome {
    let step = Step::start("Cloudflare account");
    let text = process::output(project.wrangler().arg("whoami")).unwrap_or_default();
    if text.to_lowercase().contains("not authenticated") || text.is_empty() {
        return Err(Failure::new(
            "cargo xtask deploy",
            "wrangler is not signed in to Cloudflare",
            "npx wrangler login, or set CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID",
        ));
    }
    step.done("signed in");
    Ok(())
}

/// Runs a `create` for which "it is there already" is as good.
fn create(project: &Project, words: &[&str]) -> Outcome {
    let step = Step::start(words.join(" "));
    let log = project.log("deploy-create");
    let (status, tail) = process::follow(project.wrangler().args(words), &log, |_| {})?;
    if status == Some(0) {
        step.done("created");
        return Ok(());
    }
    if is_there(&tail) {
        step.done("already there");
        return Ok(());
    }
    Err(process::failed(&format!("wrangler {}", words.join(" ")), status, &tail, &log))
}

fn is_there(output: &str) -> bool {
    let output = output.to_lowercase();
    ["already exists", "already taken", "already own", "10004", "11009"]
        .iter()
        .any(|known| output.contains(known))
}

/// Names of secrets that the worker has; none before the first deployment.
fn secrets_there(project: &Project) -> Vec<String> {
    let text = process::output(project.wrangler().args(["secret", "list", "--format", "json"]));
    let list: Value = serde_json::from_str(&text.unwrap_or_default()).unwrap_or_default();
    let names = list.as_array().map(Vec::as_slice).unwrap_or_default();
    names.iter().filter_map(|item| Some(item.get("name")?.as_str()?.to_owned())).collect()
}

/// Asks for what is missing; the secrets to set, and the token if one was made.
fn ask_for_secrets(there: &[String]) -> Outcome<(Map<String, Value>, Option<String>)> {
    let mut secrets = Map::new();
    let missing = |name: &str| !there.iter().any(|known| known == name);
    let made = missing("ADMIN_TOKEN").then(vars::random_hex).transpose()?;
    if let Some(token) = &made {
        secrets.insert("ADMIN_TOKEN".to_owned(), token.clone().into());
    }
    // Seals keys that are stored from the page. Nobody needs to know it: a lost one only means
    // storing them again.
    if missing("ROOST_SECRET") {
        secrets.insert("ROOST_SECRET".to_owned(), vars::random_hex()?.into());
    }
    if !std::io::stdin().is_terminal() {
        return Ok((secrets, made));
    }
    let wanted: Vec<_> = X_SECRETS.iter().filter(|(name, _)| missing(name)).collect();
    if !wanted.is_empty() {
        println!(
            "  Keys from the X developer console. What you type is not shown; Enter skips one."
        );
    }
    for (name, label) in wanted {
        let value = ask_hidden(&format!("  {name}, {label}: "))?;
        if !value.is_empty() {
            secrets.insert((*name).to_owned(), value.into());
        }
    }
    Ok((secrets, made))
}

/// Reads a line with the terminal's echo off.
fn ask_hidden(prompt: &str) -> Outcome<String> {
    let echo = |word: &str| {
        let mut stty = Command::new("stty");
        // A terminal without stty shows what is typed; that is no reason to stop.
        let _ = stty.arg(word).stdout(Stdio::null()).stderr(Stdio::null()).status();
    };
    print!("{prompt}");
    std::io::stdout().flush().explain("asking")?;
    echo("-echo");
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    echo("echo");
    println!();
    read.explain("reading the answer")?;
    Ok(line.trim().to_owned())
}

/// Secrets on their way to wrangler: a file only its owner may read, removed when dropped.
struct SecretsFile(PathBuf);

impl SecretsFile {
    fn write(project: &Project, secrets: Map<String, Value>) -> Outcome<Self> {
        let folder = project.at(".roost");
        std::fs::create_dir_all(&folder).explain("making .roost/")?;
        let path = folder.join("deploy-secrets.json");
        vars::save(&path, &Value::Object(secrets).to_string())?;
        Ok(Self(path))
    }
}

impl Drop for SecretsFile {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0) {
            eprintln!("  remove {} yourself: it holds secrets ({error})", self.0.display());
        }
    }
}

fn publish(project: &Project, words: &[&str], secrets: Option<&SecretsFile>) -> Outcome {
    let mut wrangler = project.wrangler();
    wrangler.arg("deploy").args(words);
    if let Some(file) = secrets {
        wrangler.arg("--secrets-file").arg(&file.0);
    }
    if process::attached(&mut wrangler)? {
        return Ok(());
    }
    Err(Failure::new(
        "wrangler deploy",
        "it ended with an error, said above",
        "mend what it names and run `cargo xtask deploy` again: what was created is kept",
    ))
}

/// Every queue that the config names: its own and the one for dead letters.
fn queues(config: &str) -> Vec<String> {
    let mut names = values(config, "queue");
    names.extend(values(config, "dead_letter_queue"));
    names.sort();
    names.dedup();
    names
}

/// The values of `key = "value"` lines.
fn values(config: &str, key: &str) -> Vec<String> {
    let pairs = config.lines().filter_map(|line| line.split_once('='));
    let named = pairs.filter(|(name, _)| name.trim() == key);
    named.map(|(_, value)| value.trim().trim_matches('"').to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_exist_is_read_from_the_config() {
        let config = include_str!("../../wrangler.toml");
        assert_eq!(values(config, "bucket_name"), ["roost"]);
        assert_eq!(queues(config), ["roost-dead-letters", "roost-pushes", "roost-snapshots"]);
    }

    #[test]
    fn what_is_there_already_is_as_good_as_created() {
        assert!(is_there("Queue name 'roost-snapshots' is already taken. [code: 11009]"));
        assert!(is_there("The bucket you tried to create already exists, and you own it"));
        assert!(!is_there("Authentication error [code: 10000]"));
    }
}
