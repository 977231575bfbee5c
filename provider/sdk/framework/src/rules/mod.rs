//! Core's rules for providers, in our own statement.
//!
//! Core checks every answer of a provider and blames the provider where one breaks a rule. The same checks run
//! here: on every answer of the server in builds with debug assertions, and in the in-process test kit, so that a
//! bug surfaces in a test with its path rather than in a user's terminal.
//!
//! [`proposed_new`] is what core proposes; [`assert_plan_valid`], [`assert_final_plan`] and
//! [`assert_apply_compatible`] are its three checks of a change, the others those of single objects.

mod action;
mod compatible;
mod object;
mod planned;
mod proposed;
#[cfg(test)]
mod table;
mod violation;

pub use action::{
    Change, PlannedAction, assert_final_plan, assert_replace_paths, effective_replace_paths, planned_action,
};
pub use compatible::assert_apply_compatible;
pub use object::{
    assert_destroyed, assert_identity, assert_import, assert_move, assert_read, assert_upgrade,
};
pub use planned::assert_plan_valid;
pub use proposed::proposed_new;
pub use violation::{Rule, RuleViolation, Stage};
