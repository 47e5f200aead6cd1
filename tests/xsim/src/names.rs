//! What people are called: display names in nine scripts, and the ASCII words of usernames.
//!
//! Knows no follower and no time. Invariant: the name of a key depends on nothing but the seed,
//! the key and the variant, and its word is 1 to 8 lowercase ASCII letters.

use crate::hash::{below, hash, pick};
use crate::world::Account;

const SALT_SCRIPT: u64 = 32;
const SALT_GIVEN: u64 = 33;
const SALT_FAMILY: u64 = 34;
const SALT_ORNAMENT: u64 = 35;

/// A given name and how its owner spells it in a username.
type Given = (&'static str, &'static str);

struct Script {
    /// Share of the users, in hundredths.
    share: u64,
    given: &'static [Given],
    family: &'static [&'static str],
    /// What stands between the names.
    joint: &'static str,
    family_first: bool,
}

/// English and its neighbours; also what a share left over falls to.
const PLAIN: Script = Script {
    share: 48,
    given: &[
        ("Alice", "alice"),
        ("Ben", "ben"),
        ("Carla", "carla"),
        ("Daniel", "daniel"),
        ("Emma", "emma"),
        ("Finn", "finn"),
        ("Grace", "grace"),
        ("Hugo", "hugo"),
        ("Ines", "ines"),
        ("Jonas", "jonas"),
        ("Kwame", "kwame"),
        ("Lena", "lena"),
        ("Mateo", "mateo"),
        ("Nora", "nora"),
        ("Oscar", "oscar"),
        ("Priya", "priya"),
        ("Quentin", "quentin"),
        ("Rosa", "rosa"),
        ("Solvej", "solvej"),
        ("Tariq", "tariq"),
        ("Uma", "uma"),
        ("Victor", "victor"),
        ("Wanjiru", "wanjiru"),
        ("Xavier", "xavier"),
        ("Yara", "yara"),
        ("Zoe", "zoe"),
    ],
    family: &[
        "Adams", "Baker", "Costa", "Diaz", "Evans", "Fischer", "Garcia", "Hughes", "Ibrahim",
        "Jansen", "Khan", "Lopez", "Mensah", "Novak", "O'Brien", "Patel", "Quinn", "Rossi",
        "Silva", "Turner", "Usman", "Vega", "Walsh", "Young", "Zimmer",
    ],
    joint: " ",
    family_first: false,
};

const SCRIPTS: &[Script] = &[
    PLAIN,
    Script {
        share: 16,
        given: &[
            ("Zoë", "zoe"),
            ("Jürgen", "juergen"),
            ("Łukasz", "lukasz"),
            ("Søren", "soren"),
            ("Chloé", "chloe"),
            ("Íñigo", "inigo"),
            ("Ağca", "agca"),
            ("Nguyễn", "nguyen"),
            ("Žofie", "zofie"),
            ("João", "joao"),
            ("Ștefan", "stefan"),
            ("Åsa", "asa"),
        ],
        family: &[
            "Brontë",
            "Müller",
            "Wałęsa",
            "Sørensen",
            "Lefèvre",
            "Muñoz",
            "Şahin",
            "Trần",
            "Dvořák",
            "Conceição",
            "Țepeș",
            "Öberg",
            "Jörgensdóttir",
        ],
        joint: " ",
        family_first: false,
    },
    Script {
        share: 6,
        given: &[
            ("Аня", "anya"),
            ("Дмитро", "dmytro"),
            ("Ольга", "olga"),
            ("Петър", "petar"),
            ("Милица", "milica"),
            ("Јован", "jovan"),
        ],
        family: &["Іваненко", "Смирнова", "Петров", "Йовановић", "Ђорђевић", "Щербак"],
        joint: " ",
        family_first: false,
    },
    Script {
        share: 6,
        given: &[
            ("محمد", "mohamed"),
            ("ليلى", "layla"),
            ("فاطمة", "fatima"),
            ("يوسف", "youssef"),
            ("شیرین", "shirin"),
        ],
        family: &["الحسن", "حدّاد", "منصور", "بن علي", "رضایی"],
        joint: " ",
        family_first: false,
    },
    Script {
        share: 3,
        given: &[("נועה", "noa"), ("יוסי", "yossi"), ("תמר", "tamar"), ("אריאל", "ariel")],
        family: &["כהן", "לוי", "מזרחי", "בן־דוד"],
        joint: " ",
        family_first: false,
    },
    Script {
        share: 7,
        given: &[
            ("さくら", "sakura"),
            ("健太", "kenta"),
            ("ユイ", "yui"),
            ("陽翔", "haruto"),
            ("美咲", "misaki"),
        ],
        family: &["田中", "佐藤", "鈴木", "高橋", "渡邊"],
        joint: "",
        family_first: true,
    },
    Script {
        share: 4,
        given: &[("민준", "minjun"), ("서연", "seoyeon"), ("지우", "jiwoo"), ("하은", "haeun")],
        family: &["김", "이", "박", "최", "정"],
        joint: "",
        family_first: true,
    },
    Script {
        share: 4,
        given: &[("आरव", "aarav"), ("प्रिया", "priya"), ("अनन्या", "ananya"), ("कृष्ण", "krishna")],
        family: &["शर्मा", "सिंह", "गुप्ता", "त्रिपाठी"],
        joint: " ",
        family_first: false,
    },
    Script {
        share: 4,
        given: &[("伟", "wei"), ("芳", "fang"), ("志明", "zhiming"), ("雅婷", "yating")],
        family: &["王", "李", "陳", "張", "歐陽"],
        joint: "",
        family_first: true,
    },
    Script {
        share: 2,
        given: &[("สมชาย", "somchai"), ("มะลิ", "mali"), ("ณัฐ", "nat"), ("ปิยะ", "piya")],
        family: &["ใจดี", "ศรีสุข", "ทองคำ"],
        joint: " ",
        family_first: false,
    },
];

