//! What the owner does in X's developer console, in order. Owns: the steps, and which of them
//! cures which refusal. Must not know: who was refused. Invariant: every refusal that a person
//! can cure has a step.

use crate::api::ConsoleStep;
use crate::x::problem::Class;

/// X's developer console (docs.x.com, "Developer Console").
const CONSOLE: &str = "https://console.x.com";

/// A step, by what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A developer account.
    Account,
    /// An app in the pay-per-use package and its Production environment.
    App,
    /// Prepaid credits.
    Credits,
    /// X's own spending limit.
    Limit,
    /// Bearer token and the four owner keys.
    Keys,
    /// OAuth 2.0 with the callback.
    SignIn,
    /// Permissions of the app.
    Permissions,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Self; 7] = [
        Self::Account,
        Self::App,
        Self::Credits,
        Self::Limit,
        Self::Keys,
        Self::SignIn,
        Self::Permissions,
    ];

    /// The step as shown.
    pub fn shown(self) -> ConsoleStep {
        let (id, title, text) = match self {
            Self::Account => (
                "account",
                "Open a developer account",
                "Sign in at console.x.com with the account you want to follow, and accept the \
                 developer agreement.",
            ),
            Self::App => (
                "app",
                "Make an app in the pay-per-use package",
                "Under Apps make an app, choose the package \"Pay-per-use\" and its environment \
                 \"Production\". An app outside of them is answered \"client not enrolled\".",
            ),
            Self::Credits => (
                "credits",
                "Buy credits",
                "Under Billing buy credits; $5 is enough to begin with. Without any, X answers \
                 \"credits depleted\".",
            ),
            Self::Limit => (
                "limit",
                "Set X's spending limit",
                "Under Billing set a spending limit per billing cycle, and leave auto-recharge \
                 off. Roost's own caps are kept by Roost; this limit is kept by X whatever runs.",
            ),
            Self::Keys => (
                "keys",
                "Copy the keys",
                "Under \"Keys and tokens\" of the app: the bearer token (stream, other people's \
                 accounts); API key and secret with an access token and secret of your own \
                 account (your own lists at the lower price). Each is shown once.",
            ),
            Self::SignIn => (
                "sign-in",
                "Switch on OAuth 2.0",
                "Under \"User authentication settings\" choose \"Web App\", enter this Roost's \
                 callback address exactly, and copy client id and client secret.",
            ),
            Self::Permissions => (
                "permissions",
                "Allow the app to read",
                "Under \"User authentication settings\" the app's permissions must be \"Read\" or \
                 more. Tokens made before a change keep the old ones: make them anew.",
            ),
        };
        let url = match self {
            Self::Account => CONSOLE.to_owned(),
            Self::Credits | Self::Limit => format!("{CONSOLE}/billing"),
            _ => format!("{CONSOLE}/apps"),
        };
        let (id, title, text) = (id.to_owned(), title.to_owned(), text.to_owned());
        ConsoleStep { id, title, text, url }
    }

    /// The step that cures a refusal, where one does.
    pub fn curing(class: Class) -> Option<Self> {
        match class {
            Class::Unauthorized => Some(Self::Keys),
            Class::Credits => Some(Self::Credits),
            Class::UsageCap => Some(Self::Limit),
            Class::Forbidden { not_enrolled: true } => Some(Self::App),
            Class::Forbidden { not_enrolled: false } => Some(Self::Permissions),
            Class::BadRequest
            | Class::PageToken
            | Class::NotFound
            | Class::Conflict
            | Class::RateLimit
            | Class::Connections
            | Class::Server
            | Class::Other(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_step_says_what_to_do_and_where() {
        let shown = Step::ALL.map(Step::shown);
        let ids: BTreeSet<_> = shown.iter().map(|step| step.id.as_str()).collect();
        assert_eq!(ids.len(), Step::ALL.len());
        for step in &shown {
            assert!(step.url.starts_with("https://console.x.com"), "{step:?}");
            assert!(!step.title.is_empty() && step.text.len() > 40, "{step:?}");
        }
    }

    #[test]
    fn what_a_person_can_cure_has_its_step() {
        for (class, step) in [
            (Class::Unauthorized, Some(Step::Keys)),
            (Class::Credits, Some(Step::Credits)),
            (Class::UsageCap, Some(Step::Limit)),
            (Class::Forbidden { not_enrolled: true }, Some(Step::App)),
            (Class::Forbidden { not_enrolled: false }, Some(Step::Permissions)),
            (Class::Server, None),
            (Class::RateLimit, None),
        ] {
            assert_eq!(Step::curing(class), step, "{class:?}");
        }
    }
}
