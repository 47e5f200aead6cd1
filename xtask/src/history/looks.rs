//! What X would have said of those who left a simulated account, had they been looked up after the
//! list that lacked them. Owns: when they are looked at, as Roost does it, and the answers. Must
//! not know how Roost keeps them. Invariant: nothing is told of a time after the last list.

use serde_json::{Value, json};
use shared::time::{DAY_MS, MINUTE_MS, UnixMs};

/// A look comes so long after the list that lacked someone.
const FIRST_MS: i64 = 3 * MINUTE_MS;
/// Whoever vanished is looked at again after so long, and then once more.
const AGAIN_MS: [i64; 2] = [15 * MINUTE_MS, DAY_MS];
/// Of those who unfollowed, one in so many was looked up by an app alone, which is not told who
/// follows.
const BY_APP: u64 = 9;

/// The looks after the lists of `watched`, ascending, up to `until`: each list shows who left in
/// the two days before it, and after `since`. `truth`: what the simulator tells of that time.
pub(super) fn of(truth: &Value, watched: &[UnixMs], since: UnixMs, until: UnixMs) -> Vec<Value> {
    let leavers = truth["lost"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut looks = Vec::new();
    for one in leavers {
        let (Some(id), Some(at)) = (one["id"].as_str(), one["at"].as_i64()) else { continue };
        let Some(list) = watched.iter().find(|list| list.0 >= at) else { continue };
        let back = one["back"].as_i64().unwrap_or(i64::MAX);
        // Who was back before any list lacked them never left; who left long before was not seen.
        if back <= list.0 || at <= since.0 || list.0 - at > super::WATCHED_MS {
            continue;
        }
        for (at, said) in answers(one["kind"].as_str().unwrap_or_default(), id, list.0, back) {
            if at <= until.0 {
                looks.push(json!({"user": id, "at": UnixMs(at), "said": said}));
            }
        }
    }
    looks
}

/// When someone is looked at after the list of `list`, and what X says.
fn answers(kind: &str, id: &str, list: i64, back: i64) -> Vec<(i64, &'static str)> {
    let first = list + FIRST_MS;
    let said = match kind {
        "suspended" => "suspended",
        "you_blocked" => "blocked",
        "deleted" | "deactivated" => {
            let turns = [0, AGAIN_MS[0], AGAIN_MS[1]].map(|after| first + after);
            let mut told = Vec::new();
            for at in turns {
                if at >= back {
                    told.push((at, "following"));
                    break;
                }
                told.push((at, "missing"));
            }
            return told;
        }
        _ if id.parse::<u64>().is_ok_and(|id| id.is_multiple_of(BY_APP)) => "found",
        _ => "not_following",
    };
    vec![(first, said)]
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTS: [UnixMs; 3] = [UnixMs(0), UnixMs(DAY_MS), UnixMs(2 * DAY_MS)];

    /// Looks in minutes after the list of the first day.
    #[track_caller]
    fn check(kind: &str, id: &str, back: Option<i64>, expected: &[(i64, &str)]) {
        let truth = json!({"lost": [{"id": id, "at": 5, "kind": kind, "back": back}]});
        let looks = of(&truth, &LISTS, UnixMs(0), UnixMs(3 * DAY_MS));
        let told: Vec<(i64, &str)> = looks
            .iter()
            .map(|look| {
                let at: UnixMs = serde_json::from_value(look["at"].clone()).unwrap();
                let minutes = (at.0 - DAY_MS) / MINUTE_MS;
                (minutes, look["said"].as_str().unwrap())
            })
            .collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn each_is_looked_up_after_the_list_that_lacked_them() {
        check("suspended", "1", None, &[(3, "suspended")]);
        check("you_blocked", "1", None, &[(3, "blocked")]);
        check("unfollowed", "1", None, &[(3, "not_following")]);
        check("unfollowed", "18", None, &[(3, "found")]);
    }

    #[test]
    fn whoever_vanished_is_looked_at_three_times_or_until_they_are_back() {
        check("deleted", "1", None, &[(3, "missing"), (18, "missing"), (1_443, "missing")]);
        let back = DAY_MS + 10 * MINUTE_MS;
        check("deactivated", "1", Some(back), &[(3, "missing"), (18, "following")]);
        check("deactivated", "1", Some(DAY_MS - 1), &[]);
    }

    #[test]
    fn nothing_is_told_of_a_time_to_come() {
        let truth = json!({"lost": [{"id": "1", "at": 5, "kind": "deleted", "back": null}]});
        assert_eq!(of(&truth, &LISTS, UnixMs(0), UnixMs(DAY_MS + 5 * MINUTE_MS)).len(), 1);
        assert!(
            of(&truth, &[UnixMs(0)], UnixMs(0), UnixMs(DAY_MS)).is_empty(),
            "no list lacked them"
        );
    }

    #[test]
    fn whoever_left_before_anyone_watched_was_not_looked_up() {
        let truth = json!({"lost": [{"id": "1", "at": 5, "kind": "suspended", "back": null}]});
        let lists = [UnixMs(9 * DAY_MS)];
        assert!(of(&truth, &lists, UnixMs(0), UnixMs(10 * DAY_MS)).is_empty());
    }
}
