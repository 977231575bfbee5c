//! Examples of the documentation.
