//! Endpoints and their query parameters, checked as X checks them.
//!
//! Knows paths and parameter names, not what the answers hold. Invariant: a [`Params`] that
//! exists is within every documented bound; anything else is a 400 that names the parameter.

use crate::oauth1;
use crate::problem::{self, Problem};
use crate::profile::{self, Dialect, Fields};
use crate::relations::Relation;
use crate::tweets::fields;

/// By what a user is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Id,
    Username,
}

/// The endpoints there are, with what their paths hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Me,
    Many(By),
    One(By, String),
    /// A list of a user.
    List(Relation, String),
}

impl Endpoint {
    pub(crate) fn from_path(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.strip_prefix("/2/users")?.split('/').skip(1).collect();
        Some(match parts.as_slice() {
            [] => Self::Many(By::Id),
            ["me"] => Self::Me,
            ["by"] => Self::Many(By::Username),
            ["by", "username", name] => Self::One(By::Username, oauth1::decode(name, false)?),
            [id] => Self::One(By::Id, (*id).to_owned()),
            [id, list] => Self::List(Relation::from_name(list)?, (*id).to_owned()),
            _ => return None,
        })
    }

    /// What its rate limit goes by.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Me => "me",
            Self::Many(By::Id) => "users",
            Self::Many(By::Username) => "users_by",
            Self::One(By::Id, _) => "user",
            Self::One(By::Username, _) => "user_by",
            Self::List(relation, _) => relation.name(),
        }
    }

    fn own_params(&self) -> &'static [&'static str] {
        match self {
            Self::Many(By::Id) => &["ids"],
            Self::Many(By::Username) => &["usernames"],
            Self::List(..) => &["max_results", "pagination_token"],
            Self::Me | Self::One(..) => &[],
        }
    }
}

/// What every endpoint that answers users takes.
pub(crate) const SHARED_PARAMS: [&str; 4] =
    ["expansions", "tweet.fields", "post.fields", "user.fields"];

const EXPANSIONS: [&str; 6] = [
    "affiliation",
    "affiliation.user_id",
    "most_recent_post_id",
    "most_recent_tweet_id",
    "pinned_post_id",
    "pinned_tweet_id",
];

/// Keys per lookup and users per page, at most.
const LOOKUP_MAX: usize = 100;
const PAGE_MAX: usize = 1_000;
const PAGE_DEFAULT: usize = 100;

/// A request's parameters, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Params {
    pub(crate) dialect: Dialect,
    pub(crate) fields: Fields,
    /// `ids` or `usernames`, each once.
    pub(crate) keys: Vec<String>,
    pub(crate) max_results: usize,
    pub(crate) pagination_token: Option<String>,
}

/// Which names to answer in: those the request uses, else the simulator's own.
pub(crate) fn dialect(pairs: &[(String, String)], default: Dialect) -> Dialect {
    if pairs.iter().any(|(name, _)| name == "post.fields") { Dialect::Post } else { default }
}

impl Params {
    /// # Errors
    /// 400, when a parameter is unknown, given twice, or out of its bounds.
    pub(crate) fn parse(
        endpoint: &Endpoint,
        pairs: &[(String, String)],
        dialect: Dialect,
    ) -> Result<Self, Problem> {
        let own = endpoint.own_params();
        let mut params = Self {
            dialect,
            fields: Fields::default_set(),
            keys: Vec::new(),
            max_results: PAGE_DEFAULT,
            pagination_token: None,
        };
        for (name, value) in distinct(pairs, own, &SHARED_PARAMS, dialect)? {
            params.set(name, value).map_err(|what| {
                let message = format!("The `{name}` query parameter value [{value}] {what}");
                problem::invalid(dialect, name, value, &message)
            })?;
        }
        if let (Endpoint::Many(_), true, Some(name)) =
            (endpoint, params.keys.is_empty(), own.first())
        {
            let message = format!("The `{name}` query parameter can not be empty");
            return Err(problem::invalid(dialect, name, "", &message));
        }
        Ok(params)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "ids" => self.keys = list(value, is_id)?,
            "usernames" => self.keys = list(value, is_username)?,
            "max_results" => {
                let within = value.parse().ok().filter(|n| (1..=PAGE_MAX).contains(n));
                self.max_results =
                    within.ok_or_else(|| format!("is not between 1 and {PAGE_MAX}"))?;
            }
            "pagination_token" => self.pagination_token = Some(value.to_owned()),
            "user.fields" => {
                for field in value.split(',') {
                    if !self.fields.insert(field) {
                        return Err(format!("is not one of [{}]", profile::NAMES.join(",")));
                    }
                }
            }
            "expansions" => user_expansions(value)?,
            // No answer here holds a post, but a wrong name is still refused.
            _ => one_of(value, &fields::TWEET)?,
        }
        Ok(())
    }
}

/// A request's parameters, each known and given once.
///
/// # Errors
/// 400, when one is neither in `own` nor in `shared`, or given twice.
pub(crate) fn distinct<'a>(
    pairs: &'a [(String, String)],
    own: &[&str],
    shared: &[&str],
    dialect: Dialect,
) -> Result<Vec<(&'a str, &'a str)>, Problem> {
    let mut checked: Vec<(&str, &str)> = Vec::with_capacity(pairs.len());
    for (name, value) in pairs {
        if !own.contains(&name.as_str()) && !shared.contains(&name.as_str()) {
            let known = [own, shared].concat().join(",");
            let message = format!("The query parameter [{name}] is not one of [{known}]");
            return Err(problem::invalid(dialect, name, value, &message));
        }
        if checked.iter().any(|(earlier, _)| earlier == name) {
            let message = format!("The query parameter [{name}] is given more than once");
            return Err(problem::invalid(dialect, name, value, &message));
        }
        checked.push((name, value));
    }
    Ok(checked)
}

