//! `POST /credentials/check`: one cheap question to X with each credential. Owns: the questions
//! and their prices. Must not know: how keys are stored. Invariant: together they cost under
//! [`MOST`], nothing is asked before its price was accepted, and what a question costs is in the
//! books.

use super::Control;
use crate::clock;
use crate::config::Config;
use crate::fault::{Fault, Result};
use crate::http::random_hex;
use crate::sql::values;
use crate::x::{X, oauth};
use shared::api::{Checked, CheckedItem, Credential, Feature};
use shared::budget::{Ask, Grant as Leave, NO_ACCOUNT_CAP, Resource, Settlement, price, usd};
use shared::console::Step;
use shared::credentials::Name;
use shared::id::{AccountId, UserId};
use shared::oauth2::TokenRefusal;
use shared::retry::Trouble;
use shared::secret::Secret;

/// Micro-dollars that a check costs at most: under five cents.
const MOST: u64 = 49_000;

/// One question.
struct Question {
    name: Name,
    credential: Credential,
    account: AccountId,
    path: String,
    query: Vec<(String, String)>,
    route: &'static str,
    /// What X bills, if it bills anything.
    bills: Option<Resource>,
}

impl Question {
    fn cost(&self) -> u64 {
        self.bills.map_or(0, price)
    }

    fn text(&self) -> String {
        match self.bills {
            Some(_) => format!("GET {} (${:.3})", self.path, usd(self.cost())),
            None => format!("GET {} (free)", self.path),
        }
    }
}

impl Control {
    /// What a check costs now, in US dollars.
    pub(super) async fn check_usd(&self) -> Result<f64> {
        let questions = self.questions().await?;
        Ok(usd(affordable(&questions).map(Question::cost).sum()))
    }

    /// The whole check.
    pub(super) async fn check_credentials(&self, accept_usd: f64) -> Result<Checked> {
        let questions = self.questions().await?;
        let cost: u64 = affordable(&questions).map(Question::cost).sum();
        if usd(cost) > accept_usd + 1e-9 {
            return Err(Fault::new(
                409,
                "Price first",
                format!(
                    "this check costs ${:.3}: send it again with that as `accept_usd`",
                    usd(cost)
                ),
            ));
        }
        let mut items = Vec::new();
        if let Some(item) = self.check_client().await? {
            items.push(self.note(item)?);
        }
        let (mut left, mut spent) = (MOST, 0);
        for question in &questions {
            if question.cost() > left {
                items.push(CheckedItem {
                    name: question.name.text(),
                    asked: question.text(),
                    ok: None,
                    detail: "not asked: a check costs less than five cents in all".to_owned(),
                    step: None,
                });
                continue;
            }
            left -= question.cost();
            let (item, billed) = self.put_question(question).await?;
            spent += billed;
            items.push(self.note(item)?);
        }
        Ok(Checked { usd: usd(spent), items })
    }

    /// What there is to ask: of each credential whose it is, and whether it may read followers.
    async fn questions(&self) -> Result<Vec<Question>> {
        let mut config = Config::read(&self.env);
        config.take(self.keyring(None).await?);
        let mut questions = Vec::new();
        if config.bearer.is_some() {
            questions.push(Question {
                name: Name::Bearer,
                credential: Credential::Bearer,
                account: UserId(0),
                path: "/2/tweets/search/stream/rules".to_owned(),
                query: Vec::new(),
                route: "stream/rules",
                bills: None,
            });
        }
        let app_owner = config.owner_id();
        if config.owner.is_some() {
            let account = app_owner.unwrap_or(UserId(0));
            user_questions(&mut questions, Name::Owner, Credential::Owner, account, true);
        }
        for kept in self.kept_like("user-")? {
            let Some(account) = kept.facts.account else { continue };
            let alive = kept.facts.grant.as_ref().is_some_and(|grant| grant.death().is_none());
            if alive {
                let owns = app_owner == Some(account);
                let name = Name::User(account);
                user_questions(&mut questions, name, Credential::User, account, owns);
            }
        }
        // The first question of each before the second of any.
        questions.sort_by_key(|question| question.route == "followers");
        Ok(questions)
    }

