//! The rules of the filtered stream: added, refused, listed and deleted as X does.
//!
//! Knows the rule language, no HTTP. Invariant: at most 1,000 rules, each valid, no value twice.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::problem::type_uri;
use crate::profile::Dialect;
use crate::tweets::query::{Query, RULE_MAX};

/// Rules of a self-serve app.
pub(crate) const RULES_MAX: usize = 1_000;
/// Characters of a tag.
const TAG_MAX: usize = 256;

/// A rule as it is kept.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) value: String,
    pub(crate) tag: Option<String>,
    pub(crate) query: Query,
}

impl Rule {
    fn to_json(&self) -> Value {
        let mut rule = json!({"id": self.id, "value": self.value});
        if let (Some(tag), Some(members)) = (&self.tag, rule.as_object_mut()) {
            members.insert("tag".into(), tag.clone().into());
        }
        rule
    }
}

/// A rule somebody wants.
#[derive(Debug, Deserialize)]
pub(crate) struct NewRule {
    value: String,
    tag: Option<String>,
}

/// Rules somebody no longer wants.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Unwanted {
    #[serde(default)]
    ids: Vec<String>,
    #[serde(default)]
    values: Vec<String>,
}

/// What a change of the rules came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// All rules.
#[derive(Debug, Default)]
pub(crate) struct Rulebook {
    rules: Arc<Vec<Arc<Rule>>>,
    last_id: u64,
}

impl Rulebook {
    /// The rules as they stand; a later change leaves what was given alone.
    pub(crate) fn rules(&self) -> Arc<Vec<Arc<Rule>>> {
        Arc::clone(&self.rules)
    }

    /// Adds rules; with `dry_run` it only says what would happen. `sent` is the time of the
    /// answer, `now_ms` what new ids are made of.
    pub(crate) fn add(
        &mut self,
        wanted: Vec<NewRule>,
        dry_run: bool,
        dialect: Dialect,
        sent: &str,
        now_ms: i64,
    ) -> Outcome {
        if self.rules.len() + wanted.len() > RULES_MAX {
            return cap_reached(dialect);
        }
        let (mut rules, mut errors) = (self.rules.to_vec(), Vec::new());
        let (mut created, mut invalid) = (Vec::new(), 0);
        for NewRule { value, tag } in wanted {
            if let Some(twin) = rules.iter().find(|rule| rule.value == value) {
                errors.push(json!({"value": value, "id": twin.id, "title": "DuplicateRule",
                    "type": type_uri(dialect, "duplicate-rules")}));
                continue;
            }
            let long = tag.as_ref().is_some_and(|tag| tag.chars().count() > TAG_MAX);
            let query = if long {
                Err(format!("the tag has more than {TAG_MAX} characters"))
            } else {
                Query::parse(&value, RULE_MAX)
            };
            match query {
                Ok(query) => {
                    self.last_id += 1;
                    let id = (u64::try_from(now_ms).unwrap_or(0) << 20 | self.last_id).to_string();
                    let rule = Arc::new(Rule { id, value, tag, query });
                    created.push(rule.to_json());
                    rules.push(rule);
                }
                Err(why) => {
                    invalid += 1;
                    errors.push(json!({"value": value, "details": [why],
                        "title": "UnprocessableEntity",
                        "type": type_uri(dialect, "invalid-rules")}));
                }
            }
        }
        // X's description knows 200 alone of what was done.
        let status = if created.is_empty() && invalid > 0 { 400 } else { 200 };
        let summary = json!({"created": created.len(), "not_created": errors.len(),
            "valid": created.len(), "invalid": errors.len()});
        let mut body = json!({"meta": {"sent": sent, "summary": summary}});
        if let Some(members) = body.as_object_mut() {
            if !created.is_empty() {
                members.insert("data".into(), created.into());
            }
            if !errors.is_empty() {
                members.insert("errors".into(), errors.into());
            }
        }
        if !dry_run {
            self.rules = Arc::new(rules);
        }
        Outcome { status, body }
    }

    /// Deletes rules by id or value, or all.
    pub(crate) fn delete(
        &mut self,
        unwanted: &Unwanted,
        all: bool,
        dry_run: bool,
        dialect: Dialect,
        sent: &str,
    ) -> Outcome {
        let goes = |rule: &Rule| {
            all || unwanted.ids.contains(&rule.id) || unwanted.values.contains(&rule.value)
        };
        let stay: Vec<Arc<Rule>> = self.rules.iter().filter(|rule| !goes(rule)).cloned().collect();
        let deleted = self.rules.len() - stay.len();
        let known =
            |id: &str, value: &str| self.rules.iter().any(|r| r.id == id || r.value == value);
        let in_vain = unwanted.ids.iter().filter(|id| !known(id, ""));
        let errors: Vec<Value> = in_vain
            .chain(unwanted.values.iter().filter(|value| !known("", value)))
            .map(|what| {
                json!({"errors": [{"parameters": {}, "message": "Rule does not exist"}],
                    "title": "Invalid Request", "value": what,
                    "detail": "One or more parameters to your request was invalid.",
                    "type": type_uri(dialect, "invalid-request")})
            })
            .collect();
        let summary = json!({"deleted": deleted, "not_deleted": errors.len()});
        let mut body = json!({"meta": {"sent": sent, "summary": summary}});
        if let (false, Some(members)) = (errors.is_empty(), body.as_object_mut()) {
            members.insert("errors".into(), errors.into());
        }
        if !dry_run {
            self.rules = Arc::new(stay);
        }
        Outcome { status: 200, body }
    }

