//! NumPy's arrays as rows: what is accepted, what becomes of it, and how each fault is named.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like the tests themselves")]

mod archives;
mod common;
mod conversions;
mod headers;
mod numpy;
mod written;
