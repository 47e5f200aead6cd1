//! X's language of rules, as far as a rule can be judged before it is sent ("Build a rule",
//! "Operators", August 2026). Must not know: what matches. Invariant: what passes here is
//! balanced, non-negated in its groups, and has in every alternative something that names
//! tweets; what does not pass is told what to write instead.

use super::RULE_CHARS;
use super::operators::judge as judge_operator;

/// Words of a text between quotes, brackets and blanks.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Or,
    Minus,
    Term(String),
}

/// A token with where it begins and ends, in bytes.
type Placed = (Token, usize, usize);

/// What a part of a rule comes to.
#[derive(Clone, Debug)]
struct Part {
    /// It names tweets by itself.
    alone: bool,
    /// The first term in it that does not.
    weak: Option<String>,
}

/// Whether X would take this rule.
///
/// # Errors
/// What is wrong with it, and what to write instead.
pub fn check(rule: &str) -> Result<(), String> {
    let chars = rule.chars().count();
    if chars > RULE_CHARS {
        return Err(format!(
            "the rule has {chars} characters, and X takes {RULE_CHARS}: make several of it"
        ));
    }
    let tokens = tokens(rule)?;
    let mut rest = tokens.as_slice();
    if rest.is_empty() {
        return Err("the rule is empty: a word, `#tag` or `from:name` is the simplest".to_owned());
    }
    let part = either(&mut rest)?;
    match rest.first() {
        Some((Token::Close, at, _)) => {
            Err(format!("`)` at character {} closes nothing", chars_to(rule, *at)))
        }
        _ if part.alone => Ok(()),
        _ => Err(cannot_stand(part.weak.as_deref())),
    }
}

fn chars_to(rule: &str, byte: usize) -> usize {
    rule.get(..byte).map_or(0, |before| before.chars().count()) + 1
}

/// The rule's alternatives: what OR joins at its top. A rule is the OR of them, for OR binds
/// last. A rule that cannot be read is its own only alternative.
pub fn alternatives(rule: &str) -> Vec<String> {
    let Ok(tokens) = tokens(rule) else { return vec![rule.trim().to_owned()] };
    let (mut depth, mut begin) = (0_i32, 0);
    let mut parts = Vec::new();
    for (token, from, to) in tokens {
        match token {
            Token::Open => depth += 1,
            Token::Close => depth -= 1,
            Token::Or if depth == 0 => {
                parts.push(rule.get(begin..from).unwrap_or_default().trim().to_owned());
                begin = to;
            }
            _ => {}
        }
    }
    parts.push(rule.get(begin..).unwrap_or_default().trim().to_owned());
    parts.retain(|part| !part.is_empty());
    parts
}

/// The names of the operators in a rule, as written; none where it cannot be read.
pub fn operators(rule: &str) -> Vec<String> {
    let terms =
        tokens(rule).unwrap_or_default().into_iter().filter_map(|(token, ..)| match token {
            Token::Term(term) => Some(term),
            _ => None,
        });
    terms.filter_map(|term| Some(operator(&term)?.0.to_owned())).collect()
}

/// Splits a term into an operator's name and value, unless it is a word or a phrase.
fn operator(term: &str) -> Option<(&str, &str)> {
    if term.starts_with(['"', '#', '@', '$']) {
        return None;
    }
    term.split_once(':')
}

fn tokens(rule: &str) -> Result<Vec<Placed>, String> {
    let mut tokens = Vec::new();
    let mut chars = rule.char_indices().peekable();
    while let Some(&(at, c)) = chars.peek() {
        let after = at + c.len_utf8();
        match c {
            _ if c.is_whitespace() => {
                chars.next();
            }
            '(' | ')' | '-' => {
                chars.next();
                let token = match c {
                    '(' => Token::Open,
                    ')' => Token::Close,
                    _ => Token::Minus,
                };
                tokens.push((token, at, after));
            }
            _ => {
                let end = term_end(rule, at)?;
                let text = rule.get(at..end).unwrap_or_default();
                while chars.next_if(|&(next, _)| next < end).is_some() {}
                let token = match text {
                    "OR" => Token::Or,
                    "AND" => {
                        return Err("AND is written as a blank: `cat dog` is both words".to_owned());
                    }
                    _ => Token::Term(text.to_owned()),
                };
                tokens.push((token, at, end));
            }
        }
    }
    Ok(tokens)
}

/// Where the term that begins at `from` ends: at a blank or a parenthesis outside of quotes and
/// brackets.
fn term_end(rule: &str, from: usize) -> Result<usize, String> {
    let (mut quoted, mut bracketed, mut escaped) = (false, false, false);
    let mut before = ' ';
    for (at, c) in rule.char_indices().skip_while(|&(at, _)| at < from) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if !bracketed => quoted = !quoted,
            _ if quoted => {}
            '[' if before == ':' => bracketed = true,
            ']' if bracketed => bracketed = false,
            _ if bracketed => {}
            '(' | ')' => return Ok(at),
            _ if c.is_whitespace() => return Ok(at),
            _ => {}
        }
        before = c;
    }
    let at = chars_to(rule, from);
    if quoted {
        return Err(format!("the quote in what begins at character {at} is not closed"));
    }
    if bracketed {
        return Err(format!("the `[` in what begins at character {at} is not closed"));
    }
    Ok(rule.len())
}

