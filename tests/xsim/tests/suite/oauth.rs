//! OAuth 2.0 over the wire: consent, exchange, rotation, revocation, and what tokens may.
use crate::support::{APP, Client, Reply, START_MS, USER, config, start};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use xsim::Config;

const CALLBACK: &str = "http://127.0.0.1:8787/auth/x/callback";
const SCOPES: &str = "tweet.read users.read follows.read offline.access";
const ACCESS_MS: i64 = 2 * 3_600_000;

fn basic() -> String {
    format!("Basic {}", STANDARD.encode("roost-client:roost-client-secret"))
}

fn authorize(scopes: &str) -> String {
    let scopes = scopes.replace(' ', "%20");
    format!(
        "/i/oauth2/authorize?response_type=code&client_id=roost-client&redirect_uri={CALLBACK}\
         &scope={scopes}&state=s1&code_challenge=verifier&code_challenge_method=plain"
    )
}

/// The code of a user who allows.
async fn code(x: &Client, user: &str, scopes: &str) -> String {
    let reply = x.form(&authorize(scopes), "", &[("user", user), ("decision", "allow")]).await;
    assert_eq!(reply.status, 302, "{}", String::from_utf8_lossy(&reply.body));
    let location = reply.header("location").unwrap();
    location.strip_prefix(&format!("{CALLBACK}?state=s1&code=")).expect(location).to_owned()
}

async fn exchange(x: &Client, code: &str) -> Reply {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", "verifier"),
    ];
    x.form("/2/oauth2/token", &basic(), &form).await
}

async fn refresh(x: &Client, token: &str) -> Reply {
    let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
    x.form("/2/oauth2/token", &basic(), &form).await
}

/// The first tokens of a user.
async fn tokens(x: &Client, user: &str, scopes: &str) -> Value {
    let reply = exchange(x, &code(x, user, scopes).await).await;
    assert_eq!(reply.status, 200, "{}", reply.json());
    reply.json()
}

fn bearer(tokens: &Value) -> String {
    format!("Bearer {}", tokens["access_token"].as_str().unwrap())
}

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap()
}

#[tokio::test]
async fn consent_leads_to_tokens_of_the_user_who_chose() {
    let x = start(config(10)).await;
    let page = x.get(&authorize(SCOPES), "").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    for user in ["12", "13"] {
        let tokens = tokens(&x, user, SCOPES).await;
        assert_eq!(tokens["token_type"], "bearer");
        assert_eq!(tokens["expires_in"], 7_200);
        assert_eq!(tokens["scope"], "follows.read offline.access tweet.read users.read");
        let me = x.ok("/2/users/me", &bearer(&tokens)).await;
        assert_eq!(me["data"]["id"], user);
    }
}

#[tokio::test]
async fn who_denies_is_told_to_the_app() {
    let x = start(config(10)).await;
    let reply = x.form(&authorize(SCOPES), "", &[("user", "12"), ("decision", "deny")]).await;
    let location = format!("{CALLBACK}?state=s1&error=access_denied");
    assert_eq!((reply.status, reply.header("location")), (302, Some(&*location)));
}

#[tokio::test]
async fn a_request_that_cannot_be_granted_sends_nobody_anywhere() {
    let x = start(config(10)).await;
    for (from, to) in [
        ("roost-client", "another"),
        ("http://127.0.0.1:8787", "http://example.org"),
        ("tweet.read", "tweet.rule"),
        ("method=plain", "method=none"),
    ] {
        let target = authorize(SCOPES).replace(from, to);
        assert_eq!(x.get(&target, "").await.status, 400, "{to}");
        let decided = x.form(&target, "", &[("user", "12"), ("decision", "allow")]).await;
        assert_eq!((decided.status, decided.header("location")), (400, None), "{to}");
    }
    for form in [[("user", "14"), ("decision", "allow")], [("user", "12"), ("decision", "maybe")]] {
        assert_eq!(x.form(&authorize(SCOPES), "", &form).await.status, 400, "{form:?}");
    }
}

#[tokio::test]
async fn an_exchange_goes_wrong_for_the_reason_it_tells() {
    let x = start(config(10)).await;
    let good = [
        ("grant_type", "authorization_code"),
        ("redirect_uri", CALLBACK),
        ("code_verifier", "verifier"),
    ];
    for (name, value, told) in [
        ("code", "guess", "authorization code was invalid"),
        ("redirect_uri", "https://example.org/", "redirect uri did not match"),
        ("code_verifier", "other", "code verifier did not match"),
        ("code_verifier", "", "[code_verifier]"),
        ("grant_type", "password", "[password] is not supported"),
    ] {
        let code = code(&x, "12", SCOPES).await;
        let mut form = good.to_vec();
        form.push(("code", &code));
        for pair in form.iter_mut().filter(|pair| pair.0 == name) {
            pair.1 = value;
        }
        let reply = x.form("/2/oauth2/token", &basic(), &form).await;
        let body = reply.json();
        assert_eq!(reply.status, 400, "{name}: {body}");
        assert!(text(&body, "error_description").contains(told), "{name}: {body}");
    }
}

