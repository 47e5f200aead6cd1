//! X takes no more calls, and the one that sees whether it does again.

use super::*;

fn depleted(status: u16, body: &str) -> Pause {
    let problem = crate::x::problem::classify(status, body.as_bytes());
    pause(&crate::retry::Trouble::Http(problem), NOW).unwrap()
}

#[test]
fn credits_and_usage_caps_pause_all_asking_until_a_probe() {
    for (status, body) in [
        (402, r#"{"title":"CreditsDepleted","type":"https://api.twitter.com/2/problems/credits"}"#),
        (
            402,
            r#"{"detail":"credits depleted","type":"https://api.x.com/2/problems/credits-depleted"}"#,
        ),
        (
            429,
            r#"{"title":"UsageCapExceeded","type":"https://api.twitter.com/2/problems/usage-capped"}"#,
        ),
    ] {
        let mut book = Book::default();
        check(&mut book, &ask(1), "go 1×3");
        book.hold(depleted(status, body));
        book.settle(&settlement(1, 0), NOW);
        check(&mut book, &ask(1), "later +57600");
        check(&mut book, &Ask { account: UserId(34), ..ask(0) }, "later +57600");
        let midnight = NOW.plus(16 * 3_600_000);
        assert_eq!(book.view(NOW, &[]).paused.unwrap().until, midnight);
        assert_eq!(word(&book.ask(&ask(1), midnight)), "go 2×1", "one call, to see");
        let other = Ask { account: UserId(34), ..ask(1) };
        assert!(matches!(book.ask(&other, midnight), Grant::Later { .. }));
        book.settle(&settlement(2, 1), midnight);
        assert_eq!(word(&book.ask(&other, midnight)), "go 3×3");
        assert_eq!(book.view(midnight, &[]).paused, None);
    }
}

#[test]
fn a_probe_that_meets_the_same_pauses_again() {
    let mut book = Book::default();
    let body = r#"{"title":"CreditsDepleted","type":"https://x/credits"}"#;
    book.hold(depleted(402, body));
    let midnight = NOW.plus(16 * 3_600_000);
    assert_eq!(word(&book.ask(&ask(1), midnight)), "go 1×1");
    let problem = crate::x::problem::classify(402, body.as_bytes());
    book.hold(pause(&crate::retry::Trouble::Http(problem), midnight).unwrap());
    book.settle(&settlement(1, 0), midnight);
    let paused = book.view(midnight, &[]).paused.unwrap();
    assert_eq!((paused.since, paused.until), (NOW, midnight.plus(DAY_MS)));
    assert!(matches!(book.ask(&ask(1), midnight), Grant::Later { .. }));
    book.change(api::BudgetChange { paused: Some(false), ..Default::default() }).unwrap();
    assert!(matches!(book.ask(&ask(1), midnight), Grant::Go { .. }), "the owner bought credits");
}

#[test]
fn a_probe_that_is_lost_is_followed_by_another() {
    let mut book = Book::default();
    book.hold(depleted(402, "{}"));
    let midnight = NOW.plus(16 * 3_600_000);
    assert_eq!(word(&book.ask(&ask(1), midnight)), "go 1×1");
    let other = Ask { account: UserId(34), ..ask(1) };
    let later = |minutes: i64| midnight.plus(minutes * 60_000);
    assert!(matches!(book.ask(&other, later(14)), Grant::Later { .. }));
    assert_eq!(word(&book.ask(&other, later(15))), "go 2×1");
}

#[test]
fn other_troubles_pause_nothing() {
    use crate::retry::Trouble;
    for (status, body) in [(429, ""), (401, ""), (403, ""), (500, ""), (404, "")] {
        let problem = crate::x::problem::classify(status, body.as_bytes());
        assert_eq!(pause(&Trouble::Http(problem), NOW), None, "{status}");
    }
    assert_eq!(pause(&Trouble::Cut, NOW), None);
}
