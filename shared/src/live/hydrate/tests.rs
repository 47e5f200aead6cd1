//! Each hydrator, in both dialects.

use super::*;
use crate::api::Precision;
use crate::live::country::pack;
use crate::live::samples::{cleaned, v2, v11, with};
use country_boundaries::BOUNDARIES_ODBL_180X90;
use serde_json::{Value, json};

fn plain(text: Option<&Text<'_>>) -> Option<String> {
    text.map(|text| text.plain().into_owned())
}

fn spot(message: &Value) -> (Option<(f64, f64, Precision)>, Vec<&'static str>) {
    cleaned(message, |clean| clean.spot.map(|spot| (spot.lat, spot.lon, spot.precision)))
}

#[test]
fn a_full_tweet_is_cleaned_without_a_failure() {
    for message in [v2(), v11()] {
        let (clean, failed) = cleaned(&message, |clean| {
            (
                plain(clean.username.as_ref()),
                plain(clean.avatar.as_ref()),
                clean.author,
                clean.country,
            )
        });
        assert_eq!(failed, Vec::<&str>::new());
        let expected = (
            Some("zoe".to_owned()),
            Some("https://pbs.twimg.com/z.png".to_owned()),
            Some(UserId(12)),
            Country::read("DE"),
        );
        assert_eq!(clean, expected);
    }
}

#[test]
fn names_of_every_script_are_kept() {
    let (name, _) = cleaned(&v2(), |clean| plain(clean.name.as_ref()));
    assert_eq!(name.as_deref(), Some("Zoë \"Z\" 🐦"));
}

#[test]
fn an_author_who_is_not_among_the_users_is_a_failure_of_user_alone() {
    let (author, failed) = cleaned(&with(v2(), "/includes/users", Value::Null), |clean| {
        (clean.author, plain(clean.username.as_ref()))
    });
    assert_eq!((author, failed), ((Some(UserId(12)), None), vec!["user"]));
}

#[test]
fn a_default_picture_counts_as_none() {
    let url = "https://abs.twimg.com/sticky/default_profile_images/default_profile_normal.png";
    let message = with(v11(), "/user/profile_image_url_https", json!(url));
    assert_eq!(cleaned(&message, |clean| plain(clean.avatar.as_ref())).0, None);
}

#[test]
fn the_whole_text_counts_where_x_gives_it() {
    let body = |message: &Value| cleaned(message, |clean| plain(clean.body.as_ref()).unwrap());
    assert_eq!(body(&v2()).0, "Grüße aus Köln #zoo @ada https://t.co/a $X");
    let note = json!({"text": "long\nand longer", "entities": {"hashtags": []}});
    assert_eq!(body(&with(v2(), "/data/note_tweet", note)).0, "long\nand longer");
    assert_eq!(body(&v11()).0, "Fish & chips <3 #food @ada");
    for note in [json!({"text": ""}), json!({"text": null}), json!({}), Value::Null] {
        for name in ["/data/note_tweet", "/data/note_post"] {
            let (text, failed) = body(&with(v2(), name, note.clone()));
            assert_eq!(
                (text.as_str(), failed),
                ("Grüße aus Köln #zoo @ada https://t.co/a $X", vec![])
            );
        }
    }
    let both = with(v2(), "/data/note_tweet", json!({"text": "long"}));
    assert_eq!(body(&with(both, "/data/note_post", json!({"text": ""}))).0, "long");
    let old = with(v11(), "/extended_tweet", json!({"full_text": ""}));
    assert_eq!(body(&with(old, "/text", json!("short"))).0, "short");
    let (text, failed) = body(&with(v2(), "/data/note_tweet", json!(5)));
    assert_eq!((text.chars().count(), failed), (42, vec!["body"]), "the short text is left");
}

