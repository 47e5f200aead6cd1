//! What X answers about rules. Invariant: a refused rule is told with the reason X gave, whatever
//! form X gave it in; an answer without `meta` and without errors is no answer.

use super::UpstreamRule;
use crate::text::cut;
use crate::x::page::PageFault;
use serde::Deserialize;
use serde_json::Value;

/// Texts of X are kept for people to read, not to be stored whole.
const TEXT_MAX_CHARS: usize = 500;

/// A page of X's rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RulesPage {
    /// The rules.
    pub rules: Vec<UpstreamRule>,
    /// The token of the page after this; none on the last.
    pub next_token: Option<String>,
}

/// What came of an addition or a deletion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleChange {
    /// The rules that X now has, or would have.
    pub created: Vec<UpstreamRule>,
    /// How many were deleted.
    pub deleted: u64,
    /// How many were not.
    pub not_deleted: u64,
    /// Those that X did not take.
    pub faults: Vec<Fault>,
}

/// A rule that X did not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which kind.
    pub kind: FaultKind,
    /// The rule, where X named it.
    pub value: Option<String>,
    /// X's id of the rule that is there already.
    pub id: Option<String>,
    /// X's words, at most 500 characters.
    pub text: String,
}

/// Why X did not take a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// X has it already: nothing is amiss.
    Duplicate,
    /// X cannot read it.
    Invalid,
    /// There are as many as X takes.
    Cap,
    /// It breaks X's terms.
    NonCompliant,
    /// Something else.
    Other,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    data: Value,
    #[serde(default)]
    meta: Value,
    #[serde(default)]
    errors: Value,
    #[serde(default)]
    title: Value,
}

fn answer(body: &[u8]) -> Result<Answer, PageFault> {
    let answer: Answer =
        serde_json::from_slice(body).map_err(|error| PageFault::NotJson { at: error.column() })?;
    if answer.meta.is_null() && answer.errors.is_null() && answer.title.is_null() {
        return Err(PageFault::NoData);
    }
    Ok(answer)
}

/// Reads X's list of rules.
///
/// # Errors
/// The answer is no list of rules.
pub fn read_rules(body: &[u8]) -> Result<RulesPage, PageFault> {
    let answer = answer(body)?;
    if answer.meta.is_null() && answer.data.is_null() {
        let faults = faults(&answer);
        return Err(PageFault::Errors(
            faults.into_iter().map(|f| f.text).collect::<Vec<_>>().join("; "),
        ));
    }
    let next_token = answer.meta.get("next_token").and_then(Value::as_str).map(str::to_owned);
    Ok(RulesPage { rules: rules(&answer.data), next_token })
}

