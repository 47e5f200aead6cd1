//! Settings to rules, and rules compared with X's.

use super::*;
use crate::id::UserId;
use crate::stream::settings::defaults;

fn settings(track: &[&str], follow: &[u64], locations: &[BoundingBox]) -> StreamSettings {
    StreamSettings {
        track: track.iter().map(|&word| word.to_owned()).collect(),
        follow: follow.iter().copied().map(UserId).collect(),
        locations: locations.to_vec(),
        ..defaults(false)
    }
}

#[track_caller]
fn check(word: &str, expected: Result<&str, &str>) {
    match (phrase(word), expected) {
        (Ok(got), Ok(expected)) => {
            assert_eq!(got, expected);
            assert_eq!(language::check(&got), Ok(()), "{got}");
        }
        (Err(error), Err(expected)) => assert!(error.contains(expected), "{error}"),
        (got, _) => panic!("{word}: {got:?}"),
    }
}

#[test]
fn tracked_words_are_quoted_where_they_are_more_than_words() {
    check("coffee", Ok("coffee"));
    check(" #cdu ", Ok("#cdu"));
    check("@nypl", Ok("@nypl"));
    check("кофе", Ok("кофе"));
    check("हिन्दी", Ok("हिन्दी"));
    check("🍕", Ok("🍕"));
    check("new york", Ok("\"new york\""));
    check("well-known", Ok("\"well-known\""));
    check("-cat", Ok("\"-cat\""));
    check("from:me", Ok("\"from:me\""));
    check("OR", Ok("\"OR\""));
    check("say \"hi\" \\o/", Ok("\"say \\\"hi\\\" \\\\o/\""));
    check("#a b", Ok("\"#a b\""));
    for (word, expected) in [("", "no word"), ("#", "no word"), ("&!", "no word")] {
        check(word, Err(expected));
    }
    check("a\nb", Err("one line"));
    check(&"x".repeat(101), Err("at most 100"));
}

#[test]
fn settings_become_few_rules() {
    let rules = wanted(
        &settings(&["coffee", "new york", "Coffee"], &[12, 34], &[[13.1, 52.4, 13.6, 52.6]]),
        &[own("cat has:geo", Some("cats")).unwrap()],
    );
    let told: Vec<_> = rules.unwrap().into_iter().map(|r| (r.tag(), r.value)).collect();
    let expected = [
        ("roost:own:cats", "cat has:geo"),
        ("roost:track", "coffee OR \"new york\""),
        ("roost:follow", "from:12 OR from:34"),
        ("roost:locations", "bounding_box:[13.1 52.4 13.6 52.6]"),
    ];
    assert_eq!(told, expected.map(|(tag, value)| (tag.to_owned(), value.to_owned())));
    assert!(wanted(&settings(&[], &[], &[]), &[]).unwrap().is_empty());
    assert!(wanted(&settings(&[], &[], &[[0.0, 0.0, 9.0, 9.0]]), &[]).is_err());
}

#[test]
fn rules_are_filled_to_the_limit_and_lose_nothing() {
    let ids: Vec<u64> = (0..5_000).map(|n| 1_857_043_292_182_618_112 + n).collect();
    let rules = wanted(&settings(&[], &ids, &[]), &[]).unwrap();
    let all: Vec<String> = rules.iter().flat_map(|rule| alternatives(&rule.value)).collect();
    assert_eq!(all, ids.iter().map(|id| format!("from:{id}")).collect::<Vec<_>>());
    for rule in &rules[..rules.len() - 1] {
        let chars = rule.value.chars().count();
        assert!((RULE_CHARS - 28..=RULE_CHARS).contains(&chars), "{chars}");
        assert_eq!(language::check(&rule.value), Ok(()));
    }
}

#[test]
fn a_rule_may_fill_its_limit_exactly() {
    let part = |n: usize| "я".repeat(n);
    assert_eq!(join(vec![part(500), part(520)], 1_024).len(), 1);
    assert_eq!(join(vec![part(500), part(521)], 1_024).len(), 2);
    assert_eq!(join(vec![part(2_000), part(3)], 1_024).len(), 2);
}

#[test]
fn more_rules_than_x_takes_are_refused() {
    let own: Vec<Wanted> = (0..1_000).map(|n| own(&format!("w{n}"), None).unwrap()).collect();
    assert_eq!(wanted(&settings(&[], &[], &[]), &own).unwrap().len(), 1_000);
    let error = wanted(&settings(&["more"], &[], &[]), &own).unwrap_err();
    assert!(error.contains("1001 rules"), "{error}");
}

