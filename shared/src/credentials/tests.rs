//! Names, bodies, and which keys each endpoint takes.

use super::*;
use crate::id::UserId;

const OWN: AccountId = UserId(12);
const OTHER: AccountId = UserId(34);

fn body(json: &str) -> CredentialChange {
    serde_json::from_str(json).unwrap()
}

#[test]
fn names_are_read_back() {
    for name in [Name::Bearer, Name::Owner, Name::Client, Name::User(OWN)] {
        assert_eq!(Name::parse(&name.text()), Ok(name));
    }
    for text in ["", "Bearer", "user-", "user-x", "user", "user-12/3"] {
        assert!(Name::parse(text).unwrap_err().contains("user-<account id>"), "{text}");
    }
}

#[track_caller]
fn check_refused(name: Name, json: &str, said: &str) {
    let error = check(name, &body(json)).unwrap_err();
    assert!(error.contains(said), "{json}: {error}");
    assert!(!error.contains("planted"), "{error}");
}

#[test]
fn bodies_that_cannot_be_are_refused_without_quoting_them() {
    check_refused(Name::Bearer, "{}", "`token` is missing: bearer takes `token`");
    check_refused(Name::Bearer, r#"{"token":"  "}"#, "`token` is missing");
    check_refused(Name::Bearer, r#"{"token":"Bearer planted"}"#, "`token` holds a space");
    check_refused(Name::Bearer, r#"{"token":"plantedé"}"#, "`token` holds a space or");
    let long = format!(r#"{{"token":"{}"}}"#, "a".repeat(KEY_MAX + 1));
    check_refused(Name::Bearer, &long, "longer than 1000");
    check_refused(Name::Bearer, r#"{"token":"a","client_id":"planted"}"#, "`client_id` is not");
    check_refused(Name::Owner, r#"{"api_key":"planted"}"#, "`api_secret` is missing");
    let half = r#"{"api_key":"planted","api_secret":"b","access_token":"12-planted"}"#;
    check_refused(Name::Owner, half, "go together");
    let swapped =
        r#"{"api_key":"a","api_secret":"b","access_token":"planted","access_secret":"c"}"#;
    check_refused(Name::Owner, swapped, "begin with the account's id");
    check_refused(Name::Client, r#"{"client_secret":"planted"}"#, "`client_id` is missing");
    check_refused(Name::User(OWN), "{}", "/auth/x/start");
}

#[test]
fn good_bodies_are_taken_without_the_spaces_around_them() {
    let bearer = check(Name::Bearer, &body(r#"{"token":" a\n"}"#));
    assert_eq!(bearer, Ok(Stored::Bearer(Secret::new("a"))));
    let four = r#"{"api_key":"a","api_secret":"b","access_token":"12-c","access_secret":"d"}"#;
    let Ok(Stored::Owner(keys)) = check(Name::Owner, &body(four)) else { panic!() };
    assert_eq!(keys.account(), Some(OWN));
    assert_eq!(keys.keys().unwrap().token_secret, "d");
    let two = check(Name::Owner, &body(r#"{"api_key":"a","api_secret":"b"}"#));
    let Ok(Stored::Owner(keys)) = two else { panic!() };
    assert_eq!((keys.keys(), keys.account()), (None, None));
    let public = check(Name::Client, &body(r#"{"client_id":"a","client_secret":""}"#));
    assert_eq!(public, Ok(Stored::Client(Client { id: "a".into(), secret: None })));
}

#[test]
fn what_is_stored_shows_nothing_of_itself() {
    let family = Stored::Family { access: Secret::new("planted"), refresh: Secret::new("planted") };
    let owner = OwnerKeys {
        api_key: Secret::new("planted"),
        api_secret: Secret::new("planted"),
        access: Some((Secret::new("12-planted"), Secret::new("planted"))),
    };
    let client = Client { id: "public".into(), secret: Some(Secret::new("planted")) };
    let public = Client { id: "public".into(), secret: None };
    let two = OwnerKeys { access: None, ..owner.clone() };
    let stored = [
        family,
        Stored::Owner(owner),
        Stored::Owner(two),
        Stored::Client(client),
        Stored::Client(public),
        Stored::Bearer(Secret::new("planted")),
    ];
    for stored in stored {
        assert!(!format!("{stored:?}").contains("planted"), "{stored:?}");
        assert_eq!(Stored::from_text(stored.to_text().expose()), Some(stored));
    }
    for text in ["", "bearer", "owner\na", "owner\na\nb\nc", "client", "family\na", "other\na"] {
        assert_eq!(Stored::from_text(text), None, "{text}");
    }
}

/// The choice in one word: the credential's, or the title of what is missing.
fn word(endpoint: Endpoint, account: AccountId, held: &Holdings<'_>) -> String {
    match choose(endpoint, account, held) {
        Ok(credential) => credential.as_str().to_owned(),
        Err(stop) => {
            assert!(stop.detail.len() > 20, "{stop:?}");
            stop.title
        }
    }
}

/// Who is chosen of all, without a sign-in, without owner keys too, and with a sign-in alone.
#[track_caller]
fn check_choice(endpoint: Endpoint, expected: [&str; 4]) {
    let scopes = ["tweet.read", "users.read", "follows.read", BLOCKS].map(str::to_owned);
    let owner = Some(Some(OWN));
    let all = Holdings { bearer: true, owner, user: Some(&scopes), ..Holdings::default() };
    let held = [
        all.clone(),
        Holdings { user: None, ..all.clone() },
        Holdings { user: None, owner: None, ..all.clone() },
        Holdings { bearer: false, owner: None, ..all },
    ];
    let found = held.each_ref().map(|held| word(endpoint, OWN, held));
    assert_eq!(found, expected, "{endpoint:?}");
}

#[test]
fn each_endpoint_has_its_keys() {
    for endpoint in [Endpoint::Users, Endpoint::Tweets, Endpoint::Followers, Endpoint::Timeline] {
        check_choice(endpoint, ["user", "owner", "bearer", "user"]);
    }
    for endpoint in
        [Endpoint::Me, Endpoint::PrivateMetrics, Endpoint::Following, Endpoint::Blocking]
    {
        check_choice(endpoint, ["user", "owner", "Sign in at X", "user"]);
    }
    for endpoint in [Endpoint::Streams, Endpoint::Search, Endpoint::Activity] {
        check_choice(endpoint, ["bearer", "bearer", "bearer", "No bearer token"]);
    }
}

#[test]
fn other_peoples_accounts_are_read_with_what_there_is() {
    let owner = Some(Some(OWN));
    let both = Holdings { bearer: true, owner, ..Holdings::default() };
    assert_eq!(word(Endpoint::Followers, OTHER, &both), "bearer");
    let keys = Holdings { owner, ..Holdings::default() };
    assert_eq!(word(Endpoint::Followers, OTHER, &keys), "owner");
    assert_eq!(word(Endpoint::Following, OTHER, &keys), "Sign in at X");
    assert_eq!(word(Endpoint::Followers, OTHER, &Holdings::default()), "No keys for X");
}

#[test]
fn a_sign_in_that_ended_is_never_replaced_by_what_costs_more() {
    let ended = Holdings { bearer: true, ended: Some("X ended it"), ..Holdings::default() };
    assert_eq!(word(Endpoint::Followers, OWN, &ended), "Sign in at X again");
    assert_eq!(word(Endpoint::Users, OWN, &ended), "bearer", "the price is the same");
    assert_eq!(word(Endpoint::Streams, OWN, &ended), "bearer");
    let keys = Holdings { owner: Some(Some(OWN)), ..ended };
    assert_eq!(word(Endpoint::Followers, OWN, &keys), "owner");
}

#[test]
fn what_was_not_allowed_is_not_asked_for() {
    let scopes = ["tweet.read".to_owned(), "users.read".to_owned()];
    let held = Holdings { user: Some(&scopes), ..Holdings::default() };
    assert_eq!(word(Endpoint::Users, OWN, &held), "user");
    assert_eq!(word(Endpoint::Followers, OWN, &held), "Sign in at X again");
    let stop = choose(Endpoint::Blocking, OWN, &held).unwrap_err();
    assert!(stop.detail.contains("`block.read`"), "{}", stop.detail);
}

#[test]
fn a_changed_roost_secret_is_named() {
    let held = Holdings { locked: Some("ROOST_SECRET is another"), ..Holdings::default() };
    let stop = choose(Endpoint::Followers, OWN, &held).unwrap_err();
    assert!(stop.detail.contains("set ROOST_SECRET back"), "{}", stop.detail);
}
