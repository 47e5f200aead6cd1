//! A body that promises more than it delivers.
//!
//! Knows nothing of the simulator. Invariant: half of the bytes are flushed, then the body fails
//! and with it the connection.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

/// Time for what was written to leave the process before the connection breaks.
const FLUSH: Duration = Duration::from_millis(100);

/// The first half of some bytes, announced as all of them.
#[derive(Debug)]
pub(crate) struct CutBody {
    promised: u64,
    half: Option<Bytes>,
    pause: Pin<Box<Sleep>>,
}

impl CutBody {
    pub(crate) fn halfway(mut bytes: Vec<u8>) -> Self {
        let promised = bytes.len() as u64;
        bytes.truncate(bytes.len() / 2);
        Self {
            promised,
            half: Some(Bytes::from(bytes)),
            pause: Box::pin(tokio::time::sleep(FLUSH)),
        }
    }
}

impl Body for CutBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(half) = self.half.take() {
            return Poll::Ready(Some(Ok(Frame::data(half))));
        }
        self.pause
            .as_mut()
            .poll(context)
            .map(|()| Some(Err(io::Error::other("cut on request of a fault"))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised)
    }
}
