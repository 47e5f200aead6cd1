//! Tweets on the Overview: their marks on the tide, the best of the period, the best hours.
//! Owns: those questions, asked only of an account whose tweets are known. Invariant: what came
//! after a tweet stands beside what is usual, and never as its doing.

use crate::address::{Page, View};
use crate::app::{App, app};
use crate::calendar::date_at;
use crate::erase::{Memo, Rows as _, Show, flag, memo, shown};
use crate::numbers;
use crate::pages::{about_account, range_pairs};
use crate::parts::{Ago, To, panel};
use crate::period::Period;
use crate::remote::{Remote, remote};
use crate::tweets::choice::{Key, Sort};
use crate::tweets::marks::{Marks, Written, name};
use crate::tweets::metric::IMPRESSIONS;
use crate::words::tweets as words;
use leptos::prelude::*;
use shared::api::{Beside, FollowersAfter, List, TweetHour, TweetItem};

/// Rows of each list.
const ROWS: u32 = 5;
/// Hours named.
const HOURS: usize = 5;
/// Marks on the tide, as many as one answer holds.
const MARKS: u32 = 1_000;

fn has_tweets() -> Memo<bool> {
    let app = app();
    memo(move || app.of_account(|one| one.is_some_and(|one| one.tweets.on || one.tweets.known > 0)))
}

/// The tweets written in the period, for their marks.
pub(super) fn written() -> Remote<List<Written>> {
    let app = app();
    let any = has_tweets();
    remote(move || {
        if !any.get() {
            return None;
        }
        let [from, to] = range_pairs(app);
        about_account(app, "/tweets", &[from, to, ("limit", MARKS.to_string())])
    })
}

/// Goes to the tweets of a mark: to the one, or to the list of all that were written then.
pub(super) fn open(app: App, marks: &Marks, first: usize, last: usize) {
    let mut view = app.view.get_untracked().to(Page::Tweets);
    let (Some((from, id)), Some((to, _))) = (marks.of.get(first), marks.of.get(last)) else {
        return;
    };
    if first == last {
        view.tweets.open = Some(id.clone());
    } else {
        let zone = app.zone.get_untracked();
        let today = untrack(|| crate::app::today(app));
        view.period = Period::between(date_at(*from, &zone), date_at(*to, &zone), today);
        view.tweets.written = true;
    }
    app.go(view);
}

/// The block under the columns.
pub(super) fn block() -> impl IntoView {
    let any = has_tweets();
    view! {
        <Show when=flag(move || any.get())>
            <section class="card best-tweets" aria-label="Tweets of the period">
                <header>
                    <h2>"Tweets of the period"</h2>
                    <To change=|view: View| view.to(Page::Tweets)>"All tweets"</To>
                </header>
                <div class="three">
                    {best("Grew most", Key::Growth(IMPRESSIONS.to_owned()))}
                    {best("Most came after", Key::After)}
                    {hours()}
                </div>
            </section>
        </Show>
    }
}

fn best(title: &'static str, by: Key) -> AnyView {
    let app = app();
    let after = by == Key::After;
    let sort = Sort { by, descending: true };
    let all = sort.clone();
    let list: Remote<List<TweetItem>> = remote(move || {
        let [(_, from), (_, to)] = range_pairs(app);
        let (one, other) = if after { ("from", "to") } else { ("growth_from", "growth_to") };
        let pairs = [(one, from), (other, to), ("sort", sort.slug()), ("limit", ROWS.to_string())];
        let mut question = about_account(app, "/tweets", &pairs)?;
        question.subject.push_str(title);
        Some(question)
    });
    let to_all = move |view: View| {
        let mut view = view.to(Page::Tweets);
        view.tweets.sort = all.clone();
        view.tweets.written = after;
        view
    };
    view! {
        <div class="best">
            <h3><To change=to_all>{title}</To></h3>
            {panel(list, "best-panel", move |list| rows(list, after))}
        </div>
    }
    .into_any()
}

fn rows(list: Memo<List<TweetItem>>, after: bool) -> AnyView {
    let worth = move |item: &TweetItem| {
        if after { item.followers_after.is_some() } else { item.growth.contains_key(IMPRESSIONS) }
    };
    let row = move |item: TweetItem| {
        let id = item.id.to_string();
        let change = move |view: View| {
            let mut view = view.to(Page::Tweets);
            view.tweets.open = Some(id.clone());
            view
        };
        let text = match &item.text {
            Some(text) => name(Some(text)),
            None => words::no_text(&item).to_owned(),
        };
        let number = match item.followers_after.as_ref().filter(|_| after) {
            Some(found) => came_after(found),
            None => grew(&item),
        };
        let at = item.created_at.map(|at| view! { <Ago at=at/> });
        view! {
            <li>
                <div class="best-text">
                    <To change=change><span dir="auto">{text}</span></To>
                    <span class="note">{at}</span>
                </div>
                <div class="best-number number">{number}</div>
            </li>
        }
    };
    let inside = move || {
        let items: Vec<_> =
            list.with(|list| list.items.iter().filter(|one| worth(one)).cloned().collect());
        if items.is_empty() {
            return view! { <p class="empty">"None observed in this period."</p> }.into_any();
        }
        view! { <ol class="best-list">{items.into_iter().map(row).rows()}</ol> }.into_any()
    };
    shown(inside).into_any()
}

fn came_after(found: &FollowersAfter) -> AnyView {
    let class = match (found.usual.is_some(), found.beside) {
        (true, Beside::More) => "after more",
        (true, Beside::Fewer) => "after fewer",
        _ => "after",
    };
    view! {
        <span class=class title=words::after(found)>{format!("{} came", numbers::count(found.came))}</span>
        <span class="note">{words::beside_short(found)}</span>
    }
    .into_any()
}

fn grew(item: &TweetItem) -> AnyView {
    let growth = item.growth.get(IMPRESSIONS).copied().unwrap_or_default();
    view! {
        <span title=numbers::signed(growth)>{numbers::compact_signed(growth)}</span>
        <span class="note">"impressions"</span>
    }
    .into_any()
}

fn hours() -> AnyView {
    let app = app();
    let hours: Remote<List<TweetHour>> = remote(move || {
        let [from, to] = range_pairs(app);
        let zone = app.zone.with(|zone| zone.name.clone());
        about_account(app, "/tweets/hours", &[from, to, ("tz", zone)])
    });
    let row = |hour: TweetHour| {
        let mid = u64::try_from(numbers::whole(hour.mid.max(0.0))).unwrap_or(0);
        view! {
            <li class:few=hour.few>
                <div class="best-text">
                    <strong>{words::hour(&hour)}</strong>
                    <span class="note">{words::hour_basis(&hour)}</span>
                </div>
                <div class="best-number number">
                    <span title=numbers::count(mid)>{numbers::compact(mid)}</span>
                    <span class="note">"impressions"</span>
                </div>
            </li>
        }
    };
    let content = move |list: Memo<List<TweetHour>>| {
        let inside = move || {
            let items: Vec<_> = list.with(|list| list.items.iter().take(HOURS).cloned().collect());
            if items.is_empty() {
                return view! { <p class="empty">"No tweets in this period to tell from."</p> }
                    .into_any();
            }
            view! { <ol class="best-list">{items.into_iter().map(row).rows()}</ol> }.into_any()
        };
        shown(inside).into_any()
    };
    view! {
        <div class="best">
            <h3 title="By the median impressions of the tweets written in them">"Best hours"</h3>
            {panel(hours, "best-panel", content)}
        </div>
    }
    .into_any()
}
