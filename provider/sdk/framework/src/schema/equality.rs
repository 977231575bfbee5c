//! When two spellings of a value mean the same.

use tf_value::Value;

/// How two known values of an attribute are compared when planning and after reading.
///
/// Where they are equal the planner keeps the value in state, which core allows
/// (a planned value may be the configured or the prior one), and a read keeps the user's spelling.
#[derive(Debug, Clone, Default)]
pub enum Equality {
    /// The same value.
    #[default]
    Exact,
    /// Two strings with the same meaning.
    Meaning {
        /// What is compared, for the documentation: "as JSON", "as IP prefixes".
        name: &'static str,
        /// Whether both mean the same; a string that does not parse is equal to itself only.
        same: fn(&str, &str) -> bool,
    },
    /// Collections compared element by element.
    Elements(Box<Equality>),
}

impl Equality {
    /// Whether two known values mean the same.
    #[must_use]
    pub fn same(&self, left: &Value, right: &Value) -> bool {
        if left == right {
            return true;
        }
        match (self, left, right) {
            (Self::Exact, ..) => false,
            (Self::Meaning { same, .. }, Value::String(left), Value::String(right)) => same(left, right),
            (Self::Meaning { .. }, ..) => false,
            (Self::Elements(inner), Value::List(left), Value::List(right)) => {
                left.len() == right.len()
                    && left.iter().zip(right).all(|(left, right)| inner.same(left, right))
            }
            (Self::Elements(inner), Value::Map(left), Value::Map(right)) => {
                left.len() == right.len()
                    && left
                        .iter()
                        .all(|(key, value)| right.get(key).is_some_and(|other| inner.same(value, other)))
            }
            (Self::Elements(inner), Value::Set(left), Value::Set(right)) => {
                left.len() == right.len()
                    && left.iter().all(|value| right.iter().any(|other| inner.same(value, other)))
                    && right.iter().all(|value| left.iter().any(|other| inner.same(value, other)))
            }
            (Self::Elements(_), ..) => false,
        }
    }
}
