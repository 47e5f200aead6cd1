//! OAuth 1.0a signatures (RFC 5849, HMAC-SHA1): the base string, signing and checking.
//!
//! Pure: knows no accounts, no clock and no HTTP library. Invariant: [`verify`] accepts exactly
//! the signatures that [`sign`] makes for the same request and secrets.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// A request as its signature sees it.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// `GET`, `POST`, …
    pub method: &'a str,
    /// `http` or `https`.
    pub scheme: &'a str,
    /// Host and, unless it is the scheme's own, port.
    pub host: &'a str,
    /// The path as sent, still percent-encoded.
    pub path: &'a str,
}

/// The two secrets a signature is keyed with.
#[derive(Debug, Clone, Copy)]
pub struct Secrets<'a> {
    /// Of the app.
    pub consumer: &'a str,
    /// Of the user's token.
    pub token: &'a str,
}

/// Percent-encodes everything but the unreserved characters (RFC 5849, section 3.6).
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Undoes percent-encoding; `None` when it is broken or not UTF-8. With `form`, a `+` is a
/// space, as in a query string.
pub fn decode(text: &str, form: bool) -> Option<String> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                let digits = std::str::from_utf8(&digits).ok()?;
                out.push(u8::from_str_radix(digits, 16).ok()?);
            }
            b'+' if form => out.push(b' '),
            other => out.push(other),
        }
    }
    String::from_utf8(out).ok()
}

/// The pairs of a query string, decoded; `None` when it is badly encoded.
pub fn query_pairs(query: &str) -> Option<Vec<(String, String)>> {
    let pairs = query.split('&').filter(|part| !part.is_empty());
    pairs
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            Some((decode(name, true)?, decode(value, true)?))
        })
        .collect()
}

/// The parameters of an `Authorization: OAuth …` header, decoded, without `realm`; `None` when
/// it is another scheme or badly written.
pub fn header_params(header: &str) -> Option<Vec<(String, String)>> {
    let (scheme, rest) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("oauth") {
        return None;
    }
    let mut params = Vec::new();
    for part in rest.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=')?;
        let value = value.strip_prefix('"')?.strip_suffix('"')?;
        if name != "realm" {
            params.push((decode(name, false)?, decode(value, false)?));
        }
    }
    Some(params)
}

/// The signature base string (section 3.4.1). `params` holds query and `oauth_` parameters,
/// decoded; `oauth_signature` is left out.
pub fn base_string(request: Signed<'_>, params: &[(String, String)]) -> String {
    let mut pairs: Vec<(String, String)> = params
        .iter()
        .filter(|(name, _)| name != "oauth_signature")
        .map(|(name, value)| (encode(name), encode(value)))
        .collect();
    pairs.sort();
    let joined: Vec<String> =
        pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let own_port = if request.scheme == "https" { ":443" } else { ":80" };
    let host = request.host.to_ascii_lowercase();
    let host = host.strip_suffix(own_port).unwrap_or(&host);
    let url = format!("{}://{host}{}", request.scheme, request.path);
    format!("{}&{}&{}", request.method, encode(&url), encode(&joined.join("&")))
}

fn mac(base_string: &str, secrets: Secrets<'_>) -> Option<Hmac<Sha1>> {
    let key = format!("{}&{}", encode(secrets.consumer), encode(secrets.token));
    let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).ok()?;
    mac.update(base_string.as_bytes());
    Some(mac)
}

/// The signature of a base string, in base 64.
pub fn sign(base_string: &str, secrets: Secrets<'_>) -> String {
    // HMAC takes a key of any length.
    mac(base_string, secrets)
        .map_or_else(String::new, |m| STANDARD.encode(m.finalize().into_bytes()))
}

/// Whether `signature` (base 64) is that of the base string, compared in constant time.
pub fn verify(base_string: &str, secrets: Secrets<'_>, signature: &str) -> bool {
    let (Some(mac), Ok(bytes)) = (mac(base_string, secrets), STANDARD.decode(signature)) else {
        return false;
    };
    mac.verify_slice(&bytes).is_ok()
}

