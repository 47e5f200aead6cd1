//! One tweet: the card by X's display rules, what is known of it, its curve. It lies over the
//! table, which keeps its place. Owns: the tweet's questions. Invariant: the address keeps it
//! open, and everything of the curve too.

use super::{Shared, chart};
use crate::address::View;
use crate::api;
use crate::app::{App, app};
use crate::browser;
use crate::erase::{Memo, Rows as _, effect, flag, memo, on_click, shown};
use crate::fetching::Failure;
use crate::numbers;
use crate::pages::about_account;
use crate::parts::{Ago, CopyLink, Icon, Moment, To, panel};
use crate::remote::{Reader, remote_by};
use crate::tweets::metric;
use crate::words::tweets as words;
use leptos::html;
use leptos::prelude::*;
use serde::Deserialize;
use shared::api::{Entity, LiveKind, MetricFall, Refers, SimpleTweet, TweetDetail, TweetKind};
use shared::id::TweetId;
use shared::time::UnixMs;
use std::sync::Arc;

/// What of an answer is not the row.
#[derive(Deserialize)]
struct More {
    username: String,
    name: String,
    avatar: Option<String>,
    entities: Vec<Entity>,
    sensitive: bool,
    replaces: Vec<TweetId>,
    replaced_by: Option<TweetId>,
    next_read: Option<UnixMs>,
    readings: u64,
    falls: Vec<MetricFall>,
}

/// Row and rest of an answer, put together.
struct Parts;

impl Reader<TweetDetail> for Parts {
    fn read(answer: &str) -> Result<TweetDetail, Failure> {
        let (tweet, more) = (api::parse(answer)?, api::parse::<More>(answer)?);
        let More { username, name, avatar, entities, sensitive, replaces, replaced_by, .. } = more;
        Ok(TweetDetail {
            tweet,
            username,
            name,
            avatar,
            entities,
            sensitive,
            replaces,
            replaced_by,
            next_read: more.next_read,
            readings: more.readings,
            falls: more.falls,
        })
    }
}

/// The sheet over the table.
#[component]
pub(super) fn Sheet(shared: Shared) -> impl IntoView {
    let app = app();
    let node = NodeRef::<html::Section>::new();
    let id = memo(move || app.seen(|view| view.tweets.open.clone()));
    let detail = remote_by::<TweetDetail, Parts>(move || {
        let id = id.get()?;
        let mut question = about_account(app, &format!("/tweets/{id}"), &[])?;
        question.subject = format!("{} {id}", question.subject);
        Some(question)
    });
    effect(move || {
        if node.get().is_some() {
            browser::lend_focus(".tweet-sheet");
        }
    });
    on_cleanup(browser::return_focus);
    let close = move |_| app.change(|view| view.tweets.open = None);
    let step =
        move |by: isize| move |_| app.row.update(|row| *row = row.saturating_add_signed(by).max(1));
    // What the table has not loaded has no neighbours.
    let alone = move || app.row.get() == 0;
    view! {
        <section class="tweet-sheet" aria-label="Tweet" tabindex="-1" node_ref=node>
            <div class="sheet-inside">
                <header class="sheet-head">
                    <button type="button" class="quiet-button close" title="Back to the tweets (Esc)" on:click=on_click(close)>
                        <Icon name="left"/>
                        "Tweets"
                    </button>
                    <div class="sheet-steps">
                        <CopyLink/>
                        <button type="button" class="icon-button" aria-label="Tweet before" title="Tweet before (K)"
                            disabled=flag(alone) on:click=on_click(step(-1))>
                            <Icon name="up"/>
                        </button>
                        <button type="button" class="icon-button" aria-label="Next tweet" title="Next tweet (J)"
                            disabled=flag(alone) on:click=on_click(step(1))>
                            <Icon name="down"/>
                        </button>
                    </div>
                </header>
                {panel(detail, "tweet-panel", move |value| content(shared, value))}
            </div>
        </section>
    }
}

