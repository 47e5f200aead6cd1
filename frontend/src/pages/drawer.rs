//! One person in a drawer: who they are, what happened, mute, note. The address keeps it open.
//! Owns: the drawer. Must not know: which page it lies over. Invariant: a note is sent when its
//! field is left, Save is pressed or the drawer closes, never while one types.

use crate::address::with_query;
use crate::api;
use crate::app::{App, app};
use crate::browser;
use crate::erase::{
    Memo, Rows as _, Show, attr, effect, flag, memo, on_click, on_event, on_value, shown,
};
use crate::fetching::Failure;
use crate::numbers;
use crate::pages::about_account;
use crate::parts::{Ago, Avatar, EventChip, Icon, Known, Moment, panel};
use crate::remote::{Reader, Remote, remote_by};
use crate::words::person::{self, names};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Deserialize;
use shared::api::{EventKind, Follower, FollowerChange, FollowerDetail, FollowerEvent};
use shared::id::UserId;
use shared::time::UnixMs;

/// A note's length, as the API takes it.
const NOTE_MAX: u32 = 2_000;

/// What of an answer is not the row.
#[derive(Deserialize)]
struct More {
    profile_at: Option<UnixMs>,
    events: Vec<FollowerEvent>,
}

/// Row and rest of an answer, put together.
struct Parts;

impl Reader<FollowerDetail> for Parts {
    fn read(answer: &str) -> Result<FollowerDetail, Failure> {
        let (follower, more) = (api::parse(answer)?, api::parse::<More>(answer)?);
        Ok(FollowerDetail { follower, profile_at: more.profile_at, events: more.events })
    }
}

/// The drawer, if the address names a person.
#[component]
pub(crate) fn Drawer() -> impl IntoView {
    let app = app();
    let person = memo(move || app.seen(|view| view.person.clone()));
    move || person.get().map(|id| view! { <Open id=id/> })
}

#[component]
fn Open(id: String) -> impl IntoView {
    let app = app();
    let node = NodeRef::<html::Section>::new();
    let detail = remote_by::<FollowerDetail, Parts>(move || {
        let mut question = about_account(app, &format!("/followers/{id}"), &[])?;
        question.subject = format!("{} {id}", question.subject);
        Some(question)
    });
    let close = move || app.change(|view| view.person = None);
    effect(move || {
        if node.get().is_some() {
            browser::lend_focus(".drawer .close");
        }
    });
    on_cleanup(browser::return_focus);
    view! {
        <div class="drawer-back" on:click=on_click(move |_| close())></div>
        <section class="drawer" role="dialog" aria-label="Person" node_ref=node>
            <button type="button" class="icon-button close" aria-label="Close" title="Close (Esc)"
                on:click=on_click(move |_| close())>
                <Icon name="close"/>
            </button>
            {panel(detail, "drawer-panel", move |value| content(value, detail))}
        </section>
    }
}

fn content(value: Memo<FollowerDetail>, detail: Remote<FollowerDetail>) -> AnyView {
    let app = app();
    let of = move |read: fn(&FollowerDetail) -> Option<String>| move || value.with(read);
    let head = move || {
        let user = value.with(|detail| detail.follower.user.clone());
        let (name, handle) = names(&user);
        view! {
            <Avatar person=user large=true/>
            <div>
                <h2>{name}</h2>
                <p class="handle">{handle}</p>
            </div>
        }
    };
    let badges = of(|detail| {
        let follower = &detail.follower;
        let verified = follower.verified.map(|mark| person::verified(mark).to_owned());
        let protected = follower.protected.then(|| "Protected posts".to_owned());
        let parts: Vec<_> = [verified, protected].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" · "))
    });
    let out = move || {
        let user = value.with(|detail| detail.follower.user.clone());
        (!app.simulated() && !user.username.is_empty()).then(|| {
            view! {
                <a class="button" href=format!("https://x.com/{}", user.username) target="_blank" rel="noopener noreferrer">
                    "View on X"
                    <Icon name="out"/>
                </a>
            }
        })
    };
    view! {
        <header class="drawer-head">{shown(head)}</header>
        <p class="badges">{badges}</p>
        <p class="description">{of(|detail| detail.follower.description.clone())}</p>
        {facts(value)}
        <div class="drawer-actions">
            <MuteButton value=value detail=detail/>
            {shown(out)}
        </div>
        <Note value=value detail=detail/>
        <h3>"What happened"</h3>
        {history(value)}
        <p class="note">{shown(move || value.with(|detail| detail.profile_at).map(|at| view! { "Profile read " <Ago at=at/> "." }))}</p>
    }
    .into_any()
}

