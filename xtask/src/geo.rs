//! The countries' boundaries for the worker. Owns: which data is taken, and its place in dist/.
//! Must not know: who asks it. Invariant: what is written is what the worker can read.
//!
//! The data is OpenStreetMap's, under the Open Database License: "© OpenStreetMap contributors"
//! must stand where countries are shown, and in README.md. It is a file beside the page and not
//! a part of the worker, whose size is bounded; the worker reads it once, when a tweet without a
//! country has a point.

use crate::failure::{Explain, Outcome};
use country_boundaries::BOUNDARIES_ODBL_360X180;
use shared::live::country;
use std::path::{Path, PathBuf};

/// Where the file lies in dist/.
pub(crate) const PATH: &str = "geo/countries.bin";

/// Writes the boundaries into `dist`: one cell a degree, 977 KB. The next coarser data has half
/// the size, but blurs borders by kilometres.
pub(crate) fn write(dist: &Path) -> Outcome {
    let path = place(dist);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).explain(format!("making {}", folder.display()))?;
    }
    let bytes = country::pack(BOUNDARIES_ODBL_360X180);
    std::fs::write(&path, bytes).explain(format!("writing {}", path.display()))
}

/// The file in `dist`.
pub(crate) fn place(dist: &Path) -> PathBuf {
    dist.join(PATH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::live::country::Countries;

    #[test]
    fn what_is_written_can_be_asked() {
        let dist = std::env::temp_dir().join(format!("roost-geo-{}", std::process::id()));
        write(&dist).unwrap();
        let bytes = std::fs::read(place(&dist)).unwrap();
        std::fs::remove_dir_all(&dist).unwrap();
        // A value in the worker's memory, and a file that Cloudflare serves: at most 1.5 MB.
        assert!(bytes.len() < 1_500_000);
        let countries = Countries::new(&bytes).unwrap();
        assert_eq!(countries.of(48.8566, 2.3522), Some("FR"));
    }
}
