//! The binding to `js/map.js`. Owns: the life of one map. Must not know: what is drawn.
//! Invariant: a map is destroyed with the page that made it, and calls nobody after that.

use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;

#[wasm_bindgen(module = "/js/map.js")]
extern "C" {
    /// The map, once it is loaded.
    pub(crate) type LiveMap;
    type Listener;

    #[wasm_bindgen(js_name = listen)]
    fn listen(
        pointed: &Closure<dyn FnMut(f64, f64, f64, bool)>,
        drawn: &Closure<dyn FnMut(f64, f64, f64, f64)>,
        moved: &Closure<dyn FnMut(f64, f64, f64, bool)>,
    ) -> Listener;
    #[wasm_bindgen(js_name = openMap, catch)]
    async fn open_map(
        host: &HtmlElement,
        camera: &str,
        listener: &Listener,
    ) -> Result<JsValue, JsValue>;
    fn frames(frame: &Closure<dyn FnMut()>) -> js_sys::Function;

    /// Writes blips from a slot of the ring on.
    #[wasm_bindgen(method)]
    pub(crate) fn write(this: &LiveMap, first: u32, numbers: &[f32]);
    /// Draws stretches of the ring (first, count, …) at a time in seconds.
    #[wasm_bindgen(method)]
    pub(crate) fn draw(this: &LiveMap, stretches: &[u32], clock: f64);
    /// Shows numbers and the chosen box: see `js/live_map.js`.
    #[wasm_bindgen(method)]
    pub(crate) fn show(this: &LiveMap, text: &str);
    /// Keeps an element beside a place of the Mercator square.
    #[wasm_bindgen(method)]
    pub(crate) fn pin(this: &LiveMap, element: &HtmlElement, x: f64, y: f64);
    #[wasm_bindgen(method)]
    pub(crate) fn unpin(this: &LiveMap);
    /// Whether what is under the pointer can be opened.
    #[wasm_bindgen(method)]
    pub(crate) fn pointer(this: &LiveMap, on: bool);
    /// Whether dragging draws a box.
    #[wasm_bindgen(method, js_name = boxTool)]
    pub(crate) fn box_tool(this: &LiveMap, on: bool);
    #[wasm_bindgen(method, js_name = zoomBy)]
    pub(crate) fn zoom_by(this: &LiveMap, by: f64);
    /// Shows the whole world.
    #[wasm_bindgen(method)]
    pub(crate) fn home(this: &LiveMap);
    /// Reads the colours anew.
    #[wasm_bindgen(method)]
    pub(crate) fn recolour(this: &LiveMap);
    #[wasm_bindgen(method)]
    fn destroy(this: &LiveMap);
}

/// A map with the closures it calls.
pub(crate) struct Made {
    pub(crate) map: LiveMap,
    _closures: Closures,
}

impl Drop for Made {
    fn drop(&mut self) {
        self.map.destroy();
    }
}

/// What a map tells.
pub(crate) struct Closures {
    /// A place of the Mercator square (below 0: none), the world's width in pixels, a click.
    pub(crate) pointed: Closure<dyn FnMut(f64, f64, f64, bool)>,
    /// West, south, east, north of a box that was drawn.
    pub(crate) drawn: Closure<dyn FnMut(f64, f64, f64, f64)>,
    /// Longitude, latitude, zoom; whether a person moved it.
    pub(crate) moved: Closure<dyn FnMut(f64, f64, f64, bool)>,
}

/// Loads the map's code and ground, and makes it in `host`; why not, if it cannot.
pub(crate) async fn make(
    host: &HtmlElement,
    camera: &str,
    closures: Closures,
) -> Result<Made, String> {
    let listener = listen(&closures.pointed, &closures.drawn, &closures.moved);
    let made = open_map(host, camera, &listener).await;
    match made {
        Ok(map) => Ok(Made { map: map.unchecked_into(), _closures: closures }),
        Err(error) => {
            let error: &js_sys::Error = error.unchecked_ref();
            Err(error.message().into())
        }
    }
}

/// Calls before each painted frame, until it is dropped.
pub(crate) struct Frames {
    stop: js_sys::Function,
    _frame: Closure<dyn FnMut()>,
}

impl Frames {
    pub(crate) fn run(frame: impl FnMut() + 'static) -> Self {
        let frame = Closure::<dyn FnMut()>::new(frame);
        Self { stop: frames(&frame), _frame: frame }
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        // It takes nothing and cannot fail.
        let _ = self.stop.call0(&JsValue::NULL);
    }
}
