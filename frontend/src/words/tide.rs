//! Words of the tide: its tooltip, its summary, the live value.

use crate::numbers::{count, grouped, plural, signed};
use crate::tide::{Bucket, Tide, TipWords};
use shared::api::Series;
use shared::series::known;

/// Written into a gap that is wide enough.
pub(crate) const NOT_OBSERVED: &str = "not observed";

/// Of a week or month that the period cuts.
const CUT: &str = "Only the part of it in this period.";

/// Whether a bucket that is over was observed in part.
fn in_part(bucket: &Bucket) -> bool {
    bucket.covered < 1.0 && !bucket.ahead && !bucket.partial
}

/// What the table says beside a bucket's numbers.
pub(crate) fn note(bucket: &Bucket) -> &'static str {
    if bucket.unseen() {
        NOT_OBSERVED
    } else if bucket.partial {
        "so far"
    } else if bucket.cut {
        "the part in this period"
    } else if in_part(bucket) {
        "observed in part"
    } else {
        ""
    }
}

/// The tooltip of a bucket.
pub(crate) fn tip(bucket: &Bucket, counted_only: bool) -> TipWords {
    let mut rows = Vec::new();
    let line = if counted_only { "X's count" } else { "Followers" };
    if let Some(followers) = bucket.followers {
        rows.push(("line", line.to_owned(), count(followers)));
    }
    if let Some(before) = &bucket.before {
        if let Some(now) = before.now {
            rows.push(("before", "Since the start".to_owned(), signed(now)));
        }
        rows.push(("before", format!("Then, by {}", before.label), signed(before.then)));
    }
    if let Some(came) = bucket.came {
        rows.push(("came", "Came".to_owned(), count(came)));
    }
    if let Some(left) = bucket.left {
        rows.push(("left", "Left".to_owned(), count(left)));
    }
    if let Some(gone) = bucket.gone.filter(|&gone| gone > 0) {
        rows.push(("gone", "of them gone from X".to_owned(), count(gone)));
    }
    if let Some(unexplained) = bucket.unexplained.filter(|&count| count != 0) {
        rows.push(("unexplained", "Not yet explained".to_owned(), signed(unexplained)));
    }
    let mut notes = Vec::new();
    if bucket.unseen() {
        notes.push("Not observed. This is not zero.".to_owned());
    } else if in_part(bucket) {
        notes.push("Observed in part.".to_owned());
    }
    if bucket.cut {
        notes.push(CUT.to_owned());
    }
    if bucket.partial {
        notes.push("So far.".to_owned());
    }
    TipWords { title: crate::words::capital(&bucket.label), rows, notes }
}

/// `9 came, 4 left`: over the columns, and read out when a bucket is picked.
pub(crate) fn moves(bucket: &Bucket) -> String {
    match (bucket.came, bucket.left) {
        (Some(came), Some(left)) => format!("{} came, {} left", count(came), count(left)),
        _ => NOT_OBSERVED.to_owned(),
    }
}

/// What a screen reader says of a bucket.
pub(crate) fn spoken(bucket: &Bucket) -> String {
    let followers =
        bucket.followers.map(|number| format!(", {} followers", count(number))).unwrap_or_default();
    format!("{}: {}{followers}", crate::words::capital(&bucket.label), moves(bucket))
}

/// The chart in one sentence, by the same sums as the headline.
pub(crate) fn caption(series: &Series, tide: &Tide, period: &str) -> String {
    let totals = &series.totals;
    let line = if tide.counted_only { "X's count" } else { "Followers" };
    let (Some(followers), Some(change)) = (totals.followers, totals.change) else {
        return format!("{line}: nothing observed in this period.");
    };
    let went = match change {
        0 => format!("stayed at {}", count(followers)),
        1.. => format!("rose by {} to {}", grouped(change), count(followers)),
        _ => format!("fell by {} to {}", grouped(-change), count(followers)),
    };
    let moves = if known(series) {
        format!(" {} came, {} left.", count(totals.gained), count(totals.lost))
    } else {
        String::new()
    };
    let gaps = match tide.gaps.len() {
        0 => String::new(),
        gaps => format!(" {} not observed.", plural(gaps as u64, "stretch", "stretches")),
    };
    format!("{period}: {line} {went}.{moves}{gaps}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tide::tests::{make, point, series};
    use shared::api::Totals;

    fn tide() -> Tide {
        make(
            vec![point(0, Some(100), 4, 1), point(1, None, 0, 0), point(2, Some(103), 5, 2)],
            &[],
            3,
        )
    }

    #[test]
    fn the_caption_says_what_the_picture_shows() {
        let totals = Totals {
            gained: 9,
            lost: 3,
            net: 6,
            followers: Some(103),
            change: Some(6),
            ..Totals::default()
        };
        let of = |series: Series, tide: &Tide| caption(&series, tide, "3 days");
        let seen = series(vec![point(0, Some(100), 4, 1)]);
        assert_eq!(
            of(Series { totals: totals.clone(), ..seen }, &tide()),
            "3 days: Followers rose by 6 to 103. 9 came, 3 left."
        );
        let none = make(vec![], &[], 0);
        assert_eq!(of(series(vec![]), &none), "X's count: nothing observed in this period.");
        // Nobody is said to have come or left where no names were read.
        let counted = Series { totals, ..series(vec![]) };
        assert_eq!(of(counted, &none), "3 days: X's count rose by 6 to 103.");
    }

    #[test]
    fn what_was_not_seen_is_not_called_zero() {
        let tide = tide();
        assert_eq!(moves(&tide.buckets[1]), "not observed");
        let tip = tip(&tide.buckets[1], false);
        assert_eq!((tip.rows.len(), tip.notes.len()), (0, 1));
        assert_eq!(spoken(&tide.buckets[0]), "Sat 8 Nov: 4 came, 1 left, 100 followers");
    }
}
