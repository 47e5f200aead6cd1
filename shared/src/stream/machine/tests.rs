//! The machine by hand, step by step.

use super::*;
use crate::stream::disconnect::Disconnect;
use crate::x::problem::{Class, XProblem};

const NOW: UnixMs = UnixMs(1_000_000_000_000);
const WANT: Input = Input::Want { on: true, tries: None, rules: false };
const FILTERED: Input = Input::Want { on: true, tries: None, rules: true };
const OFF: Input = Input::Want { on: false, tries: None, rules: false };

/// A machine whose time passes by hand, and which goes through JSON after every input.
struct Bench {
    machine: Machine,
    now: UnixMs,
}

impl Bench {
    fn new() -> Self {
        Self { machine: Machine::default(), now: NOW }
    }

    /// One that has been live and healthy for two minutes.
    fn healthy() -> Self {
        let mut bench = Self::live();
        for _ in 0..12 {
            bench.after(10_000, Input::Bytes { attempt: 1 });
        }
        bench
    }

    fn live() -> Self {
        let mut bench = Self::new();
        bench.after(0, WANT);
        bench.after(100, Input::Opened { attempt: 1 });
        bench
    }

    /// Hands in an input so much later; the effects, each in one word.
    fn after(&mut self, ms: i64, input: Input) -> String {
        self.now = self.now.plus(ms);
        let effects = self.machine.handle(self.now, input);
        let kept = serde_json::to_string(&self.machine).unwrap();
        assert_eq!(serde_json::from_str::<Machine>(&kept).unwrap(), self.machine);
        let words: Vec<String> = effects.into_iter().map(|effect| self.word(effect)).collect();
        words.join(" ")
    }

    fn word(&self, effect: Effect) -> String {
        match effect {
            Effect::Abort => "abort".into(),
            Effect::SyncRules => "sync".into(),
            Effect::KillGhosts => "kill".into(),
            Effect::Connect { attempt } => format!("connect{attempt}"),
            Effect::GapBegan { from, why } => {
                assert!(!why.is_empty());
                format!("gap{}", from.since(self.now))
            }
            Effect::GapEnded { from, to } => {
                format!("gap{}..{}", from.since(self.now), to.since(self.now))
            }
            Effect::Tell { about, text } => {
                assert!(!text.is_empty());
                about.into()
            }
        }
    }

    fn refuse(&mut self, class: Class) -> String {
        let attempt = self.machine.attempt();
        let problem = XProblem { class, title: "T".into(), detail: String::new() };
        self.after(10, Input::Refused { attempt, trouble: Trouble::Http(problem), rate: None })
    }

    /// The state, and how long until it is tried again.
    #[track_caller]
    fn check(&self, state: ConnectionState, retry_ms: Option<i64>) {
        let connection = self.machine.connection();
        let retry = connection.retry_at.map(|at| at.since(self.now));
        assert_eq!((connection.state, retry), (state, retry_ms), "{connection:?}");
    }
}

#[test]
fn switched_on_it_connects_and_switched_off_it_aborts() {
    let mut bench = Bench::new();
    assert_eq!(bench.after(0, Input::Tick), "");
    assert_eq!(bench.after(0, WANT), "abort gap0 connect1");
    assert_eq!(bench.after(5, WANT), "", "it is on its way");
    bench.check(ConnectionState::Connecting, None);
    assert_eq!(bench.after(95, Input::Opened { attempt: 1 }), "gap-100..0 connected");
    bench.check(ConnectionState::Live, None);
    assert_eq!(bench.after(1_000, OFF), "abort gap-1000 gap-1000..0");
    bench.check(ConnectionState::Off, None);
    assert_eq!(bench.machine.wake_at(), None);
    assert_eq!(bench.after(1_000, WANT), "abort gap0 connect2");
    assert_eq!(bench.after(1_000, OFF), "abort gap-1000..0");
}

