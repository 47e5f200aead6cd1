//! Rust source with its strings, characters and comments blanked. Owns: just enough of Rust's
//! grammar for that. Invariant: every line keeps its number and its code keeps its column.

/// Blanks what is not code. Unfinished strings run to the end, as they do for rustc.
pub(super) fn code_of(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let end = match c {
            '/' if next(&chars, at, 1) == Some('/') => line_end(&chars, at),
            '/' if next(&chars, at, 1) == Some('*') => comment_end(&chars, at),
            '"' => string_end(&chars, at + 1),
            'r' | 'b' | 'c' if !in_word(&chars, at) => prefixed_end(&chars, at),
            '\'' => char_end(&chars, at),
            _ => at,
        };
        if end == at {
            out.push(c);
            at += 1;
        } else {
            let blanked = chars.get(at..end).unwrap_or_default();
            out.extend(blanked.iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    out
}

fn next(chars: &[char], at: usize, by: usize) -> Option<char> {
    chars.get(at + by).copied()
}

/// Whether the character before is part of the same word.
fn in_word(chars: &[char], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| chars.get(before));
    before.is_some_and(|c| c.is_alphanumeric() || *c == '_')
}

fn line_end(chars: &[char], at: usize) -> usize {
    let rest = chars.get(at..).unwrap_or_default();
    rest.iter().position(|c| *c == '\n').map_or(chars.len(), |length| at + length)
}

/// Block comments nest.
fn comment_end(chars: &[char], start: usize) -> usize {
    let (mut depth, mut at) = (0_usize, start);
    while at < chars.len() {
        match (chars.get(at), next(chars, at, 1)) {
            (Some('/'), Some('*')) => (depth, at) = (depth + 1, at + 2),
            (Some('*'), Some('/')) => {
                (depth, at) = (depth - 1, at + 2);
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    chars.len()
}

/// The end of a string whose first character after the quote is at `at`.
fn string_end(chars: &[char], mut at: usize) -> usize {
    while let Some(c) = chars.get(at) {
        match c {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

/// The end of `b"…"`, `r"…"`, `br#"…"#` and their kin; `start` itself if it is just a word.
fn prefixed_end(chars: &[char], start: usize) -> usize {
    let mut at = start;
    let mut raw = false;
    while let Some(c @ ('r' | 'b' | 'c')) = chars.get(at) {
        raw |= *c == 'r';
        at += 1;
    }
    let hashes = chars.get(at..).unwrap_or_default().iter().take_while(|c| **c == '#').count();
    match next(chars, at, hashes) {
        Some('"') if raw => raw_end(chars, at + hashes + 1, hashes),
        Some('"') if hashes == 0 => string_end(chars, at + 1),
        _ => start,
    }
}

fn raw_end(chars: &[char], mut at: usize, hashes: usize) -> usize {
    while let Some(c) = chars.get(at) {
        at += 1;
        let closing = chars.get(at..at + hashes).unwrap_or_default();
        if *c == '"' && closing.len() == hashes && closing.iter().all(|c| *c == '#') {
            return at + hashes;
        }
    }
    chars.len()
}

/// The end of a character; `start` itself if the quote begins a lifetime.
fn char_end(chars: &[char], start: usize) -> usize {
    match (next(chars, start, 1), next(chars, start, 2)) {
        (Some('\\'), Some(_)) => {
            let rest = chars.get(start + 3..).unwrap_or_default();
            let close = rest.iter().position(|c| *c == '\'');
            close.map_or(chars.len(), |length| start + 3 + length + 1)
        }
        (Some(_), Some('\'')) => start + 3,
        _ => start,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, wanted: &str) {
        assert_eq!(code_of(source), wanted);
    }

    #[test]
    fn strings_characters_and_comments_are_blanked() {
        check("a(\"{\");", "a(   );");
        check("a('{', '\\'', '\\u{7b}')", "a(   ,     ,         )");
        check("r#\"{\"#; b\"}\"; br\"{\"", "      ;     ;      ");
        check("x // {\ny /* { /* } */ { */ z", "x     \ny                   z");
        check("\"a\\\"{\" b", "       b");
    }

    #[test]
    fn lifetimes_and_words_stay() {
        check("fn f<'a>(for_b: &'a str) {}", "fn f<'a>(for_b: &'a str) {}");
    }
}
