//! Charts read back from their SVG and PNG: what lies where, and what is refused.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod curve;
mod multiples;
mod read;
mod scatter;
