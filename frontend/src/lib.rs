//! Roost's page, a client-side Leptos app.
//!
//! # Layout
//! - pure, tested natively: [`calendar`], [`period`], [`address`], [`numbers`], [`tide`],
//!   [`paging`], [`fetching`], [`keys`], [`live`], [`lookups`], [`order`],
//!   [`tweets`],
//!   [`words`]
//! - the edge: [`browser`] (everything JavaScript), [`erase`], [`http`], [`api`], [`remote`], [`charts`],
//!   [`settings`], [`row_list`], [`socket`], [`map`], [`stream`]
//! - the page: [`app`] (shared state), [`parts`], [`shell`], [`pages`]
//!
//! Invariant: nothing in the first group knows the second, nothing in the second the third;
//! what the address says is the only state that survives a reload.

// A component takes its properties by value: that is its interface.
#![allow(clippy::needless_pass_by_value)]
// Signals are handles: passing a struct of them by value is how Leptos is written.
#![allow(clippy::large_types_passed_by_value)]
// `#[component]` writes `pub` items of its own, which nobody outside can reach.
#![allow(unreachable_pub)]

mod address;
mod api;
mod app;
mod archive;
mod browser;
mod calendar;
mod charts;
mod erase;
mod fetching;
mod http;
mod kept;
mod keys;
mod live;
mod lookups;
mod map;
mod numbers;
mod order;
mod pages;
mod paging;
mod parts;
mod period;
mod remote;
mod row_list;
mod settings;
mod shell;
mod socket;
mod stream;
mod tide;
mod tweets;
mod words;

use wasm_bindgen::prelude::wasm_bindgen;

/// Puts the page into the document; the module loader calls it once.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| browser::complain(&panic.to_string())));
    leptos::mount::mount_to_body(shell::Shell);
}
