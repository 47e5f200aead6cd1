//! Words of the first-run page: three ways to begin, what each costs, what Start does.

use crate::numbers::{about, dollars, float};
use shared::api::Setup;

/// The ways to begin, in the order of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Way {
    OwnerKeys,
    SavedLists,
    Bearer,
}

impl Way {
    /// In the order of the page.
    pub(crate) const ORDER: [Self; 3] = [Self::OwnerKeys, Self::SavedLists, Self::Bearer];

    /// Its value in the form.
    pub(crate) fn slug(self) -> &'static str {
        match self {
            Self::OwnerKeys => "owner",
            Self::SavedLists => "lists",
            Self::Bearer => "bearer",
        }
    }

    /// Its heading.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::OwnerKeys => "Your own account, with your own keys",
            Self::SavedLists => "X's archive, or saved lists you already have",
            Self::Bearer => "Any public account, with a bearer token",
        }
    }

    /// What it is, in a sentence.
    pub(crate) fn what(self) -> &'static str {
        match self {
            Self::OwnerKeys => {
                "Four keys from X's developer console. X asks its own-account price, \
                 the lowest there is."
            }
            Self::SavedLists => {
                "The zip that X makes of your account, or files named FOLLOWERS_<time>.json.gz \
                 from Roost or another tool. X is asked nothing."
            }
            Self::Bearer => {
                "One token from the developer console. The same lists at the common price, \
                 10 times dearer."
            }
        }
    }
}

/// The price of a full check by a way, for an account of so many followers.
pub(crate) fn price(way: Way, setup: &Setup, followers: u64) -> String {
    let followers = float(i64::try_from(followers).unwrap_or(i64::MAX));
    match way {
        Way::OwnerKeys => {
            format!("{}, expected", about(setup.owned_follower_usd * followers))
        }
        Way::SavedLists => "free".to_owned(),
        Way::Bearer => about(setup.follower_usd * followers),
    }
}

/// What stands beside the price.
pub(crate) fn price_note(way: Way) -> &'static str {
    match way {
        Way::OwnerKeys => "a full check; “expected” until X's first answer shows the price",
        Way::SavedLists => "nothing is read from X",
        Way::Bearer => "a full check",
    }
}

/// What is missing before a way can be started, if anything: the secrets to set.
pub(crate) fn missing(way: Way, setup: &Setup) -> Option<&'static [&'static str]> {
    match way {
        Way::OwnerKeys if !setup.owner => {
            Some(&["X_API_KEY", "X_API_SECRET", "X_ACCESS_TOKEN", "X_ACCESS_SECRET"])
        }
        Way::Bearer if !setup.bearer => Some(&["X_BEARER_TOKEN"]),
        _ => None,
    }
}

/// What pressing Start does and costs.
pub(crate) fn start(way: Way, setup: &Setup) -> String {
    let month = setup.profile_usd * 30.0;
    match way {
        Way::SavedLists => {
            "Start adds the account. X is asked nothing; then choose your files.".to_owned()
        }
        Way::OwnerKeys | Way::Bearer => format!(
            "Start reads the profile once ({}), then once a day ({} a month): the count, without \
             names. A full check is a second step with its own price. Never more than {} a month \
             unless you raise the limit.",
            about(setup.profile_usd),
            about(month),
            dollars(setup.default_cap_usd),
        ),
    }
}

/// The three steps from sample data to one's own account.
pub(crate) const OWN_ACCOUNT: [(&str, &str); 3] = [
    (
        "Get ready",
        "Make an app in X's developer console and copy its API key and secret and an access token \
         and secret. At Cloudflare enable R2, then run `npx wrangler login`.",
    ),
    (
        "Deploy",
        "`cargo xtask deploy` makes what is missing, asks for the keys and stores them as secrets \
         of your own Cloudflare account.",
    ),
    (
        "Start",
        "Open the address it prints and sign in with the ADMIN_TOKEN. The page shows what each \
         way to begin costs; nothing is read from X before you press Start.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn setup() -> Setup {
        Setup {
            bearer: false,
            owner: true,
            owner_id: None,
            upstream: String::new(),
            simulated: false,
            owned_follower_usd: 0.001,
            follower_usd: 0.01,
            profile_usd: 0.01,
            default_cap_usd: 5.0,
        }
    }

    #[test]
    fn every_way_says_its_price_for_the_size() {
        let prices = Way::ORDER.map(|way| price(way, &setup(), 10_000));
        assert_eq!(prices, ["about $10, expected", "free", "about $100"]);
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(missing(Way::OwnerKeys, &setup()), None);
        assert_eq!(missing(Way::Bearer, &setup()), Some(&["X_BEARER_TOKEN"][..]));
        assert_eq!(missing(Way::SavedLists, &setup()), None);
    }

    #[test]
    fn start_says_what_it_does() {
        let text = start(Way::OwnerKeys, &setup());
        assert!(text.contains("once (about $0.01)"), "{text}");
        assert!(text.contains("about $0.30 a month"), "{text}");
        assert!(text.contains("$5 a month"), "{text}");
        assert!(start(Way::SavedLists, &setup()).contains("X is asked nothing"));
    }
}
