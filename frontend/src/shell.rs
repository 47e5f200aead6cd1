//! The frame of every page: bar, filters, tabs, what lies over them, and which page is inside.
//! Owns: the places and the way between them. Must not know: what a page shows. Invariant: a
//! page about an account is only shown when there is one and the clock is the server's.

mod bar;
mod command;
mod filters;
mod overlays;
mod period_menu;

use crate::address::{Page, View};
use crate::app::{App, app};
use crate::erase::{Show, flag, memo, on_click, shown};
use crate::parts::{Failed, HowWeKnow, To};
use crate::{api, browser, pages};
use leptos::prelude::*;

/// The whole page.
#[component]
pub(crate) fn Shell() -> impl IntoView {
    browser::end_boot();
    App::open_session();
    let app = App::provide();
    api::on_signed_out(|| {
        // Outside of any component: the address is all there is to go by.
        let here = browser::address();
        if !here.starts_with(Page::SignIn.path()) {
            let view = View { page: Page::SignIn, next: Some(here), ..View::default() };
            browser::navigate(&crate::address::write(&view), true);
            let _ = window().dispatch_event(&popstate());
        }
    });
    browser::install_popovers();
    command::listen(app);
    let inside = move || match app.page.get() {
        Page::SignIn => view! { <main class="bare"><pages::SignIn/></main> }.into_any(),
        _ => view! { <Frame/> }.into_any(),
    };
    view! {
        {shown(inside)}
        <HowWeKnow/>
        <overlays::Overlays/>
        <div class="said" role="status" aria-live="polite">
            {shown(move || app.said.get().map(|text| view! { <p>{text}</p> }))}
        </div>
    }
}

fn popstate() -> web_sys::Event {
    // Fails only without a document to make it in.
    web_sys::Event::new("popstate")
        .unwrap_or_else(|_| wasm_bindgen::JsCast::unchecked_into(wasm_bindgen::JsValue::NULL))
}

/// Bars around the page's own content.
#[component]
fn Frame() -> impl IntoView {
    let app = app();
    let has_period = move || app.page.get().has_period() && app.of_account(|one| one.is_some());
    view! {
        <a class="skip" href="#main">"Skip to the content"</a>
        <bar::Banner/>
        <bar::Bar/>
        <Show when=flag(has_period)>
            <filters::Filters/>
        </Show>
        <main id="main" tabindex="-1">
            <Show when=flag(move || !app.online.get())>
                <p class="offline" role="status">
                    "There is no network: what is shown may be old. It is read anew when the network is back."
                </p>
            </Show>
            <Astray/>
            <Content/>
        </main>
        <bar::Tabs/>
    }
}

/// What the address asked for and is not shown, with the way back.
#[component]
fn Astray() -> impl IntoView {
    let app = app();
    let said = memo(move || app.astray());
    view! {
        <Show when=flag(move || said.with(Option::is_some))>
            <div class="page narrow">
                <p class="no-period" role="status">
                    {shown(move || said.get())} " "
                    <button type="button" class="link" on:click=on_click(move |_| app.put_right())>"All right"</button>
                </p>
            </div>
        </Show>
    }
}

/// Which of the contents there is.
#[derive(Clone, Copy, PartialEq)]
enum State {
    Waiting,
    Failed,
    First,
    /// The period is none of which anything could be known.
    NoPeriod,
    Page(Page),
}

/// What the page shows, once it can.
#[component]
fn Content() -> impl IntoView {
    let app = app();
    let state = memo(move || {
        let page = app.page.get();
        let accounts = app.accounts.with(|list| list.map(|list| list.items.len()));
        match accounts {
            _ if !app.ready() => State::Waiting,
            None => State::Failed,
            Some(0) if !matches!(page, Page::Settings | Page::Connect | Page::Live) => State::First,
            Some(_) if page.has_period() && app.period_trouble().is_some() => State::NoPeriod,
            Some(_) => State::Page(page),
        }
    });
    // Another account is another page: nothing of the one before may shine through.
    let subject = memo(move || app.account.with(|one| one.as_ref().map(|one| one.id)));
    move || {
        subject.track();
        match state.get() {
            State::Waiting => ().into_any(),
            State::Failed => view! {
                <div class="page narrow">
                    <Failed failure=move || app.accounts.failure() retry=move |()| app.accounts.again()/>
                </div>
            }
            .into_any(),
            State::NoPeriod => view! {
                <div class="page narrow">
                    <p class="no-period" role="status">{shown(move || app.period_trouble())}</p>
                </div>
            }
            .into_any(),
            State::First | State::Page(Page::Begin) => view! { <pages::Begin/> }.into_any(),
            State::Page(Page::Overview) => view! { <pages::Overview/> }.into_any(),
            State::Page(Page::Followers) => view! { <pages::Followers/> }.into_any(),
            State::Page(Page::Tweets) => view! { <pages::Tweets/> }.into_any(),
            State::Page(Page::Live) => view! { <pages::Live/> }.into_any(),
            State::Page(Page::Collection) => view! { <pages::Collection/> }.into_any(),
            State::Page(Page::Lookups) => view! { <pages::Lookups/> }.into_any(),
            State::Page(Page::Connect) => view! { <pages::Connect/> }.into_any(),
            State::Page(Page::Settings) => view! { <pages::SettingsPage/> }.into_any(),
            State::Page(Page::SignIn | Page::NotFound) => view! { <NotFound/> }.into_any(),
        }
    }
}

#[component]
fn NotFound() -> impl IntoView {
    view! {
        <div class="page narrow">
            <h1>"There is no such page"</h1>
            <p>
                <To change=|view: View| view.to(Page::Overview)>"Go to the overview"</To>
            </p>
        </div>
    }
}