/// `a b OR c`: every alternative must name tweets by itself.
fn either(rest: &mut &[Placed]) -> Result<Part, String> {
    let mut whole = all(rest)?;
    while let Some((Token::Or, ..)) = rest.first() {
        *rest = rest.get(1..).unwrap_or_default();
        let part = all(rest)?;
        whole.weak = if whole.alone { part.weak } else { whole.weak };
        whole.alone &= part.alone;
    }
    Ok(whole)
}

/// `a b`: one of them must name tweets.
fn all(rest: &mut &[Placed]) -> Result<Part, String> {
    let mut whole: Option<Part> = None;
    while !matches!(rest.first(), None | Some((Token::Or | Token::Close, ..))) {
        let part = one(rest)?;
        whole = Some(match whole {
            None => part,
            Some(whole) => {
                Part { alone: whole.alone || part.alone, weak: whole.weak.or(part.weak) }
            }
        });
    }
    whole.ok_or_else(|| match rest.first() {
        Some((Token::Close, ..)) => "nothing stands before a `)`".to_owned(),
        _ => "OR stands between two alternatives: one of them is missing".to_owned(),
    })
}

fn one(rest: &mut &[Placed]) -> Result<Part, String> {
    let Some(((token, _, end), after)) = rest.split_first() else {
        return Err("something is missing at the rule's end".to_owned());
    };
    *rest = after;
    match token {
        Token::Term(term) => term_part(term),
        Token::Minus => negated(*end, rest),
        Token::Open => {
            let part = either(rest)?;
            match rest.split_first() {
                Some(((Token::Close, ..), after)) => *rest = after,
                _ => return Err("a `(` is not closed".to_owned()),
            }
            Ok(part)
        }
        Token::Close | Token::Or => Err("something is missing before `)` or OR".to_owned()),
    }
}

fn negated(minus_end: usize, rest: &mut &[Placed]) -> Result<Part, String> {
    match rest.split_first() {
        Some(((Token::Term(term), at, _), after)) if *at == minus_end => {
            *rest = after;
            term_part(term)?;
            Ok(Part { alone: false, weak: Some(format!("-{term}")) })
        }
        Some(((Token::Open, ..), _)) => {
            Err("X takes no negated group: write `-cat -dog` in place of `-(cat OR dog)`"
                .to_owned())
        }
        _ => Err("`-` stands directly before what it excludes, as in `-cat`; a dash in a text \
                  belongs in quotes"
            .to_owned()),
    }
}

fn term_part(term: &str) -> Result<Part, String> {
    let alone = judge(term)?;
    Ok(Part { alone, weak: (!alone).then(|| term.to_owned()) })
}

/// Whether a term may stand alone.
fn judge(term: &str) -> Result<bool, String> {
    if let Some(quoted) = term.strip_prefix('"') {
        return judge_phrase(term, quoted);
    }
    if let Some((name, value)) = operator(term) {
        return judge_operator(name, value);
    }
    let word = term.strip_prefix(['#', '@', '$']).unwrap_or(term);
    if word.contains('"') {
        return Err(format!("`{term}`: a quote stands around a whole phrase"));
    }
    if word.chars().any(|c| c.is_alphanumeric() || !c.is_ascii()) {
        return Ok(true);
    }
    Err(format!("`{term}` holds no word: put marks in quotes, with words"))
}

fn judge_phrase(term: &str, quoted: &str) -> Result<bool, String> {
    let (text, tail) = quoted.rsplit_once('"').unwrap_or((quoted, ""));
    if !text.chars().any(|c| c.is_alphanumeric() || !c.is_ascii()) {
        return Err(format!("`{term}` holds no word"));
    }
    let near = tail.strip_prefix('~').and_then(|n| n.parse::<u8>().ok());
    match (tail, near) {
        ("", _) | (_, Some(0..=6)) => Ok(true),
        _ => Err(format!(
            "`{term}`: behind a phrase only a blank, or `~` with a distance of at most 6 words, \
             is expected"
        )),
    }
}

/// Why a rule names no tweets by itself, with an example that does.
fn cannot_stand(weak: Option<&str>) -> String {
    let weak = weak.unwrap_or("it");
    let beside = "X takes it only beside something that names tweets";
    if weak.starts_with('-') {
        return format!("`{weak}` only excludes: {beside}, as in `coffee {weak}`");
    }
    if weak.eq_ignore_ascii_case("has:geo") {
        return format!(
            "`{weak}` cannot stand alone: {beside}. For a map write `has:geo place_country:DE`, \
             a box (`bounding_box:[13.1 52.4 13.6 52.6]`: tweets with a place only), or a word \
             (`coffee has:geo`). In `a OR b` each side needs one"
        );
    }
    format!(
        "`{weak}` cannot stand alone: {beside}, such as a word, `#tag`, `from:name` or \
         `place_country:DE`; as in `coffee {weak}`. In `a OR b` each side needs one"
    )
}

#[cfg(test)]
mod tests;
