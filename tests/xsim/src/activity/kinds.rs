//! The types of events: their names, whether anybody may be told, what one costs.
//!
//! Pure. Invariant: a name leads to its kind and back.

/// A type of event that the simulated world brings about or can be told to push.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    Follow,
    Unfollow,
    Block,
    Unblock,
    Handle,
    ScreenName,
    Bio,
    Picture,
    Banner,
    Geo,
    Url,
    VerifiedBadge,
    AffiliateBadge,
    PostDelete,
    Revoke,
}

/// Every kind, by X's name.
const NAMES: [(&str, Kind); 15] = [
    ("follow.follow", Kind::Follow),
    ("follow.unfollow", Kind::Unfollow),
    ("block.block", Kind::Block),
    ("block.unblock", Kind::Unblock),
    ("profile.update.handle", Kind::Handle),
    ("profile.update.screenname", Kind::ScreenName),
    ("profile.update.bio", Kind::Bio),
    ("profile.update.profile_picture", Kind::Picture),
    ("profile.update.banner_picture", Kind::Banner),
    ("profile.update.geo", Kind::Geo),
    ("profile.update.url", Kind::Url),
    ("profile.update.verified_badge", Kind::VerifiedBadge),
    ("profile.update.affiliate_badge", Kind::AffiliateBadge),
    ("post.delete", Kind::PostDelete),
    ("oauth.revoke", Kind::Revoke),
];

impl Kind {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    pub(crate) fn name(self) -> &'static str {
        NAMES.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    /// All names, for a refusal.
    pub(crate) fn names() -> String {
        NAMES.map(|(name, _)| name).join(",")
    }

    /// The scope that the user concerned must have consented to. X says that blocks are private;
    /// of follows it does not say, and they are taken as public here.
    pub(crate) fn needs(self) -> Option<&'static str> {
        matches!(self, Self::Block | Self::Unblock).then_some("block.read")
    }

    /// Whether it has two sides: who does it, and to whom.
    pub(crate) fn is_directed(self) -> bool {
        matches!(self, Self::Follow | Self::Unfollow | Self::Block | Self::Unblock)
    }

    /// What one costs when it is delivered: $0.010 of follows (X's price list); of a profile as of
    /// a user read, for want of a price of its own; the others are not billed.
    pub(crate) const fn price_micros(self) -> u64 {
        match self {
            Self::PostDelete | Self::Revoke => 0,
            _ => 10_000,
        }
    }

    /// What `/sim/bill` calls it.
    pub(crate) const fn resource(self) -> &'static str {
        match self {
            Self::Follow | Self::Unfollow => "follow_event",
            Self::Block | Self::Unblock => "block_event",
            Self::PostDelete => "post_event",
            Self::Revoke => "oauth_event",
            _ => "profile_event",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_to_its_kind_and_back() {
        for (name, kind) in NAMES {
            assert_eq!((Kind::from_name(name), kind.name()), (Some(kind), name));
        }
        assert_eq!(Kind::from_name("follow.*"), None);
    }

    #[test]
    fn follows_cost_a_cent() {
        assert_eq!(Kind::Follow.price_micros(), 10_000);
        assert_eq!(Kind::Unfollow.price_micros(), 10_000);
        assert_eq!(Kind::PostDelete.price_micros(), 0);
    }
}
