//! Exports: shapes, escapes, and equal bytes for equal data.

use super::*;
use crate::api::{Confidence, EventKind, How, LossState, Person, Reason, RosterFilter, Verified};
use flate2::read::GzDecoder;
use proptest::prelude::*;
use std::io::Read;

fn person(name: &str) -> Person {
    Person { id: UserId(12), username: "ada".into(), name: name.into(), avatar: None }
}

fn follower(name: &str) -> Follower {
    Follower {
        user: person(name),
        followers: Some(42),
        verified: Some(Verified::Blue),
        protected: false,
        description: Some("one, \"two\"\nthree".into()),
        joined: Some(UnixMs(0)),
        since: None,
        last_change: None,
        following: true,
        mutual: None,
        muted: false,
        note: None,
    }
}

#[track_caller]
fn check_name(name: &str, field: &str) {
    let line = follower_csv(&follower(name), UserId(1), "UTC");
    let expected = format!(
        "\"1\",\"12\",ada,{field},42,blue,false,1970-01-01T00:00:00Z,true,,,,false,,\
         \"one, \"\"two\"\"\nthree\",UTC\r\n"
    );
    assert_eq!(line, expected, "{name:?}");
}

#[test]
fn fields_are_quoted_where_they_must_be() {
    check_name("Ada", "Ada");
    check_name("", "");
    check_name("Ada, \"A\"", "\"Ada, \"\"A\"\"\"");
    check_name("Ada\r\nB", "\"Ada\r\nB\"");
    check_name(" Ada", "\" Ada\"");
}

#[test]
fn formulas_are_disarmed() {
    check_name("=1+1", "'=1+1");
    check_name("+1", "'+1");
    check_name("-1", "'-1");
    check_name("@SUM(A1,A2)", "\"'@SUM(A1,A2)\"");
    check_name("\t=1", "'\t=1");
    check_name("\r=1", "\"'\r=1\"");
}

#[test]
fn every_row_has_the_headers_fields() {
    let fields = |line: &str| line.trim_end().split(',').count();
    let row = Follower { description: None, ..follower("Ada") };
    assert_eq!(fields(&follower_csv(&row, UserId(1), "UTC")), fields(followers_csv_header()));
    assert_eq!(fields(&event_csv(&event())), fields(events_csv_header()));
}

fn event() -> FollowerEvent {
    FollowerEvent {
        id: "2026-11-21T08:00:00Z:lost:12".into(),
        kind: EventKind::Lost,
        user: person("Ada"),
        at: UnixMs(1_795_248_000_000),
        not_before: None,
        snapshot: "FOLLOWERS_2026-11-21T08:00:00Z.json.gz".into(),
        state: Some(LossState::Confirmed),
        reason: Some(Reason::Gone),
        confidence: Some(Confidence::Certain),
        how: How::Lookup,
        settles: None,
        note: None,
        from: None,
        to: None,
        muted: true,
        followers: None,
    }
}

#[test]
fn an_event_is_one_row() {
    assert_eq!(
        event_csv(&event()),
        "2026-11-21T08:00:00Z:lost:12,lost,\"12\",ada,Ada,2026-11-21T08:00:00Z,,\
         FOLLOWERS_2026-11-21T08:00:00Z.json.gz,confirmed,gone,certain,lookup,,,true,\r\n"
    );
}

#[test]
fn a_line_of_ndjson_is_the_wire_type() {
    assert_eq!(ndjson(&RosterFilter::New), "\"new\"\n");
    assert_eq!(serde_json::from_str::<FollowerEvent>(&ndjson(&event())).unwrap(), event());
}

#[test]
fn stamped_ids_are_the_seeds_file() {
    let mut file = StampedIds::new();
    file.begin("2021-01-06T18:40:40.123456+00:00");
    file.id(UserId(1));
    file.id(UserId(2));
    file.end();
    let mut out = file.take();
    file.begin("b");
    file.end();
    out.extend(file.finish().unwrap());
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "{\"2021-01-06T18:40:40.123456+00:00\":[\"1\",\"2\"],\n\"b\":[]}\n"
    );
    assert_eq!(file.finish(), None);
    assert_eq!(StampedIds::new().finish().unwrap(), b"{}\n");
}

#[test]
fn user_info_is_the_seeds_file() {
    let mut file = UserInfo::new();
    file.user(UserId(1), "{\"id\":\"1\"}");
    let mut out = file.take();
    file.user(UserId(2), "{}");
    out.extend(file.finish());
    assert_eq!(String::from_utf8(out).unwrap(), "{\"1\":{\"id\":\"1\"},\n\"2\":{}}\n");
    assert_eq!(UserInfo::new().finish(), b"{}\n");
}

#[test]
fn gzip_has_a_fixed_header() {
    assert_eq!(Gz::new().finish()[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn pieces_leave_no_trace_in_gzip(
        seed in any::<u32>(),
        cuts in prop::collection::vec(0_usize..90_000, 0..12),
        taking in any::<bool>(),
    ) {
        let data: Vec<u8> = (0..90_000_u32).map(|n| (n.wrapping_mul(seed | 1) >> 27) as u8).collect();
        let mut whole = Gz::new();
        whole.write(&data);
        let whole = whole.finish();
        let mut cuts = cuts;
        cuts.extend([0, data.len()]);
        cuts.sort_unstable();
        let (mut gz, mut out) = (Gz::new(), Vec::new());
        for pair in cuts.windows(2) {
            gz.write(&data[pair[0]..pair[1]]);
            if taking { out.extend(gz.take()); }
        }
        out.extend(gz.finish());
        prop_assert_eq!(&out, &whole);
        let mut back = Vec::new();
        GzDecoder::new(out.as_slice()).read_to_end(&mut back).unwrap();
        prop_assert_eq!(back, data);
    }
}

#[test]
fn a_tweet_is_a_row_with_a_column_for_every_known_metric() {
    let tweet = crate::api::TweetItem {
        id: crate::id::TweetId(7),
        text: Some("=1+1, \"said\"\nand more".to_owned()),
        created_at: Some(UnixMs(0)),
        kind: crate::api::TweetKind::Reply,
        lang: Some("en".to_owned()),
        promoted: true,
        deleted_at: None,
        read_at: Some(UnixMs(1_000)),
        metrics: [("public.like_count".to_owned(), 3), ("public.new_count".to_owned(), 4)].into(),
        growth: std::collections::BTreeMap::new(),
        sparkline_metric: "public.impression_count".to_owned(),
        sparkline: vec![],
        followers_after: None,
    };
    let row = tweet_csv(&tweet, UserId(12));
    let begin = "\"12\",\"7\",1970-01-01T00:00:00Z,reply,en,true,,1970-01-01T00:00:01Z,,3,";
    assert!(row.starts_with(begin), "{row}");
    assert!(row.ends_with(",\"'=1+1, \"\"said\"\"\nand more\"\r\n"), "{row}");
    let columns = tweets_csv_header().split(',').count();
    assert_eq!(columns, 8 + 22 + 1);
    assert_eq!(row.split("\"'=").next().unwrap().split(',').count(), columns);
}
