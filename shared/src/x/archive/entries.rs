//! The entries of a script's array. Owns: where one ends and the next begins. Must not know: what
//! is in them. Invariant: an entry that is no JSON costs itself; a text that ends early is said to.

use serde_json::Value;
use std::ops::Range;

/// Entries handed to the parser at once: calls into the browser cost more than what they carry.
const BATCH: usize = 500;

/// The data behind a script's `=`. A byte order mark and what stands around it are let go; a text
/// that is JSON already (somebody cut the assignment off) is taken as it is.
pub(super) fn payload(script: &str) -> Option<&str> {
    let script = script.trim_start_matches('\u{feff}').trim_start();
    if script.starts_with(['[', '{']) {
        return Some(script);
    }
    script.split_once('=').map(|(_, json)| json.trim_start())
}

/// Hands on each entry of an array, `None` for one that is no JSON. Tells whether the array was
/// there to its end.
pub(super) fn each(
    json: &str,
    parse: &dyn Fn(&str) -> Option<Value>,
    mut take: impl FnMut(Option<Value>),
) -> bool {
    let (ranges, whole) = split(json);
    for batch in ranges.chunks(BATCH) {
        let span = batch.first().zip(batch.last()).map(|(first, last)| first.start..last.end);
        let text = span.and_then(|span| json.get(span)).unwrap_or_default();
        match parse(&format!("[{text}]")) {
            Some(Value::Array(values)) if values.len() == batch.len() => {
                for value in values {
                    take(Some(value));
                }
            }
            // One of them is broken: each on its own.
            _ => {
                for range in batch {
                    take(json.get(range.clone()).and_then(parse));
                }
            }
        }
    }
    whole
}

/// Where the entries of an array lie, and whether the array has an end.
fn split(json: &str) -> (Vec<Range<usize>>, bool) {
    let bytes = json.as_bytes();
    let mut ranges = Vec::new();
    if bytes.first() != Some(&b'[') {
        return (ranges, false);
    }
    let mut at = 1;
    // Behind `[` or `,` an entry is due.
    let mut due = true;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b']' => return (ranges, true),
            b',' => {
                if due {
                    ranges.push(at..at);
                }
                due = true;
                at += 1;
            }
            b' ' | b'\t' | b'\r' | b'\n' => at += 1,
            _ => {
                let Some(length) = length(bytes.get(at..).unwrap_or_default()) else {
                    return (ranges, false);
                };
                ranges.push(at..at + length);
                due = false;
                at += length;
            }
        }
    }
    (ranges, false)
}

/// How long the value is that the bytes begin with; `None` if they end before it does.
fn length(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut string, mut escaped) = (0_usize, false, false);
    let nested = matches!(bytes.first(), Some(b'{' | b'[' | b'"'));
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if string => escaped = true,
            b'"' => string = !string,
            // No string of JSON has a line break: a quote was lost, and with it this entry only.
            b'\n' => string = false,
            _ if string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth > 0 => depth -= 1,
            b',' | b']' if !nested => return Some(at),
            _ => {}
        }
        if nested && depth == 0 && !string {
            return Some(at + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_stand_behind_the_first_equals_sign() {
        assert_eq!(payload("a = [1] ;\n"), Some("[1] ;\n"));
        assert_eq!(payload(" a=[\"x = y;\"];"), Some("[\"x = y;\"];"));
        assert_eq!(payload("\u{feff}a = {}"), Some("{}"));
        assert_eq!(payload("\u{feff} [\"x = y\"]"), Some("[\"x = y\"]"));
        assert_eq!(payload("nothing"), None);
    }

    #[track_caller]
    fn check(json: &str, expected: &[Option<&str>], whole: bool) {
        let mut read = Vec::new();
        let parse = |text: &str| serde_json::from_str(text).ok();
        let ended = each(json, &parse, |entry| read.push(entry.map(|value| value.to_string())));
        let expected: Vec<_> = expected.iter().map(|one| one.map(str::to_owned)).collect();
        assert_eq!((read, ended), (expected, whole), "{json}");
    }

    #[test]
    fn entries_are_told_apart() {
        check("[]", &[], true);
        check(
            "[ 1 , {\"a\":\"]}\\\"\"},[2],\"x\" ];\n",
            &[Some("1"), Some("{\"a\":\"]}\\\"\"}"), Some("[2]"), Some("\"x\"")],
            true,
        );
        check("[1,]", &[Some("1")], true);
        check("[1,,null]", &[Some("1"), None, Some("null")], true);
        check("[{}{}]", &[Some("{}"), Some("{}")], true);
    }

    #[test]
    fn an_entry_that_is_no_json_costs_itself() {
        check("[{\"a\":\"x \"y\" z\"},2]", &[None, Some("2")], true);
        check("[{\"a\":undefined},2]", &[None, Some("2")], true);
        check("[{\"a\":\"x\",\n\"b\":\"lost,\n\"c\":1},{}]", &[None, Some("{}")], true);
    }

    #[test]
    fn what_ends_early_is_said_to() {
        check("", &[], false);
        check("{}", &[], false);
        check("[", &[], false);
        check("[1,2", &[Some("1")], false);
        check("[{\"a\":1},{\"b\":", &[Some("{\"a\":1}")], false);
        check("[{\"a\":1}", &[Some("{\"a\":1}")], false);
    }
}
