//! Values in which no id can be read, and fields that must cost nothing but themselves.

use crate::dice::Dice;

/// Entries without an id that can be trusted.
pub(crate) fn unreadable(dice: &mut Dice, id: u64) -> String {
    let made = [
        "null".to_owned(),
        "true".to_owned(),
        "7.5".to_owned(),
        format!("{id}"),
        format!("\"{id}\""),
        format!("[\"{id}\"]"),
        format!("[{{\"id\":\"{id}\"}}]"),
        "{}".to_owned(),
        format!("{{\"ID\":\"{id}\"}}"),
        "{\"id\":null}".to_owned(),
        "{\"id\":\"\"}".to_owned(),
        "{\"id\":{}}".to_owned(),
        format!("{{\"id\":[\"{id}\"]}}"),
        format!("{{\"id\":\"+{id}\"}}"),
        format!("{{\"id\":\"0{id}\"}}"),
        format!("{{\"id\":\" {id}\"}}"),
        format!("{{\"id\":\"{id}.0\"}}"),
        format!("{{\"id\":{id}.0}}"),
        format!("{{\"id\":{id}e0}}"),
        format!("{{\"id\":-{id}}}"),
        "{\"id\":true}".to_owned(),
        "{\"id\":\"99999999999999999999\"}".to_owned(),
        "{\"id\":99999999999999999999999}".to_owned(),
        format!("{{\"id\":\"{id}\",\"id\":\"{id}\"}}"),
        "{\"user\":{\"id\":\"5\"}}".to_owned(),
    ];
    dice.pick(&made).clone()
}

/// More members of an object: every one of them odd in some way.
pub(crate) fn members(dice: &mut Dice) -> String {
    const ODD: [&str; 16] = [
        "\"username\":7",
        "\"username\":null",
        "\"username\":\"\\ud800\"",
        "\"username\":\"a\\u0064a\"",
        "\"username\":[\"]}\",{\"id\":\"1\"}]",
        "\"name\":\"}]\\\"\\\\\"",
        "\"name\":{\"id\":\"3\"}",
        "\"public_metrics\":{\"followers_count\":18446744073709551615}",
        "\"public_metrics\":{\"followers_count\":9007199254740992}",
        "\"public_metrics\":{\"followers_count\":-1}",
        "\"public_metrics\":{\"followers_count\":\"12\"}",
        "\"public_metrics\":[]",
        "\"public_metrics\":{\"followers_count\":1e400}",
        "\"created_at\":99999999999999999999",
        "\"protected\":\"yes\"",
        "\"x\":[[[[[[[[[[{\"y\":[1,2,{}]}]]]]]]]]]]",
    ];
    let mut made = Vec::new();
    let mut names = std::collections::BTreeSet::new();
    for _ in 0..dice.between(0, 3) {
        let member = *dice.pick(&ODD);
        // A name that stands twice makes an object nobody can be sure of.
        if names.insert(member.split(':').next().unwrap()) {
            made.push(member);
        }
    }
    made.iter().flat_map(|member| [",", member]).collect()
}
