//! JSON at the speed of the stream. Owns: reading a text once, front to back, and writing
//! strings and numbers. Must not know: what a tweet is. Invariant: what [`Reader`] lets pass is
//! JSON (checked against `serde_json` below), and a [`Text`] can be copied into JSON as it is.
//!
//! Why not `serde_json` here: a derived struct gives up at its first odd field, and every text
//! with a `\n` in it is taken apart only to be put together again. This reader hands on the
//! text between the quotes untouched, and goes on after whatever it did not expect.

mod digits;
mod scan;
mod text;
mod write;

pub(crate) use digits::eight;
use scan::plain_until;
use text::Escapes;
pub use text::Text;
pub(crate) use write::{ascii, degrees, escape, whole};

/// Deepest nesting that is skipped over; X's messages stay under 12.
const DEPTH_MAX: u32 = 128;

/// A text that is no JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not JSON: byte {at} is not what should stand there")]
pub struct Malformed {
    /// Where it stops to be JSON.
    pub at: usize,
}

/// What one field held.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Field<T> {
    /// Not there, or null.
    #[default]
    Absent,
    /// As expected.
    Is(T),
    /// Something else than expected.
    Odd,
}

impl<T> Field<T> {
    /// The value; `None` where there is none or an odd one.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Absent | Self::Odd => None,
        }
    }

    /// Takes `other` where this has no value of its own.
    pub(crate) fn or_take(&mut self, other: Self) {
        if !matches!(self, Self::Is(_)) && !matches!(other, Self::Absent) {
            *self = other;
        }
    }

    /// Carries the value on; `None` from `map` makes it odd.
    pub(crate) fn and_then<U>(self, map: impl FnOnce(T) -> Option<U>) -> Field<U> {
        match self {
            Self::Is(value) => map(value).map_or(Field::Odd, Field::Is),
            Self::Absent => Field::Absent,
            Self::Odd => Field::Odd,
        }
    }
}

/// What stood where an object or array was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// It, and it was read.
    Read,
    /// Null.
    Null,
    /// Something else, skipped.
    Other,
}

/// Reads a JSON text from its front to its end.
pub(crate) struct Reader<'a> {
    text: &'a str,
    at: usize,
}

/// The text is no JSON; [`Reader::malformed`] says where. Nothing is in it, so that what is read
/// without a value comes back in a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stopped;