#[test]
fn html_names_are_decoded_in_both_dialects() {
    let body = |message: &Value| cleaned(message, |clean| plain(clean.body.as_ref()).unwrap()).0;
    let old = |text: &str| with(with(v11(), "/extended_tweet", Value::Null), "/text", json!(text));
    for (text, expected) in [
        ("a &amp; b &lt; c &gt;", "a & b < c >"),
        ("&amp;lt; is how &lt; is written", "&lt; is how < is written"),
        ("R&D, &copy; and &", "R&D, &copy; and &"),
    ] {
        assert_eq!(body(&with(v2(), "/data/text", json!(text))), expected);
        assert_eq!(body(&old(text)), expected);
        let note = with(v2(), "/data/note_tweet", json!({"text": text}));
        assert_eq!(body(&note), expected);
    }
    let escaped =
        with(v2(), "/data/text", json!("?")).to_string().replace("\"?\"", r#""\u0026amp;""#);
    let clean = hydrate(&escaped, None, &mut Failures::default()).unwrap().unwrap();
    assert_eq!(plain(clean.body.as_ref()).unwrap(), "&");
}

#[test]
fn links_follow_the_text_whichever_way_x_counted() {
    let text = "é &amp; 😀 #tag &lt;3 @ada $X https://t.co/a";
    let expected = "é & 😀 #tag <3 @ada $X https://t.co/a";
    let index = |text: &str, part: &str| {
        let start = text.split(part).next().unwrap().chars().count();
        (start, start + part.chars().count())
    };
    for counted in [text, expected] {
        let at = |part: &str, name: &str, value: &str| {
            let (start, end) = index(counted, part);
            json!([{"start": start, "end": end, name: value}])
        };
        let entities = json!({
            "hashtags": at("#tag", "tag", "tag"), "mentions": at("@ada", "username", "ada"),
            "cashtags": at("$X", "tag", "X"), "urls": at("https://t.co/a", "url", "https://t.co/a"),
        });
        let message = with(with(v2(), "/data/text", json!(text)), "/data/entities", entities);
        let (links, failed) = cleaned(&message, |clean| {
            let body: Vec<char> = plain(clean.body.as_ref()).unwrap().chars().collect();
            let part =
                |link: &Link<'_>| body[link.start as usize..link.end as usize].iter().collect();
            clean.links.iter().map(part).collect::<Vec<String>>()
        });
        assert_eq!(links, ["#tag", "@ada", "$X", "https://t.co/a"], "counted in `{counted}`");
        assert!(failed.is_empty(), "{failed:?}");
    }
}

#[test]
fn links_are_in_order_and_lead_where_x_says() {
    let links = |message: &Value| {
        cleaned(message, |clean| {
            let link = |link: &Link<'_>| {
                let url = link.url.plain().into_owned();
                (link.start, link.end, url, plain(link.display.as_ref()).unwrap_or_default())
            };
            clean.links.iter().map(link).collect::<Vec<_>>()
        })
    };
    let expected = [
        (15, 19, "https://x.com/hashtag/zoo", ""),
        (20, 24, "https://x.com/ada", ""),
        (25, 39, "https://t.co/a", "example.org/a"),
        (40, 42, "https://x.com/search?q=%24X", ""),
    ];
    let owned = |(start, end, url, display): &(u32, u32, &str, &str)| {
        (*start, *end, (*url).to_owned(), (*display).to_owned())
    };
    assert_eq!(links(&v2()), (expected.iter().map(owned).collect(), vec![]));
    let old = [(16, 21, "https://x.com/hashtag/food", ""), (22, 26, "https://x.com/ada", "")];
    assert_eq!(links(&v11()), (old.iter().map(owned).collect(), vec![]), "moved past HTML's names");
}

#[test]
fn an_odd_entity_costs_itself() {
    let links =
        |path: &str, value: Value| cleaned(&with(v2(), path, value), |clean| clean.links.len());
    let urls = "/data/entities/urls";
    let one = |start: u32, end: u32, url: &str| json!([{"start": start, "end": end, "url": url}]);
    assert_eq!(links(urls, one(25, 39, "javascript:alert(1)")), (3, vec!["entities"]));
    assert_eq!(
        links(urls, one(25, 43, "https://t.co/a")),
        (3, vec!["entities"]),
        "beyond the text"
    );
    assert_eq!(links(urls, one(39, 25, "https://t.co/a")), (3, vec!["entities"]));
    assert_eq!(links(urls, one(16, 39, "https://t.co/a")), (3, vec![]), "over the hashtag");
    assert_eq!(links(urls, json!([{"start": "x"}])), (3, vec!["entities"]));
    assert_eq!(links("/data/entities", json!("?")), (0, vec!["entities"]));
}