#[test]
fn an_attempt_that_nobody_wants_any_more_is_not_awaited() {
    // Switched off, stopped by the budget, or overtaken before its call was made.
    for (input, effects) in [
        (OFF, "abort gap-5..0"),
        (Input::Capped { why: "$5.00 of $5.00".into(), until: None }, "abort stopped"),
        (Input::Reconnect, "abort connect2"),
    ] {
        let mut bench = Bench::new();
        bench.after(0, WANT);
        assert!(bench.machine.awaits(1) && !bench.machine.awaits(2));
        assert_eq!(bench.after(5, input), effects);
        assert!(!bench.machine.awaits(1), "after {effects}");
    }
    let mut bench = Bench::new();
    bench.after(0, WANT);
    bench.after(5, Input::Opened { attempt: 1 });
    assert!(!bench.machine.awaits(1), "it is there");
}

#[test]
fn the_filtered_stream_has_its_rules_set_before_it_is_connected() {
    let mut bench = Bench::new();
    assert_eq!(bench.after(0, FILTERED), "abort gap0 sync");
    bench.check(ConnectionState::Connecting, None);
    assert_eq!(bench.after(50, Input::RulesSynced(Ok(3))), "abort connect1");
    assert_eq!(bench.after(50, Input::RulesSynced(Ok(3))), "", "nobody asked");
    let mut bench = Bench::new();
    bench.after(0, FILTERED);
    assert_eq!(bench.after(50, Input::RulesSynced(Ok(0))), "abort stopped");
    assert!(bench.machine.connection().why.unwrap().contains("add a word to track"));
}

#[test]
fn the_sample_chosen_while_the_filtered_stream_connects_does_not_stop_for_want_of_rules() {
    // While the rules are being set, while it connects, and while it waits to set them again.
    let mut bench = Bench::new();
    bench.after(0, FILTERED);
    assert_eq!(bench.after(5, WANT), "abort connect1");
    assert_eq!(bench.after(5, Input::RulesSynced(Ok(0))), "", "of the stream before");
    bench.check(ConnectionState::Connecting, None);
    let mut bench = Bench::new();
    bench.after(0, FILTERED);
    bench.after(5, Input::RulesSynced(Ok(1)));
    assert_eq!(bench.after(5, WANT), "abort connect2");
    assert_eq!(bench.after(5, Input::Opened { attempt: 1 }), "", "of the stream before");
    assert_eq!(bench.after(5, Input::Opened { attempt: 2 }), "gap-20..0 connected");
    let mut bench = Bench::new();
    bench.after(0, FILTERED);
    bench.after(5, Input::RulesSynced(Err(Trouble::Cut)));
    assert_eq!(bench.after(0, WANT), "");
    assert_eq!(bench.after(250, Input::Tick), "abort connect1");
}

#[test]
fn the_sample_is_never_stopped_by_rules() {
    let mut bench = Bench::new();
    bench.after(0, WANT);
    assert_eq!(bench.refuse(Class::Conflict), "abort connect2");
    assert_eq!(bench.after(5, Input::RulesSynced(Ok(0))), "");
    bench.check(ConnectionState::Connecting, None);
}

#[test]
fn the_filtered_stream_chosen_while_the_sample_waits_has_its_rules_set_first() {
    let mut bench = Bench::new();
    bench.after(0, WANT);
    bench.refuse(Class::Server);
    assert_eq!(bench.after(10, FILTERED), "");
    bench.check(ConnectionState::Waiting, Some(4_990));
    assert_eq!(bench.after(4_990, Input::Tick), "abort sync");
}

