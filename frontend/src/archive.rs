//! X's own export of an account, opened in the browser. Owns: the binding to `js/archive.js`, and
//! the way from a zip to files that can be imported. Must not know: how it looks. Invariant: what
//! leaves this module are lists of followers and tweets; everything else in the zip stays unread.

use crate::api;
use serde::de::DeserializeOwned;
use shared::snapshot::Name;
use shared::x::archive::{
    Manifest, ManifestFile, Part, People, PeopleFile, Tweets, TweetsFile, payload,
};
use wasm_bindgen::prelude::*;
use web_sys::File;

#[wasm_bindgen(module = "/js/archive.js")]
extern "C" {
    type Zip;
    #[wasm_bindgen(js_name = openArchive, catch)]
    async fn open_archive(file: &File) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method)]
    fn names(this: &Zip) -> String;
    #[wasm_bindgen(method, catch)]
    async fn text(this: &Zip, name: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = gzipFile, catch)]
    async fn gzip_file(name: &str, text: &str) -> Result<JsValue, JsValue>;
}

/// What an archive holds for us.
pub(crate) struct Archive {
    /// Whose, of when.
    pub(crate) manifest: Manifest,
    /// Who followed.
    pub(crate) followers: People,
    /// What they wrote.
    pub(crate) tweets: Tweets,
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
    let listed = zip.names();
    let parts: Vec<(Part, &str)> =
        listed.lines().filter_map(|name| Some((Part::of(name)?, name))).collect();
    let parts = crate::order::sorted(parts, Ord::cmp);
    let Some((_, first)) = parts.first().filter(|(part, _)| *part == Part::Manifest) else {
        return Err("there is no data/manifest.js in it: choose the zip as X made it".to_owned());
    };
    let raw: ManifestFile = script(&zip, first).await?;
    let manifest = raw.manifest().map_err(|error| format!("{first}: {error}"))?;
    let mut archive = Archive { manifest, followers: People::default(), tweets: Tweets::default() };
    for (part, name) in parts {
        match part {
            Part::Follower => archive.followers.take(script::<PeopleFile>(&zip, name).await?),
            Part::Tweets => {
                let file = script::<TweetsFile>(&zip, name).await?;
                archive.tweets.take(file, archive.manifest.account);
            }
            Part::Manifest | Part::Following => {}
        }
    }
    if archive.followers.ids.is_empty() {
        return Err(
            "it lists no followers: there is no data/follower.js in it, or an empty one".to_owned()
        );
    }
    Ok(archive)
}

impl Archive {
    /// The files to import: followers first, tweets where there are any.
    ///
    /// # Errors
    /// The browser cannot pack them.
    pub(crate) async fn files(self) -> Result<Vec<File>, String> {
        let at = self.manifest.made;
        let mut files = vec![packed(&Name::followers(at), &self.followers.snapshot()).await?];
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

/// One of the zip's scripts, its data parsed by the browser.
async fn script<T: DeserializeOwned>(zip: &Zip, name: &str) -> Result<T, String> {
    let text = zip.text(name).await.map_err(|error| format!("{name}: {}", said(&error)))?;
    let text = text.as_string().unwrap_or_default();
    let json = payload(&text).map_err(|error| format!("{name}: {error}"))?;
    api::parse(json).map_err(|_| format!("{name}: its data are not what X writes"))
}

fn said(error: &JsValue) -> String {
    let message = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
    message.unwrap_or_else(|| "the browser gave no reason".to_owned())
}
