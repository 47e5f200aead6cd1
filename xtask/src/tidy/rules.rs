//! The rules on one file. Owns: what each rule means. Must not know where files are. Invariant:
//! a rule reads text and nothing else, so that each has a table of examples below.

use super::{Complaint, lexer};

/// Lines of a file before its tests.
const FILE_LINES: usize = 500;
/// Lines of a file with its tests, or of a file of tests.
const TEST_FILE_LINES: usize = 700;
/// Lines of a function, from its signature to its closing brace.
const FUNCTION_LINES: usize = 70;

/// Words that mark unfinished work; in halves, so that this file may name them.
const BANNED: [&str; 5] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("HA", "CK"),
    concat!("db", "g!"),
];

/// What makes a spec wait for a time to pass, or run otherwise each time.
const IMPATIENT: [&str; 4] = ["setTimeout", "setInterval", "waitForTimeout", "Math.random"];
/// Files of the specs that may: the one that polls, and what stands in for a server, takes pictures or
/// samples a process.
const PATIENT: [&str; 5] = [
    "tests/poll.ts",
    "tests/browser/mock.ts",
    "tests/browser/tweets.ts",
    "tests/browser/screenshots.ts",
    "tests/e2e/inspector.ts",
];

/// Crates that a folder must not name.
const FORBIDDEN: [(&str, &[&str]); 4] = [
    ("shared/", &["worker", "leptos", "web_sys", "js_sys", "wasm_bindgen", "gloo_net"]),
    ("worker/", &["leptos", "frontend", "gloo_net"]),
    ("frontend/", &["worker", "worker_roost"]),
    ("tests/xsim/", &["shared", "worker"]),
];

/// Everything that is wrong with one file; `path` is relative to the checkout.
pub(super) fn check(path: &str, text: &str) -> Vec<Complaint> {
    let mut complaints = banned_words(text);
    complaints.extend(waits(path, text));
    if is_rust(path) {
        let code = lexer::code_of(text);
        complaints.extend(module_doc(path, text));
        complaints.extend(file_length(path, text));
        complaints.extend(function_lengths(&code));
        complaints.extend(imports(path, &code));
    }
    complaints.sort_by_key(|complaint| complaint.line);
    complaints
}

fn is_rust(path: &str) -> bool {
    ends_with(path, "rs")
}

fn ends_with(path: &str, kind: &str) -> bool {
    std::path::Path::new(path).extension().is_some_and(|end| end == kind)
}

fn complaint(line: usize, rule: &'static str, todo: impl Into<String>) -> Complaint {
    Complaint { line, rule, todo: todo.into() }
}

fn module_doc(path: &str, text: &str) -> Option<Complaint> {
    let integration_test = path.contains("/tests/") || path.contains("/benches/");
    let wrong = !integration_test && !text.starts_with("//!");
    let todo = "begin with `//!`: what it owns, what it must not know, its invariant";
    wrong.then(|| complaint(1, "module doc", todo))
}

fn file_length(path: &str, text: &str) -> Option<Complaint> {
    let all = text.lines().count();
    let tests = text.lines().position(|line| line.trim() == "#[cfg(test)]").unwrap_or(all);
    let only_tests = path.contains("/tests/") || path.ends_with("/tests.rs");
    let (length, most) = if !only_tests && tests > FILE_LINES {
        (tests, FILE_LINES)
    } else {
        (all, TEST_FILE_LINES)
    };
    let todo = format!("{length} lines, at most {most}: give a part of it a module of its own");
    (length > most).then(|| complaint(most + 1, "file length", todo))
}

fn function_lengths(code: &str) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let lines: Vec<&str> = code.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        let length = body_length(lines.get(at..).unwrap_or_default());
        if length > FUNCTION_LINES {
            let todo = format!("`{name}` has {length} lines, at most {FUNCTION_LINES}: divide it");
            complaints.push(complaint(at + 1, "function length", todo));
        }
    }
    complaints
}

