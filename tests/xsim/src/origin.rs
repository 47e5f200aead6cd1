//! Where a client sent its request, which its signature covers and the simulator cannot see.
//!
//! Knows no signatures. Invariant: what a proxy in front says, and X's own names, are always among
//! the origins of a request, and no name that the request does not carry is.

use axum::http::{HeaderMap, HeaderName, header};

/// X's own hosts: a client that names them is led here by a proxy or a table of hosts.
const OF_X: [&str; 2] = ["api.x.com", "api.twitter.com"];

/// A scheme and a host, with its port where that is not the scheme's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) scheme: &'static str,
    pub(crate) host: String,
}

impl Origin {
    /// Those of a request: by its `Host` and by what a proxy says of it.
    pub(crate) fn of(
        host: &str,
        forwarded: Option<&str>,
        forwarded_host: Option<&str>,
    ) -> Vec<Self> {
        let scheme = match forwarded {
            Some("https") => "https",
            _ => "http",
        };
        let new = |scheme, host: &str| Self { scheme, host: host.to_owned() };
        // A proxy that ends TLS need not say so.
        let mut origins = vec![new("http", host), new("https", host)];
        origins.extend(forwarded_host.map(|host| new(scheme, host)));
        origins.extend(OF_X.map(|host| new("https", host)));
        origins
    }

    /// Those of a request with these headers.
    pub(crate) fn of_headers(headers: &HeaderMap) -> Vec<Self> {
        let word = |name: HeaderName| {
            let first = headers.get(name)?.to_str().ok()?.split(',').next()?;
            Some(first.trim())
        };
        let forwarded = word(HeaderName::from_static("x-forwarded-proto"));
        let forwarded_host = word(HeaderName::from_static("x-forwarded-host"));
        Self::of(word(header::HOST).unwrap_or(""), forwarded, forwarded_host)
    }
}
