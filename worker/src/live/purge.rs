//! What X had deleted. Owns: the list of it, and taking it out of all that is stored. Invariant:
//! from the instant it is known nothing of it is shown (the list is applied to all that is read),
//! and within a day nothing of it is stored (the hourly sweep).

use super::Core;
use crate::clock;
use crate::fault::{Fault, Result};
use crate::rpc::{self, ToAccount};
use crate::sql::values;
use shared::live::ring::{Purge, RowInfo, purge_row};
use shared::stream::notice::Notice;
use shared::time::DAY_MS;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;

/// Entries are kept as long as anything that could hold it: the archive's longest, and a day.
const KEPT_MS: i64 = 8 * DAY_MS;

/// What of a notice must go, if anything.
pub(super) fn purge_of(notice: &Notice) -> Option<Purge> {
    Some(match notice {
        Notice::Delete { tweet, .. } | Notice::StatusWithheld { tweet, .. } => Purge::Tweet(*tweet),
        Notice::UserGone { user, .. } | Notice::UserWithheld { user, .. } => Purge::User(*user),
        Notice::ScrubGeo { user, up_to } => Purge::Place { user: *user, up_to: *up_to },
        _ => return None,
    })
}

impl Core {
    /// Tells an account that is followed here of a deletion: it may have that tweet for good.
    pub(super) fn tell_author(self: &Rc<Self>, notice: &Notice) {
        let Notice::Delete { tweet, user: Some(user) } = notice else { return };
        if !self.settings.borrow().follow.contains(user) {
            return;
        }
        let (core, account, gone) = (self.clone(), *user, ToAccount::Gone { tweet: *tweet });
        spawn_local(async move {
            let told = async {
                rpc::call::<_, Option<()>>(&rpc::account(&core.env, account)?, &gone).await
            };
            // What is not told now is seen at the tweet's next turn.
            Self::log_fault(told.await.map(drop));
        });
    }

    /// Takes it out of what is in memory, and notes it for all that is stored.
    pub(super) fn purge(self: &Rc<Self>, what: &Purge) -> Result<()> {
        self.sql.run(
            "INSERT INTO purged (what, at) VALUES (?, ?) ON CONFLICT (what) DO NOTHING",
            values![serde_json::to_string(what)?, clock::now().0],
        )?;
        self.memory.borrow_mut().purge(what);
        Ok(())
    }

    /// Everything that was noted.
    pub(super) fn purges(&self) -> Result<Vec<Purge>> {
        let rows = self.sql.rows("SELECT what FROM purged", values![])?;
        rows.into_iter()
            .map(|mut row| {
                let text = row.text()?;
                serde_json::from_str(&text).map_err(|_| Fault::internal(format!("purge `{text}`")))
            })
            .collect()
    }

    /// Rewrites the window's rows without it, and forgets entries that nothing can hold any more.
    pub(super) fn sweep_window(&self) -> Result<()> {
        let purges = self.purges()?;
        let infos: Vec<RowInfo> = self.memory.borrow().ring.infos().copied().collect();
        for info in infos {
            let touching: Vec<&Purge> = purges.iter().filter(|p| p.may_touch(&info)).collect();
            if touching.is_empty() {
                continue;
            }
            let slot = super::flush::int(info.slot());
            let row = self.sql.first("SELECT bytes FROM slots WHERE slot = ?", values![slot])?;
            let Some(mut row) = row else { continue };
            let mut bytes = row.blob()?;
            let mut changed = false;
            for purge in touching {
                if let Some(without) =
                    purge_row(&bytes, purge).map_err(|e| super::corrupt("a replay row", &e))?
                {
                    (bytes, changed) = (without, true);
                }
            }
            if changed {
                self.sql.run("UPDATE slots SET bytes = ? WHERE slot = ?", values![bytes, slot])?;
            }
        }
        let old = clock::now().plus(-KEPT_MS);
        self.sql.run("DELETE FROM purged WHERE at < ?", values![old.0])
    }
}