/// A whole `Authorization` header for a request with this query string, for clients in tests.
pub fn authorization(
    request: Signed<'_>,
    query: &str,
    consumer_key: &str,
    token: &str,
    secrets: Secrets<'_>,
    nonce: &str,
    timestamp_s: i64,
) -> String {
    let own = [
        ("oauth_consumer_key", consumer_key.to_owned()),
        ("oauth_nonce", nonce.to_owned()),
        ("oauth_signature_method", "HMAC-SHA1".to_owned()),
        ("oauth_timestamp", timestamp_s.to_string()),
        ("oauth_token", token.to_owned()),
        ("oauth_version", "1.0".to_owned()),
    ];
    let mut params = query_pairs(query).unwrap_or_default();
    params.extend(own.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    let signature = sign(&base_string(request, &params), secrets);
    let mut header = String::from("OAuth ");
    for (name, value) in &own {
        let _ = write!(header, "{name}=\"{}\", ", encode(value));
    }
    let _ = write!(header, "oauth_signature=\"{}\"", encode(&signature));
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|&(n, v)| (n.to_owned(), v.to_owned())).collect()
    }

    /// Section 1.2 of RFC 5849: the photo printed from photos.example.net.
    #[test]
    fn the_example_of_the_rfc_verifies() {
        let header = r#"OAuth realm="Photos",
            oauth_consumer_key="dpf43f3p2l4k3l03",
            oauth_token="nnch734d00sl2jdk",
            oauth_signature_method="HMAC-SHA1",
            oauth_timestamp="137131202",
            oauth_nonce="chapoH",
            oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D""#;
        let mut params = header_params(header).unwrap();
        params.extend(query_pairs("file=vacation.jpg&size=original").unwrap());
        let request =
            Signed { method: "GET", scheme: "http", host: "photos.example.net", path: "/photos" };
        let base = base_string(request, &params);
        let secrets = Secrets { consumer: "kd94hf93k423kf44", token: "pfkkdhi9sl3r4s00" };
        assert!(verify(&base, secrets, "MdpQcU8iPSUjWoN/UDMsK2sui9I="));
        assert!(!verify(&base, secrets, "MdpQcU8iPSUjWoN/UDMsK2sui9J="));
        let other = Secrets { token: "another", ..secrets };
        assert!(!verify(&base, other, "MdpQcU8iPSUjWoN/UDMsK2sui9I="));
    }

    /// Section 3.4.1.1 of RFC 5849: odd names, repeated names, empty values.
    #[test]
    fn the_base_string_of_the_rfc_comes_out() {
        let mut params = query_pairs("b5=%3D%253D&a3=a&c%40=&a2=r%20b").unwrap();
        params.extend(query_pairs("c2&a3=2+q").unwrap());
        params.extend(owned(&[
            ("oauth_consumer_key", "9djdj82h48djs9d2"),
            ("oauth_token", "kkk9d7dh3k39sjv7"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "137131201"),
            ("oauth_nonce", "7d8f3e4a"),
            ("oauth_signature", "left out"),
        ]));
        let request =
            Signed { method: "POST", scheme: "http", host: "EXAMPLE.COM:80", path: "/request" };
        assert_eq!(
            base_string(request, &params),
            "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D\
             %253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_non\
             ce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26o\
             auth_token%3Dkkk9d7dh3k39sjv7"
        );
    }

    #[test]
    fn broken_headers_and_queries_are_refused() {
        for header in ["Bearer x", "OAuth a", "OAuth a=b", "OAuth a=\"%\"", "OAuth"] {
            assert_eq!(header_params(header), None, "{header}");
        }
        for query in ["a=%", "a=%G0", "%ff=1"] {
            assert_eq!(query_pairs(query), None, "{query}");
        }
    }
}
