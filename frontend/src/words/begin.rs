//! Words of the first-run page: the ways to begin, what each costs, what Start does.

use crate::numbers::{about, dollars, float};
use shared::api::Setup;

/// The ways to begin, in the order of the page: what needs least of the owner comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Way {
    SignIn,
    Archive,
    OwnerKeys,
    Bearer,
}

impl Way {
    /// In the order of the page.
    pub(crate) const ORDER: [Self; 4] =
        [Self::SignIn, Self::Archive, Self::OwnerKeys, Self::Bearer];

    /// Its value in the form.
    pub(crate) fn slug(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Archive => "archive",
            Self::OwnerKeys => "owner",
            Self::Bearer => "bearer",
        }
    }

    /// Its heading.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::SignIn => "Sign in with X",
            Self::Archive => "X's archive of your account",
            Self::OwnerKeys => "Your own account, with your own keys",
            Self::Bearer => "Any public account, with a bearer token",
        }
    }

    /// What it is, in a sentence.
    pub(crate) fn what(self) -> &'static str {
        match self {
            Self::SignIn => {
                "Say yes on X's own page, and Roost knows which account is yours. X asks its \
                 own-account price, the lowest there is."
            }
            Self::Archive => {
                "The zip that X makes of your account says whose it is, who followed and what you \
                 wrote. X is asked nothing."
            }
            Self::OwnerKeys => {
                "Four keys from X's developer console, pasted here. X asks its own-account price."
            }
            Self::Bearer => {
                "One token from the developer console, pasted here. The same lists at the common \
                 price, 10 times dearer."
            }
        }
    }
}

/// The price of a full check by a way, for an account of so many followers.
pub(crate) fn price(way: Way, setup: &Setup, followers: u64) -> String {
    let followers = float(i64::try_from(followers).unwrap_or(i64::MAX));
    match way {
        Way::SignIn | Way::OwnerKeys => {
            format!("{}, expected", about(setup.owned_follower_usd * followers))
        }
        Way::Archive => "free".to_owned(),
        Way::Bearer => about(setup.follower_usd * followers),
    }
}

/// What stands beside the price.
pub(crate) fn price_note(way: Way) -> &'static str {
    match way {
        Way::SignIn | Way::OwnerKeys => {
            "a full check; “expected” until X's first answer shows the price"
        }
        Way::Archive => "nothing is read from X",
        Way::Bearer => "a full check",
    }
}

/// What is missing before a way can be started, if it is keys that can be pasted.
pub(crate) fn missing(way: Way, setup: &Setup) -> Option<&'static str> {
    match way {
        Way::OwnerKeys if !setup.owner => {
            Some("Paste the API key and secret and the access token and secret of your app.")
        }
        Way::Bearer if !setup.bearer => Some("Paste the bearer token of your app."),
        _ => None,
    }
}

/// What is missing before one can sign in at X.
pub(crate) const NO_CLIENT: &str = "X lets accounts sign in to an app: make one, free, and paste its client id and \
     secret. That takes three minutes, once.";

/// What pressing Start does and costs.
pub(crate) fn start(way: Way, setup: &Setup) -> String {
    let month = setup.profile_usd * 30.0;
    match way {
        Way::Archive => {
            "Start adds the account. X is asked nothing; then the archive is imported.".to_owned()
        }
        Way::SignIn | Way::OwnerKeys | Way::Bearer => format!(
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
        let own = "about $10, expected";
        assert_eq!(prices, [own, "free", own, "about $100"]);
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(missing(Way::OwnerKeys, &setup()), None);
        assert!(missing(Way::Bearer, &setup()).is_some_and(|text| text.contains("bearer token")));
        assert_eq!(missing(Way::Archive, &setup()), None);
    }

    #[test]
    fn start_says_what_it_does() {
        let text = start(Way::OwnerKeys, &setup());
        assert!(text.contains("once (about $0.01)"), "{text}");
        assert!(text.contains("about $0.30 a month"), "{text}");
        assert!(text.contains("$5 a month"), "{text}");
        assert!(start(Way::Archive, &setup()).contains("X is asked nothing"));
    }
}
