//! The binding to `js/charts.js`. Owns: the life of one chart. Must not know: what is drawn.
//! Invariant: a chart is destroyed with the panel that made it, and calls nobody after that.

use crate::tide::Drawing;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;

#[wasm_bindgen(module = "/js/charts.js")]
extern "C" {
    type TideChart;

    #[wasm_bindgen(js_name = makeTide)]
    fn make_tide(
        host: &HtmlElement,
        drawing: &str,
        picked: &Closure<dyn Fn(i32)>,
        pinned: &Closure<dyn Fn(i32)>,
        zoomed: &Closure<dyn Fn(i32, i32)>,
    ) -> TideChart;

    #[wasm_bindgen(method)]
    fn update(this: &TideChart, drawing: &str);
    #[wasm_bindgen(method)]
    fn hold(this: &TideChart, bucket: i32);
    #[wasm_bindgen(method)]
    fn recolour(this: &TideChart);
    #[wasm_bindgen(method)]
    fn destroy(this: &TideChart);
}

/// A drawn tide with the closures it calls.
struct Made {
    chart: TideChart,
    _picked: Closure<dyn Fn(i32)>,
    _pinned: Closure<dyn Fn(i32)>,
    _zoomed: Closure<dyn Fn(i32, i32)>,
}

/// What a chart tells: buckets by index.
#[derive(Clone, Copy)]
pub(crate) struct Listener {
    /// The pointer is over a bucket, or over none.
    pub(crate) picked: Callback<Option<usize>>,
    pub(crate) pinned: Callback<usize>,
    /// A stretch was drawn out.
    pub(crate) zoomed: Callback<(usize, usize)>,
}

/// A handle on a chart; local to the page's one thread.
#[derive(Clone, Copy)]
pub(crate) struct Chart(StoredValue<Option<Made>, LocalStorage>);

impl Chart {
    /// No chart yet; it ends with the current owner.
    pub(crate) fn empty() -> Self {
        let chart = Self(StoredValue::new_local(None));
        on_cleanup(move || {
            let _ = chart.0.try_update_value(|made| {
                if let Some(made) = made.take() {
                    made.chart.destroy();
                }
            });
        });
        chart
    }

    /// Draws; makes the chart when there is none.
    pub(crate) fn draw(self, host: &HtmlElement, drawing: &Drawing, listener: Listener) {
        let text = serde_json::to_string(drawing).unwrap_or_default();
        self.0.update_value(|slot| match slot {
            Some(made) => made.chart.update(&text),
            None => *slot = Some(make(host, &text, listener)),
        });
    }

    /// Shows a bucket as pinned, or none.
    pub(crate) fn hold(self, bucket: Option<usize>) {
        self.with(|made| made.chart.hold(index(bucket)));
    }

    /// Reads the colours anew.
    pub(crate) fn recolour(self) {
        self.with(|made| made.chart.recolour());
    }

    fn with(self, act: impl FnOnce(&Made)) {
        let _ = self.0.try_with_value(|made| made.as_ref().map(act));
    }
}

fn make(host: &HtmlElement, text: &str, listener: Listener) -> Made {
    // A chart may tell something while its panel goes: `try_run` then does nothing.
    let picked = Closure::<dyn Fn(i32)>::new(move |at| {
        let _ = listener.picked.try_run(usize::try_from(at).ok());
    });
    let pinned = Closure::<dyn Fn(i32)>::new(move |at| {
        if let Ok(at) = usize::try_from(at) {
            let _ = listener.pinned.try_run(at);
        }
    });
    let zoomed = Closure::<dyn Fn(i32, i32)>::new(move |from, to| {
        if let (Ok(from), Ok(to)) = (usize::try_from(from), usize::try_from(to)) {
            let _ = listener.zoomed.try_run((from, to));
        }
    });
    let chart = make_tide(host, text, &picked, &pinned, &zoomed);
    Made { chart, _picked: picked, _pinned: pinned, _zoomed: zoomed }
}

fn index(bucket: Option<usize>) -> i32 {
    bucket.and_then(|bucket| i32::try_from(bucket).ok()).unwrap_or(-1)
}
