//! Rules that X takes, and those it does not, with what is said about them.

use super::check as check_rule;
use super::*;

#[track_caller]
fn passes(rules: &[&str]) {
    for rule in rules {
        assert_eq!(check_rule(rule), Ok(()), "{rule}");
    }
}

#[track_caller]
fn refused(rule: &str, expected: &str) {
    match check_rule(rule) {
        Err(error) => assert!(error.contains(expected), "{rule}: {error}"),
        Ok(()) => panic!("{rule}"),
    }
}

#[test]
fn rules_that_x_takes() {
    passes(&[
        "cat",
        "cat dog",
        "cat OR dog",
        "(cat OR dog) -bird lang:en",
        "cat has:geo",
        "has:geo place_country:DE",
        "HAS:GEO Place_Country:de",
        "sample:10 (cat OR has:images dog)",
        "cat (has:images OR has:links)",
        "\"new york\" #nyc @nypl $TWTR",
        "\"a \\\" (b\" lang:de",
        "\"cat dog\"~6",
        "from:12 OR from:XDevelopers -is:retweet",
        "url:\"https://x.com\" -is:nullcast",
        "place:\"new york city\" OR place:01a9a39529b27f36",
        "bounding_box:[-105.301758 39.964069 -105.178505 40.09455]",
        "point_radius:[2.355128 48.861118 16km]",
        "point_radius:[0 0 25mi] -has:links",
        "followers_count:100..500 OR tweets_count:7",
        "context:10.799022225751871488 entity:\"Michael Jordan\"",
        "кофе OR コーヒー OR 🍕",
        "well-known",
        "((cat))",
    ]);
}

#[test]
fn what_cannot_stand_alone_is_explained() {
    refused("has:geo", "has:geo place_country:DE");
    refused("has:geo sample:10", "cannot stand alone");
    refused("sample:10", "`coffee sample:10`");
    refused("lang:de", "`coffee lang:de`");
    refused("is:retweet has:media", "`is:retweet` cannot stand alone");
    refused("-cat", "only excludes");
    refused("-cat lang:en", "only excludes");
    refused("cat OR has:geo", "`has:geo` cannot stand alone");
    refused("cat OR -dog", "`-dog` only excludes");
    refused("(cat OR lang:en) has:geo", "`lang:en` cannot stand alone");
}

#[test]
fn what_is_not_balanced_is_refused() {
    refused("(cat", "`(` is not closed");
    refused("cat)", "`)` at character 4");
    refused("((cat) dog", "`(` is not closed");
    refused("()", "nothing stands before a `)`");
    refused("\"cat", "not closed");
    refused("кот \"dog", "begins at character 5");
    refused("url:\"x", "not closed");
    refused("bounding_box:[1 2", "`[` in what begins at character 1 is not closed");
    refused("", "empty");
    refused("  ", "empty");
}

#[test]
fn or_and_minus_stand_where_they_mean_something() {
    refused("cat OR", "one of them is missing");
    refused("OR cat", "one of them is missing");
    refused("cat OR OR dog", "one of them is missing");
    refused("(cat OR )", "nothing stands");
    refused("cat AND dog", "as a blank");
    refused("cat -(dog OR bird)", "no negated group");
    refused("cat - dog", "directly before");
    refused("cat --dog", "directly before");
    refused("cat -", "directly before");
}

#[test]
fn unknown_operators_have_a_suggestion() {
    refused("form:twitter", "did you mean `from:`");
    refused("palce_country:DE", "did you mean `place_country:`");
    refused("hass:geo cat", "did you mean `has:`");
    refused("near:berlin", "put it in quotes");
    refused("12:30", "put it in quotes");
    refused("https://x.com/a", "put it in quotes");
}

#[test]
fn values_are_looked_at() {
    for (rule, expected) in [
        ("cat has:cats", "one of geo, links"),
        ("cat is:good", "one of retweet"),
        ("cat sample:0", "1 to 100"),
        ("cat sample:ten", "1 to 100"),
        ("cat lang:english-language", "language's code"),
        ("place_country:Germany", "two letters"),
        ("from:@name", "without `@`"),
        ("from:", "without `@`"),
        ("conversation_id:x", "tweet's id"),
        ("followers_count:many", "a number"),
        ("bounding_box:[1 2 3]", "[west south east north]"),
        ("bounding_box:1", "[west south east north]"),
        ("bounding_box:[-180 -90 180 90]", "place_country:"),
        ("bounding_box:[179.9 -17 -179.9 -16.9]", "as two rules"),
        ("point_radius:[2.3 48.8]", "[longitude latitude radius]"),
        ("point_radius:[2.3 48.8 16]", "a radius such as"),
        ("point_radius:[2.3 148.8 16km]", "in this order"),
        ("point_radius:[2.3 48.8 100km]", "at most 40km"),
        ("\"cat dog\"~9", "at most 6"),
        ("\"\"", "holds no word"),
        ("cat &", "holds no word"),
        ("ca\"t\"", "around a whole phrase"),
    ] {
        refused(rule, expected);
    }
}

#[test]
fn length_counts_characters() {
    let at_most = "я".repeat(RULE_CHARS);
    passes(&[&at_most]);
    refused(&format!("{at_most}я"), "1025 characters");
}

#[test]
fn alternatives_are_what_or_joins_at_the_top() {
    let rule = "a b OR (c OR d) e OR \"f OR g\" OR url:\"h\" -i";
    assert_eq!(alternatives(rule), ["a b", "(c OR d) e", "\"f OR g\"", "url:\"h\" -i"]);
    assert_eq!(alternatives("\"broken OR x"), ["\"broken OR x"]);
    assert_eq!(operators("cat has:geo -(\"from:x\" LANG:de)"), ["has", "LANG"]);
}

#[test]
fn no_text_is_a_panic() {
    for rule in ["-", ":", "[", "]", "\\", "\"\\", "a:[\"", "((((", "))", "OR", "#", "-:", "\u{0}"]
    {
        assert!(check_rule(rule).is_err(), "{rule}");
        alternatives(rule);
    }
    let deep = "(".repeat(RULE_CHARS / 2 - 1) + "cat" + &")".repeat(RULE_CHARS / 2 - 1);
    passes(&[&deep[1..deep.len() - 1]]);
}
