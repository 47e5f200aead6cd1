//! The top bar, the tabs of a phone, the banner of sample data.

use crate::address::{Page, View};
use crate::app::{Layer, app};
use crate::erase::{Rows as _, Show, attr, flag, memo, on_click, shown};
use crate::parts::{Avatar, CopyLink, Icon, Mark, Menu, To};
use crate::words::person::names;
use crate::words::state::{self, Tone};
use crate::{api, browser, numbers};
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::api::{Account, CollectorState, Person};

/// "Sample data: nobody here is real".
#[component]
pub(super) fn Banner() -> impl IntoView {
    let app = app();
    view! {
        <Show when=flag(move || app.simulated())>
            <aside class="banner" aria-label="Sample data">
                <span>"Sample data: nobody here is real"</span>
                <button type="button" class="link" on:click=on_click(move |_| app.layer.set(Layer::OwnAccount))>
                    "Use my account"
                </button>
            </aside>
        </Show>
    }
}

/// The top bar.
#[component]
pub(super) fn Bar() -> impl IntoView {
    let app = app();
    let has_account = move || app.of_account(|one| one.is_some());
    view! {
        <header class="bar">
            <div class="bar-inside">
                <To class="home" change=|view: View| view.to(Page::Overview)>
                    <Mark/>
                    <span>"Roost"</span>
                </To>
                <Show when=flag(has_account)>
                    <Switcher/>
                    <nav aria-label="Pages">
                        <Place page=Page::Overview label="Overview"/>
                        <Place page=Page::Followers label="Followers"/>
                        <Place page=Page::Tweets label="Tweets"/>
                        <Place page=Page::Live label="Live"/>
                    </nav>
                </Show>
                <div class="bar-end">
                    <Pill/>
                    <button type="button" class="icon-button keys-button" aria-label="Keys" title="Keys (?)"
                        on:click=on_click(move |_| app.layer.set(Layer::Keys))>
                        <span aria-hidden="true">"?"</span>
                    </button>
                    <Gear/>
                </div>
            </div>
        </header>
    }
}

/// A link to a page, marked if one is there.
#[component]
fn Place(page: Page, label: &'static str) -> impl IntoView {
    let app = app();
    let href = move || crate::address::write(&app.view.get().to(page));
    let here = move || (app.page.get() == page).then_some("page");
    view! { <a class="place" href=attr(href) aria-current=attr(here)>{label}</a> }
}

/// The tabs of a phone.
#[component]
pub(super) fn Tabs() -> impl IntoView {
    let app = app();
    let tab = move |page: Page, icon: &'static str, label: &'static str| {
        let href = move || crate::address::write(&app.view.get().to(page));
        let here = move || (app.page.get() == page).then_some("page");
        view! {
            <a href=attr(href) aria-current=attr(here)>
                <Icon name=icon/>
                <span>{label}</span>
            </a>
        }
    };
    view! {
        <Show when=flag(move || app.of_account(|one| one.is_some()))>
            <nav class="tabs" aria-label="Pages, at the bottom">
                {tab(Page::Overview, "wave", "Overview")}
                {tab(Page::Followers, "people", "Followers")}
                {tab(Page::Tweets, "tweet", "Tweets")}
                {tab(Page::Live, "signal", "Live")}
            </nav>
        </Show>
    }
}

fn as_person(account: &Account) -> Person {
    Person {
        id: account.id,
        username: account.username.clone(),
        name: account.name.clone(),
        avatar: account.avatar.clone(),
    }
}