#[test]
fn tags_tell_whose_a_rule_is() {
    for (tag, expected, name) in [
        (Some("roost:track"), RuleOrigin::Track, None),
        (Some("roost:own:a:b"), RuleOrigin::Own, Some("a:b")),
        (Some("roost:own"), RuleOrigin::Own, None),
        (Some("roost:foreign"), RuleOrigin::Foreign, Some("roost:foreign")),
        (Some("roost:?"), RuleOrigin::Foreign, Some("roost:?")),
        (Some("mine"), RuleOrigin::Foreign, Some("mine")),
        (None, RuleOrigin::Foreign, None),
    ] {
        assert_eq!(origin(tag), (expected, name.map(str::to_owned)), "{tag:?}");
    }
}

fn upstream(id: u32, value: &str, tag: Option<&str>) -> UpstreamRule {
    UpstreamRule { id: id.to_string(), value: value.into(), tag: tag.map(str::to_owned) }
}

fn track(value: &str) -> Wanted {
    Wanted { value: value.into(), origin: RuleOrigin::Track, name: None }
}

/// The plan as `-first +add -after`.
#[track_caller]
fn check_plan(have: &[UpstreamRule], want: &[Wanted], expected: &str) {
    let plan = plan(have, want).unwrap();
    let first = plan.delete_first.iter().map(|id| format!("-{id}"));
    let add = plan.add.iter().map(|rule| format!("+{}", rule.value));
    let after = plan.delete.iter().map(|id| format!("-{id}"));
    let told: Vec<String> = first.chain(add).chain(after).collect();
    assert_eq!(told.join(" "), expected);
    assert_eq!(plan.is_done(), expected.is_empty());
}

#[test]
fn only_what_differs_is_changed() {
    let ours = [upstream(1, "cat", Some("roost:track")), upstream(2, "dog", Some("roost:track"))];
    check_plan(&ours, &[track("cat"), track("dog")], "");
    check_plan(&ours, &[track("dog"), track("bird")], "+bird -1");
    check_plan(&ours, &[], "-1 -2");
    check_plan(&[], &[track("cat")], "+cat");
}

#[test]
fn a_rule_with_another_tag_is_deleted_before_it_is_added() {
    let ours = [upstream(1, "cat", Some("roost:own:x")), upstream(2, "old", Some("roost:track"))];
    check_plan(&ours, &[track("cat")], "-1 +cat -2");
}

#[test]
fn other_programs_rules_are_left_alone() {
    let have = [upstream(1, "cat", None), upstream(2, "dog", Some("theirs"))];
    check_plan(&have, &[track("cat"), track("bird")], "+bird");
    assert_eq!(plan(&have, &[]).unwrap().foreign, have);
}

#[test]
fn a_rule_that_x_has_twice_is_kept_once() {
    let have = [upstream(1, "cat", Some("roost:track")), upstream(2, "cat", Some("roost:track"))];
    check_plan(&have, &[track("cat")], "-2");
}

#[test]
fn room_is_made_before_it_is_needed() {
    let have: Vec<UpstreamRule> =
        (0..1_000).map(|n| upstream(n, &format!("w{n}"), Some("roost:track"))).collect();
    let want: Vec<Wanted> = (1..1_001).map(|n| track(&format!("w{n}"))).collect();
    check_plan(&have, &want, "-0 +w1000");
    let foreign: Vec<UpstreamRule> =
        (0..999).map(|n| upstream(n, &format!("f{n}"), None)).collect();
    check_plan(&foreign, &[track("a")], "+a");
    let error = plan(&foreign, &[track("a"), track("b")]).unwrap_err();
    assert!(error.contains("hold 999"), "{error}");
}

#[test]
fn bodies_are_as_x_wants_them() {
    assert_eq!(
        add_body(&[own("\"a b\"", Some("n")).unwrap()]),
        r#"{"add":[{"tag":"roost:own:n","value":"\"a b\""}]}"#
    );
    assert_eq!(delete_body(&["1".into(), "2".into()]), r#"{"delete":{"ids":["1","2"]}}"#);
}

#[test]
fn an_owners_rule_is_checked() {
    assert!(own("has:geo", None).is_err());
    assert!(own("cat", Some(&"x".repeat(65))).unwrap_err().contains("`tag`"));
    assert_eq!(
        own(" cat ", Some("  ")).unwrap(),
        Wanted { value: "cat".into(), origin: RuleOrigin::Own, name: None }
    );
}
