//! Who was billed on the current UTC day: X bills a resource once a day, however often it is
//! read. Invariant: an id counts as billed at most once a day, within one account.

use crate::id::UserId;
use crate::roster::Roster;
use crate::time::UnixMs;

/// See the module.
#[derive(Clone, Debug)]
pub struct BilledToday {
    day: i64,
    roster: Roster,
}

impl Default for BilledToday {
    fn default() -> Self {
        Self { day: i64::MIN, roster: Roster::new(Vec::new()) }
    }
}

impl BilledToday {
    /// Takes in ids just read: how many of them are billed, and how many are free repeats.
    pub fn fresh(&mut self, now: UnixMs, ids: &[u64]) -> (u64, u64) {
        if self.day != now.utc_day() {
            *self = Self { day: now.utc_day(), ..Self::default() };
        }
        let read = Roster::new(ids.to_vec());
        let billed = self.roster.insert_all(read.ids());
        (billed as u64, (ids.len() - billed) as u64)
    }

    /// Whether reading this id is free for the rest of the day.
    pub fn contains(&self, now: UnixMs, id: UserId) -> bool {
        self.day == now.utc_day() && self.roster.contains(id)
    }

    /// How many ids are free for the rest of the day.
    pub fn len(&self, now: UnixMs) -> u64 {
        if self.day == now.utc_day() { self.roster.len() as u64 } else { 0 }
    }

    /// Whether nobody was billed today.
    pub fn is_empty(&self, now: UnixMs) -> bool {
        self.len(now) == 0
    }

    /// As bytes: the day (8 bytes, little endian), then the roster.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.day.to_le_bytes().to_vec();
        bytes.extend(self.roster.encode());
        bytes
    }

    /// From bytes; none if they are damaged.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (day, roster) = bytes.split_first_chunk::<8>()?;
        Some(Self { day: i64::from_le_bytes(*day), roster: Roster::decode(roster).ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::DAY_MS;

    #[test]
    fn an_id_is_billed_once_a_utc_day() {
        let mut today = BilledToday::default();
        let noon = UnixMs(DAY_MS / 2);
        assert_eq!(today.fresh(noon, &[3, 1, 2]), (3, 0));
        assert_eq!(today.fresh(noon, &[2, 4]), (1, 1));
        assert_eq!(today.fresh(noon, &[5, 5]), (1, 1), "twice on one page");
        assert_eq!(today.len(noon), 5);
        let next = UnixMs(DAY_MS);
        assert!(today.is_empty(next));
        assert_eq!(today.fresh(next, &[1, 2]), (2, 0));
        assert_eq!(today.len(noon), 0, "the day before is forgotten");
    }

    #[test]
    fn the_set_survives_its_bytes() {
        let mut today = BilledToday::default();
        today.fresh(UnixMs(5), &[7, 9]);
        let mut read = BilledToday::decode(&today.encode()).unwrap();
        assert!(read.contains(UnixMs(6), UserId(7)));
        assert_eq!(read.fresh(UnixMs(6), &[7, 8]), (1, 1));
        assert!(BilledToday::decode(&[]).is_none());
        assert!(BilledToday::decode(&today.encode()[..12]).is_none());
    }
}
