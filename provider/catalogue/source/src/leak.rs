//! Constant data made at run time.
//!
//! Generators describe kinds with the very types of the tables they write, so that checks read both alike. Those
//! hold `'static` data; the program ends soon after, so nothing is lost by keeping it.

/// A text that lives as long as the program.
pub fn text(text: impl Into<String>) -> &'static str {
    Box::leak(text.into().into_boxed_str())
}

/// A slice that lives as long as the program.
pub fn slice<T>(items: impl IntoIterator<Item = T>) -> &'static [T] {
    Box::leak(items.into_iter().collect::<Vec<T>>().into_boxed_slice())
}
