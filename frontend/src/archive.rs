//! X's own export of an account, opened in the browser. Owns: the binding to `js/archive.js`, and
//! the way from a zip to files that can be imported. Must not know: how it looks. Invariant: what
//! leaves this module are lists of followers and tweets; everything else in the zip stays unread.

use crate::api;
use shared::snapshot::Name;
use shared::x::archive::{Archive as Reading, Found, Layout, Manifest, People, Script, Tweets};
use wasm_bindgen::prelude::*;
use web_sys::File;

#[wasm_bindgen(module = "/js/archive.js")]
extern "C" {
    type Zip;
    #[wasm_bindgen(js_name = openArchive, catch)]
    async fn open_archive(file: &File) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method)]
    fn names(this: &Zip) -> Vec<String>;
    #[wasm_bindgen(method, catch)]
    async fn text(this: &Zip, index: usize) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = gzipFile, catch)]
    async fn gzip_file(name: &str, text: &str) -> Result<JsValue, JsValue>;
}

/// What an archive holds for us.
pub(crate) struct Archive {
    /// What was found, and what is missing.
    pub(crate) found: Found,
    /// Who followed.
    followers: People,
    /// What they wrote.
    tweets: Tweets,
}

/// Opens and reads an archive.
///
/// # Errors
/// What is wrong with it, in words for the owner.
pub(crate) async fn read(file: &File) -> Result<Archive, String> {
    let zip: Zip = open_archive(file)
        .await
        .map_err(|error| format!("this is no zip that can be opened: {}", said(&error)))?
        .unchecked_into();
    let layout = Layout::of(&zip.names()).map_err(|error| error.to_string())?;
    let name = &layout.manifest.name;
    let text = script(&zip, layout.manifest.index).await;
    let text = text.map_err(|error| format!("{name}: {error}"))?;
    let manifest = Manifest::read(&text, &parse).map_err(|error| format!("{name}: {error}"))?;
    let mut archive = Reading::new(manifest);
    for part in &layout.files {
        match script(&zip, part.index).await {
            Ok(text) => archive.take(part, Script::Text(&text), &parse),
            Err(_) => archive.take(part, Script::Shut, &parse),
        }
    }
    let (found, followers, tweets) = archive.finish();
    Ok(Archive { found, followers, tweets })
}

impl Archive {
    /// The files to import: followers first, where their list may be imported, then tweets, where
    /// there are any.
    ///
    /// # Errors
    /// The browser cannot pack them.
    pub(crate) async fn files(self) -> Result<Vec<File>, String> {
        let at = self.found.manifest.made;
        let mut files = Vec::new();
        if self.found.followers.importable() {
            files.push(packed(&Name::followers(at), &self.followers.snapshot()).await?);
        }
        if !self.tweets.is_empty() {
            files.push(packed(&Name::tweets(at), &self.tweets.file()).await?);
        }
        Ok(files)
    }
}

async fn packed(name: &Name, json: &str) -> Result<File, String> {
    let file = gzip_file(name.as_str(), json).await;
    Ok(file.map_err(|error| format!("packing failed: {}", said(&error)))?.unchecked_into())
}

/// One of the zip's scripts.
async fn script(zip: &Zip, index: usize) -> Result<String, String> {
    let text = zip.text(index).await.map_err(|error| said(&error))?;
    Ok(text.as_string().unwrap_or_default())
}

/// JSON parsed by the browser.
fn parse(text: &str) -> Option<serde_json::Value> {
    api::parse(text).ok()
}

fn said(error: &JsValue) -> String {
    let message = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
    message.unwrap_or_else(|| "the browser gave no reason".to_owned())
}