pub(crate) type Read<T> = Result<T, Stopped>;

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Where reading stopped.
    pub(crate) fn malformed(&self) -> Malformed {
        Malformed { at: self.at }
    }

    /// The byte here; 0, which no JSON has, at the end.
    #[inline]
    fn here(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or_default()
    }

    /// The next byte that is no space. X writes none: they are kept out of the way.
    #[inline]
    fn peek(&mut self) -> u8 {
        let byte = self.here();
        if byte > b' ' { byte } else { self.peek_behind_spaces() }
    }

    #[cold]
    fn peek_behind_spaces(&mut self) -> u8 {
        loop {
            match self.here() {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return byte,
            }
        }
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Read<()> {
        if self.peek() != byte {
            return Err(Stopped);
        }
        self.at += 1;
        Ok(())
    }

    /// Nothing but spaces may be left.
    pub(crate) fn end(&mut self) -> Read<()> {
        self.peek();
        if self.at == self.text.len() { Ok(()) } else { Err(Stopped) }
    }

    /// Reads an object: `each` gets every key, as written, and must read its value.
    pub(crate) fn object(
        &mut self,
        mut each: impl FnMut(&mut Self, &'a str) -> Read<()>,
    ) -> Read<Shape> {
        if self.peek() != b'{' {
            return self.other();
        }
        self.at += 1;
        if self.peek() == b'}' {
            self.at += 1;
            return Ok(Shape::Read);
        }
        loop {
            let (key, _) = self.quoted()?;
            self.expect(b':')?;
            each(self, key)?;
            match self.peek() {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    return Ok(Shape::Read);
                }
                _ => return Err(Stopped),
            }
        }
    }

    /// Reads an array: `each` must read one value.
    pub(crate) fn array(&mut self, mut each: impl FnMut(&mut Self) -> Read<()>) -> Read<Shape> {
        if self.peek() != b'[' {
            return self.other();
        }
        self.at += 1;
        if self.peek() == b']' {
            self.at += 1;
            return Ok(Shape::Read);
        }
        loop {
            each(self)?;
            match self.peek() {
                b',' => self.at += 1,
                b']' => {
                    self.at += 1;
                    return Ok(Shape::Read);
                }
                _ => return Err(Stopped),
            }
        }
    }

    fn other(&mut self) -> Read<Shape> {
        if self.null()? {
            return Ok(Shape::Null);
        }
        self.skip().map(|()| Shape::Other)
    }

    /// Whether null stands here; it is skipped then.
    pub(crate) fn null(&mut self) -> Read<bool> {
        let null = self.peek() == b'n';
        if null {
            self.literal("null")?;
        }
        Ok(null)
    }

    /// Skips a value; `Odd`, unless it is null.
    fn odd<T>(&mut self) -> Read<Field<T>> {
        Ok(if self.other()? == Shape::Null { Field::Absent } else { Field::Odd })
    }

    /// A string.
    pub(crate) fn text(&mut self) -> Read<Field<Text<'a>>> {
        if self.peek() != b'"' {
            return self.odd();
        }
        let (raw, escapes) = self.quoted()?;
        Ok(Field::Is(Text::read(raw, escapes)))
    }

    /// A boolean.
    pub(crate) fn flag(&mut self) -> Read<Field<bool>> {
        match self.peek() {
            b't' => self.literal("true").map(|()| Field::Is(true)),
            b'f' => self.literal("false").map(|()| Field::Is(false)),
            _ => self.odd(),
        }
    }

    /// A finite number.
    pub(crate) fn number(&mut self) -> Read<Field<f64>> {
        let Some(text) = self.number_text()? else { return self.odd() };
        let number = digits::decimal(text).or_else(|| text.parse().ok());
        Ok(number.filter(|number| number.is_finite()).map_or(Field::Odd, Field::Is))
    }

    /// A whole number that may be written as a string: ids are, in one dialect or the other.
    pub(crate) fn whole(&mut self) -> Read<Field<u64>> {
        let text = if self.peek() == b'"' { Some(self.quoted()?.0) } else { self.number_text()? };
        let Some(text) = text else { return self.odd() };
        Ok(digits::whole(text).map_or(Field::Odd, Field::Is))
    }

    /// So many numbers.
    pub(crate) fn numbers<const N: usize>(&mut self) -> Read<Field<[f64; N]>> {
        let mut found = [0.0; N];
        let mut slots = found.iter_mut();
        let mut fits = true;
        let shape = self.array(|reader| {
            match (reader.number()?, slots.next()) {
                (Field::Is(number), Some(slot)) => *slot = number,
                _ => fits = false,
            }
            Ok(())
        })?;
        let full = slots.next().is_none();
        Ok(match shape {
            Shape::Null => Field::Absent,
            Shape::Read if fits && full => Field::Is(found),
            Shape::Read | Shape::Other => Field::Odd,
        })
    }

    /// The digits of a number; `None` where something else stands.
    fn number_text(&mut self) -> Read<Option<&'a str>> {
        if !matches!(self.peek(), b'-' | b'0'..=b'9') {
            return Ok(None);
        }
        let start = self.at;
        self.skip_number()?;
        self.text.get(start..self.at).map_or_else(|| Err(Stopped), |text| Ok(Some(text)))
    }

    /// The inside of a string, and what it holds.
    #[allow(clippy::inline_always, reason = "half of a tweet's strings are keys: 3 % of all")]
    #[inline(always)]
    fn quoted(&mut self) -> Read<(&'a str, Escapes)> {
        if self.peek() != b'"' {
            return Err(Stopped);
        }
        let start = self.at + 1;
        let escapes = self.skip_string()?;
        let Some(raw) = self.text.get(start..self.at - 1) else { return Err(Stopped) };
        Ok((raw, escapes))
    }

    #[allow(clippy::inline_always, reason = "half of a tweet's strings are keys: 3 % of all")]
    #[inline(always)]
    fn skip_string(&mut self) -> Read<Escapes> {
        self.at = plain_until(self.text.as_bytes(), self.at + 1);
        if self.here() == b'"' {
            self.at += 1;
            return Ok(Escapes::None);
        }
        self.skip_escapes()
    }

    /// The rest of a string, from its first escape on.
    #[inline(never)]
    fn skip_escapes(&mut self) -> Read<Escapes> {
        let mut escapes = Escapes::None;
        loop {
            match self.here() {
                b'"' => {
                    self.at += 1;
                    return Ok(escapes);
                }
                b'\\' => escapes = escapes.max(self.skip_escape()?),
                _ => return Err(Stopped),
            }
            self.at = plain_until(self.text.as_bytes(), self.at);
        }
    }

    fn skip_escape(&mut self) -> Read<Escapes> {
        match self.text.as_bytes().get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                Ok(Escapes::Short)
            }
            Some(b'u') => {
                let digits = self.text.as_bytes().get(self.at + 2..self.at + 6);
                if !digits.is_some_and(|four| four.iter().all(u8::is_ascii_hexdigit)) {
                    return Err(Stopped);
                }
                self.at += 6;
                Ok(Escapes::Unicode)
            }
            _ => Err(Stopped),
        }
    }

    fn skip_number(&mut self) -> Read<()> {
        if self.here() == b'-' {
            self.at += 1;
        }
        match self.here() {
            b'0' => self.at += 1,
            b'1'..=b'9' => self.skip_digits()?,
            _ => return Err(Stopped),
        }
        if self.here() == b'.' {
            self.at += 1;
            self.skip_digits()?;
        }
        if matches!(self.here(), b'e' | b'E') {
            self.at += 1;
            if matches!(self.here(), b'+' | b'-') {
                self.at += 1;
            }
            self.skip_digits()?;
        }
        Ok(())
    }

    fn skip_digits(&mut self) -> Read<()> {
        if !self.here().is_ascii_digit() {
            return Err(Stopped);
        }
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        self.at += rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        Ok(())
    }

    fn literal(&mut self, word: &str) -> Read<()> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(Stopped);
        }
        self.at += word.len();
        Ok(())
    }

    /// Skips any value: without recursion, so that no text can exhaust the stack.
    pub(crate) fn skip(&mut self) -> Read<()> {
        let mut open = Open::default();
        loop {
            let byte = self.peek();
            match byte {
                b'"' => _ = self.skip_string()?,
                b'{' | b'[' => {
                    self.at += 1;
                    let closing = if byte == b'{' { b'}' } else { b']' };
                    if self.peek() == closing {
                        self.at += 1;
                    } else if open.depth == DEPTH_MAX {
                        return Err(Stopped);
                    } else {
                        open.enter(byte == b'{');
                        self.skip_key(&open)?;
                        continue;
                    }
                }
                b't' => self.literal("true")?,
                b'f' => self.literal("false")?,
                b'n' => self.literal("null")?,
                _ => self.skip_number()?,
            }
            // A value ended: close what ends with it, or go to the next one.
            loop {
                if open.depth == 0 {
                    return Ok(());
                }
                match (self.peek(), open.is_object()) {
                    (b',', _) => {
                        self.at += 1;
                        self.skip_key(&open)?;
                        break;
                    }
                    (b'}', true) | (b']', false) => {
                        self.at += 1;
                        open.leave();
                    }
                    _ => return Err(Stopped),
                }
            }
        }
    }

    /// In an object, the key before the next value.
    #[inline]
    fn skip_key(&mut self, open: &Open) -> Read<()> {
        if !open.is_object() {
            return Ok(());
        }
        if self.peek() != b'"' {
            return Err(Stopped);
        }
        self.skip_string()?;
        self.expect(b':')
    }
}

/// The brackets that are open where a value is skipped: a bit for each, 1 for an object. In two
/// words, as shifting 128 bits is a call in wasm.
#[derive(Default)]
struct Open {
    depth: u32,
    /// The innermost lowest.
    inner: u64,
    outer: u64,
}

impl Open {
    fn enter(&mut self, object: bool) {
        self.depth += 1;
        self.outer = (self.outer << 1) | (self.inner >> 63);
        self.inner = (self.inner << 1) | u64::from(object);
    }

    fn leave(&mut self) {
        self.depth -= 1;
        self.inner = (self.inner >> 1) | (self.outer << 63);
        self.outer >>= 1;
    }

    fn is_object(&self) -> bool {
        self.inner & 1 == 1
    }
}

#[cfg(test)]
mod tests;
