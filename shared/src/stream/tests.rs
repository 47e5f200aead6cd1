//! A recorded stream, cut in every way: the frames, and so the messages, are always the same.

use super::frames::{Frame, Frames};
use super::message::{Dialect, Message, read};
use proptest::prelude::*;
use std::fmt::Write as _;

/// A tweet of API v2 with scripts, emoji and escapes; of so many bytes at least.
fn v2(id: u64, bytes: usize) -> String {
    let words = "🌍 zażółć नमस्ते مرحبا 你好 \\ud83c\\udf0d \\\"q\\\" ";
    let filler = words.repeat(bytes / words.len() + 1);
    format!(
        r#"{{"data":{{"edit_history_tweet_ids":["{id}"],"id":"{id}","text":"{filler}","lang":"und","geo":{{"place_id":"p"}}}},"includes":{{"users":[{{"id":"3","name":"Ünal 🦜","username":"u"}}]}},"matching_rules":[{{"id":"1","tag":"roost:track"}}]}}"#
    )
}

fn v11(id: u64) -> String {
    format!(
        r#"{{"created_at":"Wed Oct 10 20:19:24 +0000 2018","id":{id},"id_str":"{id}","text":"Привет 👩‍👩‍👧","user":{{"id":3,"text":"no"}},"coordinates":{{"type":"Point","coordinates":[0,0]}}}}"#
    )
}

/// Both dialects, keep-alives, notices, garbage, both line ends; with one frame of so many
/// bytes. Ends within a frame.
fn recording(large: usize) -> Vec<u8> {
    let mut text = String::new();
    for n in 0..8 {
        write!(text, "{}\r\n", v2(1_857_043_292_182_618_112 + n, 40)).unwrap();
        write!(text, "{}\n\r\n", v11(100 + n)).unwrap();
    }
    for line in [
        r#"{"limit":{"track":16,"timestamp_ms":"1443095140794"}}"#,
        r#"{"delete":{"status":{"id":1234,"id_str":"1234","user_id":3,"user_id_str":"3"}}}"#,
        r#"{"errors":[{"title":"operational-disconnect","disconnect_type":"UpstreamOperationalDisconnect"}]}"#,
        "",
        "",
        "<html>502</html>",
        "17",
        "[1,2]",
        "\"\u{1f30d}\"",
        "{\"half\":",
        "\r",
        "\t",
    ] {
        write!(text, "{line}\r\n").unwrap();
    }
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(b"\xff\xfe\xf0\x9f\r\n\r\n\n");
    bytes.extend_from_slice(v2(7, large).as_bytes());
    bytes.extend_from_slice(b"\r\n\r\n");
    bytes.extend_from_slice(v11(8).as_bytes());
    bytes.extend_from_slice(b"\r\n{\"data\":{\"id\":\"9\",\"te");
    bytes
}

/// The frames of a whole recording: keep-alives are empty.
fn whole(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    Frames::default().push(bytes, &mut |frame| match frame {
        Frame::Message(line) => frames.push(line.to_vec()),
        Frame::KeepAlive => frames.push(Vec::new()),
        Frame::TooLong { .. } => panic!("nothing is too long"),
    });
    frames
}

/// Whether the recording, cut at these places in order, gives the same frames.
fn same(bytes: &[u8], cuts: &[usize], expected: &[Vec<u8>]) -> bool {
    let (mut frames, mut left, mut equal) = (Frames::default(), expected.iter(), true);
    let mut from = 0;
    for to in cuts.iter().copied().chain([bytes.len()]) {
        frames.push(&bytes[from..to], &mut |frame| {
            let line: &[u8] = match frame {
                Frame::Message(line) => line,
                _ => &[],
            };
            equal &= left.next().is_some_and(|expected| expected == line);
        });
        from = to;
    }
    equal && left.next().is_none()
}

#[test]
fn a_recording_holds_what_it_should() {
    let frames = whole(&recording(1_000_000));
    assert!(frames.iter().any(|frame| frame.len() >= 1_000_000));
    let mut counts = [0; 4];
    for frame in frames.iter().filter(|frame| !frame.is_empty()) {
        counts[match read(frame) {
            Message::Post(post) if post.dialect == Dialect::V2 => 0,
            Message::Post(_) => 1,
            Message::Notices(_) => 2,
            Message::Unreadable(_) => 3,
        }] += 1;
    }
    // "\r" before CRLF is a line with a CR in it: no keep-alive, and no JSON.
    assert_eq!(counts, [9, 9, 3, 8]);
    assert_eq!(frames.iter().filter(|frame| frame.is_empty()).count(), 13);
}

#[test]
fn every_split_in_two_gives_the_same_frames() {
    let bytes = recording(2_000);
    let expected = whole(&bytes);
    for cut in 0..=bytes.len() {
        assert!(same(&bytes, &[cut], &expected), "{cut}");
    }
}

/// In the long frame itself every split is like its neighbours: each 997th, and all around the
/// ends of frames.
#[test]
fn a_frame_of_a_megabyte_may_be_split_anywhere() {
    let bytes = recording(1_000_000);
    let expected = whole(&bytes);
    let ends = bytes.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at);
    let near = ends.flat_map(|at| at.saturating_sub(3)..(at + 4).min(bytes.len()));
    for cut in near.chain((0..bytes.len()).step_by(997)) {
        assert!(same(&bytes, &[cut], &expected), "{cut}");
    }
}

#[test]
fn bytes_may_come_one_by_one() {
    let bytes = recording(20_000);
    let cuts: Vec<usize> = (0..bytes.len()).collect();
    assert!(same(&bytes, &cuts, &whole(&bytes)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1))]

    /// 10,000 random splits into up to 60 chunks, empty ones included.
    #[test]
    fn ten_thousand_random_splits_give_the_same_frames(seed in any::<u64>()) {
        let bytes = recording(1_000_000);
        let expected = whole(&bytes);
        // Most cuts fall among the short frames, where there is most to get wrong.
        let short = recording(0).len();
        let mut state = seed | 1;
        let mut dice = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % u64::try_from(below).unwrap()).unwrap()
        };
        for _ in 0..10_000 {
            let count = dice(60);
            let mut cuts: Vec<usize> = (0..count)
                .map(|_| if dice(4) == 0 { dice(bytes.len()) } else { dice(short) })
                .collect();
            cuts.sort_unstable();
            prop_assert!(same(&bytes, &cuts, &expected), "{:?}", cuts);
        }
    }

    /// Any bytes at all have an answer.
    #[test]
    fn garbage_is_no_panic(seed in any::<u64>()) {
        let mut bytes = recording(500);
        let mut state = seed | 1;
        for _ in 0..3_000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let at = usize::try_from(state % u64::try_from(bytes.len()).unwrap()).unwrap();
            bytes[at] = state.to_le_bytes()[3];
            let from = bytes[..at].iter().rposition(|b| *b == b'\n').unwrap_or(0);
            for frame in whole(&bytes[from..(at + 300).min(bytes.len())]) {
                read(&frame);
            }
        }
    }
}
