//! Values that live for one run.

mod token;

pub use token::Token;
