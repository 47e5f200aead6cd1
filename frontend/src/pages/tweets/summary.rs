//! The period's tweets in four numbers, over the list.

use crate::app::app;
use crate::erase::{Memo, memo, shown};
use crate::numbers;
use crate::pages::{about_account, range_pairs};
use crate::parts::panel;
use crate::remote::{Remote, remote};
use crate::words::tweets as words;
use leptos::prelude::*;
use shared::api::TweetTotals;
use shared::tweet::summary::{METRICS, Summary};

/// What all tweets gained in the period.
#[component]
pub(super) fn Totals() -> impl IntoView {
    let app = app();
    let totals: Remote<TweetTotals> = remote(move || {
        let [from, to] = range_pairs(app);
        let pairs = [
            from,
            to,
            ("interval", app.interval.get().as_str().to_owned()),
            ("tz", app.zone.with(|zone| zone.name.clone())),
            ("metrics", METRICS.join(",")),
        ];
        about_account(app, "/tweets/totals", &pairs)
    });
    panel(totals, "tweet-totals", figures)
}

fn figures(totals: Memo<TweetTotals>) -> AnyView {
    let summary = memo(move || totals.with(Summary::of));
    let gained = |number: Option<i64>| number.map_or_else(|| "–".to_owned(), numbers::signed);
    let rate = move || summary.get().rate().map_or_else(|| "–".to_owned(), words::rate);
    view! {
        <dl class="figures">
            {figure("Written", "Tweets, replies and quotes written in the period; reposts are not counted", move || numbers::count(summary.get().written))}
            {figure("Impressions", "Gained in the period by all tweets, whenever written", move || gained(summary.get().impressions))}
            {figure("Engagements", "Likes, reposts, replies, quotes and bookmarks gained in the period", move || gained(summary.get().engagements))}
            {figure("Engagement rate", "Engagements for each impression of the period", rate)}
        </dl>
    }
    .into_any()
}

fn figure(
    label: &'static str,
    title: &'static str,
    text: impl Fn() -> String + Send + Sync + 'static,
) -> impl IntoView {
    view! {
        <div class="figure">
            <dt title=title>{label}</dt>
            <dd><span class="number">{shown(text)}</span></dd>
        </div>
    }
}
