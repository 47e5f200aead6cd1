//! The binding to `js/charts.js`. Owns: the life of one chart. Must not know: what is drawn.
//! Invariant: a chart is destroyed with the panel that made it, and calls nobody after that.

use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;

#[wasm_bindgen(module = "/js/charts.js")]
extern "C" {
    type Drawn;

    #[wasm_bindgen(js_name = makeChart)]
    fn make_chart(
        kind: &str,
        host: &HtmlElement,
        drawing: &str,
        picked: &Closure<dyn Fn(i32)>,
        pinned: &Closure<dyn Fn(i32)>,
        zoomed: &Closure<dyn Fn(i32, i32)>,
        opened: &Closure<dyn Fn(i32, i32)>,
    ) -> Drawn;

    #[wasm_bindgen(method)]
    fn update(this: &Drawn, drawing: &str);
    #[wasm_bindgen(method)]
    fn hold(this: &Drawn, bucket: i32);
    #[wasm_bindgen(method)]
    fn recolour(this: &Drawn);
    #[wasm_bindgen(method)]
    fn destroy(this: &Drawn);
}

/// Which chart.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// `js/tide_chart.js`.
    Tide,
    /// `js/tweet_chart.js`.
    Tweet,
}

/// A drawn chart with the closures it calls.
struct Made {
    chart: Drawn,
    _picked: Closure<dyn Fn(i32)>,
    _pinned: Closure<dyn Fn(i32)>,
    _zoomed: Closure<dyn Fn(i32, i32)>,
    _opened: Closure<dyn Fn(i32, i32)>,
}

/// What a chart tells: buckets, readings and tweets by index.
#[derive(Clone, Copy)]
pub(crate) struct Listener {
    /// The pointer is over a bucket, or over none.
    pub(crate) picked: Callback<Option<usize>>,
    pub(crate) pinned: Callback<usize>,
    /// A stretch was drawn out.
    pub(crate) zoomed: Callback<(usize, usize)>,
    /// The mark of these tweets was clicked, from the first to the last.
    pub(crate) opened: Callback<(usize, usize)>,
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

    /// Draws what a drawing says, in JSON; makes the chart when there is none.
    pub(crate) fn draw(self, kind: Kind, host: &HtmlElement, drawing: &str, listener: Listener) {
        self.0.update_value(|slot| match slot {
            Some(made) => made.chart.update(drawing),
            None => *slot = Some(make(kind, host, drawing, listener)),
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

fn make(kind: Kind, host: &HtmlElement, text: &str, listener: Listener) -> Made {
    // A chart may tell something while its panel goes: `try_run` then does nothing.
    let picked = Closure::<dyn Fn(i32)>::new(move |at| {
        let _ = listener.picked.try_run(usize::try_from(at).ok());
    });
    let pinned = Closure::<dyn Fn(i32)>::new(move |at| {
        if let Ok(at) = usize::try_from(at) {
            let _ = listener.pinned.try_run(at);
        }
    });
    let (zoomed, opened) = (stretch(listener.zoomed), stretch(listener.opened));
    let kind = match kind {
        Kind::Tide => "tide",
        Kind::Tweet => "tweet",
    };
    let chart = make_chart(kind, host, text, &picked, &pinned, &zoomed, &opened);
    Made { chart, _picked: picked, _pinned: pinned, _zoomed: zoomed, _opened: opened }
}

fn stretch(told: Callback<(usize, usize)>) -> Closure<dyn Fn(i32, i32)> {
    Closure::new(move |from, to| {
        if let (Ok(from), Ok(to)) = (usize::try_from(from), usize::try_from(to)) {
            let _ = told.try_run((from, to));
        }
    })
}

fn index(bucket: Option<usize>) -> i32 {
    bucket.and_then(|bucket| i32::try_from(bucket).ok()).unwrap_or(-1)
}