/// Words for later usernames; neighbours differ.
const NICKNAMES: &[&str] = &[
    "nova", "pixel", "echo", "juniper", "comet", "birdie", "mango", "quark", "velvet", "tango",
    "orbit", "maple", "zephyr", "lumen", "saffron", "onyx", "pebble", "cobalt", "fable",
];

/// Emoji as people use them: plain, joined by ZWJ, with a skin tone, a flag, a keycap.
const ORNAMENTS: &[&str] = &[
    " 🌊",
    " ✨",
    " 👩🏽‍💻",
    " 🏳️‍🌈",
    " 🇳🇴",
    " 🐝",
    " 🧑‍🚀",
    " ❤️‍🔥",
    " 3️⃣",
    " (she/her)",
    ", PhD",
    " 🦖🦕",
];

/// How somebody is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    /// The display name.
    pub(crate) name: String,
    /// The word that the first username is made of.
    pub(crate) word: &'static str,
    /// Which script the name is written in; 0 and 1 are Latin.
    pub(crate) script: usize,
}

fn script_of(seed: u64, key: u64) -> (usize, &'static Script) {
    let mut draw = below(hash(seed, key, SALT_SCRIPT), 100);
    for (n, script) in SCRIPTS.iter().enumerate() {
        if draw < script.share {
            return (n, script);
        }
        draw -= script.share;
    }
    (0, &PLAIN)
}

/// The word of somebody's first username.
pub(crate) fn word(seed: u64, key: u64) -> &'static str {
    pick(script_of(seed, key).1.given, hash(seed, key, SALT_GIVEN)).1
}

/// The person of a key. `variant` counts changes of the display name: it changes the family
/// name and the ornament, never the given name.
pub(crate) fn person(seed: u64, key: u64, variant: u32) -> Person {
    let (number, script) = script_of(seed, key);
    named(seed, key, variant, number, script)
}

/// The person of a key among those who write a script.
pub(crate) fn person_of(seed: u64, key: u64, script: usize) -> Person {
    named(seed, key, 0, script, SCRIPTS.get(script).unwrap_or(&PLAIN))
}

/// The word of the handle of [`person_of`].
pub(crate) fn word_of(seed: u64, key: u64, script: usize) -> &'static str {
    let given = SCRIPTS.get(script).unwrap_or(&PLAIN).given;
    pick(given, hash(seed, key, SALT_GIVEN)).1
}

fn named(seed: u64, key: u64, variant: u32, number: usize, script: &Script) -> Person {
    let (given, word) = pick(script.given, hash(seed, key, SALT_GIVEN));
    let family_draw = hash(seed, key, SALT_FAMILY).rotate_left(variant.wrapping_mul(7));
    let family = pick(script.family, family_draw);
    let ornament_draw = hash(seed, key, SALT_ORNAMENT ^ u64::from(variant) << 8);
    let mut name = match ornament_draw % 10 {
        0 => given.to_owned(),
        1 => given.to_lowercase(),
        _ if script.family_first => format!("{family}{}{given}", script.joint),
        _ => format!("{given}{}{family}", script.joint),
    };
    if (ornament_draw / 10).is_multiple_of(8) {
        name.push_str(pick(ORNAMENTS, ornament_draw));
    }
    Person { name, word, script: number }
}

/// A word for a later username; consecutive numbers give different words.
pub(crate) fn nickname(number: u64) -> &'static str {
    let count = NICKNAMES.len() as u64;
    usize::try_from(number % count).ok().and_then(|n| NICKNAMES.get(n)).copied().unwrap_or("nova")
}

/// (display name, username) of the two accounts.
pub(crate) const fn owner(account: Account) -> (&'static str, &'static str) {
    match account {
        Account::Main => ("Solvej Ødegård 🌊", "solvej"),
        Account::Second => ("Marit & Söhne", "marit"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_the_whole() {
        assert_eq!(SCRIPTS.iter().map(|s| s.share).sum::<u64>(), 100);
    }

    #[test]
    fn words_fit_a_username_with_its_code() {
        let given = SCRIPTS.iter().flat_map(|s| s.given).map(|g| g.1);
        for word in given.chain(NICKNAMES.iter().copied()) {
            assert!((1..=8).contains(&word.len()), "{word}");
            assert!(word.bytes().all(|b| b.is_ascii_lowercase()), "{word}");
        }
    }

    #[test]
    fn every_script_occurs_and_names_fit_x() {
        let mut seen = vec![0; SCRIPTS.len()];
        for key in 0..2_000 {
            let person = person(1, key, 0);
            assert!((1..=50).contains(&person.name.chars().count()), "{}", person.name);
            assert_eq!(person.word, word(1, key));
            seen[person.script] += 1;
        }
        assert!(seen.iter().all(|&n| n > 10), "{seen:?}");
    }

    #[test]
    fn a_nickname_differs_from_the_next() {
        for n in 0..40 {
            assert_ne!(nickname(n), nickname(n + 1));
        }
    }
}
