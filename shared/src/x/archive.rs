//! X's own export of an account ("Your archive"). Owns: which of its files are read, what they
//! become here (a saved list of followers, a file of tweets), and whether they are all there.
//! Must not know: how a zip is opened, or a browser. Invariants: of an archive nothing is read but
//! the files named by [`Part`], so that messages, addresses and telephone numbers stay where they
//! are; a list of followers of which anything may be missing is never handed on as the whole list.
//!
//! The files are scripts, `window.YTD.<name>.part<N> = [ … ]`; long lists come in several. What is
//! known of the layouts, by public readers of them:
//!
//! | made | layout | source |
//! |---|---|---|
//! | to 2018 | `data/js/tweets/2016_01.js`, no followers | mwichary/twitter-export-image-fill#11 |
//! | 2018 to early 2020 | `tweet.js` at the root, bare tweets, no manifest | tiffany352/twitter-archive-browser#29 |
//! | to late 2020 | each tweet in an object `tweet`; `manifest.js` | alkihis/archive-explorer-web#5 |
//! | to 2022 | the same under `data/` | alkihis/archive-explorer-web#5 |
//! | since 2022 | `data/tweets.js`, `edit_info`, `note-tweet.js` | caarlos0/twitter-cleaner#51, community-archive's `docs/archive_data.md` |

mod entries;
#[cfg(test)]
mod generator;
mod layout;
mod lists;
mod manifest;
mod notes;
mod places;
mod reading;
#[cfg(test)]
mod tests;
mod tweets;
mod values;

pub use layout::{Layout, NoLayout, Part, PartFile};
pub use lists::{Followers, People};
pub use manifest::{Manifest, NoManifest};
pub use reading::{Archive, Found, Script};
pub use tweets::{TWEETS_MAX, Tweets};
