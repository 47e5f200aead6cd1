//! The rules of the filtered stream. Owns: keeping X's rules as the settings and the owner say,
//! the routes about them. Must not know: X's rule language (`shared::stream::rules` does).
//! Invariant: other programs' rules on the same app are left alone; with real keys no rule is
//! saved before its price was shown and accepted.

use super::Core;
use super::calls::{CONNECTIONS, Called, RULES, RULES_CHANGE};
use super::money::{NO_CAP, STREAM};
use crate::clock;
use crate::config::Config;
use crate::fault::{Fault, Result};
use crate::http;
use crate::query::Query;
use crate::rpc::{ControlClient, ToControl};
use crate::sql::values;
use crate::x::{Answer, Call, X};
use shared::api::{
    ConnectionState, Credential, Feature, List, NewRule, Rule, RuleEstimate, RuleOrigin, StreamMode,
};
use shared::budget::{Ask, Grant, Resource, Settlement, price, usd};
use shared::figures::thousands;
use shared::retry::Trouble;
use shared::stream::rules::{self, FaultKind, UpstreamRule, Wanted};
use shared::stream::{meter, search};
use std::rc::Rc;
use worker::{Method, Request, Response};

const RULES_PATH: &str = "/2/tweets/search/stream/rules";
const CONNECTIONS_PATH: &str = "/2/connections/all";
/// X's limit of rules in one addition is not documented; its clients send a hundred.
const RULES_AT_ONCE: usize = 100;

impl Core {
    /// Makes X's rules what they should be; how many are in force.
    pub(super) async fn sync_rules(&self) -> Called<u32> {
        if self.settings.borrow().mode == StreamMode::Sample {
            return Ok(0);
        }
        let broken = |fault: Fault| Trouble::BadBody(fault.log());
        let have = self.upstream_rules().await?;
        // Read after X's: of a rule that was added meanwhile X may know already.
        let own = self.own_rules().map_err(broken)?;
        let want = rules::wanted(&self.settings.borrow(), &own).map_err(Trouble::BadBody)?;
        let plan = rules::plan(&have, &want).map_err(Trouble::BadBody)?;
        self.delete_upstream(&plan.delete_first).await?;
        for some in plan.add.chunks(RULES_AT_ONCE) {
            self.add_upstream(some).await?;
        }
        self.delete_upstream(&plan.delete).await?;
        let have = if plan.is_done() { have } else { self.upstream_rules().await? };
        self.keep_rules(&have).map_err(broken)?;
        Ok(u32::try_from(have.len()).unwrap_or(u32::MAX))
    }

    /// Has X close every connection of this app.
    pub(super) async fn kill_ghosts(&self) -> Called<()> {
        let call = Call { method: Method::Delete, path: CONNECTIONS_PATH, query: &[], body: None };
        self.call(CONNECTIONS, &call).await.map(drop)
    }

    /// Adds or deletes some of X's rules.
    async fn change_rules(&self, body: &str) -> Called<Answer> {
        let call = Call { method: Method::Post, path: RULES_PATH, query: &[], body: Some(body) };
        self.call(RULES_CHANGE, &call).await
    }

