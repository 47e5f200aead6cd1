//! Which files of a zip are read. Owns: the names of all layouts. Invariant: files of one archive
//! only are taken, in an order that does not depend on the zip's.

use std::collections::BTreeSet;

/// What a file of the archive holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Whose archive it is, of when, and what must be in it.
    Manifest,
    /// Who follows.
    Follower,
    /// What they wrote.
    Tweets,
    /// The whole texts of long tweets.
    Notes,
}

/// A file that is read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartFile {
    /// What it holds.
    pub part: Part,
    /// Its number: 0 of `follower.js`, 1 of `follower-part1.js`.
    pub number: u32,
    /// Its name without folders, in lower case.
    pub name: String,
    /// Which of the zip's names it is.
    pub index: usize,
}

/// The files of one archive, the manifest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Its manifest.
    pub manifest: PartFile,
    /// The others: by part, number and name.
    pub files: Vec<PartFile>,
}

/// Why nothing in a zip can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoLayout {
    /// None of its files is of X's archive.
    #[error("there is no data/manifest.js in it: choose the zip as X made it")]
    Foreign,
    /// It holds other zips only.
    #[error("it holds another zip, {0}: unpack this one and choose that")]
    Nested(String),
    /// Of the years without a manifest, which names neither the account nor the day.
    #[error(
        "it is of the years before 2021, whose archives do not say whose they are or of when: ask \
         X for a new one (“Download an archive of your data”)"
    )]
    Old,
    /// X's lists without the manifest.
    #[error(
        "X's lists are in it, but not {0}, which says whose they are and of when: put that file \
         back, or choose the zip as X made it"
    )]
    Unnamed(String),
    /// Several archives.
    #[error("there are {0} archives in it: choose a zip of one")]
    Several(usize),
}

/// A name of the zip, cut into folder and file.
struct Path {
    /// Without the folder `data` at its end: what tells one archive from another.
    base: String,
    in_data: bool,
    name: String,
}

impl Path {
    /// Names packed anew have backslashes (by old tools of Windows), `./` in front, or a folder
    /// around. What a Mac adds (`__MACOSX`, `._name`) is no file of the archive.
    fn of(raw: &str) -> Self {
        let mut folders: Vec<&str> =
            raw.split(['/', '\\']).filter(|part| !matches!(*part, "" | ".")).collect();
        let name = folders.pop().unwrap_or_default().to_lowercase();
        let in_data = folders.last().is_some_and(|last| last.eq_ignore_ascii_case("data"));
        if in_data {
            folders.pop();
        }
        Self { base: folders.join("/"), in_data, name }
    }

    /// What the file holds, and its number. `None`: it stays unread.
    fn part(&self) -> Option<(Part, u32)> {
        let stem = self.name.strip_suffix(".js")?;
        let (stem, number) = match stem.rsplit_once("-part") {
            Some((stem, number)) => (stem, number.parse().ok()?),
            None => (stem, 0),
        };
        let part = match stem {
            "manifest" => Part::Manifest,
            "follower" => Part::Follower,
            "tweets" | "tweet" => Part::Tweets,
            "note-tweet" => Part::Notes,
            _ => return None,
        };
        Some((part, number))
    }
}

impl Layout {
    /// Finds the archive among a zip's names, as they stand there; directories may be among them.
    ///
    /// # Errors
    /// There is none, none that can be read, or more than one.
    pub fn of(names: &[String]) -> Result<Self, NoLayout> {
        let paths: Vec<Path> = names.iter().map(|name| Path::of(name)).collect();
        let parts: Vec<(&Path, PartFile)> = paths
            .iter()
            .enumerate()
            .filter_map(|(index, path)| {
                let (part, number) = path.part()?;
                Some((path, PartFile { part, number, name: path.name.clone(), index }))
            })
            .collect();
        let lists: BTreeSet<&str> = parts
            .iter()
            .filter(|(_, file)| file.part != Part::Manifest)
            .map(|(path, _)| path.base.as_str())
            .collect();
        let manifests: Vec<&(&Path, PartFile)> = parts
            .iter()
            .filter(|(path, file)| {
                file.part == Part::Manifest && (path.in_data || lists.contains(path.base.as_str()))
            })
            .collect();
        let archives: BTreeSet<&str> =
            manifests.iter().map(|(path, _)| path.base.as_str()).collect();
        if archives.len() > 1 {
            return Err(NoLayout::Several(archives.len()));
        }
        // Of two of one archive the one that lies with the lists of today's layout.
        let Some((home, manifest)) = manifests.into_iter().max_by_key(|(path, _)| path.in_data)
        else {
            return Err(without_manifest(names, &paths, &parts));
        };
        let here = |(path, file): &&(&Path, PartFile)| {
            path.base == home.base && file.part != Part::Manifest
        };
        let mut files: Vec<PartFile> =
            parts.iter().filter(here).map(|(_, file)| file.clone()).collect();
        files.sort();
        Ok(Self { manifest: manifest.clone(), files })
    }
}

