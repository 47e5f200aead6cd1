//! Writing a snapshot page by page. Invariant: the members of a crawl, put one behind the other
//! in order, are one gzip file of one valid JSON array, whatever pages were empty; the same
//! users make the same bytes.

use crate::export::Gz;

/// Where a page stands in its list. It is about users, not pages: as long as nobody was written
/// the next page is still the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// No user was written by the pages before.
    pub first: bool,
    /// No page follows.
    pub last: bool,
}

/// One page as a gzip member. An empty page that is not the last one is no bytes at all.
pub fn member(users: &[&str], place: Place) -> Vec<u8> {
    if users.is_empty() && !place.last {
        return Vec::new();
    }
    let mut gz = Gz::new();
    let mut separator: &[u8] = if place.first { b"[" } else { b",\n" };
    for user in users {
        gz.write(separator);
        gz.write(user.as_bytes());
        separator = b",\n";
    }
    if place.last {
        gz.write(if place.first && users.is_empty() { b"[]\n" } else { b"]\n" });
    }
    gz.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::MultiGzDecoder;
    use proptest::prelude::*;
    use std::io::Read;

    fn file(pages: &[Vec<String>]) -> Vec<u8> {
        let mut written = 0;
        let mut file = Vec::new();
        for (index, page) in pages.iter().enumerate() {
            let users: Vec<&str> = page.iter().map(String::as_str).collect();
            let place = Place { first: written == 0, last: index + 1 == pages.len() };
            file.extend(member(&users, place));
            written += users.len();
        }
        file
    }

    fn text(file: &[u8]) -> String {
        let mut text = String::new();
        MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
        text
    }

    fn users(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| format!("{{\"id\":\"{name}\"}}")).collect()
    }

    #[track_caller]
    fn check(pages: &[Vec<String>], expected: &str) {
        assert_eq!(text(&file(pages)), expected);
    }

    #[test]
    fn pages_join_into_one_array() {
        check(
            &[users(&["1", "2"]), users(&["3"])],
            "[{\"id\":\"1\"},\n{\"id\":\"2\"},\n{\"id\":\"3\"}]\n",
        );
    }

    #[test]
    fn empty_pages_leave_no_trace() {
        check(
            &[vec![], users(&["1"]), vec![], users(&["2"]), vec![]],
            "[{\"id\":\"1\"},\n{\"id\":\"2\"}]\n",
        );
        check(&[vec![], vec![]], "[]\n");
        check(&[vec![]], "[]\n");
    }

    #[test]
    fn the_header_is_fixed() {
        let member = member(&["{}"], Place { first: true, last: true });
        assert_eq!(member[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
    }

    proptest! {
        #[test]
        fn any_pages_make_one_valid_array(sizes in prop::collection::vec(0_usize..4, 1..8)) {
            let mut id = 0;
            let pages: Vec<Vec<String>> = sizes
                .iter()
                .map(|&size| (0..size).map(|_| { id += 1; format!("{{\"id\":\"{id}\"}}") }).collect())
                .collect();
            let parsed: Vec<serde_json::Value> = serde_json::from_str(&text(&file(&pages))).unwrap();
            let ids: Vec<String> = parsed.iter().map(|user| user["id"].as_str().unwrap().into()).collect();
            prop_assert_eq!(ids, (1..=id).map(|id: i32| id.to_string()).collect::<Vec<_>>());
        }
    }
}
