//! The pages. Owns: what each of them asks and shows. Must not know: the frame around them.

mod alerts;
mod begin;
mod collection;
mod connect;
mod drawer;
mod followers;
mod live;
mod lookups;
mod overview;
mod reading;
mod settings;
mod sign_in;
mod tweets;

pub(crate) use begin::Begin;
pub(crate) use collection::Collection;
pub(crate) use connect::Connect;
pub(crate) use followers::Followers;
pub(crate) use live::Live;
pub(crate) use lookups::Lookups;
pub(crate) use overview::Overview;
pub(crate) use settings::SettingsPage;
pub(crate) use sign_in::SignIn;
pub(crate) use tweets::Tweets;

use crate::address::with_query;
use crate::app::App;
use crate::remote::Question;
use leptos::prelude::*;

/// A question about the chosen account: `path` is below `/accounts/{account}`. Asked again
/// when something of the account has changed.
pub(crate) fn about_account(app: App, path: &str, pairs: &[(&str, String)]) -> Option<Question> {
    let id = app.account.with(|account| account.as_ref().map(|account| account.id))?;
    let path = with_query(&format!("/accounts/{id}{path}"), pairs);
    let subject = format!("{id} {}", app.page.get_untracked().path());
    Some(Question { subject, path, edition: app.fresh.get() })
}

/// `from` and `to` of the shown period, as the API takes them.
fn range_pairs(app: App) -> [(&'static str, String); 2] {
    let range = app.range.get();
    [("from", range.from.rfc3339()), ("to", range.to.rfc3339())]
}
