//! Questions to ask of a plan or a result.

use std::collections::BTreeSet;

use tf_value::{Path, Value};

use crate::schema::Block;
use crate::schema::members::{Members, member_of};

/// Where a value is still unknown. After an apply nothing may be.
#[must_use]
pub fn unfilled(value: &Value) -> Vec<Path> {
    let mut paths = Vec::new();
    value.walk(&mut |path, value| {
        if value.is_unknown() {
            paths.push(path.clone());
        }
        true
    });
    paths
}

/// The root attributes and blocks whose value in the plan is not the one in state; all of them for a create.
#[must_use]
pub fn changed_attributes(block: &Block, prior: &Value, planned: &Value) -> BTreeSet<String> {
    let changed = Members::from(block).iter().filter(|member| {
        !prior.is_known() || member_of(prior, member.name) != member_of(planned, member.name)
    });
    changed.map(|member| member.name.to_owned()).collect()
}
