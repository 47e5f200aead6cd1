//! Rules for the time of a check. Owns: making one and taking it away again. Must not know: how
//! Roost keeps its own. Invariant: rules that were there before are left alone.

use super::source::Source;
use crate::failure::{Failure, Outcome};
use shared::stream::rules::{add_body, delete_body, own, read_change, read_rules};
use shared::x::problem;
use std::io::Write as _;

/// What is tracked when X has no rule at all: a frequent word.
const WORD: &str = "if";
const PATH: &str = "/2/tweets/search/stream/rules";

/// A rule that goes when this value does.
pub(super) struct Temporary<'a> {
    source: &'a Source,
    ids: Vec<String>,
}

/// Makes the rule that is asked for, or one where X has none.
pub(super) fn ensure<'a>(
    source: &'a Source,
    track: Option<&str>,
) -> Outcome<Option<Temporary<'a>>> {
    let have = read_rules(&ask(source, "GET", "")?).map_err(|fault| odd(&fault.to_string()))?.rules;
    let Some(word) = track.or(have.is_empty().then_some(WORD)) else {
        let rules = if have.len() == 1 { "rule" } else { "rules" };
        println!("  by the {} {rules} that X has", have.len());
        return Ok(None);
    };
    let rule = own(word, Some("check")).map_err(|why| odd(&why))?;
    let answer = ask(source, "POST", &add_body(&[rule]))?;
    let change = read_change(&answer).map_err(|fault| odd(&fault.to_string()))?;
    if let Some(fault) = change.faults.iter().find(|_| change.created.is_empty()) {
        return Err(odd(&fault.text));
    }
    println!("  by a rule for the time of the check: {word}");
    Ok(Some(Temporary { source, ids: change.created.into_iter().map(|rule| rule.id).collect() }))
}

fn ask(source: &Source, method: &'static str, body: &str) -> Outcome<Vec<u8>> {
    let answer = source.send(method, PATH, body)?;
    match answer.status {
        200 | 201 => Ok(answer.body),
        // A refused rule is told in the body.
        400 if method == "POST" => Ok(answer.body),
        status => {
            let problem = problem::classify(status, &answer.body);
            Err(super::verdict_of(&shared::retry::Trouble::Http(problem), &super::Head::default()))
        }
    }
}

fn odd(why: &str) -> Failure {
    Failure::new("the stream's rules", why, "choose another word: --track WORD")
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if let Err(failure) = ask(self.source, "POST", &delete_body(&self.ids)) {
            // Whoever read this may be gone: nothing more can be done about it.
            let _ = writeln!(
                std::io::stderr(),
                "  the rule made for the check is still there{failure}"
            );
        }
    }
}
