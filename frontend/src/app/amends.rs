//! What the page makes good: an address that leads astray, a network that comes back. Owns: what is
//! said of them and what is done. Must not know: how it looks. Invariant: nothing is asked of X.

use super::App;
use crate::{browser, words};
use leptos::prelude::*;

impl App {
    /// What the address asked for and is not shown, in a sentence.
    pub(crate) fn astray(self) -> Option<String> {
        let unread = self.seen(|view| view.unread.clone());
        let asked = self.seen(|view| view.account.clone());
        let shown =
            self.of_account(|one| one.map(|one| (one.id.to_string(), one.username.clone())));
        let (id, handle) = shown?;
        let other = asked.filter(|asked| *asked != id);
        words::astray(&unread, other.as_deref(), &handle)
    }

    /// Puts the address right: what is shown is what it says then.
    pub(crate) fn put_right(self) {
        let shown = self.account.with_untracked(|one| one.as_ref().map(|one| one.id.to_string()));
        self.replace(|view| {
            view.unread.clear();
            if view.account != shown {
                view.account = None;
            }
        });
    }

    /// Says when the network is gone; asks for everything anew when it is back.
    pub(super) fn watch_network(self) {
        for event in ["online", "offline"] {
            let _ = window_event_listener_untyped(event, move |_| {
                let before = self.online.get_untracked();
                self.online.set(browser::is_online());
                if browser::is_online() && !before {
                    self.status.again();
                    self.renew();
                }
            });
        }
    }
}
