//! Bodies as their destinations take them.

use super::*;
use crate::api::{AlertChange, EventKind};
use crate::notify::alert::Fresh;
use crate::notify::item::tests::{NOON, item, left, retracted, source};
use serde_json::{Value, json};

fn alert(kind: AlertKind, destination: &str, site: &str) -> Alert {
    let change = AlertChange {
        kind: Some(kind),
        destination: Some(destination.to_owned()),
        token: (kind == AlertKind::Ntfy).then(|| "tk_secret".to_owned()),
        ..AlertChange::default()
    };
    Alert::new(&change, Fresh { id: "a1", secret: "key", site, now: NOON, local: false }).unwrap()
}

fn message(kind: MessageKind, items: Vec<Item>) -> Message {
    let mut message = Message::new("m1".into(), kind, NOON, NOON);
    message.title = words::title(kind, &items);
    message.items = items;
    message
}

const DISCORD: &str = "https://discord.com/api/webhooks/1/secret";

fn sent(kind: AlertKind, destination: &str, message: &Message) -> (Outgoing, Value) {
    let out =
        outgoing(&alert(kind, destination, "https://roost.dev"), message, NOON, false).unwrap();
    let body = serde_json::from_str(&out.body).unwrap();
    (out, body)
}

#[test]
fn a_webhook_tells_everything_under_one_id() {
    let mut corrected = retracted(9);
    corrected.was = Some(Meaning::Left(Reason::Unknown));
    let items = vec![left(7, Reason::Unfollowed), item(8, EventKind::Followed), corrected];
    let message = message(MessageKind::News, items);
    let (out, body) = sent(AlertKind::Webhook, "https://a.roost.dev/hook", &message);
    assert_eq!(out.url, "https://a.roost.dev/hook");
    let header = |name| out.headers.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str());
    assert_eq!(header("roost-id"), Some("m1"));
    assert_eq!(header("idempotency-key"), Some("m1"));
    assert_eq!(header("roost-signature"), Some(signature("key", NOON, &out.body).as_str()));
    assert_eq!(body["version"], 1);
    assert_eq!(body["id"], "m1");
    assert_eq!(body["kind"], "news");
    assert_eq!(body["summary"], message.title.as_str());
    assert_eq!(
        body["accounts"],
        json!([{ "id": "12", "username": "solvej", "came": 1, "left": 1, "came_back": 0,
                 "renamed": 0, "reasons": { "unfollowed": 1, "suspended": 0, "gone": 0,
                 "you_blocked": 0, "unknown": 0 } }])
    );
    assert_eq!(body["events"][0]["event"]["user"]["username"], "ada7");
    assert_eq!(body["events"].as_array().unwrap().len(), 2);
    assert_eq!(body["corrections"][0]["was"], "unknown");
    assert_eq!(body["corrections"][0]["event"]["state"], "retracted");
    assert_eq!(body["collection"], json!([]));
}

#[test]
fn a_stop_is_told_to_a_webhook() {
    let stopped = Item::stopped(&source(), NOON, Some("X refused".into()), NOON);
    let message = message(MessageKind::Collection, vec![stopped]);
    let (_, body) = sent(AlertKind::Webhook, "https://a.roost.dev/hook", &message);
    assert_eq!(
        body["collection"],
        json!([{ "account": "12", "username": "solvej", "stopped": true, "detail": "X refused" }])
    );
}

#[test]
fn a_signature_is_hmac_sha256_of_time_and_body() {
    // printf '1795262400.{}' | openssl dgst -sha256 -hmac key
    assert_eq!(
        signature("key", NOON, "{}"),
        "t=1795262400,v1=d64e8f9bc6de55c1ab8899ce0bdef8482ab85817eb20d9a79907e9d0ca1e52c8"
    );
}

#[test]
fn discord_gets_embeds_that_ping_nobody() {
    let mut hostile = left(7, Reason::Unfollowed);
    let user = &mut hostile.event.as_mut().unwrap().user;
    "@everyone **x** [a](https://evil.example)".clone_into(&mut user.name);
    let message = message(MessageKind::News, vec![hostile, item(8, EventKind::Followed)]);
    let (out, body) = sent(AlertKind::Discord, DISCORD, &message);
    assert_eq!(out.url, format!("{DISCORD}?wait=true"));
    assert_eq!(body["allowed_mentions"], json!({ "parse": [] }));
    let title = body["embeds"][0]["title"].as_str().unwrap();
    assert!(title.starts_with("@everyone \\*\\*x\\*\\* \\[a\\]\\(https:\u{200b}//evil"), "{title}");
    assert_eq!(body["embeds"][1]["color"], 0x000B_6E5C);
    assert_eq!(body["embeds"][1]["url"], "https://roost.dev/");
}

#[track_caller]
fn check_discord_limits(items: Vec<Item>) -> Value {
    let (_, body) = sent(AlertKind::Discord, DISCORD, &message(MessageKind::News, items));
    let embeds = body["embeds"].as_array().unwrap();
    assert!(embeds.len() <= 10);
    let size = |text: &Value| text.as_str().unwrap().encode_utf16().count();
    assert!(size(&body["content"]) <= 2_000);
    for embed in embeds {
        assert!(size(&embed["title"]) <= 256 && size(&embed["description"]) <= 4_096);
    }
    let total: usize = embeds.iter().map(|e| size(&e["title"]) + size(&e["description"])).sum();
    assert!(total <= 6_000, "{total}");
    body
}

