//! Tweets without a page around them. Owns: what of them is chosen, the rows of the table, the
//! drawing of one tweet's curve, the marks of the tide. Must not know: markup, the browser.
//! Invariant: a number that X did not tell is drawn as nothing, and never as zero.

pub(crate) mod choice;
pub(crate) mod csv;
pub(crate) mod curve;
pub(crate) mod marks;
pub(crate) mod metric;
pub(crate) mod rows;
mod ticks;

/// Samples that the tests of these modules share.
#[cfg(test)]
pub(crate) mod tests;
