//! An archive, file by file. Owns: what was found, and whether the list of followers is whole.
//! Must not know: how a file is opened. Invariant: the list is whole only if every file that X
//! says there is was read to its end and has as many entries as X says; where X does not say, no
//! number may be missing between the first file and the last.

use super::entries::{each, payload};
use super::layout::{Part, PartFile};
use super::lists::{Followers, People};
use super::manifest::Manifest;
use super::notes::Notes;
use super::tweets::Tweets;
use serde_json::Value;

/// What became of opening a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script<'a> {
    /// Its text.
    Text(&'a str),
    /// It could not be opened: damaged, or locked with a password.
    Shut,
}

/// A file that was taken in.
struct Taken {
    part: Part,
    number: u32,
    name: String,
    entries: u64,
    /// It was there to its end.
    whole: bool,
}

/// An archive that is being read.
pub struct Archive {
    manifest: Manifest,
    people: People,
    tweets: Tweets,
    notes: Notes,
    taken: Vec<Taken>,
}

/// What an archive holds for us, and what of it is missing: for the owner, before anything is
/// imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Whose, of when.
    pub manifest: Manifest,
    /// The list of followers.
    pub followers: Followers,
    /// Tweets; the versions of an edited one are one.
    pub tweets: u64,
    /// Tweets left out for newer ones.
    pub older: u64,
    /// Entries of tweets that could not be read.
    pub unreadable_tweets: u64,
    /// Tweets that X counted and that are not there.
    pub missing_tweets: u64,
    /// Files of tweets and of their whole texts that cannot be opened or end early.
    pub broken: Vec<String>,
    /// Whole texts of long tweets that are missing, unreadable or fit no tweet.
    pub lost_notes: u64,
}

impl Archive {
    /// Nothing but the manifest is read yet.
    pub fn new(manifest: Manifest) -> Self {
        Self {
            manifest,
            people: People::default(),
            tweets: Tweets::default(),
            notes: Notes::default(),
            taken: Vec::new(),
        }
    }

    /// Takes in a further file, in the layout's order. A file of followers that X's manifest does
    /// not name is not of this archive.
    pub fn take(
        &mut self,
        file: &PartFile,
        script: Script<'_>,
        parse: &dyn Fn(&str) -> Option<Value>,
    ) {
        let named = |one: &super::manifest::Stated| one.name == file.name;
        if file.part == Part::Follower
            && self.manifest.stated(Part::Follower).next().is_some()
            && !self.manifest.stated(Part::Follower).any(named)
        {
            return;
        }
        let json = match script {
            Script::Text(text) => payload(text),
            Script::Shut => None,
        };
        let author = self.manifest.account;
        let mut entries = 0;
        let whole = each(json.unwrap_or_default(), parse, |entry| {
            entries += 1;
            match file.part {
                Part::Follower => self.people.take(entry.as_ref()),
                Part::Tweets => self.tweets.take(entry.as_ref(), author),
                Part::Notes => self.notes.take(entry.as_ref()),
                Part::Manifest => {}
            }
        });
        let (part, number, name) = (file.part, file.number, file.name.clone());
        self.taken.push(Taken { part, number, name, entries, whole });
    }

    /// All files were taken in: what was found, the followers and the tweets.
    pub fn finish(mut self) -> (Found, People, Tweets) {
        let followers = self.followers();
        let unreadable_notes = self.notes.unreadable;
        let (missing_notes, missing_tweets) =
            (self.missing(Part::Notes), self.missing(Part::Tweets));
        let fits_none = self.notes.join(&mut self.tweets);
        let broken = self.taken.iter().filter(|file| file.part != Part::Follower && !file.whole);
        let found = Found {
            followers,
            tweets: self.tweets.count(),
            older: self.tweets.older,
            unreadable_tweets: self.tweets.unreadable,
            missing_tweets,
            broken: broken.map(|file| file.name.clone()).collect(),
            lost_notes: missing_notes + unreadable_notes + fits_none,
            manifest: self.manifest,
        };
        (found, self.people, self.tweets)
    }

    /// Entries of a part that X counted and that are not there.
    fn missing(&self, part: Part) -> u64 {
        let one = |stated: &super::manifest::Stated| {
            stated.count.unwrap_or(0).saturating_sub(self.entries(part, &stated.name))
        };
        self.manifest.stated(part).map(one).sum()
    }

    fn entries(&self, part: Part, name: &str) -> u64 {
        let files = self.taken.iter().filter(|file| file.part == part && file.name == name);
        files.map(|file| file.entries).sum()
    }

    fn followers(&self) -> Followers {
        let files: Vec<&Taken> =
            self.taken.iter().filter(|file| file.part == Part::Follower).collect();
        if self.manifest.partial {
            return Followers::Partial;
        }
        let of = self.manifest.stated(Part::Follower).filter_map(|stated| stated.count).sum();
        let missing = self.missing(Part::Follower);
        if missing > 0 {
            return Followers::Missing { missing, of };
        }
        if let Some(file) = files.iter().find(|file| !file.whole) {
            return Followers::Broken(file.name.clone());
        }
        if let Some(name) = self.no_file(&files) {
            return Followers::NoFile(name);
        }
        let twice =
            |file: &&&Taken| files.iter().filter(|one| one.number == file.number).count() > 1;
        if let Some(file) = files.iter().find(twice) {
            return Followers::Twice(file.name.clone());
        }
        let listed = files.iter().map(|file| file.entries).sum();
        let over = self.manifest.stated(Part::Follower).any(|stated| {
            stated.count.is_some_and(|count| self.entries(Part::Follower, &stated.name) > count)
        });
        if over {
            return Followers::Extra { listed, of };
        }
        match (self.people.ids.len() as u64, self.people.unreadable) {
            (0, 0) => Followers::Empty,
            (0, unreadable) => Followers::Unreadable(unreadable),
            (read, unreadable) => Followers::Whole { read, unreadable },
        }
    }

    /// A file of followers that must be there and is not: by the manifest, else by the numbers of
    /// those that are. An account that nobody follows may have none.
    fn no_file(&self, files: &[&Taken]) -> Option<String> {
        let here = |name: &str| files.iter().any(|file| file.name == name);
        let mut stated = self.manifest.stated(Part::Follower).peekable();
        if stated.peek().is_some() {
            let gone = stated.find(|file| file.count != Some(0) && !here(&file.name));
            return gone.map(|file| file.name.clone());
        }
        let last = files.iter().map(|file| file.number).max()?;
        let gone = (0..last).find(|number| !files.iter().any(|file| file.number == *number))?;
        Some(if gone == 0 { "follower.js".to_owned() } else { format!("follower-part{gone}.js") })
    }
}