    async fn upstream_rules(&self) -> Called<Vec<UpstreamRule>> {
        let mut found = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let page = token.take().map(|token| ("pagination_token".to_owned(), token));
            let query: Vec<_> = page.into_iter().collect();
            let call = Call { method: Method::Get, path: RULES_PATH, query: &query, body: None };
            let answer = self.call(RULES, &call).await?;
            let page = rules::read_rules(&answer.body)
                .map_err(|fault| Trouble::BadBody(fault.to_string()))?;
            found.extend(page.rules);
            match page.next_token {
                Some(next) => token = Some(next),
                None => return Ok(found),
            }
        }
    }

    async fn add_upstream(&self, some: &[Wanted]) -> Called<()> {
        let body = rules::add_body(some);
        let answer = self.change_rules(&body).await?;
        let change = rules::read_change(&answer.body)
            .map_err(|fault| Trouble::BadBody(fault.to_string()))?;
        let refused = change.faults.into_iter().find(|fault| fault.kind != FaultKind::Duplicate);
        refused.map_or(Ok(()), |fault| {
            let rule = fault.value.unwrap_or_default();
            Err(Trouble::BadBody(format!("X does not take the rule `{rule}`: {}", fault.text)))
        })
    }

    async fn delete_upstream(&self, ids: &[String]) -> Called<()> {
        if ids.is_empty() {
            return Ok(());
        }
        self.change_rules(&rules::delete_body(ids)).await.map(drop)
    }

    /// Writes down what X has: for showing, and for the words of a search.
    fn keep_rules(&self, have: &[UpstreamRule]) -> Result<()> {
        let rows: Vec<_> = have
            .iter()
            .map(|rule| {
                let (origin, tag) = rules::origin(rule.tag.as_deref());
                values![rule.value.as_str(), rule.id.as_str(), tag, origin.as_str()]
            })
            .collect();
        let sql = self.sql.clone();
        self.sql.atomically(move || {
            sql.run("UPDATE rules SET id = NULL", values![])?;
            for values in rows {
                sql.run(
                    "INSERT INTO rules (value, id, tag, origin) VALUES (?, ?, ?, ?)
                     ON CONFLICT (value) DO UPDATE SET id = excluded.id",
                    values,
                )?;
            }
            // The owner's own rules stay, whether or not X has them yet.
            sql.run("DELETE FROM rules WHERE id IS NULL AND origin <> 'own'", values![])
        })
    }

    fn own_rules(&self) -> Result<Vec<Wanted>> {
        let rows = self.sql.rows("SELECT value, tag FROM rules WHERE origin = 'own'", values![])?;
        rows.into_iter()
            .map(|mut row| {
                let (value, name) = (row.text()?, row.maybe_text()?);
                Ok(Wanted { value, origin: RuleOrigin::Own, name })
            })
            .collect()
    }

    /// The rules as shown.
    pub(super) fn rules(&self) -> Result<Vec<Rule>> {
        let rows = self.sql.rows(
            "SELECT id, value, tag, origin, estimate FROM rules ORDER BY origin, value",
            values![],
        )?;
        rows.into_iter()
            .map(|mut row| {
                let (id, value, tag) = (row.maybe_text()?, row.text()?, row.maybe_text()?);
                let origin = RuleOrigin::from_word(&row.text()?).unwrap_or(RuleOrigin::Foreign);
                let estimate = row.maybe_text()?;
                let estimate = estimate.map(|text| serde_json::from_str(&text)).transpose()?;
                Ok(Rule { id, value, tag, origin, estimate })
            })
            .collect()
    }

    /// `GET /stream/rules`.
    pub(super) fn list_rules(&self) -> Result<Response> {
        http::json(200, &List { items: self.rules()?, next_cursor: None })
    }

    /// `POST /stream/rules`.
    pub(super) async fn add_rule(self: &Rc<Self>, request: &mut Request) -> Result<Response> {
        let new: NewRule = http::body(request).await?;
        let wanted = rules::own(&new.value, new.tag.as_deref()).map_err(Fault::bad)?;
        if let Some(rule) = self.rules()?.into_iter().find(|rule| rule.value == wanted.value) {
            return http::json(200, &rule);
        }
        let mut all = self.own_rules()?;
        all.push(wanted.clone());
        rules::wanted(&self.settings.borrow(), &all).map_err(Fault::bad)?;
        let estimate = self.estimate(&wanted.value).await?;
        if !Config::read(&self.env).simulated {
            accepted(&new, &estimate)?;
        }
        self.sql.run(
            "INSERT INTO rules (value, tag, origin, estimate) VALUES (?, ?, 'own', ?)
             ON CONFLICT (value) DO NOTHING",
            values![wanted.value.as_str(), wanted.name.clone(), serde_json::to_string(&estimate)?],
        )?;
        if let Err(trouble) = self.sync_rules().await {
            self.sql.run("DELETE FROM rules WHERE value = ?", values![wanted.value.as_str()])?;
            return Err(refused(&trouble));
        }
        if matches!(self.connection_state(), ConnectionState::Stopped | ConnectionState::Waiting) {
            // It may have been for want of rules.
            self.want();
        }
        let found = self.rules()?.into_iter().find(|rule| rule.value == wanted.value);
        let rule = found.unwrap_or_else(|| wanted.shown(None, Some(estimate)));
        http::json(201, &rule)
    }

    /// `DELETE /stream/rules?ids=`.
    pub(super) async fn delete_rules(self: &Rc<Self>, query: &Query) -> Result<Response> {
        let given = query.get("ids").ok_or_else(|| Fault::bad("`ids` is required"))?;
        let shown = self.rules()?;
        for id in given.split(',') {
            let rule = shown.iter().find(|rule| rule.id.as_deref() == Some(id));
            let rule = rule.ok_or_else(|| Fault::missing(format!("no rule `{id}`")))?;
            if matches!(rule.origin, RuleOrigin::Track | RuleOrigin::Follow | RuleOrigin::Locations)
            {
                return Err(Fault::bad(format!(
                    "rule `{id}` is made from the setting `{}`: change it with PUT /stream",
                    rule.origin
                )));
            }
        }
        let ids: Vec<String> = given.split(',').map(str::to_owned).collect();
        self.delete_upstream(&ids).await.map_err(|trouble| refused(&trouble))?;
        for id in &ids {
            self.sql.run("DELETE FROM rules WHERE id = ?", values![id.as_str()])?;
        }
        Ok(http::builder(204, "application/json")?.empty())
    }

    /// What a rule brings and costs, from X's counts of the last 7 days: half a cent.
    async fn estimate(&self, value: &str) -> Result<RuleEstimate> {
        let control = ControlClient::new(&self.env)?;
        let ask = Ask {
            account: STREAM,
            feature: Feature::Stream,
            account_day_cap: None,
            account_cap: meter::Caps::of(&self.settings.borrow()).month.unwrap_or(NO_CAP),
            route: "tweets/counts".to_owned(),
            calls: 1,
            resource: Resource::Count,
            resources: 1,
        };
        let lease = match control.ask(ask).await? {
            Grant::Go { lease, .. } => lease,
            Grant::Later { why, .. } | Grant::No { why, .. } => {
                return Err(Fault::new(409, "Not counted", why));
            }
        };
        let config = Config::load(&self.env, None).await?;
        let params = search::counts_params(value);
        let answer = X::new(&config).get(search::COUNTS_PATH, &params, Credential::Bearer).await;
        let (rate, total) = match answer {
            Ok(answer) => {
                let total = search::read_total(&answer.body).map_err(|f| f.to_string());
                (answer.rate, total)
            }
            Err(refusal) => {
                control.heed(&refusal.trouble).await?;
                (refusal.rate, Err(refusal.trouble.to_string()))
            }
        };
        let settlement = Settlement {
            lease,
            account: STREAM,
            route: "tweets/counts".to_owned(),
            resource: Resource::Count,
            billed: u64::from(total.is_ok()),
            repeats: 0,
            rate,
        };
        control.tell::<Option<()>>(ToControl::Settle { settlement }).await?;
        let posts_7d = total.map_err(|why| {
            Fault::new(502, "X did not count", format!("the rule's price: {why}"))
        })?;
        Ok(RuleEstimate {
            posts_7d,
            usd_per_day: usd(posts_7d.saturating_mul(price(Resource::Post)) / 7),
            at: clock::now(),
        })
    }

    /// What today's rules bring in 7 days, where every one of them was counted.
    pub(super) fn posts_7d(&self) -> Option<u64> {
        let rules = self.rules().ok()?;
        let counted: Option<Vec<u64>> =
            rules.iter().map(|rule| rule.estimate.as_ref().map(|e| e.posts_7d)).collect();
        counted.filter(|all| !all.is_empty()).map(|all| all.iter().sum())
    }

    /// The values of the rules that X has.
    pub(super) fn rule_values(&self) -> Result<Vec<String>> {
        let rows = self.sql.rows("SELECT value FROM rules WHERE id IS NOT NULL", values![])?;
        rows.into_iter().map(|mut row| row.text()).collect()
    }
}

/// Without the price accepted, the answer names it.
fn accepted(new: &NewRule, estimate: &RuleEstimate) -> Result<()> {
    // What was accepted a moment ago may have risen by a few tweets.
    let enough = new.accept_usd_per_day.is_some_and(|usd| usd + 0.01 >= estimate.usd_per_day / 1.1);
    if enough {
        return Ok(());
    }
    Err(Fault::new(
        409,
        "Price first",
        format!(
            "{} posts in 7 days, about ${:.2} a day. To save the rule send it again with \
             \"accept_usd_per_day\": {:.2}.",
            thousands(estimate.posts_7d),
            estimate.usd_per_day,
            estimate.usd_per_day
        ),
    ))
}

fn refused(trouble: &Trouble) -> Fault {
    Fault::new(502, "X did not take it", trouble.to_string())
}
