//! OAuth 1.0a signatures (RFC 5849, HMAC-SHA1). Owns: the `Authorization` header of a request.
//! Must not know: clocks or randomness; nonce and time come in. Invariant: what is signed is
//! what is sent: [`percent_encode`] is the encoding of both.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// The four keys of an X app and the user it acts for.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    /// The app's key.
    pub consumer_key: String,
    /// The app's secret.
    pub consumer_secret: String,
    /// The user's token.
    pub token: String,
    /// The user's secret.
    pub token_secret: String,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

/// The `Authorization` header of a request. `url` is without query and fragment; `query` holds
/// the parameters of the query and of a form body, not encoded.
pub fn authorization(
    method: &str,
    url: &str,
    query: &[(String, String)],
    keys: &Keys,
    nonce: &str,
    timestamp_s: i64,
) -> String {
    let timestamp = timestamp_s.to_string();
    let protocol = [
        ("oauth_consumer_key", keys.consumer_key.as_str()),
        ("oauth_nonce", nonce),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", &timestamp),
        ("oauth_token", &keys.token),
        ("oauth_version", "1.0"),
    ];
    let given = query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let base = base_string(method, url, protocol.into_iter().chain(given));
    let signature = sign(&base, &keys.consumer_secret, &keys.token_secret);
    let mut fields: Vec<(&str, &str)> = protocol.to_vec();
    fields.push(("oauth_signature", &signature));
    fields.sort_unstable();
    let fields: Vec<String> = fields
        .into_iter()
        .map(|(name, value)| format!("{name}=\"{}\"", percent_encode(value)))
        .collect();
    format!("OAuth {}", fields.join(", "))
}

/// RFC 5849 section 3.4.1: method, URL and sorted parameters, each encoded.
fn base_string<'a>(
    method: &str,
    url: &str,
    parameters: impl Iterator<Item = (&'a str, &'a str)>,
) -> String {
    // Sorted once encoded, names first, then values.
    let mut pairs: Vec<(String, String)> =
        parameters.map(|(name, value)| (percent_encode(name), percent_encode(value))).collect();
    pairs.sort_unstable();
    let pairs: Vec<String> =
        pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!(
        "{}&{}&{}",
        method.to_ascii_uppercase(),
        percent_encode(&base_url(url)),
        percent_encode(&pairs.join("&")),
    )
}

/// Scheme and host in lower case and no default port (RFC 5849 section 3.4.1.2): however the
/// upstream is written in the settings, X reads it so.
fn base_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (scheme, host) = (scheme.to_ascii_lowercase(), host.to_ascii_lowercase());
    let default_port = if scheme == "https" { ":443" } else { ":80" };
    let host = host.strip_suffix(default_port).unwrap_or(&host);
    format!("{scheme}://{host}/{path}")
}

