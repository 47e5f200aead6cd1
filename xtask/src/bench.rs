//! `cargo xtask bench`: what Roost sustains, measured here beside others. Owns: the names of the
//! benchmarks. Must not know how any of them measures. Invariant: every figure comes from this
//! machine and this run, and rivals get the same work in the same run.

mod api;
mod cost;
mod edit;
mod fanout;
mod ladder;
mod load;
mod map;
mod page;
mod python;
mod rivals;
mod roost;
mod scroll;
mod stream;
mod table;
mod tweets;
mod usage;

use crate::args::Args;
use crate::failure::{Failure, Outcome};
use crate::project::Project;
use crate::{build, stop};
use std::process::Command;

pub(crate) const HELP: &str = "\
cargo xtask bench [loop|fanout|stream|map|scroll|page|api|tweets|cost|all] [--quick]

  loop      from saving a line to seeing it in a running `dev` (or one of its own), three times
            each, beside the shipped build (about 10 min; --quick without that, 3 min)
  fanout    browsers that get 250 posts a second each with p99 under 500 ms: Roost in workerd,
            npm ws, socket.io, Tornado (about 5 min, --quick 1 min)
            --only NAME,NAME   some of roost, roost-tweets, ws, socketio, tornado
            --rate N           posts a second (250)
            --most N           viewers to stop at (12000)
  stream    posts a second from bytes to encoded events: Roost in workerd, Node, Python
            --posts N          recorded posts (20000)
  map       frames a second of the Live page with 1,000 new blips a second, 10,000 alive
  scroll    long tasks of the Tweets page while 10,000 rows are scrolled through
  page      Lighthouse's scores of every page, phone and desktop (about 8 min, --quick 4 min with
            the desktop alone); installs Lighthouse from npm into the tool cache, once
  api       how long the worker takes for a year of a tweet, and for lists of 10,000 (about 5 min)
  tweets    bytes of packed series beside JSON; what X bills for a month of tweets (about 3 min)
  cost      X's bill for a month of 10,000 followers, checked hourly, daily, and pushed with
            audits: losses told, missed and false, reasons, delays (about 40 min, --quick 2 min)
            --only NAME,NAME   some of hourly, daily, push
  all       all of them

  --quick     shorter and coarser
  --as-built  what was built last, without building: also what its size budget refuses

  Without a name the names are listed. Figures are only printed.";

/// One benchmark.
struct Bench {
    name: &'static str,
    summary: &'static str,
    run: fn(&Project, &mut Options) -> Outcome,
}

const BENCHES: [Bench; 9] = [
    Bench {
        name: "loop",
        summary: "from saving a line to seeing it: worker, page, shipped build",
        run: edit::run,
    },
    Bench {
        name: "fanout",
        summary: "viewers sustained beside ws, socket.io and Tornado",
        run: fanout::run,
    },
    Bench {
        name: "stream",
        summary: "posts a second from bytes to events beside Node and Python",
        run: stream::run,
    },
    Bench { name: "map", summary: "frame rate of the Live map in Chromium", run: map::run },
    Bench {
        name: "scroll",
        summary: "long tasks while 10,000 tweets are scrolled through in Chromium",
        run: scroll::run,
    },
    Bench {
        name: "page",
        summary: "Lighthouse's scores of every page: accessibility, best practices, performance",
        run: page::run,
    },
    Bench { name: "api", summary: "time of the heaviest answers about tweets", run: api::run },
    Bench {
        name: "tweets",
        summary: "size of packed series, and X's bill for a month of tweets",
        run: tweets::run,
    },
    Bench {
        name: "cost",
        summary: "X's bill for a month of followers, and what each schedule tells",
        run: cost::run,
    },
];

/// What was asked for.
struct Options {
    quick: bool,
    only: Option<Vec<String>>,
    rate: u32,
    most: u32,
    posts: u32,
    as_built: bool,
}

pub(crate) fn run(mut args: Args) -> Outcome {
    let mut options = Options {
        quick: args.flag("--quick"),
        only: args.text("--only")?.map(|list| list.split(',').map(str::to_owned).collect()),
        rate: args.value("--rate", "posts a second")?.unwrap_or(250),
        most: args.value("--most", "a number of viewers")?.unwrap_or(12_000),
        posts: args.value("--posts", "a number of posts")?.unwrap_or(20_000),
        as_built: args.flag("--as-built"),
    };
    let Some(name) = args.word() else {
        args.done()?;
        println!("cargo xtask bench <name>\n");
        for bench in &BENCHES {
            println!("  {:<8} {}", bench.name, bench.summary);
        }
        println!("  {:<8} all of them", "all");
        return Ok(());
    };
    let chosen: Vec<_> =
        BENCHES.iter().filter(|bench| name == "all" || bench.name == name).collect();
    if chosen.is_empty() {
        let names: Vec<_> = BENCHES.iter().map(|bench| bench.name).collect();
        return Err(args.wrong(format!("no `{name}`: there are {} and all", names.join(", "))));
    }
    if options.rate == 0 || options.posts == 0 {
        return Err(args.wrong("--rate and --posts want more than nothing"));
    }
    args.done()?;
    let project = Project::find()?;
    // Servers run in groups of their own: ours to end.
    stop::listen()?;
    let mut failed = Vec::new();
    for bench in chosen {
        stop::check()?;
        println!("\nbench {}", bench.name);
        // The others' figures are worth having although one could not be taken.
        if let Err(failure) = (bench.run)(&project, &mut options) {
            eprintln!("{failure}");
            failed.push(bench.name);
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        format!("cargo xtask bench: {}", failed.join(", ")),
        "said above",
        "logs are in target/xtask/logs",
    ))
}

impl Options {
    /// Brings page and worker up to date, unless they are to be taken as they are.
    fn build(&self, project: &Project) -> Outcome {
        if self.as_built {
            println!("  page and worker as they were built last (--as-built)");
            return Ok(());
        }
        build::everything(project, build::Build::Shipped).map(drop)
    }
}

/// Node for a script that measures what is shipped.
fn node(project: &Project) -> Command {
    let mut node = project.node();
    node.arg("--disable-warning=ExperimentalWarning");
    node.env("ROOST_BUILD", build::Build::Shipped.folder(project));
    node
}
