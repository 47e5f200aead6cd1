//! Whose stream is read, with whose keys. Owns: the choice. Invariant: keys of a real account go
//! to nobody but the upstream they were named for, and never on a command line.

use crate::dev_file::Running;
use crate::failure::{Failure, Outcome};
use crate::http::{self, Answer, Request};
use crate::project::Project;
use crate::vars::{self, Vars};
use shared::api::StreamMode;
use shared::stream::settings;
use std::fmt::Write as _;

/// Where real keys are for, unless `X_API_URL` names another.
const X: &str = "https://api.x.com";

/// An upstream.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Source {
    /// Without a slash at its end.
    pub(super) base: String,
    /// The app's bearer token.
    pub(super) token: String,
    /// Nothing is billed.
    pub(super) simulated: bool,
}

impl Source {
    /// A running dev's simulator, or the owner's keys.
    pub(super) fn choose(project: &Project, running: Option<&Running>) -> Outcome<Self> {
        if let Some(xsim) = running.and_then(|running| running.xsim.as_deref()) {
            let vars = vars::SIMULATOR.map(|(name, value)| (name.to_owned(), value.to_owned()));
            return Self::from(xsim, &vars.to_vec());
        }
        let mut vars = vars::read(&project.at(".dev.vars"))?;
        for name in ["X_BEARER_TOKEN", "X_API_URL"] {
            let set = std::env::var(name).ok().filter(|value| !value.is_empty());
            vars.extend(set.map(|value| (name.to_owned(), value)));
        }
        let base = vars::get(&vars, "X_API_URL").unwrap_or(X).to_owned();
        Self::from(&base, &vars)
    }

    fn from(base: &str, vars: &Vars) -> Outcome<Self> {
        let token = vars::get(vars, "X_BEARER_TOKEN").ok_or_else(|| {
            Failure::new(
                "cargo xtask stream",
                "no dev is running here, and X_BEARER_TOKEN is not set (streams need the app's \
                 bearer token; the owner's keys do not do)",
                "put X_BEARER_TOKEN into .dev.vars (see .dev.vars.example) or the environment;\n\
                 without keys: `cargo xtask dev` in another terminal, then this again",
            )
        })?;
        let base = base.trim_end_matches('/').to_owned();
        // Only a simulator is on this machine.
        let host = base.split_once("://").map_or(base.as_str(), |(_, rest)| rest);
        let simulated = ["127.0.0.1", "localhost", "[::1]"]
            .iter()
            .any(|own| host.strip_prefix(own).is_some_and(|r| r.is_empty() || r.starts_with(':')));
        Ok(Self { base, token: token.to_owned(), simulated })
    }

    /// Where the stream is, asking for what Roost asks for.
    pub(super) fn stream_url(&self, sample: bool) -> String {
        let mut wanted = settings::defaults(self.simulated);
        wanted.mode = if sample { StreamMode::Sample } else { StreamMode::Filtered };
        let (path, query) = settings::stream_path(&wanted);
        let mut url = format!("{}{path}", self.base);
        for (at, (name, value)) in query.iter().enumerate() {
            // Names and values are letters, dots, commas and underscores.
            let _ = write!(url, "{}{name}={value}", if at == 0 { '?' } else { '&' });
        }
        url
    }

    /// Any other request.
    pub(super) fn send(&self, method: &'static str, path: &str, body: &str) -> Outcome<Answer> {
        let url = format!("{}{path}", self.base);
        let token = Some(self.token.as_str());
        let content_type = (!body.is_empty()).then_some("application/json");
        let asked = Request { method, url: &url, token, content_type, body: body.as_bytes() };
        http::send(&asked).map_err(|error| {
            let todo = format!("is {} right, and reachable? X_API_URL names another", self.base);
            Failure::new("cargo xtask stream", error, todo)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(base: &str) -> Source {
        Source::from(base, &vec![("X_BEARER_TOKEN".to_owned(), "t".to_owned())]).unwrap()
    }

    #[test]
    fn only_this_machine_is_free() {
        for (base, simulated) in [
            ("http://127.0.0.1:9801/", true),
            ("http://localhost", true),
            ("https://api.x.com", false),
            ("https://127.0.0.1.example.org", false),
            ("https://localhost.example.org:80", false),
        ] {
            assert_eq!(source(base).simulated, simulated, "{base}");
        }
    }

    #[test]
    fn the_address_asks_for_what_roost_shows() {
        let url = source("https://api.x.com/").stream_url(false);
        assert!(url.starts_with("https://api.x.com/2/tweets/search/stream?tweet.fields="), "{url}");
        assert!(url.contains("&expansions=author_id,geo.place_id&"), "{url}");
        assert!(source("http://127.0.0.1:1").stream_url(true).contains("/2/tweets/sample/stream?"));
    }

    #[test]
    fn without_a_token_it_says_where_to_put_one() {
        let said = Source::from(X, &Vec::new()).unwrap_err().to_string();
        assert!(said.contains(".dev.vars") && said.contains("cargo xtask dev"), "{said}");
    }
}
