//! Ctrl-C. Owns: whether it was pressed, for commands that must end what they started. Invariant: once
//! listened to, it ends no process by itself: who works looks here and stops.

use crate::failure::{Explain, Failure, Outcome};
use std::sync::atomic::{AtomicBool, Ordering};

static LISTENING: AtomicBool = AtomicBool::new(false);
static PRESSED: AtomicBool = AtomicBool::new(false);

/// From here on Ctrl-C (and SIGTERM) is noted instead of ending the process.
pub(crate) fn listen() -> Outcome {
    ctrlc::set_handler(|| PRESSED.store(true, Ordering::SeqCst)).explain("listening for Ctrl-C")?;
    LISTENING.store(true, Ordering::SeqCst);
    Ok(())
}

/// Whether programs must be ended by us, since Ctrl-C ends nobody.
pub(crate) fn is_listened_to() -> bool {
    LISTENING.load(Ordering::SeqCst)
}

/// Whether it was pressed.
pub(crate) fn pressed() -> bool {
    PRESSED.load(Ordering::SeqCst)
}

/// Ends whatever waits, once it was pressed.
pub(crate) fn check() -> Outcome {
    if pressed() {
        return Err(Failure::new("cargo xtask", "stopped by Ctrl-C", "nothing: you asked for it"));
    }
    Ok(())
}
