//! The rules of the filtered stream. Owns: how settings become rules, which rules X is to add and
//! to delete, what a rule may say. Must not know: requests. Invariant: a rule that Roost did not
//! make is never deleted and never made twice; every rule that is asked for keeps X's limits.
//!
//! X limits self-serve apps to 1,000 rules of 1,024 characters ("Filtered stream", August 2026),
//! so words, accounts and boxes are joined by OR into as few rules as will hold them.

mod answers;
mod geo;
mod language;
mod operators;

pub use answers::{Fault, FaultKind, RuleChange, RulesPage, read_change, read_rules};
pub use geo::{BOX_SIDE_MAX_KM, box_rules, check_box};
pub use language::{alternatives, check, operators};

use crate::api::{BoundingBox, Rule, RuleEstimate, RuleOrigin, StreamSettings};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Rules of one app.
pub const RULES_MAX: usize = 1_000;
/// Characters of one rule.
pub const RULE_CHARS: usize = 1_024;
/// Characters of the owner's name for a rule.
pub const NAME_CHARS: usize = 64;
/// Characters of one tracked word or phrase.
pub const PHRASE_CHARS: usize = 100;
/// Before every tag of Roost's.
const MARK: &str = "roost:";
const JOINT: &str = " OR ";

/// A rule that X is to have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// The rule.
    pub value: String,
    /// What it was made from; never [`RuleOrigin::Foreign`].
    pub origin: RuleOrigin,
    /// The owner's name for it.
    pub name: Option<String>,
}

/// A rule that X has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpstreamRule {
    /// X's id of it.
    pub id: String,
    /// The rule.
    pub value: String,
    /// Its tag.
    pub tag: Option<String>,
}

impl Wanted {
    /// The tag it has at X, by which it is recognized: `roost:track`, `roost:own:<name>`.
    pub fn tag(&self) -> String {
        match &self.name {
            Some(name) => format!("{MARK}{}:{name}", self.origin),
            None => format!("{MARK}{}", self.origin),
        }
    }

    /// For `GET /stream/rules`, with X's id once it has one.
    pub fn shown(&self, id: Option<String>, estimate: Option<RuleEstimate>) -> Rule {
        let (value, tag) = (self.value.clone(), self.name.clone());
        Rule { id, value, tag, origin: self.origin, estimate }
    }
}

/// What a tag of X's tells: what the rule was made from, and its name.
pub fn origin(tag: Option<&str>) -> (RuleOrigin, Option<String>) {
    let foreign = || (RuleOrigin::Foreign, tag.map(str::to_owned));
    let Some(ours) = tag.and_then(|tag| tag.strip_prefix(MARK)) else { return foreign() };
    let (word, name) = match ours.split_once(':') {
        Some((word, name)) => (word, Some(name.to_owned())),
        None => (ours, None),
    };
    match RuleOrigin::from_word(word) {
        Some(origin) if origin != RuleOrigin::Foreign => (origin, name),
        _ => foreign(),
    }
}

impl UpstreamRule {
    /// Whether Roost made it.
    pub fn is_ours(&self) -> bool {
        origin(self.tag.as_deref()).0 != RuleOrigin::Foreign
    }

    /// For `GET /stream/rules`.
    pub fn shown(&self, estimate: Option<RuleEstimate>) -> Rule {
        let (origin, tag) = origin(self.tag.as_deref());
        Rule { id: Some(self.id.clone()), value: self.value.clone(), tag, origin, estimate }
    }
}

/// An owner's rule, if it can be one.
///
/// # Errors
/// What X would not take, and what it takes.
pub fn own(value: &str, name: Option<&str>) -> Result<Wanted, String> {
    let value = value.trim();
    check(value)?;
    let name = name.map(str::trim).filter(|name| !name.is_empty());
    if let Some(name) = name
        && (name.chars().count() > NAME_CHARS || name.chars().any(char::is_control))
    {
        return Err(format!("`tag`: at most {NAME_CHARS} characters on one line are expected"));
    }
    Ok(Wanted { value: value.to_owned(), origin: RuleOrigin::Own, name: name.map(str::to_owned) })
}

/// Every rule that the settings and the owner's own rules ask for, each value once.
///
/// # Errors
/// The word or box that cannot become a rule; or there are too many.
pub fn wanted(settings: &StreamSettings, own: &[Wanted]) -> Result<Vec<Wanted>, String> {
    let mut rules = own.to_vec();
    let track: Vec<String> =
        settings.track.iter().map(|word| phrase(word)).collect::<Result<_, _>>()?;
    rules.extend(pack(track, RuleOrigin::Track));
    rules.extend(pack(
        settings.follow.iter().map(|user| format!("from:{user}")).collect(),
        RuleOrigin::Follow,
    ));
    let boxes = settings.locations.iter().map(|&place: &BoundingBox| box_rules(place));
    let boxes = boxes.collect::<Result<Vec<_>, _>>()?.concat();
    rules.extend(pack(boxes, RuleOrigin::Locations));
    let mut values = BTreeSet::new();
    rules.retain(|rule| values.insert(rule.value.clone()));
    if rules.len() > RULES_MAX {
        return Err(format!(
            "these settings make {} rules, and X takes {RULES_MAX}: name fewer",
            rules.len()
        ));
    }
    Ok(rules)
}

