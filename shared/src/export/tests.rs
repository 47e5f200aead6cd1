//! Exports: shapes, escapes, and equal bytes for equal data.

use super::*;
use crate::api::{GapReason, LiveGap, RosterFilter};
use flate2::read::GzDecoder;
use proptest::prelude::*;
use std::io::Read;

#[test]
fn a_line_of_ndjson_is_the_wire_type() {
    assert_eq!(ndjson(&RosterFilter::New), "\"new\"\n");
    let gap = LiveGap { from: 1, to: 2, reason: GapReason::Slow };
    assert_eq!(serde_json::from_str::<LiveGap>(&ndjson(&gap)).unwrap(), gap);
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