fn sign(base: &str, consumer_secret: &str, token_secret: &str) -> String {
    let key = format!("{}&{}", percent_encode(consumer_secret), percent_encode(token_secret));
    // HMAC takes keys of any length: there is no error to have.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key.as_bytes()) else { return String::new() };
    mac.update(base.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// RFC 3986 encoding of everything but letters, digits, `-`, `.`, `_` and `~`.
pub fn percent_encode(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |nibble: u8| char::from(HEX.get(usize::from(nibble)).copied().unwrap_or(b'0'));
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|&(name, value)| (name.into(), value.into())).collect()
    }

    #[test]
    fn text_is_encoded_as_x_asks_for() {
        // From X's page "Percent encoding parameters".
        for (text, encoded) in [
            ("Ladies + Gentlemen", "Ladies%20%2B%20Gentlemen"),
            ("An encoded string!", "An%20encoded%20string%21"),
            ("Dogs, Cats & Mice", "Dogs%2C%20Cats%20%26%20Mice"),
            ("☃", "%E2%98%83"),
            ("-._~", "-._~"),
            ("*'()", "%2A%27%28%29"),
        ] {
            assert_eq!(percent_encode(text), encoded);
        }
    }

    #[test]
    fn the_base_string_is_that_of_rfc_5849() {
        // Section 3.4.1.1; the realm is not signed, names without a value have an empty one.
        let parameters = [
            ("b5", "=%3D"),
            ("a3", "a"),
            ("c@", ""),
            ("a2", "r b"),
            ("oauth_consumer_key", "9djdj82h48djs9d2"),
            ("oauth_token", "kkk9d7dh3k39sjv7"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "137131201"),
            ("oauth_nonce", "7d8f3e4a"),
            ("c2", ""),
            ("a3", "2 q"),
        ];
        assert_eq!(
            base_string("post", "http://example.com/request", parameters.into_iter()),
            "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q\
             %26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_\
             key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_m\
             ethod%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk\
             9d7dh3k39sjv7"
        );
    }

    #[test]
    fn urls_are_signed_in_one_form() {
        for (url, signed) in [
            ("https://API.x.com:443/2/users/me", "https://api.x.com/2/users/me"),
            ("http://127.0.0.1:9801/2/users/ME", "http://127.0.0.1:9801/2/users/ME"),
            ("https://api.x.com", "https://api.x.com/"),
            ("https://api.x.com:80/2", "https://api.x.com:80/2"),
        ] {
            assert_eq!(base_url(url), signed);
        }
    }

    #[test]
    fn signatures_are_those_of_rfc_5849() {
        // Section 1.2: the request for a token, and that for the photo.
        let sign_of = |method: &str, url: &str, parameters: &[(&str, &str)], token_secret: &str| {
            let base = base_string(method, url, parameters.iter().copied());
            sign(&base, "kd94hf93k423kf44", token_secret)
        };
        let token = [
            ("oauth_consumer_key", "dpf43f3p2l4k3l03"),
            ("oauth_token", "hh5s93j4hdidpola"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "137131201"),
            ("oauth_nonce", "walatlh"),
            ("oauth_verifier", "hfdp7dh39dks9884"),
        ];
        assert_eq!(
            sign_of("POST", "https://photos.example.net/token", &token, "hdhd0244k9j7ao03"),
            "gKgrFCywp7rO0OXSjdot/IHF7IU="
        );
        let photo = [
            ("oauth_consumer_key", "dpf43f3p2l4k3l03"),
            ("oauth_token", "nnch734d00sl2jdk"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "137131202"),
            ("oauth_nonce", "chapoH"),
            ("file", "vacation.jpg"),
            ("size", "original"),
        ];
        assert_eq!(
            sign_of("GET", "http://photos.example.net/photos", &photo, "pfkkdhi9sl3r4s00"),
            "MdpQcU8iPSUjWoN/UDMsK2sui9I="
        );
    }

    #[test]
    fn the_header_is_that_of_xs_own_example() {
        // From X's page "Creating a signature".
        let keys = Keys {
            consumer_key: "xvz1evFS4wEEPTGEFPHBog".into(),
            consumer_secret: "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw".into(),
            token: "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb".into(),
            token_secret: "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE".into(),
        };
        let header = authorization(
            "POST",
            "https://api.twitter.com/1.1/statuses/update.json",
            &pairs(&[
                ("include_entities", "true"),
                ("status", "Hello Ladies + Gentlemen, a signed OAuth request!"),
            ]),
            &keys,
            "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
            1_318_622_958,
        );
        assert_eq!(
            header,
            "OAuth oauth_consumer_key=\"xvz1evFS4wEEPTGEFPHBog\", \
             oauth_nonce=\"kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg\", \
             oauth_signature=\"hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D\", \
             oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"1318622958\", \
             oauth_token=\"370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb\", \
             oauth_version=\"1.0\""
        );
        assert_eq!(format!("{keys:?}"), "Keys(…)", "secrets stay out of logs");
    }
}
