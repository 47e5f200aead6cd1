//! Scopes: what a user's token may be used for, and what each endpoint asks.
//!
//! Knows names, no tokens. Invariant: a [`Scopes`] holds only scopes that X has.

/// X's scopes (docs.x.com, "OAuth 2.0 Authorization Code Flow with PKCE").
const NAMES: [&str; 23] = [
    "block.read",
    "block.write",
    "bookmark.read",
    "bookmark.write",
    "dm.read",
    "dm.write",
    "follows.read",
    "follows.write",
    "like.read",
    "like.write",
    "list.read",
    "list.write",
    "media.write",
    "mute.read",
    "mute.write",
    "offline.access",
    "space.read",
    "timeline.read",
    "tweet.moderate.write",
    "tweet.read",
    "tweet.write",
    "users.email",
    "users.read",
];

/// A set of scopes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Scopes(u32);

impl Scopes {
    /// Everything: what the keys of an app's owner may.
    pub(crate) const ALL: Self = Self((1 << NAMES.len()) - 1);

    /// # Errors
    /// The first name that is no scope; none at all is one too.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut scopes = Self::default();
        for name in text.split(' ') {
            let at = NAMES.iter().position(|known| *known == name);
            scopes.0 |= 1 << at.ok_or_else(|| name.to_owned())?;
        }
        Ok(scopes)
    }

    /// Those of some names; a name that is no scope is left out.
    fn of(names: &[&str]) -> Self {
        let has = |at: &usize| NAMES.get(*at).is_some_and(|name| names.contains(name));
        Self((0..NAMES.len()).filter(has).fold(0, |bits, at| bits | 1 << at))
    }

    pub(crate) fn has(self, name: &str) -> bool {
        self.holds(Self::of(&[name]))
    }

    pub(crate) const fn holds(self, needed: Self) -> bool {
        self.0 & needed.0 == needed.0
    }

    /// What a user's token needs at the endpoint of this name (see X's own description of each).
    pub(crate) fn needed(endpoint: &str) -> Self {
        match endpoint {
            "me" | "users" | "users_by" | "user" | "user_by" | "timeline" | "tweets" | "tweet"
            | "analytics" | "search" | "mentions" | "quotes" | "retweeted_by" => {
                Self::of(&["tweet.read", "users.read"])
            }
            "liked" | "liking_users" => Self::of(&["like.read", "tweet.read", "users.read"]),
            "muting" => Self::of(&["mute.read", "tweet.read", "users.read"]),
            "tweet_post" | "tweet_delete" => Self::of(&["tweet.read", "tweet.write", "users.read"]),
            "followers" | "following" => Self::of(&["follows.read", "tweet.read", "users.read"]),
            "blocking" => Self::of(&["block.read", "tweet.read", "users.read"]),
            _ => Self::default(),
        }
    }
}

impl std::fmt::Display for Scopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut first = true;
        for (_, name) in NAMES.iter().enumerate().filter(|(at, _)| self.0 & 1 << at != 0) {
            write!(f, "{}{name}", if first { "" } else { " " })?;
            first = false;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_what_they_write() {
        let text = "follows.read offline.access tweet.read users.read";
        let scopes = Scopes::parse(text).unwrap();
        assert_eq!(scopes.to_string(), text);
        assert_eq!(Scopes::parse("users.read tweet.read follows.read offline.access"), Ok(scopes));
        assert!(scopes.has("tweet.read") && !scopes.has("tweet.write"));
        assert!(Scopes::ALL.holds(scopes) && !scopes.holds(Scopes::ALL));
    }

    #[test]
    fn what_is_no_scope_is_named() {
        for (text, wrong) in [("tweet.read shoes", "shoes"), ("", ""), ("a b", "a")] {
            assert_eq!(Scopes::parse(text), Err(wrong.to_owned()), "{text}");
        }
    }

    #[test]
    fn lists_need_more_than_lookups() {
        let lookup = Scopes::parse("tweet.read users.read").unwrap();
        assert!(lookup.holds(Scopes::needed("me")));
        assert!(!lookup.holds(Scopes::needed("followers")));
        assert!(!lookup.holds(Scopes::needed("blocking")));
        assert!(Scopes::default().holds(Scopes::needed("rules_get")));
    }
}
