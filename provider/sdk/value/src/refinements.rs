//! What is known about a value that is not known yet.

use std::fmt;
use std::ops::Deref;

use crate::Number;

/// A bound on an unknown number: the number, and whether it is itself within.
pub type Bound = (Number, bool);

/// What is known about an unknown value. Reads as [`Constraints`]; takes one word where nothing is known.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Refinements(Option<Box<Constraints>>);

/// The promises that an unknown value may carry.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Constraints {
    /// The value will not be null.
    pub not_null: bool,
    /// The string will begin like this.
    pub prefix: Option<String>,
    /// The number will not be less.
    pub lower: Option<Bound>,
    /// The number will not be more.
    pub upper: Option<Bound>,
    /// The collection will have at least so many elements.
    pub length_min: Option<u64>,
    /// The collection will have at most so many elements.
    pub length_max: Option<u64>,
}

impl Constraints {
    const NONE: Self =
        Self { not_null: false, prefix: None, lower: None, upper: None, length_min: None, length_max: None };
}

// === impl Refinements ===

impl Refinements {
    /// Nothing is known.
    pub const NONE: Self = Self(None);

    /// Only that the value will not be null.
    pub fn not_null() -> Self {
        Constraints { not_null: true, ..Constraints::NONE }.into()
    }

    /// Whether nothing is known.
    pub fn is_none(&self) -> bool {
        self.0.is_none()
    }
}

impl Deref for Refinements {
    type Target = Constraints;

    fn deref(&self) -> &Constraints {
        static NONE: Constraints = Constraints::NONE;
        self.0.as_deref().unwrap_or(&NONE)
    }
}

impl From<Constraints> for Refinements {
    fn from(constraints: Constraints) -> Self {
        Self((constraints != Constraints::NONE).then(|| Box::new(constraints)))
    }
}

impl fmt::Debug for Refinements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(constraints) => constraints.fmt(f),
            None => f.write_str("-"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_constraints_are_no_refinements() {
        assert_eq!(Refinements::from(Constraints::default()), Refinements::NONE);
        assert!(Refinements::NONE.is_none() && !Refinements::NONE.not_null);
    }

    #[test]
    fn reads_as_constraints() {
        let refined =
            Refinements::from(Constraints { prefix: Some("i-".to_owned()), ..Constraints::default() });
        assert_eq!(refined.prefix.as_deref(), Some("i-"));
        assert!(Refinements::not_null().not_null);
    }
}
