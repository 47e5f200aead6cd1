//! Words about keys for X: what each is called, how it stands, what a sign-in came to.

use crate::calendar::Zone;
use crate::words::when;
use shared::api::{CredentialItem, CredentialSource, CredentialState, SignInOutcome, SignInReport};
use shared::time::UnixMs;

/// A field of the form that sets a credential: its name on the wire, its label, whether it is
/// hidden while typed, whether it must be there.
pub(crate) type Field = (&'static str, &'static str, bool, bool);

/// The fields of a credential; none if it is not set by hand.
pub(crate) fn fields(name: &str) -> &'static [Field] {
    match name {
        "bearer" => &[("token", "Bearer token", true, true)],
        "owner" => &[
            ("api_key", "API key", true, true),
            ("api_secret", "API key secret", true, true),
            ("access_token", "Access token", true, true),
            ("access_secret", "Access token secret", true, true),
        ],
        "client" => &[
            ("client_id", "Client ID", false, true),
            ("client_secret", "Client secret (of a Web App)", true, false),
            ("owner_id", "X user id of the app's owner", false, false),
        ],
        _ => &[],
    }
}

/// What a credential is called.
pub(crate) fn title(item: &CredentialItem) -> String {
    match item.name.as_str() {
        "bearer" => "Bearer token".to_owned(),
        "owner" => "Your own keys".to_owned(),
        "client" => "Sign-in with X (OAuth 2.0)".to_owned(),
        other => match &item.username {
            Some(username) => format!("@{username}, signed in"),
            None => format!("Account {}, signed in", other.trim_start_matches("user-")),
        },
    }
}

/// Word and class of a state.
pub(crate) fn state(state: CredentialState) -> (&'static str, &'static str) {
    match state {
        CredentialState::Missing => ("not set", ""),
        CredentialState::Ready => ("ready", "run good"),
        CredentialState::Renewing => ("being renewed", "checking"),
        CredentialState::Ended => ("ended: sign in again", "run bad"),
        CredentialState::Locked => ("cannot be opened", "run bad"),
    }
}

/// Where a credential comes from, since when, and until when it holds.
pub(crate) fn origin(item: &CredentialItem, now: UnixMs, zone: &dyn Zone) -> Option<String> {
    let mut parts = Vec::new();
    match (item.source?, item.stored_at) {
        (CredentialSource::Secret, _) => parts.push("a secret of the worker".to_owned()),
        (CredentialSource::Stored, Some(at)) => {
            parts.push(format!("stored here, sealed, {}", when::ago(at, now, zone)));
        }
        (CredentialSource::Stored, None) => parts.push("stored here, sealed".to_owned()),
    }
    if item.overridden {
        parts.push("it overrides the one stored here".to_owned());
    }
    if item.state == CredentialState::Ready
        && let Some(at) = item.expires
    {
        parts.push(format!("renewed by itself, next {}", when::coming(at, now, zone)));
    }
    if let Some(at) = item.checked_at {
        parts.push(format!("checked {}", when::ago(at, now, zone)));
    }
    Some(super::capital(&format!("{}.", parts.join("; "))))
}

/// What a sign-in came to: whether it is good news, and a sentence.
pub(crate) fn outcome(outcome: SignInOutcome, report: Option<&SignInReport>) -> (bool, String) {
    let said = match outcome {
        SignInOutcome::Connected => "Connected. Nothing is read before you choose a schedule.",
        SignInOutcome::Denied => "Not connected: X was told no. Nothing has changed.",
        SignInOutcome::Mismatch => {
            "Not connected: this sign-in did not begin in this browser, or another one began \
             since. Start again here."
        }
        SignInOutcome::Expired => {
            "Not connected: it took too long. X's code lives 30 seconds: start again."
        }
        SignInOutcome::OtherAccount => {
            "Not connected: another account than the one asked for said yes. Switch the account \
             at X, then start again."
        }
        SignInOutcome::Capped => {
            "Not connected: reading whose account it is would pass a limit. Raise it under \
             Collection, then start again."
        }
        SignInOutcome::Refused => "Not connected: X refused.",
        SignInOutcome::Unreachable => "Not connected: X could not be reached. Start again later.",
    };
    let detail = report.filter(|report| report.outcome == outcome);
    let detail = detail.and_then(|report| report.detail.as_deref()).unwrap_or_default();
    let good = outcome == SignInOutcome::Connected;
    (good, format!("{said} {detail}").trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Fixed;

    const NOW: UnixMs = UnixMs(1_800_000_000_000);

    fn item(name: &str) -> CredentialItem {
        CredentialItem {
            name: name.to_owned(),
            what: String::new(),
            state: CredentialState::Ready,
            source: Some(CredentialSource::Stored),
            overridden: false,
            account: None,
            username: None,
            scopes: Vec::new(),
            stored_at: None,
            renewed_at: None,
            expires: None,
            checked_at: None,
            problem: None,
            todo: None,
            step: None,
        }
    }

    #[test]
    fn what_is_set_by_hand_has_fields_and_what_is_not_has_none() {
        for name in ["bearer", "owner", "client"] {
            assert!(fields(name).iter().any(|(_, _, _, needed)| *needed), "{name}");
        }
        assert_eq!(fields("user-12"), &[]);
    }

    #[test]
    fn a_sign_in_is_called_by_its_handle() {
        let mut user = item("user-12");
        assert_eq!(title(&user), "Account 12, signed in");
        user.username = Some("ada".to_owned());
        assert_eq!(title(&user), "@ada, signed in");
    }

    #[test]
    fn the_origin_says_where_since_when_and_what_overrides() {
        let mut stored = item("bearer");
        assert_eq!(origin(&stored, NOW, &Fixed(0)).as_deref(), Some("Stored here, sealed."));
        stored.source = Some(CredentialSource::Secret);
        stored.overridden = true;
        assert_eq!(
            origin(&stored, NOW, &Fixed(0)).as_deref(),
            Some("A secret of the worker; it overrides the one stored here.")
        );
        stored.source = None;
        assert_eq!(origin(&stored, NOW, &Fixed(0)), None);
    }

    #[test]
    fn a_report_of_another_outcome_adds_nothing() {
        let report = SignInReport {
            at: NOW,
            outcome: SignInOutcome::Refused,
            account: None,
            detail: Some("The client is unknown.".to_owned()),
        };
        let (good, said) = outcome(SignInOutcome::Refused, Some(&report));
        assert_eq!(
            (good, said.as_str()),
            (false, "Not connected: X refused. The client is unknown.")
        );
        let (good, said) = outcome(SignInOutcome::Connected, Some(&report));
        assert!(good && !said.contains("client"), "{said}");
    }
}
