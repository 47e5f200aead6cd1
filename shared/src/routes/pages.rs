//! The paths of the page's own views. Owns: which there are, for the worker, which answers them
//! with the page, and the page, which reads them. Invariant: whatever is no page here is a 404.

/// Paths that are pages, without a slash at the end; the first is the Overview.
const PAGES: [&str; 10] = [
    "",
    "/followers",
    "/tweets",
    "/live",
    "/collection",
    "/collection/lookups",
    "/settings",
    "/connect",
    "/begin",
    "/signin",
];

/// Whether the page has a view at a path. Any one tweet has one, whether it is known or not: what
/// is wrong with its id is said there.
#[must_use]
pub fn is_page(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    let tweet = path.strip_prefix("/tweets/").is_some_and(|id| !id.contains('/'));
    tweet || PAGES.contains(&path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: bool) {
        assert_eq!(is_page(path), expected, "{path}");
    }

    #[test]
    fn pages_and_any_one_tweet_are_pages() {
        for path in
            ["/", "/followers", "/followers/", "/collection/lookups", "/tweets/12", "/tweets/x"]
        {
            check(path, true);
        }
    }

    #[test]
    fn files_and_unknown_paths_are_none() {
        for path in [
            "/assets/index-1234.js",
            "/assets/",
            "/followers/1",
            "/tweets/1/2",
            "/robots.txt",
            "/wp-login.php",
            "/index.html",
            "/livex",
        ] {
            check(path, false);
        }
    }
}
