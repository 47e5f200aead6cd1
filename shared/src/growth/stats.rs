//! Quantiles, and what few observations say. Owns: the arithmetic. Must not know: what is
//! counted. Invariant: low <= mid <= high, whatever the order of the observations.

use super::real;
use crate::api::Usual;

/// From this many weeks on, their own quartiles say what is usual.
const QUARTILES_MIN: usize = 5;
/// Where the normal distribution stands in for counts: its quartiles are then right to 1 %.
const NORMAL_MIN: f64 = 300.0;
/// A quartile of the normal distribution, in standard deviations.
const NORMAL_QUARTILE: f64 = 0.674_489_750_196_081_7;

/// The value below which a share `q` (0 to 1) of the values lies, on the line between the two
/// nearest; `None` of no values.
pub fn quantile(values: &[f64], q: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted_quantile(&sorted, q)
}

fn sorted_quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = q.clamp(0.0, 1.0) * whole(last);
    let below = floor(place);
    let low = *sorted.get(below)?;
    let high = sorted.get(below + 1).copied().unwrap_or(low);
    Some(low + (high - low) * (place - whole(below)))
}

/// The quartiles of some values; `None` of no values.
pub(super) fn quartiles(values: &[f64]) -> Option<[f64; 3]> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |q| sorted_quantile(&sorted, q);
    Some([at(0.25)?, at(0.5)?, at(0.75)?])
}

/// What is usual by the counts of earlier weeks: their quartiles; of less than five weeks, the
/// quartiles of what one more week would bring if people come independently at a rate known from
/// these weeks only (a Poisson count whose rate is a gamma variable, Jeffreys' prior), which are
/// the wider the less is known. `None` of no weeks.
pub fn usual(counts: &[f64]) -> Option<Usual> {
    let [low, mid, high] = if counts.len() >= QUARTILES_MIN {
        quartiles(counts)?
    } else {
        predicted(counts.iter().sum(), counts.len())?
    };
    Some(Usual { low, mid, high, weeks: u32::try_from(counts.len()).unwrap_or(u32::MAX) })
}

/// Quartiles of the negative binomial distribution that `weeks` weeks with a sum of `total`
/// predict.
fn predicted(total: f64, weeks: usize) -> Option<[f64; 3]> {
    if weeks == 0 {
        return None;
    }
    let weeks = whole(weeks);
    let shape = total.max(0.0) + 0.5;
    let mean = shape / weeks;
    if mean > NORMAL_MIN {
        let quartile = NORMAL_QUARTILE * (mean * (weeks + 1.0) / weeks).sqrt();
        return Some([mean - quartile, mean, mean + quartile]);
    }
    // The chance of 0, and of each next count from the one before.
    let mut chance = (weeks / (weeks + 1.0)).powf(shape);
    let mut below = chance;
    let mut count = 0.0;
    let mut quartiles = [0.0; 3];
    for (quartile, share) in quartiles.iter_mut().zip([0.25, 0.5, 0.75]) {
        // All but a billionth of chance lies below 10 times the mean and 100.
        while below < share && count < 10.0 * mean + 100.0 {
            chance *= (count + shape) / ((count + 1.0) * (weeks + 1.0));
            count += 1.0;
            below += chance;
        }
        *quartile = count;
    }
    Some(quartiles)
}

fn whole(count: usize) -> f64 {
    real(i64::try_from(count).unwrap_or(i64::MAX))
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a list, not negative"
)]
fn floor(place: f64) -> usize {
    place.floor() as usize
}