#[tokio::test]
async fn a_code_is_good_once_and_for_30_seconds() {
    let x = start(config(10)).await;
    let used = code(&x, "12", SCOPES).await;
    assert_eq!(exchange(&x, &used).await.status, 200);
    assert_eq!(exchange(&x, &used).await.status, 400);
    let late = code(&x, "12", SCOPES).await;
    x.set_now(START_MS + 30_000).await;
    assert_eq!(exchange(&x, &late).await.status, 400);
}

#[tokio::test]
async fn a_confidential_client_needs_its_secret() {
    let x = start(config(10)).await;
    let code = code(&x, "12", SCOPES).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", "verifier"),
        ("client_id", "roost-client"),
    ];
    let wrong = format!("Basic {}", STANDARD.encode("roost-client:guess"));
    for auth in ["", &wrong, APP] {
        let reply = x.form("/2/oauth2/token", auth, &form).await;
        assert_eq!((reply.status, &reply.json()["error"]), (401, &json!("unauthorized_client")));
    }
    assert_eq!(x.form("/2/oauth2/token", &basic(), &form).await.status, 200);
}

#[tokio::test]
async fn a_public_client_needs_its_name() {
    let x = start(Config { client_secret: String::new(), ..config(10) }).await;
    let code = code(&x, "12", SCOPES).await;
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", "verifier"),
    ];
    assert_eq!(x.form("/2/oauth2/token", "", &form).await.status, 400);
    form.push(("client_id", "roost-client"));
    assert_eq!(x.form("/2/oauth2/token", "", &form).await.status, 200);
}

#[tokio::test]
async fn what_is_no_form_is_refused() {
    let x = start(config(10)).await;
    let body = "grant_type=refresh_token&refresh_token=a";
    let reply = x.send("POST", "/2/oauth2/token", &basic(), body).await;
    assert_eq!((reply.status, &reply.json()["error"]), (400, &json!("invalid_request")));
    assert_eq!(x.get("/2/oauth2/token", &basic()).await.status, 405);
}

#[tokio::test]
async fn tokens_rotate_and_end_by_the_virtual_clock() {
    let x = start(config(10)).await;
    let first = tokens(&x, "12", SCOPES).await;
    x.set_now(START_MS + ACCESS_MS).await;
    assert_eq!(x.get("/2/users/me", &bearer(&first)).await.status, 401);
    let second = refresh(&x, text(&first, "refresh_token")).await.json();
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_eq!(x.get("/2/users/me", &bearer(&second)).await.status, 200);
    let families = x.ok("/sim/oauth", "").await;
    let family = json!({"user": "12", "state": "alive", "refreshes": 1,
        "access_expires": START_MS + 2 * ACCESS_MS,
        "scope": "follows.read offline.access tweet.read users.read"});
    assert_eq!(families, json!({"families": [family], "reuse": "grace"}));
}

#[tokio::test]
async fn an_answer_lost_on_the_way_is_given_again() {
    let x = start(config(10)).await;
    let first = tokens(&x, "12", SCOPES).await;
    x.fault(json!({"route": "/2/oauth2/token", "kind": "lost"})).await;
    let form = format!("grant_type=refresh_token&refresh_token={}", text(&first, "refresh_token"));
    let auth = format!("{}\r\ncontent-type: application/x-www-form-urlencoded", basic());
    assert_eq!(x.raw("POST", "/2/oauth2/token", &auth, &form).await, b"");
    assert_eq!(x.ok("/sim/oauth", "").await["families"][0]["refreshes"], 1);
    let again = refresh(&x, text(&first, "refresh_token")).await;
    assert_eq!(again.status, 200);
    assert_eq!(x.get("/2/users/me", &bearer(&again.json())).await.status, 200);
    let late = refresh(&x, text(&first, "refresh_token")).await;
    assert_eq!((late.status, &late.json()["error"]), (400, &json!("invalid_request")));
    assert_eq!(x.get("/2/users/me", &bearer(&again.json())).await.status, 401);
    assert_eq!(x.ok("/sim/oauth", "").await["families"][0]["state"], "dead");
}

