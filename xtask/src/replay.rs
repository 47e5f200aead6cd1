//! `cargo xtask replay`. Owns: asking a Roost, here or deployed, to derive a ledger anew.
//! Invariant: it changes nothing that the saved lists do not say.

use crate::api::{Api, Ended};
use crate::args::Args;
use crate::dev_file;
use crate::failure::{Failure, Outcome};
use crate::project::Project;
use crate::steps::Step;
use std::time::Duration;

pub(crate) const HELP: &str = "\
cargo xtask replay [--account ID] [--url https://…]

  Derives an account's ledger anew from its saved lists and waits until that is done. Without
  --url it asks the running `cargo xtask dev`; with it a deployed Roost, whose ADMIN_TOKEN is
  read from the environment variable ROOST_TOKEN.

  --account ID   the account's id (the simulated account with `dev`)
  --token TOKEN  instead of ROOST_TOKEN; other users of the machine can see it";

/// A replay of years of lists.
const PATIENCE: Duration = Duration::from_mins(30);

pub(crate) fn run(mut args: Args) -> Outcome {
    let (url, account) = (args.text("--url")?, args.text("--account")?);
    let token = args.text("--token")?.or_else(|| std::env::var("ROOST_TOKEN").ok());
    let missing = |what: &str| args.wrong(format!("{what} is needed"));
    let (api, account) = if let Some(url) = url {
        let base = format!("{}/api/v1", url.trim_end_matches('/'));
        let token = token.ok_or_else(|| missing("ROOST_TOKEN (the deployment's ADMIN_TOKEN)"))?;
        (Api::new(base, token), account.ok_or_else(|| missing("--account"))?)
    } else {
        let running = dev_file::running(&Project::find()?).ok_or_else(|| {
            Failure::new(
                "cargo xtask replay",
                "no dev is running here",
                "cargo xtask dev, or --url",
            )
        })?;
        let account = account.or(running.account).ok_or_else(|| missing("--account"))?;
        (Api::new(running.api, token.unwrap_or(running.token)), account)
    };
    args.done()?;
    let step = Step::start(format!("replaying account {account}"));
    let run = api.start(&format!("/accounts/{account}/replay"))?;
    match api.wait(&run, PATIENCE, || {
        step.progress("");
        Ok(())
    })? {
        Ended::Done => {
            step.done(&format!("run {run}"));
            Ok(())
        }
        Ended::Badly(why) => {
            Err(Failure::new(format!("run {run}"), why, "see Collection on the page: what ran"))
        }
    }
}
