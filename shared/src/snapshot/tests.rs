//! Snapshots: names, writing and reading, every cut and every damage.

use super::*;
use crate::id::UserId;
use flate2::Compression;
use flate2::GzBuilder;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use std::io::Write;

type Users = Vec<(u64, String, String)>;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// Reads a file given in these pieces.
fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<(Users, Summary), Damage> {
    let mut users = Users::new();
    let mut on_user = |seen: Seen<'_>| {
        users.push((seen.id.0, seen.username.to_owned(), seen.raw.to_owned()));
    };
    let mut reader = Reader::new();
    for piece in pieces {
        reader.push(piece, &mut on_user)?;
    }
    let summary = reader.finish(&mut on_user)?;
    Ok((users, summary))
}

/// Reads a text as a shell does: again where the first reading says so.
fn read_twice(json: &str) -> (Vec<u64>, Summary) {
    let file = gzip(json.as_bytes());
    let (users, summary) = read([file.as_slice()]).unwrap();
    let ids = |users: &[(u64, String, String)]| users.iter().map(|user| user.0).collect();
    if !summary.again {
        return (ids(&users), summary);
    }
    let mut users = Users::new();
    let mut on_user = |seen: Seen<'_>| users.push((seen.id.0, String::new(), String::new()));
    let mut reader = Reader::exact();
    reader.push(&file, &mut on_user).unwrap();
    let summary = reader.finish(&mut on_user).unwrap();
    assert!(!summary.again, "it is known now");
    (ids(&users), summary)
}

#[track_caller]
fn check(json: &str, expected: &[(u64, &str, &str)], unreadable: u64) {
    let file = gzip(json.as_bytes());
    let (users, summary) = read([file.as_slice()]).unwrap();
    let users: Vec<_> =
        users.iter().map(|(id, name, raw)| (*id, name.as_str(), raw.as_str())).collect();
    assert_eq!(users, expected, "{json}");
    let raw_bytes = json.len() as u64;
    let users = expected.len() as u64;
    let entries = users + unreadable;
    assert_eq!(
        summary,
        Summary { entries, users, unreadable, again: false, members: 1, raw_bytes },
        "{json}"
    );
}

#[track_caller]
fn check_json(json: &[u8], expected: Damage) {
    assert_eq!(read([gzip(json).as_slice()]).err(), Some(expected), "{}", json.escape_ascii());
}

#[test]
fn users_are_read_byte_for_byte() {
    check("[]", &[], 0);
    check(" \r\n[ \t]\n", &[], 0);
    let odd = r#"{ "username":"a\u0064a", "id" : "1", "x":"]}\"\\","y":[{"z":[]}] }"#;
    check(
        &format!("[{odd}\n,\n\t{{\"id\":\"2\"}} ]"),
        &[(1, "ada", odd), (2, "", "{\"id\":\"2\"}")],
        0,
    );
}

