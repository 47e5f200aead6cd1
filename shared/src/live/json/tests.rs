//! The reader and the writers against `serde_json`.

#![allow(
    clippy::float_cmp,
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    clippy::format_push_string,
    reason = "exact numbers are meant"
)]

use super::*;
use proptest::prelude::*;
use serde_json::Value;

fn is_json(text: &str) -> bool {
    let mut reader = Reader::new(text);
    reader.skip().and_then(|()| reader.end()).is_ok()
}

fn read_text(json: &str) -> Field<Text<'_>> {
    Reader::new(json).text().unwrap()
}

#[test]
fn json_is_told_from_what_is_none() {
    for text in [
        "{}",
        "[]",
        " [ 1 , 2 ] ",
        r#"{"a":{"b":[{},[],"x",null,true,false,-0.5e+7]}}"#,
        "0",
        r#""\u00e9\ud83d\ude00\/""#,
        "-1",
        "[[[]]]",
        r#"{"":0}"#,
        "\u{feff}".trim_start_matches('\u{feff}'),
        "{",
        "}",
        "[1,]",
        "[,1]",
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a":1,}"#,
        "[}",
        "{]",
        "[1 2]",
        "01",
        "1.",
        ".5",
        "+1",
        "1e",
        "--1",
        "tru",
        "nul",
        "NaN",
        "'a'",
        r#""a"#,
        r#""\x""#,
        r#""\u12g4""#,
        "\"a\nb\"",
        "1 1",
        "{1:2}",
        "[\"\u{0}\"]",
    ] {
        let expected = serde_json::from_str::<Value>(text).is_ok();
        assert_eq!(is_json(text), expected, "{text}");
    }
}

#[test]
fn nesting_has_an_end() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(is_json(&nested(128)));
    assert!(!is_json(&nested(130)));
    assert!(!is_json(&"[".repeat(1_000_000)));
}

