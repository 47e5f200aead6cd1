//! Profile descriptions: bios with links, quotes and line breaks, in the scripts of the names.
//!
//! Knows no follower. Invariant: a description has at most 160 characters, as on X.

use crate::hash::{hash, pick};

const SALT_BIO: u64 = 48;
const SALT_PLACE: u64 = 49;

/// By the number of the script in `names`.
const BIOS: &[&[&str]] = &[
    &[
        "Coffee first.\nThen code.",
        "Opinions are my own & subject to revision. https://t.co/Xq3vN8wLkd",
        "\"Not all who wander are lost\" \u{2014} but I usually am.",
        "he/him | building small tools | ex-@somewhere",
        "Photographer \u{1f4f7} Mountains, mostly.\nPrints: https://t.co/9fTgPz1mQa",
        "PhD candidate (bees). Backslash \\ enthusiast. 100% <b>organic</b>.",
        "I read the terms & conditions so you don't have to; DMs open\ttabs too",
        "Dad of 3. Runner. #opensource #climate",
        "Journalist at the local paper. Tips: tips@example.org",
        "just here for the birds \u{1f426}\u{200d}\u{2b1b}",
    ],
    &[
        "Née à Liège, vit à Malmö. L\u{2019}été toute l\u{2019}année\u{2026}",
        "Programista. \u{201e}Zażółć gęślą jaźń\u{201d} https://t.co/bD2kWn5sRf",
        "Señora de los gatos \u{1f408}\u{200d}\u{2b1b}\n¿Y tú?",
        "Grüße aus Köln \u{2013} Straßenbahn & Käsekuchen",
    ],
    &[
        "Пишу код, п\u{2019}ю каву.\nКиїв \u{2192} Варшава",
        "Фотограф. \u{00ab}Всё течёт\u{00bb} https://t.co/kL8mQw2xYz",
        "Уметник из Београда",
    ],
    &[
        "مهندس برمجيات \u{2615}\nالقاهرة",
        "كاتبة \u{00ab}ليل المدينة\u{00bb} https://t.co/7hGfDs4aPo",
        "عاشق القهوة و Rust \u{1f980}",
    ],
    &["מפתחת, רצה, אמא של נועם \u{1f49c}", "\"אין דבר העומד בפני הרצון\" https://t.co/mN6bVc3xZl"],
    &[
        "猫と珈琲と本。\n無言フォロー失礼します\u{1f647}",
        "エンジニア。「継続は力なり」https://t.co/Qw9eRt2yUi",
        "写真垢📷 成人済み",
    ],
    &["개발자 겸 고양이 집사 \u{1f63a}", "여행 & 사진\n문의: https://t.co/As5dFg8hJk"],
    &["हिन्दी कविता और क्रिकेट \u{1f3cf}", "सॉफ़्टवेयर इंजीनियर, बेंगलुरु\nhttps://t.co/Zx1cVb4nMq"],
    &["設計師／台北\n\u{300c}少即是多\u{300d}", "吃貨一枚 \u{1f35c} https://t.co/Po0iUy7tRe"],
    &["ชอบกาแฟและแมว \u{1f431}", "นักเดินทาง\u{2728} https://t.co/Lk3jHg6fDs"],
];

const PLACES: &[&str] = &[
    "Berlin",
    "Lagos",
    "São Paulo",
    "東京",
    "القاهرة",
    "Oslo, Norway",
    "everywhere & nowhere",
    "NYC \u{2708}\u{fe0f} LHR",
    "תל אביב",
    "서울",
    "Київ",
    "53.55, 9.99",
    "मुंबई",
    "台北",
    "กรุงเทพฯ",
];

/// The bio of a key; one in seven has none, which X gives as an empty text.
pub(crate) fn description(seed: u64, key: u64, script: usize) -> &'static str {
    let draw = hash(seed, key, SALT_BIO);
    if draw.is_multiple_of(7) {
        return "";
    }
    BIOS.get(script).map_or("", |bios| pick(bios, draw))
}

/// The free-text place of a key; every other user gives none.
pub(crate) fn place(seed: u64, key: u64) -> Option<&'static str> {
    let draw = hash(seed, key, SALT_PLACE);
    draw.is_multiple_of(2).then(|| pick(PLACES, draw))
}

/// The link in a bio and where it stands, in characters: (start, end, the link).
pub(crate) fn link(description: &str) -> Option<(usize, usize, &str)> {
    let at = description.find("https://t.co/")?;
    let from = description.get(at..)?;
    let link = from.split_whitespace().next()?;
    let start = description.get(..at)?.chars().count();
    Some((start, start + link.chars().count(), link))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bios_fit_x() {
        for bio in BIOS.iter().copied().flatten() {
            assert!(bio.chars().count() <= 160, "{bio}");
        }
    }

    #[test]
    fn a_link_is_found_where_it_stands() {
        assert_eq!(link("né à https://t.co/abc\nx"), Some((5, 21, "https://t.co/abc")));
        assert_eq!(link("no link"), None);
    }
}
