//! OAuth 2.0 as X has it: consent with PKCE, tokens that rotate, and what they permit.
//!
//! # Layout
//! - Pure: `scopes` (what a token may be used for), `pkce` (challenge and verifier), `form` (the
//!   parameters of the consent page), `grants` (codes, tokens and their families).
//! - `page` (the consent page as HTML), `routes` (consent, tokens, revocation), `control` for
//!   `/sim/oauth`.

pub(crate) mod control;
mod form;
pub(crate) mod grants;
pub(crate) mod page;
mod pkce;
pub(crate) mod routes;
pub(crate) mod scopes;