#[test]
fn rules_that_cannot_be_set_are_set_later() {
    let mut bench = Bench::new();
    bench.after(0, FILTERED);
    assert_eq!(bench.after(50, Input::RulesSynced(Err(Trouble::Cut))), "");
    bench.check(ConnectionState::Waiting, Some(250));
    assert_eq!(bench.after(250, Input::Tick), "abort sync");
    assert_eq!(bench.after(60_000, Input::Tick), "", "never answered");
    bench.check(ConnectionState::Waiting, Some(500));
    assert_eq!(bench.after(500, Input::Tick), "abort sync");
    let denied = XProblem { class: Class::Unauthorized, title: "T".into(), detail: String::new() };
    assert_eq!(bench.after(9, Input::RulesSynced(Err(Trouble::Http(denied)))), "abort stopped");
}

#[test]
fn a_healthy_connection_that_ends_is_made_anew_at_once_and_once() {
    for how in [Ended::Eof, Ended::Error("reset".into()), Ended::Silent] {
        let mut bench = Bench::healthy();
        let end = |attempt| Input::Ended { attempt, how: how.clone() };
        assert_eq!(bench.after(3_000, end(1)), "abort gap-3000 disconnected connect2");
        assert_eq!(bench.after(100, Input::Opened { attempt: 2 }), "gap-3100..0 connected");
        assert_eq!(bench.after(900, end(2)), "abort gap-900 disconnected");
        bench.check(ConnectionState::Waiting, Some(250));
        assert_eq!(bench.after(250, Input::Tick), "abort connect3");
    }
}

#[test]
fn the_owner_sees_when_the_last_byte_came_and_since_when_it_stands() {
    let bench = Bench::healthy();
    let connection = bench.machine.connection();
    assert_eq!((connection.last_byte, connection.since), (Some(bench.now), Some(NOW.plus(100))));
    assert_eq!((connection.attempts, connection.why), (0, None));
}

#[test]
fn silence_is_a_dead_connection() {
    let mut bench = Bench::healthy();
    assert_eq!(bench.after(20_999, Input::Tick), "");
    assert_eq!(bench.machine.wake_at(), Some(bench.now.plus(1)));
    assert_eq!(bench.after(1, Input::Tick), "abort gap-21000 disconnected connect2");
    assert_eq!(bench.after(29_999, Input::Tick), "", "waits for the answer");
    assert_eq!(bench.after(1, Input::Tick), "abort");
    bench.check(ConnectionState::Waiting, Some(250));
}

#[test]
fn a_connection_that_never_speaks_leaves_no_instant_undeclared() {
    let mut bench = Bench::live();
    assert_eq!(bench.after(21_000, Input::Tick), "abort gap-21000 disconnected");
}

#[test]
fn inputs_of_other_attempts_are_ignored() {
    let mut bench = Bench::healthy();
    let before = bench.machine.clone();
    for attempt in [0, 2, 7] {
        for input in [
            Input::Opened { attempt },
            Input::Refused { attempt, trouble: Trouble::Cut, rate: None },
            Input::Bytes { attempt },
            Input::Ended { attempt, how: Ended::Eof },
            Input::Said {
                attempt,
                disconnect: Disconnect { code: Some(6), kind: None, reason: String::new() },
            },
        ] {
            assert_eq!(bench.after(1, input), "");
        }
    }
    assert_eq!(bench.after(1, Input::Opened { attempt: 1 }), "", "it is open");
    assert_eq!(bench.machine, before);
}

#[test]
fn a_disconnect_ends_the_connection_and_the_end_that_follows_is_ignored() {
    let say = |code| Input::Said {
        attempt: 1,
        disconnect: Disconnect { code: Some(code), kind: None, reason: String::new() },
    };
    let mut bench = Bench::healthy();
    assert_eq!(bench.after(10, say(12)), "abort gap-10 disconnected connect2");
    assert_eq!(bench.after(1, Input::Ended { attempt: 1, how: Ended::Eof }), "");
    let mut bench = Bench::healthy();
    assert_eq!(bench.after(10, say(2)), "abort gap-10 disconnected");
    bench.check(ConnectionState::Waiting, Some(60_000));
    let mut bench = Bench::healthy();
    assert_eq!(bench.after(10, say(6)), "abort gap-10 stopped");
    assert!(bench.machine.connection().why.unwrap().contains("bearer token"));
}

