//! The documents of the gate, each read strictly. Their JSON Schemas stand in `schemas/`.

pub(crate) mod artifact;
pub(crate) mod forms;
mod policy;
mod price_book;
mod spend;

pub(crate) use artifact::is_version_1;
pub use artifact::{Artifact, Coverage, Incremental, Line, LineKind, PriceSource, Sums, Tags, Target};
pub use forms::{HOURS_PER_MONTH, is_component, is_currency, is_env, is_run_id, minor_unit};
pub use policy::{
    ArtifactRules, Budget, Caps, CreditGrant, Credits, FxRule, Key, Match, Period, Policy, RateLimits,
    Reaction, Reactions,
};
pub use price_book::{Price, PriceBook};
pub use spend::{Approval, FxTable, Scope, Spend, verify};

/// Bytes of a document at most.
pub const MAX_BYTES: usize = 8 << 20;
/// Lines of an artefact at most.
pub const MAX_LINES: usize = 50_000;
