//! Laws that hold for whatever value, type, number and input.

mod arbitrary;
mod codecs;
mod numbers;
mod values;
