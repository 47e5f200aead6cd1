//! How a secret lies in storage: sealed with AES-GCM under a key made of the deployment's
//! `ROOST_SECRET`. Owns: the key's derivation and the bytes around the ciphertext. Must not know:
//! the cipher itself (the platform's `WebCrypto` carries it out), randomness, what is sealed.
//! Invariant: a seal names its key, so that a changed `ROOST_SECRET` is told from damaged bytes.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The first byte: what the rest means.
const VERSION: u8 = 1;
/// Bytes that name the key.
const KEY_ID: usize = 4;
/// Bytes of a nonce, as AES-GCM wants it (96 bits).
pub const NONCE: usize = 12;
/// Bytes of the tag at the ciphertext's end.
const TAG: usize = 16;
/// A `ROOST_SECRET` shorter than this can be guessed.
pub const SECRET_MIN: usize = 16;

/// The key that seals, and its name.
pub struct Key {
    /// The 256 bits for AES-GCM.
    pub bytes: [u8; 32],
    id: [u8; KEY_ID],
}

/// Why sealed bytes do not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// They were sealed with another key.
    #[error("ROOST_SECRET is another than the one this was stored with")]
    OtherKey,
    /// They are not as they were written.
    #[error("the stored bytes are damaged")]
    Damaged,
    /// A newer Roost wrote them.
    #[error("the stored bytes are of version {0}, which this Roost does not know")]
    Version(u8),
}

impl Key {
    /// The key of a `ROOST_SECRET`: HKDF with SHA-256 (RFC 5869).
    pub fn of(secret: &str) -> Self {
        let bytes = hkdf(b"roost credentials", secret.as_bytes(), b"aes-gcm key v1");
        let [a, b, c, d, ..] = hkdf(b"roost credentials", secret.as_bytes(), b"key id v1");
        Self { bytes, id: [a, b, c, d] }
    }

    /// The bytes to keep: version, key, nonce, ciphertext with its tag.
    pub fn wrap(&self, nonce: &[u8; NONCE], ciphertext: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(1 + KEY_ID + NONCE + ciphertext.len());
        sealed.push(VERSION);
        sealed.extend(self.id);
        sealed.extend(nonce);
        sealed.extend(ciphertext);
        sealed
    }

    /// Nonce and ciphertext of kept bytes.
    ///
    /// # Errors
    /// [`SealError`], before the cipher is asked.
    pub fn unwrap<'a>(&self, sealed: &'a [u8]) -> Result<(&'a [u8], &'a [u8]), SealError> {
        let (&version, rest) = sealed.split_first().ok_or(SealError::Damaged)?;
        if version != VERSION {
            return Err(SealError::Version(version));
        }
        let (id, rest) = rest.split_at_checked(KEY_ID).ok_or(SealError::Damaged)?;
        if id != self.id {
            return Err(SealError::OtherKey);
        }
        let (nonce, ciphertext) = rest.split_at_checked(NONCE).ok_or(SealError::Damaged)?;
        if ciphertext.len() < TAG {
            return Err(SealError::Damaged);
        }
        Ok((nonce, ciphertext))
    }
}

/// What is sealed together with a credential without being hidden: its place. A row that is put
/// under another name does not open.
pub fn additional_data(name: &str) -> Vec<u8> {
    format!("roost credential v1 {name}").into_bytes()
}

/// The first block of HKDF's output, which is all that a key of 256 bits needs.
fn hkdf(salt: &[u8], secret: &[u8], info: &[u8]) -> [u8; 32] {
    let extracted = mac(salt, &[secret]);
    mac(&extracted, &[info, &[1]])
}

fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes keys of any length: there is no error to have.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> =
            text.chars().map(|c| u8::try_from(c.to_digit(16).unwrap()).unwrap()).collect();
        digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect()
    }

    #[test]
    fn keys_are_derived_as_rfc_5869_says() {
        // Test cases 1 and 3, their first 32 bytes.
        for (salt, info, okm) in [
            (
                "000102030405060708090a0b0c",
                "f0f1f2f3f4f5f6f7f8f9",
                "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf",
            ),
            ("", "", "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"),
        ] {
            assert_eq!(hkdf(&hex(salt), &[0x0b; 22], &hex(info)).to_vec(), hex(okm));
        }
    }

    #[test]
    fn what_is_wrapped_is_found_again() {
        let key = Key::of("a secret of the deployment");
        let sealed = key.wrap(&[7; NONCE], &[9; 40]);
        assert_eq!(key.unwrap(&sealed), Ok((&[7; NONCE][..], &[9; 40][..])));
        assert!(!sealed.windows(4).any(|part| part == &key.bytes[..4]));
    }

    #[test]
    fn another_secret_is_told_from_damage() {
        let sealed = Key::of("one").wrap(&[7; NONCE], &[9; 40]);
        assert_eq!(Key::of("two").unwrap(&sealed), Err(SealError::OtherKey));
        assert_eq!(Key::of("one").unwrap(&[]), Err(SealError::Damaged));
        assert_eq!(Key::of("one").unwrap(&sealed[..30]), Err(SealError::Damaged));
        let mut newer = sealed;
        newer[0] = 2;
        assert_eq!(Key::of("one").unwrap(&newer), Err(SealError::Version(2)));
    }

    #[test]
    fn each_secret_has_its_own_key_and_place() {
        assert_ne!(Key::of("one").bytes, Key::of("two").bytes);
        assert_ne!(Key::of("one").id, Key::of("two").id);
        assert_ne!(additional_data("bearer"), additional_data("owner"));
    }
}
