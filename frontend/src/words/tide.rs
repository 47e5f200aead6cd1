//! Words of the tide: its tooltip, its summary, the live value.

use crate::numbers::{count, grouped, plural, signed};
use crate::tide::{Bucket, Tide, TipWords};

/// Written into a gap that is wide enough.
pub(crate) const NOT_OBSERVED: &str = "not observed";

/// The tooltip of a bucket.
pub(crate) fn tip(bucket: &Bucket, counted_only: bool) -> TipWords {
    let mut rows = Vec::new();
    let line = if counted_only { "X's count" } else { "Followers" };
    if let Some(followers) = bucket.followers {
        rows.push(("line", line.to_owned(), count(followers)));
    }
    if let Some((when, Some(followers))) = &bucket.before {
        rows.push(("before", crate::words::capital(when), count(*followers)));
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
    if let Some(unexplained) = bucket.unexplained {
        rows.push(("unexplained", "Not yet explained".to_owned(), signed(unexplained)));
    }
    let mut notes = Vec::new();
    if bucket.unseen() {
        notes.push("Not observed. This is not zero.".to_owned());
    } else if bucket.covered < 1.0 && !bucket.ahead && !bucket.partial {
        notes.push("Observed in part.".to_owned());
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

/// The chart in one sentence.
pub(crate) fn caption(tide: &Tide, period: &str) -> String {
    let mut seen = tide.buckets.iter().filter(|bucket| bucket.followers.is_some());
    let sum =
        |side: fn(&Bucket) -> Option<u64>| -> u64 { tide.buckets.iter().filter_map(side).sum() };
    let line = if tide.counted_only { "X's count" } else { "Followers" };
    let Some(first) = seen.next() else {
        return format!("{line}: nothing observed in this period.");
    };
    let at_end = |bucket: &Bucket| bucket.followers.unwrap_or_default();
    let last = at_end(seen.next_back().unwrap_or(first));
    let signed_count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    // A bucket's followers are those at its end: who came and left in the first belongs to it.
    let first_net = first.came.zip(first.left);
    let first_net = first_net.map_or(0, |(came, left)| signed_count(came) - signed_count(left));
    let change = signed_count(last) - signed_count(at_end(first)) + first_net;
    let went = match change {
        0 => format!("stayed at {}", count(last)),
        1.. => format!("rose by {} to {}", grouped(change), count(last)),
        _ => format!("fell by {} to {}", grouped(-change), count(last)),
    };
    let gaps = match tide.gaps.len() {
        0 => String::new(),
        gaps => format!(" {} not observed.", plural(gaps as u64, "stretch", "stretches")),
    };
    let (came, left) = (count(sum(|bucket| bucket.came)), count(sum(|bucket| bucket.left)));
    format!("{period}: {line} {went}. {came} came, {left} left.{gaps}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tide::tests::{make, point};

    fn tide() -> Tide {
        make(
            vec![point(0, Some(100), 4, 1), point(1, None, 0, 0), point(2, Some(103), 5, 2)],
            &[],
            3,
        )
    }

    #[test]
    fn the_caption_says_what_the_picture_shows() {
        assert_eq!(
            caption(&tide(), "3 days"),
            "3 days: Followers rose by 6 to 103. 9 came, 3 left."
        );
        assert_eq!(
            caption(&make(vec![], &[], 0), "Today"),
            "X's count: nothing observed in this period."
        );
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
