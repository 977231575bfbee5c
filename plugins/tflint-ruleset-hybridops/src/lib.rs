//! Rules for [tflint](https://github.com/terraform-linters/tflint): cost tags present and legal, versions pinned, no
//! secret in a plain argument, data guarded, the cost gate not bypassed.
//!
//! tflint starts the program as a plugin, tells it its configuration, and calls `Check` for each module; the rules ask
//! tflint back for what the module contains, and tell it what they find.

mod check;
mod content;
mod graph;
mod host;
mod rule;
mod rules;
mod service;
mod settings;
mod source;
mod tables;

pub use rule::{RuleInfo, Severity};
pub use rules::catalogue;
pub use service::serve;