fn facts(value: Memo<FollowerDetail>) -> impl IntoView {
    let follows = |follower: &Follower| match (follower.following, follower.mutual) {
        (true, Some(true)) => "Follows you, and you them",
        (true, _) => "Follows you",
        (false, _) => "Does not follow you now",
    };
    move || {
        let follower = value.with(|detail| detail.follower.clone());
        let since = match (follower.following, follower.since) {
            (true, Some(at)) => Some(view! { <Moment at=at/> }.into_any()),
            (true, None) => Some("before tracking began".into_any()),
            (false, _) => None,
        };
        view! {
            <dl class="facts">
                <div><dt>"Now"</dt><dd>{follows(&follower)}</dd></div>
                {since.map(|since| view! { <div><dt>"First seen"</dt><dd>{since}</dd></div> })}
                <div>
                    <dt>"Their followers"</dt>
                    <dd class="number">{follower.followers.map_or_else(|| "not known".to_owned(), numbers::count)}</dd>
                </div>
                {follower.joined.map(|at| view! { <div><dt>"On X since"</dt><dd><Ago at=at/></dd></div> })}
            </dl>
        }
    }
}

fn history(value: Memo<FollowerDetail>) -> impl IntoView {
    let row = |event: FollowerEvent| {
        let at = event.at;
        let class = match event.kind {
            EventKind::Lost => "left",
            EventKind::Followed | EventKind::Returned => "came",
            EventKind::Renamed => "renamed",
        };
        let lost = event.kind == EventKind::Lost;
        let chip = lost.then(|| view! { <EventChip event=event.clone()/> });
        view! {
            <li class=class>
                <span class="what">{person::happened(&event)}</span>
                {chip}
                <span class="when"><Moment at=at/></span>
                {lost.then(|| view! { <Known event=event/> })}
            </li>
        }
    };
    move || {
        let events = value.with(|detail| detail.events.clone());
        if events.is_empty() {
            view! { <p class="empty">"Nothing since tracking began."</p> }.into_any()
        } else {
            view! { <ol class="history">{events.into_iter().map(row).rows()}</ol> }.into_any()
        }
    }
}

/// Changes a person of an account and shows what came of it, in the drawer and in the lists
/// around it.
async fn change(
    app: App,
    account: &str,
    id: UserId,
    change: FollowerChange,
) -> Result<(), Failure> {
    let path = with_query(&format!("/accounts/{account}/followers/{id}"), &[]);
    let _: serde::de::IgnoredAny = api::send("PATCH", &path, &change).await?;
    app.edit(id, change);
    Ok(())
}

/// The account that is shown now.
fn account_now(app: App) -> String {
    let id = app.account.with_untracked(|one| one.as_ref().map(|one| one.id.to_string()));
    id.unwrap_or_default()
}

#[component]
fn MuteButton(value: Memo<FollowerDetail>, detail: Remote<FollowerDetail>) -> impl IntoView {
    let app = app();
    let muted = move || value.with(|detail| detail.follower.muted);
    let waiting = RwSignal::new(false);
    let turn = move |_| {
        if waiting.get_untracked() {
            return;
        }
        waiting.set(true);
        let id = value.with_untracked(|detail| detail.follower.user.id);
        let account = account_now(app);
        let wanted = FollowerChange { muted: Some(!untrack(muted)), note: None };
        spawn_local(async move {
            match change(app, &account, id, wanted).await {
                Ok(()) => detail.again(),
                Err(failure) => app.say_failure(&failure),
            }
            let _ = waiting.try_set(false);
        });
    };
    view! {
        <button type="button" class="button" aria-pressed=attr(move || muted().to_string()) on:click=on_click(turn)
            title="Muted people are left out of who came and who left">
            <Icon name="mute"/>
            {shown(move || if muted() { "Muted" } else { "Mute" })}
        </button>
    }
}

