//! The binding to `js/socket.js`. Owns: the life of one socket. Must not know: what is said.
//! Invariant: a socket that was dropped is closed and tells nothing any more.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/js/socket.js")]
extern "C" {
    type Raw;

    #[wasm_bindgen(js_name = openSocket)]
    fn open_socket(
        path: &str,
        token: &str,
        heard: &Closure<dyn FnMut(String)>,
        closed: &Closure<dyn FnMut(u16)>,
    ) -> Raw;

    #[wasm_bindgen(method)]
    fn send(this: &Raw, text: &str);
    #[wasm_bindgen(method)]
    fn close(this: &Raw);
}

/// An open, or opening, socket.
pub(crate) struct Socket {
    raw: Raw,
    _heard: Closure<dyn FnMut(String)>,
    _closed: Closure<dyn FnMut(u16)>,
}

impl Socket {
    /// Opens one to a path of this site.
    pub(crate) fn open(
        path: &str,
        heard: impl FnMut(String) + 'static,
        closed: impl FnMut(u16) + 'static,
    ) -> Self {
        let heard = Closure::<dyn FnMut(String)>::new(heard);
        let closed = Closure::<dyn FnMut(u16)>::new(closed);
        let raw = open_socket(path, &crate::browser::token(), &heard, &closed);
        Self { raw, _heard: heard, _closed: closed }
    }

    /// Says something, if it is open.
    pub(crate) fn say(&self, text: &str) {
        self.raw.send(text);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.raw.close();
    }
}
