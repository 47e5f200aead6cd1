//! The Overview: the sentence, the figures, the tide, who came and who left, and how well all
//! that is known. Owns: one series, its coverage and two lists. Invariant: all of it is about
//! one range; what the tide picks, the columns show.

mod columns;
mod figures;
mod notes;
mod tide_view;
mod tweets;

use crate::app::app;
use crate::erase::{Memo, memo};
use crate::pages::drawer::Drawer;
use crate::pages::{about_account, range_pairs};
use crate::parts::{panel, quiet_panel};
use crate::remote::{Remote, remote};
use crate::tide::{self, Source, Tide};
use crate::tweets::marks::{Marks, marks};
use leptos::prelude::*;
use shared::api::{Coverage, FollowerEvent, List, Series};

/// Everyone who came or left in the shown period, as far as one answer holds them.
const LIST_LIMIT: u32 = 200;

/// What the parts of the Overview share.
#[derive(Clone, Copy)]
struct Shared {
    series: Remote<Series>,
    came: Remote<List<FollowerEvent>>,
    left: Remote<List<FollowerEvent>>,
    tide: Memo<Tide>,
    /// The tweets of the period on the tide.
    marks: Memo<Marks>,
    /// The bucket under the pointer.
    hovered: RwSignal<Option<usize>>,
    /// The bucket that the address names.
    pinned: Memo<Option<usize>>,
}

impl Shared {
    /// The bucket that the columns show.
    fn picked(self) -> Option<usize> {
        self.hovered.get().or_else(|| self.pinned.get())
    }
}

fn lists(kind: &'static str) -> Remote<List<FollowerEvent>> {
    let app = app();
    remote(move || {
        let [from, to] = range_pairs(app);
        let limit = ("limit", LIST_LIMIT.to_string());
        let muted = ("muted", "false".to_owned());
        let pairs = [("kind", kind.to_owned()), from, to, muted, limit];
        let mut question = about_account(app, "/followers/events", &pairs)?;
        question.edition += app.edits.get();
        Some(question)
    })
}

fn series() -> Remote<Series> {
    let app = app();
    remote(move || {
        let [from, to] = range_pairs(app);
        let mut pairs = vec![
            from,
            to,
            ("interval", app.interval.get().as_str().to_owned()),
            ("tz", app.zone.with(|zone| zone.name.clone())),
        ];
        if let Some(compare) = app.seen(|view| view.compare).wire() {
            pairs.push(("compare", compare.as_str().to_owned()));
        }
        about_account(app, "/followers/series", &pairs)
    })
}

/// The page.
#[component]
pub(crate) fn Overview() -> impl IntoView {
    let app = app();
    let series = series();
    let coverage: Remote<Coverage> =
        remote(move || about_account(app, "/coverage", &range_pairs(app)));
    let came = lists("followed,returned");
    let left = lists("lost");
    let tide = memo(move || {
        let zone = app.zone.get();
        let now = app.now.get();
        let spans = coverage.value().map(|coverage| coverage.spans).unwrap_or_default();
        series.with(|series| {
            series.map_or_else(Tide::default, |series| {
                let last = series.points.last().map_or(app.range.get_untracked().to, |point| {
                    app.range.get_untracked().to.max(point.at)
                });
                let range = crate::period::Range { from: app.range.get_untracked().from, to: last };
                tide::tide(&Source { series, spans: &spans, range, now, zone: &zone })
            })
        })
    });
    let pinned = memo(move || {
        let key = app.seen(|view| view.day.clone())?;
        tide.with(|tide| tide::find(&tide.buckets, &key))
    });
    let hovered = RwSignal::new(None);
    let written = tweets::written();
    let marks = memo(move || {
        let zone = app.zone.get();
        let of = |buckets: &[tide::Bucket]| {
            written.with(|list| list.map(|list| marks(&list.items, buckets, &zone)))
        };
        tide.with(|tide| of(&tide.buckets)).unwrap_or_default()
    });
    let shared = Shared { series, came, left, tide, marks, hovered, pinned };
    view! {
        <div class="page overview">
            {quiet_panel(series, "headline", figures::headline)}
            <notes::News/>
            <notes::Notes/>
            {quiet_panel(series, "figures-panel", figures::figures)}
            {panel(series, "tide-panel", move |series| tide_view::tide(shared, series).into_any())}
            {columns::columns(shared)}
            {tweets::block()}
            <div class="below">
                {panel(series, "reasons-panel card", figures::reasons)}
                {panel(coverage, "seen-panel card", notes::seen)}
            </div>
        </div>
        <Drawer/>
    }
}
