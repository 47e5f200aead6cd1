//! The user endpoints: lookups and lists, as JSON bytes and charges.
//!
//! Knows the world and prices, not headers, credentials or faults (but for a list that moves).
//! Invariant: every user written into `data` is charged, and nobody else.

use std::fmt::Write;

use serde_json::Value;

use crate::auth::Caller;
use crate::bill::Class;
use crate::faults::{Fired, Kind};
use crate::identity::{self, Subject};
use crate::life::{Reason, Standing};
use crate::listing::{List, Page};
use crate::params::{self, By, Endpoint, Params};
use crate::problem::{self, Missing, Problem};
use crate::profile::{self, Dialect, View};
use crate::relations::Relation;
use crate::state::Sim;
use crate::token::{self, Cursor};
use crate::world::{Account, World};

/// Users too many or too few that a `shift_page` without `by` skips.
const SHIFT_DEFAULT: i64 = 25;

/// A good answer: 200, these bytes, these charges.
#[derive(Debug, Default)]
pub(crate) struct Given {
    pub(crate) body: Vec<u8>,
    pub(crate) charges: Vec<(Class, Subject)>,
}

/// One request to the user endpoints, checked.
pub(crate) struct Asked<'a> {
    pub(crate) sim: &'a Sim,
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) params: &'a Params,
    pub(crate) caller: Caller,
    pub(crate) now_s: i64,
    pub(crate) fault: Option<&'a Fired>,
}

impl Asked<'_> {
    /// # Errors
    /// 400, 403 or 404 with X's body.
    pub(crate) fn answer(&self) -> Result<Given, Problem> {
        match self.endpoint {
            Endpoint::Me => match self.caller.account() {
                None => Err(problem::unsupported_authentication(self.params.dialect)),
                Some(account) => Ok(self.single(Subject::Owner(account))),
            },
            Endpoint::Many(by) => Ok(self.many(*by)),
            Endpoint::One(by, key) => self.one(*by, key),
            Endpoint::List(relation, id) => self.list(*relation, id),
        }
    }

    /// How to write these users. An account's followers are counted only when it is one of
    /// them: the first count of a month walks over everybody.
    fn view(&self, users: &[Subject]) -> View<'_> {
        let count = |account| {
            let shown = users.contains(&Subject::Owner(account));
            if shown { self.sim.reported_count(account, self.now_s) } else { 0 }
        };
        View {
            world: &self.sim.world,
            at_s: self.now_s,
            fields: self.params.fields,
            dialect: self.params.dialect,
            asker: self.caller.account(),
            owner_followers: (count(Account::Main), count(Account::Second)),
        }
    }

    fn find(&self, by: By, key: &str) -> Result<Subject, Missing> {
        find(&self.sim.world, by, key, self.now_s)
    }

    fn single(&self, subject: Subject) -> Given {
        let mut body = b"{\"data\":".to_vec();
        profile::write_user(&mut body, &self.view(&[subject]), subject);
        body.push(b'}');
        Given { body, charges: vec![(Class::User, subject)] }
    }

    fn one(&self, by: By, key: &str) -> Result<Given, Problem> {
        let (parameter, valid, pattern) = match by {
            By::Id => ("id", params::is_id(key), "^[0-9]{1,19}$"),
            By::Username => ("username", params::is_username(key), "^[A-Za-z0-9_]{1,15}$"),
        };
        if !valid {
            let message =
                format!("The `{parameter}` query parameter value [{key}] does not match {pattern}");
            return Err(problem::invalid(self.params.dialect, parameter, key, &message));
        }
        match self.find(by, key) {
            Ok(subject) => Ok(self.single(subject)),
            Err(missing) => Err(self.not_found(parameter, key, missing)),
        }
    }

    fn not_found(&self, parameter: &str, key: &str, missing: Missing) -> Problem {
        let error = problem::missing_user(self.params.dialect, parameter, key, missing);
        self.sim.config.missing.answer(&error)
    }

    fn many(&self, by: By) -> Given {
        let parameter = if by == By::Id { "ids" } else { "usernames" };
        let mut subjects = Vec::new();
        let mut errors: Vec<Value> = Vec::new();
        for (at, key) in self.params.keys.iter().enumerate() {
            match self.fault.and_then(|fault| fault.leaves_out(at)) {
                Some(true) => continue,
                Some(false) => {
                    let dialect = self.params.dialect;
                    errors.push(problem::unavailable(dialect, "user", parameter, key));
                    continue;
                }
                None => {}
            }
            match self.find(by, key) {
                Ok(subject) => subjects.push(subject),
                Err(missing) => {
                    let dialect = self.params.dialect;
                    errors.push(problem::missing_user(dialect, parameter, key, missing));
                }
            }
        }
        self.envelope(Class::User, &subjects, &errors, "")
    }

    /// `{"data":[…],"errors":[…],"meta":{…}}`, each part only when there is something in it.
    fn envelope(&self, class: Class, users: &[Subject], errors: &[Value], meta: &str) -> Given {
        let view = self.view(users);
        let mut body = vec![b'{'];
        let part = |body: &mut Vec<u8>, name: &str| {
            if body.len() > 1 {
                body.push(b',');
            }
            body.extend_from_slice(format!("\"{name}\":").as_bytes());
        };
        if !users.is_empty() {
            part(&mut body, "data");
            for (n, user) in users.iter().enumerate() {
                body.push(if n == 0 { b'[' } else { b',' });
                profile::write_user(&mut body, &view, *user);
            }
            body.push(b']');
        }
        if !errors.is_empty() {
            part(&mut body, "errors");
            body.extend_from_slice(Value::from(errors).to_string().as_bytes());
        }
        if !meta.is_empty() {
            part(&mut body, "meta");
            body.extend_from_slice(meta.as_bytes());
        }
        body.push(b'}');
        Given { body, charges: users.iter().map(|user| (class, *user)).collect() }
    }

    fn list(&self, relation: Relation, id: &str) -> Result<Given, Problem> {
        if !params::is_id(id) {
            let message =
                format!("The `id` query parameter value [{id}] does not match ^[0-9]{{1,19}}$");
            return Err(problem::invalid(self.params.dialect, "id", id, &message));
        }
        if matches!(relation, Relation::Blocking | Relation::Muting) {
            self.check_own(id)?;
        }
        let Some(account) = Account::from_id(id) else {
            return self.list_of_stranger(relation, id);
        };
        let cursor = self.cursor(account, relation)?;
        let page = self.page(account, relation, cursor);
        let users: Vec<Subject> =
            page.users.iter().map(|&index| Subject::Follower(account, index)).collect();
        let mut meta = format!("{{\"result_count\":{}", users.len());
        for (name, cursor) in [("next_token", page.next), ("previous_token", page.previous)] {
            if let Some(cursor) = cursor {
                let token = token::encode(self.sim.world.seed, account, relation, cursor);
                // Writing into a string cannot fail.
                let _ = write!(meta, ",\"{name}\":\"{token}\"");
            }
        }
        meta.push('}');
        let class = class(relation, self.caller.owns(account));
        Ok(self.envelope(class, &users, &[], &meta))
    }

    /// A list that only the account itself may read.
    fn check_own(&self, id: &str) -> Result<(), Problem> {
        let dialect = self.params.dialect;
        let Some(account) = self.caller.account() else {
            return Err(problem::unsupported_authentication(dialect));
        };
        if account.id() == id {
            return Ok(());
        }
        let message = format!(
            "The `id` query parameter value [{id}] must be the same as the authenticating user [{}]",
            account.id()
        );
        Err(problem::invalid(dialect, "id", id, &message))
    }

    fn cursor(&self, account: Account, relation: Relation) -> Result<Cursor, Problem> {
        let Some(token) = &self.params.pagination_token else { return Ok(Cursor::Top) };
        token::decode(self.sim.world.seed, account, relation, token)
            .ok_or_else(|| invalid_token(self.params.dialect, token))
    }

    fn page(&self, account: Account, relation: Relation, cursor: Cursor) -> Page {
        let roster = self.sim.world.roster(account);
        let list = List { roster, relation, at_s: self.now_s };
        let limit = self.params.max_results;
        match self.fault.map(|fault| (fault.kind, &fault.args)) {
            Some((Kind::ShiftPage, args)) => {
                list.shifted(cursor, limit, args.number("by", SHIFT_DEFAULT))
            }
            Some((Kind::RepeatPage, _)) => {
                list.repeated(cursor, limit).unwrap_or_else(|| list.page(cursor, limit))
            }
            _ => list.page(cursor, limit),
        }
    }

    /// Lists of anybody else: nobody, as nothing is simulated there.
    fn list_of_stranger(&self, relation: Relation, id: &str) -> Result<Given, Problem> {
        let class = class(relation, false);
        match self.find(By::Id, id) {
            Err(missing) => Err(self.not_found("id", id, missing)),
            Ok(Subject::Follower(account, index))
                if profile::is_protected(&self.sim.world, account, index) =>
            {
                let dialect = self.params.dialect;
                let error = problem::missing_user(dialect, "id", id, Missing::Protected);
                Ok(self.envelope(class, &[], &[error], ""))
            }
            Ok(_) => Ok(self.envelope(class, &[], &[], "{\"result_count\":0}")),
        }
    }
}

