//! Why X closed a stream. Owns: X's codes and words for it and what each means. Must not know:
//! what is done about it ([`super::reconnect`] decides). Invariant: every code and every word
//! has a meaning, also those X invents tomorrow.

use crate::api::words;
use serde::{Deserialize, Serialize};

words! {
    /// X's `disconnect_type` of a stream of API v2 (specification 2.166), and the
    /// `connection_issue` of a refusal that came in the stream.
    DisconnectType {
        /// X is at work on its servers.
        Operational = "OperationalDisconnect",
        /// What feeds the stream went away.
        UpstreamOperational = "UpstreamOperationalDisconnect",
        /// Somebody closed it: the owner's other program, or X.
        Force = "ForceDisconnect",
        /// What feeds the stream broke.
        UpstreamUnclean = "UpstreamUncleanDisconnect",
        /// It was read too slowly.
        SlowReader = "SlowReader",
        /// X broke.
        Internal = "InternalError",
        /// The app's standing at X got worse.
        AppState = "ClientApplicationStateDegraded",
        /// The rules no longer hold.
        InvalidRules = "InvalidRules",
        /// Another connection is open.
        TooMany = "TooManyConnections",
        /// The app's access is being set up.
        Provisioning = "ProvisioningSubscription",
        /// There are no rules.
        NoRules = "RuleConfigurationIssue",
        /// The rules are not valid.
        RulesInvalid = "RulesInvalidIssue",
        /// A word that was not known when this was written.
        Other = "other",
    }
}

/// X says that it closes the stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disconnect {
    /// Code of the old dialect: 1 to 12.
    pub code: Option<u8>,
    /// Word of the new one.
    pub kind: Option<DisconnectType>,
    /// What X said about it; at most 300 characters, possibly empty.
    pub reason: String,
}

/// What follows from a disconnect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DisconnectMeaning {
    /// An ordinary end: as if the network had dropped it.
    Network,
    /// X is in trouble: no hurry.
    Server,
    /// Another connection was opened with the same keys, or someone closed this one.
    Duplicate,
    /// It was read too slowly; a new connection starts with an empty buffer.
    SlowReader,
    /// The keys were revoked: a person must act.
    TokenRevoked,
    /// The rules must be set right before the next connection.
    Rules,
    /// The app's access changed: the next connection will tell.
    Access,
}

impl Disconnect {
    /// What follows from it.
    pub fn meaning(&self) -> DisconnectMeaning {
        use DisconnectMeaning as M;
        use DisconnectType as T;
        match (self.kind, self.code) {
            (Some(T::Force | T::TooMany), _) | (None, Some(2 | 7)) => M::Duplicate,
            (Some(T::SlowReader), _) | (None, Some(4)) => M::SlowReader,
            (Some(T::InvalidRules | T::NoRules | T::RulesInvalid), _) => M::Rules,
            (Some(T::AppState | T::Provisioning), _) => M::Access,
            (None, Some(6)) => M::TokenRevoked,
            (None, Some(3 | 5 | 9)) | (Some(T::Operational | T::UpstreamOperational), _) => {
                M::Network
            }
            _ => M::Server,
        }
    }

    /// For people: what happened, with X's own words where it gave any.
    pub fn text(&self) -> String {
        let what = match (self.kind, self.code) {
            (Some(kind), _) => kind_text(kind),
            (None, Some(code)) => code_text(code),
            (None, None) => "X closed the stream",
        };
        let code = self.code.map(|code| format!(" (code {code})")).unwrap_or_default();
        match self.reason.as_str() {
            "" => format!("{what}{code}"),
            reason => format!("{what}{code}: {reason}"),
        }
    }
}

fn kind_text(kind: DisconnectType) -> &'static str {
    use DisconnectType as T;
    match kind {
        T::Operational | T::UpstreamOperational => "X closed the stream to work on its servers",
        T::Force => "X closed the stream: another program with the same keys may have asked for it",
        T::UpstreamUnclean => "X lost what feeds the stream",
        T::SlowReader => "X closed the stream: it was read too slowly",
        T::Internal => "X closed the stream after an error of its own",
        T::AppState => "X closed the stream: the app's access has changed",
        T::InvalidRules | T::RulesInvalid => "X closed the stream: its rules are not valid",
        T::NoRules => "X closed the stream: it has no rules",
        T::TooMany => "X closed the stream: another connection is open with the same keys",
        T::Provisioning => "X is still setting up the app's access",
        T::Other => "X closed the stream",
    }
}

/// The codes of the old dialect as X listed them ("Streaming message types", `disconnect`).
fn code_text(code: u8) -> &'static str {
    match code {
        1 => "X shut the stream's server down",
        2 => "X closed the stream: the same stream was opened twice",
        3 => "X closed the stream on request",
        4 => "X closed the stream: it was read too slowly",
        5 => "X closed the stream as planned",
        6 => "X closed the stream: the keys were revoked",
        7 => "X closed the stream: another program connected with the same keys",
        9 => "X closed the stream: as many messages as asked for had come",
        10 => "X closed the stream after an error of its own",
        11 => "X closed the stream: its own queue stalled",
        12 => "X closed the stream to shed load",
        _ => "X closed the stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DisconnectMeaning as M;

    #[track_caller]
    fn check(code: Option<u8>, kind: Option<DisconnectType>, expected: M) {
        let said = Disconnect { code, kind, reason: String::new() };
        assert_eq!(said.meaning(), expected, "{said:?}");
        assert!(said.text().starts_with("X "), "{}", said.text());
    }

    #[test]
    fn every_code_has_its_meaning() {
        let meanings = [
            M::Server,
            M::Duplicate,
            M::Network,
            M::SlowReader,
            M::Network,
            M::TokenRevoked,
            M::Duplicate,
            M::Server,
            M::Network,
            M::Server,
            M::Server,
            M::Server,
        ];
        for (code, meaning) in (1..).zip(meanings) {
            check(Some(code), None, meaning);
        }
        for code in [0, 13, 255] {
            check(Some(code), None, M::Server);
        }
        check(None, None, M::Server);
    }

    #[test]
    fn every_word_has_its_meaning() {
        for (word, meaning) in [
            ("OperationalDisconnect", M::Network),
            ("UpstreamOperationalDisconnect", M::Network),
            ("ForceDisconnect", M::Duplicate),
            ("UpstreamUncleanDisconnect", M::Server),
            ("SlowReader", M::SlowReader),
            ("InternalError", M::Server),
            ("ClientApplicationStateDegraded", M::Access),
            ("InvalidRules", M::Rules),
            ("TooManyConnections", M::Duplicate),
            ("ProvisioningSubscription", M::Access),
            ("RuleConfigurationIssue", M::Rules),
            ("RulesInvalidIssue", M::Rules),
            ("other", M::Server),
        ] {
            check(None, Some(DisconnectType::from_word(word).unwrap()), meaning);
        }
        assert_eq!(DisconnectType::ALL.len(), 13);
    }

    #[test]
    fn a_text_says_code_and_reason() {
        let said = Disconnect { code: Some(12), kind: None, reason: "busy".into() };
        assert_eq!(said.text(), "X closed the stream to shed load (code 12): busy");
    }
}