#[test]
fn tags_of_other_scripts_make_addresses() {
    let message =
        with(v2(), "/data/entities/hashtags", json!([{"start": 0, "end": 5, "tag": "größe?"}]));
    let (url, _) = cleaned(&message, |clean| clean.links[0].url.plain().into_owned());
    assert_eq!(url, "https://x.com/hashtag/gr%C3%B6%C3%9Fe%3F");
}

#[test]
fn a_point_counts_for_more_than_its_place() {
    let expected = Some((50.9413, 6.9583, Precision::Exact));
    for message in [v2(), v11()] {
        assert_eq!(spot(&message), (expected, vec![]));
    }
    let only_old = with(v11(), "/coordinates", Value::Null);
    assert_eq!(spot(&only_old), (expected, vec![]), "geo is latitude first");
}

#[test]
fn a_place_gives_the_centre_of_its_box() {
    let expected = (Some((51.0, 7.0, Precision::Place)), vec![]);
    assert_eq!(spot(&with(v2(), "/data/geo/coordinates", Value::Null)), expected);
    let old = with(with(v11(), "/coordinates", Value::Null), "/geo", Value::Null);
    assert_eq!(spot(&old), expected);
}

#[test]
fn a_place_on_both_sides_of_the_antimeridian_is_in_no_other_country() {
    let countries = Countries::new(&pack(BOUNDARIES_ODBL_180X90)).unwrap();
    let found = |bbox: Value, kind: &str, code: Option<&str>| {
        let mut message = with(v2(), "/data/geo/coordinates", Value::Null);
        let place = message.pointer_mut("/includes/places/1").unwrap();
        place["geo"]["bbox"] = bbox;
        place["place_type"] = json!(kind);
        place["country_code"] = json!(code);
        let text = message.to_string();
        let clean = hydrate(&text, Some(&countries), &mut Failures::default()).unwrap().unwrap();
        (clean.spot.map(|spot| (spot.lat, spot.lon, spot.precision)), clean.country)
    };
    let fiji = json!([-180.0, -17.0, 180.0, -15.7]);
    let vague = |lat, lon| Some((lat, lon, Precision::Country));
    assert_eq!(found(fiji, "admin", Some("FJ")), (vague(-16.35, 180.0), Country::read("FJ")));
    let aleutians = json!([-179.15, 51.2, 179.78, 52.9]);
    assert_eq!(found(aleutians, "city", None), (vague(52.05, -179.685), None));
    let proper = json!([177.0, -19.0, -178.0, -16.0]);
    let expected = Some((-17.5, 179.5, Precision::Place));
    assert_eq!(found(proper, "admin", Some("FJ")), (expected, Country::read("FJ")));
    let pole = json!([-180.0, -90.0, 180.0, -89.5]);
    assert_eq!(found(pole, "poi", None).0, Some((-90.0, 0.0, Precision::Place)));
    let world = json!([-180.0, -90.0, 180.0, 90.0]);
    assert_eq!(found(world, "admin", None), (vague(0.0, 180.0), None));
}

#[test]
fn null_island_is_a_place() {
    let zero = json!({"type": "Point", "coordinates": [0, 0]});
    let expected = (Some((0.0, 0.0, Precision::Exact)), vec![]);
    assert_eq!(spot(&with(v2(), "/data/geo/coordinates", zero.clone())), expected);
    assert_eq!(spot(&with(v11(), "/coordinates", zero)), expected);
}

#[test]
fn a_point_off_the_earth_is_odd_and_leaves_the_place() {
    for point in [json!([6.9, 91.0]), json!([-181, 0]), json!(["NaN", 0]), json!([1])] {
        let point = json!({"type": "Point", "coordinates": point});
        let (found, failed) = spot(&with(v2(), "/data/geo/coordinates", point.clone()));
        assert_eq!(found, Some((51.0, 7.0, Precision::Place)), "{point}");
        assert_eq!(failed, ["coordinates"], "{point}");
    }
    let line = json!({"type": "LineString", "coordinates": [6, 50]});
    assert_eq!(spot(&with(v2(), "/data/geo/coordinates", line)).1, ["coordinates"]);
}

