//! Signing in: one field, then back to where one was.

use crate::address::{self, Page};
use crate::app::app;
use crate::erase::{attr, on_submit, on_value, shown};
use crate::parts::Mark;
use crate::{api, browser};
use leptos::prelude::*;
use leptos::task::spawn_local;

/// The page.
#[component]
pub(crate) fn SignIn() -> impl IntoView {
    let app = app();
    let token = RwSignal::new(String::new());
    let trouble = RwSignal::new(None::<String>);
    let waiting = RwSignal::new(false);
    let enter = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let given = token.get_untracked().trim().to_owned();
        if given.is_empty() || waiting.get_untracked() {
            return;
        }
        waiting.set(true);
        trouble.set(None);
        spawn_local(async move {
            let answer = api::sign_in(&given).await;
            let _ = waiting.try_set(false);
            match answer {
                Ok(_) => {
                    // The cookie opens everything from here on.
                    browser::keep_token("");
                    let next = app.view.get_untracked().next;
                    let next = next.unwrap_or_else(|| Page::Overview.path().to_owned());
                    let (path, search) = next.split_once('?').unwrap_or((&next, ""));
                    app.status.again();
                    app.go(address::read(path, search));
                }
                Err(failure) if failure.status == Some(401) => {
                    let _ = trouble.try_set(Some("This is not the token.".to_owned()));
                }
                Err(failure) => {
                    let said = failure.said();
                    let _ = trouble.try_set(Some(said));
                }
            }
        });
    };
    view! {
        <form class="sign-in" on:submit=on_submit(enter)>
            <Mark/>
            <h1>"Sign in to Roost"</h1>
            <label for="token">"Token"</label>
            <input id="token" type="password" autocomplete="current-password" spellcheck="false" autofocus
                aria-describedby="token-note" aria-invalid=attr(move || trouble.with(Option::is_some).to_string())
                prop:value=token on:input=on_value(move |value| token.set(value))/>
            <p class="trouble" role="alert">{trouble}</p>
            <button type="submit" class="button primary" disabled=waiting>
                {shown(move || if waiting.get() { "Signing in…" } else { "Sign in" })}
            </button>
            <p class="note" id="token-note">
                "The ADMIN_TOKEN of this deployment. "
                <code>"cargo xtask dev"</code>
                " opens the page with it; a deployment printed it once."
            </p>
            <p class="note"><a href="/privacy.html">"Privacy: what is kept, and for how long"</a></p>
        </form>
    }
}
