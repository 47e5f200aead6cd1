//! The format of a row.

use super::*;
use crate::live::event::of_notice;
use crate::live::samples::{events, tweet, v2, v11, with};
use crate::time::UnixMs;
use proptest::prelude::*;
use serde_json::json;

fn notice(seq: u64) -> Kept {
    let notice = crate::api::StreamNotice {
        seq,
        kind: LiveKind::Notice,
        at: UnixMs(0),
        about: "limit".into(),
        text: "7 were not delivered.".into(),
        tweets: vec![],
        user: None,
        up_to: None,
    };
    of_notice(seq, notice).unwrap()
}

fn some() -> Vec<Kept> {
    let mut some = tweet(5, 100, 1);
    some.extend(events(&v11(), 7));
    some.push(notice(9));
    some.push(Kept { meta: Meta { account: Some(UserId(12)), ..Meta::default() }, ..notice(12) });
    some
}

#[test]
fn events_come_back_with_what_filters_look_at() {
    let back = decode(&encode(&some())).unwrap();
    assert_eq!(back, some());
    assert_eq!(back[1].meta.told.as_ref().unwrap().words().text, "tweet 100 by 1");
    let shared = |at: usize| back[at].meta.told.clone().unwrap();
    assert!(Rc::ptr_eq(&shared(0), &shared(1)), "the words of a tweet and its place are one");
}

#[test]
fn a_place_keeps_its_words_without_its_tweet() {
    let place = vec![tweet(5, 100, 1).remove(1)];
    let back = decode(&encode(&place)).unwrap();
    assert_eq!(back, place);
    assert_eq!(back[0].meta.told.as_ref().unwrap().words().rules, ["zoos", "8"]);
}

#[test]
fn no_events_are_a_row_too() {
    assert_eq!(decode(&encode(&[])), Ok(vec![]));
}

#[test]
fn cut_and_changed_bytes_are_damage() {
    let whole = encode(&some());
    for end in 0..whole.len() {
        assert!(decode(whole.get(..end).unwrap()).is_err(), "{end}");
    }
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x10;
        assert!(decode(&changed).is_err(), "{at}");
    }
}

#[test]
fn a_payload_of_another_length_is_damage() {
    let sealed = |claimed: u64| {
        let mut out = MAGIC.to_vec();
        put_varint(&mut out, claimed);
        let mut deflate = DeflateEncoder::new(out, Compression::fast());
        deflate.write_all(&[0]).unwrap();
        packed::seal(deflate.finish().unwrap())
    };
    assert_eq!(decode(&sealed(1)), Ok(vec![]));
    for claimed in [0, 2, PAYLOAD_MAX_BYTES, PAYLOAD_MAX_BYTES + 1, u64::MAX] {
        assert!(decode(&sealed(claimed)).is_err(), "{claimed}");
    }
}

proptest! {
    #[test]
    fn any_payload_is_read_or_refused(payload in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut input = Input::plain(FORMAT, &payload);
        let _ = super::events(&mut input);
    }

    #[test]
    fn any_text_comes_back(texts in prop::collection::vec((any::<String>(), 1..9_u64), 0..8)) {
        let mut all = Vec::new();
        let mut seq = 1;
        for (text, step) in texts {
            seq += step;
            all.extend(events(&with(v2(), "/data/text", json!(text)), seq));
            seq += 1;
        }
        prop_assert_eq!(decode(&encode(&all)).unwrap(), all);
    }
}