/// The name in a line that begins a function.
fn function_name(line: &str) -> Option<&str> {
    const BEFORE: [&str; 6] = ["pub", "async", "const", "extern", "default", "unsafe"];
    let mut words = line.split_whitespace().skip_while(|word| {
        BEFORE.contains(word)
            || word.starts_with("pub(")
            || word.ends_with(')') && !word.contains("fn")
    });
    (words.next()? == "fn").then_some(())?;
    words.next()?.split(['(', '<']).next()
}

/// Lines from the first to the one that closes the first brace; 0 for a signature without body.
fn body_length(lines: &[&str]) -> usize {
    let mut depth = 0_i32;
    let mut opened = false;
    for (at, line) in lines.iter().enumerate() {
        for c in line.chars() {
            match c {
                '{' => (depth, opened) = (depth + 1, true),
                '}' => depth -= 1,
                ';' if !opened && depth == 0 && line.trim_end().ends_with(';') => return 0,
                _ => {}
            }
            if opened && depth == 0 {
                return at + 1;
            }
        }
    }
    0
}

fn imports(path: &str, code: &str) -> Vec<Complaint> {
    let Some((folder, forbidden)) = FORBIDDEN.iter().find(|(folder, _)| path.starts_with(folder))
    else {
        return Vec::new();
    };
    let mut complaints = Vec::new();
    for (at, line) in code.lines().enumerate() {
        for name in forbidden.iter().filter(|name| names_crate(line, name)) {
            let todo =
                format!("{folder} must not name `{name}`: see the layout in ARCHITECTURE.md");
            complaints.push(complaint(at + 1, "import direction", todo));
        }
    }
    complaints
}

/// Whether a line of code uses a crate: `use name`, `extern crate name`, `name::…`.
fn names_crate(line: &str, name: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let bare = |word: &str| word.trim_end_matches(';') == name;
    let used = words.windows(2).any(
        |two| matches!(two, [first, second] if matches!(*first, "use" | "crate") && bare(second)),
    );
    used || whole_word(line, name).is_some_and(|at| {
        let before = line.get(..at).unwrap_or_default();
        let after = line.get(at + name.len()..).unwrap_or_default();
        after.starts_with("::") && !before.ends_with("::")
    })
}

fn banned_words(text: &str) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (at, line) in text.lines().enumerate() {
        for word in BANNED.iter().filter(|word| whole_word(line, word).is_some()) {
            let todo = format!("`{word}`: do it, or put it into an issue, or leave it out");
            complaints.push(complaint(at + 1, "unfinished", todo));
        }
    }
    complaints
}

/// Lines of a spec, or of its helpers, that wait for a time or roll dice.
fn waits(path: &str, text: &str) -> Vec<Complaint> {
    let folders = ["tests/e2e/", "tests/browser/", "tests/shipped/", "tests/poll.ts"];
    let ours = folders.iter().any(|folder| path.starts_with(folder));
    if !ours || !ends_with(path, "ts") || PATIENT.contains(&path) {
        return Vec::new();
    }
    let mut complaints = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !is_ts_comment(line)) {
        for word in IMPATIENT.iter().filter(|word| line.contains(*word)) {
            let todo = format!("`{word}`: wait for a state with tests/poll.ts, or take a seed");
            complaints.push(complaint(at + 1, "waiting", todo));
        }
    }
    complaints
}

fn is_ts_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("//") || line.starts_with('*') || line.starts_with("/*")
}

/// Where a word stands in a line, not inside a longer one.
fn whole_word(line: &str, word: &str) -> Option<usize> {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let found = line.match_indices(word).find(|(at, _)| {
        let before = line.get(..*at).and_then(|text| text.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|text| text.chars().next());
        !part(before) && !part(after)
    });
    found.map(|(at, _)| at)
}

