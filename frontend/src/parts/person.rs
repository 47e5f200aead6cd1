//! People: pictures, rows, chips, and "How we know".

use crate::app::app;
use crate::browser;
use crate::erase::{Rows as _, on_click, on_event, shown};
use crate::numbers;
use crate::parts::{Ago, Icon, To};
use crate::words::person::{self, names};
use leptos::html;
use leptos::prelude::*;
use shared::api::{FollowerEvent, LossState, Person};

/// Pictures are loaded from X's own host and from nowhere else.
const PICTURES: &str = "https://pbs.twimg.com/";

/// A picture, or initials on a tint that stays with the person.
#[component]
pub(crate) fn Avatar(person: Person, #[prop(optional)] large: bool) -> impl IntoView {
    let app = app();
    // Nobody in sample data is real, and neither are their pictures.
    let real = !app.simulated();
    let picture = person.avatar.filter(|url| real && url.starts_with(PICTURES));
    let broken = RwSignal::new(false);
    let size = if large { "64" } else { "32" };
    let image = move || {
        let url = picture.clone().filter(|_| !broken.get())?;
        Some(view! {
            <img src=url alt="" width=size height=size loading="lazy" decoding="async"
                referrerpolicy="no-referrer" on:error=on_event(move |_: leptos::ev::ErrorEvent| broken.set(true))/>
        })
    };
    let class = format!("avatar tint-{}{}", person.id.0 % 8, if large { " large" } else { "" });
    view! {
        <span class=class aria-hidden="true">
            {person::initials(&person.name, &person.username)}
            {shown(image)}
        </span>
    }
}

/// Name and handle, as a link to the person's drawer.
#[component]
pub(crate) fn Name(person: Person) -> impl IntoView {
    let id = person.id.to_string();
    let (name, handle) = names(&person);
    view! {
        <To class="who" change=move |mut view: crate::address::View| {
            view.person = Some(id.clone());
            view
        }>
            <span class="name">{name}</span>
            <span class="handle">{handle}</span>
        </To>
    }
}

/// The chip of an event; for who left it opens "How we know".
#[component]
pub(crate) fn EventChip(event: FollowerEvent) -> impl IntoView {
    let app = app();
    let (word, class) = person::chip(&event);
    let open = move |click: leptos::ev::MouseEvent| {
        app.how.set(Some(event.clone()));
        let popover = document().get_element_by_id("how");
        if let (Some(popover), Some(chip)) = (popover, click.current_target()) {
            use wasm_bindgen::JsCast as _;
            browser::open_popover(popover.unchecked_ref(), chip.unchecked_ref());
        }
    };
    view! {
        <button type="button" class=format!("chip {class}") title="How we know" on:click=on_click(open)>
            {word}
        </button>
    }
}

/// One person in a list of who came or left.
#[component]
pub(crate) fn PersonRow(event: FollowerEvent) -> impl IntoView {
    let corrected = event.state == Some(LossState::Retracted);
    let theirs = event.followers.map(|count| {
        view! {
            <span class="theirs" title=numbers::plural(count, "follower", "followers")>
                {numbers::compact(count)} {if count == 1 { " follower" } else { " followers" }}
            </span>
        }
    });
    let at = event.at;
    view! {
        <li class="person" class:corrected=corrected>
            <Avatar person=event.user.clone()/>
            <Name person=event.user.clone()/>
            <EventChip event=event/>
            <span class="theirs-cell">{theirs}</span>
            <span class="when"><Ago at=at/></span>
        </li>
    }
}

/// How an event came to be known, step by step.
#[component]
pub(crate) fn Known(event: FollowerEvent) -> impl IntoView {
    let app = app();
    let lines = move || {
        let next = app.account.with(|one| one.as_ref().and_then(|one| one.collector.next_check));
        let zone = app.zone.get();
        let lines = person::how_we_know(&event, next, app.now.get(), &zone);
        let row = |(label, text): (&'static str, String)| {
            view! {
                <div>
                    <dt>{label}</dt>
                    <dd>{text}</dd>
                </div>
            }
        };
        lines.into_iter().map(row).rows()
    };
    view! { <dl class="known">{shown(lines)}</dl> }
}

/// The one popover that says how we know.
#[component]
pub(crate) fn HowWeKnow() -> impl IntoView {
    let app = app();
    let node = NodeRef::<html::Div>::new();
    let lines = move || app.how.get().map(|event| view! { <Known event=event/> });
    view! {
        <div class="popover how" id="how" popover="auto" role="dialog" aria-label="How we know" node_ref=node>
            <h3>
                "How we know" <span class="who">{shown(move || app.how.get().map(|event| names(&event.user).0))}</span>
            </h3>
            {shown(lines)}
            <button type="button" class="icon-button close" aria-label="Close" autofocus
                on:click=on_click(move |_| browser::close_popover("#how"))>
                <Icon name="close"/>
            </button>
        </div>
    }
}