/// The price of those on a list.
const fn class(relation: Relation, owned: bool) -> Class {
    match (relation, owned) {
        (Relation::Followers, false) => Class::Follower,
        (Relation::Followers, true) => Class::OwnedFollower,
        (Relation::Following, false) => Class::Following,
        (Relation::Following, true) => Class::OwnedFollowing,
        (Relation::Blocking, _) => Class::Block,
        (Relation::Muting, _) => Class::Mute,
    }
}

/// Who a key names at `now_s`, or why there is nobody to show.
pub(crate) fn find(world: &World, by: By, key: &str, now_s: i64) -> Result<Subject, Missing> {
    let found = match by {
        By::Id => identity::find_id(world, key),
        By::Username => identity::find_username(world, key, now_s),
    };
    let subject = found.ok_or(Missing::NotFound)?;
    if let Subject::Follower(account, index) = subject {
        let roster = world.roster(account);
        match roster.standing(index, now_s) {
            Standing::Away(Reason::Suspended) => return Err(Missing::Suspended),
            Standing::Away(Reason::Deleted | Reason::Deactivated) => return Err(Missing::NotFound),
            Standing::NotYet if identity::created_s(roster, index) > now_s => {
                return Err(Missing::NotFound);
            }
            Standing::NotYet
            | Standing::Present
            | Standing::Away(Reason::Unfollowed | Reason::YouBlocked) => {}
        }
    }
    Ok(subject)
}

/// 400 for a pagination token that names no place, or no longer.
pub(crate) fn invalid_token(dialect: Dialect, token: &str) -> Problem {
    let message =
        format!("The `pagination_token` query parameter value [{token}] is not a valid token.");
    problem::invalid(dialect, "pagination_token", token, &message)
}
