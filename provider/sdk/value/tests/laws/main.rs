//! Laws that hold for whatever value, type, number and input.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod arbitrary;
mod codecs;
mod numbers;
mod values;
