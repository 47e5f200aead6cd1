//! Delivery times. Owns: how they are counted and read. Must not know what was delivered.
//! Invariant: a quantile is exact to the millisecond up to [`LONGEST_MS`].

/// Longer times count as this: a minute is lost, however much longer it was.
const LONGEST_MS: usize = 60_000;

/// How often each whole number of milliseconds was seen.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    counts: Vec<u32>,
    total: u64,
    longest: usize,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; LONGEST_MS + 1], total: 0, longest: 0 }
    }
}

impl Histogram {
    /// Counts one delivery. Clocks of two processes may differ by a millisecond: less than
    /// nothing is nothing.
    pub(crate) fn add(&mut self, ms: i64) {
        let at = usize::try_from(ms.max(0)).map_or(LONGEST_MS, |ms| ms.min(LONGEST_MS));
        if let Some(count) = self.counts.get_mut(at) {
            *count = count.saturating_add(1);
            self.total += 1;
            self.longest = self.longest.max(at);
        }
    }

    /// The least number of milliseconds within which `share` (0..=1) of all came; `None` if
    /// nothing did.
    pub(crate) fn quantile(&self, share: f64) -> Option<u64> {
        if self.total == 0 {
            return None;
        }
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count of deliveries times a share of 1"
        )]
        let wanted = ((self.total as f64 * share).ceil() as u64).clamp(1, self.total);
        let mut seen = 0;
        for (ms, count) in self.counts.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= wanted {
                return Some(ms as u64);
            }
        }
        None
    }

    /// The longest time seen.
    pub(crate) fn longest(&self) -> Option<u64> {
        (self.total > 0).then_some(self.longest as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_the_least_time_that_enough_came_within() {
        let mut histogram = Histogram::default();
        for ms in 1..=100 {
            histogram.add(ms);
        }
        for (share, wanted) in [(0.0, 1), (0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100)] {
            assert_eq!(histogram.quantile(share), Some(wanted), "{share}");
        }
        assert_eq!(histogram.longest(), Some(100));
    }

    #[test]
    fn nothing_seen_has_no_quantile() {
        assert_eq!(
            (Histogram::default().quantile(0.5), Histogram::default().longest()),
            (None, None)
        );
    }

    #[test]
    fn times_outside_count_at_the_ends() {
        let mut histogram = Histogram::default();
        histogram.add(-5);
        histogram.add(i64::MAX);
        assert_eq!((histogram.quantile(0.5), histogram.quantile(1.0)), (Some(0), Some(60_000)));
    }
}