#[test]
fn discords_limits_are_kept() {
    let mut items: Vec<Item> = (0..900).map(|id| left(id, Reason::Unfollowed)).collect();
    items.extend((0..900).map(|id| item(id, EventKind::Followed)));
    let body = check_discord_limits(items.clone());
    let lines = body["embeds"][0]["description"].as_str().unwrap();
    let told = lines.lines().count() - 1;
    assert!(lines.ends_with(&format!("and {} more", 900 - told)), "{lines}");
    for (at, item) in items.iter_mut().enumerate() {
        item.source.account = crate::id::UserId(at as u64 % 40);
        let user = &mut item.event.as_mut().unwrap().user;
        user.name = "\u{1f426}_*".repeat(60);
    }
    check_discord_limits(items.clone());
    check_discord_limits(items.into_iter().take(1).collect());
    check_discord_limits(Vec::new());
}

#[test]
fn ntfy_is_published_as_json_to_its_server() {
    let items = vec![left(7, Reason::Unfollowed), left(8, Reason::Gone)];
    let message = message(MessageKind::News, items);
    let (out, body) = sent(AlertKind::Ntfy, "https://ntfy.sh/my-topic", &message);
    assert_eq!(out.url, "https://ntfy.sh/");
    assert_eq!(out.headers, [("authorization", "Bearer tk_secret".to_owned())]);
    assert_eq!(
        body,
        json!({
            "topic": "my-topic",
            "title": "2 people left @solvej: 1 unfollowed, 1 deleted or deactivated the account.",
            "message": "Ada 7 (@ada7), 100 followers: unfollowed\n\
                        Ada 8 (@ada8), 100 followers: deleted or deactivated the account",
            "tags": [], "priority": 3, "click": "https://roost.dev/",
        })
    );
}

#[test]
fn a_stop_is_louder_and_a_digest_quieter() {
    let priority = |kind, items| {
        sent(AlertKind::Ntfy, "https://ntfy.sh/t", &message(kind, items)).1["priority"].clone()
    };
    let stopped = Item::stopped(&source(), NOON, None, NOON);
    assert_eq!(priority(MessageKind::Collection, vec![stopped]), 4);
    let goes_on = Item::goes_on(&source(), NOON, NOON);
    assert_eq!(priority(MessageKind::Collection, vec![goes_on]), 3);
    assert_eq!(priority(MessageKind::Digest, vec![left(7, Reason::Gone)]), 2);
    assert_eq!(priority(MessageKind::Test, vec![]), 3);
}

#[test]
fn ntfys_limit_is_kept() {
    let items = (0..1_000).map(|id| left(id, Reason::Unfollowed)).collect();
    let message = message(MessageKind::News, items);
    let (_, body) = sent(AlertKind::Ntfy, "https://ntfy.sh/t", &message);
    let text = body["message"].as_str().unwrap();
    assert!(text.len() <= NTFY_MESSAGE && text.ends_with(" more"), "{}", text.len());
}

#[test]
fn sample_data_says_so_everywhere() {
    let mut one = left(7, Reason::Unfollowed);
    one.source.simulated = true;
    let message = message(MessageKind::News, vec![one]);
    let (_, body) = sent(AlertKind::Webhook, "https://a.roost.dev/", &message);
    assert_eq!(body["simulated"], true);
    for (kind, destination) in
        [(AlertKind::Discord, DISCORD), (AlertKind::Ntfy, "https://ntfy.sh/t")]
    {
        let (out, _) = sent(kind, destination, &message);
        assert!(out.body.contains(SAMPLE), "{kind}");
    }
}

#[test]
fn a_webhook_beside_the_simulator_says_so_even_of_nobody() {
    let webhook = alert(AlertKind::Webhook, "https://a.roost.dev/", "https://roost.dev");
    for simulated in [true, false] {
        let test = message(MessageKind::Test, vec![]);
        let body = outgoing(&webhook, &test, NOON, simulated).unwrap().body;
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["simulated"], simulated);
    }
}

#[test]
fn whoever_left_twice_is_counted_once() {
    let mut again = left(7, Reason::Gone);
    again.key.push('2');
    let message = message(MessageKind::News, vec![left(7, Reason::Unfollowed), again]);
    let (_, body) = sent(AlertKind::Webhook, "https://a.roost.dev/", &message);
    let account = &body["accounts"][0];
    assert_eq!((&account["left"], &account["reasons"]["gone"]), (&1.into(), &1.into()));
    assert_eq!(account["reasons"]["unfollowed"], 0);
    assert_eq!(body["events"].as_array().unwrap().len(), 2, "both are told");
}

#[test]
fn a_secret_is_never_in_what_is_shown_or_logged() {
    for alert in [
        alert(AlertKind::Discord, DISCORD, ""),
        alert(AlertKind::Ntfy, "https://ntfy.sh/secret", ""),
    ] {
        let shown = serde_json::to_string(&alert.shown()).unwrap();
        assert!(!shown.contains("secret"), "{shown}");
        assert!(!format!("{alert:?}").contains("secret"));
    }
}
