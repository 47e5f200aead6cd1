//! `cargo xtask openapi`. Owns: the file worker/openapi.json. Must not know the API: the
//! document is made from the same types as the handlers. Invariant: the file is that document.

use crate::args::Args;
use crate::failure::{Explain, Failure, Outcome};
use crate::project::Project;

pub(crate) const HELP: &str = "\
cargo xtask openapi [--check]

  Writes worker/openapi.json from the wire types in shared/.

  --check   write nothing; fail if the file is stale";

/// Where people and reviews find it; the build writes its own beside the page.
const FILE: &str = "worker/openapi.json";

pub(crate) fn run(mut args: Args) -> Outcome {
    let check = args.flag("--check");
    args.done()?;
    let project = Project::find()?;
    if check {
        if is_fresh(&project)? {
            println!("  {FILE} is up to date");
            return Ok(());
        }
        return Err(Failure::new(FILE, "it is not what the types say", "cargo xtask openapi"));
    }
    std::fs::write(project.at(FILE), document()?).explain(format!("writing {FILE}"))?;
    println!("  wrote {FILE}");
    Ok(())
}

/// Whether the file is what the types say.
pub(crate) fn is_fresh(project: &Project) -> Outcome<bool> {
    let document = document()?;
    Ok(std::fs::read_to_string(project.at(FILE)).is_ok_and(|found| found == document))
}

/// The document, as it is written.
pub(crate) fn document() -> Outcome<String> {
    let text = serde_json::to_string_pretty(&shared::openapi::document());
    Ok(text.explain("writing the OpenAPI document")? + "\n")
}
