//! Other people's clients of X's API, which are tested against the simulator. Owns: where they are
//! installed and how. Must not know what is done with them. Invariant: versions and hashes are those
//! of tests/clients, and nothing of it enters the project's own packages.

use crate::failure::{Explain, Failure, Outcome};
use crate::hints;
use crate::process;
use crate::project::Project;
use crate::stamp;
use crate::steps::Step;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the clients are.
pub(crate) struct Clients {
    /// A folder of Python packages, for PYTHONPATH.
    pub(crate) python: PathBuf,
    /// A folder with `node_modules`.
    pub(crate) node: PathBuf,
}

/// What became of installing them.
pub(crate) enum Installed {
    There(Clients),
    /// The registries could not be reached: what was said of it.
    Offline(String),
}

/// Installs them from `PyPI` and npm unless they are there.
pub(crate) fn ensure(project: &Project) -> Outcome<Installed> {
    let python = match python_packages(project)? {
        Ok(folder) => folder,
        Err(why) => return Ok(Installed::Offline(why)),
    };
    Ok(match npm_packages(project, "tests/clients", "clients-npm")? {
        Ok(node) => Installed::There(Clients { python, node }),
        Err(why) => Installed::Offline(why),
    })
}

/// A folder that is there, or why the network kept it away.
pub(crate) type Fetched = Result<PathBuf, String>;

fn python_packages(project: &Project) -> Outcome<Fetched> {
    let list = project.at("tests/clients/requirements.txt");
    let Some(version) =
        process::output(project.command("python3").args(["-m", "pip", "--version"]))
    else {
        return Err(Failure::new(
            "the clients in Python",
            "python3 with pip is not installed",
            "Debian: apt-get install python3-pip; the tests of everything else run without it",
        ));
    };
    // Compiled packages fit one Python only; what pip says names it.
    let digest = stamp::digest(project, std::slice::from_ref(&list), &[&version])?;
    let folder = project.tool_folder("clients-python", &digest);
    fill(&folder, |beside| {
        let step = Step::start("clients from PyPI (usually 30 s, once)");
        let mut pip = project.command("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--only-binary=:all:", "--require-hashes"]);
        pip.args(["--no-deps", "--retries", "1", "--target"]).arg(beside).arg("-r").arg(&list);
        pip.env("PIP_ROOT_USER_ACTION", "ignore").env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
        fetch(project, step, &mut pip, "clients-python")
    })
}

/// The npm packages of a lock file in `from`, in a folder of their own.
pub(crate) fn npm_packages(project: &Project, from: &str, name: &str) -> Outcome<Fetched> {
    let files = ["package.json", "package-lock.json"];
    let sources = files.map(|name| project.at(from).join(name));
    let folder = project.tool_folder(name, &stamp::digest(project, &sources, &[])?);
    fill(&folder, |beside| {
        std::fs::create_dir_all(beside).explain(format!("making {}", beside.display()))?;
        for (file, source) in files.iter().zip(&sources) {
            std::fs::copy(source, beside.join(file)).explain(format!("copying {file}"))?;
        }
        let step = Step::start(format!("{name} (usually 5 s, once)"));
        let mut npm = project.command("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
        npm.args(["--fetch-retries=1", "--prefix"]).arg(beside).current_dir(beside);
        fetch(project, step, &mut npm, name)
    })
}

/// Fills a folder under another name first: one that has its own is whole.
fn fill(
    folder: &Path,
    fetch: impl FnOnce(&Path) -> Outcome<Result<(), String>>,
) -> Outcome<Fetched> {
    if folder.is_dir() {
        return Ok(Ok(folder.to_path_buf()));
    }
    let beside = folder.with_added_extension(std::process::id().to_string());
    let fetched = fetch(&beside);
    if !matches!(fetched, Ok(Ok(()))) {
        // Half of it helps nobody; that it could not be removed is no failure of its own.
        let _ = std::fs::remove_dir_all(&beside);
    }
    if let Err(why) = fetched? {
        return Ok(Err(why));
    }
    if std::fs::rename(&beside, folder).is_err() && !folder.is_dir() {
        return Err(Failure::new(
            format!("writing {}", folder.display()),
            "the folder could not be given its name",
            "check who owns the folder above it",
        ));
    }
    Ok(Ok(folder.to_path_buf()))
}

/// Runs an installer; what it said, if there is no network.
fn fetch(
    project: &Project,
    step: Step,
    command: &mut Command,
    log: &str,
) -> Outcome<Result<(), String>> {
    let log = project.log(log);
    let name = process::name_of(command);
    let (status, tail) = process::follow(command, &log, |_| step.progress(""))?;
    if status == Some(0) {
        step.done("");
        return Ok(Ok(()));
    }
    if hints::is_offline(&std::fs::read_to_string(&log).unwrap_or_default()) {
        return Ok(Err(format!("{name} could not reach its registry")));
    }
    Err(process::failed(&name, status, &tail, &log))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_folder_has_its_name() {
        let base = std::env::temp_dir().join(format!("roost-xtask-{}-fill", std::process::id()));
        let folder = base.join("tool-1");
        let write = |beside: &Path| {
            std::fs::create_dir_all(beside).unwrap();
            std::fs::write(beside.join("half"), "x").unwrap();
        };
        let offline = fill(&folder, |beside| {
            write(beside);
            Ok(Err("no network".to_owned()))
        });
        assert_eq!(offline.unwrap(), Err("no network".to_owned()));
        assert_eq!(std::fs::read_dir(&base).unwrap().count(), 0);
        let whole = fill(&folder, |beside| {
            write(beside);
            Ok(Ok(()))
        });
        assert_eq!(whole.unwrap(), Ok(folder.clone()));
        assert!(folder.join("half").is_file());
        let again = fill(&folder, |_| panic!("it is there")).unwrap();
        assert_eq!(again, Ok(folder));
        std::fs::remove_dir_all(base).unwrap();
    }
}