#[test]
fn a_box_that_is_none_is_odd_and_leaves_the_place_its_name() {
    let message = with(v2(), "/data/geo/coordinates", Value::Null);
    let mut message = message;
    *message.pointer_mut("/includes/places/1/geo/bbox").unwrap() = json!([1, 2, 3]);
    let (found, failed) =
        cleaned(&message, |clean| (plain(clean.place.as_ref()), clean.spot, clean.country));
    assert_eq!(found, (Some("Cologne, Germany".to_owned()), None, Country::read("DE")));
    assert_eq!(failed, ["place"]);
}

#[test]
fn a_place_that_the_message_does_not_bring_is_a_failure_of_place() {
    let message = with(v2(), "/includes/places", Value::Null);
    let (found, failed) =
        cleaned(&message, |clean| (plain(clean.place.as_ref()), clean.spot.is_some()));
    assert_eq!((found, failed), ((None, true), vec!["place"]));
}

#[test]
fn the_country_of_a_bare_point_is_looked_up() {
    let countries = Countries::new(&pack(BOUNDARIES_ODBL_180X90)).unwrap();
    let country = |message: &Value, countries| {
        let text = message.to_string();
        hydrate(&text, countries, &mut Failures::default()).unwrap().unwrap().country
    };
    let bare = with(v2(), "/data/geo/place_id", Value::Null);
    assert_eq!(country(&bare, Some(&countries)), Country::read("DE"));
    assert_eq!(country(&bare, None), None);
    let mut odd = v2();
    *odd.pointer_mut("/includes/places/1/country_code").unwrap() = json!("Germany");
    assert_eq!(country(&odd, Some(&countries)), Country::read("DE"));
    assert_eq!(cleaned(&odd, |clean| clean.country), (None, vec!["country"]));
}

#[test]
fn of_several_references_the_one_that_says_most_counts() {
    let refers = |message: &Value| cleaned(message, |clean| clean.refers);
    assert_eq!(refers(&v2()), (Some((Reference::RepliedTo, TweetId(4))), vec![]));
    assert_eq!(refers(&v11()), (Some((Reference::Quoted, TweetId(5))), vec![]));
    let retweet = json!({"id_str": "9", "id": 9, "text": "x", "user": {"id_str": "1"}});
    let message = with(v11(), "/retweeted_status", retweet);
    assert_eq!(refers(&message), (Some((Reference::Retweeted, TweetId(9))), vec![]));
    let unknown = json!([{"type": "sung", "id": "4"}, {"type": "quoted", "id": "5"}]);
    let message = with(v2(), "/data/referenced_tweets", unknown);
    assert_eq!(refers(&message), (Some((Reference::Quoted, TweetId(5))), vec!["refers"]));
}

#[test]
fn each_odd_field_is_counted_under_its_hydrator() {
    for (path, name) in [
        ("/data/author_id", "user"),
        ("/data/lang", "language"),
        ("/data/created_at", "created_at"),
        ("/data/geo/place_id", "place"),
        ("/data/geo", "coordinates"),
        ("/data/referenced_tweets", "refers"),
        ("/data/possibly_sensitive", "sensitive"),
    ] {
        let ((), failed) = cleaned(&with(v2(), path, json!({"odd": [1]})), |_| ());
        let expected: Vec<&str> = if path == "/data/geo" { vec![] } else { vec![name] };
        assert_eq!(failed, expected, "{path}");
        let ((), failed) = cleaned(&with(v2(), path, json!(1.5)), |_| ());
        assert_eq!(failed, [name], "{path}");
    }
}

#[test]
fn failures_add_up_by_name() {
    let mut failures = Failures::default();
    let odd = with(v2(), "/data/lang", json!(5)).to_string();
    for message in [odd.as_str(), &odd, "{", &v2().to_string(), "5"] {
        let _ = hydrate(message, None, &mut failures);
    }
    assert_eq!(serde_json::to_value(&failures).unwrap(), json!({"language": 2}));
    assert_eq!(failures.malformed, 1);
}
