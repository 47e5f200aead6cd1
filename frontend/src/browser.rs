//! The browser. Owns: the bindings to `js/page.js` and nothing else; every other module that
//! needs the window, storage or a zone comes here. Must not know: what the page shows.
//! Invariant: no call panics where a browser lacks or forbids something.

use crate::calendar::Zone;
use crate::fetching::Failure;
use shared::time::UnixMs;
use std::borrow::Cow;
use std::collections::BTreeSet;
use wasm_bindgen::prelude::*;
use web_sys::{Element, File, HtmlElement};

#[wasm_bindgen(module = "/js/page.js")]
extern "C" {
    #[wasm_bindgen(js_name = zoneOffset)]
    fn zone_offset(zone: &str, at_ms: f64) -> f64;
    #[wasm_bindgen(js_name = zoneIsKnown)]
    fn zone_is_known(zone: &str) -> bool;
    #[wasm_bindgen(js_name = browserZone)]
    pub(crate) fn browser_zone() -> String;
    /// Every zone by the browser's name for it, one per line.
    #[wasm_bindgen(js_name = zones)]
    fn known_zones() -> String;

    pub(crate) fn address() -> String;
    pub(crate) fn origin() -> String;
    pub(crate) fn navigate(path: &str, replace: bool);
    #[wasm_bindgen(js_name = isReturning)]
    pub(crate) fn is_returning() -> bool;
    #[wasm_bindgen(js_name = keepPlaces)]
    pub(crate) fn keep_places();
    /// Loads another page in place of this one.
    pub(crate) fn leave(path: &str);
    #[wasm_bindgen(js_name = takeToken)]
    pub(crate) fn take_token() -> String;
    #[wasm_bindgen(js_name = onLinks)]
    pub(crate) fn on_links(follow: &Closure<dyn Fn(String)>);

    fn stored(session: bool, key: &str) -> String;
    fn store(session: bool, key: &str, value: &str);
    /// Forgets all that this tab keeps.
    #[wasm_bindgen(js_name = forgetTab)]
    pub(crate) fn forget_tab();

    /// Sends a file; see `http::upload`, which reads the answer.
    pub(crate) async fn upload(
        path: &str,
        file: &File,
        bearer: &str,
        progress: &Closure<dyn Fn(f64)>,
    ) -> JsValue;

    /// The value of a JSON text; `undefined` if it is none.
    #[wasm_bindgen(js_name = parseJson)]
    pub(crate) fn parse_json(text: &str) -> JsValue;
    #[wasm_bindgen(js_name = copyText)]
    pub(crate) async fn copy_text(text: &str) -> JsValue;
    #[wasm_bindgen(js_name = setTheme)]
    pub(crate) fn set_theme(theme: &str);
    #[wasm_bindgen(js_name = isDark)]
    pub(crate) fn is_dark() -> bool;
    #[wasm_bindgen(js_name = onSystemTheme)]
    pub(crate) fn on_system_theme(changed: &Closure<dyn Fn()>);
    #[wasm_bindgen(js_name = isTyping)]
    pub(crate) fn is_typing(target: &JsValue) -> bool;
    #[wasm_bindgen(js_name = takesArrows)]
    pub(crate) fn takes_arrows(target: &JsValue) -> bool;
    #[wasm_bindgen(js_name = installPopovers)]
    pub(crate) fn install_popovers();
    #[wasm_bindgen(js_name = openPopover)]
    pub(crate) fn open_popover(popover: &HtmlElement, anchor: &Element);
    #[wasm_bindgen(js_name = closePopover)]
    pub(crate) fn close_popover(selector: &str);
    #[wasm_bindgen(js_name = togglePopover)]
    pub(crate) fn toggle_popover(selector: &str);
    #[wasm_bindgen(js_name = popoverIsOpen)]
    pub(crate) fn popover_is_open() -> bool;
    #[wasm_bindgen(js_name = openDialog)]
    pub(crate) fn open_dialog(dialog: &HtmlElement);
    #[wasm_bindgen(js_name = closeDialog)]
    pub(crate) fn close_dialog(dialog: &HtmlElement);
    #[wasm_bindgen(js_name = placeOf)]
    fn place(element: &Element) -> Vec<f64>;
    #[wasm_bindgen(js_name = focusOn)]
    pub(crate) fn focus_on(selector: &str) -> bool;
    /// Says beside a field of the form in sight what is wrong with it, until it is typed into;
    /// whether there is such a field.
    fn blame(name: &str, text: &str) -> bool;
    /// Says on the console what broke, and on the page that something did.
    pub(crate) fn complain(text: &str);
    #[wasm_bindgen(js_name = sleep)]
    async fn sleep_for(ms: u32) -> JsValue;
    /// Focuses what a selector finds, and remembers what had the focus.
    #[wasm_bindgen(js_name = lendFocus)]
    pub(crate) fn lend_focus(selector: &str);
    #[wasm_bindgen(js_name = returnFocus)]
    pub(crate) fn return_focus();
    /// A country's name by its ISO code.
    #[wasm_bindgen(js_name = regionName)]
    pub(crate) fn region_name(code: &str) -> String;
    /// A language's name by its tag.
    #[wasm_bindgen(js_name = languageName)]
    pub(crate) fn language_name(tag: &str) -> String;
    #[wasm_bindgen(js_name = isOnline)]
    pub(crate) fn is_online() -> bool;
    #[wasm_bindgen(js_name = takesSpace)]
    pub(crate) fn takes_space(target: &JsValue) -> bool;
    /// Hands a text to the viewer as a file.
    #[wasm_bindgen(js_name = saveText)]
    pub(crate) fn save_text(name: &str, text: &str);
    #[wasm_bindgen(js_name = endBoot)]
    pub(crate) fn end_boot();
    #[wasm_bindgen(js_name = setTitle)]
    pub(crate) fn set_title(title: &str);
    /// Whether the window is as narrow as a phone.
    #[wasm_bindgen(js_name = isNarrow)]
    pub(crate) fn is_narrow() -> bool;
    #[wasm_bindgen(js_name = isHidden)]
    pub(crate) fn is_hidden() -> bool;
    #[wasm_bindgen(js_name = scrollToTop)]
    pub(crate) fn scroll_to_top();
}