/// Reads the answer to an addition or a deletion, of whatever status: refused rules come with
/// 200, 201 and 400.
///
/// # Errors
/// The answer is none.
pub fn read_change(body: &[u8]) -> Result<RuleChange, PageFault> {
    let answer = answer(body)?;
    let summary = answer.meta.get("summary");
    let number = |name: &str| summary.and_then(|s| s.get(name)).and_then(number).unwrap_or(0);
    Ok(RuleChange {
        created: rules(&answer.data),
        deleted: number("deleted"),
        not_deleted: number("not_deleted"),
        faults: faults(&answer),
    })
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn rules(data: &Value) -> Vec<UpstreamRule> {
    let text = |rule: &Value, name: &str| rule.get(name)?.as_str().map(str::to_owned);
    let rule = |rule: &Value| {
        let id = text(rule, "id").or_else(|| Some(rule.get("id")?.as_u64()?.to_string()))?;
        Some(UpstreamRule { id, value: text(rule, "value")?, tag: text(rule, "tag") })
    };
    data.as_array().into_iter().flatten().filter_map(rule).collect()
}

fn faults(answer: &Answer) -> Vec<Fault> {
    let mut faults: Vec<Fault> =
        answer.errors.as_array().into_iter().flatten().map(fault).collect();
    if faults.is_empty()
        && let Some(title) = answer.title.as_str()
    {
        let (kind, text) = (FaultKind::Other, cut(title, TEXT_MAX_CHARS));
        faults.push(Fault { kind, value: None, id: None, text });
    }
    faults
}

fn fault(error: &Value) -> Fault {
    let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
    let kind = match text("type").rsplit('/').next().unwrap_or_default() {
        "duplicate-rules" => FaultKind::Duplicate,
        "invalid-rules" => FaultKind::Invalid,
        "rule-cap" => FaultKind::Cap,
        "noncompliant-rules" => FaultKind::NonCompliant,
        _ => match text("title") {
            "DuplicateRule" => FaultKind::Duplicate,
            "UnprocessableEntity" | "Invalid Rule" => FaultKind::Invalid,
            "RulesCapExceeded" => FaultKind::Cap,
            _ => FaultKind::Other,
        },
    };
    let details = error.get("details").and_then(Value::as_array).into_iter().flatten();
    let details: Vec<&str> = details.filter_map(Value::as_str).collect();
    let said = match details.as_slice() {
        [] => ["detail", "message", "title"].iter().map(|name| text(name)).find(|t| !t.is_empty()),
        _ => None,
    };
    let said = said.map_or_else(|| details.join(" "), str::to_owned);
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Fault {
        kind,
        value: some(text("value")),
        id: some(text("id")),
        text: cut(&said, TEXT_MAX_CHARS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(id: &str, value: &str, tag: Option<&str>) -> UpstreamRule {
        UpstreamRule { id: id.into(), value: value.into(), tag: tag.map(str::to_owned) }
    }

    #[test]
    fn a_list_of_rules_is_read() {
        let page = read_rules(
            br#"{"data":[{"id":"1","value":"cat","tag":"t"},{"id":"2","value":"dog"},{"id":"3"}],"meta":{"sent":"2026-01-01T00:00:00.000Z","result_count":3,"next_token":"n"}}"#,
        );
        let rules = vec![rule("1", "cat", Some("t")), rule("2", "dog", None)];
        assert_eq!(page, Ok(RulesPage { rules, next_token: Some("n".into()) }));
        let none = read_rules(br#"{"meta":{"sent":"x","result_count":0}}"#);
        assert_eq!(none, Ok(RulesPage::default()));
    }

    #[test]
    fn an_addition_is_read() {
        let change = read_change(
            br#"{"data":[{"id":"1","value":"cat","tag":"roost:track"}],"meta":{"sent":"x","summary":{"created":1,"not_created":0,"valid":1,"invalid":0}}}"#,
        );
        let created = vec![rule("1", "cat", Some("roost:track"))];
        assert_eq!(change, Ok(RuleChange { created, ..RuleChange::default() }));
    }

    #[test]
    fn a_deletion_is_read() {
        let change =
            read_change(br#"{"meta":{"sent":"x","summary":{"deleted":2,"not_deleted":"1"}}}"#);
        let expected = RuleChange { deleted: 2, not_deleted: 1, ..RuleChange::default() };
        assert_eq!(change, Ok(expected));
    }

    #[track_caller]
    fn check(error: &str, kind: FaultKind, value: Option<&str>, text: &str) {
        let body = format!(r#"{{"errors":[{error}],"meta":{{"summary":{{"created":0}}}}}}"#);
        let change = read_change(body.as_bytes()).unwrap();
        let [fault] = change.faults.as_slice() else { panic!("{change:?}") };
        assert_eq!((fault.kind, fault.value.as_deref(), fault.text.as_str()), (kind, value, text));
    }

    #[test]
    fn refused_rules_are_told_with_xs_reason() {
        check(
            r#"{"value":"cat","id":"7","title":"DuplicateRule","type":"https://api.twitter.com/2/problems/duplicate-rules"}"#,
            FaultKind::Duplicate,
            Some("cat"),
            "DuplicateRule",
        );
        check(
            r#"{"value":"has:geo","details":["Rules must contain at least one positive, non-stopword clause"],"title":"UnprocessableEntity","type":"https://api.x.com/2/problems/invalid-rules"}"#,
            FaultKind::Invalid,
            Some("has:geo"),
            "Rules must contain at least one positive, non-stopword clause",
        );
        check(
            r#"{"title":"RulesCapExceeded","detail":"too many","type":"x/rule-cap"}"#,
            FaultKind::Cap,
            None,
            "too many",
        );
        check(r#"{"message":"m"}"#, FaultKind::Other, None, "m");
        let change = read_change(br#"{"title":"Invalid Request","detail":"d"}"#).unwrap();
        assert_eq!(change.faults[0].text, "Invalid Request");
    }

    #[test]
    fn what_is_no_answer_is_a_fault() {
        assert!(matches!(read_rules(b"<html>"), Err(PageFault::NotJson { .. })));
        assert_eq!(read_rules(b"{}"), Err(PageFault::NoData));
        assert_eq!(read_change(b"{}"), Err(PageFault::NoData));
        let errors = read_rules(br#"{"errors":[{"message":"no"},{"title":"t"}]}"#);
        assert_eq!(errors, Err(PageFault::Errors("no; t".into())));
    }
}