fn content(shared: Shared, value: Memo<TweetDetail>) -> AnyView {
    let app = app();
    // The card is made anew for another tweet or version, and not each time it is read again.
    let card = memo(move || value.with(|detail| simple(detail, app)));
    let deleted = memo(move || value.with(|detail| detail.tweet.deleted_at));
    let shown_card = move || match deleted.get() {
        Some(at) => {
            let when = move || app.zone.with(|zone| words::deleted(at, app.now.get(), zone));
            view! {
                <div class="tweet-gone">
                    <p>"Deleted at X: its text is gone here too."</p>
                    <p class="note">{shown(when)}</p>
                </div>
            }
            .into_any()
        }
        None => crate::pages::live::card(Arc::new(card.get())),
    };
    view! {
        <div class="tweet-view">
            <div class="tweet-aside">
                <div class="card tweet-face-card">{shown(shown_card)}</div>
                {shown(move || editions(value))}
                {shown(move || facts(value))}
            </div>
            <div class="tweet-main">
                {chart::curve(shared, value)}
                {shown(move || after(value))}
                {shown(move || table(value))}
            </div>
        </div>
    }
    .into_any()
}

/// As the card takes a tweet.
fn simple(detail: &TweetDetail, app: App) -> SimpleTweet {
    let tweet = &detail.tweet;
    let refers = match tweet.kind {
        TweetKind::Tweet => None,
        TweetKind::Reply => Some("replied_to"),
        TweetKind::Quote => Some("quoted"),
        TweetKind::Retweet => Some("retweeted"),
    };
    let author = app.account.with_untracked(|one| one.as_ref().map(|one| one.id));
    SimpleTweet {
        seq: 0,
        kind: LiveKind::SimpleTweet,
        at: tweet.created_at.or(tweet.read_at).unwrap_or_default(),
        id: tweet.id,
        author_id: author.unwrap_or(shared::id::UserId(0)),
        username: detail.username.clone(),
        name: detail.name.clone(),
        avatar: detail.avatar.clone(),
        body: tweet.text.clone().unwrap_or_default(),
        entities: detail.entities.clone(),
        created_at: tweet.created_at,
        lang: tweet.lang.clone(),
        country: None,
        rules: Vec::new(),
        refers: refers.map(|kind| Refers { kind: kind.to_owned(), id: tweet.id }),
        sensitive: detail.sensitive,
        late: false,
    }
}

fn to_tweet(id: TweetId, text: String) -> AnyView {
    let change = move |mut view: View| {
        view.tweets.open = Some(id.to_string());
        view
    };
    view! { <To change=change>{text}</To> }.into_any()
}

/// X gives an edited tweet a new id: which versions there are.
fn editions(value: Memo<TweetDetail>) -> Option<AnyView> {
    let (newer, older) = value.with(|detail| (detail.replaced_by, detail.replaces.clone()));
    if newer.is_none() && older.is_empty() {
        return None;
    }
    let many = older.len();
    let old = older.into_iter().enumerate().map(|(at, id)| {
        let comma = if at == 0 { "" } else { ", " };
        view! { {comma}{to_tweet(id, format!("version {}", at + 1))} }
    });
    let old = (many > 0).then(|| {
        view! { <p>"Edited: this is version "{(many + 1).to_string()}". Earlier: "{old.rows()}"."</p> }
    });
    let new = newer.map(|id| {
        view! { <p><strong>"Edited since. "</strong>{to_tweet(id, "See the version that replaced it".to_owned())}"."</p> }
    });
    Some(
        view! { <div class="notice editions"><Icon name="note"/><div>{new}{old}</div></div> }
            .into_any(),
    )
}

fn facts(value: Memo<TweetDetail>) -> AnyView {
    let app = app();
    let detail = value.get();
    let row = |label: &'static str, inside: AnyView| {
        view! { <div><dt>{label}</dt><dd>{inside}</dd></div> }.into_any()
    };
    let mut rows = Vec::new();
    if let Some(at) = detail.tweet.created_at {
        rows.push(row("Written", view! { <Moment at=at/> }.into_any()));
    }
    let lang = detail.tweet.lang.filter(|lang| lang != "und");
    rows.extend(lang.map(|lang| row("Language", browser::language_name(&lang).into_any())));
    if detail.tweet.promoted {
        rows.push(row("Advertising", "Promoted".into_any()));
    }
    let read = detail.tweet.read_at.map(|at| view! { ", last " <Ago at=at/> });
    let times = numbers::plural(detail.readings, "time", "times");
    rows.push(row("Read", view! { {times}{read} }.into_any()));
    if let Some(at) = detail.tweet.private_until {
        rows.push(row("Private metrics last told", view! { <Moment at=at/> }.into_any()));
    }
    if !detail.falls.is_empty() {
        let times = numbers::plural(detail.falls.len() as u64, "time", "times");
        rows.push(row("X corrected itself", times.into_any()));
    }
    let next = detail.next_read;
    let next = move || app.zone.with(|zone| words::next_read(next, app.now.get(), zone));
    view! {
        <div class="tweet-facts">
            <dl class="facts">{rows}</dl>
            <p class="note">{shown(next)}</p>
        </div>
    }
    .into_any()
}

