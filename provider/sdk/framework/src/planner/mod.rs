//! The planner: a pure function from schema, prior state and configuration to a plan.
//!
//! In order, as Terraform's own framework has it, with semantic equality added at plan time:
//!
//! 1. **Defaults** stand in for what the configuration leaves out.
//! 2. **Write-only** values are planned as null; they exist in the configuration alone.
//! 3. The configuration is **merged over the prior state**: what is configured is planned as configured unless
//!    the prior value means the same ([`Equality`](crate::schema::Equality)), in which case the prior value stays
//!    and there is no difference. What is computed and not configured keeps its prior value. Lists are matched by
//!    index, maps by key, sets by what their elements mean.
//! 4. If the result **differs from the prior state** anywhere, everything computed and not configured may change
//!    with it and becomes unknown, except what is `stable`.
//! 5. **Replacement** is asked of the attributes whose value changed.
//!
//! Everything works at every depth: a `stable` attribute of the third disk keeps the value of the third disk.
//!
//! # What to expect of a replacement
//! With a prior state the plan keeps `stable` values even when it names attributes that require replacement. Core
//! then plans again without prior state, and in that plan nothing is known that the new object decides.
//! A computed value that is known to survive replacement is the business of `modify_plan`.
//!
//! A member of an object in a list, map or set requires replacement when it changes in an object that is there
//! before and after. Adding or removing an object is no change of its members: put the modifier on the collection
//! if it is to count. In a set the whole set is named, since its elements have no address.

#[cfg(test)]
pub(crate) mod arbitrary;
#[cfg(test)]
mod examples;
mod inspect;
mod pairing;
mod plan;
#[cfg(test)]
mod properties;
mod replace;
mod spelling;
mod write_only;

pub use inspect::{changed_attributes, unfilled};
pub use plan::{PlanInput, Planned, apply_defaults, plan};

pub(crate) use plan::with_defaults;
pub use spelling::keep_spelling;
pub use write_only::{fill_write_only, strip_write_only, write_only_paths_set};
