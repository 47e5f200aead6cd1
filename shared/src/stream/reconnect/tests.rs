//! The table of waits: every kind, every step, the caps, the reset.

use super::*;
use crate::retry::StopCause;
use crate::stream::disconnect::DisconnectType;
use crate::x::problem::XProblem;

const NOW: UnixMs = UnixMs(1_000_000_000_000);

fn http(class: Class) -> Trouble {
    Trouble::Http(XProblem { class, title: "T".into(), detail: String::new() })
}

/// In one word: the wait in ms, with `kill+` or `sync+` before it, or the cause of the stop.
fn word(next: &Next) -> String {
    match next {
        Next::Again { at, first, why } => {
            assert!(!why.is_empty());
            let first = match first {
                Some(Remedy::KillGhosts) => "kill+",
                Some(Remedy::SyncRules) => "sync+",
                None => "",
            };
            format!("{first}{}", at.since(NOW))
        }
        Next::Stop(stop) => {
            assert!(!stop.title.is_empty() && stop.detail.len() > 40, "{stop:?}");
            format!("{:?}", stop.cause)
        }
    }
}

/// Fails so often, each time through JSON.
fn row(backoff: &mut Backoff, times: usize, mut fail: impl FnMut(&mut Backoff) -> Next) -> String {
    let mut words = Vec::new();
    for _ in 0..times {
        let kept = serde_json::to_string(backoff).unwrap();
        *backoff = serde_json::from_str(&kept).unwrap();
        words.push(word(&fail(backoff)));
    }
    words.join(" ")
}

/// Twelve refusals in a row, and whether the alert rose with the first longest wait.
#[track_caller]
fn check(trouble: &Trouble, expected: &str, alert_after: Option<usize>) {
    let mut backoff = Backoff::default();
    let mut alerts = Vec::new();
    let got = row(&mut backoff, 12, |b| {
        let next = b.refused(trouble, None, None, NOW);
        alerts.push(b.alert());
        next
    });
    assert_eq!(got, expected, "{trouble:?}");
    assert_eq!(alerts.iter().position(|&alert| alert), alert_after, "{trouble:?}");
}

const HTTP: &str = "5000 10000 20000 40000 80000 160000 320000 320000 320000 320000 320000 320000";
const NETWORK: &str = "250 500 750 1000 1250 1500 1750 2000 2250 2500 2750 3000";

#[test]
fn every_refusal_at_every_step() {
    check(&Trouble::Network("dns".into()), NETWORK, None);
    check(&Trouble::Cut, NETWORK, None);
    for trouble in [
        Trouble::BadBody("at 3".into()),
        http(Class::Server),
        http(Class::Other(302)),
        http(Class::Other(418)),
    ] {
        check(&trouble, HTTP, Some(6));
    }
    check(
        &http(Class::RateLimit),
        "60000 120000 240000 480000 960000 960000 960000 960000 960000 960000 960000 960000",
        Some(4),
    );
    check(
        &http(Class::Connections),
        "kill+5000 kill+10000 kill+20000 kill+40000 kill+80000 kill+160000 kill+320000 \
         kill+640000 kill+960000 kill+960000 kill+960000 kill+960000",
        Some(8),
    );
    check(
        &http(Class::Conflict),
        "sync+0 sync+5000 sync+10000 sync+20000 sync+40000 sync+80000 sync+160000 sync+320000 \
         Rejected Rejected Rejected Rejected",
        Some(7),
    );
}

#[test]
fn network_waits_grow_to_sixteen_seconds() {
    let mut backoff = Backoff::default();
    let words = row(&mut backoff, 70, |b| b.refused(&Trouble::Cut, None, None, NOW));
    let words: Vec<&str> = words.split(' ').collect();
    assert_eq!(words[62..66], ["15750", "16000", "16000", "16000"]);
    assert!(backoff.alert());
}

#[test]
fn what_cannot_be_recovered_stops() {
    for (class, cause) in [
        (Class::BadRequest, "Rejected"),
        (Class::PageToken, "Rejected"),
        (Class::Unauthorized, "Credentials"),
        (Class::Forbidden { not_enrolled: true }, "Access"),
        (Class::Forbidden { not_enrolled: false }, "Access"),
        (Class::NotFound, "Gone"),
        (Class::Other(406), "Rejected"),
        (Class::Other(413), "Rejected"),
        (Class::Other(416), "Rejected"),
    ] {
        check(&http(class), &[cause; 12].join(" "), None);
    }
}

fn said(code: Option<u8>, kind: Option<DisconnectType>) -> Disconnect {
    Disconnect { code, kind, reason: "r".into() }
}

/// Four disconnects in a row of connections that had been healthy once, before the first.
#[track_caller]
fn check_said(said: &Disconnect, expected: &str) {
    let mut backoff = Backoff::default();
    backoff.healthy();
    assert_eq!(row(&mut backoff, 4, |b| b.said(said, None, NOW)), expected, "{said:?}");
}