/// Who came and left in the 24 hours after it.
fn after(value: Memo<TweetDetail>) -> AnyView {
    let after = value.with(|detail| detail.tweet.followers_after.clone());
    let inside = match after {
        None => view! {
            <p class="empty">"Not observed: no checks close enough before and after those hours."</p>
        }
        .into_any(),
        Some(after) => {
            let usual_left = after.usual_left.map(|usual| format!("usually {}", words::usual(usual)));
            let range = |bounds: shared::api::Bounds, number: u64| {
                let range = words::range(bounds.low, bounds.high);
                (range != numbers::count(number)).then(|| view! { <span class="note">{range}</span> })
            };
            let beside = words::beside(&after);
            let class = match after.beside {
                shared::api::Beside::More => "chip came",
                _ => "chip",
            };
            view! {
                <div class="after-line">
                <dl class="after-figures">
                    <div class="figure">
                        <dt>"Came"</dt>
                        <dd>
                            <span class="number">{numbers::count(after.came)}</span>
                            {range(after.came_range, after.came)}
                        </dd>
                        <dd class="note">{words::beside_short(&after)}</dd>
                    </div>
                    <div class="figure">
                        <dt>"Left"</dt>
                        <dd>
                            <span class="number">{numbers::count(after.left)}</span>
                            {range(after.left_range, after.left)}
                        </dd>
                        <dd class="note">{usual_left}</dd>
                    </div>
                </dl>
                {(!beside.is_empty()).then(|| view! { <span class=class>{beside}</span> })}
                </div>
                <p class="note">{words::after(&after)}" After, not because of it: nobody can tell that."</p>
            }
            .into_any()
        }
    };
    view! {
        <section class="card after-card">
            <h2>"Followers in the 24 hours after it"</h2>
            {inside}
        </section>
    }
    .into_any()
}

/// The last value of every metric: what is counted by row, whom it counts by column.
fn table(value: Memo<TweetDetail>) -> AnyView {
    let metrics = value.with(|detail| detail.tweet.metrics.clone());
    let mut known: Vec<String> = metrics.keys().cloned().collect();
    metric::sort(&mut known);
    let families: Vec<&str> = metric::FAMILIES
        .into_iter()
        .filter(|family| known.iter().any(|name| metric::split(name).0 == *family))
        .collect();
    let mut names: Vec<String> = Vec::new();
    for name in known {
        let word = metric::split(&name).1.to_owned();
        if !names.contains(&word) {
            names.push(word);
        }
    }
    let head = families.iter().map(|family| {
        let (title, meaning) = words::family(family);
        view! { <th scope="col" title=meaning>{title}</th> }
    });
    let head = head.rows();
    let row = |name: &String| {
        let cell = |family: &&str| {
            let number = metrics.get(&format!("{family}.{name}")).copied();
            view! { <td>{number.map_or_else(|| "–".to_owned(), numbers::count)}</td> }
        };
        let cells = families.iter().map(cell).rows();
        view! { <tr><th scope="row">{words::metric(name)}</th>{cells}</tr> }
    };
    view! {
        <section class="card metrics-card">
            <h2>"Every metric"</h2>
            <div class="scroller" tabindex="0" role="region" aria-label="Every metric">
                <table class="numbers">
                    <thead><tr><th scope="col"><span class="hidden">"Metric"</span></th>{head}</tr></thead>
                    <tbody>{names.iter().map(row).rows()}</tbody>
                </table>
            </div>
            <p class="note">
                {split_note(value)}
            </p>
        </section>
    }
    .into_any()
}

fn split_note(value: Memo<TweetDetail>) -> Option<&'static str> {
    let promoted = value.with(|detail| detail.tweet.promoted);
    promoted.then_some(
        "Organic: who came without the advertisement. Promoted: whom it brought. X counts them apart.",
    )
}
