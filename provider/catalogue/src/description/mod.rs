//! How an object is described.
//!
//! A description is constant data without a line of behaviour: it costs nothing at start, and whatever reads it
//! (schema, planner, codec, documentation, tests) reads the same. Tables of descriptions are written by a generator
//! from an API's own documents; see the domains.

mod field;
mod kind;
mod nature;
mod shape;
mod version;

pub use field::{Field, Literal, Presence};
pub use kind::{Allocator, AllocatorParent, Filter, FilterSuffixes, Key, KeyPart, Kind, Setter};
pub use nature::{Identity, Nature, Offers};
pub use shape::{Choice, Format, PairElement, Shape, TargetChoice};
pub use version::{Availability, Version};