#[tokio::test]
async fn strictness_can_be_asked_for_at_any_time() {
    let x = start(config(10)).await;
    let set = x.send("PUT", "/sim/oauth", "", r#"{"reuse":"strict"}"#).await;
    assert_eq!((set.status, &set.json()["reuse"]), (200, &json!("strict")));
    let first = tokens(&x, "12", SCOPES).await;
    assert_eq!(refresh(&x, text(&first, "refresh_token")).await.status, 200);
    assert_eq!(refresh(&x, text(&first, "refresh_token")).await.status, 400);
    assert_eq!(x.ok("/sim/oauth", "").await["families"][0]["state"], "dead");
    assert_eq!(x.send("PUT", "/sim/oauth", "", r#"{"reuse":"never"}"#).await.status, 400);
}

#[tokio::test]
async fn a_revoked_family_is_dead() {
    let x = start(config(10)).await;
    let tokens = tokens(&x, "12", SCOPES).await;
    let form = [("token", text(&tokens, "refresh_token"))];
    assert_eq!(x.form("/2/oauth2/revoke", "", &form).await.status, 401);
    let reply = x.form("/2/oauth2/revoke", &basic(), &form).await;
    assert_eq!((reply.status, reply.json()), (200, json!({"revoked": true})));
    assert_eq!(x.get("/2/users/me", &bearer(&tokens)).await.status, 401);
    assert_eq!(refresh(&x, text(&tokens, "refresh_token")).await.status, 400);
}

#[tokio::test]
async fn a_fault_revokes_the_family_of_the_token_it_meets() {
    let x = start(config(10)).await;
    let first = tokens(&x, "12", SCOPES).await;
    x.fault(json!({"route": "/2/users/*", "kind": "token_revoked"})).await;
    assert_eq!(x.get("/2/users/me", &bearer(&first)).await.status, 401);
    assert_eq!(refresh(&x, text(&first, "refresh_token")).await.status, 400);
    let second = tokens(&x, "12", SCOPES).await;
    x.fault(json!({"route": "/2/oauth2/token", "kind": "token_revoked"})).await;
    assert_eq!(refresh(&x, text(&second, "refresh_token")).await.status, 400);
    assert_eq!(x.get("/2/users/me", &bearer(&second)).await.status, 401);
}

#[tokio::test]
async fn tokens_end_on_request() {
    let x = start(config(10)).await;
    let tokens = tokens(&x, "13", SCOPES).await;
    let ended = x.post("/sim/oauth", &json!({"expire_access": "13"})).await.json();
    assert_eq!(ended, json!({"expired": 1}));
    assert_eq!(x.get("/2/users/me", &bearer(&tokens)).await.status, 401);
    let next = refresh(&x, text(&tokens, "refresh_token")).await.json();
    assert_eq!(x.get("/2/users/me", &bearer(&next)).await.status, 200);
    let ended = x.post("/sim/oauth", &json!({"revoke": "13"})).await.json();
    assert_eq!(ended, json!({"revoked": 1}));
    assert_eq!(x.get("/2/users/me", &bearer(&next)).await.status, 401);
    for wrong in [json!({}), json!({"revoke": "14"}), json!({"expire": "12"})] {
        assert_eq!(x.post("/sim/oauth", &wrong).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn a_token_does_what_its_scopes_allow() {
    let x = start(config(10)).await;
    let lookup = bearer(&tokens(&x, "12", "tweet.read users.read").await);
    let half = bearer(&tokens(&x, "12", "tweet.read").await);
    for (target, auth, status) in [
        ("/2/users/me", &lookup, 200),
        ("/2/users?ids=12", &lookup, 200),
        ("/2/users/12/followers", &lookup, 403),
        ("/2/users/me", &half, 403),
        ("/2/tweets/search/stream/rules", &lookup, 403),
    ] {
        let reply = x.get(target, auth).await;
        assert_eq!(reply.status, status, "{target}");
    }
    let refused = x.get("/2/users/me", &half).await.json();
    assert_eq!(refused["title"], "Forbidden");
}

#[tokio::test]
async fn only_the_owner_of_the_app_reads_at_the_price_for_owners() {
    let x = start(config(100)).await;
    let second = bearer(&tokens(&x, "13", SCOPES).await);
    let own = x.walk("13", 1_000, &second).await;
    assert_eq!((own.len(), x.bill_micros().await), (10, 10 * 10_000));
    let main = bearer(&tokens(&x, "12", SCOPES).await);
    x.walk("12", 1_000, &main).await;
    assert_eq!(x.bill_micros().await, 100_000 + 100 * 1_000);
}

#[tokio::test]
async fn connections_are_those_of_the_token_s_user() {
    let x = start(config(100)).await;
    let second = bearer(&tokens(&x, "13", SCOPES).await);
    let target = "/2/users/13/followers?user.fields=connection_status";
    let first = |page: Value| page["data"][0]["connection_status"][0].clone();
    assert_eq!(first(x.ok(target, &second).await), "followed_by");
    assert_ne!(first(x.ok(target, USER).await), "followed_by");
}

#[tokio::test]
async fn each_user_has_windows_of_their_own() {
    let x = start(config(10)).await;
    let second = bearer(&tokens(&x, "13", SCOPES).await);
    x.get("/2/users/me", USER).await;
    assert_eq!(x.get("/2/users/me", &second).await.number("x-rate-limit-remaining"), 74);
}
