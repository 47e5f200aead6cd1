//! One person: their row, their history, the owner's note on them.

use super::changes::{Wanted, events};
use super::following::{self, mutual};
use super::roster::Note;
use super::{Account, id_text, profiles};
use crate::fault::{Fault, Result};
use crate::http;
use crate::sql::values;
use shared::api::{EventKind, Follower, FollowerChange, FollowerDetail, LossState};
use shared::id::UserId;
use shared::time::UnixMs;
use shared::x::user::Profile;
use worker::Response;

/// Longest note, in characters.
const NOTE_MAX: usize = 2_000;
/// More events than anyone has; the list says so by being cut.
const EVENTS_MAX: usize = 1_000;

impl Account {
    /// `GET …/followers/{user}`.
    pub(super) async fn show_follower(&self, user: &str) -> Result<Response> {
        http::json(200, &self.follower(user_id(user)?).await?)
    }

    /// `PATCH …/followers/{user}`.
    pub(super) async fn change_follower(
        &self,
        user: &str,
        change: FollowerChange,
    ) -> Result<Response> {
        let user = user_id(user)?;
        // Whoever was never seen has no row to note on.
        self.follower(user).await?;
        let mut note = self.note(user)?;
        if let Some(muted) = change.muted {
            note.muted = muted;
        }
        if let Some(text) = change.note {
            let text = text.trim();
            if text.chars().count() > NOTE_MAX {
                return Err(Fault::bad(format!("`note`: at most {NOTE_MAX} characters")));
            }
            note.note = (!text.is_empty()).then(|| text.to_owned());
        }
        if note.muted || note.note.is_some() {
            self.sql.run(
                "INSERT INTO notes (user, muted, note) VALUES (?, ?, ?)
                 ON CONFLICT (user) DO UPDATE SET muted = excluded.muted, note = excluded.note",
                values![id_text(user), i64::from(note.muted), note.note],
            )?;
        } else {
            self.sql.run("DELETE FROM notes WHERE user = ?", values![id_text(user)])?;
        }
        http::json(200, &self.follower(user).await?)
    }

    async fn follower(&self, user: UserId) -> Result<FollowerDetail> {
        self.tracked()?;
        let wanted = Wanted { users: Some([user].into()), ..Wanted::default() };
        let events = events(&self.sql, &wanted, EVENTS_MAX)?.items;
        let entry = profiles::entry(&self.sql, user)?;
        let following = match self.accepted_at(None)? {
            Some(known) => {
                self.withheld(None)?.contains(&user)
                    || self.load_roster(&known).await?.contains(user)
            }
            None => false,
        };
        let followed = self.followed()?;
        let entry = match entry {
            None if followed.is_some() => following::entry(&self.sql, user)?,
            entry => entry,
        };
        if entry.is_none() && events.is_empty() && !following {
            return Err(Fault::missing(format!(
                "user {user} was never seen following, nor followed"
            )));
        }
        let profile = entry.as_ref().and_then(|entry| Profile::of(user, &entry.raw));
        let came = |kind| matches!(kind, EventKind::Followed | EventKind::Returned);
        let note = self.note(user)?;
        let told = profile.as_ref();
        let seen = entry.as_ref().map_or(UnixMs(i64::MIN), |entry| entry.seen);
        let mutual = mutual(followed.as_ref(), user, told.and_then(|p| p.mutual), seen);
        let retracted = Some(LossState::Retracted);
        Ok(FollowerDetail {
            follower: Follower {
                user: profiles::person(user, told),
                followers: told.and_then(|p| p.followers),
                verified: told.and_then(|p| p.verified),
                protected: told.is_some_and(|p| p.protected),
                description: told.and_then(|p| p.description.clone()),
                joined: told.and_then(|p| p.joined),
                posts: told.and_then(|p| p.posts),
                left: None,
                since: events.iter().find(|event| came(event.kind)).map(|event| event.at),
                last_change: events.iter().find(|e| e.state != retracted).map(|event| event.at),
                following,
                mutual,
                muted: note.muted,
                note: note.note,
            },
            profile_at: entry.map(|entry| entry.seen),
            events,
        })
    }

    fn note(&self, user: UserId) -> Result<Note> {
        let row = self
            .sql
            .first("SELECT muted, note FROM notes WHERE user = ?", values![id_text(user)])?;
        let Some(mut row) = row else { return Ok(Note::default()) };
        Ok(Note { muted: row.int()? != 0, note: row.maybe_text()? })
    }
}

fn user_id(text: &str) -> Result<UserId> {
    text.parse().map_err(|error: shared::id::BadId| Fault::bad(error.to_string()))
}
