//! What is shown of one person's changes, lists and evidence together, oldest first. Owns: who
//! is believed to follow when, and which change or push tells of it. Must not know: stores, or
//! anyone else. Invariant: what is shown and not retracted alternates between coming and leaving.

use super::{Change, Contradiction, Dir, Shown, Timeline};
use crate::api::EventKind;
use crate::time::{MINUTE_MS, UnixMs};
use crate::verdict::{Evidence, Loss, Said};

/// What X says may take this long to show in its lists.
const LAG_MS: i64 = 2 * MINUTE_MS;

/// Something to show an event on.
#[derive(Clone, Copy)]
enum Slot {
    Change(usize),
    Push(usize),
}

/// What is known of one person so far.
struct Belief {
    /// Whether they follow; none: nothing said so yet.
    follows: Option<bool>,
    /// The last that X claimed beside its lists.
    claimed: Option<UnixMs>,
    /// The loss not yet told, or the last one.
    loss: Option<(Slot, Loss)>,
}

/// Shows a person's changes and pushes; both ascend by instant. Renames are not among them.
pub(super) fn fold(
    timeline: &Timeline,
    chain: &mut [Change],
    evidence: &mut [Evidence],
) -> Result<(), Contradiction> {
    alternate(chain)?;
    let listed = chain.first().map(|first| matches!(first.dir, Dir::Left | Dir::Stayed));
    let told = evidence.iter().find(|one| one.said.is_push()).and_then(|one| one.listed);
    let mut belief = Belief { follows: listed.or(told), claimed: None, loss: None };
    let (mut c, mut e) = (0, 0);
    loop {
        let change = chain.get(c).map(|change| change.at);
        // At one instant: what was pushed, the list, what was looked up after it.
        let first = evidence.get(e).filter(|one| {
            change.is_none_or(|at| one.at < at || (one.at == at && one.said.is_push()))
        });
        if let Some((at, said)) = first.map(|one| (one.at, one.said)) {
            belief.heard(timeline, (at, said), (Slot::Push(e), chain, evidence));
            e += 1;
        } else if change.is_some() {
            belief.listed(timeline, c, chain, evidence);
            c += 1;
        } else {
            break;
        }
    }
    belief.absent(timeline, None);
    belief.tell(chain, evidence);
    Ok(())
}

/// Both ways in one interval is no more possible than one way twice.
fn alternate(chain: &[Change]) -> Result<(), Contradiction> {
    let mut before: Option<&Change> = None;
    for change in chain.iter().filter(|change| matches!(change.dir, Dir::Came | Dir::Left)) {
        if before.is_some_and(|before| before.dir == change.dir || before.at == change.at) {
            return Err(Contradiction { user: change.user, at: change.at, dir: change.dir });
        }
        before = Some(change);
    }
    Ok(())
}

impl Belief {
    /// The list of the change numbered `c`.
    fn listed(
        &mut self,
        timeline: &Timeline,
        c: usize,
        chain: &mut [Change],
        evidence: &mut [Evidence],
    ) {
        let Some((at, dir)) = chain.get(c).map(|change| (change.at, change.dir)) else { return };
        self.absent(timeline, Some(at));
        // A list may lag behind what X said a moment ago: then the one after it counts.
        let lags = self.claimed.is_some_and(|claimed| at.since(claimed) < LAG_MS);
        let here = matches!(dir, Dir::Came | Dir::Stayed);
        let compared = matches!(dir, Dir::Came | Dir::Left) || !lags;
        if self.follows == Some(here) || !compared {
            show(Slot::Change(c), None, chain, evidence);
            return;
        }
        self.follows = Some(here);
        if here {
            self.back(at, dir == Dir::Came, Slot::Change(c), (chain, evidence));
        } else {
            let loss = Loss::listed(at, timeline.doubtful(at));
            self.lost(Slot::Change(c), loss, (chain, evidence));
        }
    }

    /// What X said at `at`; `slot` is where a push is shown.
    fn heard(
        &mut self,
        timeline: &Timeline,
        (at, said): (UnixMs, Said),
        (slot, chain, evidence): (Slot, &mut [Change], &mut [Evidence]),
    ) {
        if said.is_claim() {
            self.claimed = Some(at);
        }
        if !said.is_push() {
            self.absent(timeline, Some(at.plus(1)));
            if self.follows == Some(false)
                && let Some((_, loss)) = &mut self.loss
                && loss.look(at, said)
            {
                self.follows = Some(true);
            }
            return;
        }
        self.absent(timeline, Some(at));
        let here = said == Said::Followed;
        if self.follows == Some(here) {
            // A list was faster; a loss that it suspects is told for certain.
            let newest = timeline.before(at.plus(1));
            let open = |loss: &Loss| Some(loss.at) == newest || loss.is_withheld();
            if let Some((_, loss)) = self.loss.as_mut().filter(|(_, loss)| open(loss))
                && !here
            {
                loss.confirm(at);
            }
            show(slot, None, chain, evidence);
            return;
        }
        self.follows = Some(here);
        if here {
            self.back(at, false, slot, (chain, evidence));
        } else {
            self.lost(slot, Loss::pushed(at), (chain, evidence));
        }
    }

    /// Someone follows again, or for the first time. `by_list`: a list has them that comes after
    /// one that had not.
    fn back(
        &mut self,
        at: UnixMs,
        by_list: bool,
        slot: Slot,
        (chain, evidence): (&mut [Change], &mut [Evidence]),
    ) {
        let kind = match self.loss.as_mut() {
            Some((_, loss)) if by_list && !loss.is_settled() => {
                loss.retract(at);
                None
            }
            Some((_, loss)) => {
                loss.followed_again(at);
                Some(EventKind::Returned)
            }
            None => Some(EventKind::Followed),
        };
        self.tell(chain, evidence);
        show(slot, kind.map(Shown::plain), chain, evidence);
    }

    fn lost(
        &mut self,
        slot: Slot,
        loss: Loss,
        (chain, evidence): (&mut [Change], &mut [Evidence]),
    ) {
        self.tell(chain, evidence);
        self.loss = Some((slot, loss));
    }

    /// Lists before `until` lack whoever is believed to be gone.
    fn absent(&mut self, timeline: &Timeline, until: Option<UnixMs>) {
        if self.follows == Some(false)
            && let Some((_, loss)) = &mut self.loss
        {
            loss.absent(timeline, until);
        }
    }

    /// Shows the loss as it now stands.
    fn tell(&self, chain: &mut [Change], evidence: &mut [Evidence]) {
        let Some((slot, loss)) = &self.loss else { return };
        let withheld = loss.is_withheld();
        let (kind, state) = (EventKind::Lost, Some(loss.state));
        let shown = Shown { kind, state, verdict: Some(loss.verdict()), withheld };
        show(*slot, Some(shown), chain, evidence);
    }
}

fn show(slot: Slot, shown: Option<Shown>, chain: &mut [Change], evidence: &mut [Evidence]) {
    match slot {
        Slot::Change(c) => {
            if let Some(change) = chain.get_mut(c) {
                change.shown = shown;
            }
        }
        Slot::Push(e) => {
            if let Some(one) = evidence.get_mut(e) {
                one.shown = shown;
            }
        }
    }
}
