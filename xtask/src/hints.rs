//! What to do about an error that a tool printed. Owns: the texts we know by heart. Must not
//! know which tool ran. Invariant: the more particular pattern stands first.

/// Pattern (lower case) and advice.
const KNOWN: &[(&str, &str)] = &[
    ("no space left on device", "the disk is full: free some space (`cargo clean` frees target/)"),
    (
        "linker `cc` not found",
        "a C compiler is missing: install gcc or clang (Debian: apt-get install build-essential; macOS: xcode-select --install)",
    ),
    (
        "can only install packages when your package.json",
        "package.json and package-lock.json disagree: run `npm install` and commit package-lock.json",
    ),
    (
        "eintegrity",
        "a package differs from what package-lock.json names: `npm cache clean --force`, then try again",
    ),
    ("eacces", "a file belongs to another user: check who owns node_modules and ~/.npm"),
    ("permission denied", "a file belongs to another user: check who owns the path above"),
    ("address already in use", "another program has that port: name another with --port"),
    (
        "target may not be installed",
        "the wasm target is missing: rustup target add wasm32-unknown-unknown",
    ),
    (
        "can't find crate for `core`",
        "the wasm target is missing: rustup target add wasm32-unknown-unknown",
    ),
    ("in the lock file", "the lock file is out of date: run `cargo check` and commit Cargo.lock"),
    (
        "it looks like the rust project used to create this wasm file",
        "wasm-bindgen and its crates differ in version: see `cargo xtask doctor`",
    ),
    ("not authenticated", "sign in first: npx wrangler login"),
    ("you are not logged in", "sign in first: npx wrangler login"),
    ("cannot find module", "npm packages are incomplete: remove node_modules and try again"),
    ("enotfound", OFFLINE),
    ("eai_again", OFFLINE),
    ("econnrefused", OFFLINE),
    ("etimedout", OFFLINE),
    ("network is unreachable", OFFLINE),
    ("could not resolve host", OFFLINE),
    ("failed to download", OFFLINE),
    ("failed to fetch", OFFLINE),
    ("spurious network error", OFFLINE),
    ("couldn't resolve host", OFFLINE),
    ("temporary failure in name resolution", OFFLINE),
    // What pip says of its connections, whatever the system said.
    ("failed to establish a new connection", OFFLINE),
    ("cannot connect to proxy", OFFLINE),
];

const OFFLINE: &str = "the registry could not be reached: check the network (and any proxy), then run the same command again; what was already fetched is kept";

/// The advice for the first known pattern in `output`, whatever its case.
pub(crate) fn for_output(output: &str) -> Option<&'static str> {
    let output = output.to_lowercase();
    KNOWN.iter().find(|(pattern, _)| output.contains(pattern)).map(|(_, advice)| *advice)
}

/// Whether an output tells of a network that is not there.
pub(crate) fn is_offline(output: &str) -> bool {
    for_output(output) == Some(OFFLINE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(output: &str, wanted: Option<&str>) {
        let found = for_output(output);
        match wanted {
            None => assert_eq!(found, None),
            Some(part) => assert!(found.is_some_and(|advice| advice.contains(part)), "{found:?}"),
        }
    }

    #[test]
    fn what_tools_print_leads_to_what_to_do() {
        check("error: linker `cc` not found", Some("C compiler"));
        check("write error: No space left on device (os error 28)", Some("disk is full"));
        check("npm error code ENOTFOUND", Some("network"));
        check("npm ci can only install packages when your package.json and", Some("npm install"));
        check("warning: spurious network error (3 tries remaining)", Some("network"));
        check("npm error code EACCES", Some("who owns"));
        check("error[E0308]: mismatched types", None);
    }

    #[test]
    fn every_pattern_is_lower_case() {
        for (pattern, _) in KNOWN {
            assert_eq!(*pattern, pattern.to_lowercase());
        }
    }
}