/// A zone of the browser's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BrowserZone {
    /// As IANA writes it, and the API.
    pub(crate) name: String,
    /// As the browser knows it: an older one has only an older name.
    own: String,
}

impl BrowserZone {
    /// The zone of a name in any case, or of another name of its; `None` if the API would refuse
    /// it or the browser does not know it.
    pub(crate) fn find(name: &str) -> Option<Self> {
        let canonical = shared::tz::canonical(name).ok()?.into_owned();
        let own = [canonical.as_str(), name].into_iter().find(|name| zone_is_known(name))?;
        Some(Self { own: own.to_owned(), name: canonical })
    }

    /// The named zone, or UTC if there is none.
    pub(crate) fn new(name: &str) -> Self {
        let utc = || Self { name: "UTC".to_owned(), own: "UTC".to_owned() };
        Self::find(name).unwrap_or_else(utc)
    }
}

/// The names of every zone that the browser knows, as IANA writes them.
pub(crate) fn zones() -> Vec<String> {
    let mut names = vec!["UTC".to_owned()];
    let known = known_zones();
    let canonical = known.lines().filter_map(|name| shared::tz::canonical(name).ok());
    let known: BTreeSet<String> = canonical.map(Cow::into_owned).collect();
    names.extend(known.into_iter().filter(|name| name != "UTC"));
    names
}

impl Zone for BrowserZone {
    fn offset_ms(&self, at: UnixMs) -> i64 {
        crate::numbers::whole(zone_offset(&self.own, crate::numbers::float(at.0)))
    }
}

/// The browser's clock: right or wrong, see `App::now` for the one that counts.
pub(crate) fn clock_ms() -> i64 {
    crate::numbers::whole(js_sys::Date::now())
}

/// A number from 0 to below 1.
pub(crate) fn random() -> f64 {
    js_sys::Math::random()
}

/// What is remembered on this device between visits.
pub(crate) fn remembered(key: &str) -> String {
    stored(false, key)
}

/// Remembers a value on this device; an empty one is forgotten.
pub(crate) fn remember(key: &str, value: &str) {
    store(false, key, value);
}

/// Says what a form's refusal says beside the field that it is about; the sentence, if it is about
/// none.
pub(crate) fn refused(failure: &Failure) -> Option<String> {
    let said = failure.said();
    let beside = failure.field().is_some_and(|(name, _)| blame(name, &said));
    (!beside).then_some(said)
}

/// What was typed in this tab under a name and is not stored yet.
pub(crate) fn draft(key: &str) -> Option<String> {
    // An emptied field is a draft too: a mark before the text tells it from none.
    stored(true, key).strip_prefix('=').map(str::to_owned)
}

/// Keeps it, or forgets it.
pub(crate) fn keep_draft(key: &str, text: Option<&str>) {
    store(true, key, &text.map(|text| format!("={text}")).unwrap_or_default());
}

const TOKEN_KEY: &str = "roost.token";

/// The token this tab was opened with, if any.
pub(crate) fn token() -> String {
    stored(true, TOKEN_KEY)
}

/// Keeps the token for as long as this tab lives.
pub(crate) fn keep_token(token: &str) {
    store(true, TOKEN_KEY, token);
}

/// Pixels of an element that are scrolled out above, and the window's height.
pub(crate) fn scrolled(element: &Element) -> (usize, usize) {
    let place = place(element);
    let pixels = |px: f64| usize::try_from(crate::numbers::whole(px.max(0.0))).unwrap_or(0);
    match place.as_slice() {
        [top, height] => (pixels(-*top), pixels(*height)),
        _ => (0, 800),
    }
}

/// Waits.
pub(crate) async fn sleep(ms: u32) {
    let _ = sleep_for(ms).await;
}
