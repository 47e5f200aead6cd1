//! Calls of X's rate windows left to the owner's other programs. Invariant: what the owner set
//! is kept exactly; a reserve that would leave nothing of a window is refused when it is set.

use super::window::{WINDOWS, Window, published};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Unless the owner says otherwise: so many calls of every window, but never more than a tenth
/// of it.
pub(super) const KEEP_UNUSED: u32 = 10;
/// A whole window cannot be left unused.
const PERCENT_MAX: u32 = 99;

/// See the module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reserve {
    /// The owner said nothing.
    #[default]
    Usual,
    /// So many calls of each window.
    Calls(u32),
    /// This share of each window, rounded down.
    Percent(u32),
}

impl Reserve {
    /// Calls of a window of so many that stay unused.
    pub(super) fn of(self, limit: u32) -> u32 {
        match self {
            Self::Usual => KEEP_UNUSED.min(limit / 10),
            Self::Calls(calls) => calls,
            Self::Percent(percent) => {
                let calls = u64::from(limit) * u64::from(percent.min(PERCENT_MAX)) / 100;
                u32::try_from(calls).unwrap_or(limit)
            }
        }
    }

    /// What the owner wrote, as a reserve that leaves something of every window.
    ///
    /// # Errors
    /// Which field cannot be, and what it takes.
    pub(super) fn read(
        calls: Option<u32>,
        percent: Option<u32>,
        windows: &BTreeMap<String, Window>,
    ) -> Result<Option<Self>, String> {
        match (calls, percent) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => {
                Err("`keep_unused` and `keep_unused_percent`: one of the two is expected".into())
            }
            (None, Some(percent)) if percent > PERCENT_MAX => Err(format!(
                "`keep_unused_percent`: 0 to {PERCENT_MAX} is expected, not {percent}: a whole \
                 window unused would leave Roost no call"
            )),
            (None, Some(percent)) => Ok(Some(Self::Percent(percent))),
            (Some(calls), None) => {
                let known = WINDOWS.iter().map(|&route| (route, published(route)));
                let learned = windows.iter().filter_map(|(r, w)| Some((r.as_str(), w.limit()?)));
                let smallest = known
                    .filter(|(route, _)| windows.get(*route).and_then(Window::limit).is_none())
                    .chain(learned)
                    .min_by_key(|(_, limit)| *limit);
                match smallest {
                    Some((route, limit)) if calls >= limit => Err(format!(
                        "`keep_unused`: {calls} leaves nothing of X's window `{route}`, which has \
                         {limit} calls: at most {} is expected, or a share of each window as \
                         `keep_unused_percent`",
                        limit.saturating_sub(1)
                    )),
                    _ => Ok(Some(Self::Calls(calls))),
                }
            }
        }
    }
}
