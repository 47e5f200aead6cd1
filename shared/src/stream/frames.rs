//! Bytes of a stream in, lines out. Owns: where a frame ends. Must not know: what is in it.
//! Invariant: the frames depend on the bytes alone, never on how they were split; every byte is
//! searched once.

/// The longest frame that is kept, in bytes. X's own tweets stay under 100 kB; half a frame of
/// somebody's garbage must not fill the memory.
pub const FRAME_MAX: usize = 2 * 1024 * 1024;
/// Memory kept for the next frame that lies across chunks.
const KEPT_BYTES: usize = 256 * 1024;

/// One line of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A line with something in it, without its end.
    Message(&'a [u8]),
    /// An empty line: X is there and has nothing to say.
    KeepAlive,
    /// A line longer than [`FRAME_MAX`] went by and was let go.
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

/// The beginning of a frame whose end has not come yet.
#[derive(Clone, Debug, Default)]
pub struct Frames {
    pending: Vec<u8>,
    skipped: Skipped,
}

/// What went by of a line that is too long.
#[derive(Clone, Copy, Debug, Default)]
struct Skipped {
    /// 0: no such line.
    bytes: usize,
    /// Its last byte so far was CR, which may turn out to belong to its end.
    cr: bool,
}

impl Frames {
    /// Takes the next bytes and hands on every frame that ends in them. A frame that lies whole
    /// in `bytes` is not copied.
    pub fn push(&mut self, bytes: &[u8], each: &mut dyn FnMut(Frame<'_>)) {
        let mut rest = bytes;
        while let Some((line, after)) =
            memchr::memchr(b'\n', rest).and_then(|end| rest.split_at_checked(end))
        {
            self.end(line, each);
            rest = after.strip_prefix(b"\n").unwrap_or(after);
        }
        self.keep(rest);
    }

    /// Forgets an unfinished frame: the next bytes are of another connection.
    pub fn reset(&mut self) {
        self.pending.clear();
        self.skipped = Skipped::default();
    }

    /// Bytes of the unfinished frame.
    pub fn pending(&self) -> usize {
        self.pending.len() + self.skipped.bytes
    }

    /// The last part of a line, its LF taken off.
    fn end(&mut self, tail: &[u8], each: &mut dyn FnMut(Frame<'_>)) {
        if self.pending.is_empty() && self.skipped.bytes == 0 {
            return each(frame(tail));
        }
        self.keep(tail);
        if self.skipped.bytes > 0 {
            let bytes = self.skipped.bytes - usize::from(self.skipped.cr);
            each(Frame::TooLong { bytes });
        } else {
            each(frame(&self.pending));
        }
        self.reset();
        self.pending.shrink_to(KEPT_BYTES);
    }

    fn keep(&mut self, part: &[u8]) {
        let Some(&last) = part.last() else { return };
        // One more than the longest frame: the last byte may be the CR of its end.
        if self.skipped.bytes == 0 && self.pending.len() + part.len() <= FRAME_MAX + 1 {
            return self.pending.extend_from_slice(part);
        }
        self.skipped.bytes += self.pending.len() + part.len();
        self.skipped.cr = last == b'\r';
        self.pending = Vec::new();
    }
}

/// A whole line, possibly with the CR of its end.
fn frame(line: &[u8]) -> Frame<'_> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match line.len() {
        0 => Frame::KeepAlive,
        bytes if bytes > FRAME_MAX => Frame::TooLong { bytes },
        _ => Frame::Message(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every frame as a word, for chunks pushed one after the other.
    fn words(frames: &mut Frames, chunks: &[&[u8]]) -> Vec<String> {
        let mut words = Vec::new();
        for chunk in chunks {
            frames.push(chunk, &mut |frame| {
                words.push(match frame {
                    Frame::Message(line) => String::from_utf8_lossy(line).into_owned(),
                    Frame::KeepAlive => "·".to_owned(),
                    Frame::TooLong { bytes } => format!("{bytes}!"),
                });
            });
        }
        words
    }

    #[track_caller]
    fn check(chunks: &[&str], expected: &[&str], pending: usize) {
        let chunks: Vec<&[u8]> = chunks.iter().map(|chunk| chunk.as_bytes()).collect();
        let mut frames = Frames::default();
        assert_eq!(words(&mut frames, &chunks), expected);
        assert_eq!(frames.pending(), pending);
    }

    #[test]
    fn lines_end_with_lf_or_crlf() {
        check(&["a\r\nb\nc"], &["a", "b"], 1);
        check(&["a\rb\r\r\n"], &["a\rb\r"], 0);
        check(&["", "a", "", "\r", "", "\n"], &["a"], 0);
    }

    #[test]
    fn empty_lines_are_keep_alives() {
        check(&["\r\n\n", "\r", "\n", "\n"], &["·", "·", "·", "·"], 0);
        check(&[" \r\n"], &[" "], 0);
    }

    #[test]
    fn a_character_may_lie_across_chunks() {
        let bytes = "\u{1f30d}\r\n".as_bytes();
        let mut frames = Frames::default();
        let chunks: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(words(&mut frames, &chunks), ["\u{1f30d}"]);
    }

    #[test]
    fn a_frame_within_a_chunk_is_not_copied() {
        let chunk = b"first\r\nsecond\r\nthird";
        let range = chunk.as_ptr_range();
        let mut frames = Frames::default();
        frames.push(chunk, &mut |frame| {
            let Frame::Message(line) = frame else { panic!() };
            assert!(range.contains(&line.as_ptr()));
        });
        assert_eq!(frames.pending(), 5);
    }

    #[test]
    fn the_longest_frame_passes_and_a_longer_one_is_counted() {
        for end in ["\n", "\r\n"] {
            for (len, expected) in [(FRAME_MAX, None), (FRAME_MAX + 1, Some(FRAME_MAX + 1))] {
                let text = "x".repeat(len) + end + "next\n";
                let lf = len + end.len();
                for split in [0, 1, len - 1, len, len + 1, lf - 1, lf, lf + 2] {
                    let (left, right) = text.as_bytes().split_at(split);
                    let mut frames = Frames::default();
                    let seen = words(&mut frames, &[left, right]);
                    assert_eq!(seen[1..], ["next"], "{split}");
                    match expected {
                        Some(bytes) => assert_eq!(seen[0], format!("{bytes}!"), "{split}"),
                        None => assert_eq!(seen[0].len(), len, "{split}"),
                    }
                }
            }
        }
    }

    #[test]
    fn an_endless_line_takes_no_memory() {
        let mut frames = Frames::default();
        let chunk = vec![b'x'; 64 * 1024];
        for _ in 0..200 {
            frames.push(&chunk, &mut |_| panic!("no line has ended"));
        }
        assert_eq!((frames.pending(), frames.pending.capacity()), (200 * 64 * 1024, 0));
        assert_eq!(words(&mut frames, &[b"\r\nnext\r\n"]), ["13107200!", "next"]);
    }

    #[test]
    fn a_new_connection_begins_with_nothing_pending() {
        let mut frames = Frames::default();
        assert_eq!(words(&mut frames, &[b"{\"half\""]), [""; 0]);
        frames.reset();
        assert_eq!(words(&mut frames, &[b"whole\n"]), ["whole"]);
    }
}