/// What a note is about, and the tab's memory of what was typed and not stored yet: a note
/// outlives its drawer, a lost connection and a reload.
#[derive(Clone)]
struct Draft {
    app: App,
    account: String,
    id: UserId,
    detail: Remote<FollowerDetail>,
}

impl Draft {
    fn key(&self) -> String {
        format!("roost.note.{}.{}", self.account, self.id)
    }

    fn typed(&self) -> Option<String> {
        browser::draft(&self.key())
    }

    fn keep(&self, text: &str) {
        browser::keep_draft(&self.key(), Some(text));
    }

    fn forget(&self) {
        browser::keep_draft(&self.key(), None);
    }

    /// Stores the note; a draft that was typed on meanwhile stays.
    fn store(self, text: String, failed: impl FnOnce() + 'static) {
        spawn_local(async move {
            let wanted = FollowerChange { muted: None, note: Some(text.clone()) };
            match change(self.app, &self.account, self.id, wanted).await {
                Ok(()) => {
                    if self.typed().as_ref() == Some(&text) {
                        self.forget();
                    }
                    self.detail.again();
                    self.app.say("Note kept.");
                }
                Err(failure) => {
                    failed();
                    self.app.say(format!(
                        "{}: {} The note waits here until this tab is closed.",
                        failure.title, failure.detail
                    ));
                }
            }
        });
    }
}

#[component]
fn Note(value: Memo<FollowerDetail>, detail: Remote<FollowerDetail>) -> impl IntoView {
    let app = app();
    let id = value.with_untracked(|detail| detail.follower.user.id);
    let draft = StoredValue::new(Draft { app, account: account_now(app), id, detail });
    let kept = memo(move || value.with(|detail| detail.follower.note.clone()).unwrap_or_default());
    let typed = draft.with_value(Draft::typed);
    let text = RwSignal::new(typed.unwrap_or_else(|| kept.get_untracked()));
    Effect::new(move |before: Option<String>| {
        let now = kept.get();
        // Another note than before: stored here, or elsewhere. A first run changes nothing.
        if before.is_some_and(|before| before != now) && draft.with_value(Draft::typed).is_none() {
            text.set(now.clone());
        }
        now
    });
    let changed = move || text.get() != kept.get();
    // Leaving the field by a press of Save would send it twice.
    let sent = StoredValue::new(None::<String>);
    let save = move || {
        let (Some(now), Some(kept)) = (text.try_get_untracked(), kept.try_get()) else { return };
        if now == kept || sent.get_value().as_ref() == Some(&now) {
            return;
        }
        sent.set_value(Some(now.clone()));
        draft.get_value().store(now, move || drop(sent.try_set_value(None)));
    };
    // However the drawer closes, what was typed is stored.
    on_cleanup(move || untrack(save));
    let input = move |value: String| {
        draft.with_value(|draft| {
            if value == kept.get_untracked() { draft.forget() } else { draft.keep(&value) }
        });
        text.set(value);
    };
    view! {
        <div class="note-editor">
            <label for="person-note"><Icon name="note"/>"Your note"</label>
            <textarea id="person-note" rows="2" maxlength=NOTE_MAX.to_string() prop:value=text
                placeholder="Only you see it"
                on:input=on_value(input)
                on:change=on_event(move |_: leptos::ev::Event| save())></textarea>
            <Show when=flag(changed)>
                <button type="button" class="button primary" on:click=on_click(move |_| save())>"Save"</button>
            </Show>
        </div>
    }
}
