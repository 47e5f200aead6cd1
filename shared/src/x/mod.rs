//! What X says, read tolerantly: every field may be missing, of another type, or new.

pub mod archive;
pub mod count;
pub mod json_id;
pub mod page;
pub mod problem;
pub mod user;