/// Checks what is to be expanded of users.
///
/// # Errors
/// The names there are.
pub(crate) fn user_expansions(value: &str) -> Result<(), String> {
    one_of(value, &EXPANSIONS)
}

/// Checks a list of names, divided by commas.
///
/// # Errors
/// The names there are.
pub(crate) fn one_of(value: &str, known: &[&str]) -> Result<(), String> {
    if value.split(',').all(|part| known.contains(&part)) {
        Ok(())
    } else {
        Err(format!("is not one of [{}]", known.join(",")))
    }
}

/// A comma-separated list of keys, each kept once, in the order given.
fn list(value: &str, valid: fn(&str) -> bool) -> Result<Vec<String>, String> {
    let mut keys: Vec<String> = Vec::new();
    for key in value.split(',') {
        if !valid(key) {
            return Err("is not valid".to_owned());
        }
        if !keys.iter().any(|known| known == key) {
            keys.push(key.to_owned());
        }
    }
    if keys.len() > LOOKUP_MAX {
        return Err(format!("holds {} values, not between 1 and {LOOKUP_MAX}", keys.len()));
    }
    Ok(keys)
}

/// X's pattern of a user id.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=19).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// X's pattern of a username.
pub(crate) fn is_username(text: &str) -> bool {
    (1..=15).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, query: &str, wrong: Option<&str>) {
        let endpoint = Endpoint::from_path(path).unwrap();
        let pairs = oauth1::query_pairs(query).unwrap();
        let outcome = Params::parse(&endpoint, &pairs, Dialect::Tweet);
        let named = outcome.as_ref().err().map(|p| {
            assert_eq!(p.status, 400);
            p.body["errors"][0]["parameters"].as_object().unwrap().keys().next().unwrap().clone()
        });
        assert_eq!(named.as_deref(), wrong, "{path}?{query}: {outcome:?}");
    }

    #[test]
    fn bounds_are_checked_and_named() {
        let followers = "/2/users/12/followers";
        check(followers, "max_results=1", None);
        check(followers, "max_results=1000&user.fields=created_at,name", None);
        check(followers, "tweet.fields=id,text&expansions=pinned_tweet_id", None);
        check(followers, "max_results=0", Some("max_results"));
        check(followers, "max_results=1001", Some("max_results"));
        check(followers, "max_results=ten", Some("max_results"));
        check(followers, "user.fields=shoe_size", Some("user.fields"));
        check(followers, "user.fields=", Some("user.fields"));
        check(followers, "expansions=geo.place_id", Some("expansions"));
        check(followers, "next_token=abc", Some("next_token"));
        check(followers, "max_results=5&max_results=6", Some("max_results"));
        check("/2/users/me", "max_results=5", Some("max_results"));
        check("/2/users/me", "post.fields=nothing", Some("post.fields"));
    }

    #[test]
    fn every_name_that_x_documents_of_tweets_is_taken() {
        let names = "source,organic_metrics,non_public_metrics,promoted_metrics,scopes,card_uri,\
            display_text_range,suggested_source_links,suggested_source_links_with_counts,\
            matched_media_notes,media_metadata,note_request_suggestions,paid_partnership";
        check("/2/users/me", &format!("tweet.fields={names}"), None);
        check("/2/users/me", "user.fields=confirmed_email,subscription", None);
        check("/2/users/me", "post.fields=article_title&user.fields=subscribes_to_you", None);
    }

    #[test]
    fn lookups_need_one_to_a_hundred_valid_keys() {
        let many = |n: usize| (1..=n).map(|i| i.to_string()).collect::<Vec<_>>().join(",");
        check("/2/users", &format!("ids={}", many(100)), None);
        check("/2/users", &format!("ids={}", many(101)), Some("ids"));
        check("/2/users", "", Some("ids"));
        check("/2/users", "ids=1,,2", Some("ids"));
        check("/2/users", "ids=12345678901234567890", Some("ids"));
        check("/2/users/by", "usernames=a_b,C9", None);
        check("/2/users/by", "usernames=way_too_long_name", Some("usernames"));
        check("/2/users/by", "ids=12", Some("ids"));
    }

    #[test]
    fn paths_name_their_endpoints() {
        let one = |by, key: &str| Some(Endpoint::One(by, key.to_owned()));
        for (path, endpoint) in [
            ("/2/users/me", Some(Endpoint::Me)),
            ("/2/users", Some(Endpoint::Many(By::Id))),
            ("/2/users/by", Some(Endpoint::Many(By::Username))),
            ("/2/users/by/username/a%5Fb", one(By::Username, "a_b")),
            ("/2/users/12", one(By::Id, "12")),
            ("/2/users/12/followers", Some(Endpoint::List(Relation::Followers, "12".into()))),
            ("/2/users/12/following", Some(Endpoint::List(Relation::Following, "12".into()))),
            ("/2/users/12/blocking", Some(Endpoint::List(Relation::Blocking, "12".into()))),
            ("/2/users/12/muting", Some(Endpoint::List(Relation::Muting, "12".into()))),
            ("/2/users/12/likes", None),
            ("/2/tweets", None),
            ("/2/users/", one(By::Id, "")),
        ] {
            assert_eq!(Endpoint::from_path(path), endpoint, "{path}");
        }
    }
}