    async fn put_question(&self, question: &Question) -> Result<(CheckedItem, u64)> {
        let now = clock::now();
        let resource = question.bills.unwrap_or(Resource::User);
        let ask = Ask {
            account: question.account,
            // Its price was accepted by name; the cap over all still holds.
            feature: Feature::Profiles,
            account_cap: NO_ACCOUNT_CAP,
            account_day_cap: None,
            route: question.route.to_owned(),
            calls: 1,
            resource,
            resources: u64::from(question.bills.is_some()),
        };
        let said = |ok, detail: String, step: Option<Step>| CheckedItem {
            name: question.name.text(),
            asked: question.text(),
            ok,
            detail,
            step: step.map(Step::shown),
        };
        let lease = match self.with_book(|book| book.ask(&ask, now))? {
            Leave::Go { lease, .. } => lease,
            Leave::Later { why, .. } | Leave::No { why, .. } => {
                return Ok((said(None, format!("not asked: {why}"), None), 0));
            }
        };
        let mut config = Config::read(&self.env);
        let account = Some(question.account).filter(|_| question.credential == Credential::User);
        config.take(self.keyring(account).await?);
        let x = X::new(&config);
        let answer = x.get(&question.path, &question.query, question.credential).await;
        let (rate, item) = match answer {
            Ok(answer) => (answer.rate, said(Some(true), "X answered".to_owned(), None)),
            Err(refusal) => {
                let step = match &refusal.trouble {
                    Trouble::Http(problem) => Step::curing(problem.class),
                    _ => None,
                };
                let again =
                    matches!(question.credential, Credential::User) && step == Some(Step::Keys);
                let step = if again { Some(Step::SignIn) } else { step };
                (refusal.rate, said(Some(false), refusal.trouble.to_string(), step))
            }
        };
        let billed = u64::from(item.ok == Some(true) && question.bills.is_some());
        let settlement = Settlement {
            lease,
            account: question.account,
            route: question.route.to_owned(),
            resource,
            billed,
            repeats: 0,
            rate,
        };
        self.with_book(|book| book.settle(&settlement, clock::now()))?;
        Ok((item, billed * price(resource)))
    }

    /// Remembers the worst that X said to a credential in this check.
    fn note(&self, item: CheckedItem) -> Result<CheckedItem> {
        let Some(ok) = item.ok else { return Ok(item) };
        let refusal = (!ok).then(|| format!("{}: {}", item.asked, item.detail));
        self.sql.run(
            "INSERT INTO checks (name, at, refusal, step) VALUES (?, ?, ?, ?)
             ON CONFLICT (name) DO UPDATE SET at = excluded.at, refusal = excluded.refusal,
                step = excluded.step WHERE at < excluded.at OR refusal IS NULL",
            values![
                item.name.as_str(),
                clock::now().0,
                refusal,
                item.step.as_ref().map(|step| step.id.clone()),
            ],
        )?;
        Ok(item)
    }

    /// X knows the client if a token that is none is refused for being none.
    async fn check_client(&self) -> Result<Option<CheckedItem>> {
        let Ok(client) = self.client().await? else { return Ok(None) };
        let form = client.refresh_form(&Secret::new(format!("probe-{}", random_hex(16))));
        let config = Config::read(&self.env);
        let (ok, detail, step) = match oauth::ask(&config, &client, &form).await {
            Ok(_) | Err(TokenRefusal::Spent(_)) => (Some(true), "X knows it".to_owned(), None),
            Err(TokenRefusal::Client(said)) => {
                (Some(false), format!("X said {said}"), Some(Step::SignIn.shown()))
            }
            Err(TokenRefusal::Later(said)) => (Some(false), said, None),
        };
        let asked = "POST /2/oauth2/token with a token that is none (free)".to_owned();
        Ok(Some(CheckedItem { name: Name::Client.text(), asked, ok, detail, step }))
    }
}

/// Those that the limit has room for.
fn affordable(questions: &[Question]) -> impl Iterator<Item = &Question> {
    questions
        .iter()
        .scan(MOST, |left, question| {
            let fits = question.cost() <= *left;
            if fits {
                *left -= question.cost();
            }
            Some(Some(question).filter(|_| fits))
        })
        .flatten()
}

fn user_questions(
    questions: &mut Vec<Question>,
    name: Name,
    credential: Credential,
    account: AccountId,
    owns_app: bool,
) {
    questions.push(Question {
        name,
        credential,
        account,
        path: "/2/users/me".to_owned(),
        query: Vec::new(),
        route: "users/me",
        bills: Some(Resource::User),
    });
    if account != UserId(0) {
        let bills = if owns_app { Resource::OwnedFollower } else { Resource::Follower };
        questions.push(Question {
            name,
            credential,
            account,
            path: format!("/2/users/{account}/followers"),
            query: vec![("max_results".to_owned(), "1".to_owned())],
            route: "followers",
            bills: Some(bills),
        });
    }
}
