//! Filtering by tags.

use std::collections::BTreeSet;

use tf_framework::Model;

/// Tags to have and not to have.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct TagFilter {
    /// All of these.
    pub all: Option<BTreeSet<String>>,
    /// At least one of these.
    pub any: Option<BTreeSet<String>>,
    /// None of these.
    pub none: Option<BTreeSet<String>>,
}

/// A filter in which case does not count.
#[derive(Debug, Default)]
pub(crate) struct Tags {
    all: Option<BTreeSet<String>>,
    any: Option<BTreeSet<String>>,
    none: Option<BTreeSet<String>>,
}

impl Tags {
    pub(crate) fn new(filter: Option<&TagFilter>) -> Self {
        let lower = |tags: &Option<BTreeSet<String>>| {
            tags.as_ref().map(|tags| tags.iter().map(|tag| tag.to_lowercase()).collect())
        };
        filter.map_or_else(Self::default, |filter| Self {
            all: lower(&filter.all),
            any: lower(&filter.any),
            none: lower(&filter.none),
        })
    }

    pub(crate) fn fit(&self, tags: &BTreeSet<String>) -> bool {
        let has: BTreeSet<String> = tags.iter().map(|tag| tag.to_lowercase()).collect();
        self.all.as_ref().is_none_or(|all| all.is_subset(&has))
            && self.any.as_ref().is_none_or(|any| !any.is_disjoint(&has))
            && self.none.as_ref().is_none_or(|none| none.is_disjoint(&has))
    }
}
