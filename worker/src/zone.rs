//! Zones as the platform knows them. Owns: what a zone's clocks show, asked of JavaScript's
//! `Intl`. Must not know: what is bounded by them. Invariant: no call here can throw through
//! wasm, and a name that the platform does not know is the caller's mistake.

use crate::fault::{Fault, Result};
use crate::query::Query;
use js_sys::{Array, Object, Reflect};
use shared::time::UnixMs;
use shared::tz::{self, Zone};
use std::borrow::Cow;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    // js-sys has it too, but without `catch`: a name that is no zone's is a RangeError.
    #[wasm_bindgen(js_namespace = Intl)]
    type DateTimeFormat;
    #[wasm_bindgen(constructor, js_namespace = Intl, catch)]
    fn new(locales: &Array, options: &Object) -> std::result::Result<DateTimeFormat, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn format(this: &DateTimeFormat, at: f64) -> std::result::Result<String, JsValue>;
}

/// The zone of the parameter `tz`, with its name as IANA writes it; UTC without one.
///
/// # Errors
/// 400, if it is no zone's name.
pub(crate) fn asked(query: &Query) -> Result<(Cow<'static, str>, Zone)> {
    let name = query.get("tz").map_or("UTC", String::as_str);
    Ok((tz::canonical(name).map_err(|why| of_parameter(&why))?, named(name)?))
}

/// The zone of a name.
///
/// # Errors
/// 400, if it is no zone's name.
pub(crate) fn named(name: &str) -> Result<Zone> {
    let canonical = tz::canonical(name).map_err(|why| of_parameter(&why))?;
    // A platform that is older than a zone's new name knows it by the old one.
    let format = formatter(&canonical).or_else(|_| formatter(name));
    let format = format.map_err(|_| of_parameter(&tz::unknown(name)))?;
    #[allow(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit 2^53")]
    let zone = Zone::new(move |at: UnixMs| {
        // An instant that JavaScript has no date for lies outside of chrono's calendar as well.
        format.format(at.0 as f64).map_or(0, |text| tz::offset_ms(&text))
    });
    Ok(zone)
}

fn of_parameter(why: &str) -> Fault {
    Fault::bad(format!("`tz`: {why}"))
}

fn formatter(name: &str) -> std::result::Result<DateTimeFormat, JsValue> {
    let options = Object::new();
    for (key, value) in [("timeZone", name), ("timeZoneName", "longOffset")] {
        Reflect::set(&options, &key.into(), &value.into())?;
    }
    DateTimeFormat::new(&Array::of1(&"en-US".into()), &options)
}
