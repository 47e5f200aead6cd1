//! How large the build is. Owns: the budgets and the sum. Invariant: what a visitor's browser
//! loads before anything shows, and what Cloudflare loads to start, stay under their budgets.

use crate::failure::{Explain, Failure, Outcome};
use crate::steps;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::path::Path;

/// The worker, gzip. Cloudflare refuses 3 MB on the free plan; start-up time counts as well.
const WORKER_GZIP: u64 = 1_700_000;
/// Scripts, wasm and styles that the page loads first, gzip.
const PAGE_GZIP: u64 = 800_000;

/// A size in bytes, as stored and as sent.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Size {
    raw: u64,
    gzip: u64,
}

/// The sum over files.
fn of(files: &[std::path::PathBuf]) -> Outcome<Size> {
    let mut sum = Size::default();
    for file in files {
        let bytes = std::fs::read(file).explain(format!("reading {}", file.display()))?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&bytes).explain("measuring")?;
        let packed = encoder.finish().explain("measuring")?;
        sum.raw += bytes.len() as u64;
        sum.gzip += packed.len() as u64;
    }
    Ok(sum)
}

/// Prints the worker's size and holds it to its budget.
pub(crate) fn worker(folder: &Path) -> Outcome {
    let files = [folder.join("index.js"), folder.join("index_bg.wasm")];
    hold("worker", of(&files)?, WORKER_GZIP)
}

/// Prints the size of what the page loads first (paths under `dist`) and holds it to its budget.
pub(crate) fn page(dist: &Path, initial: &[String]) -> Outcome {
    let files: Vec<_> = initial.iter().map(|name| dist.join(name)).collect();
    hold("page, first load", of(&files)?, PAGE_GZIP)
}

fn hold(name: &str, size: Size, budget: u64) -> Outcome {
    let (raw, gzip, most) = (kilo(size.raw), kilo(size.gzip), kilo(budget));
    steps::say(&format!("  {name}: {raw} kB, {gzip} kB gzip (budget {most} kB)"));
    if size.gzip <= budget {
        return Ok(());
    }
    Err(Failure::new(
        format!("the size of the {name}"),
        format!("{gzip} kB gzip is over the budget of {most} kB"),
        "see what grew: regexes, float formatting and many view types are the usual ones; \
         the budget is in xtask/src/sizes.rs",
    ))
}

fn kilo(bytes: u64) -> u64 {
    bytes.div_ceil(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_at_its_budget_is_held_and_one_byte_more_is_not() {
        assert!(hold("x", Size { raw: 9, gzip: 5 }, 5).is_ok());
        assert!(hold("x", Size { raw: 9, gzip: 6 }, 5).is_err());
    }

    #[test]
    fn sizes_add_up() {
        let file = std::env::temp_dir().join(format!("roost-size-{}", std::process::id()));
        std::fs::write(&file, vec![b'a'; 10_000]).unwrap();
        let one = of(std::slice::from_ref(&file)).unwrap();
        let two = of(&[file.clone(), file.clone()]).unwrap();
        assert_eq!((one.raw, two.raw, two.gzip), (10_000, 20_000, one.gzip * 2));
        assert!(one.gzip < 100);
        std::fs::remove_file(file).unwrap();
    }
}
