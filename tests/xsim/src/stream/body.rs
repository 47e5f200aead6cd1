//! The body of a stream's response: pieces as they come, cut as small as wished.
//!
//! Knows no messages. Invariant: dropping the body, for whatever reason, reports the connection
//! gone exactly once.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Bytes;
use http_body::{Body, Frame};
use tokio::sync::mpsc;

use super::settings::Split;
use crate::hash::{Draw, below};
use crate::state::Sim;

const SALT_SPLIT: u64 = 192;
/// Bytes of the largest random piece.
const PIECE_MAX: u64 = 64;

/// What a body is told to send.
#[derive(Debug)]
pub(crate) enum Piece {
    Bytes(Bytes),
    /// Break the connection here.
    Break,
}

/// A place among the connections, given up when dropped.
pub(crate) struct Seat {
    sim: Arc<Sim>,
    id: u64,
}

impl Seat {
    pub(crate) fn new(sim: Arc<Sim>, id: u64) -> Self {
        Self { sim, id }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let now_ms = self.sim.now_ms();
        self.sim.live.lock().connections.gone(self.id, now_ms);
    }
}

/// The body of one connection.
pub(crate) struct StreamBody {
    pieces: mpsc::Receiver<Piece>,
    split: Split,
    draw: Draw,
    rest: Bytes,
    /// A piece was given and should leave before the next.
    flushing: bool,
    _seat: Seat,
}

impl StreamBody {
    pub(crate) fn new(pieces: mpsc::Receiver<Piece>, split: Split, seat: Seat) -> Self {
        let draw = Draw::new(seat.id, 0, SALT_SPLIT);
        Self { pieces, split, draw, rest: Bytes::new(), flushing: false, _seat: seat }
    }

    fn next_piece(&mut self) -> Bytes {
        let most = match self.split {
            Split::None => self.rest.len(),
            Split::Bytes => 1,
            Split::Random => 1 + usize::try_from(below(self.draw.next(), PIECE_MAX)).unwrap_or(0),
        };
        self.rest.split_to(most.min(self.rest.len()))
    }
}

impl Body for StreamBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if std::mem::take(&mut self.flushing) {
            // The connection writes out what it has whenever there is nothing more for now.
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.rest.is_empty() {
            match self.pieces.poll_recv(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some(Piece::Break)) => {
                    let error = io::Error::other("cut on request of a fault");
                    return Poll::Ready(Some(Err(error)));
                }
                Poll::Ready(Some(Piece::Bytes(bytes))) => self.rest = bytes,
            }
        }
        self.flushing = self.split != Split::None;
        let piece = self.next_piece();
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}