fn without_manifest(names: &[String], paths: &[Path], parts: &[(&Path, PartFile)]) -> NoLayout {
    // The first layout of all: a file for each month in `data/js/tweets`.
    let months = paths.iter().any(|path| {
        path.base.rsplit('/').next().is_some_and(|folder| folder == "tweets")
            && path.name.strip_suffix(".js").is_some_and(is_month)
    });
    // `data` came after the manifest.
    let old = parts.iter().any(|(path, file)| file.name == "tweet.js" && !path.in_data);
    if months || old {
        return NoLayout::Old;
    }
    let list = parts.iter().find(|(_, file)| file.part != Part::Manifest);
    if let Some((path, _)) = list {
        let folder = if path.in_data { "data/" } else { "" };
        return NoLayout::Unnamed(format!("{folder}manifest.js"));
    }
    let zip = names.iter().zip(paths).find(|(_, path)| {
        // In lower case already.
        path.name.rsplit_once('.').is_some_and(|(_, kind)| kind == "zip")
    });
    zip.map_or(NoLayout::Foreign, |(name, _)| NoLayout::Nested(name.clone()))
}

/// Whether it is `2016_01`.
fn is_month(stem: &str) -> bool {
    stem.split_once('_').is_some_and(|(year, month)| {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        year.len() == 4 && digits(year) && (1..=2).contains(&month.len()) && digits(month)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    /// The names of what is read, the manifest first, as they stand in the zip.
    #[track_caller]
    fn check(listed: &[&str], read: &[&str]) {
        let layout = Layout::of(&names(listed)).unwrap();
        let all = std::iter::once(&layout.manifest).chain(&layout.files);
        assert_eq!(all.map(|file| listed[file.index]).collect::<Vec<_>>(), read, "{listed:?}");
    }

    #[test]
    fn nothing_is_read_but_four_kinds_of_files() {
        check(
            &[
                "Your archive.html",
                "data/account.js",
                "data/direct-messages.js",
                "data/tweets-part2.js",
                "data/tweets.js",
                "data/tweet-headers.js",
                "data/deleted-tweets.js",
                "data/tweets_media/1.jpg",
                "data/note-tweet.js",
                "data/following.js",
                "data/follower.json",
                "data/follower-partx.js",
                "data/follower-part10.js",
                "data/follower-part2.js",
                "data/follower.js",
                "assets/follower.js",
                "olddata/follower.js",
                "data/",
                "data/manifest.js",
            ],
            &[
                "data/manifest.js",
                "data/follower.js",
                "data/follower-part2.js",
                "data/follower-part10.js",
                "data/tweets.js",
                "data/tweets-part2.js",
                "data/note-tweet.js",
            ],
        );
    }

    #[test]
    fn packed_anew_it_is_the_same_archive() {
        check(&["manifest.js", "tweet.js"], &["manifest.js", "tweet.js"]);
        check(
            &["x/data/manifest.js", "x/data/tweets.js"],
            &["x/data/manifest.js", "x/data/tweets.js"],
        );
        check(&["data\\manifest.js", "data\\tweets.js"], &["data\\manifest.js", "data\\tweets.js"]);
        check(
            &["x\\data\\manifest.js", "x\\data\\tweets.js"],
            &["x\\data\\manifest.js", "x\\data\\tweets.js"],
        );
        check(
            &["./data/tweets.js", "./data/manifest.js"],
            &["./data/manifest.js", "./data/tweets.js"],
        );
        check(&["Data/Manifest.js", "Data/Tweets.js"], &["Data/Manifest.js", "Data/Tweets.js"]);
        check(
            &[
                "__MACOSX/x/data/._tweets.js",
                "x/.DS_Store",
                "x/data/manifest.js",
                "x/data/tweets.js",
            ],
            &["x/data/manifest.js", "x/data/tweets.js"],
        );
        check(&["data/manifest.js", "tweet.js"], &["data/manifest.js", "tweet.js"]);
        check(&["data/manifest.js", "other/manifest.js"], &["data/manifest.js"]);
    }

    #[track_caller]
    fn refused(listed: &[&str], expected: &NoLayout) {
        assert_eq!(Layout::of(&names(listed)).as_ref(), Err(expected), "{listed:?}");
    }

    #[test]
    fn what_is_no_archive_of_ours_is_told_from_what_is() {
        refused(&[], &NoLayout::Foreign);
        refused(&["data/photo.js", "manifest.js"], &NoLayout::Foreign);
        refused(&["a.txt", "twitter-2026.zip"], &NoLayout::Nested("twitter-2026.zip".into()));
        refused(&["data/js/tweets/2016_01.js", "data/js/tweet_index.js"], &NoLayout::Old);
        refused(&["tweets/data/js/tweets/2016_1.js"], &NoLayout::Old);
        refused(&["tweet.js", "follower.js", "account.js"], &NoLayout::Old);
        refused(&["data/tweets.js"], &NoLayout::Unnamed("data/manifest.js".into()));
        refused(&["follower.js"], &NoLayout::Unnamed("manifest.js".into()));
        let two = ["a/data/manifest.js", "a/data/follower.js", "b/data/manifest.js"];
        refused(&two, &NoLayout::Several(2));
    }
}