    /// The answer of `GET …/rules`, of some ids or of all, from a position on.
    pub(crate) fn list(&self, ids: Option<&str>, from: usize, most: usize, sent: &str) -> Value {
        let ids: Option<Vec<&str>> = ids.map(|ids| ids.split(',').collect());
        let asked = |rule: &&Arc<Rule>| ids.as_ref().is_none_or(|ids| ids.contains(&&*rule.id));
        let found: Vec<&Arc<Rule>> = self.rules.iter().filter(asked).collect();
        let page: Vec<Value> = found.iter().skip(from).take(most).map(|r| r.to_json()).collect();
        let mut meta = json!({"sent": sent, "result_count": page.len()});
        if let (true, Some(members)) = (from + page.len() < found.len(), meta.as_object_mut()) {
            members.insert("next_token".into(), (from + page.len()).to_string().into());
        }
        if page.is_empty() { json!({"meta": meta}) } else { json!({"data": page, "meta": meta}) }
    }
}

fn cap_reached(dialect: Dialect) -> Outcome {
    let detail = format!("Your app may have {RULES_MAX} rules; these would be more.");
    let body = json!({"title": "RulesCapExceeded", "detail": detail, "status": 422,
        "type": type_uri(dialect, "rule-cap")});
    Outcome { status: 422, body }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(book: &mut Rulebook, values: &[&str], dry_run: bool) -> Outcome {
        let wanted = values
            .iter()
            .map(|value| NewRule { value: (*value).to_owned(), tag: Some("t".into()) })
            .collect();
        book.add(wanted, dry_run, Dialect::Tweet, "now", 1)
    }

    #[track_caller]
    fn check_summary(outcome: &Outcome, status: u16, created: u64, not_created: u64) {
        let summary = &outcome.body["meta"]["summary"];
        assert_eq!(outcome.status, status, "{}", outcome.body);
        assert_eq!(summary["created"], created);
        assert_eq!(summary["not_created"], not_created);
        assert_eq!(outcome.body["data"].as_array().map_or(0, Vec::len) as u64, created);
    }

    #[test]
    fn rules_are_added_once() {
        let mut book = Rulebook::default();
        check_summary(&add(&mut book, &["cat", "dog has:geo"], false), 200, 2, 0);
        let again = add(&mut book, &["cat", "bird"], false);
        check_summary(&again, 200, 1, 1);
        assert_eq!(again.body["errors"][0]["title"], "DuplicateRule");
        assert_eq!(again.body["errors"][0]["id"], book.rules()[0].id);
        check_summary(&add(&mut book, &["cat"], false), 200, 0, 1);
        assert_eq!(book.rules().len(), 3);
    }

    #[test]
    fn what_cannot_stand_alone_is_explained() {
        let mut book = Rulebook::default();
        let refused = add(&mut book, &["has:geo"], false);
        check_summary(&refused, 400, 0, 1);
        let error = &refused.body["errors"][0];
        assert!(error["type"].as_str().unwrap().ends_with("/invalid-rules"));
        assert!(error["details"][0].as_str().unwrap().contains("conjunction"));
        assert!(book.rules().is_empty());
    }

    #[test]
    fn a_dry_run_changes_nothing() {
        let mut book = Rulebook::default();
        check_summary(&add(&mut book, &["cat"], true), 200, 1, 0);
        assert!(book.rules().is_empty());
        add(&mut book, &["cat"], false);
        book.delete(&Unwanted::default(), true, true, Dialect::Tweet, "now");
        assert_eq!(book.rules().len(), 1);
    }

    #[test]
    fn rules_go_by_id_by_value_or_all() {
        let mut book = Rulebook::default();
        add(&mut book, &["a", "b", "c", "d"], false);
        let ids = vec![book.rules()[0].id.clone(), "5".to_owned()];
        let unwanted = Unwanted { ids, values: vec!["b".into()] };
        let outcome = book.delete(&unwanted, false, false, Dialect::Tweet, "now");
        let summary = &outcome.body["meta"]["summary"];
        assert_eq!((&summary["deleted"], &summary["not_deleted"]), (&json!(2), &json!(1)));
        assert_eq!(book.list(None, 0, 10, "now")["meta"]["result_count"], 2);
        book.delete(&Unwanted::default(), true, false, Dialect::Tweet, "now");
        assert_eq!(
            book.list(None, 0, 10, "now"),
            json!({"meta": {"sent": "now", "result_count": 0}})
        );
    }

    #[test]
    fn there_are_a_thousand_at_most_and_they_are_paged() {
        let mut book = Rulebook::default();
        let values: Vec<String> = (0..1_000).map(|n| format!("word{n}")).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        assert_eq!(add(&mut book, &values, false).status, 200);
        let refused = add(&mut book, &["one more"], false);
        assert!(refused.body["type"].as_str().unwrap().ends_with("/rule-cap"));
        let page = book.list(None, 900, 50, "now");
        assert_eq!(
            (&page["data"][0]["value"], &page["meta"]["next_token"]),
            (&json!("word900"), &json!("950"))
        );
        let one = book.rules()[7].id.clone();
        assert_eq!(book.list(Some(&one), 0, 10, "now")["meta"]["result_count"], 1);
    }
}
