//! Calls to X beside the stream: rules, connections, searches. Owns: their places in X's rate
//! windows. Must not know: what is asked, or what tweets cost. Invariant: no call is made that
//! Control's book has no room for, and what its answer says of the window is in the book.

use super::Core;
use super::money::{NO_CAP, STREAM};
use crate::config::Config;
use crate::fault::Result;
use crate::rpc::{ControlClient, ToControl};
use crate::x::{Answer, Call, X};
use shared::api::{Credential, Feature};
use shared::budget::{Ask, Grant, Resource, Settlement};
use shared::retry::Trouble;
use shared::x::problem::{Class, Rate, XProblem};

/// Reading the rules.
pub(super) const RULES: &str = "stream/rules";
/// Changing them: X counts these calls apart.
pub(super) const RULES_CHANGE: &str = "stream/rules/change";
/// Killing connections.
pub(super) const CONNECTIONS: &str = "connections";
/// Recent search.
pub(super) const SEARCH: &str = "tweets/search";

/// A call to X as the retry table sees it.
pub(super) type Called<T> = std::result::Result<T, Trouble>;

impl Core {
    /// One call with the app's token, counted in its route's window.
    ///
    /// # Errors
    /// X's refusal, or the book's: then X was not asked.
    pub(super) async fn call(&self, route: &str, call: &Call<'_>) -> Called<Answer> {
        let broken = |fault: crate::fault::Fault| Trouble::Network(fault.log());
        let config = Config::load(&self.env, None).await.map_err(broken)?;
        let lease = match self.place_for(route).await.map_err(broken)? {
            Ok(lease) => lease,
            Err(why) => return Err(full(why)),
        };
        let outcome = X::new(&config).send(call, Credential::Bearer).await;
        let rate = match &outcome {
            Ok(answer) => answer.rate.clone(),
            Err(refusal) => refusal.rate.clone(),
        };
        if let Err(refusal) = &outcome {
            let heeded = async { ControlClient::new(&self.env)?.heed(&refusal.trouble).await };
            Self::log_fault(heeded.await);
        }
        // A book that could not be told keeps the call reserved until the lease runs out.
        Self::log_fault(self.made(route, lease, rate).await);
        outcome.map_err(|refusal| refusal.trouble)
    }

    /// The inner error is the book's no, with what is waited for.
    async fn place_for(&self, route: &str) -> Result<std::result::Result<u64, String>> {
        let ask = Ask {
            account: STREAM,
            feature: Feature::Stream,
            account_day_cap: None,
            account_cap: NO_CAP,
            route: route.to_owned(),
            calls: 1,
            resource: Resource::Post,
            // What a search brings is paid from the stream's own lease.
            resources: 0,
        };
        Ok(match ControlClient::new(&self.env)?.ask(ask).await? {
            Grant::Go { lease, .. } => Ok(lease),
            Grant::Later { why, .. } | Grant::No { why, .. } => Err(why),
        })
    }

    async fn made(&self, route: &str, lease: u64, rate: Option<Rate>) -> Result<()> {
        let settlement = Settlement {
            lease,
            account: STREAM,
            route: route.to_owned(),
            resource: Resource::Post,
            billed: 0,
            repeats: 0,
            rate,
        };
        let told = ToControl::Settle { settlement };
        ControlClient::new(&self.env)?.tell::<Option<()>>(told).await.map(drop)
    }
}

/// As X itself would have answered.
fn full(why: String) -> Trouble {
    let title = "Too many calls".to_owned();
    Trouble::Http(XProblem { class: Class::RateLimit, title, detail: why })
}
