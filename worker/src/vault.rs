//! Sealing and opening with the platform's `WebCrypto`. Owns: the calls of AES-GCM. Must not
//! know: what is sealed, or where it is kept. Invariant: a nonce is random and used once, and the
//! name of a row is part of its seal.

use crate::fault::{Fault, Result};
use js_sys::{Object, Promise, Reflect, Uint8Array};
use shared::sealed::{Key, NONCE, SealError, additional_data};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Crypto, CryptoKey, SubtleCrypto};

/// Seals a text under a name.
pub(crate) async fn seal(secret: &str, name: &str, text: &str) -> Result<Vec<u8>> {
    let key = Key::of(secret);
    let crypto = crypto()?;
    let mut nonce = [0; NONCE];
    crypto.get_random_values_with_u8_array(&mut nonce).map_err(|e| broken("random", &e))?;
    let subtle = crypto.subtle();
    let imported = import(&subtle, &key).await?;
    let algorithm = algorithm(&nonce, name)?;
    let data = Uint8Array::from(text.as_bytes());
    let sealed = subtle.encrypt_with_object_and_js_u8_array(&algorithm, &imported, &data);
    let sealed = settled(sealed).await.map_err(|e| broken("encrypt", &e))?;
    Ok(key.wrap(&nonce, &Uint8Array::new(&sealed).to_vec()))
}

/// Opens what [`seal`] made. The inner error is the seal's: another key, damaged bytes.
pub(crate) async fn open(
    secret: &str,
    name: &str,
    sealed: &[u8],
) -> Result<std::result::Result<String, SealError>> {
    let key = Key::of(secret);
    let (nonce, ciphertext) = match key.unwrap(sealed) {
        Ok(parts) => parts,
        Err(error) => return Ok(Err(error)),
    };
    let subtle = crypto()?.subtle();
    let imported = import(&subtle, &key).await?;
    let algorithm = algorithm(nonce, name)?;
    let data = Uint8Array::from(ciphertext);
    let opened = subtle.decrypt_with_object_and_js_u8_array(&algorithm, &imported, &data);
    // WebCrypto says no more than that it did not work.
    let Ok(opened) = settled(opened).await else { return Ok(Err(SealError::Damaged)) };
    let text = String::from_utf8(Uint8Array::new(&opened).to_vec());
    Ok(text.map_err(|_| SealError::Damaged))
}

fn crypto() -> Result<Crypto> {
    let crypto = Reflect::get(&js_sys::global(), &JsValue::from_str("crypto"));
    crypto.map(JsCast::unchecked_into).map_err(|e| broken("crypto", &e))
}

async fn import(subtle: &SubtleCrypto, key: &Key) -> Result<CryptoKey> {
    let bytes = Uint8Array::from(key.bytes.as_slice());
    let uses = js_sys::Array::of2(&"encrypt".into(), &"decrypt".into());
    let imported = subtle.import_key_with_str("raw", &bytes, "AES-GCM", false, &uses);
    let imported = settled(imported).await.map_err(|e| broken("importKey", &e))?;
    Ok(imported.unchecked_into())
}

fn algorithm(nonce: &[u8], name: &str) -> Result<Object> {
    let algorithm = Object::new();
    let data = Uint8Array::from(additional_data(name).as_slice());
    for (field, value) in [
        ("name", JsValue::from_str("AES-GCM")),
        ("iv", Uint8Array::from(nonce).into()),
        ("additionalData", data.into()),
    ] {
        Reflect::set(&algorithm, &JsValue::from_str(field), &value)
            .map_err(|e| broken("algorithm", &e))?;
    }
    Ok(algorithm)
}

async fn settled(
    promise: std::result::Result<Promise, JsValue>,
) -> std::result::Result<JsValue, JsValue> {
    JsFuture::from(promise?).await
}

fn broken(what: &str, error: &JsValue) -> Fault {
    Fault::internal(format!("WebCrypto, {what}: {error:?}"))
}
