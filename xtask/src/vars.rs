//! Settings and secrets of a local worker. Owns: the files they are in. Must not know what they
//! open. Invariant: a secret is in a git-ignored file that only its owner may read, never on a
//! command line and never printed.

use crate::failure::{Explain, Failure, Outcome};
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Names and values, in order.
pub(crate) type Vars = Vec<(String, String)>;

/// What the simulator accepts (tests/xsim): no secrets, but they go where secrets go.
pub(crate) const SIMULATOR: [(&str, &str); 8] = [
    ("ROOST_SIM", "1"),
    ("X_BEARER_TOKEN", "sim-bearer"),
    ("X_API_KEY", "sim-key"),
    ("X_API_SECRET", "sim-key-secret"),
    ("X_ACCESS_TOKEN", "12-sim"),
    ("X_ACCESS_SECRET", "sim-token-secret"),
    ("X_CLIENT_ID", "roost-client"),
    ("X_CLIENT_SECRET", "roost-client-secret"),
];

/// Reads a file of `NAME=value` lines; an absent one is empty.
pub(crate) fn read(path: &Path) -> Outcome<Vars> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(parse(&text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error).explain(format!("reading {}", path.display())),
    }
}

fn parse(text: &str) -> Vars {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let pairs =
        lines.filter_map(|line| line.strip_prefix("export ").unwrap_or(line).split_once('='));
    pairs.map(|(name, value)| (name.trim().to_owned(), unquote(value.trim()).to_owned())).collect()
}

fn unquote(value: &str) -> &str {
    for quote in ['"', '\'', '`'] {
        let inner = value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner {
            return inner;
        }
    }
    value
}

/// The value of `name`; empty counts as absent.
pub(crate) fn get<'a>(vars: &'a Vars, name: &str) -> Option<&'a str> {
    let found = vars.iter().rfind(|(key, _)| key == name);
    found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

/// Writes a file for wrangler's `--env-file`.
pub(crate) fn write(path: &Path, vars: &Vars) -> Outcome {
    let mut text = String::new();
    for (name, value) in vars {
        if value.contains(['\'', '\n']) {
            return Err(Failure::new(
                format!("the setting {name}"),
                "its value holds a quote or a line break",
                "put it into .dev.vars without them",
            ));
        }
        // Quoted, a value is taken as it stands, except that wrangler expands `$`.
        let _ = writeln!(text, "{name}='{}'", value.replace('$', "\\$"));
    }
    save(path, &text)
}

/// The value of a secret that is nobody's but this checkout's, from `.dev.vars`: the token that
/// signs in, what seals stored keys. One is made and added where there is none.
pub(crate) fn own_secret(path: &Path, name: &str) -> Outcome<String> {
    let vars = read(path)?;
    if let Some(value) = get(&vars, name) {
        return Ok(value.to_owned());
    }
    let value = random_hex()?;
    let text = std::fs::read_to_string(path).unwrap_or_default();
    save(path, &with_line(&text, name, &value))?;
    Ok(value)
}

/// The text with its (empty) line of this name filled in, or with one added.
fn with_line(text: &str, name: &str, value: &str) -> String {
    let is_it = |line: &&str| line.split_once('=').is_some_and(|(key, _)| key.trim() == name);
    let mut lines: Vec<String> =
        text.lines().filter(|line| !is_it(line)).map(str::to_owned).collect();
    lines.push(format!("{name}={value}"));
    lines.join("\n") + "\n"
}

/// 32 hex digits from the system's random source.
pub(crate) fn random_hex() -> Outcome<String> {
    let mut bytes = [0_u8; 16];
    let mut source = std::fs::File::open("/dev/urandom").explain("opening /dev/urandom")?;
    source.read_exact(&mut bytes).explain("reading /dev/urandom")?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// Writes a file that only its owner may read.
pub(crate) fn save(path: &Path, text: &str) -> Outcome {
    let what = || format!("writing {}", path.display());
    let mut open = OpenOptions::new();
    let mut file =
        open.write(true).create(true).truncate(true).mode(0o600).open(path).explain(what())?;
    // The mode above counts only for a new file.
    file.set_permissions(PermissionsExt::from_mode(0o600)).explain(what())?;
    file.write_all(text.as_bytes()).explain(what())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_wrangler_reads_them() {
        let vars = parse("# note\nA=1\n export B = 'two words'\nA=2\nEMPTY=\nnonsense\n");
        assert_eq!(get(&vars, "A"), Some("2"));
        assert_eq!(get(&vars, "EMPTY"), None);
        assert_eq!(vars.len(), 4);
    }

    #[test]
    fn a_token_is_made_once_and_the_rest_of_the_file_stays() {
        let path = std::env::temp_dir().join(format!("roost-vars-{}", std::process::id()));
        std::fs::write(&path, "# mine\nX_API_KEY=k\nADMIN_TOKEN=\n").unwrap();
        let token = own_secret(&path, "ADMIN_TOKEN").unwrap();
        assert_eq!(token.len(), 32);
        let secret = own_secret(&path, "ROOST_SECRET").unwrap();
        assert_ne!(secret, token);
        assert_eq!(own_secret(&path, "ADMIN_TOKEN").unwrap(), token);
        assert_eq!(own_secret(&path, "ROOST_SECRET").unwrap(), secret);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# mine\nX_API_KEY=k\n"), "{text}");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn what_is_written_is_read_back() {
        let path = std::env::temp_dir().join(format!("roost-vars-out-{}", std::process::id()));
        let vars = vec![("A".to_owned(), "x y#z=".to_owned())];
        write(&path, &vars).unwrap();
        assert_eq!(read(&path).unwrap(), vars);
        assert!(write(&path, &vec![("A".to_owned(), "it's".to_owned())]).is_err());
        std::fs::remove_file(path).unwrap();
    }
}
