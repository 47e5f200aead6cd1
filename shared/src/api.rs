//! Wire types of `/api/v1`: what the handlers answer, what the page reads, what the `OpenAPI`
//! document describes. Owns: shapes only. Must not know: how anything is found or stored.
//! Invariant: additive; a field is never renamed, and times are RFC 3339 UTC, ids strings.

mod accounts;
mod alerts;
mod credentials;
mod events;
mod feed;
mod followers;
mod following;
mod live;
mod locations;
mod lookups;
mod operations;
mod tweets;
mod work;

pub use accounts::*;
pub use alerts::*;
pub use credentials::*;
pub use events::*;
pub use feed::*;
pub use followers::*;
pub use following::*;
pub use live::*;
pub use locations::*;
pub use lookups::*;
pub use operations::*;
pub use tweets::*;
pub use work::*;

/// Derives what every wire type has: one place to change it.
macro_rules! wire {
    ($($(#[$meta:meta])* $vis:vis $kind:ident $name:ident $body:tt)*) => {$(
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
        $(#[$meta])*
        $vis $kind $name $body
    )*};
}
pub(crate) use wire;

/// Derives what every wire enum of plain words has, with its text as written on the wire. Reading
/// is written out: serde's own, for each enum and each kind of input, was a fiftieth of the worker.
macro_rules! words {
    ($($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)? })*) => {$(
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        #[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
        $(#[$meta])*
        pub enum $name { $($(#[$doc])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// Every word, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word as written on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The value of a word, if it is one.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                let word = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                let known: &[&str] = &[$($text),+];
                Self::from_word(&word).ok_or_else(|| {
                    serde::de::Error::custom($crate::api::no_word(&word, known))
                })
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )*};
}
pub(crate) use words;

/// What is said of a word that is none of an enum's.
pub(crate) fn no_word(word: &str, known: &[&str]) -> String {
    let word = crate::text::cut(word, 40);
    format!("`{word}`: one of {} is expected", known.join(", "))
}

/// Tells `"field": null` (take it away) from no such field (leave it).
#[allow(clippy::option_option, reason = "absent, null and a value are three things")]
fn present<'de, D: serde::Deserializer<'de>, T: serde::Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    serde::Deserialize::deserialize(deserializer).map(Some)
}

/// A list page. `next_cursor` is opaque: hand it back as `cursor` for the next page.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct List<T> {
    /// The items of this page, in the order asked for.
    pub items: Vec<T>,
    /// `null` on the last page.
    pub next_cursor: Option<String>,
}

wire! {
    /// An error, RFC 9457 (`application/problem+json`).
    pub struct Problem {
        /// A URI reference naming the kind of problem, under `/docs/api#`.
        #[serde(rename = "type")]
        pub kind: String,
        /// The kind in a few words.
        pub title: String,
        /// The HTTP status.
        pub status: u16,
        /// What was wrong, where, and what to do.
        pub detail: String,
        /// Names this request in the logs.
        pub request_id: String,
    }
}