#[test]
fn a_text_without_escapes_is_borrowed_and_others_keep_their_escapes() {
    let text = |json| read_text(json).get().cloned().unwrap();
    assert_eq!((text(r#""Grüße""#).raw(), text(r#""Grüße""#).is_borrowed()), ("Grüße", true));
    assert_eq!((text(r#""a\nb\/""#).raw(), text(r#""a\nb\/""#).is_borrowed()), (r"a\nb\/", true));
    assert!(!text(r#""\u0041""#).is_borrowed());
    assert_eq!(text(r#""a\nb\/""#).plain(), "a\nb/");
}

#[test]
fn unicode_escapes_are_written_as_characters_and_halves_as_the_replacement() {
    let raw = |json| read_text(json).get().map(|text| text.raw().to_owned()).unwrap();
    assert_eq!(raw(r#""\u00e9\ud83d\ude00x""#), "é😀x");
    assert_eq!(raw(r#""\ud83dx""#), "\u{fffd}x");
    assert_eq!(raw(r#""\ud83d\u0041""#), "\u{fffd}A");
    assert_eq!(raw(r#""\ude00\ud83d\ude00""#), "\u{fffd}😀");
    assert_eq!(raw(r#""\u0022\u005c\u000a""#), r#"\"\\\n"#);
}

#[test]
fn characters_are_counted_as_unicode_scalar_values() {
    for (json, count) in
        [(r#""añ😀""#, 3), (r#""a\n\"""#, 3), (r#""\ud83d\ude00!""#, 2), (r#""""#, 0)]
    {
        assert_eq!(read_text(json).get().unwrap().chars(), count, "{json}");
    }
}

#[test]
fn fields_of_other_kinds_are_odd_and_null_is_absent() {
    assert_eq!(read_text("5"), Field::Odd);
    assert_eq!(read_text("null"), Field::Absent);
    assert_eq!(Reader::new("\"true\"").flag(), Ok(Field::Odd));
    assert_eq!(Reader::new("[1,2]").number(), Ok(Field::Odd));
    assert_eq!(Reader::new("1e999").number(), Ok(Field::Odd));
    assert_eq!(Reader::new("[1,2.5]").numbers::<2>(), Ok(Field::Is([1.0, 2.5])));
    for json in ["[1]", "[1,2,3]", "[1,\"2\"]", "{}", "[1,null]"] {
        assert_eq!(Reader::new(json).numbers::<2>(), Ok(Field::Odd), "{json}");
    }
    assert_eq!(Reader::new("null").numbers::<2>(), Ok(Field::Absent));
}

#[test]
fn ids_are_read_as_strings_and_as_whole_numbers() {
    for (json, expected) in [
        ("\"1857043292182618112\"", Field::Is(1_857_043_292_182_618_112)),
        ("1857043292182618113", Field::Is(1_857_043_292_182_618_113)),
        ("0", Field::Is(0)),
        ("-1", Field::Odd),
        ("1.0", Field::Odd),
        ("\"01\"", Field::Odd),
        ("\"\"", Field::Odd),
        ("\"+1\"", Field::Odd),
        ("\"99999999999999999999\"", Field::Odd),
        ("null", Field::Absent),
    ] {
        assert_eq!(Reader::new(json).whole(), Ok(expected), "{json}");
    }
}

/// Any JSON value, written with and without spaces by `serde_json`.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_value_is_read(value in value(), pretty: bool) {
        let text =
            if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        prop_assert!(is_json(&text.unwrap()));
    }

    #[test]
    fn a_changed_text_is_judged_as_serde_json_judges_it(value in value(), at: usize, byte in 0..128_u8) {
        let mut bytes = serde_json::to_string(&value).unwrap().into_bytes();
        let place = at % bytes.len();
        bytes[place] = byte;
        if let Ok(text) = String::from_utf8(bytes) {
            // `serde_json` refuses numbers beyond f64, which are JSON all the same.
            let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            prop_assert_eq!(is_json(&text), theirs, "{}", text);
        }
    }

    #[test]
    fn strings_are_escaped_as_serde_json_escapes_them(text: String, control in "[\u{0}-\u{1f}\"\\\\a]*") {
        for text in [text.as_str(), &control, &format!("{text}{control}{text}")] {
            let mut ours = String::from("\"");
            escape(&mut ours, text);
            ours.push('"');
            prop_assert_eq!(&ours, &serde_json::to_string(text).unwrap());
        }
    }

    #[test]
    fn a_text_is_the_same_text_read_by_serde_json(text in any::<String>(), units in prop::collection::vec(any::<u16>(), 0..6)) {
        let mut json = serde_json::to_string(&text).unwrap();
        let read = read_text(&json);
        prop_assert_eq!(read.get().unwrap().plain(), text.as_str());
        json.pop();
        for unit in &units {
            json.push_str(&format!("\\u{unit:04X}"));
        }
        json.push('"');
        let plain = format!("{text}{}", String::from_utf16_lossy(&units));
        let read = read_text(&json);
        let read = read.get().unwrap();
        prop_assert_eq!(read.plain(), plain.as_str());
        let copied = format!("\"{}\"", read.raw());
        prop_assert_eq!(serde_json::from_str::<String>(&copied).unwrap(), plain);
    }

    #[test]
    fn whole_numbers_are_written_as_they_are(value: u64, small in 0..20_000_000_000_u64) {
        for value in [value, small] {
            let mut out = String::new();
            whole(&mut out, value);
            prop_assert_eq!(out, value.to_string());
        }
    }

    #[test]
    fn degrees_come_back_to_the_bit(free in -180.0..180.0_f64, steps in -1_800_000_000..1_800_000_000_i64, unit in 0..8_u32) {
        let round = steps as f64 / 1e7;
        let coarse = (round * 10_f64.powi(unit as i32)).round() / 10_f64.powi(unit as i32);
        for value in [free, round, coarse] {
            let mut out = String::new();
            degrees(&mut out, value);
            prop_assert_eq!(out.parse::<f64>().unwrap(), value);
            prop_assert!(serde_json::from_str::<f64>(&out).is_ok(), "{}", out);
        }
    }
}
