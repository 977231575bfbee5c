//! Data sources, one file a type.
