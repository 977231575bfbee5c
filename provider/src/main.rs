//! The hybridops provider.
fn main() {}