/// Dependencies of a Cargo.toml that `reasons` (ARCHITECTURE.md) does not name as `` `name` ``.
pub(super) fn dependencies(manifest: &str, reasons: &str) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut listed = false;
    for (at, line) in manifest.lines().enumerate() {
        if line.starts_with('[') {
            listed = line.trim_end_matches(']').ends_with("dependencies");
            continue;
        }
        let name = entry_name(line).unwrap_or_default();
        let ours = line.contains("path =");
        // `name.workspace = true` is judged where the workspace names it.
        let inherited = line.contains("workspace = true");
        if listed
            && !name.is_empty()
            && !ours
            && !inherited
            && !reasons.contains(&format!("`{name}`"))
        {
            let todo = format!("say in ARCHITECTURE.md what `{name}` is for, or do without it");
            complaints.push(complaint(at + 1, "dependency", todo));
        }
    }
    complaints
}

/// Rows of the table of dependencies in `architecture` that name what no manifest lists.
pub(super) fn reasons_for_nothing(architecture: &str, manifests: &str) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut inside = false;
    for (at, line) in architecture.lines().enumerate() {
        if line.starts_with("## ") {
            inside = line == "## Dependencies";
        }
        let row = line.strip_prefix("| `").filter(|_| inside);
        let names = row.and_then(|row| row.split(" |").next()).unwrap_or_default();
        for name in names.split(['`', ',', ' ']).filter(|name| !name.is_empty()) {
            let listed = manifests.lines().any(|line| {
                line.starts_with(&format!("{name} ="))
                    || line.starts_with(&format!("{name}.workspace"))
                    || line.trim_start().starts_with(&format!("\"{name}\":"))
            });
            if !listed {
                let todo = format!("no manifest lists `{name}`: leave its row out");
                complaints.push(complaint(at + 1, "dependency", todo));
            }
        }
    }
    complaints
}

/// The name in `name = …` or `name.workspace = …`; lines inside a list have none.
fn entry_name(line: &str) -> Option<&str> {
    let (key, _) = line.split_once('=')?;
    let name = key.split('.').next()?.trim_end();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (!name.is_empty() && name.chars().all(plain)).then_some(name)
}