#[test]
fn a_second_connection_that_is_refused_has_the_ghosts_killed() {
    let mut bench = Bench::new();
    bench.after(0, WANT);
    assert_eq!(bench.refuse(Class::Connections), "abort kill");
    assert_eq!(bench.after(200, Input::GhostsKilled(Ok(()))), "");
    bench.check(ConnectionState::Waiting, Some(4_800));
    assert_eq!(bench.after(4_800, Input::Tick), "abort connect2");
    assert_eq!(bench.refuse(Class::Connections), "abort kill");
    assert_eq!(bench.after(60_000, Input::Tick), "abort connect3", "the call hung");
}

#[test]
fn missing_rules_are_set_and_the_connect_follows_at_once() {
    let mut bench = Bench::new();
    bench.after(0, FILTERED);
    bench.after(0, Input::RulesSynced(Ok(1)));
    assert_eq!(bench.refuse(Class::Conflict), "abort sync");
    assert_eq!(bench.after(20, Input::RulesSynced(Ok(1))), "abort connect2");
    assert_eq!(bench.refuse(Class::Conflict), "abort sync");
    assert_eq!(bench.after(20, Input::RulesSynced(Ok(1))), "");
    bench.check(ConnectionState::Waiting, Some(4_980));
}

#[test]
fn after_a_stop_only_the_owner_begins_again() {
    let mut bench = Bench::new();
    bench.after(0, WANT);
    assert_eq!(bench.refuse(Class::Unauthorized), "abort stopped");
    bench.check(ConnectionState::Stopped, None);
    assert_eq!(bench.after(9_000_000, Input::Tick), "");
    assert_eq!(bench.after(0, Input::Restarted), "abort");
    assert_eq!(bench.after(0, WANT), "abort connect2", "the gap is still the first");
    bench.check(ConnectionState::Connecting, None);
    assert_eq!(bench.machine.gap(), Some(NOW));
}

#[test]
fn a_cap_stops_it_with_words_until_the_owner_raises_it() {
    let mut bench = Bench::healthy();
    let capped = Input::Capped { why: "$1.00 of $1.00 is spent".into(), until: None };
    assert_eq!(bench.after(5, capped.clone()), "abort gap-5 stopped");
    assert_eq!(bench.after(5, capped), "");
    let why = bench.machine.connection().why.unwrap();
    assert!(why.contains("$1.00 of $1.00"), "{why}");
    assert_eq!(bench.after(5, Input::Reconnect), "");
    assert_eq!(bench.after(5, WANT), "abort connect2");
}

#[test]
fn a_usage_cap_of_x_makes_it_wait_until_its_end_and_go_on_by_itself() {
    let mut bench = Bench::healthy();
    let capped = |until| Input::Capped { why: "X said UsageCapExceeded".into(), until };
    let until = bench.now.plus(7_200_000);
    assert_eq!(bench.after(5, capped(Some(until))), "abort gap-5 stopped");
    bench.check(ConnectionState::Waiting, Some(7_199_995));
    assert_eq!(bench.machine.connection().why.unwrap(), "X said UsageCapExceeded");
    assert_eq!(bench.after(5, Input::Reconnect), "", "other settings make no room");
    assert_eq!(bench.after(5, Input::Restarted), "abort");
    let later = until.plus(1_000);
    assert_eq!(bench.after(5, capped(Some(later))), "", "told again, said once");
    bench.check(ConnectionState::Waiting, Some(7_200_980));
    assert_eq!(bench.after(7_200_979, Input::Tick), "");
    assert_eq!(bench.after(1, Input::Tick), "abort connect2");
    assert_eq!(bench.after(5, Input::Opened { attempt: 2 }), "gap-7201005..0 connected");
}

