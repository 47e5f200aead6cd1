//! The binding to `js/rows.js`. Owns: the life of the drawn rows, and questions about answers
//! that stay in the browser. Must not know: what is drawn. Invariant: rows go with their table.

use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement};

#[wasm_bindgen(module = "/js/rows.js")]
extern "C" {
    type Made;

    #[wasm_bindgen(js_name = makeRows)]
    fn make_rows(host: &HtmlElement) -> Made;
    #[wasm_bindgen(method)]
    fn show(this: &Made, first: u32, height: u32, texts: &str);
    #[wasm_bindgen(method)]
    fn choose(this: &Made, at: i32);
    #[wasm_bindgen(method)]
    fn destroy(this: &Made);

    #[wasm_bindgen(js_name = bringIntoView)]
    fn bring(host: &Element, top: f64, height: f64);
    #[wasm_bindgen(js_name = listOf)]
    fn list_of(answer: &JsValue) -> js_sys::Array;
    #[wasm_bindgen(js_name = metricsOf)]
    fn metrics_of(items: &JsValue) -> String;
    #[wasm_bindgen(js_name = languagesOf)]
    fn languages_of(items: &JsValue) -> String;
}

/// A handle on the rows; local to the page's one thread.
#[derive(Clone, Copy)]
pub(crate) struct Rows(StoredValue<Option<Made>, LocalStorage>);

impl Rows {
    /// No rows yet; they end with the current owner.
    pub(crate) fn empty() -> Self {
        let rows = Self(StoredValue::new_local(None));
        on_cleanup(move || {
            let _ = rows.0.try_update_value(|made| {
                if let Some(made) = made.take() {
                    made.destroy();
                }
            });
        });
        rows
    }

    /// Shows rows from `first` on; `texts` is a JSON list of `tweets::rows::Row`.
    pub(crate) fn show(self, host: &HtmlElement, first: usize, height: usize, texts: &str) {
        let pixels = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let _ = self.0.try_update_value(|made| {
            made.get_or_insert_with(|| make_rows(host)).show(pixels(first), pixels(height), texts);
        });
    }

    /// Marks a row, or none.
    pub(crate) fn choose(self, at: Option<usize>) {
        let at = at.and_then(|at| i32::try_from(at).ok()).unwrap_or(-1);
        let _ = self.0.try_with_value(|made| made.as_ref().map(|made| made.choose(at)));
    }
}

/// Scrolls until so many pixels from an element's top are in sight.
pub(crate) fn bring_into_view(host: &Element, top: usize, height: usize) {
    let pixels = |number: usize| crate::numbers::float(i64::try_from(number).unwrap_or(0));
    bring(host, pixels(top), pixels(height));
}

/// An answer's items and the cursor of the next ones.
pub(crate) fn list(answer: &JsValue) -> (js_sys::Array, Option<String>) {
    let parts = list_of(answer);
    (parts.get(0).into(), parts.get(1).as_string())
}

/// What is there among the items to choose from: metrics, languages.
pub(crate) fn names(items: &js_sys::Array) -> (Vec<String>, Vec<String>) {
    let lines = |text: String| text.lines().map(str::to_owned).collect();
    (lines(metrics_of(items)), lines(languages_of(items)))
}