#[test]
fn a_number_is_an_id_while_it_is_exact() {
    let exact = r#"{"id":9007199254740992,"username":"a"}"#;
    check(&format!("[{exact}]"), &[(9_007_199_254_740_992, "a", exact)], 0);
    check(r#"[{"id":9007199254740993},{"id":1857043292182618000}]"#, &[], 2);
    check(r#"[{"id":61.0},{"id":6e1},{"id":-7},{"id":true}]"#, &[], 4);
}

#[test]
fn one_long_integer_proves_that_its_file_does_not_round() {
    let (rounded, exact) = (1_857_043_292_182_618_000, 1_857_043_292_182_618_112);
    for json in [
        format!(r#"[{{"id":{rounded}}},{{"id":{exact}}}]"#),
        format!(r#"[{{"id":{exact}}},{{"id":{rounded}}}]"#),
        format!(r#"[{{"id":{rounded}}},{{"id":{rounded}}},null,{{"id":{exact}}}]"#),
    ] {
        let (ids, summary) = read_twice(&json);
        assert!(ids.contains(&rounded) && ids.contains(&exact), "{json}");
        assert_eq!(summary.unreadable, u64::from(json.contains("null")), "{json}");
    }
    let (ids, summary) = read_twice(&format!(r#"[{{"id":{rounded}}},{{"id":12345678901234567}}]"#));
    assert_eq!((ids, summary.unreadable), (vec![], 2));
}

#[test]
fn an_id_as_text_is_taken_before_a_number() {
    let both = r#"{"id":1857043292182618000,"id_str":"1857043292182618112","username":"a"}"#;
    check(&format!("[{both}]"), &[(1_857_043_292_182_618_112, "a", both)], 0);
    let alone = r#"{"id_str":"7"}"#;
    check(&format!("[{alone}]"), &[(7, "", alone)], 0);
}

#[test]
fn a_byte_order_mark_is_stepped_over() {
    check("\u{feff}[]", &[], 0);
    check("\u{feff} [{\"id\":\"7\"}]\r\n", &[(7, "", "{\"id\":\"7\"}")], 0);
    check_json("\u{feff}\u{feff}[]".as_bytes(), Damage::NotArray { at: 3 });
    check_json("\u{feff}{}".as_bytes(), Damage::NotArray { at: 3 });
}

#[test]
fn utf_16_is_named() {
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    for text in ["\u{feff}[{\"id\":\"1\"}]", "[{\"id\":\"1\"}]", "[]"] {
        let little = wide(text);
        let big: Vec<u8> = little.chunks(2).flat_map(|pair| [pair[1], pair[0]]).collect();
        check_json(&little, Damage::Utf16);
        check_json(&big, Damage::Utf16);
    }
}

#[test]
fn entries_end_at_a_number_repeats_included() {
    let entry = "{\"id\":\"1\"},".repeat(usize::try_from(ENTRIES_MAX).unwrap());
    let whole = format!("[{}]", entry.trim_end_matches(','));
    let (users, summary) = read([gzip(whole.as_bytes()).as_slice()]).unwrap();
    assert_eq!((users.len() as u64, summary.entries), (ENTRIES_MAX, ENTRIES_MAX));
    drop(users);
    // It stops there and then: what follows is not even read.
    for more in ["{\"id\":\"2\"}]", "null]", "[", "7 and no JSON at all"] {
        check_json(format!("[{entry}{more}").as_bytes(), Damage::TooMany);
    }
}

#[test]
fn what_is_no_user_is_counted() {
    check(
        r#"[{},{"id":"x"},null,true,-1.5e3,"a]\"",["1",["]"],{}],["5","a"],{"id":"7"}]"#,
        &[(7, "", r#"{"id":"7"}"#)],
        8,
    );
}

#[test]
fn an_odd_handle_is_an_empty_one() {
    let odd = r#"{"id":"1","username":7}"#;
    let lone = r#"{"id":"2","username":"\ud800"}"#;
    check(&format!("[{odd},{lone}]"), &[(1, "", odd), (2, "", lone)], 0);
}

#[test]
fn an_object_over_the_limit_is_left_out() {
    let of = |bytes: usize| format!(r#"{{"id":"1","x":"{}"}}"#, "x".repeat(bytes - 17));
    let (fits, over) = (of(65_536), of(65_537));
    assert_eq!(fits.len(), 65_536);
    check(&format!("[{over},{fits},{over}]"), &[(1, "", &fits)], 2);
}

#[test]
fn what_is_not_an_array_is_refused() {
    check_json(b"", Damage::NotArray { at: 0 });
    check_json(b"  ", Damage::NotArray { at: 2 });
    check_json(b" {}", Damage::NotArray { at: 1 });
    check_json(b"\"[]\"", Damage::NotArray { at: 0 });
}

#[test]
fn broken_json_says_where() {
    check_json(b"[{\"id\":\"1\"},]", Damage::BadJson { at: 12 });
    check_json(b"[,]", Damage::BadJson { at: 1 });
    check_json(b"[{} {}]", Damage::BadJson { at: 4 });
    check_json(b"[{},{\"id\":}]", Damage::BadJson { at: 4 });
    check_json(b"[{\"id\":\"1\"]}]", Damage::BadJson { at: 1 });
    check_json(b"[nul]", Damage::BadJson { at: 1 });
    check_json(b"[01]", Damage::BadJson { at: 1 });
    check_json(b"[\"\n\"]", Damage::BadJson { at: 1 });
    check_json(b"[{\"a\":\"\xff\"}]", Damage::BadJson { at: 1 });
    check_json(b"[}]", Damage::BadJson { at: 1 });
}

#[test]
fn a_text_that_ends_early_or_late_is_refused() {
    check_json(b"[", Damage::CutJson { at: 1 });
    check_json(b"[{\"id\":\"1\"}", Damage::CutJson { at: 11 });
    check_json(b"[{\"id\":\"1\"},", Damage::CutJson { at: 12 });
    check_json(b"[{\"id\":\"1", Damage::CutJson { at: 9 });
    check_json(b"[1", Damage::CutJson { at: 2 });
    check_json(b"[] []", Damage::AfterJson { at: 3 });
    check_json(b"[]]", Damage::AfterJson { at: 2 });
}

/// Three members of which the middle one's header has every optional part.
fn members() -> Vec<u8> {
    let mut file = gzip("[{\"id\":\"1\",\"username\":\"ü🐦\"}".as_bytes());
    let header = GzBuilder::new().filename("name").comment("comment").extra(vec![7; 300]).mtime(9);
    let mut encoder = header.write(Vec::new(), Compression::best());
    encoder.write_all(b",\n{\"id\":\"2\",\"x\":\"\\\\\\\"}]\"}").unwrap();
    let mut middle = encoder.finish().unwrap();
    // A header checksum, which nothing checks but everything must step over.
    middle[3] |= 2;
    let text = 10 + 2 + 300 + "name\0comment\0".len();
    middle.splice(text..text, [0xaa, 0xbb]);
    file.extend(middle);
    file.extend(gzip(b""));
    file.extend(gzip(b"]"));
    file
}

#[test]
fn every_split_of_a_file_reads_the_same() {
    let file = members();
    let whole = read([file.as_slice()]).unwrap();
    assert_eq!(
        whole.1,
        Summary { entries: 2, users: 2, unreadable: 0, again: false, members: 4, raw_bytes: 57 }
    );
    for at in 0..=file.len() {
        assert_eq!(read([&file[..at], &file[at..]]), Ok(whole.clone()), "{at}");
    }
    assert_eq!(read(file.chunks(1)), Ok(whole));
}

#[test]
fn every_cut_of_a_file_is_damage() {
    let file = members();
    for end in 0..file.len() {
        let damage = read([&file[..end]]).unwrap_err();
        let expected =
            matches!(damage, Damage::Empty | Damage::CutGzip { .. } | Damage::CutJson { .. });
        assert!(expected, "{end}: {damage}");
        assert_eq!(read(file[..end].chunks(1)).unwrap_err(), damage, "{end}");
    }
}

#[test]
fn no_altered_byte_changes_what_is_read() {
    let file = gzip(b"[{\"id\":\"123456789\",\"username\":\"ada\"},{\"id\":\"2\"}]");
    let whole = read([file.as_slice()]);
    let mut refused = 0;
    // Behind the header, whose time and system say nothing about the text.
    for at in 10..file.len() {
        for bit in 0..8 {
            let mut altered = file.clone();
            altered[at] ^= 1 << bit;
            let result = read([altered.as_slice()]);
            // Deflate has bits that change nothing.
            assert!(result.is_err() || result == whole, "byte {at}, bit {bit}: {result:?}");
            refused += u32::from(result.is_err());
        }
    }
    assert!(refused > 300, "{refused}");
}

#[test]
fn other_files_are_told_apart() {
    let damage = |file: &[u8]| read([file]).unwrap_err();
    assert_eq!(damage(b""), Damage::Empty);
    assert_eq!(damage(b"[]"), Damage::NotGzip { at: 0 });
    assert_eq!(damage(b"\x1f\x8b\x07"), Damage::NotGzip { at: 2 });
    assert_eq!(damage(b"\0"), Damage::NotGzip { at: 0 });
    let list = gzip(b"[]");
    let with = |tail: &[u8]| [list.as_slice(), tail].concat();
    assert_eq!(damage(&with(b"[]")), Damage::AfterGzip { at: list.len() as u64 });
    assert_eq!(damage(&with(b"\0\0\x1f")), Damage::AfterGzip { at: list.len() as u64 + 2 });
    assert_eq!(read([with(&[0; 700]).as_slice()]).unwrap().1.members, 1);
    let mut altered = list.clone();
    altered[list.len() - 1] ^= 1;
    assert_eq!(damage(&altered), Damage::BadChecksum { member: 1 });
}

#[test]
fn damage_stays() {
    let mut reader = Reader::new();
    let damage = reader.push(b"[]", &mut |_| {}).unwrap_err();
    assert_eq!(reader.push(&gzip(b"[]"), &mut |_| {}), Err(damage.clone()));
    assert_eq!(reader.finish(&mut |_| {}), Err(damage));
}

#[test]
fn what_is_written_is_read() {
    let pages: [&[&str]; 4] = [&[], &[r#"{"id":"1"}"#, r#"{"id":"2"}"#], &[], &[r#"{"id":"3"}"#]];
    let mut file = Vec::new();
    let mut written = 0;
    for (index, page) in pages.iter().enumerate() {
        file.extend(member(page, Place { first: written == 0, last: index == 3 }));
        written += page.len();
    }
    let (users, summary) = read([file.as_slice()]).unwrap();
    assert_eq!(users.iter().map(|user| user.0).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!((summary.users, summary.members), (3, 2));
}

fn any_user() -> impl Strategy<Value = (u64, String, String)> {
    (any::<u32>(), ".{0,30}", any::<bool>()).prop_map(|(id, name, pretty)| {
        let user = serde_json::json!({
            "id": id.to_string(),
            "username": name,
            "entities": {"urls": [{"a": name}, [], {}, null, 1.5]},
        });
        let raw =
            if pretty { serde_json::to_string_pretty(&user) } else { serde_json::to_string(&user) };
        (u64::from(id), name, raw.unwrap())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_list_in_any_pieces_is_read(
        users in prop::collection::vec(any_user(), 0..12),
        space in "[ \n\r\t]{0,3}",
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
        members in 1_usize..5,
    ) {
        let raws: Vec<&str> = users.iter().map(|(_, _, raw)| raw.as_str()).collect();
        let comma = format!("{space},{space}");
        let json = format!("{space}[{space}{}{space}]{space}", raws.join(&comma)).into_bytes();
        // Members may be cut anywhere, within a character too.
        let mut file = Vec::new();
        for part in json.chunks(json.len().div_ceil(members)) {
            file.extend(gzip(part));
        }
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(file.len() + 1)).collect();
        at.extend([0, file.len()]);
        at.sort_unstable();
        let (read, summary) = read(at.windows(2).map(|pair| &file[pair[0]..pair[1]])).unwrap();
        prop_assert_eq!(summary.raw_bytes, json.len() as u64);
        prop_assert_eq!(summary.unreadable, 0);
        prop_assert_eq!(read, users);
    }

    #[test]
    fn an_array_is_one_exactly_when_serde_says_so(
        json in r#"\[? ?([{}\[\],:"\\ 1a-]|\{"id":"[0-9]"\}|"a"|null|,){0,12} ?\]?"#,
    ) {
        let expected = serde_json::from_str::<Vec<serde_json::Value>>(&json);
        match read([gzip(json.as_bytes()).as_slice()]) {
            Ok((users, summary)) => {
                let values = expected.map_err(|error| TestCaseError::fail(error.to_string()))?;
                prop_assert_eq!(summary.users + summary.unreadable, values.len() as u64);
                prop_assert_eq!(summary.entries, values.len() as u64);
                prop_assert_eq!(summary.users, users.len() as u64);
            }
            Err(damage) => prop_assert!(expected.is_err(), "{}: {}", json, damage),
        }
    }
}

#[test]
fn an_id_is_read_whole() {
    let file = gzip(br#"[{"id":"9999999999999999999"}]"#);
    let (users, _) = read([file.as_slice()]).unwrap();
    assert_eq!(UserId(users[0].0), UserId(9_999_999_999_999_999_999));
}