#[test]
fn every_disconnect_of_a_healthy_connection() {
    let network = "0 250 500 750";
    let server = "0 5000 10000 20000";
    let duplicate = "60000 120000 240000 480000";
    let revoked = "Credentials Credentials Credentials Credentials";
    for (code, expected) in (1..).zip([
        server, duplicate, network, network, network, revoked, duplicate, server, network, server,
        server, server,
    ]) {
        check_said(&said(Some(code), None), expected);
    }
    for (kind, expected) in [
        (DisconnectType::Operational, network),
        (DisconnectType::UpstreamOperational, network),
        (DisconnectType::SlowReader, network),
        (DisconnectType::Force, duplicate),
        (DisconnectType::UpstreamUnclean, server),
        (DisconnectType::Internal, server),
        (DisconnectType::AppState, "5000 10000 20000 40000"),
        (DisconnectType::InvalidRules, "sync+0 sync+5000 sync+10000 sync+20000"),
        (DisconnectType::Other, server),
    ] {
        check_said(&said(None, Some(kind)), expected);
    }
}

#[test]
fn a_drop_of_a_healthy_connection_is_followed_by_one_connect_at_once() {
    let mut backoff = Backoff::default();
    let drop = |b: &mut Backoff| b.dropped("end".into(), None, NOW);
    assert_eq!(row(&mut backoff, 2, drop), "250 500", "never healthy");
    backoff.healthy();
    assert_eq!(row(&mut backoff, 3, drop), "0 250 500");
    backoff.healthy();
    assert_eq!(word(&backoff.refused(&Trouble::Cut, None, None, NOW)), "250");
    assert_eq!(row(&mut backoff, 1, drop), "500", "a refusal uses it up too");
}

#[test]
fn health_resets_every_count_and_the_owner_too() {
    for reset in [Backoff::healthy, Backoff::forgive] {
        let mut backoff = Backoff::default();
        for _ in 0..2 {
            for (class, expected) in [
                (Class::Server, "5000 10000"),
                (Class::RateLimit, "60000 120000"),
                (Class::Connections, "kill+5000 kill+10000"),
                (Class::Conflict, "sync+0 sync+5000"),
            ] {
                let trouble = http(class);
                let fail = |b: &mut Backoff| b.refused(&trouble, None, None, NOW);
                assert_eq!(row(&mut backoff, 2, fail), expected);
            }
            let cut = row(&mut backoff, 2, |b| b.refused(&Trouble::Cut, None, None, NOW));
            assert_eq!((cut.as_str(), backoff.failures()), ("250 500", 10));
            reset(&mut backoff);
            assert_eq!((backoff.failures(), backoff.alert()), (0, false));
        }
    }
}

#[test]
fn a_rate_limit_waits_for_the_window_that_the_header_names() {
    let rate = |remaining, ms| Rate { limit: 50, remaining, reset: NOW.plus(ms) };
    let wait =
        |class, rate: &Rate| word(&Backoff::default().refused(&http(class), Some(rate), None, NOW));
    assert_eq!(wait(Class::RateLimit, &rate(0, 90_000)), "91000");
    assert_eq!(wait(Class::RateLimit, &rate(0, -1)), "60000", "a reset gone by");
    assert_eq!(wait(Class::Connections, &rate(48, 90_000)), "kill+5000", "calls are left");
    assert_eq!(wait(Class::Connections, &rate(0, 90_000)), "kill+91000");
    assert_eq!(wait(Class::Server, &rate(0, 90_000)), "5000");
}

#[test]
fn tries_end_a_row_of_failures() {
    let mut backoff = Backoff::default();
    let fail = |b: &mut Backoff| b.refused(&Trouble::Cut, None, Some(3), NOW);
    assert_eq!(row(&mut backoff, 4, fail), "250 500 Silent Silent");
    backoff.healthy();
    let drop = |b: &mut Backoff| b.dropped("end".into(), Some(1), NOW);
    assert_eq!(row(&mut backoff, 2, drop), "0 Silent", "the end of health is no failure");
    let Next::Stop(stop) = drop(&mut Backoff::default()) else { panic!() };
    assert_eq!((stop.cause, stop.title.as_str()), (StopCause::Silent, "Gave up after 1 attempt"));
}

#[test]
fn restarts_wait_longer_each_time_and_are_no_failures() {
    let mut backoff = Backoff::default();
    backoff.healthy();
    assert_eq!(row(&mut backoff, 3, |b| b.restarted(NOW)), "0 250 500");
    assert_eq!(backoff.failures(), 0);
}

#[test]
fn fewer_connects_than_x_allows() {
    let mut backoff = Backoff::default();
    for second in 0..45 {
        let at = NOW.plus(second * 1_000);
        assert_eq!(backoff.allowed_at(at), at);
        backoff.answered(at);
    }
    let later = NOW.plus(60_000);
    assert_eq!(backoff.allowed_at(later), NOW.plus(900_000));
    backoff.healthy();
    assert_eq!(backoff.allowed_at(later), NOW.plus(900_000), "X counts on");
    assert_eq!(backoff.allowed_at(NOW.plus(900_000)), NOW.plus(900_000));
    backoff.answered(NOW.plus(900_000));
    assert_eq!(backoff.allowed_at(NOW.plus(900_000)), NOW.plus(901_000));
}