/// Vars and secrets that the worker's code reads and `readme` does not name as `` `NAME` ``.
pub(super) fn settings(code: &str, readme: &str) -> Vec<Complaint> {
    // In halves, so that this line is no such reading itself.
    let reads = [concat!("(env", ", \""), concat!("env.var", "(\""), concat!("env.secret", "(\"")];
    let mut complaints = Vec::new();
    for (at, line) in code.lines().enumerate() {
        let names = reads.iter().filter_map(|read| line.split_once(read)?.1.split_once('"'));
        let is_setting = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let names = names.map(|(name, _)| name).filter(|name| name.chars().all(is_setting));
        for name in names.filter(|name| !readme.contains(&format!("`{name}`"))) {
            let todo = format!("say in README.md, under Settings, what `{name}` is");
            complaints.push(complaint(at + 1, "setting", todo));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_rules(path: &str, text: &str, wanted: &[(usize, &str)]) {
        let found = check(path, text);
        let found: Vec<_> = found.iter().map(|c| (c.line, c.rule)).collect();
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_spec_waits_for_states_only() {
        let sleeps = "// setTimeout is for others\nawait new Promise((r) => setTimeout(r, 9));\n";
        check_rules("tests/e2e/a.spec.ts", sleeps, &[(2, "waiting")]);
        check_rules("tests/browser/a.ts", "await page.waitForTimeout(9);\n", &[(1, "waiting")]);
        check_rules("tests/shipped/a.ts", "const x = Math.random();\n", &[(1, "waiting")]);
        check_rules("tests/poll.ts", sleeps, &[]);
        check_rules("tests/bench/map.ts", sleeps, &[]);
        check_rules("frontend/js/a.js", sleeps, &[]);
    }

    #[test]
    fn a_module_begins_with_what_it_owns() {
        check_rules("shared/src/a.rs", "//! Owns nothing.\n", &[]);
        check_rules("shared/src/a.rs", "use std::fmt;\n", &[(1, "module doc")]);
        check_rules("shared/tests/a.rs", "use std::fmt;\n", &[]);
    }

    #[test]
    fn unfinished_work_is_named() {
        check_rules("worker/a.css", &format!("a\n/* {}: x */\n", BANNED[0]), &[(2, "unfinished")]);
        check_rules("worker/a.css", &format!("{}S and x{}\n", BANNED[0], BANNED[2]), &[]);
    }

    #[test]
    fn imports_point_inwards() {
        let doc = "//! D.\n";
        let broken = [(2, "import direction")];
        check_rules("shared/src/a.rs", &format!("{doc}use worker::Env;\n"), &broken);
        check_rules("shared/src/a.rs", &format!("{doc}fn f(_: js_sys::Date) {{}}\n"), &broken);
        check_rules("frontend/src/a.rs", &format!("{doc}use worker;\n"), &broken);
        check_rules("shared/src/a.rs", &format!("{doc}// use worker::Env\n"), &[]);
        check_rules(
            "shared/src/a.rs",
            &format!("{doc}fn f(worker: u8, _: x::worker::Y) {{}}\n"),
            &[],
        );
        check_rules("worker/src/a.rs", &format!("{doc}use worker::Env;\n"), &[]);
    }

    #[test]
    fn a_function_may_have_seventy_lines() {
        let file = |lines: usize| {
            let body = "    x();\n".repeat(lines - 2);
            format!("//! D.\n\npub(crate) async fn f<T>(a: T)\nwhere T: U {{\n{body}}}\n")
        };
        check_rules("shared/src/a.rs", &file(69), &[]);
        check_rules("shared/src/a.rs", &file(70), &[(3, "function length")]);
    }

    #[test]
    fn a_signature_without_a_body_has_no_length() {
        let text = format!("//! D.\ntrait T {{\n    fn f();\n}}\n{}", "// x\n".repeat(80));
        check_rules("shared/src/a.rs", &text, &[]);
    }

    #[test]
    fn tests_may_make_a_file_longer() {
        let lines = |count: usize| format!("//! D.\n{}", "// x\n".repeat(count - 1));
        check_rules("shared/src/a.rs", &lines(500), &[]);
        let tests = format!("{}#[cfg(test)]\n{}", lines(500), "// t\n".repeat(199));
        check_rules("shared/src/a.rs", &tests, &[]);
        check_rules("shared/src/a.rs", &(tests + "// t\n"), &[(701, "file length")]);
        check_rules("shared/src/a.rs", &lines(501), &[(501, "file length")]);
        check_rules("shared/tests/a.rs", &lines(700), &[]);
    }

    #[test]
    fn each_dependency_has_a_reason() {
        let manifest = "[package]\nname = \"a\"\n\n[dependencies]\nserde.workspace = true\n\
            ctrlc = \"3\"\nb = { workspace = true, features = [\n    \"C\",\n] }\n# d = 1\nshared = { path = \"x\" }\n\n[dev-dependencies]\nproptest = \"1\"\n";
        let found = dependencies(manifest, "| `proptest` | generated cases |");
        let found: Vec<_> = found.iter().map(|c| (c.line, c.rule)).collect();
        assert_eq!(found, [(6, "dependency")]);
    }
    #[test]
    fn no_reason_is_given_for_what_is_not_there() {
        let text = "| `other` | x |\n## Dependencies\n| `a`, `b-c` | x |\n| `@d/e` | y |\n| `gone` | z |\n";
        let manifests = "a = \"1\"\nb-c.workspace = true\n  \"@d/e\": \"1\",\n";
        let found: Vec<_> = reasons_for_nothing(text, manifests).iter().map(|c| c.line).collect();
        assert_eq!(found, [5]);
    }

    #[test]
    fn each_setting_is_in_the_readme() {
        let code = "let a = setting(env, \"A_KEY\");\nlet b = number(env, \"B_MAX\").or(c);\n\
            let c = env.var(\"C_URL\")?;\nlet d = other(env, \"queue\");\n";
        let found: Vec<_> = settings(code, "| `A_KEY` | var |\nB_MAX, `C_URLS`")
            .into_iter()
            .map(|complaint| (complaint.line, complaint.todo))
            .collect();
        let todo = |name: &str| format!("say in README.md, under Settings, what `{name}` is");
        assert_eq!(found, [(2, todo("B_MAX")), (3, todo("C_URL"))]);
    }
}
