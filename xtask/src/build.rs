//! `cargo xtask build`. Owns: what a build consists of. Invariant: two builds never run at
//! once in one checkout.

use crate::args::Args;
use crate::failure::{Explain, Outcome};
use crate::project::Project;
use crate::{bundle, page, tools, worker};
use std::fs::File;

pub(crate) const HELP: &str = "\
cargo xtask build [--dev] [--bundle] [--for-wrangler]

  Installs what is missing, builds the page into dist/ and the worker into worker/build/, and
  holds both to their size budgets. What did not change is not built again.

  --dev            quick to build: no optimisation, no size budget
  --bundle         also write bundle/: built files and a wrangler.toml that deploys with Node alone
  --for-wrangler   the same build, silent when nothing changed; wrangler calls it";

pub(crate) fn run(mut args: Args) -> Outcome {
    let (dev, bundled) = (args.flag("--dev"), args.flag("--bundle"));
    let for_wrangler = args.flag("--for-wrangler");
    if dev && bundled {
        return Err(args.wrong("--dev and --bundle exclude each other: a bundle is for deploying"));
    }
    args.done()?;
    let project = Project::find()?;
    let built = everything(&project, dev)?;
    if bundled {
        bundle::write(&project)?;
    }
    if !built && !for_wrangler {
        println!("  page and worker are up to date");
    }
    Ok(())
}

/// Tools, page and worker; whether anything had to be built.
pub(crate) fn everything(project: &Project, dev: bool) -> Outcome<bool> {
    let _lock = lock(project)?;
    tools::ensure(project)?;
    // Each is one thread's work for most of its time.
    let (page, worker) = std::thread::scope(|scope| {
        let page = scope.spawn(|| page::build(project, dev));
        let worker = worker::build(project, dev);
        (page.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), worker)
    });
    let (page, worker) = (page?, worker?);
    Ok(page || worker)
}

/// Held while building; the second caller waits and then finds everything fresh.
fn lock(project: &Project) -> Outcome<File> {
    let folder = project.target().join("xtask");
    std::fs::create_dir_all(&folder).explain(format!("making {}", folder.display()))?;
    let file = File::create(folder.join("build.lock")).explain("making the build's lock")?;
    file.lock().explain("waiting for another build")?;
    Ok(file)
}
