//! The book as the owner sees it, and what the owner may change of it. Invariant: what is shown
//! adds up to what is counted; a change that cannot be changes nothing.

use super::reserve::{KEEP_UNUSED, Reserve};
use super::{Book, Plan, Resource, micro, price, usd};
use crate::api::{self, Feature};
use crate::id::AccountId;
use crate::time::UnixMs;
use std::collections::BTreeMap;

/// More than anyone should be able to type by mistake.
const CAP_MAX_USD: f64 = 1_000_000.0;

impl Book {
    /// `GET /budget`.
    pub fn view(&self, now: UnixMs, plans: &[Plan]) -> api::Budget {
        let planned = plans.iter().map(|plan| self.still_to_come(plan, now));
        let spent = self.sum_up(None, None, false, now);
        let forecast = planned.fold(spent, u64::saturating_add);
        let (keep_unused, keep_unused_percent) = match self.reserve {
            Reserve::Usual => (KEEP_UNUSED, None),
            Reserve::Calls(calls) => (calls, None),
            Reserve::Percent(percent) => (0, Some(percent)),
        };
        api::Budget {
            month: now.utc_month(),
            cap_usd: self.cap.map(usd),
            day_cap_usd: self.day_cap.map(usd),
            spent_usd: usd(spent),
            spent_today_usd: usd(self.sum_up(None, None, true, now)),
            forecast_usd: usd(forecast.min(self.cap.map_or(forecast, |cap| cap.max(spent)))),
            keep_unused,
            keep_unused_percent,
            paused: self.pause.as_ref().map(super::Pause::view),
            by_resource: self.by_resource(now),
            by_feature: self.by_feature(None, now),
            accounts: plans.iter().map(|plan| self.account_spend(plan, now)).collect(),
            quotas: self.quotas(),
        }
    }

    fn account_spend(&self, plan: &Plan, now: UnixMs) -> api::AccountSpend {
        let Plan { account, cap, day_cap, schedules, .. } = plan;
        let spent = self.spent(*account, now);
        let halt = self.halts.get(account).filter(|halt| halt.goes_on.is_none_or(|at| at > now));
        api::AccountSpend {
            account: *account,
            cap_usd: usd(*cap),
            day_cap_usd: day_cap.map(usd),
            spent_usd: usd(spent),
            spent_today_usd: usd(self.sum_up(Some(*account), None, true, now)),
            forecast_usd: usd(spent.saturating_add(self.still_to_come(plan, now))),
            by_feature: self.by_feature(Some(*account), now),
            halted: halt.cloned().map(Into::into),
            schedules: schedules.clone(),
        }
    }

    fn by_resource(&self, now: UnixMs) -> Vec<api::Spend> {
        if self.month != now.utc_month() {
            return Vec::new();
        }
        let of = |resource: Resource| {
            let features = self.spend.values().flat_map(BTreeMap::values);
            let sums = features.filter_map(|sums| sums.get(&resource));
            let (count, repeats) = sums
                .fold((0, 0), |(billed, again), sum| (billed + sum.billed, again + sum.repeats));
            (count + repeats > 0).then(|| api::Spend {
                resource: resource.as_str().to_owned(),
                count,
                repeats,
                usd: usd(count.saturating_mul(price(resource))),
            })
        };
        Resource::ALL.into_iter().filter_map(of).collect()
    }

    /// What each feature cost that cost anything.
    fn by_feature(&self, account: Option<AccountId>, now: UnixMs) -> Vec<api::FeatureSpend> {
        let of = |&feature: &Feature| {
            let spent = self.sum_up(account, Some(feature), false, now);
            let today = self.sum_up(account, Some(feature), true, now);
            let told = api::FeatureSpend { feature, usd: usd(spent), today_usd: usd(today) };
            (spent > 0).then_some(told)
        };
        Feature::ALL.iter().filter_map(of).collect()
    }

    /// What the rest of the month will cost an account, which its caps may cut short.
    fn still_to_come(&self, plan: &Plan, now: UnixMs) -> u64 {
        let (days_left, days) = now.month_progress();
        let share =
            u128::from(plan.monthly_estimate) * u128::from(days_left) / u128::from(days.max(1));
        let room = plan.cap.saturating_sub(self.spent(plan.account, now));
        let daily = plan.day_cap.map_or(u64::MAX, |cap| {
            let today = self.sum_up(Some(plan.account), None, true, now);
            cap.saturating_mul(u64::from(days_left)).saturating_sub(today)
        });
        u64::try_from(share).unwrap_or(u64::MAX).min(room).min(daily)
    }

    /// X's rate windows, by route, as last known.
    pub fn quotas(&self) -> BTreeMap<String, api::Quota> {
        let known = self.windows.iter().filter_map(|(route, w)| Some((route.clone(), w.quota()?)));
        known.collect()
    }

    /// `PUT /budget`.
    ///
    /// # Errors
    /// Which field cannot be, and what it takes; then nothing was changed.
    #[allow(clippy::needless_pass_by_value, reason = "a change is made once")]
    pub fn change(&mut self, change: api::BudgetChange) -> Result<(), String> {
        let api::BudgetChange { cap_usd, day_cap_usd, keep_unused, keep_unused_percent, paused } =
            change;
        for (name, cap) in [("cap_usd", cap_usd), ("day_cap_usd", day_cap_usd)] {
            if let Some(Some(cap)) = cap
                && !(0.0..=CAP_MAX_USD).contains(&cap)
            {
                return Err(format!("`{name}`: 0 to {CAP_MAX_USD} or null is expected, not {cap}"));
            }
        }
        if paused == Some(true) {
            return Err("`paused`: only false is expected: caps of 0 stop everything".to_owned());
        }
        let reserve = Reserve::read(keep_unused, keep_unused_percent, &self.windows)?;
        self.reserve = reserve.unwrap_or(self.reserve);
        if let Some(cap) = cap_usd {
            self.cap = cap.map(micro);
        }
        if let Some(cap) = day_cap_usd {
            self.day_cap = cap.map(micro);
        }
        if cap_usd.is_some() || day_cap_usd.is_some() {
            // Whoever still cannot go on says so anew.
            self.halts.clear();
        }
        if paused == Some(false) {
            self.resume();
        }
        Ok(())
    }
}
