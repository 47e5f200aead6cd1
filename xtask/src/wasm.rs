//! What a built wasm file carries beside its code. Owns: the cutting out of names. Must not
//! know what the code does. Invariant: every other section stays, byte for byte and in order.
//!
//! The names of functions are a tenth of the worker as it is sent, and only make traces of
//! panics nicer, which name file and line anyway. They are cut out last: wasm-bindgen and
//! wasm-opt find functions by them, and worker-build has wasm-opt keep them.

use crate::failure::{Explain, Outcome};
use std::path::Path;

/// The magic number and the version.
const HEADER: usize = 8;
/// The id of sections that are no part of the program.
const CUSTOM: u8 = 0;

/// Cuts the names out of a file.
pub(crate) fn strip_names(file: &Path) -> Outcome {
    let what = format!("cutting the names out of {}", file.display());
    let bytes = std::fs::read(file).explain(&what)?;
    let stripped = without_names(&bytes).ok_or("it is no whole wasm file").explain(&what)?;
    std::fs::write(file, stripped).explain(&what)
}

/// The module without its section `name`; nothing if this is no whole module.
fn without_names(module: &[u8]) -> Option<Vec<u8>> {
    let (header, mut rest) = module.split_at_checked(HEADER)?;
    if !header.starts_with(b"\0asm") {
        return None;
    }
    let mut out = header.to_vec();
    while let Some((&id, after)) = rest.split_first() {
        let (section, next) = prefixed(after)?;
        let names = id == CUSTOM && prefixed(section)?.0 == b"name";
        if !names {
            out.extend(rest.get(..rest.len() - next.len())?);
        }
        rest = next;
    }
    Some(out)
}

/// The bytes that a length stands before, and what follows them.
fn prefixed(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    // LEB128: seven bits a byte, the least first; a length has 32 bits.
    let mut length = 0_usize;
    for (at, byte) in bytes.iter().take(5).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return bytes.get(at + 1..)?.split_at_checked(length);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = b"\0asm\x01\0\0\0";

    fn module(sections: &[&[u8]]) -> Vec<u8> {
        [&[HEAD], sections].concat().concat()
    }

    /// 200 bytes: a length of two bytes.
    fn long(name: &[u8]) -> Vec<u8> {
        let length = u8::try_from(name.len()).unwrap();
        let mut section = [&[CUSTOM, 0xc8, 0x01, length], name].concat();
        section.resize(3 + 200, 7);
        section
    }

    #[test]
    fn names_go_and_all_else_stays_in_order() {
        let (types, code) = (b"\x01\x02ab".as_slice(), b"\x0a\x05\x04name".as_slice());
        let producers = b"\0\x0b\x09producers\x01".as_slice();
        for names in [b"\0\x07\x04name\x01\x02".to_vec(), long(b"name")] {
            let with = module(&[types, producers, &names, code]);
            assert_eq!(without_names(&with), Some(module(&[types, producers, code])));
        }
        for kept in [long(b"names"), long(b"target_features"), vec![CUSTOM, 1, 0]] {
            let with = module(&[types, &kept, code]);
            assert_eq!(without_names(&with), Some(with));
        }
    }

    #[test]
    fn what_is_no_whole_module_is_refused() {
        let whole = module(&[b"\x01\x02ab", &long(b"name")]);
        assert_eq!(without_names(&whole), Some(module(&[b"\x01\x02ab"])));
        for end in [0, 7, 9, 10, 11, 13, 14, 20, whole.len() - 1] {
            assert_eq!(without_names(&whole[..end]), None, "{end}");
        }
        assert_eq!(without_names(b"\x7fELF\0\0\0\0"), None);
        assert_eq!(without_names(&module(&[b"\0\xff\xff\xff\xff\xff\x01"])), None);
    }
}