#[test]
fn it_goes_on_when_the_budget_has_room_sooner_than_it_said() {
    for (input, effects) in [(Input::Freed, "abort sync"), (FILTERED, "abort sync")] {
        let mut bench = Bench::new();
        bench.after(0, FILTERED);
        bench.after(1, Input::RulesSynced(Ok(1)));
        bench.after(1, Input::Opened { attempt: 1 });
        let until = Some(bench.now.plus(86_400_000));
        bench.after(1_000, Input::Capped { why: "paused".into(), until });
        assert_eq!(bench.after(5, input), effects);
    }
    let mut bench = Bench::live();
    assert_eq!(bench.after(5, Input::Freed), "", "nothing waits for it");
    bench.after(5, Input::Capped { why: "the cap".into(), until: None });
    assert_eq!(bench.after(5, Input::Freed), "", "the owner stopped it, not the day");
}

#[test]
fn tries_are_counted_in_a_row() {
    let mut bench = Bench::new();
    bench.after(0, Input::Want { on: true, tries: Some(2), rules: false });
    bench.refuse(Class::Server);
    bench.check(ConnectionState::Waiting, Some(5_000));
    bench.after(5_000, Input::Tick);
    assert_eq!(bench.refuse(Class::Server), "abort stopped");
    assert_eq!(bench.machine.connection().attempts, 2);
}

#[test]
fn after_a_restart_the_gap_begins_with_the_last_byte() {
    let mut bench = Bench::healthy();
    assert_eq!(bench.after(7_000, Input::Restarted), "abort gap-7000 disconnected connect2");
    assert_eq!(bench.after(10, Input::Restarted), "abort");
    bench.check(ConnectionState::Waiting, Some(250));
    assert_eq!(bench.after(250, Input::Tick), "abort connect3");
}

#[test]
fn after_a_restart_a_wait_that_was_due_is_kept() {
    let mut bench = Bench::new();
    bench.after(0, WANT);
    bench.refuse(Class::Server);
    assert_eq!(bench.after(1_000, Input::Restarted), "abort");
    bench.check(ConnectionState::Waiting, Some(4_000));
    assert_eq!(bench.after(4_000, Input::Restarted), "abort connect2");
}

#[test]
fn after_a_restart_a_call_under_way_is_made_again() {
    let mut bench = Bench::new();
    bench.after(0, WANT);
    bench.refuse(Class::Connections);
    assert_eq!(bench.after(1_000, Input::Restarted), "abort");
    bench.check(ConnectionState::Waiting, Some(4_000));
    assert_eq!(bench.after(4_000, Input::Tick), "abort kill");
    assert_eq!(bench.after(10, Input::GhostsKilled(Err(Trouble::Cut))), "abort connect2");
}

#[test]
fn other_settings_make_a_new_connection_but_do_not_shorten_a_wait() {
    let mut bench = Bench::healthy();
    assert_eq!(bench.after(5, FILTERED), "abort gap-5 sync");
    assert_eq!(bench.after(5, Input::RulesSynced(Ok(1))), "abort connect2");
    assert_eq!(bench.after(5, Input::Reconnect), "abort sync");
    assert_eq!(bench.after(5, Input::RulesSynced(Ok(1))), "abort connect3");
    bench.refuse(Class::RateLimit);
    assert_eq!(bench.after(1_000, Input::Reconnect), "");
    bench.check(ConnectionState::Waiting, Some(59_000));
    assert_eq!(bench.after(59_000, Input::Tick), "abort sync");
}

#[test]
fn connects_stay_below_what_x_allows() {
    let mut bench = Bench::live();
    for attempt in 2..46 {
        bench.after(1, Input::Reconnect);
        bench.after(0, Input::Opened { attempt });
    }
    bench.check(ConnectionState::Live, None);
    assert_eq!(bench.after(1, Input::Reconnect), "abort gap-1");
    let retry = bench.machine.connection().retry_at.unwrap();
    assert_eq!(retry, NOW.plus(100 + 15 * 60_000));
    assert!(bench.machine.connection().why.unwrap().contains("50 connects"));
}