/// Which account, and the others.
#[component]
fn Switcher() -> impl IntoView {
    let app = app();
    let face = move || {
        app.account.get().map(|account| {
            view! {
                <Avatar person=as_person(&account)/>
                <span class="hidden">"Account:"</span>
                <span class="handle-own">{format!("@{}", account.username)}</span>
                <Icon name="chevron"/>
            }
        })
    };
    let choose = move |id: String| {
        browser::close_popover("#accounts");
        app.choose_account(id);
    };
    let row = move |account: Account| {
        let id = account.id.to_string();
        let chosen = app.account.with(|one| one.as_ref().is_some_and(|one| one.id == account.id));
        view! {
            <button type="button" class="menu-item account" aria-current=chosen.then_some("true")
                on:click=on_click(move |_| choose(id.clone()))>
                <Avatar person=as_person(&account)/>
                <span class="name">{names(&as_person(&account)).0}</span>
                <span class="handle">{format!("@{}", account.username)}</span>
                <span class="number">{account.x_count.or(account.followers).map(numbers::compact)}</span>
            </button>
        }
    };
    let rows = move || {
        app.accounts
            .with(|list| list.map(|list| list.items.clone()))
            .unwrap_or_default()
            .into_iter()
            .map(row)
            .rows()
    };
    view! {
        <Menu id="accounts" label="" class="switcher" face=face>
            {shown(rows)}
            <hr/>
            <a class="menu-item" href="/begin" on:click=on_click(|_| browser::close_popover("#accounts"))>
                <Icon name="plus"/>
                "Add an account"
            </a>
        </Menu>
    }
}

/// How collection stands, in a few words; the rest is on the Collection page.
#[component]
fn Pill() -> impl IntoView {
    let app = app();
    let said = memo(move || {
        let account = app.account.get()?;
        let (zone, now) = (app.zone.get(), app.now.get());
        let (tone, text) = state::pill(&account, now, &zone);
        Some((tone.class(), text, state::next(&account, now, &zone)))
    });
    let share = move || {
        app.account.with(|account| {
            let account = account.as_ref()?;
            if account.collector.state != CollectorState::Checking {
                return None;
            }
            let width = format!("{}%", state::progress(account).unwrap_or(3).max(3));
            Some(view! { <span class="progress" style:width=width></span> })
        })
    };
    let pill = move || {
        said.get().map(|(tone, text, next)| {
            let short = if tone == Tone::Good.class() { "Up to date" } else { &text };
            let short = short.to_owned();
            view! {
                <To class=format!("pill {tone}") change=|view: View| view.to(Page::Collection)>
                    <span class="dot" aria-hidden="true"></span>
                    <span class="long" title=next>{text}</span>
                    <span class="short" aria-hidden="true">{short}</span>
                    {shown(share)}
                </To>
            }
        })
    };
    view! { <div class="pill-place" role="status">{shown(pill)}</div> }
}

/// Settings and Collection, the theme, the way out.
#[component]
fn Gear() -> impl IntoView {
    let app = app();
    let close = || browser::close_popover("#gear");
    let leaving = RwSignal::new(false);
    let leave = move |_| {
        if leaving.get_untracked() {
            return;
        }
        leaving.set(true);
        close();
        spawn_local(async move {
            match api::delete("/session").await {
                Err(failure) if failure.status != Some(401) => {
                    leaving.set(false);
                    app.say(format!(
                        "You are still signed in. {}: {}",
                        failure.title, failure.detail
                    ));
                }
                // A fresh page: nothing of what was read stays in memory, and no panel asks again.
                _ => {
                    app.kept.clear();
                    browser::forget_tab();
                    browser::leave(Page::SignIn.path());
                }
            }
        });
    };
    let href = move |page: Page| move || crate::address::write(&app.view.get().to(page));
    view! {
        <Menu id="gear" label="Settings and more" class="icon-button" align="end"
            face=|| view! { <Icon name="gear"/> }>
            <a class="menu-item" href=href(Page::Collection) on:click=on_click(move |_| close())>
                <Icon name="table"/>
                "Collection"
                <kbd>"G C"</kbd>
            </a>
            <a class="menu-item" href=href(Page::Settings) on:click=on_click(move |_| close())>
                <Icon name="gear"/>
                "Settings"
                <kbd>"G S"</kbd>
            </a>
            <button type="button" class="menu-item" on:click=on_click(move |_| app.turn_theme())>
                <Icon name="moon"/>
                "Light or dark"
            </button>
            // A phone's filter bar has no room for it.
            <div class="menu-copy" on:click=on_click(move |_| close())><CopyLink/></div>
            <hr/>
            <button type="button" class="menu-item" on:click=on_click(leave)>
                <Icon name="leave"/>
                "Sign out"
            </button>
        </Menu>
    }
}
