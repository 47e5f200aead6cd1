//! The rules at X: what is there, and a new one, whose price comes before it is saved.

use super::Shared;
use crate::address::encode;
use crate::api;
use crate::app::app;
use crate::erase::{Rows as _, Show, flag, on_click, on_submit, on_value, shown};
use crate::numbers;
use crate::parts::Icon;
use crate::words::live as words;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::api::{NewRule, Rule, RuleOrigin};

/// The rules and the field for another.
#[component]
pub(super) fn Rules(shared: Shared) -> impl IntoView {
    let rules = shared.rules;
    let rows = move || {
        let items = rules.with(|rules| rules.map(|rules| rules.items.clone())).unwrap_or_default();
        items.into_iter().map(|rule| row(shared, rule)).rows()
    };
    let none = move || rules.with(|rules| rules.is_some_and(|rules| rules.items.is_empty()));
    view! {
        <div class="side-block">
            <h2>"Rules at X"</h2>
            <ul class="rule-list">{shown(rows)}</ul>
            <Show when=flag(none)>
                <p class="note">"There are none: without a rule X sends nothing."</p>
            </Show>
            <Add shared=shared/>
        </div>
    }
}

fn row(shared: Shared, rule: Rule) -> AnyView {
    let app = app();
    let price = rule.estimate.as_ref().map(|estimate| {
        format!(
            "{} in 7 days, {} a day",
            numbers::plural(estimate.posts_7d, "tweet", "tweets"),
            numbers::about(estimate.usd_per_day)
        )
    });
    let delete = rule.id.clone().filter(|_| rule.origin == RuleOrigin::Own).map(|id| {
        let delete = move |_| {
            let path = format!("/stream/rules?ids={}", encode(&id));
            spawn_local(async move {
                match api::delete(&path).await {
                    Ok(()) => shared.rules.again(),
                    Err(failure) => app.say_failure(&failure),
                }
            });
        };
        view! {
            <button type="button" class="icon-button" aria-label="Delete this rule" title="Delete" on:click=on_click(delete)>
                <Icon name="close"/>
            </button>
        }
    });
    let tag = rule.tag.clone().filter(|_| rule.origin == RuleOrigin::Own);
    view! {
        <li>
            <div>
                <code>{rule.value.clone()}</code>
                <p class="note">{tag.unwrap_or_else(|| words::origin(rule.origin).to_owned())}</p>
                <p class="note">{price}</p>
            </div>
            {delete}
        </li>
    }
    .into_any()
}

/// A new rule: sent once for its price, and again when that is accepted.
#[component]
fn Add(shared: Shared) -> impl IntoView {
    let app = app();
    let value = RwSignal::new(String::new());
    let tag = RwSignal::new(String::new());
    // The server's words, which name the price.
    let price = RwSignal::new(None::<String>);
    let wrong = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let send = move |accepted: Option<f64>| {
        let rule = NewRule {
            value: value.get_untracked().trim().to_owned(),
            tag: Some(tag.get_untracked().trim().to_owned()).filter(|tag| !tag.is_empty()),
            accept_usd_per_day: accepted,
        };
        if rule.value.is_empty() || busy.get_untracked() {
            return;
        }
        busy.set(true);
        wrong.set(None);
        spawn_local(async move {
            let answer = api::send::<Rule>("POST", "/stream/rules", &rule).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(_) => {
                    price.set(None);
                    value.set(String::new());
                    tag.set(String::new());
                    app.say("The rule is in force.");
                    shared.rules.again();
                    shared.stream.again();
                }
                Err(failure) => {
                    let named = failure.status == Some(409)
                        && words::named_price(&failure.detail).is_some();
                    let place = if named { price } else { wrong };
                    place.set(Some(failure.detail));
                }
            }
        });
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        price.set(None);
        send(None);
    };
    let typed = move |signal: RwSignal<String>, text: String| {
        signal.set(text);
        price.set(None);
    };
    view! {
        <form class="rule-add" on:submit=on_submit(submit)>
            <label class="side-field">
                <span>"A new rule"</span>
                <textarea rows="2" spellcheck="false" maxlength="1024" placeholder="(tea OR coffee) lang:en -is:retweet"
                    prop:value=value on:input=on_value(move |text| typed(value, text))></textarea>
                <span class="note">"For the map: place_country:DE or bounding_box:[5 47 15 55] match only tweets that carry a place."</span>
            </label>
            <label class="side-field">
                <span>"Its name"</span>
                <input type="text" maxlength="64" autocomplete="off" prop:value=tag
                    on:input=on_value(move |value| typed(tag, value))/>
            </label>
            <p class="wrong" role="alert">{wrong}</p>
            <Offer price send=Callback::new(move |usd| send(Some(usd)))/>
            <button type="submit" class="button" disabled=flag(move || busy.get())>
                {shown(move || if app.simulated() { "Add the rule" } else { "See its price" })}
            </button>
        </form>
    }
}

/// The price that the server named, to be accepted or not.
#[component]
fn Offer(price: RwSignal<Option<String>>, send: Callback<f64>) -> impl IntoView {
    shown(move || {
        price.get().map(|detail| {
            let told = words::price_told(&detail).to_owned();
            let accept = move |_| {
                // Untold it would not have come here.
                if let Some(usd) = words::named_price(&detail) {
                    send.run(usd);
                }
            };
            view! {
                <div class="rule-price" role="alert">
                    <p>{told}</p>
                    <div class="side-actions">
                        <button type="button" class="button primary" on:click=on_click(accept)>"Save at this price"</button>
                        <button type="button" class="button" on:click=on_click(move |_| price.set(None))>"Not now"</button>
                    </div>
                </div>
            }
        })
    })
}
