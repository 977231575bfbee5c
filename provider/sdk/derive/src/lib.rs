//! Derive macros of tf-framework.