/// A tracked word or phrase as X's language has it: in quotes where it is more than a word.
///
/// # Errors
/// It says nothing, or too much.
pub fn phrase(text: &str) -> Result<String, String> {
    let text = text.trim();
    let said = |what: &str| Err(format!("`track`: `{text}` {what}"));
    if !text.chars().any(|c| c.is_alphanumeric() || (!c.is_ascii() && !c.is_control())) {
        return said("holds no word");
    }
    if text.chars().count() > PHRASE_CHARS || text.chars().any(char::is_control) {
        return said(&format!("is not one line of at most {PHRASE_CHARS} characters"));
    }
    let rest = text.strip_prefix(['#', '@', '$']).unwrap_or(text);
    let word = |c: char| c.is_alphanumeric() || c == '_' || (!c.is_ascii() && !c.is_whitespace());
    if !rest.is_empty() && rest.chars().all(word) && !matches!(text, "OR" | "AND") {
        return Ok(text.to_owned());
    }
    Ok(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// Joins by OR what fits into one rule.
fn pack(parts: Vec<String>, origin: RuleOrigin) -> Vec<Wanted> {
    let values = join(parts, RULE_CHARS);
    values.into_iter().map(|value| Wanted { value, origin, name: None }).collect()
}

/// Joins by OR what fits into so many characters; each part once, whatever its case. A part that
/// is longer by itself stays by itself.
pub(super) fn join(parts: Vec<String>, max_chars: usize) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut values: Vec<String> = Vec::new();
    let mut room = 0;
    for part in parts.into_iter().filter(|part| seen.insert(part.to_lowercase())) {
        let chars = part.chars().count();
        match values.last_mut() {
            Some(value) if chars + JOINT.len() <= room => {
                value.push_str(JOINT);
                value.push_str(&part);
                room -= chars + JOINT.len();
            }
            _ => {
                values.push(part);
                room = max_chars.saturating_sub(chars);
            }
        }
    }
    values
}

/// What makes X's rules what they should be: deletions, additions, deletions, in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Ids to delete before: their values are added again with other tags, which X would
    /// refuse as duplicates, or room is needed.
    pub delete_first: Vec<String>,
    /// Rules to add.
    pub add: Vec<Wanted>,
    /// Ids to delete after: so long as both stand, nothing is missed.
    pub delete: Vec<String>,
    /// Other programs' rules: left alone. They bring tweets too, which are billed.
    pub foreign: Vec<UpstreamRule>,
}

impl Plan {
    /// Whether X has what it should have.
    pub fn is_done(&self) -> bool {
        self.delete_first.is_empty() && self.add.is_empty() && self.delete.is_empty()
    }
}

/// Compares what X has with what it should have. A wanted rule whose value another program has
/// is not added: X has one rule of a value.
///
/// # Errors
/// With other programs' rules there would be too many.
pub fn plan(have: &[UpstreamRule], want: &[Wanted]) -> Result<Plan, String> {
    let mut missing: BTreeMap<&str, &Wanted> =
        want.iter().map(|rule| (rule.value.as_str(), rule)).collect();
    let mut plan = Plan::default();
    let (ours, foreign): (Vec<_>, Vec<_>) = have.iter().partition(|rule| rule.is_ours());
    for rule in foreign {
        missing.remove(rule.value.as_str());
        plan.foreign.push(rule.clone());
    }
    for rule in &ours {
        match missing.get(rule.value.as_str()) {
            Some(wanted) if rule.tag.as_deref() == Some(&wanted.tag()) => {
                missing.remove(rule.value.as_str());
            }
            Some(_) => plan.delete_first.push(rule.id.clone()),
            None => plan.delete.push(rule.id.clone()),
        }
    }
    plan.add =
        want.iter().filter(|rule| missing.remove(rule.value.as_str()).is_some()).cloned().collect();
    let kept = have.len() - plan.delete_first.len();
    if kept - plan.delete.len() + plan.add.len() > RULES_MAX {
        return Err(format!(
            "X takes {RULES_MAX} rules, of which other programs with the same keys hold {}: \
             name fewer, or delete theirs",
            plan.foreign.len()
        ));
    }
    if kept + plan.add.len() > RULES_MAX {
        plan.delete_first.append(&mut plan.delete);
    }
    Ok(plan)
}

/// The body that adds rules.
pub fn add_body(rules: &[Wanted]) -> String {
    let add: Vec<_> =
        rules.iter().map(|rule| json!({"value": rule.value, "tag": rule.tag()})).collect();
    json!({ "add": add }).to_string()
}

/// The body that deletes rules.
pub fn delete_body(ids: &[String]) -> String {
    json!({"delete": {"ids": ids}}).to_string()
}

#[cfg(test)]
mod tests;
